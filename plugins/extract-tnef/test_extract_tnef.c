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

extern const struct mw_plugin mw_plugin_extract_tnef;

static int setup(void **state)
{
	(void)state;
	return ex_open(&mw_plugin_extract_tnef, NULL);
}

static int extract(const struct md *d, size_t n, struct mw_sink *sink, const char **reason)
{
	const struct mw_document doc = {
	    .data = {.p = d->p, .n = n}, .type = "application/ms-tnef", .charset = "", .name = "winmail.dat"};

	return ex_extract(&doc, sink, reason);
}

static void gives(const struct md *d, const char *text)
{
	struct mw_sink sink = {0};
	const char *reason = NULL;

	assert_int_equal(extract(d, d->n, &sink, &reason), 0);
	assert_string_equal(sink.p ? sink.p : "", text);
	fs_reset(&sink);
}

enum {
	FROM = 0x00008000,
	SUBJECT = 0x00018004,
	SENT = 0x00038005,
	BODY = 0x0002800c,
	DATA = 0x0006800f,
	TITLE = 0x00018010,
	BEGIN = 0x00069002,
	PROPERTIES = 0x00069003,
	RECIPIENTS = 0x00069004,
	ATTACHMENT = 0x00069005,
	CODEPAGE = 0x00069007,
};

static void block(struct md *to, unsigned level, uint32_t id, uint32_t count, const struct md *props)
{
	struct md all = {0};

	md_u32(&all, count);
	md_add(&all, props->p, props->n);
	md_attribute(to, level, id, all.p, all.n);
	md_free(&all);
}

/* The attributes of old, before there were properties. */
static void old_attributes(void **state)
{
	static const char from[] = "\x04\0\x18\0\x09\0\x0c\0Jane Doe\0SMTP:j@a.ex\0";
	static const char sent[14] = {'\xd1', 7, 2, 0, 28, 0, 13, 0, 5, 0, 9, 0, 3, 0};
	static const char codepage[8] = {'\xe3', 4, 0, 0, 0, 0, 0, 0}; /* 1251 */
	struct md d = {0};

	(void)state;
	md_tnef(&d);
	md_attribute(&d, 1, SUBJECT, "\xc4\xe0", 3); /* before the code page is told */
	md_attribute(&d, 1, CODEPAGE, codepage, sizeof(codepage));
	md_attribute(&d, 1, FROM, from, sizeof(from) - 1);
	md_attribute(&d, 1, SENT, sent, sizeof(sent));
	md_attribute(&d, 1, BODY, "Hello\r\n", 8);
	md_attribute(&d, 2, BEGIN, "", 0);
	md_attribute(&d, 2, DATA, "one", 3);
	md_attribute(&d, 2, TITLE, "a.txt", 6);
	md_attribute(&d, 2, BEGIN, "", 0);
	md_attribute(&d, 2, TITLE, "b.txt", 6);
	md_attribute(&d, 2, DATA, "", 0);
	gives(&d, "Subject: \xd0\x94\xd0\xb0\nSender: Jane Doe\nSender address: SMTP:j@a.ex\nSent: 2001-02-28 13:05:09\n"
		  "\f\nAttachment: a.txt\nAttachment: b.txt\n"
		  "\n== /body.txt text/plain windows-1251 body\nHello\r\n\n== end\n"
		  "\n== /a.txt  \none\n== end\n\n== /b.txt  \n\n== end\n");
	md_free(&d);
}

/* Some readers go by the number alone. */
static void levels_mean_nothing(void **state)
{
	struct md d = {0}, p = {0};

	(void)state;
	md_tnef(&d);
	md_unicode(&p, 0x0037, "Lab");
	block(&d, 2, PROPERTIES, 1, &p);
	md_attribute(&d, 2, BODY, "Hello", 6);
	md_attribute(&d, 1, DATA, "file", 4);
	gives(&d, "Subject: Lab\n\n== /body.txt text/plain  body\nHello\n== end\n\n== /attachment-1  \nfile\n== end\n");
	md_free(&p);
	md_free(&d);
}

static void properties_are_lines(void **state)
{
	struct md d = {0}, p = {0};

	(void)state;
	md_tnef(&d);
	md_unicode(&p, 0x0037, "Lab results");
	md_string8(&p, 0x3a07, "219-09-9998");
	md_time(&p, 0x3a42, UINT64_C(116444736000000000));
	md_named(&p, 0x00062002, 0x8208, NULL, "Ward 3");
	md_named(&p, 0x00020329, 0, "MRN", "A\r\nB");
	md_named(&p, 0x00020329, 0, "SSN", "A\r\nB"); /* the same value beside another name */
	md_named(&p, 0x00020386, 0, "x-secret", "value");
	md_unicode(&p, 0x0e1d, "Lab results");
	md_unicode(&p, 0x6789, "unknown");
	md_binary(&p, 0x102, 0x0041, "\0\1SMITH, JOHN\2\3", 15);
	md_binary(&p, 0x102, 0x0037, "\1not a text\1", 12); /* a field that is seen, as octets */
	md_i4(&p, 0x0026, 1);
	block(&d, 1, PROPERTIES, 12, &p);
	gives(&d, "Subject: Lab results\nGovernment ID number: 219-09-9998\nBirthday: 1970-01-01\nLocation: Ward 3\nMRN: "
		  "A\nB\nSSN: A\nB\nSubject: not a text\n"
		  "\f\n\n== hidden\nx-secret: value\nunknown\nSMITH, JOHN\n");
	md_free(&p);
	md_free(&d);
}

static void bodies_are_members(void **state)
{
	static const unsigned char rtf[] = {0x1a, 0,	0,    0,    0x1c, 0,	0,    0,    0x4c, 0x5a,
					    0x46, 0x75, 0xe2, 0xd4, 0x4b, 0x51, 0x41, 0x00, 0x04, 0x20,
					    0x57, 0x58, 0x59, 0x5a, 0x0d, 0x6e, 0x7d, 0x01, 0x0e, 0xb0};
	struct md d = {0}, p = {0};

	(void)state;
	md_tnef(&d);
	md_binary(&p, 0x102, 0x1013, "<b>x</b>", 8);
	md_i4(&p, 0x3fde, 65001);
	md_binary(&p, 0x102, 0x1009, rtf, sizeof(rtf));
	md_binary(&p, 0x102, 0x1009, rtf, sizeof(rtf) - 3);
	md_string8(&p, 0x007d, "X: 1\r\n");
	block(&d, 1, PROPERTIES, 5, &p);
	gives(&d, "\n== /body.html text/html utf-8 body\n<b>x</b>\n== end\n"
		  "\n== /body.rtf application/rtf  body\n{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}\n== end\n"
		  "\n== /body.rtf application/rtf  body\n{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}\n== end damaged\n"
		  "\n== /header.txt text/rfc822-headers \nX: 1\r\n\n== end\n");
	md_free(&p);
	md_free(&d);
}

static void recipients_are_lines(void **state)
{
	struct md d = {0}, p = {0};

	(void)state;
	md_tnef(&d);
	md_u32(&p, 2);
	md_u32(&p, 2);
	md_unicode(&p, 0x3001, "John Doe");
	md_unicode(&p, 0x39fe, "j@a.example");
	md_u32(&p, 1);
	md_unicode(&p, 0x3001, "Ann Lee");
	md_attribute(&d, 1, RECIPIENTS, p.p, p.n);
	md_attribute(&d, 1, SUBJECT, "x", 2);
	gives(&d, "Recipient: John Doe\nRecipient address: j@a.example\nRecipient: Ann Lee\n\f\nSubject: x\n");
	md_free(&p);
	md_free(&d);
}

static void attachment_names(void **state)
{
	struct md d = {0}, p = {0};

	(void)state;
	md_tnef(&d);
	md_attribute(&d, 2, BEGIN, "", 0);
	md_attribute(&d, 2, TITLE, "REPORT~1.PDF", 13);
	md_attribute(&d, 2, DATA, "%PDF", 4);
	md_unicode(&p, 0x3001, "The report");
	md_unicode(&p, 0x3707, "report of May.pdf");
	md_string8(&p, 0x370e, "application/pdf");
	block(&d, 2, ATTACHMENT, 3, &p);
	md_attribute(&d, 2, BEGIN, "", 0);
	md_attribute(&d, 2, DATA, "two", 3);
	md_attribute(&d, 2, DATA, "three", 5); /* no attachment may hide behind another */
	gives(&d, "Attachment: REPORT~1.PDF\nAttachment: The report\nAttachment: report of May.pdf\n"
		  "\f\n\n== hidden\napplication/pdf\n"
		  "\n== /report of May.pdf application/pdf \n%PDF\n== end\n"
		  "\n== /attachment-2  \ntwo\n== end\n\n== /attachment-3  \nthree\n== end\n");
	md_free(&p);
	md_free(&d);
}

/* A message inside is a TNEF stream behind the number of its interface. */
static void messages_inside(void **state)
{
	static const char header[16] = {7, 3, 2, 0, 0, 0, 0, 0, '\xc0', 0, 0, 0, 0, 0, 0, 0x46};
	static const char expected[] = "\n== /attachment-1 application/ms-tnef \n";
	struct md d = {0}, p = {0}, inside = {0};
	struct mw_sink sink = {0};
	const char *reason = NULL;

	(void)state;
	md_add(&inside, header, sizeof(header));
	md_tnef(&inside);
	md_tnef(&d);
	md_binary(&p, 0x0d, 0x3701, inside.p, inside.n);
	md_attribute(&d, 2, BEGIN, "", 0);
	block(&d, 2, ATTACHMENT, 1, &p);
	assert_int_equal(extract(&d, d.n, &sink, &reason), 0);
	assert_memory_equal(sink.p, expected, sizeof(expected) - 1);
	assert_memory_equal(sink.p + sizeof(expected) - 1, inside.p + 16, 6);
	fs_reset(&sink);
	md_free(&inside);
	md_free(&p);
	md_free(&d);
}

/* The octets tell, not the name. */
static void sealed_by_rights_management(void **state)
{
	struct md d = {0};

	(void)state;
	md_tnef(&d);
	md_attribute(&d, 2, BEGIN, "", 0);
	md_attribute(&d, 2, TITLE, "message.rpmsg", 14);
	md_attribute(&d, 2, DATA, "\x76\xe8\x04\x60\xc4\x11\xe3\x86 and more", 17);
	md_attribute(&d, 2, BEGIN, "", 0);
	md_attribute(&d, 2, TITLE, "message.rpmsg", 14);
	md_attribute(&d, 2, DATA, "SSN", 3);
	gives(&d, "Attachment: message.rpmsg\n\n== /message.rpmsg  \n\n== end encrypted\n"
		  "\n== /message.rpmsg  \nSSN\n== end\n");
	md_free(&d);
}

static void files_of_a_macintosh(void **state)
{
	static const char flags[14] = {1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0};
	static const char oid[9] = {0x2a, '\x86', 0x48, '\x86', '\xf7', 0x14, 0x03, 0x0b, 0x01};
	static const char begin[] = "\n== /attachment-1 application/macbinary \n";
	char file[200] = {0, 1, 'a'};
	struct md d = {0}, p = {0};
	struct mw_sink sink = {0};
	const char *reason = NULL;

	(void)state;
	md_tnef(&d);
	md_attribute(&d, 2, BEGIN, flags, sizeof(flags));
	md_attribute(&d, 2, DATA, file, sizeof(file));
	md_attribute(&d, 2, BEGIN, "", 0);
	md_attribute(&d, 2, DATA, file, sizeof(file));
	md_binary(&p, 0x102, 0x3702, oid, sizeof(oid));
	block(&d, 2, ATTACHMENT, 1, &p);
	md_attribute(&d, 2, BEGIN, flags, sizeof(flags));
	md_attribute(&d, 2, DATA, "text", 4);
	assert_int_equal(extract(&d, d.n, &sink, &reason), 0);
	assert_memory_equal(sink.p, begin, sizeof(begin) - 1);
	assert_non_null(memmem(sink.p, sink.n, "/attachment-2 application/macbinary", 35));
	assert_non_null(memmem(sink.p, sink.n, "/attachment-3  \n", 16));
	fs_reset(&sink);
	md_free(&p);
	md_free(&d);
}

static void smime_is_a_message(void **state)
{
	struct md d = {0}, p = {0};

	(void)state;
	md_tnef(&d);
	md_unicode(&p, 0x001a, "IPM.Note.SMIME");
	block(&d, 1, PROPERTIES, 1, &p);
	md_attribute(&d, 2, BEGIN, "", 0);
	md_attribute(&d, 2, DATA, "0\x80", 2);
	md_attribute(&d, 2, BEGIN, "", 0);
	md_attribute(&d, 2, DATA, "MIME-Version: 1.0\n", 18);
	gives(&d, "\n== hidden\nIPM.Note.SMIME\n\n== /attachment-1 application/pkcs7-mime \n0\x80\n== end\n"
		  "\n== /attachment-2 message/rfc822 \nMIME-Version: 1.0\n\n== end\n");
	md_free(&p);
	md_free(&d);
}

/* ---- damage ---------------------------------------------------------------------------------------------------------------------- */

static void damage_is_told(void **state)
{
	struct md d = {0}, p = {0};

	(void)state;
	md_tnef(&d);
	md_attribute(&d, 1, SUBJECT, "x", 2);
	d.p[d.n - 1] ^= 1; /* its checksum */
	gives(&d, "Subject: x\n\n== unread damaged\n");
	md_add(&d, "\0\0\r\n", 4);
	d.p[d.n - 5] ^= 1;
	gives(&d, "Subject: x\n");
	md_add(&d, "SSN 219-09-9998", 15);
	gives(&d, "Subject: x\n\f\n\n== hidden\nSSN 219-09-9998\n\n== unread damaged\n");
	md_free(&d);
	md_tnef(&d);
	md_unicode(&p, 0x0037, "x");
	md_u32(&p, 0x12345678); /* no type that anybody knows */
	md_add(&p, "SSN 219-09-9998", 15);
	block(&d, 1, PROPERTIES, 2, &p);
	gives(&d, "Subject: x\n\f\n\n== hidden\nSSN 219-09-9998\n\n== unread damaged\n");
	md_free(&p);
	md_free(&d);
}

/* Whatever is cut off: the text in front of it is read, and the reason is named. */
static void every_end_is_told(void **state)
{
	struct md d = {0}, p = {0};
	size_t first;

	(void)state;
	md_tnef(&d);
	md_attribute(&d, 1, SUBJECT, "x", 2);
	first = d.n;
	md_unicode(&p, 0x0042, "Jane");
	md_binary(&p, 0x102, 0x1013, "<b>x</b>", 8);
	block(&d, 1, PROPERTIES, 2, &p);
	md_attribute(&d, 2, BEGIN, "", 0);
	md_attribute(&d, 2, DATA, "data", 4);
	for (size_t n = first + 1; n < d.n; n++) {
		struct mw_sink sink = {0};
		struct md cut = {0};
		const char *reason = NULL;
		static const char end[] = "unread damaged\n";

		md_add(&cut, d.p, n);
		assert_int_equal(extract(&cut, n, &sink, &reason), 0);
		assert_memory_equal(sink.p, "Subject: x\n", 11);
		if (n != first + 9 + 4 + p.n + 2 && n != first + 9 + 4 + p.n + 2 + 11) /* between attributes nothing is missing */
			assert_string_equal(sink.p + sink.n - (sizeof(end) - 1), end);
		fs_reset(&sink);
		md_free(&cut);
	}
	md_free(&p);
	md_free(&d);
}

static void other_octets_are_none(void **state)
{
	struct mw_sink sink = {0};
	const char *reason = NULL;
	struct md d = {0};

	(void)state;
	md_add(&d, "\x78\x9f\x3e\x22\1", 5);
	assert_int_equal(extract(&d, d.n, &sink, &reason), -ENOTSUP);
	assert_string_equal(reason, "unknown-format");
	md_free(&d);
	reason = NULL;
	md_add(&d, "no TNEF", 7);
	assert_int_equal(extract(&d, d.n, &sink, &reason), -ENOTSUP);
	assert_string_equal(reason, "unknown-format");
	md_free(&d);
}

/* At a limit the sink's word is what is returned, wherever it is met. */
static void limits_end_it(void **state)
{
	struct md d = {0};
	struct mw_sink whole = {0};
	const char *reason = NULL;

	(void)state;
	md_tnef(&d);
	md_attribute(&d, 1, SUBJECT, "Subject", 8);
	md_attribute(&d, 1, BODY, "Hello", 6);
	md_attribute(&d, 1, 0x00068006 + 0x100, "hidden words", 12);
	md_attribute(&d, 2, BEGIN, "", 0);
	md_attribute(&d, 2, DATA, "data", 4);
	assert_int_equal(extract(&d, d.n, &whole, &reason), 0);
	for (size_t max = 1; max < whole.n; max++) {
		struct mw_sink sink = {.max = max};

		reason = NULL;
		assert_int_equal(extract(&d, d.n, &sink, &reason), -EFBIG);
		assert_string_equal(reason, "limit");
		sink.in_member = false; /* a limit may be reached inside */
		fs_reset(&sink);
	}
	fs_reset(&whole);
	md_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(old_attributes),	     cmocka_unit_test(levels_mean_nothing),
	    cmocka_unit_test(properties_are_lines),  cmocka_unit_test(bodies_are_members),
	    cmocka_unit_test(recipients_are_lines),  cmocka_unit_test(attachment_names),
	    cmocka_unit_test(messages_inside),	     cmocka_unit_test(sealed_by_rights_management),
	    cmocka_unit_test(files_of_a_macintosh),  cmocka_unit_test(smime_is_a_message),
	    cmocka_unit_test(damage_is_told),	     cmocka_unit_test(every_end_is_told),
	    cmocka_unit_test(other_octets_are_none), cmocka_unit_test(limits_end_it),
	};

	return cmocka_run_group_tests(tests, setup, ex_teardown);
}
