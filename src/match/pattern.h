/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern: one PCRE2 pattern over folded text, with limits on its work. Text is valid UTF-8 (mw_fold makes sure of it), so PCRE2
 * runs in UTF mode without checking it again. A limit that is reached is an answer of its own, never "no match".
 */
#ifndef MW_MATCH_PATTERN_H
#define MW_MATCH_PATTERN_H

#include "match/octets.h"

struct mw_pattern;
struct mw_matcher; /* what one thread needs to run any pattern */

/* 0; -EINVAL: *offset (octet of the pattern) and text say why; -ENOMEM. Caller frees. */
int mw_pattern_new(struct mw_str source, bool caseless, bool extended, struct mw_pattern **ret, size_t *offset, char text[128]);
void mw_pattern_free(struct mw_pattern **);

struct mw_matcher *mw_matcher_new(void);
void mw_matcher_free(struct mw_matcher **);

/* Octets that a text holds. Made once for a text, it spares the look for patterns that need an octet that is not there. */
struct mw_octets mw_octets_of(struct mw_str text);
/* false: the pattern certainly matches nowhere in such a text. */
bool mw_pattern_possible(const struct mw_pattern *, const struct mw_octets *);

/* Processor time that one pattern may take over one text. Zeroed before the first look; each stretch of looks is put between
 * begin and end, so that what others do in between is not counted. */
struct mw_allowance {
	uint64_t used, since, last; /* nanoseconds */
	size_t slice;		    /* start positions between two looks at the clock */
	size_t left;		    /* of them */
	bool strict;		    /* by the processor's clock of this thread */
};
/* Is the text so long that looking in it takes an allowance of time, between these two? */
bool mw_pattern_is_timed(struct mw_str text);
void mw_allowance_begin(struct mw_allowance *);
void mw_allowance_end(struct mw_allowance *);
/* The first match that begins at from, or behind it and before to, and is not empty. 1 and its place; 0 none; -EAGAIN a limit was
 * reached; -ENOMEM. */
int mw_pattern_next(const struct mw_pattern *, struct mw_matcher *, struct mw_allowance *, struct mw_str text, size_t from,
		    size_t to, size_t *start, size_t *end);

#endif
