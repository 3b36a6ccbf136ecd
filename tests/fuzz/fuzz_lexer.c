/* SPDX-License-Identifier: Apache-2.0 */
/* Any octets are a sequence of tokens that ends, and each token lies inside of the text, behind the one before. */
#include "policy/lexer.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct mw_lexer *l, const struct mw_token *t, size_t before)
{
	if (l->at > l->n || (t->kind != MW_TOK_END && l->at <= before))
		abort(); /* no progress: this would never end */
	if (t->place.line < 1 || t->place.column < 1 || t->place.column + t->place.length > l->n + 2)
		abort();
	if (strlen(t->text) != t->n && t->kind != MW_TOK_BAD)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_source source = {.path = "x", .shown = "x", .text = (const char *)data, .n = size};
	struct mw_diags diags;
	struct mw_lexer l;
	struct mw_token t;

	if (!arena)
		return 0;
	mw_diags_init(&diags, arena);
	diags.source = &source;
	diags.sources = 1;
	mw_lexer_init(&l, &diags, arena, 0);
	do {
		size_t before = l.at;

		mw_lexer_next(&l, &t);
		check(&l, &t, before);
		if (t.kind == MW_TOK_BAD && diags.errors == 0)
			abort(); /* a bad token is always told */
	} while (t.kind != MW_TOK_END);
	mw_arena_free(&arena);
	return 0;
}
