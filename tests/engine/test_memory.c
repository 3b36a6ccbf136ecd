/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory: the n-th allocation fails, for every n, while one message is filled, run and freed, and while a generation is built.
 * Never a crash; never a message that passes because something could not be looked at. The linker puts our allocator in front of
 * everything of milward (not of GLib, which aborts: see doc/adr/0006).
 */
#include "setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Arenas hide most allocations in blocks, so their functions fail too. */
void *__real_mw_arena_alloc(struct mw_arena *a, size_t n);
void *__real_mw_arena_array(struct mw_arena *a, size_t n, size_t size);
char *__real_mw_arena_dup(struct mw_arena *a, const char *p, size_t n);
void *__real_mw_arena_grow(struct mw_arena *a, void *old, size_t *cap, size_t n, size_t size);
void *__wrap_mw_arena_alloc(struct mw_arena *a, size_t n);
void *__wrap_mw_arena_array(struct mw_arena *a, size_t n, size_t size);
char *__wrap_mw_arena_dup(struct mw_arena *a, const char *p, size_t n);
char *__wrap_mw_arena_str(struct mw_arena *a, const char *s);
MW_PRINTF(2, 3) char *__wrap_mw_arena_printf(struct mw_arena *a, const char *fmt, ...);
void *__wrap_mw_arena_grow(struct mw_arena *a, void *old, size_t *cap, size_t n, size_t size);
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

static unsigned long until_failure; /* 0 = none fails */

static bool fails(void)
{
	return until_failure && --until_failure == 0;
}

void *__wrap_malloc(size_t n)
{
	return fails() ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
	return fails() ? NULL : __real_realloc(p, n);
}

void *__wrap_mw_arena_alloc(struct mw_arena *a, size_t n)
{
	return fails() ? NULL : __real_mw_arena_alloc(a, n);
}

void *__wrap_mw_arena_array(struct mw_arena *a, size_t n, size_t size)
{
	return fails() ? NULL : __real_mw_arena_array(a, n, size);
}

char *__wrap_mw_arena_dup(struct mw_arena *a, const char *p, size_t n)
{
	return fails() ? NULL : __real_mw_arena_dup(a, p, n);
}

char *__wrap_mw_arena_str(struct mw_arena *a, const char *s)
{
	return fails() ? NULL : __real_mw_arena_dup(a, s, strlen(s));
}

char *__wrap_mw_arena_printf(struct mw_arena *a, const char *fmt, ...)
{
	char text[4096];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	assert_in_range(n, 0, sizeof(text) - 1);
	return fails() ? NULL : __real_mw_arena_dup(a, text, (size_t)n);
}

void *__wrap_mw_arena_grow(struct mw_arena *a, void *old, size_t *cap, size_t n, size_t size)
{
	return fails() ? NULL : __real_mw_arena_grow(a, old, cap, n, size);
}

#define POLICY                                                                                                                   \
	LOAD_PROBE "load phi with probe-text, probe-script, probe-check grant text\n" OURS RULES                                 \
		   "class phi when phi.identifiers >= 1 and rule ill >= 1 and header \"X-Kind\" /a/\n"                           \
		   "match unreadable(encrypted) then refuse\n"                                                                   \
		   "match class phi to external then send by tls or portal, strip \"X-Milward-*\"\n"                             \
		   "match any then pass\nalways mark \"X-Seen\"; note; seal\n"

/* A document with a section, octets that are no UTF-8, a file and a mail. */
#define SCRIPT                                                                                                                   \
	"text a\\xff\nhidden\ntext b\nsection S_1\ntext c\nmember - - a_b.txt\ndata \\xe9\nend\n"                                \
	"member - - m.eml\ndata Subject: in\\n\\ny\nend\n"

#define MAIL                                                                                                                     \
	"From: =?utf-8?q?=C3=84?= <alice@clinic.example>\nX-Kind: a\nX-Milward-A: b\nSubject: hello\nMIME-Version: 1.0\n"        \
	"Content-Type: multipart/mixed; boundary=b\n\n"                                                                          \
	"--b\n\nPatient 123456789 has diabetes.\nbegin 644 u_v.txt\n#86)C\n`\nend\n--b\nContent-Type: application/x-probe; "     \
	"name=x.bin\n\nmore 987654321\n"                                                                                         \
	"--b\nContent-Type: text/plain; charset=iso-8859-1\n\n\351\n--b\nContent-Type: message/rfc822\n\nSubject: "              \
	"in\n\nx\n--b\nContent-Type: application/x-probe-script; name=d.doc\n\n" SCRIPT "--b--\n"

/* Fills as src/host does: a failure there is a 4xx to the client, and the message must know it too. */
static struct mw_msg *fill(struct world *w)
{
	const struct mw_msg_options options = {.memory = 65536, .spool = "/tmp"};
	const struct mw_str none = {.p = "", .n = 0};
	struct mw_msg *m = mw_msg_new(w->gen, &options);

	if (!m)
		return NULL;
	(void)mw_msg_sender(m, mw_str("<alice@clinic.example>"));
	(void)mw_msg_rcpt(m, mw_str("<al@clinic.example>"), none, none, none);
	(void)mw_msg_rcpt(m, mw_str("<b@x.example>"), none, mw_str("NEVER"), none);
	(void)mw_msg_set(m, MW_MSG_QUEUE_ID, mw_str("4jX"));
	msg_take(m, MAIL);
	return m;
}

static void check_whole(const struct mw_msg *m)
{
	const struct mw_edit_field *fields;
	const struct mw_edit_tag *tags;

	assert_string_equal(msg_shown(m), "pass pass policy:10 / route tls(any) policy:9 => route");
	assert_int_equal(mw_msg_edit_tags(m, &tags), 1);
	assert_int_equal(tags[0].rcpt, 1);
	assert_string_equal(tags[0].params, "ORCPT=rfc822;b@x.example NOTIFY=NEVER");
	assert_int_equal(mw_msg_edit_fields(m, &fields), 3);
}

static void test_message(void **state)
{
	unsigned long n;
	struct world w;

	(void)state;
	probe_reset();
	world_open(&w, POLICY, 0);
	for (n = 1;; n++) {
		struct mw_msg *m;
		bool failed;

		until_failure = n;
		m = fill(&w);
		if (m)
			mw_msg_run(m, NULL, NULL);
		failed = until_failure == 0;
		until_failure = 0;
		if (m && mw_msg_outcome(m)->effect != MW_TEMPFAIL)
			check_whole(m); /* what failed was of no consequence: the result must be the right one */
		else
			assert_true(failed);
		until_failure = n > 3 ? 2 : 0; /* freeing allocates nothing that matters */
		mw_msg_free(&m);
		until_failure = 0;
		if (!failed)
			break;
	}
	print_message("%lu allocations\n", n - 1);
	assert_true(n > 20);
	world_close(&w);
}

static void test_generation(void **state)
{
	unsigned long n;
	struct world w;

	(void)state;
	probe_reset();
	world_open(&w, POLICY, 0);
	for (n = 1;; n++) {
		struct mw_arena *a = mw_arena_new(0);
		struct mw_generation *g = NULL;
		struct mw_err err = {0};
		struct mw_diags diags;
		bool failed;
		int r;

		assert_non_null(a);
		mw_diags_init(&diags, a);
		until_failure = n;
		r = mw_generation_new(w.loader, w.policy, NULL, MW_GEN_SAMPLES | MW_GEN_INSIDE, &diags, &g, &err);
		failed = until_failure == 0;
		until_failure = 0;
		if (r < 0) {
			assert_true(failed);
			assert_null(g);
			assert_true(err.text[0] || diags.errors || diags.no_memory);
		}
		mw_generation_unref(&g);
		mw_arena_free(&a);
		if (!failed)
			break;
	}
	print_message("%lu allocations\n", n - 1);
	assert_true(n > 20);
	world_close(&w);
}

static void test_loader(void **state)
{
	(void)state;
	for (unsigned long n = 1;; n++) {
		struct mw_loader *l;
		bool failed;

		until_failure = n;
		l = mw_loader_new("/tmp");
		failed = until_failure == 0;
		until_failure = 0;
		assert_true(l || failed);
		mw_loader_free(&l);
		if (!failed)
			break;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_message), cmocka_unit_test(test_generation),
					   cmocka_unit_test(test_loader)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
