/* SPDX-License-Identifier: Apache-2.0 */
#include "raw.h"

#include "ascii.h"

size_t raw_end(struct mw_str s, size_t i, struct mw_str name)
{
	while (i < s.n) {
		const char *mark = memmem(s.p + i, s.n - i, "</", 2);
		size_t k = 0;

		if (!mark)
			break;
		i = (size_t)(mark - s.p) + 2;
		while (k < name.n && i + k < s.n && ascii_lower(s.p[i + k]) == ascii_lower(name.p[k]))
			k++;
		if (k == name.n && (i + k == s.n || ascii_is_blank(s.p[i + k]) || s.p[i + k] == '/' || s.p[i + k] == '>'))
			return i - 2;
	}
	return s.n;
}

static bool begins_tag(struct mw_str s, size_t i, const char *lower_text)
{
	size_t k = i + strlen(lower_text);

	return ascii_begins(s, i, lower_text) && (k == s.n || ascii_is_blank(s.p[k]) || s.p[k] == '/' || s.p[k] == '>');
}

size_t raw_script_end(struct mw_str s, size_t i)
{
	enum { PROGRAM, ESCAPED, TWICE } state = PROGRAM;

	for (; i < s.n; i++) {
		if (s.p[i] == '-' && ascii_begins(s, i, "-->"))
			state = PROGRAM;
		if (s.p[i] != '<')
			continue;
		if (state == PROGRAM && ascii_begins(s, i, "<!--"))
			state = ESCAPED;
		else if (state == ESCAPED && begins_tag(s, i, "<script"))
			state = TWICE;
		else if (state == TWICE && begins_tag(s, i, "</script"))
			state = ESCAPED;
		else if (begins_tag(s, i, "</script"))
			return i;
	}
	return s.n;
}
