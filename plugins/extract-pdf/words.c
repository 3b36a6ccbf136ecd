/* SPDX-License-Identifier: Apache-2.0 */
#include "words.h"

#include <string.h>

#define COORDINATE_MAX 1e6f

void words_init(struct words *w, const struct words_to *to, void *ctx)
{
	memset(w, 0, sizeof(*w));
	w->to = to;
	w->ctx = ctx;
}

/* The value of NAME="…" in the tag, as C's locale writes numbers. */
static float number(const char *tag, const char *name)
{
	const char *p = strstr(tag, name);
	float value = 0, scale = 1;
	bool minus;

	if (!p)
		return 0;
	p += strlen(name);
	minus = *p == '-';
	for (p += minus; *p >= '0' && *p <= '9' && value < COORDINATE_MAX; p++)
		value = value * 10 + (float)(*p - '0');
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9' && scale > 1e-4f; p++)
			value += (float)(*p - '0') * (scale /= 10);
	return minus ? -value : value;
}

static bool is_tag(const char *tag, const char *name)
{
	size_t n = strlen(name);

	return strncmp(tag, name, n) == 0 && (tag[n] == '\0' || tag[n] == ' ');
}

static int flush_word(struct words *w)
{
	size_t n = w->word_n;

	w->word_n = 0;
	return n && w->in_page ? w->to->word(w->ctx, w->at, (struct mw_str){.p = w->word, .n = n}) : 0;
}

static int end_page(struct words *w)
{
	int r = flush_word(w);

	w->in_word = false;
	if (!w->in_page)
		return r;
	w->in_page = false;
	return r == 0 ? w->to->page_end(w->ctx) : r;
}

static int take_tag(struct words *w)
{
	const char *tag = w->tag;
	int r = 0;

	w->tag[w->tag_n] = '\0';
	w->tag_n = 0;
	w->state = WORDS_TEXT;
	if (is_tag(tag, "word")) {
		r = flush_word(w);
		w->at = (struct box){
		    .x0 = number(tag, "xMin=\""),
		    .y0 = number(tag, "yMin=\""),
		    .x1 = number(tag, "xMax=\""),
		    .y1 = number(tag, "yMax=\""),
		};
		w->in_word = true;
		w->reference = WORD_MAX;
	} else if (is_tag(tag, "/word")) {
		r = flush_word(w);
		w->in_word = false;
	} else if (is_tag(tag, "page")) {
		r = end_page(w);
		w->in_page = true;
		r = r == 0 ? w->to->page(w->ctx) : r;
	} else if (is_tag(tag, "/page")) {
		r = end_page(w);
	} else if (is_tag(tag, "/doc")) {
		w->whole = true;
	}
	return r;
}

/* A character reference at the end of the word, from its "&" on, becomes the character. */
static void resolve(struct words *w)
{
	static const struct {
		const char *name;
		char c;
	} known[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}, {"&#39;", '\''}};
	size_t n = w->word_n - w->reference;

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strlen(known[i].name) == n && memcmp(w->word + w->reference, known[i].name, n) == 0) {
			w->word[w->reference] = known[i].c;
			w->word_n = w->reference + 1;
			break;
		}
	w->reference = WORD_MAX;
}

static int take_octet(struct words *w, char c)
{
	int r = 0;

	/* Not within a character, of which each begins with an octet that is no 10xxxxxx. */
	if (w->word_n == WORD_MAX || (w->word_n > WORD_MAX - 8 && ((unsigned char)c & 0xc0) != 0x80)) {
		r = flush_word(w);
		w->reference = WORD_MAX;
	}
	if (c == '&')
		w->reference = w->word_n;
	w->word[w->word_n++] = c;
	if (c == ';' && w->reference < w->word_n)
		resolve(w);
	return r;
}

int words_take(struct words *w, const char *p, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		if (w->state == WORDS_TAG && p[i] == '>') {
			r = take_tag(w);
		} else if (w->state == WORDS_TAG) {
			/* The beginning of a longer tag is enough: none of ours is. */
			if (w->tag_n + 1 < TAG_MAX)
				w->tag[w->tag_n++] = p[i];
		} else if (p[i] == '<') {
			w->state = WORDS_TAG;
		} else if (w->in_word && p[i] != '\0') {
			r = take_octet(w, p[i]);
		}
	}
	return r;
}

int words_end(struct words *w)
{
	return end_page(w);
}
