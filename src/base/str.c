/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"

#include <string.h>

struct mw_str mw_str(const char *s)
{
	return (struct mw_str){.p = s ? s : "", .n = s ? strlen(s) : 0};
}

bool mw_str_same(struct mw_str a, struct mw_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool mw_str_eq(struct mw_str a, const char *s)
{
	return mw_str_same(a, mw_str(s));
}

bool mw_str_casesame(struct mw_str a, struct mw_str b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (mw_lower(a.p[i]) != mw_lower(b.p[i]))
			return false;
	return true;
}

bool mw_str_caseeq(struct mw_str a, const char *s)
{
	return mw_str_casesame(a, mw_str(s));
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct mw_str mw_str_trim(struct mw_str s)
{
	while (s.n && is_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

struct mw_str mw_str_take_line(struct mw_str *s)
{
	const char *lf = s->n ? memchr(s->p, '\n', s->n) : NULL;
	struct mw_str line = {.p = s->p, .n = lf ? (size_t)(lf - s->p) : s->n};

	*s = mw_str_behind(*s, line.n + (lf != NULL));
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

#define DISTANCE_MAX 64u

unsigned mw_str_distance(const char *a, const char *b, unsigned max)
{
	unsigned rows[3][DISTANCE_MAX + 1];
	size_t n = strlen(a), m = strlen(b);

	if (n > DISTANCE_MAX || m > DISTANCE_MAX)
		return max + 1;
	for (unsigned j = 0; j <= m; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= n; i++) {
		unsigned *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

		now[0] = i;
		for (unsigned j = 1; j <= m; j++) {
			unsigned best = last[j - 1] + (mw_lower(a[i - 1]) != mw_lower(b[j - 1]));

			best = last[j] + 1 < best ? last[j] + 1 : best;
			best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			now[j] = best;
		}
	}
	return rows[n % 3][m] > max ? max + 1 : rows[n % 3][m];
}
