/* SPDX-License-Identifier: Apache-2.0 */
/* context: is one of a rule's `near` phrases close to a match? Only asked about matches, so it reads a few dozen octets. */
#ifndef MW_MATCH_CONTEXT_H
#define MW_MATCH_CONTEXT_H

#include "base/arena.h"
#include "base/str.h"

struct mw_context;

/* Phrases are folded already; blank ones are left out. side: enum mw_side. Lives in the arena. NULL: no memory. */
struct mw_context *mw_context_new(struct mw_arena *, const struct mw_str *phrase, size_t n, uint32_t side, size_t within);
/* A phrase is near when the whole of it lies within the window before the match or the window behind it, and its ends are ends of
 * words. ASCII case-insensitive; one blank of a phrase stands for any run of blanks and underscores. Nothing above `floor` counts, and
 * nothing that reaches beyond `ceiling`. *which: its index. */
bool mw_context_near(const struct mw_context *, struct mw_str text, size_t floor, size_t ceiling, size_t start, size_t end,
		     size_t *which);
/* Is one of the phrases in text[from, to)? */
bool mw_context_in(const struct mw_context *, struct mw_str text, size_t from, size_t to, size_t *which);

#endif
