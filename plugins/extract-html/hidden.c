/* SPDX-License-Identifier: Apache-2.0 */
#include "hidden.h"

#include <string.h>

#define STYLE_MAX 1000u /* octets of a style that are looked at */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* "0", "0px", "0.0em", but not "0.9em". */
static bool is_zero(const char *p)
{
	bool any = false;

	for (; (*p >= '0' && *p <= '9') || *p == '.'; p++) {
		if (*p >= '1' && *p <= '9')
			return false;
		any |= *p == '0';
	}
	return any;
}

static bool declares(const char *style, const char *property, const char *value)
{
	size_t n = strlen(property);

	for (const char *p = style; (p = strstr(p, property)) != NULL; p += n) {
		if (p > style && p[-1] != ';')
			continue;
		if (value ? strncmp(p + n, value, strlen(value)) == 0 : is_zero(p + n))
			return true;
	}
	return false;
}

bool hidden_by_style(struct mw_str value)
{
	char style[STYLE_MAX + 1];
	size_t n = 0;

	for (size_t i = 0; i < value.n && n < STYLE_MAX; i++)
		if (value.p[i] && !strchr(" \t\r\n\f", value.p[i]))
			style[n++] = lower(value.p[i]);
	style[n] = '\0';
	return declares(style, "display:", "none") || declares(style, "visibility:", "hidden") || declares(style, "font-size:", NULL) ||
	       declares(style, "opacity:", NULL);
}

static bool in_list(struct mw_str name, const char *const *list)
{
	for (size_t i = 0; list[i]; i++) {
		size_t k = 0;

		while (k < name.n && list[i][k] && lower(name.p[k]) == list[i][k])
			k++;
		if (k == name.n && !list[i][k])
			return true;
	}
	return false;
}

bool hidden_is_void(struct mw_str name)
{
	static const char *const list[] = {"area", "base", "br",   "col",  "embed",  "hr",    "html",  "body", "img",
					   "input", "link", "meta", "param", "source", "track", "wbr", "script", "style", NULL};

	return in_list(name, list);
}

bool hidden_ends_itself(struct mw_str name)
{
	static const char *const list[] = {"p", "li", "dd", "dt", "option", "optgroup", "td", "th", "tr", NULL};

	return in_list(name, list);
}
