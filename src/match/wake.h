/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wake: what must be near a match for a rule to find something, known before its pattern runs. A text that lacks it is not
 * searched for the pattern at all; where the pattern needs the findings of other rules, only what is so near to them is.
 */
#ifndef MW_MATCH_WAKE_H
#define MW_MATCH_WAKE_H

#include "match/rule.h"
#include "match/window.h"

#define MW_WAKE_SETS (1u << MW_NEAR_NAMES_MAX)
#define MW_WAKE_GROUPS 8u

struct mw_wake {
	uint64_t enough[MW_WAKE_SETS / 64]; /* bit i: with the names of i (bits), or with some of them, there may be a finding */
	uint32_t asks;			    /* names that make a difference */
	size_t groups;
	uint32_t group[MW_WAKE_GROUPS]; /* one of these names holds wherever there is a finding */
	bool needs_column;		/* it finds nothing but in columns of tables that have names */
};

/* beside: names that hold by findings of other rules alone: groups are made of these. */
void mw_wake_make(const struct mw_rule *, uint32_t beside, struct mw_wake *ret);

/* May there be a finding where only these names hold? */
static inline bool mw_wake_enough(const struct mw_wake *w, uint32_t names)
{
	names %= MW_WAKE_SETS;
	return w->enough[names / 64] >> (names % 64) & 1;
}

/* Is there something that many texts lack and the rule finds nothing without? */
static inline bool mw_wake_sleeps(const struct mw_wake *w)
{
	return w->needs_column || !mw_wake_enough(w, 0);
}

struct mw_scan;

/* In a text: has it what the rule finds nothing without? Of the rules that are its context all have run. */
bool mw_wake_up(const struct mw_scan *, uint32_t rule);
/* Marks where matches of use are: each that gives a finding begins, starts (with \K later) or ends where it is marked, or reaches
 * into that. false: anywhere. */
bool mw_wake_where(const struct mw_scan *, uint32_t rule, struct mw_window *);

#endif
