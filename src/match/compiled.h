/* SPDX-License-Identifier: Apache-2.0 */
/* compiled: what a rule set is made of; shared by ruleset.c (compiles it) and scan.c (runs it). */
#ifndef MW_MATCH_COMPILED_H
#define MW_MATCH_COMPILED_H

#include "match/context.h"
#include "match/cues.h"
#include "match/pattern.h"
#include "match/ruleset.h"
#include "match/terms.h"

struct mw_compiled {
	const struct mw_rule *rule;
	struct mw_pattern *pattern;	  /* NULL: a list of terms */
	const struct mw_check *check;	  /* NULL = none */
	const void *inst;		  /* of its checker */
	const struct mw_context *context; /* NULL = no near */
	bool needs_cue;			  /* a pattern that finds nothing without context */
	size_t excepts;
	const struct mw_str *except; /* folded */
};

struct mw_ruleset {
	struct mw_arena *arena;
	size_t n;
	struct mw_compiled *rule;
	struct mw_terms *terms; /* of all lists together, NULL = there is none */
	struct mw_cues *cues;	/* of all rules that need one, NULL = there is none */
};

/* mw_ruleset_scan over one rule alone, or all of them (only = SIZE_MAX). */
int mw_scan(const struct mw_ruleset *, struct mw_scratch *, const struct mw_folded *, struct mw_arena *, size_t only,
	    uint32_t part, uint32_t zone, struct mw_findings *, size_t *rule);

#endif
