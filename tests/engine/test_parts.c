/* SPDX-License-Identifier: Apache-2.0 */
/* parts: what a scanner gets to read of a message, and what it is told that it cannot read. */
#include "setup.h"

#include <stdio.h>
#include <string.h>

#define POLICY LOAD_PROBE "load phi with probe-text, probe-check grant text\n" RULES "match any then pass\n"

struct expected {
	const char *path, *type, *unread, *text; /* text NULL: not looked at */
	uint32_t zone;
};

struct mail {
	const char *name, *text;
	struct expected part[8];
};

#define BODY(type, ...) "Subject: s\nContent-Type: " type "\n\n" __VA_ARGS__

static const struct mail mails[] = {
    {"plain",
     "Subject: =?utf-8?q?caf=C3=A9?=\nX-Note: see\n below\n\nbody\n",
     {{"subject", "text/plain", NULL, "caf\303\251", MW_ZONE_SUBJECT},
      {"header", "text/plain", NULL, "X-Note: see below\n", MW_ZONE_HEADER},
      {"1", "text/plain", NULL, "body\n", MW_ZONE_BODY}}},
    {"what programs write is no header text",
     "Received: from a (b [192.0.2.1]) by c; Mon, 1 Jan 2024 10:00:00 +0000\nDKIM-Signature: v=1; b=123456789\n"
     "Message-ID: <123456789@x>\nDate: Mon, 1 Jan 2024 10:00:00 +0000\nX-Spam-Score: 123456789\nList-Id: <123456789.x>\n"
     "From: \"Doe, Jane 123456789\" <jane@x.example>\nTo: bob@x.example, <eve@y.example>\nComments: about 4711\n\n",
     {{"header", "text/plain", NULL, "From: \"Doe, Jane 123456789\"\nComments: about 4711\n", MW_ZONE_HEADER}}},
    {"a field behind a bare CR is one to some readers",
     "X-Spam-Score: 1\rSubject: 123\n b\n\n",
     {{"header", "text/plain", NULL, "Subject: 123 b\n", MW_ZONE_HEADER}}},
    {"file names in a header that is shown as a text",
     BODY("text/rfc822-headers", "Content-Disposition: attachment; filename=123\nDate: Mon, 1 Jan 2024 10:00:00 +0000\n"),
     {{"1", "text/rfc822-headers", NULL, "Content-Disposition: attachment; filename=123\n", MW_ZONE_BODY}}},
    {"several subjects", "Subject: one\nSubject: two\n\n", {{"subject", "text/plain", NULL, "one\ntwo", MW_ZONE_SUBJECT}}},
    {"latin-1",
     BODY("text/plain; charset=iso-8859-1", "\351t\351"),
     {{"1", "text/plain", NULL, "\303\251t\303\251", MW_ZONE_BODY}}},
    {"a charset that nobody knows, and octets that are no text without it",
     BODY("text/plain; charset=cp037", "\327\201\243\211\205\225\243\100\361\362\363\364\365\366\367\370\371"),
     {{"1", "text/plain", "unknown-format", NULL, MW_ZONE_BODY}}},
    {"HTML in a charset that nobody knows, and octets that are no text without it",
     BODY("text/html; charset=x-none", "\327\201\243\211\205\225\243\100\361\362\363\364\365\366\367\370\371"),
     {{"1", "text/html", "unknown-format", NULL, MW_ZONE_BODY}}},
    {"a charset that nobody knows, and a text all the same",
     BODY("text/plain; charset=x-none", "caf\351 1"),
     {{"1", "text/plain", NULL, "caf\303\251 1", MW_ZONE_BODY}}},
    {"Cyrillic by its label",
     BODY("text/plain; charset=koi8-r", "\304\301"),
     {{"1", "text/plain", NULL, "\320\264\320\260", MW_ZONE_BODY}}},
    {"html without an extractor", BODY("text/html", "<p>x"), {{"1", "text/html", "unknown-format", "<p>x", MW_ZONE_BODY}}},
    {"a calendar with folded lines",
     BODY("text/calendar", "SUMMARY:visit of 1234\n 56789\\, 9:00\n"),
     {{"1", "text/calendar", NULL, "SUMMARY:visit of 1234\n 56789\\, 9:00\n\nSUMMARY:\nvisit of 123456789, 9:00\n",
       MW_ZONE_BODY}}},
    {"flowed with delsp",
     BODY("text/plain; format=flowed; delsp=yes", "visit of 1234 \n56789\n"),
     {{"1", "text/plain", NULL, "visit of 1234 \n56789\n\nvisit of 123456789\n", MW_ZONE_BODY}}},
    {"flowed", BODY("text/plain; format=flowed", "visit \nof\n"), {{"1", "text/plain", NULL, "visit \nof\n", MW_ZONE_BODY}}},
    {"calendar, csv, json, hl7 are text",
     BODY("multipart/mixed; boundary=b",
	  "--b\nContent-Type: text/calendar\n\nc\n--b\nContent-Type: text/csv\n\nv\n"
	  "--b\nContent-Type: application/fhir+json\n\n{}\n--b\nContent-Type: application/hl7-v2\n\nMSH\n--b--\n"),
     {{"1", "text/calendar", NULL, "c", MW_ZONE_BODY},
      {"2", "text/csv", NULL, "v", MW_ZONE_BODY},
      {"3", "application/fhir+json", NULL, "{}", MW_ZONE_ATTACHMENT},
      {"4", "application/hl7-v2", NULL, "MSH", MW_ZONE_ATTACHMENT}}},
    {"calendar: lines as people see them",
     BODY("text/calendar", "SUMMARY:pain in th\n e left\\, and\\nright \n\thip\\\\n"),
     {{"1", "text/calendar", NULL,
       "SUMMARY:pain in th\n e left\\, and\\nright \n\thip\\\\n\nSUMMARY:\npain in the left, and\nright hip\\n\n",
       MW_ZONE_BODY}}},
    {"folded text elsewhere stays", BODY("text/plain", "a\n b\\n"), {{"1", "text/plain", NULL, "a\n b\\n", MW_ZONE_BODY}}},
    {"octets with a telling name",
     BODY("application/octet-stream; name=list.CSV", "123456789,x"),
     {{"1", "text/csv", NULL, "123456789,x", MW_ZONE_ATTACHMENT}}},
    {"octets that say nothing",
     BODY("application/octet-stream", "ab\001c"),
     {{"1", "application/octet-stream", "unknown-format", "", 0}}},
    {"a text that is said to be octets",
     BODY("application/octet-stream", "abc 123456789"),
     {{"1", "text/plain", NULL, "abc 123456789", 0}}},
    {"a text that is said to be of a program that nobody knows",
     BODY("application/x-nobody", "abc 123456789"),
     {{"1", "application/x-nobody", "unknown-format", "abc 123456789", 0}}},
    {"an icon that nobody can read",
     BODY("image/gif", "GIF89a\1\1\1\1____________________"),
     {{"1", "image/gif", "image", NULL, 0}}},
    {"a mail that is said to be octets",
     BODY("application/octet-stream", "From: a\nTo: b\nSubject: c\n\n123456789\n"),
     {{"1", "message/rfc822", NULL, "", MW_ZONE_ATTACHMENT},
      {"1/1.header", "text/rfc822-headers", NULL, "From: a\nTo: b\nSubject: c\n", MW_ZONE_HEADER},
      {"1/1.1", "text/plain", NULL, "123456789\n", MW_ZONE_BODY}}},
    {"a folder of mails",
     BODY("application/mbox", "From a\nSubject: c\n\n1\n\nFrom b\nSubject: d\n\n2\n"),
     {{"1", "application/mbox", NULL, "", MW_ZONE_ATTACHMENT},
      {"1/", "text/plain", NULL, "1.eml\n2.eml\n", MW_ZONE_FILENAME},
      {"1/1.eml", "message/rfc822", NULL, "", MW_ZONE_ATTACHMENT},
      {"1/1.eml/1.header", "text/rfc822-headers", NULL, "Subject: c\n", MW_ZONE_HEADER},
      {"1/1.eml/1.1", "text/plain", NULL, "1\n", MW_ZONE_BODY}}},
    {"octets whose content tells",
     BODY("application/octet-stream; name=a.txt", "%PDF-1.4"),
     {{"1", "application/pdf", "unknown-format", "", 0}}},
    {"an archive that claims to be text",
     BODY("text/plain", "PK\003\004xx"),
     {{"1", "application/zip", "unknown-format", "", 0}}},
    {"a document in a container",
     BODY("application/octet-stream; name=a.docx", "PK\003\004xx"),
     {{"1", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "unknown-format", "", 0}}},
    {"a text that claims to be an archive by name",
     BODY("text/plain; name=a.zip", "plain"),
     {{"1", "text/plain", NULL, "plain", 0}}},
    {"picture", BODY("image/png", "\211PNG\r\n\032\nx"), {{"1", "image/png", "image", "", MW_ZONE_ATTACHMENT}}},
    {"a text that is said to be a picture", BODY("image/png", "x"), {{"1", "image/png", "image", "x", MW_ZONE_ATTACHMENT}}},
    {"empty parts hide nothing", BODY("application/pdf", ""), {{"1", NULL, NULL, "", 0}}},
    {"signature",
     BODY("multipart/signed; boundary=b", "--b\nContent-Type: text/plain\n\nt\n--b\nContent-Type: application/pgp-signature\n\n"
					  "-----BEGIN PGP SIGNATURE-----\n\niQ\n-----END PGP SIGNATURE-----\n--b--\n"),
     {{"1", "text/plain", NULL, "t", 0}, {"2", "application/pgp-signature", NULL, "", 0}}},
    {"text that claims to be a signature",
     BODY("application/pgp-signature", "Patient 123456789"),
     {{"1", "application/pgp-signature", "unknown-format", "Patient 123456789", 0}}},
    {"nested message",
     BODY("message/rfc822", "Subject: inner 123\nReceived: x\nX-A: b\n\nhello\n"),
     {{"1.header", "text/rfc822-headers", NULL, "Subject: inner 123\nX-A: b\n", MW_ZONE_HEADER},
      {"1.1", "text/plain", NULL, "hello\n", 0}}},
    {"alternatives that differ, and a root that is not the first part",
     BODY("multipart/alternative; boundary=a",
	  "--a\nContent-Type: text/plain\n\nsee the other part\n--a\nContent-Type: multipart/related; boundary=b; "
	  "start=\"<root>\"\n\n"
	  "--b\nContent-Type: text/plain\n\n111111111\n--b\nContent-Type: text/plain\nContent-ID: <root>\n\n222222222\n--b--\n"
	  "--a--\n"),
     {{"1", "text/plain", NULL, "see the other part", MW_ZONE_BODY},
      {"2.1", "text/plain", NULL, "111111111", MW_ZONE_BODY},
      {"2.2", "text/plain", NULL, "222222222", MW_ZONE_BODY}}},
    {"names of attachments",
     BODY("multipart/mixed; boundary=b",
	  "--b\nContent-Type: image/png; name=one_two.png\nContent-Description: =?utf-8?q?caf=C3=A9?=\n\nx\n--b--\n"),
     {{"1.name", "text/plain", NULL, "one_two.png\none two.png\n", MW_ZONE_FILENAME},
      {"1.mime", "text/plain", NULL, "Content-Description: caf\303\251\n", MW_ZONE_HEADER},
      {"1", "image/png", "image", "x", MW_ZONE_ATTACHMENT}}},
    {"a uuencoded file in a text",
     BODY("text/plain", "see\nbegin 644 list.txt\n+4U-.(#(Q.2TP.0H \n`\nend\n"),
     {{"1/", "text/plain", NULL, "list.txt\n", MW_ZONE_FILENAME},
      {"1/list.txt", "text/plain", NULL, "SSN 219-09\n", MW_ZONE_ATTACHMENT}}},
    {"extractor", BODY("application/x-probe", "abc"), {{"1", "application/x-probe", NULL, "application/x-probe abc", 0}}},
    {"extractor by prefix", BODY("text/x-probe-a", "abc"), {{"1", "text/x-probe-a", NULL, "text/x-probe-a abc", 0}}},
    {"extractor gives a reason", BODY("application/x-probe", "encrypted"), {{"1", "application/x-probe", "encrypted", "", 0}}},
    {"extractor breaks", BODY("application/x-probe", "crash"), {{"1", "application/x-probe", "crashed", "", 0}}},
};

/* SMTP's line ends: the test's text has LF alone, a body has CRLF. */
static char *with_crlf(const char *s)
{
	static char out[8192];
	char *p = out;

	for (; *s; s++) {
		if (*s == '\n')
			*p++ = '\r';
		*p++ = *s;
	}
	*p = '\0';
	return out;
}

static void check_part(const struct mw_msg *m, const char *name, const struct expected *e)
{
	const struct mw_part *p = msg_part(m, e->path);
	const char *text = e->text;

	if (!p)
		fail_msg("%s: there is no part %s", name, e->path);
	if (e->type && strcmp(p->type, e->type) != 0)
		fail_msg("%s: part %s has type %s", name, e->path, p->type);
	if ((e->unread == NULL) != (p->unread == NULL) || (e->unread && strcmp(e->unread, p->unread) != 0))
		fail_msg("%s: part %s: %s", name, e->path, p->unread ? p->unread : "was read");
	if (e->zone && p->zone != e->zone)
		fail_msg("%s: part %s is in zone %u", name, e->path, p->zone);
	if (text && (p->text.n != strlen(text) || memcmp(p->text.p, text, p->text.n) != 0))
		fail_msg("%s: part %s has the text \"%.*s\"", name, e->path, (int)p->text.n, p->text.p);
}

static struct mw_msg *take(struct world *w, const char *text)
{
	struct mw_msg *m = msg_to(w, "b@x.example");
	const char *body = strstr(text, "\n\n");
	char header[4096];

	assert_non_null(body);
	(void)snprintf(header, sizeof(header), "%.*s\n", (int)(body - text + 1), text);
	header[body - text + 1] = '\0';
	msg_take(m, header);
	body = with_crlf(body + 2);
	(void)mw_msg_body(m, body, strlen(body));
	mw_msg_run(m, NULL, NULL);
	return m;
}

static void test_parts(void **state)
{
	struct world w;

	(void)state;
	probe_reset();
	world_open(&w, POLICY, MW_GEN_OFFLINE);
	for (size_t i = 0; i < sizeof(mails) / sizeof(mails[0]); i++) {
		struct mw_msg *m = take(&w, mails[i].text);
		size_t n = 0;

		while (n < 8 && mails[i].part[n].path)
			check_part(m, mails[i].name, &mails[i].part[n++]);
		mw_msg_free(&m);
	}
	world_close(&w);
}

/* A broken extractor is more than an unreadable part. */
static void test_extractor_fails(void **state)
{
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, POLICY, 0);
	m = take(&w, BODY("application/x-probe", "crash"));
	assert_string_equal(mw_msg_cause_why(m, MW_CAUSE_ERROR), "module \"probe-text\": extractor broke");
	assert_int_equal(mw_msg_outcome(m)->effect, MW_TEMPFAIL);
	mw_msg_free(&m);
	m = take(&w, BODY("application/x-probe", "encrypted"));
	assert_int_equal(mw_msg_causes(m), 0);
	assert_int_equal(mw_msg_outcome(m)->effect, MW_PASS);
	mw_msg_free(&m);
	world_close(&w);
}

/* ---- limits ------------------------------------------------------------------------------------------------------ */
static void test_text_limit(void **state)
{
	const uint32_t cause = MW_CAUSE_LIMIT_FIRST + MW_LIMIT_TEXT;
	struct world w;
	struct mw_msg *m;
	char mail[4096];

	(void)state;
	probe_reset();
	world_open(&w, POLICY "limit text 1K\non limit.text refuse \"too much\"\n", 0);
	memset(mail, 'x', sizeof(mail) - 1);
	mail[sizeof(mail) - 1] = '\0';
	memcpy(mail, "Subject: s\nX-A: b\n\n", 19);
	/* a character that would be cut in two: 1 + 7 octets of Subject and header come before */
	memcpy(mail + 19 + 1024 - 8 - 1, "\303\251", 2);
	m = take(&w, mail);
	assert_string_equal(msg_part(m, "1")->unread, "limit");
	assert_int_equal(msg_part(m, "1")->text.n, 1024 - 8 - 1);
	assert_true(mw_msg_causes(m) & (uint64_t)1 << cause);
	assert_int_equal(mw_msg_outcome(m)->effect, MW_REFUSE);
	assert_string_equal(mw_msg_outcome(m)->cause, "limit.text");
	assert_string_equal(mw_msg_outcome(m)->reason, "too much");
	mw_msg_free(&m);
	m = take(&w, BODY("application/x-probe", "flood"));
	assert_string_equal(msg_part(m, "1")->unread, "limit");
	assert_true(msg_part(m, "1")->text.n > 1000 && msg_part(m, "1")->text.n <= 1024);
	mw_msg_free(&m);
	world_close(&w);
}

static void test_findings_limit(void **state)
{
	struct world w;
	struct mw_msg *m;
	char mail[4096];
	size_t n;

	(void)state;
	probe_reset();
	world_open(&w, POLICY "limit findings 100\n", 0);
	n = (size_t)snprintf(mail, sizeof(mail), "Subject: s\n\n");
	for (unsigned i = 0; i < 150; i++)
		n += (size_t)snprintf(mail + n, sizeof(mail) - n, "%09u ", 100000000 + i);
	m = take(&w, mail);
	assert_int_equal(mw_msg_findings(m), 75); /* the last quarter is for rules that have found less */
	assert_string_equal(msg_part(m, "1")->unread, "limit");
	assert_string_equal(mw_msg_outcome(m)->cause, "limit.findings");
	mw_msg_free(&m);
	world_close(&w);
}

static void test_mime_limits(void **state)
{
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, POLICY "limit parts 2\non limit.parts portal\n", 0);
	m = take(&w, BODY("multipart/mixed; boundary=b", "--b\n\n1\n--b\n\n2\n--b\n\n3\n--b--\n"));
	assert_string_equal(msg_part(m, "3")->unread, "limit");
	assert_string_equal(msg_shown(m), "route portal policy:8 => route limit.parts");
	mw_msg_free(&m);
	world_close(&w);
}

/* ---- facts of phi ------------------------------------------------------------------------------------------------ */
static int64_t phi_fact(struct world *w, const struct mw_msg *m, const char *name)
{
	const struct mw_plan *plan = mw_generation_plan(w->gen);

	for (uint32_t i = 0; i < plan->modules; i++)
		for (uint32_t f = 0; strcmp(plan->module[i].name, "phi") == 0 && plan->module[i].plugin->facts[f].name; f++)
			if (strcmp(plan->module[i].plugin->facts[f].name, name) == 0)
				return mw_msg_fact(m, i, f);
	fail_msg("no fact %s", name);
	return -1;
}

static void test_phi(void **state)
{
	static const struct {
		const char *mail;
		int64_t identifiers, clinical, findings, people, unreadable;
	} cases[] = {
	    {"Subject: s\n\nnothing", 0, 0, 0, 0, 0},
	    {"Subject: 123456789\n\n123456789 and 123456789", 1, 0, 3, 1, 0},
	    {"Subject: s\n\n123456789 123456780 123456781 diabetes Asthma DIABETES", 3, 2, 6, 3, 0},
	    {"Subject: s\n\nW1234 is below the confidence", 0, 0, 0, 0, 0},
	    {BODY("image/png", "x"), 0, 0, 0, 0, 1},
	};
	struct world w;

	(void)state;
	probe_reset();
	world_open(&w, POLICY, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct mw_msg *m = take(&w, cases[i].mail);

		if (phi_fact(&w, m, "identifiers") != cases[i].identifiers || phi_fact(&w, m, "clinical") != cases[i].clinical ||
		    phi_fact(&w, m, "findings") != cases[i].findings || phi_fact(&w, m, "people") != cases[i].people ||
		    phi_fact(&w, m, "unreadable") != cases[i].unreadable)
			fail_msg("case %zu: identifiers=%lld clinical=%lld findings=%lld people=%lld unreadable=%lld", i,
				 (long long)phi_fact(&w, m, "identifiers"), (long long)phi_fact(&w, m, "clinical"),
				 (long long)phi_fact(&w, m, "findings"), (long long)phi_fact(&w, m, "people"),
				 (long long)phi_fact(&w, m, "unreadable"));
		mw_msg_free(&m);
	}
	world_close(&w);
}

static void test_phi_confidence(void **state)
{
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, LOAD_PROBE "load phi grant text { confidence 40 }\n" RULES "match any then pass\n", 0);
	m = take(&w, "Subject: s\n\nW1234");
	assert_int_equal(phi_fact(&w, m, "identifiers"), 1);
	mw_msg_free(&m);
	world_close(&w);
}

/* A rule that gives up is told as a fact, as a reason, and never as "nothing found". */
static void test_indeterminate(void **state)
{
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w,
		   LOAD_PROBE "load phi grant text\nrule slow { kind identifier; pattern /(a+)+$/; level 80 }\n"
			      "match unreadable(indeterminate) then hold \"look\"\nmatch any then pass\n",
		   0);
	m = msg_run(&w, "b@x.example", "Subject: s\n\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab c");
	assert_int_equal(phi_fact(&w, m, "indeterminate"), 1);
	assert_int_equal(phi_fact(&w, m, "unreadable"), 1);
	assert_string_equal(msg_shown(m), "hold hold policy:4 => hold");
	mw_msg_free(&m);
	world_close(&w);
}

/* Rules without phi: the policy itself asks. */
static void test_rule_condition(void **state)
{
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, LOAD_PROBE RULES "match rule num >= 2 then hold\nmatch any then pass\n", 0);
	m = take(&w, "Subject: s\n\n123456789 123456789");
	assert_string_equal(msg_shown(m), "pass pass policy:6 => pass");
	mw_msg_free(&m);
	m = take(&w, "Subject: 987654321\n\n123456789 123456789");
	assert_string_equal(msg_shown(m), "hold hold policy:5 => hold");
	mw_msg_free(&m);
	world_close(&w);
}

/* Where a rule was found, and what is in shadow, is for the policy to ask. */
static void test_zones(void **state)
{
	static const char mail[] =
	    "Subject: 111111111\n\n123456789 222222222\n\n> 123456789\n> 333333333\n\nok\n\n-- \nAnn 444444444\n";
	static const struct {
		const char *condition;
		bool holds;
	} row[] = {
	    {"rule num = 5", true},
	    {"rule num in new = 2", true},
	    {"rule num in quoted = 2", true},
	    {"rule num in quoted, new = 3", true}, /* one of them stands in both */
	    {"rule num in signature = 1", true},
	    {"rule num in subject = 1", true},
	    {"rule num in attachment", false},
	    {"rule num in header, disclaimer", false},
	    {"rule trial", false},
	    {"phi.identifiers = 5", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char policy[600];
		struct world w;
		struct mw_msg *m;
		size_t shadow = 0;

		probe_reset();
		(void)snprintf(policy, sizeof(policy),
			       LOAD_PROBE "load phi grant text\n" RULES "rule trial { kind identifier; pattern /Ann/; shadow }\n"
					  "match when %s then hold\nmatch any then pass\n",
			       row[i].condition);
		world_open(&w, policy, 0);
		m = take(&w, mail);
		for (size_t k = 0; k < mw_msg_findings(m); k++)
			shadow += mw_msg_finding(m, k)->flags & MW_FINDING_SHADOW;
		if (strncmp(msg_shown(m), row[i].holds ? "hold" : "pass", 4) != 0 || shadow != 1)
			fail_msg("%s: %s, %zu in shadow", row[i].condition, msg_shown(m), shadow);
		mw_msg_free(&m);
		world_close(&w);
	}
}

static void test_bare_text(void **state)
{
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, POLICY, MW_GEN_OFFLINE);
	m = msg_to(&w, "");
	assert_int_equal(mw_msg_text(m, mw_str("From: x 123456789")), 0);
	mw_msg_run(m, NULL, NULL);
	assert_int_equal(mw_msg_parts(m), 1);
	assert_string_equal(mw_msg_part(m, 0)->path, "0");
	assert_int_equal(mw_msg_findings(m), 1);
	assert_int_equal(mw_msg_finding(m, 0)->offset, 8);
	assert_null(mw_msg_finding(m, 1));
	mw_msg_free(&m);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parts),	   cmocka_unit_test(test_extractor_fails), cmocka_unit_test(test_text_limit),
	    cmocka_unit_test(test_findings_limit), cmocka_unit_test(test_mime_limits),	   cmocka_unit_test(test_phi),
	    cmocka_unit_test(test_phi_confidence), cmocka_unit_test(test_indeterminate),   cmocka_unit_test(test_rule_condition),
	    cmocka_unit_test(test_zones),	   cmocka_unit_test(test_bare_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
