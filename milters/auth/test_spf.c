/* SPDX-License-Identifier: Apache-2.0 */
/* spf: what the suite of RFC 7208 (tests/corpus/spf-suite.t) does not have: faults of DNS, limits, hosts that are this one, and octets that
 * records, local parts and explanations should not have. */
#include "spf.h"

#include "spf_macro.h"
#include "spf_record.h"
#include "zone.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct mw_str str(const char *s)
{
	return (struct mw_str){s, strlen(s)};
}

static struct mw_zonefile *zone_of(const char *text)
{
	struct mw_zonefile *z = NULL;
	struct mw_err err = {0};

	if (mw_zonefile_parse(text, strlen(text), &z, &err))
		fail_msg("%s", err.text);
	return z;
}

static struct mw_auth_mail mail_of(const char *client, const char *helo, const char *sender)
{
	const char *at = strrchr(sender, '@');

	return (struct mw_auth_mail){.client = str(client),
				     .helo = str(helo),
				     .sender = str(sender),
				     .sender_domain = str(at ? at + 1 : ""),
				     .receiver = "mx.clinic.example",
				     .now = 1700000000};
}

static struct mw_spf_result check(const char *records, const char *client, const char *helo, const char *sender,
				  enum mw_spf_identity identity)
{
	struct mw_zonefile *z = zone_of(records);
	struct mw_resolver resolver = mw_zonefile_resolver(z);
	struct mw_auth_mail mail = mail_of(client, helo, sender);
	struct mw_spf_result r;

	memset(&r, 0x55, sizeof(r));
	mw_spf_want(&mail, &resolver);
	assert_int_equal(mw_spf_check(&mail, &resolver, identity, NULL, &r), 0);
	mw_zonefile_free(&z);
	return r;
}

struct row {
	const char *records; /* of a.example unless there is a name */
	const char *client;
	enum mw_auth_word word;
	const char *mechanism, *why;
};

static void check_rows(const struct row *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct mw_spf_result r = check(row[i].records, row[i].client, "helo.example", "user@a.example", MW_SPF_MAILFROM);

		if (r.word != row[i].word || strcmp(r.mechanism, row[i].mechanism) != 0 || strcmp(r.why, row[i].why) != 0)
			fail_msg("row %zu: %s, \"%s\", \"%s\"", i, mw_auth_word(r.word), r.mechanism, r.why);
		assert_int_equal(r.identity, MW_SPF_MAILFROM);
		assert_string_equal(r.domain, "a.example");
	}
}

static void test_faults(void **state)
{
	static const struct row rows[] = {
	    {"a.example TXT TIMEOUT", "192.0.2.1", MW_AUTH_TEMPERROR, "", "a.example: DNS does not answer in time"},
	    {"a.example TXT SERVFAIL", "192.0.2.1", MW_AUTH_TEMPERROR, "", "a.example: DNS answers with a failure"},
	    {"a.example TXT TRUNCATED", "192.0.2.1", MW_AUTH_TEMPERROR, "", "a.example: DNS answers with a failure"},
	    {"a.example TXT BOGUS", "192.0.2.1", MW_AUTH_TEMPERROR, "", "a.example: DNSSEC proves an answer of DNS wrong"},
	    {"a.example CNAME b.example\nb.example CNAME a.example", "192.0.2.1", MW_AUTH_TEMPERROR, "",
	     "a.example: DNS answers with a failure"},
	    {"a.example TXT \"v=spf1 a:b.example +all\"\nb.example * TIMEOUT", "192.0.2.1", MW_AUTH_TEMPERROR, "",
	     "a.example: a:b.example: DNS does not answer in time"},
	    {"a.example TXT \"v=spf1 mx +all\"\na.example MX 1 b.example\nb.example A BOGUS", "192.0.2.1", MW_AUTH_TEMPERROR, "",
	     "a.example: mx: DNSSEC proves an answer of DNS wrong"},
	    {"a.example TXT \"v=spf1 exists:%{i}.b.example +all\"\n*.b.example A SERVFAIL", "192.0.2.1", MW_AUTH_TEMPERROR, "",
	     "a.example: exists:%{i}.b.example: DNS answers with a failure"},
	    {"a.example TXT \"v=spf1 include:b.example +all\"\nb.example TXT TIMEOUT", "192.0.2.1", MW_AUTH_TEMPERROR, "",
	     "b.example: DNS does not answer in time"},
	    {"a.example TXT \"v=spf1 redirect=b.example\"\nb.example TXT SERVFAIL", "192.0.2.1", MW_AUTH_TEMPERROR, "",
	     "b.example: DNS answers with a failure"},
	    /* RFC 7208, 5.5: an error within ptr is as if there were no name */
	    {"a.example TXT \"v=spf1 ptr -all\"\n1.2.0.192.in-addr.arpa PTR TIMEOUT", "192.0.2.1", MW_AUTH_FAIL, "-all",
	     "-all of a.example"},
	    {"a.example TXT \"v=spf1 ptr -all\"\n1.2.0.192.in-addr.arpa PTR x.a.example\nx.a.example A SERVFAIL", "192.0.2.1",
	     MW_AUTH_FAIL, "-all", "-all of a.example"},
	    {"a.example TXT \"v=spf1 +all\"", "nonsense", MW_AUTH_TEMPERROR, "", "the address of the client is not known"},
	    {"a.example TXT \"v=spf1 +all\"", "", MW_AUTH_TEMPERROR, "", "the address of the client is not known"},
	};

	(void)state;
	check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_matches(void **state)
{
	static const struct row rows[] = {
	    /* libspf2 lets clients of this host pass */
	    {"a.example TXT \"v=spf1 -all\"", "127.0.0.1", MW_AUTH_FAIL, "-all", "-all of a.example"},
	    {"a.example TXT \"v=spf1 -all\"", "::1", MW_AUTH_FAIL, "-all", "-all of a.example"},
	    {"a.example TXT \"v=spf1 ip4:127.0.0.0/30 -all\"", "127.0.0.3", MW_AUTH_PASS, "ip4:127.0.0.0/30",
	     "ip4:127.0.0.0/30 of a.example"},
	    {"a.example TXT \"v=spf1 ip4:255.0.0.3 -all\"", "127.0.0.3", MW_AUTH_FAIL, "-all", "-all of a.example"},
	    {"a.example TXT \"v=spf1 a/31 -all\"\na.example A 127.0.0.2", "127.0.0.3", MW_AUTH_PASS, "a/31", "a/31 of a.example"},
	    {"a.example TXT \"v=spf1 ip6:::/126 -all\"", "::1", MW_AUTH_PASS, "ip6:::/126", "ip6:::/126 of a.example"},
	    {"a.example TXT \"v=spf1 a -all\"\na.example AAAA ::1", "::1", MW_AUTH_PASS, "a", "a of a.example"},
	    {"a.example TXT \"v=spf1 ptr -all\"\n1.0.0.127.in-addr.arpa PTR w.a.example\nw.a.example A 127.0.0.1", "127.0.0.1",
	     MW_AUTH_PASS, "ptr", "ptr of a.example"},
	    /* and takes a length of 0 for none */
	    {"a.example TXT \"v=spf1 ip4:198.51.100.1/0 -all\"", "192.0.2.1", MW_AUTH_PASS, "ip4:198.51.100.1/0",
	     "ip4:198.51.100.1/0 of a.example"},
	    {"a.example TXT \"v=spf1 ip4:198.51.100.1/0 -all\"", "2001:db8::1", MW_AUTH_FAIL, "-all", "-all of a.example"},
	    {"a.example TXT \"v=spf1 ip6:2001::/0 -all\"", "fe80::1", MW_AUTH_PASS, "ip6:2001::/0", "ip6:2001::/0 of a.example"},
	    {"a.example TXT \"v=spf1 a/0 -all\"\na.example A 198.51.100.1", "192.0.2.1", MW_AUTH_PASS, "a/0", "a/0 of a.example"},
	    {"a.example TXT \"v=spf1 a/0 -all\"", "192.0.2.1", MW_AUTH_FAIL, "-all", "-all of a.example"},
	    {"a.example TXT \"v=spf1 a//0 -all\"\na.example A 198.51.100.1", "192.0.2.1", MW_AUTH_FAIL, "-all",
	     "-all of a.example"},
	    {"a.example TXT \"v=spf1 ip4:192.0.2.0/25 -all\"", "192.0.2.128", MW_AUTH_FAIL, "-all", "-all of a.example"},
	    {"a.example TXT \"v=spf1 ip4:192.0.2.0/25 -all\"", "::ffff:192.0.2.127", MW_AUTH_PASS, "ip4:192.0.2.0/25",
	     "ip4:192.0.2.0/25 of a.example"},
	    {"a.example TXT \"v=spf1 mx -all\"\na.example MX 0 .", "192.0.2.1", MW_AUTH_FAIL, "-all", "-all of a.example"},
	    {"a.example TXT \"v=spf1 ptr:b.example -all\"\n1.2.0.192.in-addr.arpa PTR xb.example\nxb.example A 192.0.2.1",
	     "192.0.2.1", MW_AUTH_FAIL, "-all", "-all of a.example"},
	    /* a name with octets that no host has is asked for as it is */
	    {"a.example TXT \"v=spf1 exists:x%_/24%%.a.example -all\"\nx\\032\\04724\\037.a.example A 127.0.0.2", "192.0.2.1",
	     MW_AUTH_PASS, "exists:x%_/24%%.a.example", "exists:x%_/24%%.a.example of a.example"},
	    {"a.example TXT \"v=spf1 include:b.example ~all\"\nb.example TXT \"v=spf1 ip4:192.0.2.1 -all\"", "192.0.2.1",
	     MW_AUTH_PASS, "include:b.example", "include:b.example of a.example"},
	    {"a.example TXT \"v=spf1 ?include:b.example ~all\"\nb.example TXT \"v=spf1 -ip4:192.0.2.1 +all\"", "192.0.2.1",
	     MW_AUTH_SOFTFAIL, "~all", "~all of a.example"},
	    {"a.example TXT \"v=spf1\"", "192.0.2.1", MW_AUTH_NEUTRAL, "", "nothing in the record of a.example matches"},
	    {"a.example TXT \"v=spf1 \\200\"", "192.0.2.1", MW_AUTH_PERMERROR, "",
	     "the record of a.example is wrong: it has octets that are not printable ASCII"},
	};

	(void)state;
	check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

/* A chain of n includes, each with another term that asks. */
static void test_limits(void **state)
{
	char zone[8192];
	struct mw_spf_result r;

	(void)state;
	for (unsigned asks = 1; asks <= 25; asks++) {
		size_t n = 0;

		/* Each record has one more look-up before its include: libspf2 alone counts them anew in each. */
		for (unsigned i = 0; i < asks; i++)
			n += (size_t)snprintf(zone + n, sizeof(zone) - n, "%c.example TXT \"v=spf1 %s:%c.example %s\"\n",
					      'a' + (char)i, i + 1 < asks ? "include" : "exists", 'a' + (char)i + 1,
					      i + 1 < asks ? "" : "-all");
		(void)snprintf(zone + n, sizeof(zone) - n, "%c.example A 127.0.0.2\n", 'a' + (char)asks);
		r = check(zone, "192.0.2.1", "h.example", "u@a.example", MW_SPF_MAILFROM);
		assert_int_equal(r.word, asks <= 10 ? MW_AUTH_PASS : MW_AUTH_PERMERROR);
		assert_int_equal(r.lookups, asks <= 10 ? asks : 11);
	}
	for (unsigned hosts = 9; hosts <= 12; hosts++) {
		size_t n = (size_t)snprintf(zone, sizeof(zone), "a.example TXT \"v=spf1 mx +all\"\n");

		for (unsigned i = 0; i < hosts; i++)
			n += (size_t)snprintf(zone + n, sizeof(zone) - n,
					      "a.example MX %u m%u.example\nm%u.example A 198.51.100.%u\n", i, i, i, i);
		r = check(zone, "192.0.2.1", "h.example", "u@a.example", MW_SPF_MAILFROM);
		assert_int_equal(r.word, hosts <= 10 ? MW_AUTH_PASS : MW_AUTH_PERMERROR);
	}
	for (unsigned voids = 1; voids <= 4; voids++) {
		size_t n = (size_t)snprintf(zone, sizeof(zone), "a.example TXT \"v=spf1");

		for (unsigned i = 0; i < voids; i++)
			n += (size_t)snprintf(zone + n, sizeof(zone) - n, " a:v%u.example", i);
		(void)snprintf(zone + n, sizeof(zone) - n, " +all\"\n");
		r = check(zone, "192.0.2.1", "h.example", "u@a.example", MW_SPF_MAILFROM);
		assert_int_equal(r.word, voids <= 2 ? MW_AUTH_PASS : MW_AUTH_PERMERROR);
	}
}

static void test_identities(void **state)
{
	static const struct {
		const char *helo, *sender;
		enum mw_spf_identity identity;
		enum mw_auth_word word;
		const char *domain, *explanation;
	} rows[] = {
	    {"h.example", "user@a.example", MW_SPF_MAILFROM, MW_AUTH_FAIL, "a.example", "user@a.example of a.example"},
	    {"h.example", "user@a.example", MW_SPF_HELO, MW_AUTH_FAIL, "h.example", "postmaster@h.example of h.example"},
	    {"h.example", "", MW_SPF_MAILFROM, MW_AUTH_FAIL, "h.example", "postmaster@h.example of h.example"},
	    {"h.example", "@a.example", MW_SPF_MAILFROM, MW_AUTH_FAIL, "a.example", "postmaster@a.example of a.example"},
	    {"H.Example.", "User@A.Example", MW_SPF_MAILFROM, MW_AUTH_FAIL, "a.example", "User@A.Example of A.Example"},
	    {"[192.0.2.1]", "", MW_SPF_MAILFROM, MW_AUTH_NONE, "", ""},
	    {"host", "", MW_SPF_HELO, MW_AUTH_NONE, "", ""},
	    {"", "", MW_SPF_MAILFROM, MW_AUTH_NONE, "", ""},
	    {"h.example", "u@a..example", MW_SPF_MAILFROM, MW_AUTH_NONE, "", ""},
	    {"h.example", "u@nowhere.example", MW_SPF_MAILFROM, MW_AUTH_NONE, "nowhere.example", ""},
	    /* octets that are no text are not shown, nor in an escape */
	    {"h.example", "\x80\xff@a.example", MW_SPF_MAILFROM, MW_AUTH_FAIL, "a.example", "??@a.example of a.example"},
	    {"h.example", "\x80\xff@b.example", MW_SPF_MAILFROM, MW_AUTH_FAIL, "b.example", "%80%FF"},
	};
	const char *zone = "a.example TXT \"v=spf1 -all exp=e.%{d}\"\nh.example TXT \"v=spf1 -all exp=e.%{d}\"\n"
			   "e.a.example TXT \"%{s} of %{d}\"\ne.h.example TXT \"%{s} of %{d}\"\n"
			   "b.example TXT \"v=spf1 exists:%{L}.b.example -all exp=e.b.example\"\ne.b.example TXT \"%{L}\"\n";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_spf_result r = check(zone, "192.0.2.1", rows[i].helo, rows[i].sender, rows[i].identity);

		if (r.word != rows[i].word || strcmp(r.domain, rows[i].domain) != 0 ||
		    strcmp(r.explanation, rows[i].explanation) != 0)
			fail_msg("row %zu: %s, \"%s\", \"%s\"", i, mw_auth_word(r.word), r.domain, r.explanation);
	}
}

/* An explanation that is long, is two, is wrong, or cannot be had is cut or left out; the fail stays. */
static void test_explanations(void **state)
{
	static const struct {
		const char *records, *explanation;
	} rows[] = {
	    {"e.a.example TXT \"fine\"", "fine"},
	    {"e.a.example TXT \"in \" \"two\"", "in two"},
	    {"e.a.example TXT \"one\"\ne.a.example TXT \"two\"", ""},
	    {"e.a.example TXT \"%{x}\"", ""},
	    {"e.a.example TXT \"\\200\"", ""},
	    {"e.a.example TXT \"a\\010b\"", ""},
	    {"e.a.example TXT SERVFAIL", ""},
	    {"e.a.example * TIMEOUT", ""},
	    {"x.example A 192.0.2.1", ""},
	};
	char zone[1024];
	struct mw_spf_result r;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(zone, sizeof(zone), "a.example TXT \"v=spf1 -all exp=e.%%{d}\"\n%s\n", rows[i].records);
		r = check(zone, "192.0.2.1", "h.example", "u@a.example", MW_SPF_MAILFROM);
		assert_int_equal(r.word, MW_AUTH_FAIL);
		assert_string_equal(r.explanation, rows[i].explanation);
	}
	(void)snprintf(zone, sizeof(zone), "a.example TXT \"v=spf1 -all exp=e.%%{d}\"\ne.a.example TXT \"%0250d\"\n", 7);
	r = check(zone, "192.0.2.1", "h.example", "u@a.example", MW_SPF_MAILFROM);
	assert_int_equal(strlen(r.explanation), MW_AUTH_WHY - 1);
}

struct seen {
	char text[512];
};

static void on_step(void *ctx, unsigned depth, const char *domain, struct mw_str text, const char *outcome)
{
	struct seen *s = ctx;
	size_t n = strlen(s->text);

	(void)snprintf(s->text + n, sizeof(s->text) - n, "%u %s [%.*s] %s\n", depth, domain, (int)text.n, text.p, outcome);
}

static void test_steps(void **state)
{
	struct mw_zonefile *z = zone_of("a.example TXT \"v=spf1 ip4:198.51.100.1 include:b.example -all\"\n"
					"b.example TXT \"v=spf1 a -all\"\nb.example A 192.0.2.1\n");
	struct mw_resolver resolver = mw_zonefile_resolver(z);
	struct mw_auth_mail mail = mail_of("192.0.2.1", "h.example", "u@a.example");
	struct seen seen = {""};
	const struct mw_spf_steps steps = {.ctx = &seen, .step = on_step};
	struct mw_spf_result r;

	(void)state;
	assert_int_equal(mw_spf_check(&mail, &resolver, MW_SPF_MAILFROM, &steps, &r), 0);
	assert_string_equal(seen.text, "0 a.example [v=spf1 ip4:198.51.100.1 include:b.example -all] \n"
				       "0 a.example [ip4:198.51.100.1] no\n"
				       "1 b.example [v=spf1 a -all] \n"
				       "1 b.example [a] matches\n"
				       "0 a.example [include:b.example] matches\n");
	seen.text[0] = '\0';
	assert_int_equal(mw_spf_check(&mail, &resolver, MW_SPF_HELO, &steps, &r), 0);
	assert_string_equal(seen.text, "0 h.example [] h.example has no record of SPF\n");
	mw_zonefile_free(&z);
}

/* ---- what is asked for before it is needed ---------------------------------------------------------------------------------- */
struct wanted {
	struct mw_resolver zone;
	char text[512];
};

static void note(struct wanted *w, char how, const char *name, unsigned type)
{
	size_t n = strlen(w->text);

	(void)snprintf(w->text + n, sizeof(w->text) - n, "%c%s/%u ", how, name, type);
}

static void on_want(void *ctx, const char *name, unsigned type)
{
	note(ctx, '+', name, type);
}

static int on_get(void *ctx, const char *name, unsigned type, struct mw_records *ret)
{
	struct wanted *w = ctx;

	note(w, '=', name, type);
	return w->zone.get(w->zone.ctx, name, type, ret);
}

static void test_wants(void **state)
{
	static const struct {
		const char *record, *client, *wanted;
	} rows[] = {
	    {"ip4:192.0.2.1 include:b.example a:c.example", "192.0.2.1", "=a.example/16 "},
	    {"ip4:198.51.100.1 include:b.example ip4:192.0.2.1 a:c.example mx ptr exists:d.example include:%{i}.example -all "
	     "a:e.example",
	     "192.0.2.1", "=a.example/16 +b.example/16 +c.example/1 +a.example/15 +d.example/1 =b.example/16 "},
	    {"a:c.example mx:b.example", "2001:db8::1", "=a.example/16 +c.example/28 +b.example/15 =c.example/28 =b.example/15 "},
	    {"include:b.example a:1.example a:2.example a:3.example a:4.example a:5.example a:6.example a:7.example a:8.example "
	     "a:9.example "
	     "a:10.example",
	     "192.0.2.1",
	     "=a.example/16 +b.example/16 +1.example/1 +2.example/1 +3.example/1 +4.example/1 +5.example/1 +6.example/1 "
	     "+7.example/1 "
	     "+8.example/1 +9.example/1 =b.example/16 =1.example/1 "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wanted w = {.text = ""};
		const struct mw_resolver resolver = {.ctx = &w, .want = on_want, .get = on_get};
		struct mw_auth_mail mail = mail_of(rows[i].client, "h.example", "u@a.example");
		struct mw_spf_result r;
		struct mw_zonefile *z;
		char zone[1024];

		(void)snprintf(zone, sizeof(zone),
			       "a.example TXT \"v=spf1 %s\"\nb.example TXT \"v=spf1 -all\"\n1.example A 192.0.2.1\n",
			       rows[i].record);
		z = zone_of(zone);
		w.zone = mw_zonefile_resolver(z);
		assert_int_equal(mw_spf_check(&mail, &resolver, MW_SPF_MAILFROM, NULL, &r), 0);
		if (strcmp(w.text, rows[i].wanted) != 0)
			fail_msg("row %zu: %s", i, w.text);
		mw_zonefile_free(&z);
	}
}

static const char *unknown(void *ctx, struct mw_str domain)
{
	(void)ctx;
	(void)domain;
	return "unknown";
}

/* The examples of RFC 7208, 7.4. */
static void test_macros(void **state)
{
	static const struct {
		const char *text, *wanted;
		bool ip6;
	} rows[] = {
	    {"%{s}", "strong-bad@email.example.com", false},
	    {"%{o}", "email.example.com", false},
	    {"%{d}", "email.example.com", false},
	    {"%{d4}", "email.example.com", false},
	    {"%{d3}", "email.example.com", false},
	    {"%{d2}", "example.com", false},
	    {"%{d1}", "com", false},
	    {"%{dr}", "com.example.email", false},
	    {"%{d2r}", "example.email", false},
	    {"%{l}", "strong-bad", false},
	    {"%{l-}", "strong.bad", false},
	    {"%{lr}", "strong-bad", false},
	    {"%{lr-}", "bad.strong", false},
	    {"%{l1r-}", "strong", false},
	    {"%{ir}.%{v}._spf.%{d2}", "3.2.0.192.in-addr._spf.example.com", false},
	    {"%{lr-}.lp._spf.%{d2}", "bad.strong.lp._spf.example.com", false},
	    {"%{lr-}.lp.%{ir}.%{v}._spf.%{d2}", "bad.strong.lp.3.2.0.192.in-addr._spf.example.com", false},
	    {"%{d2}.trusted-domains.example.net", "example.com.trusted-domains.example.net", false},
	    {"%{ir}.%{v}._spf.%{d2}", "1.0.B.C.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.B.D.0.1.0.0.2.ip6._spf.example.com",
	     true},
	    {"%{c}", "2001:db8::cb01", true},
	    {"%{S}", "strong-bad%40email.example.com", false},
	    {"%{p}%%%_%-%{t}", "unknown% %201700000000", false},
	};
	static const uint8_t ip6[16] = {0x20, 1, 0xd, 0xb8, [14] = 0xcb, 1}, ip4[4] = {192, 0, 2, 3};
	char buf[MW_SPF_EXPANSION_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_spf_values v = {.local = str("strong-bad"),
					  .sender_domain = str("email.example.com"),
					  .helo = str("h.example"),
					  .domain = str("email.example.com"),
					  .receiver = str("unknown"),
					  .ip6 = rows[i].ip6,
					  .now = 1700000000,
					  .validated = unknown};

		memcpy(v.address, rows[i].ip6 ? ip6 : ip4, rows[i].ip6 ? 16 : 4);
		assert_int_equal(mw_spf_expand(str(rows[i].text), &v, buf, sizeof(buf)), strlen(rows[i].wanted));
		assert_string_equal(buf, rows[i].wanted);
		assert_int_equal(mw_spf_expand(str(rows[i].text), &v, buf, strlen(rows[i].wanted)), -EFBIG);
	}
}

/* Records that are long, among others that are. */
static void test_long_records(void **state)
{
	static const struct {
		size_t before, spf, behind; /* octets, in strings of 250 */
		enum mw_auth_word word;
	} rows[] = {
	    {0, 8000, 0, MW_AUTH_PASS},	       {0, 8500, 0, MW_AUTH_PERMERROR},		 {40000, 8000, 40000, MW_AUTH_PASS},
	    {60000, 100, 65000, MW_AUTH_PASS}, {65000, 65000, 65000, MW_AUTH_PERMERROR},
	};
	static char zone[300000];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const size_t size[] = {rows[i].before, rows[i].spf, rows[i].behind};
		size_t n = 0;

		for (size_t k = 0; k < 3; k++) {
			n += (size_t)snprintf(zone + n, sizeof(zone) - n, "a.example TXT \"%s\"",
					      k == 1 ? "v=spf1 ip4:192.0.2.1" : "other");
			for (size_t left = size[k]; left >= 250; left -= 250)
				n += (size_t)snprintf(zone + n, sizeof(zone) - n, " \"%250s\"", "");
			n += (size_t)snprintf(zone + n, sizeof(zone) - n, "\n");
		}
		assert_int_equal(check(zone, "192.0.2.1", "h.example", "u@a.example", MW_SPF_MAILFROM).word, rows[i].word);
	}
}

static void test_records(void **state)
{
	char longest[MW_SPF_RECORD_MAX + 2];
	struct mw_spf_record r;
	const char *why;

	(void)state;
	memset(longest, ' ', sizeof(longest));
	memcpy(longest, "v=spf1", 6);
	assert_int_equal(mw_spf_record_parse((struct mw_str){longest, MW_SPF_RECORD_MAX}, &r, &why), 0);
	assert_int_equal(r.n, 0);
	mw_spf_record_clear(&r);
	assert_int_equal(mw_spf_record_parse((struct mw_str){longest, MW_SPF_RECORD_MAX + 1}, &r, &why), -EINVAL);
	assert_string_equal(why, "it is too long");
	for (size_t i = 0; i < MW_SPF_TERMS_MAX; i++)
		longest[7 + 2 * i] = 'a';
	assert_int_equal(mw_spf_record_parse((struct mw_str){longest, MW_SPF_RECORD_MAX}, &r, &why), 0);
	assert_int_equal(r.n, MW_SPF_TERMS_MAX);
	mw_spf_record_clear(&r);
	longest[7 + 2 * MW_SPF_TERMS_MAX] = 'a';
	assert_int_equal(mw_spf_record_parse((struct mw_str){longest, MW_SPF_RECORD_MAX}, &r, &why), -EINVAL);
	assert_string_equal(why, "it has too many mechanisms");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_faults),     cmocka_unit_test(test_matches),	    cmocka_unit_test(test_limits),
	    cmocka_unit_test(test_identities), cmocka_unit_test(test_explanations), cmocka_unit_test(test_steps),
	    cmocka_unit_test(test_wants),      cmocka_unit_test(test_macros),	    cmocka_unit_test(test_long_records),
	    cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
