/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ast: a policy as it is written: the forms of statements, and the tokens that only the checker understands, because modules
 * give them their meaning. Lives in a scratch arena until the plan is made; texts of tokens live in the arena of the plan.
 */
#ifndef MW_POLICY_AST_H
#define MW_POLICY_AST_H

#include "policy/lexer.h"
#include "policy/plan.h"

#define MW_LIST_OF(type)                                                                                                         \
	struct {                                                                                                                 \
		type *v;                                                                                                         \
		size_t n, cap;                                                                                                   \
	}

/* Appends item to such a list; a failure shows in the diagnostics. */
#define MW_LIST_PUSH(arena, diags, list, item)                                                                                   \
	do {                                                                                                                     \
		void *grown_ = mw_arena_grow((arena), (list)->v, &(list)->cap, (list)->n + 1, sizeof(*(list)->v));               \
		if (grown_) {                                                                                                    \
			(list)->v = grown_;                                                                                      \
			(list)->v[(list)->n++] = (item);                                                                         \
		} else {                                                                                                         \
			(diags)->no_memory = true;                                                                               \
		}                                                                                                                \
	} while (0)

struct mw_tokens {
	struct mw_token *v;
	size_t n, cap;
};

/* A condition. Which of the tokens are set depends on op. */
struct mw_cond {
	enum mw_op op;
	enum mw_cmp cmp;
	struct mw_cond *a, *b;
	struct mw_token name;	/* class, rule, fact, table, address, reason, name of a header field */
	struct mw_token value;	/* number, text, yes, pattern; MW_TOK_END = absent */
	struct mw_tokens zones; /* behind `in` */
	struct mw_place place;
};

/* NAME, NAME(words), NAME arguments */
struct mw_ast_call {
	struct mw_token name;
	bool paren;
	struct mw_tokens inside; /* of the parentheses */
	struct mw_tokens args;
};

/* One of the things behind `then`: an action, or `send by A or B`. */
struct mw_ast_do {
	bool send;
	MW_LIST_OF(struct mw_ast_call) calls; /* one when not `send` */
	struct mw_place place;
};

struct mw_dos {
	struct mw_ast_do *v;
	size_t n, cap;
};

struct mw_ast_load {
	struct mw_tokens modules, withs, grants;
	bool has_grant, has_options;
	uint32_t granted;	  /* the grants as MW_POWER_…, by the checker */
	struct mw_tokens options; /* what stands between the braces */
	struct mw_place place;
};

struct mw_ast_table {
	struct mw_token name;
	struct mw_tokens entries;
	struct mw_token file; /* MW_TOK_END: entries are inline */
};

/* aliases none, aliases local "FILE" for <table>, virtual "FILE" */
struct mw_ast_aliases {
	struct mw_token kind, file, names; /* file, names: MW_TOK_END = absent */
};

/* consents NAME file "FILE" */
struct mw_ast_consents {
	struct mw_token name, file;
};

struct mw_ast_class {
	struct mw_token name;
	struct mw_cond *when;
};

struct mw_ast_match {
	struct mw_cond *when;
	struct mw_dos dos;
	struct mw_place place;
};

struct mw_ast_on {
	struct mw_token cause;
	struct mw_dos dos;
};

struct mw_ast_limit {
	struct mw_token name, value;
};

enum mw_rule_form { MW_RULE_NEW = 0, MW_RULE_REPLACE, MW_RULE_DISABLE };

struct mw_ast_rule {
	enum mw_rule_form form;
	bool words;
	struct mw_token name;
	struct mw_tokens block; /* empty when disabled */
};

/* A name for several rules; statements of one name add up. */
struct mw_ast_group {
	struct mw_token name;
	struct mw_tokens rules;
};

struct mw_ast_fragment {
	struct mw_token name, pattern;
};

struct mw_ast {
	struct mw_tokens listens, modes;
	MW_LIST_OF(struct mw_ast_load) loads;
	MW_LIST_OF(struct mw_ast_table) tables;
	MW_LIST_OF(struct mw_ast_aliases) aliases;
	MW_LIST_OF(struct mw_ast_consents) consents;
	MW_LIST_OF(struct mw_ast_class) classes;
	MW_LIST_OF(struct mw_ast_match) matches;
	struct mw_dos always;
	MW_LIST_OF(struct mw_ast_on) ons;
	MW_LIST_OF(struct mw_ast_limit) limits;
	MW_LIST_OF(struct mw_ast_rule) rules;
	MW_LIST_OF(struct mw_ast_group) groups;
	MW_LIST_OF(struct mw_ast_fragment) fragments;
	/* What was named by a statement that has an error: nobody must be told again that it is unknown. */
	struct mw_tokens broken;
	bool incomplete;   /* a file could not be included */
	bool broken_match; /* a line is left out: what it would have matched is not known */
};

#endif
