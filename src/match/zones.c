/* SPDX-License-Identifier: Apache-2.0 */
/* zones: from the top: new text up to a quote, the quote, new text again. The ends of new text are told apart in zones_end.c. */
#include "match/zones.h"

#include "match/line.h"
#include "match/zones_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct split {
	struct mw_str text;
	struct mw_zones *out;
	int failed;
};

static void add(struct split *s, size_t start, size_t end, uint32_t zone)
{
	struct mw_zones *z = s->out;

	if (start == end || s->failed || (z->n && z->v[z->n - 1].zone == zone))
		return;
	if (z->n == z->cap) {
		size_t cap = z->cap ? z->cap * 2 : 16;
		struct mw_zone_span *v = reallocarray(z->v, cap, sizeof(*v));

		if (!v) {
			s->failed = -ENOMEM;
			return;
		}
		z->v = v;
		z->cap = cap;
	}
	z->v[z->n++] = (struct mw_zone_span){.start = start, .zone = zone};
}

/* New text; whole: nothing of it stands between quoted lines, so that it may have a signature. */
static void add_new(struct split *s, size_t start, size_t end, bool whole)
{
	struct mw_str text = {.p = s->text.p + start, .n = end - start};
	size_t banner = start == 0 ? mw_banner_of(text) : 0, signature = text.n, disclaimer = text.n;

	text.p += banner;
	text.n -= banner;
	if (whole)
		mw_end_of(text, &signature, &disclaimer);
	else
		signature = disclaimer = text.n;
	add(s, start, start + banner, MW_ZONE_DISCLAIMER);
	start += banner;
	add(s, start, start + signature, MW_ZONE_BODY);
	add(s, start + signature, start + disclaimer, MW_ZONE_SIGNATURE);
	add(s, start + disclaimer, end, MW_ZONE_DISCLAIMER);
}

/* Behind the blank lines at `at`. */
static size_t skip_blank(struct mw_str text, size_t at)
{
	size_t next;

	while (at < text.n && mw_line_trim(mw_line_at(text, at, &next), 1).n == 0)
		at = next;
	return at;
}

static bool is_quoted_line(struct mw_str text, size_t at)
{
	size_t next;

	return at < text.n && mw_quote_is_marked(mw_line_at(text, at, &next));
}

/* Behind lines with `>` and the blank ones between them. */
static size_t skip_quoted(struct mw_str text, size_t at)
{
	size_t next = at, end = at;

	while (is_quoted_line(text, next)) {
		(void)mw_line_at(text, next, &end);
		next = skip_blank(text, end);
	}
	return end;
}

/* Where the quote that begins at `at` ends; `at` when there is none. *next: the next line. */
static size_t quote_end(struct mw_str text, size_t at, size_t *next, bool *introduced)
{
	size_t behind = at;
	enum mw_quote kind = mw_quote_at(text, at, next, &behind);
	bool lines;

	*introduced = kind == MW_QUOTE_BELOW || kind == MW_QUOTE_IF;
	if (kind == MW_QUOTE_NONE)
		return at;
	if (kind == MW_QUOTE_LINE) {
		*introduced = mw_quote_introduces(text, at);
		return skip_quoted(text, at);
	}
	lines = is_quoted_line(text, skip_blank(text, behind));
	if (lines)
		return skip_quoted(text, skip_blank(text, behind));
	return kind == MW_QUOTE_BELOW ? text.n : at;
}

/* Behind a line that is a form feed stands what an HTML part carries unseen: no end of the text is there. */
static size_t seen_end(struct mw_str text)
{
	const char *feed = text.n ? memrchr(text.p, '\f', text.n) : NULL;
	size_t at = feed ? (size_t)(feed - text.p) : 0;

	if (!feed || (at > 0 && !mw_line_is_end(text.p[at - 1])) || (at + 1 < text.n && !mw_line_is_end(text.p[at + 1])))
		return text.n;
	return at;
}

int mw_zones_split(struct mw_str all, struct mw_zones *ret)
{
	struct mw_zones zones = {.n = 0};
	struct mw_str text = {.p = all.p, .n = seen_end(all)};
	struct split s = {.text = text, .out = &zones};
	size_t from = 0, at = 0, next;

	while (at < text.n && !s.failed) {
		bool introduced;
		size_t end = quote_end(text, at, &next, &introduced);

		if (end > at) {
			add_new(&s, from, at, introduced);
			add(&s, at, end, MW_ZONE_QUOTED);
			from = at = end;
			continue;
		}
		at = next;
	}
	add_new(&s, from, text.n, true);
	add(&s, text.n, all.n, MW_ZONE_BODY);
	if (s.failed) {
		mw_zones_free(&zones);
		return s.failed;
	}
	*ret = zones;
	return 0;
}

uint32_t mw_zones_at(const struct mw_zones *z, size_t at)
{
	size_t lo = 0, hi = z->n;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (z->v[mid].start <= at)
			lo = mid;
		else
			hi = mid;
	}
	return z->n ? z->v[lo].zone : MW_ZONE_BODY;
}

void mw_zones_free(struct mw_zones *z)
{
	free(z->v);
	*z = (struct mw_zones){.n = 0};
}
