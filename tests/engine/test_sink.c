/* SPDX-License-Identifier: Apache-2.0 */
/* sink: what becomes of what an extractor gives: sections, hidden text, files inside, limits, and what no extractor should do. */
#include "setup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define POLICY(...) LOAD_PROBE "load phi with probe-script, probe-text grant text\n" RULES __VA_ARGS__ "match any then pass\n"

/* A mail whose only part is a document that does what the lines say. */
#define DOC(...) "Subject: s\nMIME-Version: 1.0\nContent-Type: application/x-probe-script; name=d.doc\n\n" __VA_ARGS__
#define BARE_DOC(...) "Subject: s\nMIME-Version: 1.0\nContent-Type: application/x-probe-script\n\n" __VA_ARGS__
#define NAME "== 1.name filename\nd.doc\n"

/* What is in a sequence of enveloped data, as a script has octets. */
#define ENVELOPED "\\x06\\x09\\x2a\\x86\\x48\\x86\\xf7\\x0d\\x01\\x07\\x03\\xa0\\x00"

struct row {
	const char *name, *mail;
	const char *shown; /* all parts but subject and header, as msg_read() has them */
};

static void check_rows(const char *policy, const struct row *row, size_t rows)
{
	struct world w;

	probe_reset();
	world_open(&w, policy, 0);
	for (size_t i = 0; i < rows; i++) {
		struct mw_msg *m = msg_run(&w, "b@x.example", row[i].mail);

		if (strcmp(msg_read(m), row[i].shown) != 0)
			fail_msg("%s:\n%s\nand not\n%s", row[i].name, msg_read(m), row[i].shown);
		mw_msg_free(&m);
	}
	world_close(&w);
}

#define CHECK(policy, rows) check_rows(policy, rows, sizeof(rows) / sizeof((rows)[0]))

/* ---- text and sections -------------------------------------------------------------------------------------------- */

static void test_sections(void **state)
{
	static const struct row rows[] = {
	    {"text comes in pieces, which may end inside of a character", DOC("text caf\\xc3\ntext \\xa9.\n"),
	     NAME "== 1 attachment\ncaf\303\251.\n"},
	    {"sections are parts, and are gone on with",
	     DOC("text a\nsection Sheet 1\ntext b\nsection\ntext c\nsection Sheet 1\ntext d\nsection Two\npage\ntext e\n"),
	     NAME "== 1 attachment\nac\n== 1/d.doc!Sheet 1 attachment\nbd\n== 1/d.doc!Two attachment\ne\n"
		  "== 1/d.doc/ filename\nSheet 1\nTwo\n"},
	    {"a document without a name", BARE_DOC("section S\ntext b\n"),
	     "== 1 attachment\n== 1!S attachment\nb\n== 1/ filename\nS\n"},
	    {"hidden text, of a section by itself",
	     DOC("text a\nhidden\ntext b\nsection S\ntext c\nhidden\ntext d\nhidden\ntext e\nsection\ntext f\n"),
	     NAME "== 1 attachment\na|bf\n== 1/d.doc!S attachment\nc|de\n== 1/d.doc/ filename\nS\n"},
	    {"nothing is hidden at the end", DOC("text a\nhidden\n"), NAME "== 1 attachment\na\n"},
	    {"all of it is hidden", DOC("hidden\ntext a\n"), NAME "== 1 attachment\n|a\n"},
	    {"a reason for a section, another for the document", DOC("text a\nunread damaged\nsection S\nunread image\ntext c\n"),
	     NAME "== 1 attachment damaged\na\n== 1/d.doc!S attachment image\nc\n== 1/d.doc/ filename\nS\n"},
	    {"text stays when it returns with a reason", DOC("text a\nsection S\ntext b\nreturn 5 damaged\n"),
	     NAME "== 1 attachment damaged\na\n== 1/d.doc!S attachment\nb\n== 1/d.doc/ filename\nS\n"},
	    {"octets that are no UTF-8, lines, and where hidden text begins",
	     DOC("text \\xffa\\r\\nb\\xc3\nhidden\ntext \\xa9c\\r\\n\\x00d\n"),
	     NAME "== 1 attachment\n\357\277\275a\nb\357\277\275|\357\277\275c\nd\n"},
	    {"names of sections are one line and not too long", DOC("section /a\\nb\\x01c\\xff\ntext x\n"),
	     NAME "== 1 attachment\n== 1/d.doc!a?b?c\357\277\275 attachment\nx\n== 1/d.doc/ filename\na?b?c\357\277\275\n"},
	};

	(void)state;
	CHECK(POLICY(), rows);
}

/* ---- members ------------------------------------------------------------------------------------------------------ */

static void test_members(void **state)
{
	static const struct row rows[] = {
	    {"files are read by name and content when the document is done",
	     DOC("member - - a/list_1.csv\ndata 1,\ndata 2\nend\ntext t\nmember - - x.bin\ndata PK\\x03\\x04\nend\n"),
	     NAME "== 1 attachment\nt\n== 1/d.doc/ filename\na/list_1.csv\na/list 1.csv\nx.bin\n"
		  "== 1/d.doc/a/list_1.csv attachment\n1,2\n== 1/d.doc/x.bin attachment unknown-format\n"},
	    {"by type and charset",
	     DOC("member text/plain iso-8859-1 a\ndata \\xe9\nend\nmember TEXT/Plain utf-16le b\ndata a\\x00b\\x00\nend\n"),
	     NAME
	     "== 1 attachment\n== 1/d.doc/ filename\na\nb\n== 1/d.doc/a attachment\n\303\251\n== 1/d.doc/b attachment\nab\n"},
	    {"labels that are none, and none at all",
	     DOC("member te\\xfft/plain a\\xff a.txt\ndata x\nend\nmember none - b.txt\ndata y\nend\n"),
	     NAME "== 1 attachment\n== 1/d.doc/ filename\na.txt\nb.txt\n== 1/d.doc/a.txt attachment\nx\n== 1/d.doc/b.txt "
		  "attachment\ny\n"},
	    {"the body of a mail that came packed", DOC("member body - body.txt\ndata x\nend\n"),
	     NAME "== 1 attachment\n== 1/d.doc/ filename\nbody.txt\n== 1/d.doc/body.txt body\nx\n"},
	    {"an empty file, and one that cannot be read", DOC("member - - a\nend\nmember - - b\nend encrypted\n"),
	     NAME "== 1 attachment\n== 1/d.doc/ filename\na\nb\n== 1/d.doc/a attachment\n== 1/d.doc/b attachment encrypted\n"},
	    {"why not all is there counts more than what the rest looks like",
	     DOC("member - - b.bin\ndata PK\\x03\\x04\nend damaged\nmember - - b.txt\ndata part\nend limit\n"),
	     NAME "== 1 attachment\n== 1/d.doc/ filename\nb.bin\nb.txt\n== 1/d.doc/b.bin attachment damaged\n"
		  "== 1/d.doc/b.txt attachment limit\npart\n"},
	    {"sealed mail, and what stands behind it",
	     DOC("member application/pkcs7-mime - smime.p7m\ndata \\x30\\x0d" ENVELOPED "\nend\n"
		 "member - - a.p7m\ndata \\x30\\x0d" ENVELOPED "SSN\nend\n"),
	     NAME "== 1 attachment\n== 1/d.doc/ filename\nsmime.p7m\na.p7m\n== 1/d.doc/smime.p7m attachment sealed\n"
		  "== 1/d.doc/a.p7m attachment unknown-format\n"},
	    {"files without a name have a number", DOC("member text/plain - \ndata x\nend\nmember text/plain - /\ndata y\nend\n"),
	     NAME "== 1 attachment\n== 1/d.doc/ filename\n1\n2\n== 1/d.doc/1 attachment\nx\n== 1/d.doc/2 attachment\ny\n"},
	    {"names of files", DOC("member text/plain - //../a\\nb\\x7f\\xff\ndata x\nend\n"),
	     NAME "== 1 attachment\n== 1/d.doc/ filename\n../a?b?\357\277\275\n== 1/d.doc/../a?b?\357\277\275 attachment\nx\n"},
	    {"a document in a document",
	     DOC("text a\nmember application/x-probe-script - b.doc\ndata text c\\nsection S\\ntext d\\nmember - - e.txt\\ndata "
		 "f\\nend\\n\nend\n"),
	     NAME
	     "== 1 attachment\na\n== 1/d.doc/ filename\nb.doc\n== 1/d.doc/b.doc attachment\nc\n== 1/d.doc/b.doc!S attachment\nd\n"
	     "== 1/d.doc/b.doc/ filename\nS\ne.txt\n== 1/d.doc/b.doc/e.txt attachment\nf\n"},
	    {"a mail in a document",
	     DOC("member - - 2/a.eml\ndata Subject: in\\nContent-Type: multipart/mixed; boundary=b\\n\\n--b\\n\\nt\\n--b\\n"
		 "Content-Type: application/x-probe-script; name=c.doc\\n\\ntext u\\nmember - - v.txt\\ndata "
		 "w\\nend\\n--b--\\n\nend\n"),
	     NAME "== 1 attachment\n== 1/d.doc/ filename\n2/a.eml\n== 1/d.doc/2/a.eml attachment\n"
		  "== 1/d.doc/2/a.eml/1.header header\nSubject: in\nContent-Type: multipart/mixed; boundary=b\n== "
		  "1/d.doc/2/a.eml/1.1 body\nt\n"
		  "== 1/d.doc/2/a.eml/1.2.name filename\nc.doc\n== 1/d.doc/2/a.eml/1.2 attachment\nu\n"
		  "== 1/d.doc/2/a.eml/1.2/c.doc/ filename\nv.txt\n== 1/d.doc/2/a.eml/1.2/c.doc/v.txt attachment\nw\n"},
	};

	(void)state;
	CHECK(POLICY(), rows);
}

/* ---- what no extractor should do ---------------------------------------------------------------------------------- */

static void test_misuse(void **state)
{
	static const struct row rows[] = {
	    {"text inside of a file", DOC("text a\nmember text/plain - a\ndata x\ntext b\n"),
	     NAME "== 1 attachment crashed\na\n== 1/d.doc/ filename\na\n== 1/d.doc/a attachment crashed\nx\n"},
	    {"a section inside of a file", DOC("member text/plain - a\nsection S\n"),
	     NAME "== 1 attachment crashed\n== 1/d.doc/ filename\na\n== 1/d.doc/a attachment crashed\n"},
	    {"a file inside of a file", DOC("member text/plain - a\nmember text/plain - b\n"),
	     NAME "== 1 attachment crashed\n== 1/d.doc/ filename\na\n== 1/d.doc/a attachment crashed\n"},
	    {"octets without a file", DOC("text a\ndata x\n"), NAME "== 1 attachment crashed\na\n"},
	    {"the end of no file", DOC("text a\nend\n"), NAME "== 1 attachment crashed\na\n"},
	    {"a file that does not end", DOC("text a\nmember text/plain - a\ndata x\n"),
	     NAME "== 1 attachment crashed\na\n== 1/d.doc/ filename\na\n== 1/d.doc/a attachment crashed\nx\n"},
	    {"a file that does not end, with a reason", DOC("text a\nmember text/plain - a\ndata x\nreturn 5 damaged\n"),
	     NAME "== 1 attachment damaged\na\n== 1/d.doc/ filename\na\n== 1/d.doc/a attachment damaged\nx\n"},
	    {"a reason that is none", DOC("text a\nunread tired\n"), NAME "== 1 attachment crashed\na\n"},
	    {"a reason that is none, for a file", DOC("member text/plain - a\nend tired\n"),
	     NAME "== 1 attachment crashed\n== 1/d.doc/ filename\na\n== 1/d.doc/a attachment crashed\n"},
	    {"nothing more is taken",
	     DOC("again\ntext a\nend\ntext b\nsection S\ntext c\nmember - - a.txt\ndata d\nend\npage\nhidden\nunread image\n"
		 "return 0 damaged\n"),
	     NAME "== 1 attachment crashed\na\n"},
	    {"a failure without a reason that is one", DOC("text a\nreturn 5 nonsense\n"), NAME "== 1 attachment crashed\na\n"},
	};

	(void)state;
	CHECK(POLICY(), rows);
}

/* ---- limits ------------------------------------------------------------------------------------------------------- */

#define AGAIN "again\n"

struct limit_row {
	const char *limit, *cause, *mail, *shown;
};

static const struct limit_row limits[] = {
    {"members 2", "limit.members",
     DOC("section A\ntext a\nmember - - b.txt\ndata b\nend\n" AGAIN "member - - c.txt\ndata c\nend\ntext d\n"),
     NAME
     "== 1 attachment limit\n== 1/d.doc!A attachment limit\na\n== 1/d.doc/ filename\nA\nb.txt\n== 1/d.doc/b.txt attachment\nb\n"},
    {"members 2", "limit.members", DOC("section A\ntext a\nsection B\ntext b\nsection A\ntext c\n" AGAIN "section C\ntext d\n"),
     NAME "== 1 attachment limit\n== 1/d.doc!A attachment limit\nac\n== 1/d.doc!B attachment\nb\n== 1/d.doc/ filename\nA\nB\n"},
    {"members 4", "limit.members",
     DOC("member - - a.eml\ndata Subject: x\\nContent-Type: multipart/mixed; "
	 "boundary=b\\n\\n--b\\n\\n1\\n--b\\n\\n2\\n--b\\n\\n3\\n--b--\\n\nend\n"),
     NAME "== 1 attachment\n== 1/d.doc/ filename\na.eml\n== 1/d.doc/a.eml attachment limit\n== 1/d.doc/a.eml/1.header "
	  "header\nSubject: x\n"
	  "Content-Type: multipart/mixed; boundary=b\n== 1/d.doc/a.eml/1.1 body\n1\n== 1/d.doc/a.eml/1.2 body\n2\n"},
    {"nesting 1", "limit.nesting",
     DOC("member application/x-probe-script - b.doc\ndata text b\\nmember - - c.txt\\ndata c\\nend\\n\nend\n"),
     NAME "== 1 attachment\n== 1/d.doc/ filename\nb.doc\n== 1/d.doc/b.doc attachment\nb\n== 1/d.doc/b.doc/ filename\nc.txt\n"
	  "== 1/d.doc/b.doc/c.txt attachment limit\n"},
    {"pages 2", "limit.pages", DOC("page\ntext a\npage\ntext b\n" AGAIN "page\ntext c\n"), NAME "== 1 attachment limit\nab\n"},
    {"unpacked 1K", "limit.unpacked",
     DOC("member - - a.txt\ndata a\nend\nmember - - b.bin\ndatafill 1022\ndata PK\ndata x\nend\nmember - - c.txt\ndata "
	 "c\nend\n" AGAIN "text d\n"),
     NULL},
    {"ratio 2", "limit.ratio", DOC("fill 1048576\nfill 300\n"), NULL},
    {"ratio 2", "limit.ratio", DOC("member - - a.txt\ndatafill 1048576\nend\nmember - - b.txt\ndatafill 300\nend\n"), NULL},
    {"text 1K", "limit.text", DOC("fill 2000\nsection A\n"), NULL},
    /* bounds of a module itself */
    {"pages 9", "limit.reading", DOC("text a\nunread limit\n"), NAME "== 1 attachment limit\na\n"},
    {"pages 9", "limit.reading", DOC("section A\ntext a\nunread limit\n"),
     NAME "== 1 attachment\n== 1/d.doc!A attachment limit\na\n== 1/d.doc/ filename\nA\n"},
    {"pages 9", "limit.reading", DOC("member - - a.txt\ndata a\nend limit\n"),
     NAME "== 1 attachment\n== 1/d.doc/ filename\na.txt\n== 1/d.doc/a.txt attachment limit\na\n"},
};

/* Each is a cause by its name, the document says it, and what came before is there. */
static void test_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		char policy[1024];
		struct world w;
		struct mw_msg *m;

		probe_reset();
		(void)snprintf(policy, sizeof(policy), POLICY("limit %s\n"), limits[i].limit);
		world_open(&w, policy, 0);
		m = msg_run(&w, "b@x.example", limits[i].mail);
		if (!mw_msg_outcome(m)->cause || strcmp(mw_msg_outcome(m)->cause, limits[i].cause) != 0)
			fail_msg("%zu: the cause is %s", i, mw_msg_outcome(m)->cause ? mw_msg_outcome(m)->cause : "none");
		if (limits[i].shown && strcmp(msg_read(m), limits[i].shown) != 0)
			fail_msg("%zu:\n%s\nand not\n%s", i, msg_read(m), limits[i].shown);
		if (!limits[i].shown)
			assert_string_equal(msg_part(m, "1")->unread, "limit");
		mw_msg_free(&m);
		world_close(&w);
	}
}

/* How much of a file is there when no more may come. */
static void test_unpacked(void **state)
{
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, POLICY("limit unpacked 1K\n"), 0);
	m = msg_run(&w, "b@x.example", limits[5].mail);
	assert_string_equal(msg_part(m, "1/d.doc/a.txt")->text.p, "a");
	assert_null(msg_part(m, "1/d.doc/a.txt")->unread);
	assert_string_equal(msg_part(m, "1/d.doc/b.bin")->unread, "limit");
	assert_int_equal(msg_part(m, "1/d.doc/b.bin")->text.n, 1023);
	assert_null(msg_part(m, "1/d.doc/c.txt"));
	assert_string_equal(msg_part(m, "1")->unread, "limit");
	assert_int_equal(msg_part(m, "1")->text.n, 0);
	mw_msg_free(&m);
	world_close(&w);
}

/* An archive of many mails is bounded by the limits, never by memory that runs out. */
static void test_many_mails(void **state)
{
	static const char one[] =
	    "member - - m.eml\ndata Subject: x\\nContent-Type: multipart/mixed; boundary=b\\n\\n--b\\nContent-Type: text/plain; "
	    "name=\\x22some name\\x22\\n\\n1\\n--b\\n\\n2\\n--b--\\n\nend\n";
	static char mail[9000 * sizeof(one) + 200];
	size_t n = (size_t)snprintf(mail, sizeof(mail), DOC());
	struct world w;
	struct mw_msg *m;

	(void)state;
	for (int i = 0; i < 9000; i++, n += sizeof(one) - 1)
		memcpy(mail + n, one, sizeof(one));
	probe_reset();
	world_open(&w, POLICY(), 0);
	m = msg_run(&w, "b@x.example", mail);
	assert_string_equal(mw_msg_outcome(m)->cause, "limit.members");
	mw_msg_free(&m);
	world_close(&w);
}

struct memory {
	uint64_t octets, most;
	unsigned asked;
};

static int more(void *ctx, uint64_t octets, int64_t patience)
{
	struct memory *memory = ctx;

	assert_true(patience > 0);

	memory->asked++;
	if (octets > memory->most - memory->octets)
		return -ENOMEM;
	memory->octets += octets;
	return 0;
}

/* Memory is asked for before it is taken; without it the message is put off. */
static void test_memory(void **state)
{
	static const uint64_t most[] = {UINT64_MAX, 4u << 20};
	struct world w;

	(void)state;
	probe_reset();
	world_open(&w, POLICY("limit ratio 100000\n"), 0);
	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
		struct memory memory = {.most = most[i]};
		const struct mw_msg_options options = {.memory = 65536, .spool = "/tmp", .more = more, .more_ctx = &memory};
		struct mw_msg *m = mw_msg_new(w.gen, &options);

		assert_non_null(m);
		assert_int_equal(mw_msg_sender(m, mw_str("<alice@clinic.example>")), 0);
		msg_take(
		    m,
		    DOC("member - - a.txt\ndatafill 1000000\nend\nmember - - b.txt\ndatafill 3000000\nend\ntext x\nfill 9000\n"));
		mw_msg_run(m, NULL, NULL);
		if (most[i] == UINT64_MAX) {
			assert_int_equal(memory.octets, 8u << 20);
			assert_int_equal(memory.asked, 2); /* ahead, and when it was not enough */
			assert_int_equal(msg_part(m, "1/d.doc/b.txt")->text.n, 3000000);
			mw_msg_forget_text(m);
			assert_int_equal(msg_part(m, "1/d.doc/b.txt")->text.n, 0);
		} else {
			assert_int_equal(mw_msg_outcome(m)->effect, MW_TEMPFAIL);
			assert_string_equal(mw_msg_cause_why(m, MW_CAUSE_ERROR), "no memory for what is inside of it");
		}
		mw_msg_free(&m);
	}
	world_close(&w);
}

/* Rules see where they are: hidden text, and names. */
static void test_findings(void **state)
{
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, POLICY("match when rule num in filename = 2 and rule num = 5 then hold\n"), 0);
	m = msg_run(&w, "b@x.example",
		    DOC("text 123456789\nhidden\ntext  223456789\nsection S 323456789\nmember - - a_423456789.txt\ndata "
			"523456789\nend\n"));
	assert_int_equal(mw_msg_findings(m), 5);
	assert_true(strncmp(msg_shown(m), "hold", 4) == 0);
	mw_msg_free(&m);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sections), cmocka_unit_test(test_members),  cmocka_unit_test(test_misuse),
	    cmocka_unit_test(test_limits),   cmocka_unit_test(test_unpacked), cmocka_unit_test(test_many_mails),
	    cmocka_unit_test(test_findings), cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
