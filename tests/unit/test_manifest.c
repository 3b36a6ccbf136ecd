/* SPDX-License-Identifier: Apache-2.0 */
/* manifest: what is written is read again; what is damaged is refused. */
#include "pickup/manifest.h"

#include "base/str.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct mw_manifest_part parts[] = {
    {.object = 3, .kind = MW_PART_INLINE, .type = "image/png", .name = "logo.png", .cid = "a@b", .size = 4711},
    {.object = 4, .kind = MW_PART_ATTACHMENT, .type = "application/pdf", .name = "../\"<b>\xc3\xa9", .cid = "", .size = 1},
};
static const struct mw_manifest whole = {.from = "A <a@example.org>",
					 .to = "b@example.org",
					 .subject = "Gr\xc3\xbc\xc3\x9f",
					 .sender = "a@example.org",
					 .recipient = "b@example.org",
					 .received = 1763800000,
					 .text = 1,
					 .html = 2,
					 .original = 5,
					 .parts = 2,
					 .part = parts};

static int write_and_read(struct mw_arena *a, const struct mw_manifest *m, uint32_t objects, struct mw_manifest *ret)
{
	struct mw_buf b = MW_BUF_INIT;
	struct mw_err err;
	int r;

	assert_int_equal(mw_manifest_write(m, &b, &err), 0);
	r = mw_manifest_read(a, (struct mw_str){.p = b.p, .n = b.n}, objects, ret, &err);
	mw_buf_free(&b);
	return r;
}

static void test_both_ways(void **state)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_manifest m;

	(void)state;
	assert_int_equal(write_and_read(a, &whole, 6, &m), 0);
	assert_string_equal(m.from, whole.from);
	assert_string_equal(m.cc, "");
	assert_string_equal(m.subject, whole.subject);
	assert_int_equal(m.received, whole.received);
	assert_int_equal(m.text, 1);
	assert_int_equal(m.html, 2);
	assert_int_equal(m.original, 5);
	assert_false(m.more);
	assert_int_equal(m.parts, 2);
	assert_int_equal(m.part[0].kind, MW_PART_INLINE);
	assert_string_equal(m.part[1].name, parts[1].name);
	assert_int_equal(m.part[1].size, 1);
	assert_ptr_equal(mw_manifest_by_cid(&m, mw_str("a@b")), &m.part[0]);
	assert_null(mw_manifest_by_cid(&m, mw_str("")));
	assert_null(mw_manifest_by_cid(&m, mw_str("c@d")));
	mw_arena_free(&a);
}

static void test_objects_beyond(void **state)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_manifest m;

	(void)state;
	assert_int_equal(write_and_read(a, &whole, 5, &m), -EBADMSG);
	assert_int_equal(write_and_read(a, &whole, 0, &m), -EBADMSG);
	mw_arena_free(&a);
}

static void test_damaged(void **state)
{
	static const char *const bad[] = {
	    "", "{", "[]", "{}", "{\"version\":2}", "{\"version\":1}", "{\"version\":1,\"version\":1}"};
	struct mw_arena *a = mw_arena_new(0);
	struct mw_manifest m;
	struct mw_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(mw_manifest_read(a, mw_str(bad[i]), 10, &m, &err), -EBADMSG);
	mw_arena_free(&a);
}

static void test_no_utf8(void **state)
{
	struct mw_manifest m = {.subject = "\xff"};
	struct mw_buf b = MW_BUF_INIT;
	struct mw_err err;

	(void)state;
	assert_int_equal(mw_manifest_write(&m, &b, &err), -EINVAL);
	mw_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_both_ways),
	    cmocka_unit_test(test_objects_beyond),
	    cmocka_unit_test(test_damaged),
	    cmocka_unit_test(test_no_utf8),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
