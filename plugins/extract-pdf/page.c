/* SPDX-License-Identifier: Apache-2.0 */
#include "page.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* In heights of a line. */
#define CELL_GAP 1.0f	    /* between words: a wider one divides cells */
#define PROSE_GAP 1.0f	    /* between lines of one text */
#define GROUP_GAP 1.6f	    /* between rows of one table or form */
#define PROSE_LINES 3u	    /* that make prose */
#define PROSE_OCTETS 30u    /* in a line of it, in the mean */
#define PROSE_LOWER_OF_5 3u /* lines of five that begin within a sentence */

/* ---- words ----------------------------------------------------------------------------------------------------------------------- */

static int grow(void **v, size_t *cap, size_t n, size_t size)
{
	size_t more = n + n / 2 + 64;
	void *p;

	if (n < *cap)
		return 0;
	p = reallocarray(*v, more, size);
	if (!p)
		return -ENOMEM;
	*v = p;
	*cap = more;
	return 0;
}

static void count(struct page *pg, struct mw_str s)
{
	for (size_t i = 0, k; i < s.n; i += k) {
		const unsigned char *c = (const unsigned char *)s.p + i;

		k = utf8_octets(s.p + i, s.n - i);
		if (k == 0) {
			k = 1;
			pg->odd++;
		} else if (k == 1) {
			pg->letters += (*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z');
			pg->odd += *c < ' ' || *c == 0x7f;
		} else if ((k == 2 && c[0] == 0xc2 && c[1] < 0xa0) || (k == 3 && memcmp(c, "\xef\xbf\xbd", 3) == 0) ||
			   (k == 3 && c[0] == 0xee) || (k == 3 && c[0] == 0xef && c[1] < 0xa4) || (k == 4 && c[0] >= 0xf3)) {
			pg->odd++; /* C1, U+FFFD, and what Unicode leaves to fonts */
		} else {
			pg->letters++;
		}
	}
}

int page_add(struct page *pg, struct box at, struct mw_str text)
{
	void *v = pg->word;
	char *p = pg->text;

	if (grow(&v, &pg->word_cap, pg->words, sizeof(struct word)) < 0)
		return -ENOMEM;
	pg->word = v;
	if (text.n > pg->text_cap - pg->octets) {
		size_t cap = (pg->octets + text.n) * 2;

		p = malloc(cap);
		if (!p)
			return -ENOMEM;
		if (pg->octets) {
			memcpy(p, pg->text, pg->octets);
			explicit_bzero(pg->text, pg->octets);
		}
		free(pg->text);
		pg->text = p;
		pg->text_cap = cap;
	}
	memcpy(p + pg->octets, text.p, text.n);
	pg->word[pg->words++] = (struct word){.at = at, .text = pg->octets, .n = text.n};
	pg->octets += text.n;
	count(pg, text);
	return 0;
}

/* ---- pieces ---------------------------------------------------------------------------------------------------------------------- */

static float least(float a, float b)
{
	return a < b ? a : b;
}

static float most(float a, float b)
{
	return a > b ? a : b;
}

static float height(const struct box *b)
{
	return most(b->y1 - b->y0, 1);
}

static bool is_beside(const struct box *a, const struct box *b)
{
	return least(a->y1, b->y1) - most(a->y0, b->y0) > least(height(a), height(b)) / 2;
}

static void widen(struct box *a, const struct box *b)
{
	a->x0 = least(a->x0, b->x0);
	a->y0 = least(a->y0, b->y0);
	a->x1 = most(a->x1, b->x1);
	a->y1 = most(a->y1, b->y1);
}

static int make_pieces(struct page *pg)
{
	struct piece *last = NULL;

	pg->pieces = 0;
	for (size_t i = 0; i < pg->words; i++) {
		const struct word *w = &pg->word[i], *before = i ? &pg->word[i - 1] : NULL;
		void *v = pg->piece;
		float gap = before ? w->at.x0 - before->at.x1 : 0;
		float line = before ? least(height(&before->at), height(&w->at)) : 1;

		if (last && is_beside(&before->at, &w->at) && gap < CELL_GAP * line && gap > -line) {
			widen(&last->at, &w->at);
			last->words++;
			last->octets += w->n + 1;
			continue;
		}
		if (grow(&v, &pg->piece_cap, pg->pieces, sizeof(*last)) < 0)
			return -ENOMEM;
		pg->piece = v;
		last = &pg->piece[pg->pieces];
		*last = (struct piece){.at = w->at, .word = i, .words = 1, .octets = w->n, .order = pg->pieces};
		pg->pieces++;
	}
	return 0;
}

/* ---- justified lines ------------------------------------------------------------------------------------------------------------- */

static bool is_near(float a, float b, float by)
{
	return a - b < by && b - a < by;
}

/* Are the gaps between all words from `word` on about as wide? Those between cells are not. */
static bool is_even(const struct page *pg, size_t word, size_t words)
{
	float wide = 0, narrow = 0;

	for (size_t i = word + 1; i < word + words; i++) {
		float gap = pg->word[i].at.x0 - pg->word[i - 1].at.x1;

		wide = i == word + 1 ? gap : most(wide, gap);
		narrow = i == word + 1 ? gap : least(narrow, gap);
	}
	return narrow > wide * 0.6f;
}

/* A line of prose ends where this one does, right above or below. */
static bool is_framed(const struct box *line, const struct piece *p)
{
	float h = height(line);

	return p->octets >= PROSE_OCTETS && is_near(p->at.x0, line->x0, h) && is_near(p->at.x1, line->x1, h) &&
	       is_near(p->at.y0, line->y0, (1 + PROSE_GAP) * h);
}

/* Words that were spread over a line are one piece again. */
static void join_justified(struct page *pg)
{
	size_t kept = 0;

	for (size_t i = 0, end; i < pg->pieces; i = end) {
		struct piece all = pg->piece[i];

		for (end = i + 1; end < pg->pieces && is_beside(&pg->piece[end - 1].at, &pg->piece[end].at) &&
				  pg->piece[end].at.x0 > pg->piece[end - 1].at.x1;
		     end++) {
			widen(&all.at, &pg->piece[end].at);
			all.words += pg->piece[end].words;
			all.octets += pg->piece[end].octets + 1;
		}
		if (end - i > 1 && is_even(pg, all.word, all.words) &&
		    ((kept && is_framed(&all.at, &pg->piece[kept - 1])) ||
		     (end < pg->pieces && is_framed(&all.at, &pg->piece[end])))) {
			pg->piece[kept++] = all;
			continue;
		}
		for (size_t k = i; k < end; k++)
			pg->piece[kept++] = pg->piece[k];
	}
	pg->pieces = kept;
	for (size_t i = 0; i < kept; i++)
		pg->piece[i].order = i;
}

/* ---- prose ----------------------------------------------------------------------------------------------------------------------- */

static bool begins_low(const struct page *pg, const struct piece *p)
{
	const struct word *w = &pg->word[p->word];
	char c = w->n ? pg->text[w->text] : ' ';

	return (c >= 'a' && c <= 'z') || (unsigned char)c >= 0x80;
}

static bool follows(const struct piece *a, const struct piece *b)
{
	float line = least(height(&a->at), height(&b->at));

	return b->at.y0 > (a->at.y0 + a->at.y1) / 2 && b->at.y0 - a->at.y1 < PROSE_GAP * line &&
	       least(a->at.x1, b->at.x1) > most(a->at.x0, b->at.x0) && most(height(&a->at), height(&b->at)) < 1.5f * line;
}

static void mark_prose(struct page *pg)
{
	uint32_t block = 0;

	for (size_t i = 0, end; i < pg->pieces; i = end) {
		size_t low = 0, octets = pg->piece[i].octets, lines;

		for (end = i + 1; end < pg->pieces && follows(&pg->piece[end - 1], &pg->piece[end]); end++) {
			low += begins_low(pg, &pg->piece[end]);
			octets += pg->piece[end].octets;
		}
		lines = end - i;
		if (lines < PROSE_LINES || octets < lines * PROSE_OCTETS || low * 5 < (lines - 1) * PROSE_LOWER_OF_5)
			continue;
		block++;
		for (size_t k = i; k < end; k++)
			pg->piece[k].prose = block;
	}
}

/* ---- rows ------------------------------------------------------------------------------------------------------------------------ */

/* Prose behind all others, in its order; others from above. */
static int by_height(const void *va, const void *vb)
{
	const struct piece *a = va, *b = vb;
	float ya = a->at.y0 + a->at.y1, yb = b->at.y0 + b->at.y1;

	if (!a->prose != !b->prose)
		return a->prose ? 1 : -1;
	if (!a->prose && ya != yb)
		return ya < yb ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static int by_left(const void *va, const void *vb)
{
	const struct piece *a = va, *b = vb;

	if (a->at.x0 != b->at.x0)
		return a->at.x0 < b->at.x0 ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static int by_group(const void *va, const void *vb)
{
	const struct row *a = va, *b = vb;

	if (a->group != b->group)
		return a->group < b->group ? -1 : 1;
	return a->piece < b->piece ? -1 : a->piece > b->piece;
}

static int make_rows(struct page *pg)
{
	struct row *last = NULL;

	qsort(pg->piece, pg->pieces, sizeof(*pg->piece), by_height);
	pg->rows = 0;
	for (size_t i = 0; i < pg->pieces; i++) {
		const struct piece *p = &pg->piece[i];
		void *v = pg->row;

		if (last && !p->prose && is_beside(&last->at, &p->at)) {
			last->pieces++;
			continue;
		}
		if (grow(&v, &pg->row_cap, pg->rows, sizeof(*last)) < 0)
			return -ENOMEM;
		pg->row = v;
		last = &pg->row[pg->rows++];
		*last = (struct row){.at = p->at, .piece = i, .pieces = 1, .group = p->order};
	}
	for (size_t i = 0; i < pg->rows; i++) {
		last = &pg->row[i];
		qsort(pg->piece + last->piece, last->pieces, sizeof(*pg->piece), by_left);
		if (!pg->piece[last->piece].prose && page_join_spelled(pg, last) < 0)
			return -ENOMEM;
		for (size_t k = 0; k < last->pieces; k++) {
			last->group =
			    pg->piece[last->piece + k].order < last->group ? pg->piece[last->piece + k].order : last->group;
			last->at.x0 = least(last->at.x0, pg->piece[last->piece + k].at.x0);
			last->at.x1 = most(last->at.x1, pg->piece[last->piece + k].at.x1);
		}
	}
	return 0;
}

static bool is_prose(const struct page *pg, const struct row *r)
{
	return pg->piece[r->piece].prose != 0;
}

/* Rows that follow closely are read from above, where the first of them stands in the order of reading. */
static void make_groups(struct page *pg)
{
	for (size_t i = 0, end; i < pg->rows; i = end) {
		size_t first = pg->row[i].group;

		for (end = i + 1; end < pg->rows; end++) {
			const struct row *a = &pg->row[end - 1], *b = &pg->row[end];
			float line = least(height(&a->at), height(&b->at));

			if (is_prose(pg, a) != is_prose(pg, b))
				break;
			if (is_prose(pg, a) ? pg->piece[a->piece].prose != pg->piece[b->piece].prose
					    : b->at.y0 - a->at.y1 > GROUP_GAP * line)
				break;
			first = b->group < first ? b->group : first;
		}
		for (size_t k = i; k < end; k++)
			pg->row[k].group = first;
	}
	qsort(pg->row, pg->rows, sizeof(*pg->row), by_group);
}

int page_write(struct page *pg, struct pen *o)
{
	if (pg->words == 0)
		return 0;
	if (make_pieces(pg) < 0)
		return -ENOMEM;
	join_justified(pg);
	mark_prose(pg);
	if (make_rows(pg) < 0)
		return -ENOMEM;
	make_groups(pg);
	for (size_t i = 0, end; i < pg->rows && o->failed == 0; i = end) {
		for (end = i + 1; end < pg->rows && pg->row[end].group == pg->row[i].group; end++)
			;
		page_columns(pg, i, end);
		page_write_rows(pg, i, end, o);
		pen_put(o, "\n");
	}
	return 0;
}

void page_clear(struct page *pg)
{
	pg->words = pg->pieces = pg->rows = pg->octets = pg->letters = pg->odd = 0;
}

void page_free(struct page *pg)
{
	if (pg->text)
		explicit_bzero(pg->text, pg->text_cap);
	free(pg->text);
	free(pg->word);
	free(pg->piece);
	free(pg->row);
	*pg = (struct page){.words = 0};
}
