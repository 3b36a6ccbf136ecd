/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policytest: policy tests, milward.test(5): a message, its recipients, and what the policy should find and decide. Read with the
 * policy language's own lexer, so that words, strings and diagnostics are the same; run through the same engine as `explain`.
 */
#ifndef MW_CTL_POLICYTEST_H
#define MW_CTL_POLICYTEST_H

#include "ctl/ctl.h"
#include "policy/ast.h"

struct policytest_rcpt {
	const char *address;
	const char *then; /* "tls(verified)", "hold, tls": without arguments, any; NULL: nothing is expected */
	const char *at;	  /* "outbound.policy:18", NULL = any line */
	struct mw_place place;
};

enum policytest_about { POLICYTEST_CLASS = 1, POLICYTEST_RULE, POLICYTEST_FACT, POLICYTEST_UNREADABLE };
struct policytest_expect {
	enum policytest_about about;
	bool not ;
	const char *name; /* class, rule, "phi.people", reason ("" = any) */
	enum mw_cmp cmp;  /* MW_CMP_NONE: there is any */
	int64_t number;
	const char *text; /* a fact that is text; NULL = number */
	struct mw_place place;
};

struct policytest_case {
	const char *name;
	struct mw_place place;
	const char *from, *subject, *mail; /* mail: file with a whole message; NULL = none */
	MW_LIST_OF(const char *) headers;  /* "Name: value" */
	MW_LIST_OF(const char *) lines;	   /* of the body */
	MW_LIST_OF(struct policytest_rcpt) rcpts;
	MW_LIST_OF(struct policytest_expect) expects;
	MW_LIST_OF(struct policytest_expect) givens; /* facts, with the value that they have: = or alone */
	int32_t day;				     /* that it is, mw_day; MW_DAY_NONE: today */
};

struct policytest {
	const char *policy; /* path; NULL: the file names none */
	struct mw_place policy_place;
	MW_LIST_OF(struct policytest_case) cases;
};

/* Reads a file of tests; texts live in the arena of diags, which has the file as its first source. Errors are diagnostics. */
void policytest_read(const char *path, struct mw_diags *, struct policytest *ret);
/* Names that the policy does not have become diagnostics. */
void policytest_check(const struct policytest_case *, const struct mw_plan *, struct mw_diags *);

/* Told of each expectation that does not hold: its place and what there is instead. */
typedef void (*policytest_report)(void *ctx, struct mw_place, const char *text);
/* Runs one case. How many expectations do not hold, or negative with err: the message cannot be read. */
int policytest_run(struct mw_generation *, const struct policytest_case *, policytest_report, void *ctx, struct mw_err *);

#endif
