/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold: text as a reader sees it, for matching. Case is kept (rules decide). Compatibility forms (full-width, mathematical,
 * superscript, ligatures), letters with their marks behind them (those that Unicode has as one), all decimal digits of Unicode, NBSP and other spaces, and typographic dashes and quotes become ASCII;
 * zero-width characters, soft hyphens and bidi marks vanish. Offsets map back to the original.
 */
#ifndef MW_MATCH_FOLD_H
#define MW_MATCH_FOLD_H

#include "base/arena.h"
#include <milward/plugin.h>

struct mw_folded {
	struct mw_str text; /* folded, valid UTF-8 when the input was; borrowed from the input when nothing changed */
	size_t origin_n;    /* octets of the input */
	size_t hidden;	    /* octet of the input from which on a reader sees nothing: origin_n, unless the caller knows better */
	/* Private: steps of the map, NULL when nothing moved. */
	const struct mw_fold_step *step;
	size_t steps;
};

/* Input need not be valid UTF-8: each stray octet becomes one '?', so text is always valid UTF-8. Linear.
 * 0; -ENOMEM; -EFBIG over 2 GiB - 1. */
int mw_fold(struct mw_arena *, struct mw_str utf8, struct mw_folded *ret);
/* Octet of the input where the folded octet at `at` came from (at <= text.n; text.n maps to the end). */
size_t mw_fold_origin(const struct mw_folded *, size_t at);
/* Octet of the input behind the folded octet at - 1: where a match that ends at `at` ends. What vanished behind it is left out. */
size_t mw_fold_end(const struct mw_folded *, size_t at);

#endif
