/* SPDX-License-Identifier: Apache-2.0 */
#include "sheet.h"

#include "ascii.h"
#include "entity.h"

/* An escape at the backslash at i, as UTF-8; returns the index behind it. */
static size_t put_escape(struct flow *to, struct mw_str s, size_t i)
{
	uint32_t c = 0;
	size_t n = 0;
	char utf8[4];

	for (i++; i < s.n && n < 6 && ascii_hex(s.p[i]) >= 0; i++, n++)
		c = c * 16 + (uint32_t)ascii_hex(s.p[i]);
	if (n) {
		flow_text(to, utf8, entity_utf8(c, utf8));
		return i < s.n && ascii_is_blank(s.p[i]) ? i + 1 : i;
	}
	if (i < s.n && s.p[i] != '\n')
		flow_text(to, s.p + i, 1);
	return i < s.n ? i + 1 : i;
}

/* The string whose quote is at i; returns the index behind it. */
static size_t put_string(struct flow *to, struct mw_str s, size_t i)
{
	char quote = s.p[i++];

	while (i < s.n && s.p[i] != quote && s.p[i] != '\n') {
		size_t start = i;

		while (i < s.n && s.p[i] != quote && s.p[i] != '\n' && s.p[i] != '\\')
			i++;
		flow_text(to, s.p + start, i - start);
		if (i < s.n && s.p[i] == '\\')
			i = put_escape(to, s, i);
	}
	return i < s.n ? i + 1 : i;
}

/* Index behind "content", blanks and the colon at i; i when it is something else. */
static size_t behind_name(struct mw_str s, size_t i)
{
	static const char name[] = "content";
	size_t k = i + sizeof(name) - 1;

	if (!ascii_begins(s, i, name))
		return i;
	while (k < s.n && ascii_is_blank(s.p[k]))
		k++;
	return k < s.n && s.p[k] == ':' ? k + 1 : i;
}

void sheet_content(struct flow *to, struct mw_str s)
{
	for (size_t i = 0; i < s.n && !to->failed; i++) {
		size_t k = behind_name(s, i);

		if (k == i)
			continue;
		flow_block(to);
		for (i = k; i < s.n && s.p[i] != ';' && s.p[i] != '}' && !to->failed;)
			i = s.p[i] == '"' || s.p[i] == '\'' ? put_string(to, s, i) : i + 1;
		flow_block(to);
	}
}
