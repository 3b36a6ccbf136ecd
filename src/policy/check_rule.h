/* SPDX-License-Identifier: Apache-2.0 */
/* check_rule: one rule in work. Private to check_rule.c, check_near.c and check_words.c. */
#ifndef MW_POLICY_CHECK_RULE_H
#define MW_POLICY_CHECK_RULE_H

#include "policy/check.h"

#define MW_WITHIN_DEFAULT 60u

struct mw_samples {
	struct mw_sample *v;
	size_t n, cap;
};

/* A name that `near` gives or `level` asks for. */
struct mw_work_name {
	struct mw_token token; /* where it stands first */
	bool given, asked;
};

/* A `near` entry in work. */
struct mw_work_near {
	struct mw_near near;
	struct mw_names phrases;
	struct mw_tokens rules;
};

struct mw_work {
	struct mw_checker *c;
	const struct mw_ast_rule *ast;
	const char *name, *form; /* form: rule or words */
	struct mw_rule *rule;
	struct mw_cursor cur;
	struct mw_names except, terms;
	MW_LIST_OF(struct mw_except_pattern) except_patterns;
	struct mw_samples hit, miss;
	MW_LIST_OF(struct mw_work_name) names; /* in the order of mw_rule.near_name */
	MW_LIST_OF(struct mw_work_near) nears;
	MW_LIST_OF(struct mw_level) levels;
	MW_LIST_OF(struct mw_weight) weights;
	struct mw_weights *weigh;	     /* what conditions of `level` point to; NULL until one asks */
	struct mw_token weigh_at, weight_at; /* where `weigh` and the first such condition stand */
	unsigned nesting, operands;	     /* of the condition in work */
};

/* check_rule.c: helpers of all entries. entry: its name. what: "a number". */
void mw_work_wrong(struct mw_work *, const char *entry, const char *what);
const struct mw_token *mw_work_take(struct mw_work *, const char *entry, enum mw_tok kind, const char *what);
/* "a", "b": calls add() for each. */
bool mw_work_texts(struct mw_work *, const char *entry,
		   void (*add)(struct mw_work *, const char *entry, const struct mw_token *));
bool mw_work_number(struct mw_work *, const char *entry, int64_t min, int64_t max, uint32_t *ret);
const void *mw_work_copy(struct mw_checker *, const void *v, size_t n, size_t size);

/* Entries: false when what follows is to be skipped. */
bool mw_entry_near(struct mw_work *, const char *entry);
bool mw_entry_weigh(struct mw_work *, const char *entry);
bool mw_entry_level(struct mw_work *, const char *entry);
bool mw_entry_zone(struct mw_work *, const char *entry);
bool mw_entry_terms(struct mw_work *, const char *entry);
bool mw_entry_file(struct mw_work *, const char *entry);
/* Names that are asked for and not given, levels that say nothing. */
void mw_near_check(struct mw_work *, size_t errors);
/* Into the rule; `near rule` is resolved when all rules are there. */
void mw_near_finish(struct mw_work *);

#endif
