/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hunt_private: a text in blocks, shared by hunt.c (looks for matches) and hunt_where.c (says where). A range is where matches of
 * some rules may begin: [from, to). The ranges of a block are kept in one array, those of the rules that have the same triggers
 * are a trace in it. Where they are too many for the array, the block holds next to nothing else, and every pattern runs over all
 * of it.
 */
#ifndef MW_MATCH_HUNT_PRIVATE_H
#define MW_MATCH_HUNT_PRIVATE_H

#include "match/compiled.h"

#define MW_RANGES_MAX 16384u
#define MW_NO_RANGE UINT32_MAX
#define MW_BLOCK_BEFORE 1u /* octets in front of a block that triggers look at */
#define MW_BLOCK_BEHIND (MW_TRIGGER_FAR + 2u * MW_TRIGGER_SETS)

struct mw_range {
	uint32_t from, to; /* in the block */
	uint32_t next;
};

/* What a list of triggers has found in a block. */
struct mw_trace {
	uint32_t first, last; /* ranges */
	bool mixed;	      /* they are not in order */
	bool known;	      /* they are all of this block */
	bool sought;	      /* they are looked for now */
	bool nearby;	      /* they are those of a part of the block, for rules that look there alone */
	bool later, foreseen; /* a later stage of this text has asked for them; of the last one */
};

/* One rule in one text. */
struct mw_trail {
	struct mw_allowance allowance;
	size_t at;     /* the next match begins here or later */
	size_t done;   /* behind the last place that was looked at */
	size_t before; /* the first place to look at ahead of the block; the block's begin: none */
	bool run;
	bool near; /* matches of use are where the window of the block says */
	uint32_t looks, matches;
};

struct mw_hunter {
	struct mw_matcher *matcher;
	struct mw_trail *trail;
	struct mw_trace *trace; /* for each list of triggers */
	struct mw_range *range;
	size_t ranges;
	struct mw_window *window; /* for each rule, of this block */
	uint32_t *rule;		  /* those that run in this stage */
	size_t rules;
	const struct mw_prefilter *prefilter; /* the rule set's, NULL = none */
	struct mw_cost *cost;		      /* NULL: not asked for */
	void *scratch;			      /* its */
	char *block;			      /* a copy, with MW_TRIGGER_EDGE around the text */
	struct mw_pick *pick;		      /* triggers that are looked for now, NULL where the set has none */
	struct mw_str text;
	struct mw_octets octets; /* that are in it */
	bool again;		 /* a stage was there before */
	bool timed;		 /* somebody wants to know what it takes */
};

/* A block in work. */
struct mw_block {
	const struct mw_ruleset *set;
	struct mw_hunter *h;
	const struct mw_hunt_calls *calls;
	struct mw_str text;
	size_t from, to;
	size_t shift;  /* of what is sieved, from the begin of the copy */
	size_t copied; /* octets of the copy */
	size_t kept;   /* ranges that are of use to other rules, too */
	bool full;     /* too many ranges */
	bool near;     /* there are rules that look at a part of it alone */
};

/* Where in the block each rule that runs is to look (windows), and where its triggers are (traces). */
void mw_block_look(struct mw_block *);
/* Lets go of what only counts for the rules that ran. */
void mw_block_end(struct mw_block *);

#endif
