/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token: folded text as a row of words, for lists of terms. A word is a run of letters and digits; an apostrophe inside it is
 * left out (Crohn's = Crohns). Words are compared caseless and without marks (Sjögren = sjogren). Terms and texts go through the
 * same reader, so they can not disagree.
 */
#ifndef MW_MATCH_TOKEN_H
#define MW_MATCH_TOKEN_H

#include "base/str.h"

/* Longer words are in no list. */
#define MW_TOKEN_MAX 64

/* What stands between two words. Blanks, hyphens, slashes, underscores and quoting marks are all one and the same MW_GAP_SOFT;
 * one other sign is its own kind (with MW_GAP_BLANK when blanks are around it); MW_GAP_BREAK goes with nothing. */
enum { MW_GAP_BREAK = 0, MW_GAP_SOFT = ' ', MW_GAP_BLANK = 0x80 };

struct mw_tokens {
	struct mw_str text; /* valid UTF-8, folded */
	size_t at;
	uint64_t seed;
};

struct mw_token {
	size_t start, end; /* octets of the text */
	uint64_t hash;	   /* of p, n */
	size_t n;	   /* 0: too long for any list */
	char p[MW_TOKEN_MAX];
};

/* The next word; false at the end. */
bool mw_tokens_next(struct mw_tokens *, struct mw_token *ret);
/* Kind of gap between two offsets. */
unsigned mw_token_gap(struct mw_str text, size_t from, size_t to);

/* The hash of a word, octet by octet, for the prefixes of it. */
static inline uint64_t mw_token_hash(uint64_t h, char c)
{
	return (h ^ (unsigned char)c) * 0x100000001b3u;
}

#endif
