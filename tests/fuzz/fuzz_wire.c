/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_wire: what a reader says to milward, and what milward says to it. The first octet chooses: a packet of frames, each of which
 * must come out as it was put in and goes to the client; or a setup, which must be taken back from what was taken.
 */
#include "reader/client.h"
#include "reader/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Takes everything, up to a bound. */
struct mw_sink {
	size_t calls, octets;
};

static int take_octets(struct mw_sink *s, const char *p, size_t n)
{
	volatile char last = n ? p[n - 1] : 0;

	(void)last;
	s->octets += n;
	return s->octets > 1000000 ? -EFBIG : 0;
}

static int take_word(struct mw_sink *s, const char *word)
{
	return take_octets(s, word, word ? strlen(word) : 0);
}

static int take_mark(struct mw_sink *s)
{
	return ++s->calls > 10000 ? -EFBIG : 0;
}

static int take_member(struct mw_sink *s, const struct mw_member *m)
{
	int r = take_octets(s, m->name.p, m->name.n);

	r = r == 0 ? take_word(s, m->type) : r;
	return r == 0 ? take_word(s, m->charset) : r;
}

static int to_utf8(struct mw_str data, const char *charset, int (*fn)(void *ctx, const char *utf8, size_t n), void *ctx)
{
	return charset[0] == 'x' ? -ENOMEM : fn(ctx, data.p, data.n);
}

static const struct mw_host host = {.size = sizeof(struct mw_host),
				    .to_utf8 = to_utf8,
				    .sink_text = take_octets,
				    .sink_section = take_word,
				    .sink_hidden = take_mark,
				    .sink_page = take_mark,
				    .sink_unread = take_word,
				    .member = take_member,
				    .member_data = take_octets,
				    .member_end = take_word};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void put_again(const struct mw_frame *f, struct mw_str was)
{
	struct mw_buf out = MW_BUF_INIT;

	must(mw_frame_put(&out, f) == 0);
	must(out.n == was.n && memcmp(out.p, was.p, out.n) == 0);
	mw_buf_free(&out);
}

static void packet(struct mw_str in)
{
	struct mw_reading reading = {0};
	struct mw_sink sink = {0};
	struct mw_client client = {.reading = &reading, .host = &host, .sink = &sink, .fd = -1};
	struct mw_err err = {0};
	struct mw_frame f;
	struct mw_str before = in;

	while (mw_frame_take(&in, &f) == 1) {
		put_again(&f, (struct mw_str){.p = before.p, .n = before.n - in.n});
		before = in;
		if (mw_client_frame(&client, &f, &err) <= 0)
			break;
	}
	mw_buf_free(&client.octets);
}

/* ---- setup ------------------------------------------------------------------------------------------------------------------------ */

struct conf {
	bool yes;
	int64_t number;
	const char *text;
	struct mw_list list;
};

static const struct mw_opt options[] = {
    MW_OPT(BOOL, struct conf, yes, "yes"),
    MW_OPT(INT, struct conf, number, "number"),
    MW_OPT(STR, struct conf, text, "text"),
    MW_OPT(LIST, struct conf, list, "list"),
    {0},
};
static const struct mw_plugin plugin = {.name = "fuzz", .options = options, .conf_size = sizeof(struct conf)};

static const struct mw_plugin *find(void *ctx, const char *dir, const char *name, struct mw_err *err)
{
	(void)ctx;
	(void)dir;
	(void)err;
	return strcmp(name, "fuzz") == 0 ? &plugin : NULL;
}

static void setup(struct mw_str in)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_setup first, second;
	struct mw_buf whole = MW_BUF_INIT, once = MW_BUF_INIT, twice = MW_BUF_INIT;
	struct mw_err err = {0};

	/* Of this build, and then as it comes. */
	must(mw_setup_put(&once, &(struct mw_setup){0}) == 0);
	must(once.n > 4 && once.n > 4 + (size_t)(unsigned char)once.p[0]);
	mw_buf_add(&whole, once.p, 4 + (size_t)(unsigned char)once.p[0]);
	mw_buf_add(&whole, in.p, in.n);
	mw_buf_free(&once);
	once = (struct mw_buf)MW_BUF_INIT;
	in = (struct mw_str){.p = whole.p, .n = whole.n};
	if (a && mw_buf_ok(&whole) && mw_setup_take(in, a, find, NULL, &first, &err) == 0) {
		must(mw_setup_put(&once, &first) == 0);
		must(mw_setup_take((struct mw_str){.p = once.p, .n = once.n}, a, find, NULL, &second, &err) == 0);
		must(mw_setup_put(&twice, &second) == 0);
		must(once.n == twice.n && memcmp(once.p, twice.p, once.n) == 0);
	}
	mw_buf_free(&whole);
	mw_buf_free(&once);
	mw_buf_free(&twice);
	mw_arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct mw_str in = {.p = (const char *)data, .n = n};

	if (n == 0)
		return 0;
	in = (struct mw_str){.p = in.p + 1, .n = in.n - 1};
	if (data[0] == 's')
		setup(in);
	else
		packet(in);
	return 0;
}
