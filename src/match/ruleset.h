/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ruleset: rules compiled for scanning. Immutable after compile, shared by all threads; each thread has its own scratch.
 * PCRE2 is the only authority on what matches. A match limit that is reached is "indeterminate", never "no match".
 */
#ifndef MW_MATCH_RULESET_H
#define MW_MATCH_RULESET_H

#include "base/arena.h"
#include "base/err.h"
#include "match/fold.h"
#include "match/rule.h"

struct mw_ruleset;
struct mw_scratch;

/* Gives the check of that name and what its valid() takes; NULL = unknown. Both outlive the set. */
typedef const struct mw_check *(*mw_check_lookup)(void *ctx, const char *name, const void **inst);
/* Told of each rule that does not compile. offset: octet of the pattern, or SIZE_MAX. */
typedef void (*mw_rule_report)(void *ctx, const struct mw_rule *, size_t offset, const char *text);

/* rules: borrowed, must outlive the set. 0; -EINVAL when report was called; -ENOMEM. */
int mw_ruleset_compile(const struct mw_rule *rules, size_t n, mw_check_lookup, mw_rule_report, void *ctx, struct mw_ruleset **ret,
		       struct mw_err *);
/* Has a prefilter look for the patterns' triggers in place of the set's own way, from now on: before any scratch is made. inst
 * outlives the set. Negative: it is done without. */
int mw_ruleset_prefilter(struct mw_ruleset *, const struct mw_prefilter *, void *inst, struct mw_err *);
/* Every pattern is run over the whole of every text: the slow way, which the fast one is tested against. */
void mw_ruleset_plain(struct mw_ruleset *);
size_t mw_ruleset_rules(const struct mw_ruleset *);
const struct mw_rule *mw_ruleset_rule(const struct mw_ruleset *, size_t i);
void mw_ruleset_free(struct mw_ruleset **);

/* key: 32 octets for the digests in mw_finding.value. */
struct mw_scratch *mw_scratch_new(const struct mw_ruleset *, const unsigned char key[32]);
void mw_scratch_free(struct mw_scratch **);

/* What a rule has cost so far: of its pattern, with all that its matches were asked. */
struct mw_cost {
	uint64_t time;	/* nanoseconds */
	uint64_t looks; /* places where PCRE2 began to look */
	uint64_t matches;
};
/* From now on costs are added up: one for each rule, then one for the search for where to look. Borrowed. */
void mw_scratch_cost(struct mw_scratch *, struct mw_cost *);

/* What becomes of a match, in the order in which it is asked. */
enum mw_judged {
	MW_JUDGED_CHECK = 1, /* its check refuses it */
	MW_JUDGED_EXCEPT,
	MW_JUDGED_ZONE,	 /* the rule does not look where it stands */
	MW_JUDGED_LEVEL, /* no level's condition holds, or the last one that does is 0 */
	MW_JUDGED_FOUND,
};
struct mw_judgement {
	enum mw_judged judged;
	uint32_t zone;
	uint32_t confidence;	 /* 0 but for what is found */
	uint64_t offset, length; /* octets of the unfolded input */
	uint32_t names;		 /* which names of its `near` entries hold: bits */
	uint32_t columns;	 /* of these, by the header of the match's column */
	const uint32_t *cue;	 /* of each name that holds, as mw_finding.cue */
};
typedef void (*mw_match_report)(void *ctx, const struct mw_judgement *);
/* From now on each match of the rule is told, found or not: for who asks why a rule finds nothing. Slower, with the same findings.
 * What is told lives until the report returns. */
void mw_scratch_tell(struct mw_scratch *, size_t rule, mw_match_report, void *ctx);
/* Is the pattern of the rule run over the whole of every text, because nothing rare is in all of its matches? */
bool mw_ruleset_everywhere(const struct mw_ruleset *, size_t rule);

struct mw_findings {
	size_t n, cap, max; /* max: stop with -EFBIG beyond it */
	struct mw_finding *v;
};

/* Appends findings (arena) in order of offset; part and zone are copied into each; offsets are those of the unfolded input.
 * 0; -EAGAIN: a match limit was reached in *rule (findings of the others are there); -EFBIG; -ENOMEM. */
int mw_ruleset_scan(const struct mw_ruleset *, struct mw_scratch *, const struct mw_folded *, struct mw_arena *, uint32_t part,
		    uint32_t zone, struct mw_findings *, size_t *rule);

/* Told of each sample that fails: a `hit` that the rule does not match (at its level), a `miss` that it does. False: that is enough
 * of this rule, its other samples are left out. */
typedef bool (*mw_sample_report)(void *ctx, const struct mw_rule *, const struct mw_sample *, bool is_hit);
/* Runs every rule's samples; a check with MW_CHECK_DATA counts as passed. 0, or of how many samples report was told, or negative. */
int mw_ruleset_samples(const struct mw_ruleset *, mw_sample_report, void *ctx, struct mw_err *);

#endif
