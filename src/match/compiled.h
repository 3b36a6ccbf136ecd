/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compiled: what a rule set is made of, and a text in work. Shared by ruleset.c (compiles it), hunt.c (finds matches of
 * patterns), scan.c (runs all of it) and judge.c (says what a match is worth).
 */
#ifndef MW_MATCH_COMPILED_H
#define MW_MATCH_COMPILED_H

#include "match/context.h"
#include "match/cues.h"
#include "match/hunt.h"
#include "match/layout.h"
#include "match/pattern.h"
#include "match/ruleset.h"
#include "match/sieve.h"
#include "match/terms.h"
#include "match/wake.h"

/* A `near` entry: phrases, or rules. */
struct mw_compiled_near {
	const struct mw_near *near;
	const struct mw_context *context; /* NULL: rules */
	uint32_t cue;			  /* number of its first phrase or rule in mw_finding.cue */
	size_t rules;			  /* but those in shadow, unless the rule itself is */
	const uint32_t *rule;		  /* their indices in the rule set */
	const uint32_t *rule_cue;	  /* and their numbers in mw_finding.cue */
};

struct mw_compiled {
	const struct mw_rule *rule;
	struct mw_pattern *pattern;    /* NULL: a list of terms */
	const struct mw_check *check;  /* NULL = none */
	const void *inst;	       /* of its checker */
	struct mw_compiled_near *near; /* as many as the rule has */
	bool triggered;		       /* the pattern has triggers: where none is, it is not tried */
	uint32_t triggers;	       /* their list in mw_ruleset.triggers */
	struct mw_octets taken;	       /* what its pattern takes is of these */
	struct mw_wake *wake;
	uint64_t *source; /* for each name the rules that it holds by: mw_ruleset.words words, a bit for each rule */
	bool is_source;	  /* its findings are context of other rules */
	uint32_t stage;	  /* 0: no rules are its context; else behind the stages of those that are */
	size_t excepts;
	const struct mw_str *except;	    /* folded */
	struct mw_pattern **except_pattern; /* as many as the rule has */
};

struct mw_ruleset {
	struct mw_arena *arena;
	size_t n;
	struct mw_compiled *rule;
	size_t words; /* that have a bit for each rule */
	uint32_t stages;
	bool plain; /* every pattern runs everywhere */
	bool has_except_patterns;
	struct mw_terms *terms; /* of all lists together, NULL = there is none */
	struct mw_triggers triggers;
	struct mw_sieve *sieve;		      /* of the triggers, NULL = there is none */
	const struct mw_prefilter *prefilter; /* goes before the sieve, NULL = none */
	void *prefilter_db;
	struct mw_cues *cues; /* of all rules that need one, NULL = there is none */
};

/* Where terms of one rule were seen that overlap: their union. Those of a rule are a list in order of place. */
struct mw_seen {
	size_t start, end;
	uint32_t prev, next; /* index + 1, 0 = none */
};

/* Where a rule that is context of others was found, in octets of folded text. */
struct mw_span {
	uint32_t rule;
	size_t start, end;
};

struct mw_scratch {
	struct mw_hunter *hunter;
	struct mw_layout layout;    /* of the text in work */
	struct mw_matcher *matcher; /* of exceptions, NULL when there are none */
	unsigned char key[32];	    /* digests use the first 16; the rest is for a wider one */
	struct mw_seen *seen;
	size_t n, cap;
	struct mw_seen_list {
		uint32_t first, last; /* as in mw_seen */
	} * seen_of;		      /* for each rule */
	struct mw_span *span;	      /* those of one rule are a run, in order of start */
	size_t spans, span_cap;
	size_t rules;
	size_t *found; /* for each rule: findings in this text */
	uint32_t *cue; /* for each rule: names that have a phrase in the text, of those it needs */
	bool *wanted;  /* for each rule: it is asked for, or context of one that is */
	bool *run;     /* for each rule: its pattern is looked for in this stage */
	size_t told;   /* the rule whose matches are reported, SIZE_MAX = none */
	mw_match_report tell;
	void *tell_ctx;
	uint64_t *here; /* bits: rules that are context and were found in stages before this one */
	struct mw_run {
		size_t first, n;
	} * spans_of; /* for each rule */
};

/* One text in work. */
struct mw_scan {
	const struct mw_ruleset *set;
	struct mw_scratch *scratch;
	const struct mw_folded *folded;
	struct mw_arena *arena;
	struct mw_findings *out;
	size_t only; /* rule, SIZE_MAX = all */
	uint32_t part, zone;
	bool full; /* findings of some rule were left out */
};

/* The first span of a rule that begins at or behind `at`. */
size_t mw_span_from(const struct mw_scratch *, const struct mw_run *of, size_t at);

/* mw_ruleset_scan over one rule alone, or all of them (only = SIZE_MAX). zone 0: one of no known place, which every rule looks
 * into. */
int mw_scan(const struct mw_ruleset *, struct mw_scratch *, const struct mw_folded *, struct mw_arena *, size_t only,
	    uint32_t part, uint32_t zone, struct mw_findings *, size_t *rule);

/* judge.c: what a rule proposes goes through its check, exceptions, zones and context, and may be a finding then. Matches of one
 * rule come in order of their start. 1: taken or knowingly left out; 0: the check refuses it; negative as mw_ruleset_scan. */
int mw_judge(struct mw_scan *, uint32_t rule, size_t start, size_t end);

#endif
