/* SPDX-License-Identifier: Apache-2.0 */
#include "hidden.h"

#include "ascii.h"

static bool in_list(struct mw_str name, const char *const *list)
{
	while (*list && !ascii_same(name, *list))
		list++;
	return *list != NULL;
}

bool hidden_is_void(struct mw_str name)
{
	static const char *const list[] = {"area", "base", "br",    "col",    "embed", "hr",  "html",	"body",	 "img", "input",
					   "link", "meta", "param", "source", "track", "wbr", "script", "style", NULL};

	return in_list(name, list);
}

bool hidden_ends_itself(struct mw_str name)
{
	static const char *const list[] = {"p", "li", "dd", "dt", "option", "optgroup", "td", "th", "tr", NULL};

	return in_list(name, list);
}

bool hidden_by_name(struct mw_str name)
{
	static const char *const list[] = {"template", "iframe", "noembed", "noframes", "datalist", NULL};

	return in_list(name, list);
}
