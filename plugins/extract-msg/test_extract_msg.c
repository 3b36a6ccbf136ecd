/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/extracting.h"
#include "tests/unit/mapidata.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "plugins/ole/ole.h"
#include "plugins/ole/ole_write.h"

extern const struct mw_plugin mw_plugin_extract_msg;

static int setup(void **state)
{
	(void)state;
	return ex_open(&mw_plugin_extract_msg, NULL);
}

static int extract(const char *p, size_t n, struct mw_sink *sink, const char **reason)
{
	const struct mw_document doc = {
	    .data = {.p = p, .n = n}, .type = "application/vnd.ms-outlook", .charset = "", .name = "a.msg"};

	return ex_extract(&doc, sink, reason);
}

/* The file that the writer makes gives this text, NULs aside. */
static void gives(struct ole_writer *w, const char *text)
{
	struct mw_sink sink = {0};
	const char *reason = NULL;
	char *p;
	size_t n, kept = 0;

	assert_int_equal(ole_write_end(w, &p, &n), 0);
	assert_int_equal(extract(p, n, &sink, &reason), 0);
	for (size_t i = 0; i < sink.n; i++) /* of UTF-16 */
		if (sink.p[i])
			sink.p[kept++] = sink.p[i];
	if (sink.p)
		sink.p[kept] = '\0';
	assert_string_equal(sink.p ? sink.p : "", text);
	fs_reset(&sink);
	free(p);
}

/* ---- files ----------------------------------------------------------------------------------------------------------------------- */

static void wide(struct ole_writer *w, uint32_t folder, unsigned id, const char *text)
{
	struct md d = {0};
	char name[32];

	md_wide(&d, text);
	(void)snprintf(name, sizeof(name), "__substg1.0_%04X001F", id);
	ole_write_stream(w, folder, name, d.p, d.n);
	md_free(&d);
}

static void stream(struct ole_writer *w, uint32_t folder, const char *name, const char *text)
{
	ole_write_stream(w, folder, name, text, strlen(text));
}

struct fixed {
	uint32_t tag;
	uint64_t value;
};

static void table(struct ole_writer *w, uint32_t folder, size_t header, const struct fixed *row, size_t rows)
{
	struct md d = {0};

	for (size_t i = 0; i < header; i += 4)
		md_u32(&d, 0);
	for (size_t i = 0; i < rows; i++) {
		md_u32(&d, row[i].tag);
		md_u32(&d, 6);
		md_u64(&d, row[i].value);
	}
	ole_write_stream(w, folder, "__properties_version1.0", d.p, d.n);
	md_free(&d);
}

static void fields_bodies_and_recipients(void **state)
{
	static const struct fixed top[] = {{0x3a420040, UINT64_C(116444736000000000)}, {0x3ffd0003, 1251}, {0x3fde0003, 65001}};
	struct ole_writer w;
	uint32_t to;

	(void)state;
	ole_write_begin(&w);
	table(&w, OLE_WRITE_ROOT, 32, top, 3);
	wide(&w, OLE_WRITE_ROOT, 0x0037, "Lab results");
	stream(&w, OLE_WRITE_ROOT, "__substg1.0_0042001E", "\xc4\xe0");
	wide(&w, OLE_WRITE_ROOT, 0x1000, "Hi");
	stream(&w, OLE_WRITE_ROOT, "__substg1.0_10130102", "<b>x</b>");
	stream(&w, OLE_WRITE_ROOT, "__substg1.0_12340102", "\1\2words\3inside\4");
	stream(&w, OLE_WRITE_ROOT, "__substg1.0_4321abcd", "of no type");
	to = ole_write_folder(&w, OLE_WRITE_ROOT, "__recip_version1.0_#00000000");
	table(&w, to, 8, NULL, 0);
	wide(&w, to, 0x3001, "John Doe");
	gives(&w, "Birthday: 1970-01-01\nSubject: Lab results\nFrom: \xd0\x94\xd0\xb0\n\f\nRecipient: John Doe\n"
		  "\f\n\n== hidden\ninside\nof no type\n"
		  "\n== /body.txt text/plain utf-16le body\nHi\n== end\n"
		  "\n== /body.html text/html utf-8 body\n<b>x</b>\n== end\n\n== !\n");
}

/* Names of properties stand in a folder of their own. */
static void named_properties(void **state)
{
	static const char guids[16] = {0x04, 0x20, 0x06, 0, 0, 0, 0, 0, '\xc0', 0, 0, 0, 0, 0, 0, 0x46};
	static const char entries[] = {0x1a, '\x80', 0, 0, 6, 0, 0, 0,	/* set 3, number 801a */
				       0,    0,	     0, 0, 5, 0, 1, 0,	/* set 2, string at 0 */
				       0x50, 0,	     0, 0, 5, 0, 2, 0,	/* a string that is not there */
				       0x05, '\x80', 0, 0, 6, 0, 9, 0}; /* of another property */
	static const struct fixed top[] = {{0x80010003, 42}};
	struct ole_writer w;
	struct md strings = {0};
	uint32_t names;

	(void)state;
	md_u32(&strings, 6);
	md_wide(&strings, "MRN");
	ole_write_begin(&w);
	names = ole_write_folder(&w, OLE_WRITE_ROOT, "__nameid_version1.0");
	ole_write_stream(&w, names, "__substg1.0_00020102", guids, sizeof(guids));
	ole_write_stream(&w, names, "__substg1.0_00030102", entries, sizeof(entries));
	ole_write_stream(&w, names, "__substg1.0_00040102", strings.p, strings.n);
	stream(&w, names, "__substg1.0_10010102", "not of interest");
	table(&w, OLE_WRITE_ROOT, 32, top, 1);
	wide(&w, OLE_WRITE_ROOT, 0x8000, "1 Main St");
	wide(&w, OLE_WRITE_ROOT, 0x8001, "4711");
	wide(&w, OLE_WRITE_ROOT, 0x8002, "nameless");
	wide(&w, OLE_WRITE_ROOT, 0x8003, "no file-as");
	gives(&w, "MRN: 42\nHome address: 1 Main St\nMRN: 4711\n\f\n\n== hidden\nnameless\nno file-as\n\n== !\n");
	md_free(&strings);
}

static void several_values(void **state)
{
	struct ole_writer w;

	(void)state;
	ole_write_begin(&w);
	table(&w, OLE_WRITE_ROOT, 32, NULL, 0);
	stream(&w, OLE_WRITE_ROOT, "__substg1.0_3A58101E", "\4\0\0\0\5"); /* lengths */
	stream(&w, OLE_WRITE_ROOT, "__substg1.0_3A58101E-00000000", "Anna");
	stream(&w, OLE_WRITE_ROOT, "__SUBSTG1.0_3a58101e-00000001", "Berta");
	ole_write_stream(&w, OLE_WRITE_ROOT, "__substg1.0_3A4D1002", "\1\0\2\0", 4);
	gives(&w, "Children: Anna\nChildren: Berta\nGender: female\nGender: male\n\n== !\n");
}

static uint32_t attachment(struct ole_writer *w, uint32_t folder, unsigned number, const char *name, uint32_t method)
{
	const struct fixed row = {0x37050003, method};
	char text[40];
	uint32_t at;

	(void)snprintf(text, sizeof(text), "__attach_version1.0_#%08u", number);
	at = ole_write_folder(w, folder, text);
	table(w, at, 8, &row, 1);
	if (name)
		wide(w, at, 0x3707, name);
	return at;
}

static void attachments(void **state)
{
	struct ole_writer w;
	uint32_t at;

	(void)state;
	ole_write_begin(&w);
	table(&w, OLE_WRITE_ROOT, 32, NULL, 0);
	at = attachment(&w, OLE_WRITE_ROOT, 0, "a.pdf", 1);
	wide(&w, at, 0x370e, "application/pdf");
	stream(&w, at, "__substg1.0_37010102", "%PDF");
	at = attachment(&w, OLE_WRITE_ROOT, 1, NULL, 1);
	stream(&w, at, "__substg1.0_37010102", "nameless");
	(void)attachment(&w, OLE_WRITE_ROOT, 2, "elsewhere.doc", 7);
	at = attachment(&w, OLE_WRITE_ROOT, 3, "message.rpmsg", 1);
	stream(&w, at, "__substg1.0_37010102", "\x76\xe8\x04\x60\xc4\x11\xe3\x86");
	gives(&w, "Attachment: a.pdf\nAttachment: elsewhere.doc\nAttachment: message.rpmsg\n\f\n\n== hidden\napplication/pdf\n"
		  "\n== /a.pdf application/pdf \n%PDF\n== end\n\n== /attachment-2  \nnameless\n== end\n"
		  "\n== /message.rpmsg  \n\n== end encrypted\n\n== !\n");
}

static void messages_inside(void **state)
{
	struct ole_writer w;
	uint32_t at, inner, deep;

	(void)state;
	ole_write_begin(&w);
	table(&w, OLE_WRITE_ROOT, 32, NULL, 0);
	wide(&w, OLE_WRITE_ROOT, 0x0037, "outer");
	at = attachment(&w, OLE_WRITE_ROOT, 0, NULL, 5);
	inner = ole_write_folder(&w, at, "__substg1.0_3701000D");
	table(&w, inner, 24, NULL, 0);
	wide(&w, inner, 0x0037, "inner");
	stream(&w, inner, "__substg1.0_1000001E", "text");
	at = attachment(&w, inner, 0, "b.txt", 1);
	stream(&w, at, "__substg1.0_37010102", "file");
	at = attachment(&w, inner, 1, NULL, 5);
	deep = ole_write_folder(&w, at, "__substg1.0_3701000D");
	wide(&w, deep, 0x0037, "deep");
	stream(&w, deep, "__substg1.0_1000001E", "words");
	gives(&w, "Subject: outer\n\n== !message 1\nSubject: inner\n\f\nAttachment: b.txt\n"
		  "\n== /message 1/body.txt text/plain  body\ntext\n== end\n\n== /message 1/b.txt  \nfile\n== end\n"
		  "\n== !message 1/message 1\nSubject: deep\n"
		  "\n== /message 1/message 1/body.txt text/plain  body\nwords\n== end\n\n== !\n");
}

/* An object that stands as a folder comes out as a file, with all that is in it. */
static void objects_become_files(void **state)
{
	struct ole_writer w;
	struct ole ole;
	struct mw_sink sink = {0};
	const char *reason = NULL, *magic;
	uint32_t at, object, inner;
	char large[5000], *p;
	size_t n;
	bool whole;

	(void)state;
	memset(large, 'x', sizeof(large));
	ole_write_begin(&w);
	table(&w, OLE_WRITE_ROOT, 32, NULL, 0);
	at = attachment(&w, OLE_WRITE_ROOT, 0, "o", 6);
	object = ole_write_folder(&w, at, "__substg1.0_3701000D");
	ole_write_stream(&w, object, "WordDocument", large, sizeof(large));
	inner = ole_write_folder(&w, object, "ObjectPool");
	(void)ole_write_folder(&w, object, "Empty");
	stream(&w, object, "last", "z");
	stream(&w, inner, "\1Ole", "y");
	assert_int_equal(ole_write_end(&w, &p, &n), 0);
	assert_int_equal(extract(p, n, &sink, &reason), 0);
	free(p);
	magic = memmem(sink.p, sink.n, "\xd0\xcf\x11\xe0", 4);
	assert_non_null(magic);
	assert_int_equal(ole_open(&ole, (struct mw_str){.p = magic, .n = (size_t)(sink.p + sink.n - magic)}), 0);
	assert_int_equal(ole_read(&ole, ole_find(&ole, OLE_ROOT, "WordDocument"), &p, &n, &whole), 0);
	assert_true(whole && n == sizeof(large) && memcmp(p, large, n) == 0);
	free(p);
	inner = ole_find(&ole, OLE_ROOT, "ObjectPool");
	assert_int_equal(ole_read(&ole, ole_find(&ole, inner, "\1Ole"), &p, &n, &whole), 0);
	assert_true(whole && n == 1 && *p == 'y');
	free(p);
	assert_int_not_equal(ole_find(&ole, OLE_ROOT, "Empty"), OLE_NONE);
	assert_int_not_equal(ole_find(&ole, OLE_ROOT, "last"), OLE_NONE);
	assert_int_equal(ole_find(&ole, inner, "last"), OLE_NONE);
	ole_close(&ole);
	fs_reset(&sink);
}

/* The chain of messages ends somewhere, and what lies beyond is told; so is all that is in front, with the longest of names. */
static void depth_is_bounded(void **state)
{
	static const char end[] = "\n== !\n\n== unread limit\n", deepest[] = "Subject: again 16\n";
	struct ole_writer w;
	struct mw_sink sink = {0};
	const char *reason = NULL;
	uint32_t in = OLE_WRITE_ROOT;
	char name[2000], *p;
	size_t n;

	(void)state;
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ole_write_begin(&w);
	for (unsigned i = 0; i < 1000; i++) {
		char subject[16];

		(void)snprintf(subject, sizeof(subject), "again %u", i);
		wide(&w, in, 0x0037, subject);
		wide(&w, in, 0x1000, "body");
		stream(&w, attachment(&w, in, 0, i < 20 ? name : "n", 1), "__substg1.0_37010102", "file");
		in = ole_write_folder(&w, attachment(&w, in, 1, NULL, 5), "__substg1.0_3701000D");
	}
	wide(&w, in, 0x0037, "the last");
	assert_int_equal(ole_write_end(&w, &p, &n), 0);
	assert_int_equal(extract(p, n, &sink, &reason), 0);
	assert_memory_equal(sink.p + sink.n - (sizeof(end) - 1), end, sizeof(end) - 1);
	assert_non_null(memmem(sink.p, sink.n, deepest, sizeof(deepest) - 1));
	assert_int_equal(sink.members, 2 * 17);
	free(p);
	fs_reset(&sink);
}

static void strangers_are_read(void **state)
{
	struct ole_writer w;
	uint32_t folder;

	(void)state;
	ole_write_begin(&w);
	table(&w, OLE_WRITE_ROOT, 32, NULL, 0);
	folder = ole_write_folder(&w, OLE_WRITE_ROOT, "some folder");
	stream(&w, folder, "some stream", "SSN 219-09-9998");
	folder = ole_write_folder(&w, OLE_WRITE_ROOT, "__nameid_version1.0");
	stream(&w, folder, "note", "words");
	stream(&w, folder, "__substg1.0_00020102", "");
	stream(&w, folder, "__substg1.0_00030102", "");
	stream(&w, folder, "__substg1.0_00040102", "");
	gives(&w, "\n== /other/attachment-1  \nSSN 219-09-9998\n== end\n"
		  "\n== /other/attachment-2  \nwords\n== end\n\n== !\n");
}

/* ---- damage ---------------------------------------------------------------------------------------------------------------------- */

static void damage_is_told(void **state)
{
	static const char end[] = "unread damaged\n";
	struct ole_writer w;
	struct mw_sink sink = {0};
	const char *reason = NULL;
	char large[6000], *p;
	size_t n;

	(void)state;
	memset(large, 'x', sizeof(large));
	ole_write_begin(&w);
	wide(&w, OLE_WRITE_ROOT, 0x0037, "Lab");
	ole_write_stream(&w, OLE_WRITE_ROOT, "__substg1.0_1000001E", large, sizeof(large));
	assert_int_equal(ole_write_end(&w, &p, &n), 0);
	/* The second sector of the FAT's only sector's chain for the large stream ends it. */
	memset(p + n - 512 + 4, 0xff, 4);
	assert_int_equal(extract(p, n, &sink, &reason), 0);
	assert_memory_equal(sink.p, "Subject: Lab\n", 13);
	assert_string_equal(sink.p + sink.n - (sizeof(end) - 1), end);
	fs_reset(&sink);
	free(p);
}

static void other_files_are_none(void **state)
{
	struct ole_writer w;
	struct mw_sink sink = {0};
	const char *reason = NULL;
	char *p;
	size_t n;

	(void)state;
	ole_write_begin(&w);
	stream(&w, OLE_WRITE_ROOT, "WordDocument", "x");
	assert_int_equal(ole_write_end(&w, &p, &n), 0);
	assert_int_equal(extract(p, n, &sink, &reason), -ENOTSUP);
	assert_string_equal(reason, "unknown-format");
	reason = NULL;
	assert_int_equal(extract(p, 600, &sink, &reason), -EBADMSG);
	assert_string_equal(reason, "damaged");
	free(p);
	reason = NULL;
	assert_int_equal(extract("text", 4, &sink, &reason), -EBADMSG);
	assert_string_equal(reason, "unknown-format");
	assert_int_equal(sink.n, 0);
}

static void limits_end_it(void **state)
{
	struct ole_writer w;
	struct mw_sink whole = {0};
	const char *reason = NULL;
	uint32_t at;
	char *p;
	size_t n;

	(void)state;
	ole_write_begin(&w);
	wide(&w, OLE_WRITE_ROOT, 0x0037, "Subject");
	wide(&w, OLE_WRITE_ROOT, 0x1234, "hidden");
	wide(&w, OLE_WRITE_ROOT, 0x1000, "body");
	at = ole_write_folder(&w, attachment(&w, OLE_WRITE_ROOT, 0, NULL, 5), "__substg1.0_3701000D");
	wide(&w, at, 0x0037, "inner");
	stream(&w, attachment(&w, at, 0, NULL, 1), "__substg1.0_37010102", "file");
	assert_int_equal(ole_write_end(&w, &p, &n), 0);
	assert_int_equal(extract(p, n, &whole, &reason), 0);
	for (size_t max = 1; max < whole.n; max++) {
		struct mw_sink sink = {.max = max};

		reason = NULL;
		assert_int_equal(extract(p, n, &sink, &reason), -EFBIG);
		assert_string_equal(reason, "limit");
		sink.in_member = false; /* a limit may be reached inside */
		fs_reset(&sink);
	}
	fs_reset(&whole);
	free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(fields_bodies_and_recipients),
	    cmocka_unit_test(named_properties),
	    cmocka_unit_test(several_values),
	    cmocka_unit_test(attachments),
	    cmocka_unit_test(messages_inside),
	    cmocka_unit_test(objects_become_files),
	    cmocka_unit_test(depth_is_bounded),
	    cmocka_unit_test(strangers_are_read),
	    cmocka_unit_test(damage_is_told),
	    cmocka_unit_test(other_files_are_none),
	    cmocka_unit_test(limits_end_it),
	};

	return cmocka_run_group_tests(tests, setup, ex_teardown);
}
