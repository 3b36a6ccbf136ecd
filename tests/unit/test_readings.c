/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages that two mail readers read in two ways. Whatever any of them would show must be in some leaf that is scanned, and
 * where it is not certain that nothing else can be seen, the policy must be told: a leaf that is "damaged".
 */
#include "mail/mime.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

#define SSN "SSN 219-09-9998"
#define SSN64 "U1NOIDIxOS0wOS05OTk4" /* SSN in base64 */
#define MRN "MRN 48151623"
#define MRN64 "TVJOIDQ4MTUxNjIz"
#define MIME "MIME-Version: 1.0\n"
#define MIXED MIME "Content-Type: multipart/mixed; "
#define IN64 "Content-Transfer-Encoding: base64\n\n"
#define BOUNDARY_B MIXED "boundary=b\n\n"
#define TEN_PARAMS "; a=b; a=b; a=b; a=b; a=b; a=b; a=b; a=b; a=b; a=b"
#define OCTETS(s)                                                                                                                \
	{                                                                                                                        \
		.p = (s), .n = sizeof(s) - 1                                                                                     \
	}

static const struct {
	const char *what;
	struct mw_str message;
	const char *seen[2]; /* in leaves that are read */
	const char *fact;    /* the only reason of leaves that are not; NULL = all are read */
} row[] = {
    /* two of a kind */
    {"two types, picture first", OCTETS(MIME "Content-Type: image/png\nContent-Type: text/plain\n\n" SSN), {SSN}, "damaged"},
    {"two types, picture last", OCTETS(MIME "Content-Type: text/plain\nContent-Type: image/png\n\n" SSN), {SSN}, "damaged"},
    {"three types, text between",
     OCTETS(MIME "Content-Type: image/png\nContent-Type: text/plain\nContent-Type: image/png\n\n" SSN),
     {NULL},
     "damaged"},
    {"two types, multipart first",
     OCTETS(MIXED "boundary=b\nContent-Type: text/plain\n\n--b\n" IN64 SSN64 "\n--b--\n" MRN),
     {SSN, MRN},
     "damaged"},
    {"two types, multipart last",
     OCTETS(MIME "Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=b\n\n--b\n" IN64 SSN64 "\n--b--\n" MRN),
     {SSN, MRN},
     "damaged"},
    {"two types of a part, message last",
     OCTETS(BOUNDARY_B "--b\nContent-Type: text/plain\nContent-Type: message/rfc822\n\n" IN64 SSN64 "\n--b--\n"),
     {SSN},
     "damaged"},
    {"the same type twice", OCTETS(MIME "Content-Type: text/plain\nContent-Type:  TEXT/plain\n\n" SSN), {SSN}, NULL},
    {"an empty type first",
     OCTETS(MIME "Content-Type:\nContent-Type: multipart/mixed; boundary=b\n\n--b\n" IN64 SSN64 "\n--b--\n"),
     {SSN},
     "damaged"},
    {"two encodings, base64 first",
     OCTETS(MIME "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit\n\n" SSN64),
     {SSN, SSN64},
     "damaged"},
    {"two encodings, base64 last",
     OCTETS(MIME "Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\n" SSN64),
     {SSN, SSN64},
     "damaged"},
    {"two encodings, quoted-printable last",
     OCTETS(MIME "Content-Transfer-Encoding: 8bit\nContent-Transfer-Encoding: quoted-printable\n\nSSN 219=2D09=2D9998"),
     {SSN},
     "damaged"},
    {"two boundaries",
     OCTETS(MIXED "boundary=a; boundary=b\n\n--a\n" IN64 SSN64 "\n--a--\n--b\n" IN64 MRN64 "\n--b--\n"),
     {SSN, MRN},
     "damaged"},
    {"one part, two boundaries",
     OCTETS(MIXED "boundary=a; boundary=b\n\n--a\n" IN64 "U1NOIDIxO\n--b\nS0wOS05OTk4\n--a--\n"),
     {"SSN 21"},
     "damaged"},
    {"two charsets",
     OCTETS(MIME "Content-Type: text/plain; charset=utf-8; charset=utf-7\n\n+AFMAUwBO- 219-09-9998"),
     {SSN, "+AFMAUwBO- 219"},
     "damaged"},
    {"two charsets, the other way",
     OCTETS(MIME "Content-Type: text/plain; charset=utf-7; charset=utf-8\n\n+AFMAUwBO- 219-09-9998"),
     {SSN, "+AFMAUwBO- 219"},
     "damaged"},
    {"the same charset twice", OCTETS(MIME "Content-Type: text/plain; charset=utf-8; charset=UTF-8\n\n" SSN), {SSN}, NULL},
    /* boundaries */
    {"no boundary", OCTETS(MIXED "a=b\n\n--b\n\n" SSN "\n--b--\n"), {SSN}, "damaged"},
    {"an empty boundary", OCTETS(MIXED "boundary=\"\"\n\n--\n\n" SSN "\n----\n"), {SSN}, "damaged"},
    {"a boundary that never comes", OCTETS(MIXED "boundary=c\n\n--b\n\n" SSN "\n--b--\n"), {SSN}, "damaged"},
    {"a boundary that begins the line", OCTETS(BOUNDARY_B "--b\n\none\n--bx\n" IN64 SSN64 "\n--b--\n"), {"one", SSN}, "damaged"},
    {"a boundary that ends in junk", OCTETS(BOUNDARY_B "--b\n\none\n--b x\n" IN64 SSN64 "\n--b--\n"), {"one", SSN}, "damaged"},
    {"the inner boundary begins the outer one",
     OCTETS(MIXED "boundary=bb\n\n--bb\nContent-Type: multipart/mixed; boundary=b\n\n--b\n" IN64 SSN64
		  "\n--b--\n--bb\n" IN64 MRN64 "\n--bb--\n"),
     {SSN, MRN},
     NULL},
    {"the outer boundary begins the inner one",
     OCTETS(BOUNDARY_B "--b\nContent-Type: multipart/mixed; boundary=bb\n\n--bb\n" IN64 SSN64 "\n--bb--\n--b\n" IN64 MRN64
		       "\n--b--\n"),
     {SSN, MRN},
     NULL},
    {"a boundary that ends in a blank",
     OCTETS(MIXED "boundary=\"b \"\n\n--b \n" IN64 "U1NOIDIxO\n--b\nS0wOS05OTk4\n--b --\n"),
     {"SSN 21"},
     "damaged"},
    {"a boundary with blanks, not quoted", OCTETS(MIXED "boundary=a b\n\n--a b\n" IN64 SSN64 "\n--a b--\n"), {SSN}, "damaged"},
    {"a boundary in parts (RFC 2231)",
     OCTETS(MIXED "boundary*0=a; boundary*1=b\n\n--ab\n" IN64 SSN64 "\n--ab--\n"),
     {SSN},
     "damaged"},
    {"two boundaries, one of them in parts",
     OCTETS(MIXED "boundary*0=a; boundary*1=b; boundary=c\n\n--ab\n" IN64 SSN64 "\n--c\n" IN64 MRN64 "\n--c--\n"),
     {SSN, MRN},
     "damaged"},
    {"a boundary in percent", OCTETS(MIXED "boundary*=us-ascii''%61b\n\n--ab\n" IN64 SSN64 "\n--ab--\n"), {SSN}, "damaged"},
    {"a boundary that is an encoded word",
     OCTETS(MIXED "boundary=\"=?utf-8?q?b?=\"\n\n--b\n" IN64 SSN64 "\n--b--\n"),
     {SSN},
     "damaged"},
    {"a boundary that looks like an encoded word",
     OCTETS(MIXED "boundary=\"=?utf-8?q?b?=\"\n\n--=?utf-8?q?b?=\n" IN64 SSN64 "\n--=?utf-8?q?b?=--\n"),
     {SSN},
     "damaged"},
    {"a boundary with an escape",
     OCTETS(MIXED "boundary=\"a\\b\"\n\n--ab\n" IN64 SSN64 "\n--a\\b\n" IN64 MRN64 "\n"),
     {SSN, MRN},
     "damaged"},
    {"a boundary in a file name",
     OCTETS(MIXED "boundary=b; name=\"boundary=c\"\n\n--b\n" IN64 SSN64 "\n--c\n" IN64 MRN64 "\n"),
     {SSN, MRN},
     "damaged"},
    {"a boundary without a semicolon",
     OCTETS(MIME "Content-Type: multipart/mixed boundary=b\n\n--b\n" IN64 SSN64 "\n--b--\n"),
     {SSN},
     "damaged"},
    {"a boundary of what is no multipart",
     OCTETS(MIME "Content-Type: text/plain; boundary=b\n\n--b\n" IN64 SSN64 "\n--b--\n"),
     {SSN},
     "damaged"},
    {"a boundary that nobody uses", OCTETS(MIME "Content-Type: text/plain; boundary=b\n\n" SSN "\n"), {SSN}, NULL},
    {"a part before the first boundary line, which is damaged",
     OCTETS(BOUNDARY_B "-b\n" IN64 SSN64 "\n--b\n\none\n--b--\n"),
     {SSN64, "one"},
     "damaged"},
    {"a charset in two pairs of quotes",
     OCTETS(MIME "Content-Type: text/plain; charset=\"\"utf-7\"\"\n\n+AFMAUwBO- 219-09-9998"),
     {SSN},
     "damaged"},
    {"a charset behind a no-break space",
     OCTETS(MIME "Content-Type: text/plain;\xa0"
		 "charset=utf-7\n\n+AFMAUwBO- 219-09-9998"),
     {SSN},
     "damaged"},
    /* comments and the rest of the syntax */
    {"a comment with a boundary",
     OCTETS(MIXED "(; boundary=a) boundary=b\n\n--a\n" IN64 SSN64 "\n--b\n" IN64 MRN64 "\n--b--\n"),
     {MRN},
     "damaged"},
    {"a comment behind the boundary",
     OCTETS(MIXED "boundary=b (; boundary=a )\n\n--a\n" IN64 SSN64 "\n--b\n" IN64 MRN64 "\n--b--\n"),
     {SSN, MRN},
     "damaged"},
    {"a comment in the type",
     OCTETS(MIME "Content-Type: (x) multipart (y) / (z) mixed; boundary=b\n\n--b\n" IN64 SSN64 "\n--b--\n"),
     {SSN},
     "damaged"},
    {"a comment that does not end", OCTETS(MIXED "boundary=b; (x\n\n--b\n" IN64 SSN64 "\n--b--\n"), {SSN}, NULL},
    {"a comment in the encoding", OCTETS(MIME "Content-Transfer-Encoding: (x) base64\n\n" SSN64), {SSN}, NULL},
    {"an encoding with more words", OCTETS(MIME "Content-Transfer-Encoding: 8bit, base64\n\n" SSN64), {SSN, SSN64}, "damaged"},
    {"multipart and nothing else",
     OCTETS(MIME "Content-Type: multipart; boundary=b\n\n--b\n" IN64 SSN64 "\n--b--\n"),
     {SSN},
     "damaged"},
    {"a blank before the colon", OCTETS(MIME "Content-Transfer-Encoding : base64\n\n" SSN64), {SSN, SSN64}, "damaged"},
    {"a field that is not folded",
     OCTETS(MIME "Content-Type: multipart/mixed;\nboundary=b\n\n--b\n" IN64 SSN64 "\n--b--\n" SSN),
     {SSN},
     "damaged"},
    {"more parameters than are read",
     OCTETS(MIME "Content-Type: text/plain" TEN_PARAMS TEN_PARAMS TEN_PARAMS TEN_PARAMS TEN_PARAMS TEN_PARAMS TEN_PARAMS
		 "; name=x; name=\"" SSN "\"\n\nx"),
     {SSN},
     "damaged"},
    {"fewer", OCTETS(MIME "Content-Type: text/plain" TEN_PARAMS TEN_PARAMS "; name=\"" SSN "\"; name=x\n\nx"), {SSN}, NULL},
    /* CR and NUL */
    {"a field behind a bare CR", OCTETS(MIME "X: y\rContent-Transfer-Encoding: base64\n\n" SSN64), {SSN, SSN64}, "damaged"},
    {"a boundary behind a bare CR", OCTETS(BOUNDARY_B "--b\n\none\r--b\r" IN64 SSN64 "\n--b--\n"), {"one", SSN}, "damaged"},
    {"a boundary line that ends in CR and more", OCTETS(BOUNDARY_B "--b\r" IN64 SSN64 "\n--b--\n"), {SSN}, "damaged"},
    {"CR CR LF", OCTETS(MIME "Subject: x\r\r\nContent-Transfer-Encoding: base64\r\r\n\r\r\n" SSN64), {SSN}, "damaged"},
    {"a bare CR in text", OCTETS(BOUNDARY_B "--b\n\none\rSSN 219-09-9998\r\n--b--\n"), {SSN}, NULL},
    {"NUL in the name of a field", OCTETS(MIME "Content-Transfer-\0Encoding: base64\n\n" SSN64), {SSN, SSN64}, "damaged"},
    {"NUL in a boundary",
     OCTETS(MIXED "boundary=\"b\0c\"\n\n--b\n" IN64 SSN64 "\n--bc\n" IN64 MRN64 "\n"),
     {SSN, MRN},
     "damaged"},
    {"NUL in a boundary line", OCTETS(BOUNDARY_B "--\0b\n" IN64 SSN64 "\n-\0-b--\n"), {SSN}, "damaged"},
    {"NUL in text",
     OCTETS(MIME "\nSS\0N 219-09-\0"
		 "9998"),
     {SSN},
     NULL},
    /* encoded as a whole */
    {"a message in base64",
     OCTETS(MIME "Content-Type: message/rfc822\n" IN64 "U3ViamVjdDogTVJOIDQ4MTUxNjIzCgpTU04gMjE5LTA5LTk5OTgK\n"),
     {SSN, MRN},
     NULL},
    {"a message that is said to be in base64",
     OCTETS(MIME "Content-Type: message/rfc822\n" IN64 "Subject: for the ward, as asked\n" IN64 SSN64 "\n"),
     {SSN},
     NULL},
    {"a message in quoted-printable",
     OCTETS(MIME "Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\nSubject: x\nContent-Type: "
		 "text/plain; charset=3Dutf-8\n\n"
		 "SSN 219=2D09-9=\n998\nMRN 48=\n151623\n"),
     {SSN, MRN},
     "damaged"},
    {"a multipart in base64",
     OCTETS(BOUNDARY_B "--b\nContent-Type: multipart/mixed; boundary=c\n" IN64 "LS1jCgpTU04gMjE5LTA5LTk5OTgKLS1jLS0K\n--b--\n"),
     {SSN},
     "damaged"},
    {"a multipart that is said to be in base64",
     OCTETS(MIXED "boundary=b\n" IN64 "--b\n\nfor the ward, as asked: " SSN "\n--b--\n"),
     {SSN},
     NULL},
    {"a multipart in quoted-printable",
     OCTETS(MIXED "boundary=b\nContent-Transfer-Encoding: quoted-printable\n\n--b\n\nSSN 219-09=\n-9998\n--b--\n"),
     {SSN},
     "damaged"},
    {"a message that is attached as octets",
     OCTETS(MIME "Content-Type: application/octet-stream; name=\"a.EML\"\n" IN64
		 "U3ViamVjdDogTVJOIDQ4MTUxNjIzCgpTU04gMjE5LTA5LTk5OTgK\n"),
     {SSN, MRN},
     NULL},
    {"an mbox line in the header of a part",
     OCTETS(BOUNDARY_B "--b\nFrom x\nContent-Type: image/png\n\n" SSN "\n--b--\n"),
     {SSN},
     "damaged"},
    {"an mbox line in a message in a message",
     OCTETS(MIME "Content-Type: message/rfc822\n\nFrom x\nSubject: y\n" IN64 SSN64 "\n"),
     {SSN},
     NULL},
    /* where no part is */
    {"text before the first part", OCTETS(BOUNDARY_B SSN "\n--b\n\none\n--b--\n"), {SSN, "one"}, NULL},
    {"text behind the last part", OCTETS(BOUNDARY_B "--b\n\none\n--b--\n" SSN "\n"), {SSN, "one"}, NULL},
    {"a part behind the last one", OCTETS(BOUNDARY_B "--b\n\none\n--b--\n--b\n" IN64 SSN64 "\n"), {SSN, "one"}, "damaged"},
    {"text behind the last part of an inner multipart",
     OCTETS(BOUNDARY_B "--b\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\none\n--c--\n" SSN "\n--b--\n"),
     {SSN, "one"},
     NULL},
    {"a part without a header", OCTETS(BOUNDARY_B "--b\n" SSN "\n--b--\n"), {SSN}, "damaged"},
    {"fields behind a line that is none", OCTETS(BOUNDARY_B "--b\nhello\n" IN64 SSN64 "\n--b--\n"), {"hello", SSN}, "damaged"},
    {"a part that begins with a blank",
     OCTETS(BOUNDARY_B "--b\n Content-Type: text/plain\n" IN64 SSN64 "\n--b--\n"),
     {SSN},
     "damaged"},
    {"a field behind a blank line of blanks", OCTETS(BOUNDARY_B "--b\n \t" IN64 SSN64 "\n--b--\n"), {SSN}, "damaged"},
    {"a header behind an empty line", OCTETS(BOUNDARY_B "--b\n\n" IN64 SSN64 "\n--b--\n"), {SSN}, "damaged"},
    {"a message in a message behind an empty line",
     OCTETS(MIME "Content-Type: message/rfc822\n\n\nSubject: y\n" IN64 SSN64 "\n"),
     {SSN},
     "damaged"},
    {"no header at all", OCTETS(SSN "\n"), {SSN}, "damaged"},
    /* without MIME-Version the body is text to a reader that goes by the letter */
    {"no MIME-Version, base64", OCTETS("Subject: x\n" IN64 SSN64), {SSN, SSN64}, NULL},
    {"no MIME-Version, multipart",
     OCTETS("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: image/png\n" IN64 SSN64 "\n--b--\n"),
     {SSN64},
     NULL},
    {"no MIME-Version, text", OCTETS("Content-Type: text/plain\n\n" SSN), {SSN}, NULL},
    /* encodings as the wild makes them */
    {"base64 cut off", OCTETS(MIME IN64 "U1NOIDIxOS0wOS05OTk4TVJOIDQ4MTUx"), {SSN, "MRN 4815"}, NULL},
    {"base64 cut off in a group", OCTETS(MIME IN64 "U1NOIDIxOS0wOS05OTk4T"), {SSN}, NULL},
    {"base64 with junk",
     OCTETS(MIME IN64 "U1NO IDIx\n*OS0w-OS05OTk4\nU1NOIDIxOS0wOS05OTk4U1NOIDIxOS0wOS05OTk4\nTVJOIDQ4MTUxNjIz"),
     {SSN, MRN},
     NULL},
    {"base64 with padding inside", OCTETS(MIME IN64 "U1NOIDIxOS0wOS05OTk4Cg==\nTVJOIDQ4MTUxNjIz\n"), {SSN, MRN}, NULL},
    {"text behind base64", OCTETS(MIME IN64 "U1NOIDIxOS0wOS05OTk4Cg==\nThe list adds: " MRN ".\n"), {SSN, MRN}, NULL},
    {"text that is said to be base64", OCTETS(MIME IN64 "As you asked, the number is " SSN ", thank you.\n"), {SSN}, NULL},
    {"soft line breaks in numbers",
     OCTETS(MIME "Content-Transfer-Encoding: quoted-printable\n\nSSN 219-=\n09-99= \t\n98\nMRN=20481=\n51623=\n"),
     {SSN, MRN},
     NULL},
    {"encodings by names of their own", OCTETS(MIME "Content-Transfer-Encoding: qp\n\nSSN 219=2D09=2D9998"), {SSN}, "damaged"},
    {"base64 with a semicolon", OCTETS(MIME "Content-Transfer-Encoding: base64;\n\n" SSN64), {SSN, SSN64}, "damaged"},
    {"base64 by another name", OCTETS(MIME "Content-Transfer-Encoding: base-64\n\n" SSN64), {SSN, SSN64}, "damaged"},
    {"base64 with an '=' too many", OCTETS(MIME IN64 "U1NOIDIxO=S0wOS05OTk4"), {SSN}, NULL},
    {"base64 with padding that means nothing", OCTETS(MIME IN64 "U1NOIDIxOS==0wOS05OTk4"), {SSN}, NULL},
    {"an unknown encoding", OCTETS(MIME "Content-Transfer-Encoding: x-none\n\n" SSN), {SSN}, NULL},
    {"uuencoded as a whole",
     OCTETS(MIME "Content-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n+4U-.(#(Q.2TP.0H \n`\nend\n"),
     {"SSN 219-09"},
     NULL},
    {"flowed text",
     OCTETS(MIME "Content-Type: text/plain; DelSp=\"Yes\"; Format=\"flowed\"\n\nSSN 219-09-9998 \nx\n"),
     {SSN},
     NULL},
    {"flowed text, two answers",
     OCTETS(MIME "Content-Type: text/plain; format=flowed; delsp=no; delsp=yes\n\nSSN 219-09-9998 \nx\n"),
     {SSN},
     "damaged"},
    /* not in this message */
    {"a fragment", OCTETS(MIME "Content-Type: message/partial; id=x; number=2\n\n" SSN), {SSN}, "damaged"},
    {"a phantom",
     OCTETS(MIME "Content-Type: message/external-body; access-type=URL\n\nContent-Type: text/plain\n\n" SSN),
     {SSN},
     "unknown-format"},
};

/* All text that is scanned, leaf by leaf; *facts gets the words of the others. */
static void read_all(struct mw_str message, struct mw_buf *text, struct mw_buf *facts)
{
	struct mw_limits limits = mw_limits_default();
	struct mw_arena *a = mw_arena_new(0);
	struct mw_buf data = MW_BUF_INIT;
	struct mw_mime *m = NULL;
	bool guessed;

	assert_int_equal(mw_mime_parse(a, message, &limits, NULL, &m, NULL), 0);
	for (size_t i = 0; i < mw_mime_leaves(m); i++) {
		const struct mw_leaf *l = mw_mime_leaf(m, i);

		if (l->unread) {
			mw_buf_printf(facts, "%s ", l->unread);
			continue;
		}
		if (strncmp(l->type, "image/", 6) == 0)
			continue; /* no text is read there */
		assert_int_equal(mw_mime_decode(m, i, 1000000, &data), 0);
		mw_buf_printf(text, "[%s] ", l->path);
		assert_int_equal(
		    mw_charset_to_utf8((struct mw_str){.p = mw_buf_text(&data), .n = data.n}, l->charset, text, &guessed), 0);
		mw_buf_putc(text, '\n');
	}
	mw_buf_free(&data);
	mw_mime_free(&m);
	mw_arena_free(&a);
}

static bool only(const char *facts, const char *fact)
{
	size_t n = fact ? strlen(fact) : 0;

	if (!fact || !*facts)
		return !fact && !*facts;
	for (; *facts; facts += n + 1)
		if (strncmp(facts, fact, n) != 0)
			return false;
	return true;
}

static int check(size_t i, struct mw_str message, const char *how)
{
	struct mw_buf text = MW_BUF_INIT, facts = MW_BUF_INIT;
	int bad = 0;

	read_all(message, &text, &facts);
	for (int k = 0; k < 2; k++)
		if (row[i].seen[k] && !strstr(mw_buf_text(&text), row[i].seen[k])) {
			print_error("%s%s: \"%s\" is not seen\n", row[i].what, how, row[i].seen[k]);
			bad++;
		}
	if (!only(mw_buf_text(&facts), row[i].fact)) {
		print_error("%s%s: the policy is told \"%s\"\n", row[i].what, how, mw_buf_text(&facts));
		bad++;
	}
	if (bad)
		print_error("%s\n", mw_buf_text(&text));
	mw_buf_free(&text);
	mw_buf_free(&facts);
	return bad;
}

static void test_readings(void **state)
{
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct mw_buf crlf = MW_BUF_INIT;

		for (size_t k = 0; k < row[i].message.n; k++) {
			if (row[i].message.p[k] == '\n' && k && row[i].message.p[k - 1] != '\r')
				mw_buf_putc(&crlf, '\r');
			mw_buf_putc(&crlf, row[i].message.p[k]);
		}
		bad += check(i, row[i].message, "");
		bad += check(i, (struct mw_str){.p = crlf.p, .n = crlf.n}, " (CRLF)");
		mw_buf_free(&crlf);
	}
	assert_int_equal(bad, 0);
}

static int setup(void **state)
{
	(void)state;
	mw_mime_init();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_readings),
	};

	return cmocka_run_group_tests_name("readings", tests, setup, NULL);
}
