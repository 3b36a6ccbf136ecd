/* SPDX-License-Identifier: Apache-2.0 */
#include "match/window.h"

static size_t unit_of(const struct mw_window *w, size_t at)
{
	return (at - w->from) / MW_WINDOW_UNIT;
}

static size_t units(const struct mw_window *w)
{
	return (w->to - w->from + MW_WINDOW_UNIT - 1) / MW_WINDOW_UNIT;
}

static bool is_marked(const struct mw_window *w, size_t unit)
{
	return w->map[unit / 64] >> (unit % 64) & 1;
}

static void mark(struct mw_window *w, size_t unit)
{
	w->map[unit / 64] |= (uint64_t)1 << (unit % 64);
}

void mw_window_mark(struct mw_window *w, size_t first, size_t last)
{
	if (last < w->from || first >= w->to)
		return;
	first = first < w->from ? w->from : first;
	last = last < w->to ? last : w->to - 1;
	for (size_t i = unit_of(w, first), end = unit_of(w, last); i <= end; i++)
		mark(w, i);
}

void mw_window_join(struct mw_window *w, const struct mw_window *other)
{
	for (size_t i = 0; i < MW_WINDOW_WORDS; i++)
		w->map[i] |= other->map[i];
}

/* The octet behind the last one before `at` that no match takes, or `least`. */
static size_t reach(struct mw_str text, const struct mw_octets *taken, size_t at, size_t least)
{
	while (at > least && mw_octets_has(taken, (unsigned char)text.p[at - 1]))
		at--;
	return at;
}

void mw_window_widen(struct mw_window *w, struct mw_str text, const struct mw_octets *taken, size_t done)
{
	size_t least = w->from; /* of what is not marked */

	for (size_t i = 0, n = units(w); i < n; i++) {
		size_t start = w->from + i * MW_WINDOW_UNIT, at = start;

		if (!is_marked(w, i))
			continue;
		if (start > least)
			at = reach(text, taken, start, least);
		for (size_t k = unit_of(w, at); k < i; k++)
			mark(w, k);
		if (at == w->from)
			w->before = reach(text, taken, w->from, done < w->from ? done : w->from);
		least = start + MW_WINDOW_UNIT;
	}
}

bool mw_window_next(const struct mw_window *w, size_t *from, size_t *to)
{
	size_t n = units(w), i = *from > w->from ? unit_of(w, *from) : 0, first;

	if (*from >= w->to)
		return false;
	while (i < n && !is_marked(w, i))
		i = i % 64 == 0 && w->map[i / 64] == 0 ? i + 64 : i + 1;
	if (i >= n)
		return false;
	for (first = i; i < n && is_marked(w, i);)
		i++;
	first = w->from + first * MW_WINDOW_UNIT;
	*from = first > *from ? first : *from;
	*to = i < n ? w->from + i * MW_WINDOW_UNIT : w->to;
	return true;
}

bool mw_window_is_small(const struct mw_window *w)
{
	size_t n = 0;

	for (size_t i = 0; i < MW_WINDOW_WORDS; i++)
		n += (size_t)__builtin_popcountll(w->map[i]);
	return n * 4 < units(w) * 3;
}

size_t mw_window_end(const struct mw_window *w, size_t least)
{
	size_t i = MW_WINDOW_WORDS, end;

	while (i > 0 && w->map[i - 1] == 0)
		i--;
	if (i == 0)
		return least;
	end = w->from + (i * 64 - (size_t)__builtin_clzll(w->map[i - 1])) * MW_WINDOW_UNIT;
	return end < w->to ? end : w->to;
}
