/* SPDX-License-Identifier: Apache-2.0 */
/* pieces: what the browser gets of a message, and that nothing of it is missing. */
#include "pickup/pieces.h"

#include "base/buf.h"
#include "base/str.h"
#include "mail/mime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define N "\r\n"
#define MULTI(sub, b) "Content-Type: multipart/" sub "; boundary=" b N N
#define TEXT(s) "Content-Type: text/plain" N N s N
#define HTML(s) "Content-Type: text/html" N N s N

/* Each piece as ROLE SLOT type "name" content, a line each. */
static const struct {
	const char *what, *message, *pieces;
} rows[] = {
    {"no MIME", "Subject: x" N N "hello" N, "text 1 text/plain \"\" hello" N "\n"},
    {"no header", N "hello", "text 1 text/plain \"\" hello\n"},
    {"alternative", MULTI("alternative", "b") "--b" N TEXT("t") "--b" N HTML("h") "--b--" N,
     "text 1 text/plain \"\" t\nhtml 1 text/html \"\" h\n"},
    {"text and file",
     MULTI("mixed", "b") "--b" N TEXT("t") "--b" N "Content-Type: application/pdf" N
					   "Content-Disposition: attachment; filename=\"a b.pdf\"" N
					   "Content-Transfer-Encoding: base64" N N "aGVsbG8=" N "--b--" N,
     "text 1 text/plain \"\" t\nfile 1 application/pdf \"a b.pdf\" hello\n"},
    {"text that is a file",
     MULTI("mixed", "b") "--b" N TEXT("t") "--b" N "Content-Type: text/plain; name=log.txt" N N "l" N "--b--" N,
     "text 1 text/plain \"\" t\nfile 1 text/plain \"log.txt\" l\n"},
    {"RFC 2231", "Content-Type: application/x; name*0*=utf-8''%C3%A9; name*1=t.x" N N "o",
     "file 0 application/x \"\xc3\xa9t.x\" o\n"},
    {"RFC 2047", "Content-Type: application/x; name=\"=?utf-8?q?=C3=A9.x?=\"" N N "o", "file 0 application/x \"\xc3\xa9.x\" o\n"},
    {"related",
     MULTI("related", "r") "--r" N HTML("<img src=cid:i@x>") "--r" N "Content-Type: image/png" N "Content-ID: <i@x>" N N "p" N
							     "--r--" N,
     "html 1 text/html \"\" <img src=cid:i@x>\nimage 1 image/png \"\" p\n"},
    {"related with start",
     "Content-Type: multipart/related; boundary=r; start=\"<h@x>\"" N N "--r" N "Content-Type: image/png" N
     "Content-ID: <i@x>" N N "p" N "--r" N "Content-ID: <h@x>" N HTML("h") "--r--" N,
     "image 1 image/png \"\" p\nhtml 1 text/html \"\" h\n"},
    {"alternative of text and mixed",
     MULTI("alternative", "a") "--a" N TEXT("t") "--a" N MULTI("mixed", "m") "--m" N HTML(
	 "h1") "--m" N "Content-Type: application/x" N N "f" N "--m" N TEXT("h2") "--m--" N "--a--" N,
     "text 1 text/plain \"\" t\nhtml 1 text/html \"\" h1\nfile 1 application/x \"\" f\nhtml 1 text/plain \"\" h2\n"},
    {"several texts", MULTI("mixed", "b") "--b" N TEXT("1") "--b" N HTML("2") "--b--" N,
     "text 1 text/plain \"\" 1\nhtml 2 text/html \"\" 2\n"},
    {"the later choice", MULTI("alternative", "b") "--b" N HTML("1") "--b" N HTML("2") "--b--" N,
     "file 1 text/html \"\" 1\nhtml 1 text/html \"\" 2\n"},
    {"calendar", MULTI("alternative", "b") "--b" N TEXT("t") "--b" N "Content-Type: text/calendar" N N "c" N "--b--" N,
     "text 1 text/plain \"\" t\nfile 1 text/calendar \"\" c\n"},
    {"forwarded",
     MULTI("mixed", "b") "--b" N TEXT("t") "--b" N "Content-Type: message/rfc822" N N "Subject: in" N N "x" N "--b--" N,
     "text 1 text/plain \"\" t\nfile 1 message/rfc822 \"\" Subject: in" N N "x\n"},
    {"S/MIME", "Content-Type: application/pkcs7-mime; name=smime.p7m" N "Content-Transfer-Encoding: base64" N N "aGk=" N,
     "file 0 application/pkcs7-mime \"smime.p7m\" hi\n"},
    {"PGP",
     MULTI("encrypted", "b") "--b" N "Content-Type: application/pgp-encrypted" N N "Version: 1" N "--b" N
			     "Content-Type: application/octet-stream; name=encrypted.asc" N N "pgp" N "--b--" N,
     "file 0 application/pgp-encrypted \"\" Version: 1\nfile 0 application/octet-stream \"encrypted.asc\" pgp\n"},
    {"no delimiter", MULTI("mixed", "b") "x", "file 0 message/rfc822 \"\" " MULTI("mixed", "b") "x\n"},
    {"no boundary", "Content-Type: multipart/mixed" N N "x",
     "file 0 message/rfc822 \"\" Content-Type: multipart/mixed" N N "x\n"},
    {"cut off", MULTI("mixed", "b") "--b" N TEXT("t") "--b" N "Content-Type: application/x" N N "half",
     "text 1 text/plain \"\" t\nfile 1 application/x \"\" half\n"},
    {"boundaries that begin alike",
     MULTI("mixed", "b") "--b" N MULTI("mixed", "bb") "--bb" N TEXT("1") "--bb--" N "--b" N TEXT("2") "--b--" N,
     "text 1 text/plain \"\" 1\ntext 2 text/plain \"\" 2\n"},
    {"a delimiter within a line", MULTI("mixed", "b") "--b" N TEXT("x --b y") "--b--" N, "text 1 text/plain \"\" x --b y\n"},
    {"quoted-printable", "Content-Transfer-Encoding: quoted-printable" N N "a=3Db=" N "c", "text 1 text/plain \"\" a=bc\n"},
    {"an encoding that nobody knows", "Content-Transfer-Encoding: x-own" N N "a=3D", "text 1 text/plain \"\" a=3D\n"},
};

static const char *const roles[] = {
    [MW_PIECE_FILE] = "file", [MW_PIECE_IMAGE] = "image", [MW_PIECE_TEXT] = "text", [MW_PIECE_HTML] = "html"};

static int add(void *ctx, const char *p, size_t n)
{
	mw_buf_add(ctx, p, n);
	return 0;
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_arena *a = mw_arena_new(0);
		struct mw_buf b = MW_BUF_INIT;
		struct mw_pieces p;

		assert_int_equal(mw_pieces_find(a, mw_str(rows[i].message), 100, NULL, &p), 0);
		for (size_t k = 0; k < p.n; k++) {
			mw_buf_printf(&b, "%s %u %s \"%s\" ", roles[p.v[k].role], p.v[k].slot, p.v[k].type, p.v[k].name);
			assert_int_equal(mw_piece_decode(&p.v[k], NULL, add, &b), 0);
			mw_buf_putc(&b, '\n');
		}
		if (strcmp(mw_buf_text(&b), rows[i].pieces) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", rows[i].what, mw_buf_text(&b), rows[i].pieces);
		mw_buf_free(&b);
		mw_arena_free(&a);
	}
}

/* Depth, number and size are bounded; what lies beyond is in a file, or more is set. */
static void test_limits(void **state)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_buf b = MW_BUF_INIT;
	struct mw_pieces p;

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		mw_buf_printf(&b, "Content-Type: multipart/mixed; boundary=b%u" N N "--b%u" N, i, i);
	mw_buf_puts(&b, TEXT("deep"));
	assert_int_equal(mw_pieces_find(a, (struct mw_str){.p = b.p, .n = b.n}, 100, NULL, &p), 0);
	assert_int_equal(p.n, 1);
	assert_string_equal(p.v[0].type, "message/rfc822");
	assert_non_null(memmem(p.v[0].data.p, p.v[0].data.n, "deep", 4));
	mw_buf_clear(&b);
	mw_buf_puts(&b, MULTI("mixed", "b"));
	for (unsigned i = 0; i < 1000; i++)
		mw_buf_puts(&b, "--b" N N "x" N);
	assert_int_equal(mw_pieces_find(a, (struct mw_str){.p = b.p, .n = b.n}, 100, NULL, &p), 0);
	assert_int_equal(p.n, 100);
	assert_true(p.more);
	mw_buf_clear(&b);
	mw_buf_puts(&b, N);
	while (b.n <= MW_PIECES_TEXT)
		mw_buf_puts(&b, "twenty octets of text" N);
	mw_buf_puts(&b, "and some more" N);
	assert_int_equal(mw_pieces_find(a, (struct mw_str){.p = b.p, .n = b.n}, 100, NULL, &p), 0);
	assert_int_equal(p.v[0].role, MW_PIECE_FILE);
	mw_buf_free(&b);
	mw_arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_limits),
	};

	mw_mime_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
