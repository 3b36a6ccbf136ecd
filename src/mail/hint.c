/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/hint.h"

#include <string.h>

#include "base/str.h"
#include "mail/header.h"

bool mw_hint_odd(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		const char *cr = memchr(s.p + i, '\r', s.n - i);

		if (!cr)
			break;
		i = (size_t)(cr - s.p);
		if (i + 1 < s.n && s.p[i + 1] != '\n')
			return true;
	}
	return s.n && memchr(s.p, '\0', s.n) != NULL;
}

bool mw_hint_boundary(struct mw_str s, const char *boundary)
{
	size_t n = strlen(boundary);

	while (n && s.n >= n + 2) {
		const char *mark;

		if (s.p[0] == '-' && s.p[1] == '-' && memcmp(s.p + 2, boundary, n) == 0)
			return true;
		mark = memmem(s.p, s.n, "\n--", 3);
		if (!mark)
			break;
		s.n -= (size_t)(mark + 1 - s.p);
		s.p = mark + 1;
	}
	return false;
}

static bool is_field(struct mw_str s)
{
	static const char name[] = "content-";

	return s.n >= sizeof(name) - 1 && mw_str_caseeq((struct mw_str){.p = s.p, .n = sizeof(name) - 1}, name);
}

bool mw_hint_field(struct mw_str s)
{
	while (s.n) {
		if (is_field(s))
			return true;
		mw_header_skip_line(&s);
	}
	return false;
}

static bool is_empty_line(struct mw_str s)
{
	return s.n && (s.p[0] == '\n' || (s.n >= 2 && s.p[0] == '\r' && s.p[1] == '\n'));
}

size_t mw_hint_empty_lines(struct mw_str s)
{
	const char *start = s.p;
	struct mw_field f;
	size_t n;

	while (is_empty_line(s))
		mw_header_skip_line(&s);
	n = (size_t)(s.p - start);
	while (n && mw_header_next(&s, &f))
		if (is_field(f.name))
			return n;
	return 0;
}
