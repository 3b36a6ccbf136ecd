/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan: a policy, parsed and type-checked. Immutable, shared by all threads, lives in one arena.
 * Nothing here calls a module: names are resolved to descriptors and indices.
 */
#ifndef MW_POLICY_PLAN_H
#define MW_POLICY_PLAN_H

#include "base/arena.h"
#include "mail/limits.h"
#include "match/rule.h"
#include "policy/consent.h"

struct mw_aliases;

/* ---- tables ------------------------------------------------------------------------------------------------------------- */
/* Entries are e-mail addresses ("bob@x.example"), domains ("x.example", with no sub-domains) or ".x.example" (all sub-domains).
 * Compared ASCII case-insensitive. */
struct mw_table;
bool mw_table_has_address(const struct mw_table *, struct mw_str address); /* address, its domain, or a parent with a dot */
bool mw_table_has_text(const struct mw_table *, struct mw_str text);	   /* the same, and for a domain without an address */
bool mw_table_has(const struct mw_table *, struct mw_str entry);
const char *mw_table_name(const struct mw_table *);
size_t mw_table_entries(const struct mw_table *);
struct mw_str mw_table_entry(const struct mw_table *, size_t n); /* the n-th, in no order */

/* ---- expressions --------------------------------------------------------------------------------------------------------- */
enum mw_op {
	MW_OP_ANY = 1, /* always true */
	MW_OP_AND,     /* a, b */
	MW_OP_OR,
	MW_OP_NOT,	/* a */
	MW_OP_CLASS,	/* class index `n` */
	MW_OP_FACT,	/* module, fact, cmp, number/text; or table */
	MW_OP_RULE,	/* distinct findings of rule index `n` in `zones`, cmp, number */
	MW_OP_EXTERNAL, /* recipient not internal */
	MW_OP_INTERNAL,
	MW_OP_TO_TABLE,	  /* recipient in table */
	MW_OP_TO_TEXT,	  /* recipient address or domain equals text */
	MW_OP_FROM_TABLE, /* sender in table */
	MW_OP_FROM_TEXT,
	MW_OP_SUBJECT,	  /* decoded Subject matches regex */
	MW_OP_HEADER,	  /* some field `text`, decoded, matches regex; regex NULL: there is such a field */
	MW_OP_UNREADABLE, /* some part is unreadable; text = reason, NULL = any but sealed */
	MW_OP_CONSENT,	  /* the recipient's consent in `consents` counts today, for this sender */
};
enum mw_cmp { MW_CMP_NONE = 0, MW_CMP_EQ, MW_CMP_NE, MW_CMP_LT, MW_CMP_LE, MW_CMP_GT, MW_CMP_GE };

struct mw_regex; /* compiled by the checker, see regex.h */

struct mw_expr {
	enum mw_op op;
	enum mw_cmp cmp;
	const struct mw_expr *a, *b;
	uint32_t module, fact; /* MW_OP_FACT: index into plan->module, and its fact row */
	uint32_t n;	       /* class or rule index */
	uint32_t zones;	       /* MW_OP_RULE: bits of MW_ZONE_BIT, 0 = all */
	int64_t number;
	const char *text;
	const struct mw_table *table;
	const struct mw_consents *consents;
	const struct mw_regex *regex;
	struct mw_place place;
};

/* ---- what the policy orders ----------------------------------------------------------------------------------------------- */
#define MW_NO_MODULE UINT32_MAX
struct mw_call {
	uint32_t module;      /* index into plan->module; MW_NO_MODULE: the tempfail that stands in for a missing `on error` */
	uint32_t action;      /* its action row */
	uint32_t effect;      /* enum mw_effect */
	const void *args;     /* filled args struct, NULL when the action has none */
	const char *shown;    /* "tls(verified)", "hold" */
	const char *reason;   /* first MW_STR argument without keyword, "" when none */
	const char *attested; /* MW_STR argument with the keyword "attested": what the sender attests; NULL when none */
	struct mw_place place;
};

/* What happens to a recipient: either one outcome (effect PASS, TEMPFAIL, HOLD, REFUSE) or `send by` a list of means (ROUTE), which
 * may be held first. */
struct mw_line {
	const struct mw_expr *when; /* NULL = any */
	size_t means;
	/* means == 1 for an outcome. Means (MW_ROUTE) are tried left to right; the last may be TEMPFAIL, HOLD or REFUSE. */
	const struct mw_call *mean;
	const struct mw_call *hold; /* with means: a person decides first, and they are what a release does; NULL = not held */
	size_t extras;
	const struct mw_call *extra; /* effects EDIT, SIGN, RECORD ordered in the same line */
	struct mw_place place;
	const char *where; /* "outbound.policy:18" */
};

struct mw_class {
	const char *name;
	const struct mw_expr *when;
	struct mw_place place;
};

/* Failures that the policy gives an outcome: `on error tempfail; limit portal; limit.size refuse`. */
enum mw_cause {
	MW_CAUSE_ERROR = 0,
	MW_CAUSE_TIMEOUT,
	MW_CAUSE_LIMIT,				   /* any limit without its own row */
	MW_CAUSE_LIMIT_FIRST = MW_CAUSE_LIMIT + 1, /* + enum mw_limit */
	MW_CAUSES = MW_CAUSE_LIMIT_FIRST + MW_LIMITS
};
const char *mw_cause_name(uint32_t cause); /* "limit.size" */

struct mw_plan_module {
	const struct mw_plugin *plugin; /* descriptor: data only */
	const char *name;
	uint32_t granted; /* MW_POWER_… */
	void *conf;	  /* filled option struct, NULL when there are none */
	size_t withs;
	const uint32_t *with; /* plugins it was loaded with: indices into module */
	bool milter;	      /* takes part in the chain; in order of load lines */
	struct mw_place place;
};

struct mw_plan {
	struct mw_arena *arena;
	const char *path;
	const char *digest; /* hex SHA-256 over the bytes of every file read, in order of reading, each preceded by its length */
	size_t sources;
	const struct mw_source *source; /* same indices as in the diagnostics of mw_plan_load; text is NULL, it is not kept */
	const char *listen;		/* libmilter's form: "unix:/run/…", NULL when absent */
	struct mw_place listen_place;
	size_t modules;
	const struct mw_plan_module *module;
	size_t tables;
	const struct mw_table *const *table;
	const struct mw_table *ours;	  /* table <ours>, NULL when there is none */
	const struct mw_aliases *aliases; /* NULL: none are given */
	size_t consents;
	const struct mw_consents *const *consent;
	size_t rules;
	const struct mw_rule *rule;
	size_t classes;
	const struct mw_class *cls;
	size_t lines;
	const struct mw_line *line;
	size_t always; /* for every message, whatever line matched */
	const struct mw_call *always_call;
	struct mw_line cause[MW_CAUSES]; /* means == 0: falls back to LIMIT, then ERROR; ERROR defaults to tempfail */
	struct mw_limits limits;
	bool observe;
	struct mw_regex *regexes; /* private: freed with the plan */
};

/* What the checker asks about modules. Data only: nothing of a module runs. */
struct mw_catalog {
	void *ctx;
	/* Descriptor of that name, NULL with err: not found, refused by the loader, … */
	const struct mw_plugin *(*find)(void *ctx, const char *name, struct mw_err *);
	/* Names for "did you mean", NULL ends. May be NULL. */
	const char *const *names;
};

/* Parses path and everything it includes, checks it against the descriptors. Diagnostics go to diags (always filled, also with
 * warnings on success). 0 and a plan that must be freed, or -EINVAL, -ENOMEM. search: folder for `include` and files that are
 * neither beside the file that names them nor beside path (the installed policies folder), NULL = none. */
int mw_plan_load(const char *path, const char *search, const struct mw_catalog *, struct mw_diags *, struct mw_plan **ret);
/* The same for a policy that is in memory and may name no files; -EFBIG: larger than the file of a policy may be. shown: its name in messages. Both are borrowed as long as diags.
 */
int mw_plan_load_text(struct mw_str text, const char *shown, const struct mw_catalog *, struct mw_diags *, struct mw_plan **ret);
/* The first line that protects what was found in a message, in a policy that never asks for what could not be read: that goes as
 * mail goes in which nothing was found. NULL: it does ask, or there is no such line. */
const struct mw_line *mw_plan_unread_line(const struct mw_plan *);
/* The plan as text, one line a thing, for golden tests and `milwardctl check --plan`. */
void mw_plan_print(const struct mw_plan *, struct mw_buf *out);
void mw_plan_free(struct mw_plan **);

#endif
