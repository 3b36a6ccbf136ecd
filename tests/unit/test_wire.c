/* SPDX-License-Identifier: Apache-2.0 */
/* What milward and its readers say to each other: frames, packets, the setup; and what the client makes of frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fakesink.h"
#include "reader/client.h"
#include "reader/wire.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) .text = {.p = (s), .n = sizeof(s) - 1}

static const struct mw_frame frames[] = {
    {.kind = MW_FRAME_TEXT, TEXT("some text")},
    {.kind = MW_FRAME_TEXT},
    {.kind = MW_FRAME_SECTION, .name = "Sheet1"},
    {.kind = MW_FRAME_SECTION, .name = ""},
    {.kind = MW_FRAME_SECTION},
    {.kind = MW_FRAME_HIDDEN},
    {.kind = MW_FRAME_PAGE},
    {.kind = MW_FRAME_UNREAD, .name = "damaged"},
    {.kind = MW_FRAME_MEMBER, .number = 1ull << 40, .flags = 1, .name = "text/plain", .charset = "koi8-r", TEXT("a\0b")},
    {.kind = MW_FRAME_DATA, TEXT("\0\xff")},
    {.kind = MW_FRAME_MEMBER_END},
    {.kind = MW_FRAME_MEMBER_END, .name = "encrypted"},
    {.kind = MW_FRAME_LABEL, .charset = "ebcdic-us"},
    {.kind = MW_FRAME_OCTETS, TEXT("\xc1")},
    {.kind = MW_FRAME_CONVERT},
    {.kind = MW_FRAME_END, .number = 5, .name = "limit"},
    {.kind = MW_FRAME_END},
    {.kind = MW_FRAME_GONE, .number = 11},
    {.kind = MW_FRAME_READ, .number = 20000, .flags = 3, .name = "text/html", .charset = "", TEXT("a.html")},
    {.kind = MW_FRAME_SIZE, .number = 70000},
};

static void same_text(const char *a, const char *b)
{
	if (!a || !b)
		assert_ptr_equal(a, b);
	else
		assert_string_equal(a, b);
}

static void test_frames(void **state)
{
	struct mw_buf out = MW_BUF_INIT;
	struct mw_str in;
	struct mw_frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
		assert_int_equal(mw_frame_put(&out, &frames[i]), 0);
	in = (struct mw_str){.p = out.p, .n = out.n};
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		assert_int_equal(mw_frame_take(&in, &f), 1);
		assert_int_equal(f.kind, frames[i].kind);
		assert_int_equal(f.flags, frames[i].flags);
		assert_int_equal(f.number, frames[i].number);
		same_text(f.name, frames[i].name);
		same_text(f.charset, frames[i].charset);
		assert_int_equal(f.text.n, frames[i].text.n);
		if (f.text.n)
			assert_memory_equal(f.text.p, frames[i].text.p, f.text.n);
	}
	assert_int_equal(mw_frame_take(&in, &f), 0);
	mw_buf_free(&out);
}

/* Each cut, and each octet changed: a frame or -EPROTO, and no octet behind the end is looked at (the sanitizers see to that). */
static void test_damaged(void **state)
{
	struct mw_buf out = MW_BUF_INIT;
	struct mw_frame f;

	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
		mw_buf_clear(&out);
		assert_int_equal(mw_frame_put(&out, &frames[i]), 0);
		for (size_t n = 1; n < out.n; n++) {
			char *copy = malloc(n);
			struct mw_str in = {.p = copy, .n = n};

			assert_non_null(copy);
			memcpy(copy, out.p, n);
			assert_int_equal(mw_frame_take(&in, &f), -EPROTO);
			free(copy);
		}
		for (size_t at = 0; at < out.n; at++) {
			struct mw_str in = {.p = out.p, .n = out.n};
			char was = out.p[at];

			out.p[at] = (char)0xff;
			(void)mw_frame_take(&in, &f);
			out.p[at] = was;
		}
	}
	mw_buf_free(&out);
}

static void test_too_large(void **state)
{
	static char text[MW_WIRE_PACKET];
	struct mw_frame f = {.kind = MW_FRAME_TEXT, .text = {.p = text, .n = MW_WIRE_MAX}};
	struct mw_buf out = MW_BUF_INIT;

	(void)state;
	assert_int_equal(mw_frame_put(&out, &f), 0);
	assert_int_equal(out.n, MW_WIRE_PACKET);
	f.text.n++;
	assert_int_equal(mw_frame_put(&out, &f), -EMSGSIZE);
	mw_buf_free(&out);
}

/* ---- setup ------------------------------------------------------------------------------------------------------------------------ */

struct conf {
	bool yes;
	int64_t number;
	const char *text, *none;
	struct mw_list list;
};

static const struct mw_opt options[] = {
    MW_OPT(BOOL, struct conf, yes, "yes"),   MW_OPT(INT, struct conf, number, "number"), MW_OPT(STR, struct conf, text, "text"),
    MW_OPT(PATH, struct conf, none, "none"), MW_OPT(LIST, struct conf, list, "list"),	 {0},
};
static const struct mw_opt other_options[] = {
    MW_OPT(BOOL, struct conf, yes, "yes"),   MW_OPT(INT, struct conf, number, "amount"), MW_OPT(STR, struct conf, text, "text"),
    MW_OPT(PATH, struct conf, none, "none"), MW_OPT(LIST, struct conf, list, "list"),	 {0},
};
static const struct mw_plugin plugin = {.name = "one", .options = options, .conf_size = sizeof(struct conf)};
static const struct mw_plugin changed = {.name = "one", .options = other_options, .conf_size = sizeof(struct conf)};
static const struct mw_plugin bare = {.name = "two"};

static const struct mw_plugin *find(void *ctx, const char *dir, const char *name, struct mw_err *err)
{
	(void)err;
	assert_string_equal(dir, "/modules");
	return strcmp(name, "one") == 0 ? ctx : &bare;
}

static void put_setup(struct mw_buf *out)
{
	static const char *const words[] = {"a", ""};
	static const struct conf conf = {.yes = true, .number = -7, .text = "", .list = {.n = 2, .v = words}};
	const struct mw_reader_module module[] = {{.plugin = &plugin, .conf = &conf, .granted = MW_POWER_RUN}, {.plugin = &bare}};
	const struct mw_setup setup = {.modules_dir = "/modules", .tools = true, .readers = 4, .modules = 2, .module = module};

	assert_int_equal(mw_setup_put(out, &setup), 0);
}

static void test_setup(void **state)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_buf out = MW_BUF_INIT;
	struct mw_setup s = {0};
	struct mw_err err = {0};
	const struct conf *c;

	(void)state;
	put_setup(&out);
	assert_int_equal(mw_setup_take((struct mw_str){.p = out.p, .n = out.n}, a, find, (void *)(uintptr_t)&plugin, &s, &err),
			 0);
	assert_true(s.tools);
	assert_int_equal(s.readers, 4);
	assert_int_equal(s.modules, 2);
	assert_ptr_equal(s.module[0].plugin, &plugin);
	assert_int_equal(s.module[0].granted, MW_POWER_RUN);
	c = s.module[0].conf;
	assert_true(c->yes);
	assert_int_equal(c->number, -7);
	assert_string_equal(c->text, "");
	assert_null(c->none);
	assert_int_equal(c->list.n, 2);
	assert_string_equal(c->list.v[0], "a");
	assert_string_equal(c->list.v[1], "");
	assert_null(s.module[1].conf);
	/* Cut anywhere: refused. */
	for (size_t n = 0; n < out.n; n++)
		assert_true(mw_setup_take((struct mw_str){.p = out.p, .n = n}, a, find, (void *)(uintptr_t)&plugin, &s, &err) <
			    0);
	/* The file of the module was replaced meanwhile. */
	assert_int_equal(mw_setup_take((struct mw_str){.p = out.p, .n = out.n}, a, find, (void *)(uintptr_t)&changed, &s, &err),
			 -ESTALE);
	/* It comes from another build. */
	out.p[5]++;
	assert_int_equal(mw_setup_take((struct mw_str){.p = out.p, .n = out.n}, a, find, (void *)(uintptr_t)&plugin, &s, &err),
			 -ESTALE);
	assert_non_null(strstr(err.text, "not of one build"));
	mw_buf_free(&out);
	mw_arena_free(&a);
}

/* ---- the client ------------------------------------------------------------------------------------------------------------------- */

static int to_utf8(struct mw_str data, const char *charset, int (*fn)(void *ctx, const char *utf8, size_t n), void *ctx)
{
	assert_string_equal(charset, "ebcdic-us");
	assert_int_equal(data.n, 2);
	return fn(ctx, data.p, data.n);
}

static const struct mw_host host = {FS_HOST, .to_utf8 = to_utf8};

struct talk {
	struct mw_reading reading;
	struct mw_sink sink;
	struct mw_client client;
};

static int say(struct talk *t, const struct mw_frame *f)
{
	struct mw_err err = {0};

	t->client =
	    (struct mw_client){.reading = &t->reading, .host = &host, .sink = &t->sink, .octets = t->client.octets, .fd = -1};
	memcpy(t->client.label, "ebcdic-us", 10);
	return mw_client_frame(&t->client, f, &err);
}

static void test_client_calls(void **state)
{
	static const struct mw_frame calls[] = {
	    {.kind = MW_FRAME_PAGE},
	    {.kind = MW_FRAME_TEXT, TEXT("seen")},
	    {.kind = MW_FRAME_HIDDEN},
	    {.kind = MW_FRAME_SECTION, .name = "notes"},
	    {.kind = MW_FRAME_UNREAD, .name = "damaged"},
	    {.kind = MW_FRAME_SECTION},
	    {.kind = MW_FRAME_MEMBER, .flags = MW_MEMBER_BODY, .name = "text/plain", .charset = "", TEXT("a/b")},
	    {.kind = MW_FRAME_DATA, TEXT("octets")},
	    {.kind = MW_FRAME_MEMBER_END, .name = "limit"},
	};
	struct talk t = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		assert_int_equal(say(&t, &calls[i]), 1);
	assert_string_equal(
	    t.sink.p,
	    "seen\n== hidden\n\n== !notes\n\n== unread damaged\n\n== !\n\n== /a/b text/plain  body\noctets\n== end limit\n");
	assert_int_equal(t.sink.pages, 1);
	fs_reset(&t.sink);
}

static void test_client_ends(void **state)
{
	static const struct {
		struct mw_frame frame;
		enum mw_reading_end end;
		int code, signal;
		const char *reason;
	} rows[] = {
	    {{.kind = MW_FRAME_END}, MW_READING_DONE, 0, 0, ""},
	    {{.kind = MW_FRAME_END, .number = EACCES, .name = "encrypted"}, MW_READING_FAILED, -EACCES, 0, "encrypted"},
	    {{.kind = MW_FRAME_END, .number = ENOMEM}, MW_READING_FAILED, -ENOMEM, 0, ""},
	    {{.kind = MW_FRAME_END, .number = UINT64_MAX, .name = "limit"}, MW_READING_FAILED, -EIO, 0, "limit"},
	    {{.kind = MW_FRAME_GONE, .number = SIGSEGV}, MW_READING_CRASHED, 0, SIGSEGV, ""},
	    {{.kind = MW_FRAME_GONE, .number = 2 << 8}, MW_READING_CRASHED, 0, 0, ""},
	    {{.kind = MW_FRAME_READ}, MW_READING_CRASHED, 0, 0, ""}, /* not for us */
	    {{.kind = MW_FRAME_SIZE}, MW_READING_CRASHED, 0, 0, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct talk t = {0};

		assert_int_equal(say(&t, &rows[i].frame), 0);
		assert_int_equal(t.reading.end, rows[i].end);
		assert_int_equal(t.reading.code, rows[i].code);
		assert_int_equal(t.reading.signal, rows[i].signal);
		assert_string_equal(t.reading.reason, rows[i].reason);
	}
}

/* What the sink refuses ends the talk. */
static void test_client_limit(void **state)
{
	const struct mw_frame text = {.kind = MW_FRAME_TEXT, TEXT("more than four")};
	struct talk t = {.sink = {.max = 4}};

	(void)state;
	assert_int_equal(say(&t, &text), 0);
	assert_int_equal(t.reading.end, MW_READING_STOPPED);
	fs_reset(&t.sink);
}

static void test_client_converts(void **state)
{
	const struct mw_frame octets = {.kind = MW_FRAME_OCTETS, TEXT("\xc1")}, done = {.kind = MW_FRAME_CONVERT};
	struct talk t = {0};

	(void)state;
	assert_int_equal(say(&t, &octets), 1);
	assert_int_equal(say(&t, &octets), 1);
	assert_int_equal(say(&t, &done), 1);
	assert_int_equal(t.client.octets.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_frames),	 cmocka_unit_test(test_damaged),	 cmocka_unit_test(test_too_large),
	    cmocka_unit_test(test_setup),	 cmocka_unit_test(test_client_calls),	 cmocka_unit_test(test_client_ends),
	    cmocka_unit_test(test_client_limit), cmocka_unit_test(test_client_converts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
