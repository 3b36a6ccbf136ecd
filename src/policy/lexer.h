/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lexer: policy text to tokens, one at a time. What is wrong in a token is reported here, once, and the token that comes out
 * has the kind MW_TOK_BAD: a parser takes it for whatever it expects there and stays silent.
 */
#ifndef MW_POLICY_LEXER_H
#define MW_POLICY_LEXER_H

#include "policy/diag.h"
#include <milward/plugin.h>

#define MW_NAME_MAX 100u /* octets of a name */

enum mw_tok {
	MW_TOK_END = 0,
	MW_TOK_BAD,
	MW_TOK_NAME,   /* us-ssn, phi.people */
	MW_TOK_SOCKET, /* unix:/run/x, inet:8891@localhost */
	MW_TOK_STRING, /* "..." */
	MW_TOK_NUMBER, /* 12, 64K */
	MW_TOK_REGEX,  /* /.../i */
	MW_TOK_TABLE,  /* <ours> */
	MW_TOK_COMMA,
	MW_TOK_SEMICOLON,
	MW_TOK_OPEN, /* ( */
	MW_TOK_CLOSE,
	MW_TOK_BLOCK, /* { */
	MW_TOK_ENDBLOCK,
	MW_TOK_EQ, /* in the order of enum mw_cmp */
	MW_TOK_NE,
	MW_TOK_LT,
	MW_TOK_LE,
	MW_TOK_GT,
	MW_TOK_GE,
};

struct mw_token {
	enum mw_tok kind;
	bool first;    /* first on its line */
	bool size;     /* number with K, M or G */
	bool caseless; /* regex flag i */
	bool extended; /* regex flag x */
	int64_t number;
	const char *text; /* name, content of the string, pattern; terminated, in the arena of the plan; "" for the others */
	size_t n;	  /* its length: a string holds no NUL */
	struct mw_place place;
};

struct mw_lexer {
	struct mw_diags *diags;
	struct mw_arena *arena; /* of the texts */
	uint32_t source;
	const char *text;
	size_t n, at;
	size_t line_start;
	uint32_t line;
	bool first; /* nothing but blanks so far on this line */
	bool bad;   /* not UTF-8: there are no tokens */
};

/* Begins at the first octet of a source. A text that is not UTF-8 is reported and has no tokens. */
void mw_lexer_init(struct mw_lexer *, struct mw_diags *, struct mw_arena *, uint32_t source);
/* For a text that is in no file (defaults of options). */
void mw_lexer_init_text(struct mw_lexer *, struct mw_diags *, struct mw_arena *, const char *text);
/* The next token; MW_TOK_END again and again at the end. */
void mw_lexer_next(struct mw_lexer *, struct mw_token *);
/* What a token is, for messages: `"then"`, `the end of the file`. In the arena of the diagnostics. */
const char *mw_token_shown(struct mw_diags *, const struct mw_token *);

#endif
