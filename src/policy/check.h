/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check: statements to a plan. Resolves every name against the descriptors of modules, types every value. Reports all errors of
 * a policy: each function goes on after an error, and returns false or NULL so that its caller leaves the thing out.
 */
#ifndef MW_POLICY_CHECK_H
#define MW_POLICY_CHECK_H

#include "policy/ast.h"
#include "policy/source.h"

#define MW_NONE UINT32_MAX

struct mw_names { /* for "did you mean"; NULL ends when made by mw_names_end() */
	const char **v;
	size_t n, cap;
};

/* A `near rule`, until all rules are there. */
struct mw_rule_ref {
	struct mw_near *near;
	struct mw_tokens names;
	const struct mw_ast_rule *owner;
};

/* A pattern with its fragments in place. */
struct mw_whole {
	struct mw_str text; /* in the plan, terminated */
	MW_LIST_OF(struct mw_written) pieces;
};

struct mw_fragment {
	const char *name;
	struct mw_place place;
	struct mw_whole whole;
};

struct mw_checker {
	struct mw_plan *plan;
	struct mw_ast *ast;
	struct mw_diags *diags;
	struct mw_sources *sources;
	const struct mw_catalog *catalog;
	struct mw_arena *arena;	  /* of the plan */
	struct mw_arena *scratch; /* until the plan is made */
	bool rules_only;	  /* a .rules file of its own: no mail is decided by it */
	bool unloaded;		  /* some module could not be loaded: its words are not "unknown" */
	MW_LIST_OF(struct mw_plan_module) modules;
	MW_LIST_OF(const struct mw_table *) tables;
	MW_LIST_OF(const struct mw_consents *) consents;
	MW_LIST_OF(struct mw_rule_ref) rule_refs;
	MW_LIST_OF(struct mw_fragment) fragments;
	struct mw_tokens disabled; /* names of rules */
	size_t classes;		   /* conditions may name classes below this index */
};

/* ---- check.c: helpers of all --------------------------------------------------------------------------------------------- */
void mw_check_error(struct mw_checker *, struct mw_place, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void mw_check_warn(struct mw_checker *, struct mw_place, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Terminated text in the arena of the diagnostics, "" when there is no memory: for hints. */
const char *mw_check_text(struct mw_checker *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void mw_names_add(struct mw_checker *, struct mw_names *, const char *name);
/* `did you mean "x"?`, or the list of what there is when it is short, or NULL. */
const char *mw_check_suggest(struct mw_checker *, const char *word, struct mw_names *names);
const char *mw_check_first_at(struct mw_checker *, struct mw_place); /* `first at outbound.policy:3` */
/* Was it named by a statement that is left out because of an error? */
bool mw_check_is_broken(const struct mw_checker *, enum mw_tok kind, const char *name);
void *mw_check_alloc(struct mw_checker *, size_t n, size_t size); /* in the plan; NULL is in the diagnostics */
const char *mw_check_where(struct mw_checker *, struct mw_place); /* `outbound.policy:18`, in the plan */

/* A pattern that PCRE2 refuses: its message at the octet. result: of mw_regex_compile(). whole: NULL = the token as it is. */
void mw_check_bad_regex(struct mw_checker *, const struct mw_token *, const struct mw_whole *whole, int result, size_t offset,
			const char *text);
/* The next line of a table or terms file that is neither empty nor a comment, trimmed. *at and *line begin at 0. */
bool mw_check_next_line(const struct mw_source *, size_t *at, uint32_t *line, struct mw_str *ret, uint32_t *column);

/* ---- check_value.c: typed values ----------------------------------------------------------------------------------------- */
struct mw_cursor {
	const struct mw_tokens *tokens;
	size_t at;
	struct mw_place end; /* where a missing value is reported */
};
const struct mw_token *mw_cursor_peek(const struct mw_cursor *); /* a token of kind MW_TOK_END at the end */
const struct mw_token *mw_cursor_take(struct mw_cursor *);
/* At the end of an option or entry: of the block, a semicolon, or a name that begins a line. */
bool mw_cursor_is_over(const struct mw_cursor *);
bool mw_cursor_at_word(const struct mw_cursor *, const char *word);
/* Reads one value of the row's type and stores it at base + row->offset. what: `option "domain" of "dkim"`. */
bool mw_value_take(struct mw_checker *, const struct mw_opt *, struct mw_cursor *, const char *what, char *base, size_t size);
/* A struct with the defaults of all rows; NULL = error. rows may be NULL. owner: `module "dkim"`. */
char *mw_value_struct(struct mw_checker *, const struct mw_opt *rows, size_t size, struct mw_place, const char *owner);
/* "TEXT", "NUMBER": what a row takes, for hints. */
const char *mw_value_shown(const struct mw_opt *);

/* ---- the others: one file each ------------------------------------------------------------------------------------------- */
void mw_check_loads(struct mw_checker *);
uint32_t mw_check_module(const struct mw_checker *, const char *name, size_t n); /* index in modules, MW_NONE */
/* In a rules file nobody loads modules: makes the checker that offers this check a module of the plan. */
bool mw_check_load_checker(struct mw_checker *, const char *check, struct mw_place);
const char *const *mw_power_names(void); /* NULL ends; bit i = name i */
void mw_check_tables(struct mw_checker *);
const struct mw_table *mw_check_table(const struct mw_checker *, const char *name);
void mw_check_aliases(struct mw_checker *);
void mw_check_consents(struct mw_checker *);
const struct mw_consents *mw_check_consent(const struct mw_checker *, const char *name); /* NULL: there are none of that name */
void mw_check_rules(struct mw_checker *);
/* check_rule.c: one of them. */
void mw_check_rule(struct mw_checker *, const struct mw_ast_rule *, struct mw_rule *ret);
uint32_t mw_check_find_rule(const struct mw_checker *, const char *name);     /* index in the plan, MW_NONE */
void mw_check_unknown_rule(struct mw_checker *, const struct mw_token *name); /* unless its statement is broken */
/* A rule that is disabled gives no context, and nobody who names it is wrong. */
bool mw_check_is_disabled(const struct mw_checker *, const char *name);
/* check_fragment.c: parts of patterns that have a name. */
void mw_check_fragments(struct mw_checker *);
/* The pattern with its fragments in place. false: reported. */
bool mw_check_whole(struct mw_checker *, const struct mw_token *, struct mw_whole *ret);
/* check_group.c: names for several rules. Reports what is wrong in them, when all rules are there. */
void mw_check_groups(struct mw_checker *);
/* How many rules this name of a rule or group stands for, at most. */
size_t mw_check_named_most(const struct mw_checker *, const char *name);
/* Appends those that are not among the n already; the new n. MW_NONE: nothing has this name. */
size_t mw_check_named_rules(const struct mw_checker *, const char *name, uint32_t *v, size_t n);
/* check_near.c: the word of a zone; bits of MW_ZONE_BIT are added. false: reported. */
bool mw_check_zone(struct mw_checker *, const struct mw_token *, uint32_t *bits);
void mw_check_classes(struct mw_checker *);
/* each: may the condition ask for the recipient? */
const struct mw_expr *mw_check_cond(struct mw_checker *, const struct mw_cond *, bool each);
/* Resolves an action and its arguments. */
bool mw_check_call(struct mw_checker *, const struct mw_ast_call *, struct mw_call *ret);
void mw_check_clear(struct mw_checker *);    /* check_clear.c: lines that let protected mail out in clear */
void mw_check_lines(struct mw_checker *);    /* match, always, on */
void mw_check_settings(struct mw_checker *); /* listen, mode, limit */

#endif
