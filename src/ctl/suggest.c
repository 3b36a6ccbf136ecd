/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/suggest.h"

#include "policy/diag.h"
#include <errno.h>
#include <string.h>

#define PHRASES 16u /* of context that are tried */

/* Two pieces and what stands between them, as one candidate. */
static int add(struct suggest *s, struct mw_arena *a, struct mw_str front, const char *between, struct mw_str back)
{
	size_t n = strlen(between);
	struct mw_sample *v = mw_arena_grow(a, s->v, &s->cap, s->n + 1, sizeof(*v));
	char *text = mw_arena_alloc(a, front.n + n + back.n + 1);

	if (v)
		s->v = v;
	if (!v || !text)
		return -ENOMEM;
	memcpy(text, front.p, front.n);
	memcpy(text + front.n, between, n);
	memcpy(text + front.n + n, back.p, back.n);
	if (front.n + n + back.n)
		v[s->n++] = (struct mw_sample){.text = {.p = text, .n = front.n + n + back.n}};
	return 0;
}

static struct mw_str part(struct mw_str text, size_t from, size_t to)
{
	return (struct mw_str){.p = text.p + from, .n = to - from};
}

/* One more sign, at every place between characters; or another one in place of each. */
static int vary_signs(struct suggest *s, struct mw_arena *a, struct mw_str text, const char *sign, bool replace)
{
	size_t len;

	for (size_t i = 0; i <= text.n; i += len) {
		int r;

		len = i < text.n ? mw_utf8_length(text.p + i, text.n - i) : 1;
		len = len ? len : 1;
		if (replace && i == text.n)
			return 0;
		r = add(s, a, part(text, 0, i), sign, part(text, replace ? i + len : i, text.n));
		if (r < 0)
			return r;
	}
	return 0;
}

/* Where the word that begins at `at` ends, and where the next one begins. */
static size_t word_end(struct mw_str text, size_t at)
{
	while (at < text.n && text.p[at] != ' ')
		at++;
	return at;
}

/* Without each word; with the words before it behind it; with a phrase in front of what is left. */
static int vary_words(struct suggest *s, struct mw_arena *a, const struct mw_rule *rule, struct mw_str text)
{
	for (size_t at = 0, next; at < text.n; at = next) {
		size_t end = word_end(text, at), tried = 0;
		struct mw_str rest;
		int r;

		next = end < text.n ? end + 1 : end;
		r = add(s, a, part(text, 0, at), "", part(text, next, text.n));
		if (r < 0)
			return r;
		rest = s->v[s->n - 1].text;
		if (at > 0 && at < text.n)
			r = add(s, a, part(text, at, text.n), " ", part(text, 0, at - 1));
		for (size_t i = 0; i < rule->nears && r == 0; i++)
			for (size_t k = 0; k < rule->near[i].phrases && tried < PHRASES && r == 0; k++, tried++) {
				struct mw_str phrase = {.p = rule->near[i].phrase[k], .n = strlen(rule->near[i].phrase[k])};

				r = add(s, a, phrase, " ", rest);
			}
		if (r < 0)
			return r;
	}
	return 0;
}

/* With each phrase of context in front of it, and behind. */
static int vary_phrases(struct suggest *s, struct mw_arena *a, const struct mw_rule *rule, struct mw_str text)
{
	int r = 0;

	for (size_t i = 0; i < rule->nears; i++)
		for (size_t k = 0; k < rule->near[i].phrases && k < PHRASES && r == 0; k++) {
			struct mw_str phrase = {.p = rule->near[i].phrase[k], .n = strlen(rule->near[i].phrase[k])};

			r = add(s, a, phrase, " ", text);
			if (r == 0)
				r = add(s, a, text, " ", phrase);
		}
	return r;
}

int suggest_vary(struct suggest *s, struct mw_arena *a, const struct mw_rule *rule, struct mw_str text)
{
	static const char *const more[] = {"x", "1", "-", ".", "_", "X"}, *const other[] = {"0", "9", "x"};
	int r = 0;

	if (text.n == 0 || text.n > SUGGEST_TEXT)
		return 0;
	for (size_t i = 0; i < sizeof(more) / sizeof(*more) && r == 0; i++)
		r = vary_signs(s, a, text, more[i], false);
	if (r == 0)
		r = vary_phrases(s, a, rule, text);
	if (r == 0)
		r = vary_words(s, a, rule, text);
	for (size_t i = 0; i < sizeof(other) / sizeof(*other) && r == 0; i++)
		r = vary_signs(s, a, text, other[i], true);
	return r;
}
