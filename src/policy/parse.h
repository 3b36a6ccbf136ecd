/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parse: tokens to statements. Knows the forms of statements and nothing of modules. Errors are diagnostics; a statement with
 * an error is left out and reading goes on at the next keyword that begins a line.
 */
#ifndef MW_POLICY_PARSE_H
#define MW_POLICY_PARSE_H

#include "policy/ast.h"
#include "policy/source.h"

#define MW_INCLUDES_DEEP 16u   /* files that include one another */
#define MW_NESTING_MAX 50u     /* parentheses and `not` */
#define MW_CONDITIONS_MAX 500u /* of one statement */

/* What the parsers of all files of a policy share. */
struct mw_parse {
	struct mw_sources *sources;
	struct mw_diags *diags;
	struct mw_arena *arena;	  /* of the plan: texts */
	struct mw_arena *scratch; /* of the statements */
	struct mw_ast *ast;
};

/* The parser of one file. Private to the files parse*.c. */
struct mw_parser {
	const struct mw_parse *all;
	struct mw_diags *diags;
	struct mw_lexer lexer;
	struct mw_token ahead[3];
	unsigned held;
	struct mw_place end;	       /* of the token that was taken last */
	const struct mw_parser *outer; /* the file that includes this one */
	unsigned deep;		       /* files around this one */
	MW_LIST_OF(uint32_t) included; /* sources that this file names */
	unsigned nesting;	       /* parentheses around here */
	unsigned conditions;	       /* of this statement */
};

/* Reads a source and all that it includes into all->ast. Out of memory shows in the diagnostics. */
void mw_parse_source(const struct mw_parse *all, uint32_t source);

/* Tokens: look at the i-th ahead (0 to 2), take one. */
const struct mw_token *mw_parser_peek(struct mw_parser *, unsigned i);
struct mw_token mw_parser_take(struct mw_parser *);
bool mw_parser_at(struct mw_parser *, enum mw_tok kind);
bool mw_parser_at_word(struct mw_parser *, const char *word);
/* The words that begin a statement; NULL ends. */
extern const char *const mw_parser_keywords[];
bool mw_parser_is_keyword(const struct mw_token *);
/* A keyword of a statement, at the start of a line. */
bool mw_parser_at_statement(struct mw_parser *);
/* Takes a token of that kind, or reports `expected WHAT, not …`. A bad token counts as what is expected, but fails too. */
bool mw_parser_expect(struct mw_parser *, enum mw_tok kind, const char *what, struct mw_token *ret);
void mw_parser_expected(struct mw_parser *, const char *what, const char *hint);
void mw_parser_error(struct mw_parser *, struct mw_place, const char *hint, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void *mw_parser_alloc(struct mw_parser *, size_t n);

#define MW_PUSH(p, list, item) MW_LIST_PUSH((p)->all->scratch, (p)->diags, list, item)

/* parse_cond.c: an expression with and, or, not; the conditions of a match up to `then`. NULL = error, reported. */
struct mw_cond *mw_parse_expr(struct mw_parser *);
struct mw_cond *mw_parse_conditions(struct mw_parser *);
/* parse_do.c: what stands behind `then`. False = error, reported. */
bool mw_parse_dos(struct mw_parser *, struct mw_dos *);
bool mw_parse_block(struct mw_parser *, struct mw_tokens *); /* from { to }, both taken, neither kept */

#endif
