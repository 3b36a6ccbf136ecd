/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puzzle: some patterns and a text that they may match in, made out of octets that decide; and what plain PCRE2 finds in it,
 * pattern by pattern, against what the hunt finds. For the fuzzer (fuzz_puzzle.c) and for tests with octets of a fixed seed.
 */
#ifndef MW_TESTS_PUZZLE_H
#define MW_TESTS_PUZZLE_H

#include "match/ruleset.h"

#define PUZZLE_RULES 6u
#define PUZZLE_PATTERN 400u

struct dice {
	const uint8_t *p;
	size_t n, at;
};

struct puzzle {
	struct mw_rule rule[PUZZLE_RULES];
	size_t rules;
	char pattern[PUZZLE_RULES][PUZZLE_PATTERN];
	char *text; /* malloc'd */
	size_t n;
};

struct puzzle_result {
	size_t patterns, triggered; /* that PCRE2 takes; that have triggers */
	size_t matches;
	size_t limited; /* patterns of which nothing can be said: a limit was reached */
	size_t differ;	/* pattern of which the two ways differ, SIZE_MAX = none */
};

/* Where octets are out, all that follow are 0. */
void puzzle_make(struct dice *, struct puzzle *);
/* One after the other, the same from the same seed. */
void puzzle_next(uint64_t *seed, struct puzzle *);
void puzzle_free(struct puzzle *);
/* prefilter: NULL = the hunt's own way. Aborts when memory is short. */
struct puzzle_result puzzle_solve(const struct puzzle *, const struct mw_prefilter *, void *inst);
/* What is needed to see a difference again. */
void puzzle_print(const struct puzzle *, size_t rule);

#endif
