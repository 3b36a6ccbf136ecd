/* SPDX-License-Identifier: Apache-2.0 */
/* rule: a rule as the policy language gives it: plain data, no compiled state. */
#ifndef MW_MATCH_RULE_H
#define MW_MATCH_RULE_H

#include <milward/plugin.h>

/* A string with the place where it was written. */
struct mw_sample {
	struct mw_str text;
	uint32_t file, line, column; /* file: index into the plan's sources */
};

struct mw_rule {
	const char *name;
	const char *about;
	uint32_t kind;       /* enum mw_rule_kind */
	struct mw_str pattern; /* PCRE2 syntax; "" for a list of words */
	bool caseless;         /* flag i */
	bool extended;         /* flag x */
	const char *check;     /* NULL = none */
	size_t nears;          /* words of context: whole words, ASCII case-insensitive, one space stands for any run of blanks */
	const char *const *near;
	uint32_t within;       /* octets of folded text on either side; default 60 */
	uint32_t level;        /* confidence without context, 0 = only with context */
	uint32_t level_near;   /* with context */
	size_t excepts;        /* matches that do not count, compared after folding, blanks and dashes left out */
	const char *const *except;
	size_t hits, misses;
	const struct mw_sample *hit, *miss;
	/* words */
	size_t terms; /* a list of terms instead of a pattern: UTF-8, compared folded and caseless */
	const char *const *term;
	bool whole_word;
	/* place of the name, and of the pattern's first octet */
	uint32_t file, line, column, pattern_line, pattern_column;
};

#endif
