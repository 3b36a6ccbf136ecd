/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_seal_head: headers of messages that are sealed and opened. Whatever comes in, no field of a list that stays inside is outside, no
 * line that goes out begins a field that was none, and what a sealer made is fit to send.
 */
#include "base/str.h"
#include "seal/head.h"
#include "seal/param.h"
#include "seal/results.h"

#include <stdlib.h>
#include <string.h>

static void must(bool holds)
{
	if (!holds)
		abort();
}

static struct mw_str all(const struct mw_buf *b)
{
	return (struct mw_str){.p = mw_buf_text(b), .n = b->n};
}

/* The header that was made, read again. */
static struct mw_header again(struct mw_arena *a, const struct mw_buf *b)
{
	struct mw_header h = {0};
	struct mw_str rest;

	must(mw_header_parse(a, all(b), &h, &rest) == 0);
	return h;
}

static bool is_ours(void *ctx, struct mw_str value)
{
	(void)ctx;
	return mw_results_is_by(value, "gw.test");
}

static void seal(struct mw_arena *a, const struct mw_header *h)
{
	static const char *const inside[] = {"Bcc",	     "DKIM-Signature", "Thread-Topic", "Comments",
					     "X-Milward-Id", "HP-Outer",       "Content-Type", NULL};
	struct mw_buf outer = MW_BUF_INIT, inner = MW_BUF_INIT;
	struct mw_header out, in;

	mw_head_outer(h, &outer);
	mw_head_inner(h, false, &inner);
	must(mw_buf_ok(&outer) && mw_buf_ok(&inner));
	out = again(a, &outer);
	in = again(a, &inner);
	for (const char *const *name = inside; *name; name++)
		must(!mw_header_find(&out, *name, NULL));
	must(!mw_header_find(&in, "Bcc", NULL) && mw_header_find(&in, "Content-Type", NULL));
	must(out.n <= h->n + 1);
	for (size_t i = 0; i < out.n; i++)
		must(!mw_str_caseeq(out.v[i].name, "Subject") || mw_str_eq(out.v[i].value, " [...]"));
	mw_buf_free(&outer);
	mw_buf_free(&inner);
}

static void sealed(struct mw_arena *a, const struct mw_header *h)
{
	struct mw_buf out = MW_BUF_INIT;
	struct mw_header got;

	if (mw_head_sealed(h, &out) == 0) {
		must(!mw_head_eight_bit(all(&out)));
		got = again(a, &out);
		for (size_t i = 0; i < got.n; i++)
			must(got.v[i].name.n > 8 && mw_lower(got.v[i].name.p[0]) == 'c');
	}
	mw_buf_free(&out);
}

static void open_it(struct mw_arena *a, const struct mw_header *h, const struct mw_header *opened)
{
	const struct mw_head_results results = {.text = "Authentication-Results: gw.test; none\r\n", .is_ours = is_ours};
	struct mw_buf out = MW_BUF_INIT, entity = MW_BUF_INIT;
	struct mw_header got;

	mw_head_entity(h, &entity);
	mw_head_onward(h, opened, &results, &out);
	must(mw_buf_ok(&out) && mw_buf_ok(&entity));
	got = again(a, &out);
	must(!mw_header_find(&got, "X-Milward-Id", NULL) && !mw_header_find(&got, "Bcc", NULL));
	must(got.n <= h->n + opened->n + 2);
	for (size_t i = 1; i < got.n; i++)
		must(!mw_str_caseeq(got.v[i].name, "Authentication-Results") || !mw_results_is_by(got.v[i].value, "gw.test"));
	mw_buf_free(&out);
	mw_buf_free(&entity);
}

static void param(struct mw_str value)
{
	static const char *const names[] = {"hp", "name", NULL};
	struct mw_buf out = MW_BUF_INIT;
	char got[40];

	mw_param_drop(value, names, &out);
	must(mw_buf_ok(&out) && out.n <= value.n);
	must(!mw_param_get(all(&out), "hp", got, sizeof(got)) && !mw_param_get(all(&out), "name", got, sizeof(got)));
	(void)mw_param_get(value, "boundary", got, sizeof(got));
	(void)mw_results_of_sealer(value);
	mw_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct mw_str raw = {.p = (const char *)data, .n = n}, body, rest;
	struct mw_arena *a = mw_arena_new(64u << 20);
	struct mw_header h = {0}, opened = {0};
	char id[33];

	if (a && mw_header_parse(a, raw, &h, &body) == 0 && mw_header_parse(a, body, &opened, &rest) == 0) {
		mw_head_id(&h, id);
		must(strlen(id) == 0 || strlen(id) == 32);
		mw_head_queue_id(&h, id, sizeof(id));
		must(strlen(id) < sizeof(id));
		seal(a, &h);
		sealed(a, &h);
		open_it(a, &h, &opened);
		for (size_t i = 0; i < h.n; i++)
			param(h.v[i].value);
	}
	mw_arena_free(&a);
	return 0;
}
