/* SPDX-License-Identifier: Apache-2.0 */
/* rule: a rule as the policy language gives it: plain data, no compiled state. */
#ifndef MW_MATCH_RULE_H
#define MW_MATCH_RULE_H

#include <milward/plugin.h>

/* A string with the place where it was written. */
struct mw_sample {
	struct mw_str text;
	uint32_t level;		     /* a hit must be at least so sure, a miss must not be; 0 = any finding */
	uint32_t file, line, column; /* file: index into the plan's sources */
};

/* On which side of a match context stands. */
enum mw_side { MW_SIDE_BEFORE = 1, MW_SIDE_AFTER = 2, MW_SIDE_BOTH = 3 };

/* One `near` entry: phrases, or rules whose findings are the context; never both. */
struct mw_near {
	uint32_t name;	 /* index into mw_rule.near_name; entries of one name count together */
	uint32_t side;	 /* enum mw_side */
	uint32_t within; /* octets of folded text; default 60 */
	bool sentence;	 /* and in the match's own sentence (sentence.h); within is MW_SENTENCE_MAX then */
	uint32_t least;	 /* so many findings of the rules that do not overlap must be near; 0 and 1: one */
	size_t phrases;	 /* whole words, in any case (ASCII and Latin-1), one space stands for any run of blanks */
	const char *const *phrase;
	size_t rules; /* indices into the rules that this one is among */
	const uint32_t *rule;
};

/* A condition of `level … when`. */
enum mw_when_op {
	MW_WHEN_NEAR = 1, /* name `n` holds */
	MW_WHEN_COLUMN,	  /* the header of the column holds a phrase of any name */
	MW_WHEN_ZONE,	  /* the match stands in zone `n` */
	MW_WHEN_AND,	  /* a, b */
	MW_WHEN_OR,
	MW_WHEN_NOT,	/* a */
	MW_WHEN_WEIGHT, /* the points of those of `weights` that hold add up to `sum` or more */
};

/* What a name adds to the evidence when it holds; below 0: it speaks against. */
struct mw_weight {
	uint32_t name;
	int32_t points;
};
struct mw_weights {
	size_t n;
	const struct mw_weight *v;
};

struct mw_when {
	enum mw_when_op op;
	uint32_t n;
	const struct mw_when *a, *b;
	const struct mw_weights *weights; /* of the whole rule */
	int32_t sum;
};

/* The last clause that holds says how sure a match is; 0, or none that holds, is no finding. */
struct mw_level {
	uint32_t confidence;	    /* 0-100 */
	const struct mw_when *when; /* NULL = always */
};

/* Where a pattern is written, from one of its octets on: it may be put together of fragments. */
struct mw_written {
	size_t at;
	uint32_t file, line, column;
};

/* A pattern that is asked about a match as a text of its own. */
struct mw_except_pattern {
	struct mw_str pattern;
	bool caseless, extended;
	size_t pieces; /* as of a rule */
	const struct mw_written *piece;
};

#define MW_NEAR_NAMES_MAX 12u /* names of one rule */
#define MW_NEARS_MAX 64u      /* entries of one rule */
#define MW_LEAST_MAX 16u      /* findings that an entry may ask for */
#define MW_POINTS_MAX 99      /* of one name, for or against, and of a sum that is asked for */
#define MW_ZONE_BIT(zone) (1u << (zone))
#define MW_ZONE_LAST MW_ZONE_HIDDEN

struct mw_rule {
	const char *name;
	const char *about;
	uint32_t kind;	       /* enum mw_rule_kind */
	struct mw_str pattern; /* PCRE2 syntax; "" for a list of words */
	bool caseless;	       /* flag i */
	bool extended;	       /* flag x */
	bool shadow;	       /* is found and shown, and decides nothing */
	const char *check;     /* NULL = none */
	size_t near_names;
	const char *const *near_name; /* "near" for the entries without a name of their own */
	size_t nears;
	const struct mw_near *near;
	size_t levels;
	const struct mw_level *level;
	uint32_t zones; /* where it looks: bits of MW_ZONE_BIT, 0 = everywhere */
	size_t excepts; /* matches that do not count, compared after folding, blanks and dashes left out */
	const char *const *except;
	size_t except_patterns;
	const struct mw_except_pattern *except_pattern;
	size_t hits, misses;
	const struct mw_sample *hit, *miss;
	/* words */
	size_t terms; /* a list of terms instead of a pattern: UTF-8, compared folded and caseless */
	const char *const *term;
	bool whole_word;
	uint32_t file, line, column; /* place of the name */
	size_t pieces;		     /* of the pattern, in order; 0 when nobody has written it */
	const struct mw_written *piece;
};

/* Answers about one match: asked for only when a level depends on them. */
struct mw_known {
	void *ctx;
	bool (*name)(void *ctx, uint32_t name); /* does the name hold? */
	bool (*column)(void *ctx);
	uint32_t (*zone)(void *ctx); /* 0 = none */
};
bool mw_when_holds(const struct mw_when *, const struct mw_known *);
/* The condition in this one that asks for a sum of points; NULL: there is none. */
const struct mw_when *mw_when_weight(const struct mw_when *);
/* Index of the clause that counts, SIZE_MAX = none. */
size_t mw_level_clause(const struct mw_rule *, const struct mw_known *);
/* What is supposed of a match: bits of the names that are near, its zone, and whether its column counts. */
struct mw_supposed {
	uint32_t names, zone;
	bool column;
};
/* How sure the rule would be of such a match, 0 = no finding. */
uint32_t mw_level_supposed(const struct mw_rule *, struct mw_supposed);
/* Is there a finding in any zone, whatever the column is, with exactly these names (bits)? */
bool mw_level_gives(const struct mw_rule *, uint32_t names);
/* Could the rule ever give a finding? */
bool mw_level_possible(const struct mw_rule *);
/* Must the column count? */
bool mw_level_needs_column(const struct mw_rule *);
/* Does a level depend on the zone? */
bool mw_level_asks_zone(const struct mw_rule *);
/* The entry that mw_finding.cue stands for, and its index in there; NULL: no such entry. */
const struct mw_near *mw_rule_cue(const struct mw_rule *, uint32_t cue, size_t *at);
/* Where this octet of the pattern is written; false: nowhere. */
bool mw_rule_written(const struct mw_rule *, size_t offset, struct mw_written *ret);
const char *mw_zone_word(uint32_t zone); /* as in rules, "?" when there is none */

#endif
