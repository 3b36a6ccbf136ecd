/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/mime.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/str.h"

static const char zone_letter[] = {
    [MW_ZONE_HEADER] = 'h', [MW_ZONE_BODY] = 'b', [MW_ZONE_ATTACHMENT] = 'a', [MW_ZONE_FILENAME] = 'f'};

/* One line a leaf: path type zone [=charset] ["name"] [!unread] [content], without CR. */
static void dump(struct mw_mime *m, struct mw_buf *out)
{
	struct mw_buf data = MW_BUF_INIT;

	for (size_t i = 0; i < mw_mime_leaves(m); i++) {
		const struct mw_leaf *l = mw_mime_leaf(m, i);

		mw_buf_printf(out, "%s %s %c", l->path, l->type, zone_letter[l->zone]);
		if (*l->charset)
			mw_buf_printf(out, " =%s", l->charset);
		if (*l->name)
			mw_buf_printf(out, " \"%s\"", l->name);
		if (l->unread)
			mw_buf_printf(out, " !%s", l->unread);
		assert_int_equal(mw_mime_decode(m, i, 1000000, &data), 0);
		mw_buf_puts(out, " [");
		for (size_t k = 0; k < data.n; k++)
			if (data.p[k] != '\r')
				mw_buf_putc(out, data.p[k]);
		mw_buf_puts(out, "]\n");
	}
	mw_buf_free(&data);
}

static void parse_dump(struct mw_str message, const struct mw_limits *limits, bool breach[MW_LIMITS], struct mw_buf *out)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_mime *m = NULL;

	assert_int_equal(mw_mime_parse(a, message, limits, breach, &m, NULL), 0);
	dump(m, out);
	mw_mime_free(&m);
	assert_null(m);
	mw_arena_free(&a);
}

/* Readers that want a MIME-Version have it: what they see without one is the business of test_readings. */
static void as_mime(const char *message, struct mw_buf *out)
{
	mw_buf_puts(out, strncmp(message, "Content-", 8) == 0 ? "MIME-Version: 1.0\n" : "");
	mw_buf_puts(out, message);
}

static void to_crlf(const char *s, struct mw_buf *out)
{
	for (; *s; s++)
		mw_buf_puts(out, *s == '\n' ? "\r\n" : (char[]){*s, '\0'});
}

static const struct {
	const char *message, *leaves;
} row[] = {
    {"", "1 text/plain b []\n"},
    {"Subject: x\n\n", "1 text/plain b []\n"},
    {"Subject: x\n\nbody\n", "1 text/plain b [body\n]\n"},
    {"Subject: x", "1 text/plain b []\n"},
    {"From a@b Thu\nSubject: x\n\nbody", "1 text/plain b [body]\n"},
    {"just text\n", "1 text/plain b [just text\n]\nstructure text/plain b !damaged []\n"},
    {"Content-Type: text/html; charset=\"UTF-8\"\n\n<p>", "1 text/html b =utf-8 [<p>]\n"},
    {"CONTENT-TYPE: Text/HTML\n\nx", "1 text/html b [x]\n"},
    {"Content-Type: nonsense; charset=x\n\nx", "1 text/plain b =x [x]\n"},
    {"Content-Type: text/\n\nx", "1 text/plain b [x]\n"},
    {"Content-Transfer-Encoding: base64\n\nYWJj\n", "1 text/plain b [abc]\n"},
    {"Content-Transfer-Encoding: quoted-printable\n\n123-=\n45=2D6789\n", "1 text/plain b [123-45-6789\n]\n"},
    /* a label that lies hides nothing */
    {"Content-Transfer-Encoding: base64\n\n-- -- -- -- YWJj\n",
     "1 text/plain b [-- -- -- -- YWJj\n]\n1.decoded text/plain b [abc]\n"},
    {"Content-Transfer-Encoding: quoted-printable\n\na=b=3D\n", "1 text/plain b [a=b=\n]\n1.raw text/plain b [a=b=3D\n]\n"},
    {"Content-Type: application/pdf\nContent-Disposition: attachment; filename=\"a b.pdf\"\n\nx",
     "1.name text/plain f [a b.pdf\n]\n1 application/pdf a \"a b.pdf\" [x]\n"},
    /* names: RFC 2231, RFC 2047, raw octets; the disposition goes first */
    {"Content-Disposition: attachment; filename*=utf-8'a%201.txt\n\nx",
     "1.name text/plain f [utf-8'a 1.txt\n]\n1 text/plain a [x]\n"},
    {"Content-Type: text/plain; name=x\nContent-Disposition: inline; filename*0*=utf-8''caf%C3%A9; filename*1=\" 1.txt\"\n\nx",
     "1.name text/plain f [caf\xc3\xa9 1.txt\nx\n]\n1 text/plain b \"caf\xc3\xa9 1.txt\" [x]\n"},
    {"Content-Type: text/plain; name=\"=?iso-8859-1?q?caf=E9?=\"\n\nx",
     "1.name text/plain f [caf\xc3\xa9\n]\n1 text/plain b \"caf\xc3\xa9\" [x]\n"},
    {"Content-Type: text/plain; name=\"caf\xe9\"\n\nx",
     "1.name text/plain f [caf\xc3\xa9\n]\n1 text/plain b \"caf\xc3\xa9\" [x]\n"},
    {"Content-Type: text/plain; name=\"\xc3\xa9.txt\"\n\nx",
     "1.name text/plain f [\xc3\xa9.txt\n]\n1 text/plain b \"\xc3\xa9.txt\" [x]\n"},
    {"Content-Type: text/plain; name=a.txt\nContent-Disposition: attachment; filename=a.txt\n\nx",
     "1.name text/plain f [a.txt\n]\n1 text/plain a \"a.txt\" [x]\n"},
    {"Content-Type: text/plain; name=\"=?utf-8?b?TVJOIDQ4MTUxNjIz?=.txt\"\nContent-Disposition: attachment; filename=plain.txt; "
     "filename*=iso-8859-1''caf%E9%20a.txt\n\nx",
     "1.name text/plain f [plain.txt\ncaf\xc3\xa9 a.txt\nplain.txt\nMRN 48151623.txt\n]\n1 text/plain a \"plain.txt\" [x]\n"},
    {"Content-Disposition: attachment; filename=one.txt\nContent-Disposition: attachment; filename=two.txt\n\nx",
     "1.name text/plain f [one.txt\ntwo.txt\n]\n1.structure text/plain b !damaged []\n1 text/plain a \"one.txt\" [x]\n"},
    {"Content-Type: text/plain; name=\"219-09-9998_lab-results%20+type_2.txt\"\n\nx",
     "1.name text/plain f [219-09-9998_lab-results%20+type_2.txt\n219-09-9998 lab results  type 2.txt\n]\n"
     "1 text/plain b \"219-09-9998_lab-results%20+type_2.txt\" [x]\n"},
    {"Content-Type: text/plain; junk; name=\"a b.txt\"\n\nx", "1.name text/plain f [a b.txt\n]\n1 text/plain b [x]\n"},
    {"Content-Type: text/plain; name=\n =?utf-8?q?a=5Fb?=\n =?utf-8?q?c.txt?=\n\nx",
     "1.name text/plain f [a_bc.txt\na bc.txt\na_b\na b\n]\n1 text/plain b \"a_bc.txt\" [x]\n"},
    /* multipart */
    {"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b\nContent-Type: text/csv\nContent-Disposition: "
     "attachment\n\ntwo\n--b--\n",
     "1 text/plain b [one]\n2 text/csv a [two]\n"},
    {"Content-Type: multipart/mixed; boundary=\"b\"\n\n--b \t\n\none\n\n--b--", "1 text/plain b [one\n]\n"},
    {"Content-Type: multipart/mixed; boundary=b\n\npre\n--b\n\none\n--b--\npost\n",
     "preamble text/plain b [pre]\n1 text/plain b [one]\nepilogue text/plain b [post\n]\n"},
    {"Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--b\nA: 1\n--b--\n",
     "1 text/plain b []\n2 text/plain b []\n3.mime text/plain h [A: 1\n]\n3 text/plain b []\n"},
    {"Content-Type: multipart/mixed; boundary=b\n\n--b\n\n-b\n--\n--a\n --b\nend", "1 text/plain b [-b\n--\n--a\n --b\nend]\n"},
    {"Content-Type: multipart/mixed; boundary=\"a:b\"\n\n--a:b\nX: 1\n--a:b\n\ntwo\n--a:b--\n",
     "1.mime text/plain h [X: 1\n]\n1 text/plain b []\n2 text/plain b [two]\n"},
    {"Content-Type: multipart/mixed; boundary=b\n\n--b\nPatient: J\nContent-Description: =?utf-8?q?lab=20x?=\nContent-ID: "
     "<1@x>\n\none\n--b--\n",
     "1.mime text/plain h [Patient: J\nContent-Description: lab x\n]\n1 text/plain b [one]\n"},
    /* nested, not closed, the outer boundary ends both */
    {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; "
     "boundary=c\n\n--c\n\none\n--c\n\ntwo\n--b\n\nthree\n--b--\n",
     "1.1 text/plain b [one]\n1.2 text/plain b [two]\n2 text/plain b [three]\n"},
    {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/mixed; "
     "boundary=b\n\n--b\n\none\n--b--\n--b\n\ntwo\n--b--\n",
     "1.1 text/plain b [one]\n2 text/plain b [two]\n"},
    /* multiparts that are none */
    {"Content-Type: multipart/mixed\n\n--b\n\none\n",
     "1 multipart/mixed a !damaged [--b\n\none\n]\n1.raw text/plain a [--b\n\none\n]\n"},
    {"Content-Type: multipart/mixed; boundary=b\n\nno part\n",
     "preamble text/plain b [no part\n]\nstructure text/plain b !damaged []\n"},
    {"Content-Type: multipart/mixed; boundary=b\n\n--b--\n", "structure text/plain b !damaged []\n"},
    {"Content-Type: text/plain\nContent-Type:  TEXT/plain\n\nx", "1 text/plain b [x]\n"},
    /* messages in messages */
    {"Content-Type: message/rfc822\n\nSubject: in\n\nbody\n",
     "1.header text/rfc822-headers h [Subject: in\n]\n1.1 text/plain b [body\n]\n"},
    {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\nContent-Disposition: attachment; "
     "filename=f.eml\n\n"
     "Subject: in\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\none\n--c--\n--b--\n",
     "1.name text/plain f [f.eml\n]\n1.header text/rfc822-headers h [Subject: in\nContent-Type: multipart/mixed; boundary=c\n]\n"
     "1.1 text/plain a [one]\n"},
    {"Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: in\n\nbody\n--b\nContent-Type: text/plain\n\nx\n--b--",
     "1.header text/rfc822-headers h [Subject: in\n]\n1.1 text/plain b [body]\n2 text/plain b [x]\n"},
    {"Content-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nA: b\n\nx",
     "1.header text/rfc822-headers h [Content-Type: message/rfc822\n]\n1.1.header text/rfc822-headers h [A: b\n]\n1.1.1 "
     "text/plain b [x]\n"},
    {"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogaW4KCmJvZHkK\n",
     "1.header text/rfc822-headers h [Subject: in\n]\n1.1 text/plain b [body\n]\n"},
    {"Content-Type: message/rfc822\n\n", "1.1 text/plain b []\n"},
    {"Content-Type: message/rfc822\n\nFrom Jane 219-09-9998\nSubject: x\n\nbody",
     "1.mbox text/plain h [From Jane 219-09-9998\n]\n1.header text/rfc822-headers h [Subject: x\n]\n1.1 text/plain b [body]\n"},
    /* not here */
    {"Content-Type: message/partial; id=x; number=1\n\nfragment",
     "1 message/partial a !damaged [fragment]\n1.raw text/plain a [fragment]\n"},
    {"Content-Type: message/external-body; access-type=URL\n\nphantom",
     "1.mime text/plain h [Content-Type: message/external-body; access-type=URL\n]\n1 message/external-body a !unknown-format "
     "[phantom]\n1.raw text/plain a [phantom]\n"},
    {"Content-Type: message/delivery-status\n\nAction: failed\n", "1 message/delivery-status a [Action: failed\n]\n"},
    /* sealed */
    {"Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\"; boundary=b\n\n--b\nContent-Type: "
     "application/pgp-encrypted\n\n"
     "Version: 1\n\n--b\nContent-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP "
     "MESSAGE-----\n\n--b--\n",
     "1 application/pgp-encrypted a !sealed [Version: 1\n]\n"
     "2 application/octet-stream a !sealed [-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\n]\n"},
    {"Content-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\nin clear",
     "1 application/octet-stream a [-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\nin clear]\n"},
    {"Content-Type: multipart/encrypted; boundary=b\n\n--b\n\nin clear\n--b--\n", "1 text/plain b [in clear]\n"},
    {"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nin clear", "1 application/pkcs7-mime a [in clear]\n"},
    {"Content-Type: application/pkcs7-mime; name=smime.p7m\nContent-Transfer-Encoding: base64\n\nMBAGCSqGSIb3DQEHA6ADAgEB",
     "1.name text/plain f [smime.p7m\n]\n1 application/pkcs7-mime a \"smime.p7m\" !sealed "
     "[0\x10\x06\x09\x2a\x86\x48\x86\xf7\x01\x07\x03\xa0\x03\x02\x01\x01]\n"},
    {"Content-Type: application/x-pkcs7-mime\n\n0\x10\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0\x03\x02\x01\x01\n",
     "1 application/x-pkcs7-mime a !sealed [0\x10\x06\x09\x2a\x86\x48\x86\xf7\x01\x07\x03\xa0\x03\x02\x01\x01\n]\n"},
    {"Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\nMBAGCSqGSIb3DQEHA6ADAgEB",
     "1 application/octet-stream a !sealed [0\x10\x06\x09\x2a\x86\x48\x86\xf7\x01\x07\x03\xa0\x03\x02\x01\x01]\n"},
    /* not only sealed: something else stands behind, between or before what is */
    {"Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\nMBAGCSqGSIb3DQEHA6ADAgEBaW4gY2xlYXI=",
     "1 application/pkcs7-mime a [0\x10\x06\x09\x2a\x86\x48\x86\xf7\x01\x07\x03\xa0\x03\x02\x01\x01in clear]\n"},
    {"Content-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\nin "
     "clear\n-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\n",
     "1 application/octet-stream a [-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\nin "
     "clear\n-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\n]\n"},
    {"Content-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n\nin clear\n-----END PGP MESSAGE-----\n",
     "1 application/octet-stream a [-----BEGIN PGP MESSAGE-----\n\nin clear\n-----END PGP MESSAGE-----\n]\n"},
    {"Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n"
     "LS0tLS1CRUdJTiBQR1AgTUVTU0FHRS0tLS0tCgp4Ci0tLS0tRU5EIFBHUCBNRVNTQUdFLS0tLS0K",
     "1 application/octet-stream a !sealed [-----BEGIN PGP MESSAGE-----\n\nx\n-----END PGP MESSAGE-----\n]\n"},
    {"Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n"
     "LS0tLS1CRUdJTiBQR1AgTUVTU0FHRS0tLS0tCgppbiBjbGVhciwgdG9v",
     "1 application/octet-stream a [-----BEGIN PGP MESSAGE-----\n\nin clear, too]\n"},
    /* around a uuencoded file */
    {"Content-Type: text/plain\nContent-Transfer-Encoding: x-uuencode\n\nabove\nbegin 644 x\n#86)C\n`\nend\nbelow\n",
     "1 text/plain b [abc]\n1.raw text/plain b [above\nbegin 644 x\n#86)C\n`\nend\nbelow\n]\n"},
    /* names in a second field, and in a third */
    {"Content-Type: text/plain\nContent-Disposition: attachment; filename=one\nContent-Disposition : attachment; "
     "filename=two\nContent-Disposition: attachment; filename=three\n\nx",
     "1.name text/plain f [one\ntwo\nthree\n]\n1.structure text/plain b !damaged []\n1 text/plain a \"one\" [x]\n"},
    {"Content-Type: application/pkcs7-mime\nContent-Transfer-Encoding: base64\n\nMIIBBgYJKoZIhvcNAQcCoII=\n", /* signed, not
														 enveloped */
     "1 application/pkcs7-mime a [0\x82\x01\x06\x06\x09\x2a\x86\x48\x86\xf7\x01\x07\x02\xa0\x82]\n"},
};

/* Parses and compares with the row. 1 = differs. */
static int check_row(size_t i, const struct mw_buf *message, const char *how)
{
	struct mw_limits limits = mw_limits_default();
	bool breach[MW_LIMITS] = {false};
	struct mw_buf got = MW_BUF_INIT;
	int bad;

	parse_dump((struct mw_str){.p = mw_buf_text(message), .n = message->n}, &limits, breach, &got);
	bad = strcmp(mw_buf_text(&got), row[i].leaves) != 0;
	if (bad)
		print_error("row %zu%s: %s\n--- gives\n%s--- not\n%s", i, how, row[i].message, mw_buf_text(&got), row[i].leaves);
	for (int k = 0; k < MW_LIMITS; k++)
		assert_false(breach[k]);
	mw_buf_free(&got);
	return bad;
}

static void test_leaves(void **state)
{
	int bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct mw_buf mime = MW_BUF_INIT, crlf = MW_BUF_INIT;

		as_mime(row[i].message, &mime);
		to_crlf(mw_buf_text(&mime), &crlf);
		bad += check_row(i, &mime, "");
		if (!strstr(row[i].message, "base64")) /* what is in there has its own line ends */
			bad += check_row(i, &crlf, " with CRLF");
		mw_buf_free(&mime);
		mw_buf_free(&crlf);
	}
	assert_int_equal(bad, 0);
}

/* Every prefix of a message is a message: nothing may be read behind the end. A copy of the exact size lets a sanitizer see it.
 */
static void test_prefixes(void **state)
{
	struct mw_limits limits = mw_limits_default();

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		for (size_t n = 0; n <= strlen(row[i].message); n++) {
			char *copy = malloc(n ? n : 1);
			struct mw_buf out = MW_BUF_INIT;

			assert_non_null(copy);
			memcpy(copy, row[i].message, n);
			parse_dump((struct mw_str){.p = copy, .n = n}, &limits, NULL, &out);
			mw_buf_free(&out);
			free(copy);
		}
}

static void test_limit_parts(void **state)
{
	static const char message[] = "MIME-Version: 1.0\nContent-Type: multipart/mixed; "
				      "boundary=b\n\n--b\n\none\n--b\n\ntwo\n--b\n\nthree\n--b\n\nfour\n--b--\n";
	struct mw_limits limits = mw_limits_default();
	bool breach[MW_LIMITS] = {false};
	struct mw_buf out = MW_BUF_INIT;

	(void)state;
	limits.max[MW_LIMIT_PARTS] = 4;
	parse_dump(mw_str(message), &limits, breach, &out);
	assert_false(breach[MW_LIMIT_PARTS]);
	limits.max[MW_LIMIT_PARTS] = 2;
	mw_buf_clear(&out);
	parse_dump(mw_str(message), &limits, breach, &out);
	assert_string_equal(out.p, "1 text/plain b [one]\n2 text/plain b [two]\n3 text/plain b !limit [three]\n");
	assert_true(breach[MW_LIMIT_PARTS]);
	assert_false(breach[MW_LIMIT_DEPTH]);
	mw_buf_free(&out);
}

static void test_limit_depth(void **state)
{
	static const char message[] = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
				      "multipart/mixed; boundary=c\n\n--c\n\nin\n--c--\n--b\n\nout\n--b--\n";
	static const char nested[] =
	    "MIME-Version: 1.0\nContent-Type: message/rfc822\n\nContent-Type: message/rfc822\n\nA: b\n\nx";
	struct mw_limits limits = mw_limits_default();
	bool breach[MW_LIMITS] = {false};
	struct mw_buf out = MW_BUF_INIT;

	(void)state;
	limits.max[MW_LIMIT_DEPTH] = 2;
	parse_dump(mw_str(message), &limits, breach, &out);
	assert_false(breach[MW_LIMIT_DEPTH]);
	limits.max[MW_LIMIT_DEPTH] = 1;
	mw_buf_clear(&out);
	parse_dump(mw_str(message), &limits, breach, &out);
	assert_string_equal(out.p, "1 multipart/mixed a !limit [--c\n\nin\n--c--]\n2 text/plain b [out]\n");
	assert_true(breach[MW_LIMIT_DEPTH]);
	mw_buf_clear(&out);
	parse_dump(mw_str(nested), &limits, breach, &out);
	assert_string_equal(
	    out.p, "1.header text/rfc822-headers h [Content-Type: message/rfc822\n]\n1.1 message/rfc822 a !limit [A: b\n\nx]\n");
	mw_buf_free(&out);
}

/* Messages in messages, each in base64, may not grow beyond the limit of size together. */
static void test_limit_decoded(void **state)
{
	static const char message[] =
	    "MIME-Version: 1.0\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogaW4KCmJvZHkK\n";
	struct mw_limits limits = mw_limits_default();
	bool breach[MW_LIMITS] = {false};
	struct mw_buf out = MW_BUF_INIT;

	(void)state;
	limits.max[MW_LIMIT_SIZE] = 10;
	parse_dump(mw_str(message), &limits, breach, &out);
	assert_string_equal(out.p, "1 message/rfc822 a !limit [U3ViamVjdDogaW4KCmJvZHkK\n]\n");
	assert_true(breach[MW_LIMIT_SIZE]);
	mw_buf_free(&out);
}

static void test_decode_limit(void **state)
{
	struct mw_limits limits = mw_limits_default();
	struct mw_arena *a = mw_arena_new(0);
	struct mw_buf out = MW_BUF_INIT;
	struct mw_mime *m = NULL;

	(void)state;
	assert_int_equal(mw_mime_parse(a, mw_str("MIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\nYWJjZGVm\n"), &limits,
				       NULL, &m, NULL),
			 0);
	mw_buf_puts(&out, "what was there");
	assert_int_equal(mw_mime_decode(m, 0, 4, &out), -EFBIG);
	assert_string_equal(out.p, "abcd");
	assert_int_equal(mw_mime_decode(m, 0, 6, &out), 0);
	assert_string_equal(out.p, "abcdef");
	assert_null(mw_mime_leaf(m, 1));
	mw_buf_free(&out);
	mw_mime_free(&m);
	mw_mime_free(&m);
	mw_arena_free(&a);
}

static void test_no_memory(void **state)
{
	struct mw_limits limits = mw_limits_default();
	int last = -1;

	(void)state;
	for (size_t room = 16; room < 4096 && last != 0; room += 16) {
		struct mw_arena *a = mw_arena_new(room);
		struct mw_mime *m = NULL;
		struct mw_err err = {0};

		last = mw_mime_parse(a, mw_str(row[34].message), &limits, NULL, &m, &err);
		if (last < 0) {
			assert_int_equal(last, -ENOMEM);
			assert_int_equal(err.code, -ENOMEM);
			assert_null(m);
		}
		mw_mime_free(&m);
		mw_arena_free(&a);
	}
	assert_int_equal(last, 0);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define PIECES 10000
#else
#define PIECES 60000
#endif

/* What hostile senders make: memory bounded by the limits, the stack flat. No clock is needed to see time that is not linear: with
 * so many pieces it takes very long. */
static void parse_many(const char *head, const char *piece, size_t times, const char *numbered, const struct mw_limits *limits)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_buf raw = MW_BUF_INIT;
	struct mw_mime *m = NULL;

	mw_buf_puts(&raw, head);
	for (size_t i = 0; i < times; i++) {
		mw_buf_puts(&raw, piece);
		if (numbered)
			mw_buf_printf(&raw, "Content-Type: multipart/mixed; boundary=%s%zu\n\n--%s%zu\n", numbered, i, numbered,
				      i);
	}
	assert_true(mw_buf_ok(&raw));
	assert_int_equal(mw_mime_parse(a, (struct mw_str){.p = raw.p, .n = raw.n}, limits, NULL, &m, NULL), 0);
	assert_true(mw_mime_leaves(m) <= 4 * limits->max[MW_LIMIT_PARTS] + 6); /* as many readings as there are */
	assert_true(mw_arena_used(a) < 512 * (uint64_t)mw_mime_leaves(m) + 16 * raw.n + 100000);
	mw_mime_free(&m);
	mw_buf_free(&raw);
	mw_arena_free(&a);
}

static void test_hostile(void **state)
{
	static const char multipart[] = "Content-Type: multipart/mixed; boundary=b\n\n";
	static const struct {
		const char *head, *piece, *numbered;
	} hostile[] = {
	    {multipart, "--b\n", NULL},
	    {multipart, "--b\n\nx\n", NULL},
	    {multipart, "--b--\n", NULL},
	    {multipart, "--", NULL},
	    {multipart, "--\n", NULL},
	    {multipart, "--b \t", NULL},
	    {multipart, "--b\nContent-Type: multipart/mixed; boundary=b\n\n", NULL},
	    {"", "", "x"},
	    {"", "Content-Type: message/rfc822\n\n", NULL},
	    {"", "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n", NULL},
	    {"", "A: b\n", NULL},
	    {"Content-Type: text/plain", "; a=b", NULL},
	    {"Content-Type: text/plain", ";\n a*0=b", NULL},
	    {"Content-Type: text/plain; name=\"", "(", NULL},
	    {"", "Content-Type: a/b\n", NULL},
	    {multipart,
	     "--b\nContent-Type: text/plain; name=(((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((\n\nx\n",
	     NULL},
	    {"Content-Type: text/plain", "; name=(", NULL},
	    {"Content-Disposition: attachment", "; filename*0*=utf-8''%41", NULL},
	    {"\n", "begin 644 x\n", NULL},
	    {"\n", "begin 644 x\n#86)C\n", NULL},
	    {"\nbegin 644 x\n", "#86)C\n", NULL},
	};
	struct mw_limits small = mw_limits_default(), large = small;
	struct rlimit stack, tight;

	(void)state;
	large.max[MW_LIMIT_PARTS] = 100000;
	large.max[MW_LIMIT_DEPTH] = 200;
	assert_int_equal(getrlimit(RLIMIT_STACK, &stack), 0);
	tight = stack;
	tight.rlim_cur = 512 * 1024;
	assert_int_equal(setrlimit(RLIMIT_STACK, &tight), 0);
	for (size_t i = 0; i < sizeof(hostile) / sizeof(*hostile); i++)
		for (int k = 0; k < 2; k++)
			parse_many(hostile[i].head, hostile[i].piece, PIECES, hostile[i].numbered, k ? &large : &small);
	assert_int_equal(setrlimit(RLIMIT_STACK, &stack), 0);
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
	    cmocka_unit_test(test_leaves),	cmocka_unit_test(test_prefixes),      cmocka_unit_test(test_limit_parts),
	    cmocka_unit_test(test_limit_depth), cmocka_unit_test(test_limit_decoded), cmocka_unit_test(test_decode_limit),
	    cmocka_unit_test(test_no_memory),	cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests_name("mime", tests, setup, NULL);
}
