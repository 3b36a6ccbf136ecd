/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern: one PCRE2 pattern over folded text, with limits on its work. Text is valid UTF-8 (mw_fold makes sure of it), so PCRE2
 * runs in UTF mode without checking it again. A limit that is reached is an answer of its own, never "no match".
 */
#ifndef MW_MATCH_PATTERN_H
#define MW_MATCH_PATTERN_H

#include "base/str.h"

struct mw_pattern;
struct mw_matcher; /* what one thread needs to run any pattern */

/* 0; -EINVAL: *offset (octet of the pattern) and text say why; -ENOMEM. Caller frees. */
int mw_pattern_new(struct mw_str source, bool caseless, bool extended, struct mw_pattern **ret, size_t *offset, char text[128]);
void mw_pattern_free(struct mw_pattern **);

struct mw_matcher *mw_matcher_new(void);
void mw_matcher_free(struct mw_matcher **);

/* Octets that a text holds. Made once for a text, it spares the look for patterns that need an octet that is not there. */
struct mw_octets {
	uint64_t bit[4];
};
struct mw_octets mw_octets_of(struct mw_str text);
/* false: the pattern certainly matches nowhere in such a text. */
bool mw_pattern_possible(const struct mw_pattern *, const struct mw_octets *, size_t n);

/* Processor time that one pattern may take over one text. */
struct mw_allowance {
	uint64_t until, last; /* nanoseconds of the thread's clock, 0 = not asked yet */
	size_t slice;
};
/* The next match that begins at or behind `from` and is not empty. 1 and its place; 0 none; -EAGAIN a limit was reached; -ENOMEM.
 * The allowance is zeroed by the caller before the first look into a text. */
int mw_pattern_next(const struct mw_pattern *, struct mw_matcher *, struct mw_allowance *, struct mw_str text, size_t from,
		    size_t *start, size_t *end);

#endif
