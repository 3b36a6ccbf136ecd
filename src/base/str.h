/* SPDX-License-Identifier: Apache-2.0 */
/* str: pieces of memory that are not terminated (struct mw_str). ASCII only, independent of the locale. */
#ifndef MW_BASE_STR_H
#define MW_BASE_STR_H

#include <milward/plugin.h>

#define MW_STR_LIT(s) ((struct mw_str){.p = (s), .n = sizeof(s) - 1})
struct mw_str mw_str(const char *s); /* NULL gives "" */
bool mw_str_eq(struct mw_str, const char *s);
bool mw_str_same(struct mw_str, struct mw_str);
/* ASCII case-insensitive. */
bool mw_str_caseeq(struct mw_str, const char *s);
bool mw_str_casesame(struct mw_str, struct mw_str);
struct mw_str mw_str_trim(struct mw_str); /* space, tab, CR, LF at both ends */
/* What stands behind the first n octets, n <= s.n. */
static inline struct mw_str mw_str_behind(struct mw_str s, size_t n)
{
	return (struct mw_str){.p = s.p + n, .n = s.n - n};
}
/* Takes a line off the start of *s: without its end (LF or CR LF). */
struct mw_str mw_str_take_line(struct mw_str *s);
static inline char mw_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}
/* Edit distance (insert, delete, replace, swap of neighbours), at most `max` + 1. For "did you mean". */
unsigned mw_str_distance(const char *a, const char *b, unsigned max);

#endif
