/* SPDX-License-Identifier: Apache-2.0 */
/* The terms of `words`: in the policy, and in files. */
#include "policy/check_rule.h"

#include <string.h>

#define TERM_MAX 200u
#define TERMS_MAX 1000000u

static void add_term(struct mw_work *w, const char *text, size_t n, struct mw_place place)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i += len) {
		len = mw_utf8_length(text + i, n - i);
		if (len == 0) {
			mw_check_error(w->c, place, "terms are written in UTF-8", "a term of \"%s\" is not UTF-8", w->name);
			return;
		}
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f) {
			mw_check_error(w->c, place, "words of a term are separated by blanks",
				       "a term of \"%s\" holds a control character", w->name);
			return;
		}
	}
	if (n == 0 || n > TERM_MAX) {
		mw_check_error(w->c, place, NULL, "a term of \"%s\" has %zu octets: it must have 1 to %u", w->name, n, TERM_MAX);
		return;
	}
	if (w->terms.n == TERMS_MAX)
		mw_check_error(w->c, place, NULL, "words \"%s\" has more than %u terms", w->name, TERMS_MAX);
	if (w->terms.n <= TERMS_MAX)
		mw_names_add(w->c, &w->terms, text);
}

static void add_inline_term(struct mw_work *w, const char *entry, const struct mw_token *t)
{
	(void)entry;
	add_term(w, t->text, t->n, t->place);
}

bool mw_entry_terms(struct mw_work *w, const char *entry)
{
	return mw_work_texts(w, entry, add_inline_term);
}

static void add_term_file(struct mw_work *w, const char *entry, const struct mw_token *t)
{
	struct mw_checker *c = w->c;
	struct mw_place place = {0};
	const struct mw_source *s;
	struct mw_str term;
	size_t at = 0;
	char *copy;

	(void)entry;
	if (mw_source_find(c->sources, t->text, MW_TERMS_MAX, t->place, &place.source) < 0)
		return;
	s = &c->diags->source[place.source];
	copy = mw_check_alloc(c, s->n + 1, 1); /* one copy; each term is ended in place */
	while (copy && !c->diags->no_memory && mw_check_next_line(s, &at, &place.line, &term, &place.column)) {
		char *mine = copy + (term.p - s->text);

		memcpy(mine, term.p, term.n); /* the octet behind is still NUL */
		place.length = (uint32_t)term.n;
		add_term(w, mine, term.n, place);
	}
}

bool mw_entry_file(struct mw_work *w, const char *entry)
{
	return mw_work_texts(w, entry, add_term_file);
}
