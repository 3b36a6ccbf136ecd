/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syntax: a pattern in PCRE2 syntax as a tree, for what must be known about it before it runs: where it can match at all
 * (trigger.c), and whether it can blow up (lint.c). PCRE2 alone decides what matches, so the tree errs on one side: what it says
 * of a piece is a superset of what PCRE2 takes there, and a pattern with anything that is not understood has no tree.
 *
 * Octets are those of valid UTF-8. A character beyond ASCII is one to four octets of MW_OCTETS_WIDE. Text is folded: U+212A and
 * U+017F, the only characters whose other case is ASCII, do not occur in it.
 */
#ifndef MW_MATCH_SYNTAX_H
#define MW_MATCH_SYNTAX_H

#include "base/arena.h"
#include "match/octets.h"

#define MW_SYNTAX_MANY UINT32_MAX /* no upper bound */

enum mw_syntax_kind {
	MW_SYNTAX_SET = 1, /* one character */
	MW_SYNTAX_CAT,	   /* children one after the other; none: the empty string */
	MW_SYNTAX_ALT,	   /* one of the children */
	MW_SYNTAX_REPEAT,  /* its one child, min to max times */
	MW_SYNTAX_BEHIND,  /* (?<=…) or, when no, (?<!…): its one child */
	MW_SYNTAX_AHEAD,   /* (?=…) or, when no, (?!…) */
	MW_SYNTAX_EDGE,	   /* \b or, when no, \B */
	MW_SYNTAX_ANCHOR,  /* ^ $ \A \Z \z \K: nothing is taken */
	MW_SYNTAX_OPAQUE,  /* anything at all, of min to max octets */
};

struct mw_syntax {
	uint8_t kind;  /* enum mw_syntax_kind */
	bool no;       /* BEHIND, AHEAD, EDGE: must not be so */
	bool greedy;   /* REPEAT: neither lazy nor possessive, nor alone in an atomic group */
	bool fixed;    /* REPEAT, CAT, ALT: gives nothing back once it matched (possessive, atomic) */
	bool loose;    /* SET: an ASCII octet of the set may be none of the character */
	uint32_t at;   /* octet of the pattern where it begins */
	uint32_t size; /* octets of the pattern that it takes */
	struct mw_octets set;
	uint32_t min, max;
	struct mw_syntax *child, *next; /* first child; the next one of the same parent */
};

/* NULL: not understood, or no memory. Nothing is said about patterns that PCRE2 refuses. */
struct mw_syntax *mw_syntax_read(struct mw_arena *, struct mw_str pattern, bool caseless, bool extended);
/* Octets that it takes at least and at most. */
uint32_t mw_syntax_min(const struct mw_syntax *);
uint32_t mw_syntax_max(const struct mw_syntax *);
/* So many times as many octets; what is too much is MW_SYNTAX_MANY. */
uint32_t mw_syntax_times(uint32_t octets, uint32_t n);
/* Every octet that may stand in what it takes. */
struct mw_octets mw_syntax_octets(const struct mw_syntax *);
/* [0-9A-Za-z_] */
struct mw_octets mw_syntax_word(void);

#endif
