/* SPDX-License-Identifier: Apache-2.0 */
/* spelled: a number whose digits stand in boxes of a form, one in each, is a number. */
#include "page.h"

#define DIGITS_MIN 5u
#define WORDS_MAX 40u
#define BOX_GAP 4.0f  /* in heights of a digit: beyond it begins another number */
#define PART_GAP 1.6f /* in distances of two boxes: between the parts of a number */

struct spelled {
	size_t word[WORDS_MAX], n;
	struct box at;
};

static bool is_digit(const struct page *pg, size_t word)
{
	char c = pg->text[pg->word[word].text];

	return c >= '0' && c <= '9';
}

/* Words of one digit, or of what stands between the parts of a number. */
static bool is_spelled(const struct page *pg, const struct piece *p)
{
	for (size_t i = p->word; i < p->word + p->words; i++) {
		char c = pg->text[pg->word[i].text];

		if (pg->word[i].n != 1 || !(is_digit(pg, i) || c == '-' || c == '/' || c == '.'))
			return false;
	}
	return true;
}

static float distance(const struct page *pg, size_t a, size_t b)
{
	const struct box *l = &pg->word[a].at, *r = &pg->word[b].at;

	return (r->x0 + r->x1 - l->x0 - l->x1) / 2;
}

/* Pieces of the row from k on that make one number. */
static size_t take(const struct page *pg, const struct row *row, size_t k, struct spelled *s)
{
	size_t from = k;

	s->n = 0;
	for (; k < row->pieces; k++) {
		const struct piece *p = &pg->piece[row->piece + k];

		if (!is_spelled(pg, p) || s->n + p->words > WORDS_MAX ||
		    (k > from && p->at.x0 - s->at.x1 > BOX_GAP * (p->at.y1 - p->at.y0)))
			break;
		if (k == from)
			s->at = p->at;
		s->at.x1 = p->at.x1;
		for (size_t i = 0; i < p->words; i++)
			s->word[s->n++] = p->word + i;
	}
	return k - from;
}

/* 1 2 3 4 5 is a scale. */
static bool is_number(const struct page *pg, const struct spelled *s)
{
	size_t digits = 0, steps = 0;

	for (size_t i = 0; i < s->n; i++) {
		digits += is_digit(pg, s->word[i]);
		steps += i && pg->text[pg->word[s->word[i]].text] == pg->text[pg->word[s->word[i - 1]].text] + 1;
	}
	return digits >= DIGITS_MIN && steps + 1 < s->n;
}

static int write_number(struct page *pg, const struct spelled *s, struct piece *p)
{
	char text[2 * WORDS_MAX];
	size_t n = 0, order = p->order;
	float least = 0;

	for (size_t i = 1; i < s->n; i++) {
		float d = distance(pg, s->word[i - 1], s->word[i]);

		least = i == 1 || d < least ? d : least;
	}
	for (size_t i = 0; i < s->n; i++) {
		if (i && distance(pg, s->word[i - 1], s->word[i]) > PART_GAP * least)
			text[n++] = ' ';
		text[n++] = pg->text[pg->word[s->word[i]].text];
	}
	if (page_add(pg, s->at, (struct mw_str){.p = text, .n = n}) < 0)
		return -1;
	*p = (struct piece){.at = s->at, .word = pg->words - 1, .words = 1, .octets = n, .order = order};
	return 0;
}

int page_join_spelled(struct page *pg, struct row *row)
{
	struct piece *piece = pg->piece + row->piece;
	size_t kept = 0;
	struct spelled s;

	for (size_t k = 0, taken; k < row->pieces; k += taken ? taken : 1) {
		taken = take(pg, row, k, &s);
		piece[kept] = piece[k];
		if (taken && is_number(pg, &s)) {
			if (write_number(pg, &s, &piece[kept]) < 0)
				return -1;
		} else if (taken) {
			taken = 1;
		}
		kept++;
	}
	row->pieces = kept;
	return 0;
}
