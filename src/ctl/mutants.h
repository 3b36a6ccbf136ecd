/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mutants: rules with one thing changed, as a slip of the hand would change them, to see whether a sample notices. Only changes
 * that samples can see are made: those by which a match is found or not found and, when a sample has a level, how sure it is.
 */
#ifndef MW_CTL_MUTANTS_H
#define MW_CTL_MUTANTS_H

#include "base/arena.h"
#include "match/rule.h"

struct mutant {
	const char *what;	     /* `check us-ssn dropped` */
	bool loosened;		     /* a `miss` should notice; else a `hit` */
	bool disabled;		     /* the rule finds nothing at all: any hit notices */
	bool of_pattern;	     /* an assertion of the pattern; one of a fragment is changed in every rule that has it */
	uint32_t file, line, column; /* of what is changed */
	struct mw_rule rule;	     /* changed */
};

struct mutants {
	struct mutant *v;
	size_t n, cap;
};

/* Appends the mutants of the i-th rule of those that it is among. is_data: its check looks into a site's data, which samples take
 * as passed. 0 or -ENOMEM. */
int mutants_add(struct mutants *, struct mw_arena *, const struct mw_rule *rules, size_t i, bool is_data);

/* Is this the same slip, made in another rule: in a fragment that both have? */
bool mutants_same(const struct mutant *, const struct mutant *);

/* A place in a pattern that says what must or must not stand beside it: \b, or a lookaround. */
struct mutants_cut {
	size_t at, n;
};
/* The next such place at or behind `at`; n is 0 when there is none. Pure. */
struct mutants_cut mutants_assertion(struct mw_str pattern, bool extended, size_t at);

#endif
