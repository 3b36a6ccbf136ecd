/* SPDX-License-Identifier: Apache-2.0 */
/* lookup: the parts of milward-lookup that do not wait: the protocol, destinations, partners, what answers of DNS mean, verdicts, the
 * cache and its copy. */
#include "lookup/cache.h"
#include "lookup/dane.h"
#include "lookup/partners.h"
#include "lookup/socketmap.h"
#include "lookup/verdict.h"

#include "base/str.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- protocol ----------------------------------------------------------------------------------------------------------------- */
static void test_take(void **state)
{
	static const struct {
		const char *text;
		enum mw_take take;
		const char *map, *key;
	} rows[] = {
	    {"15:verdict a.test,x", MW_TAKE_BAD, NULL, NULL},
	    {"14:verdict a.test,x", MW_TAKE_ONE, "verdict", "a.test"},
	    {"3:tls,", MW_TAKE_ONE, "tls", ""},
	    {"4:tls ,", MW_TAKE_ONE, "tls", ""},
	    {"5: a  b,", MW_TAKE_ONE, "", "a  b"},
	    {"0:,", MW_TAKE_ONE, "", ""},
	    {"", MW_TAKE_MORE, NULL, NULL},
	    {"1", MW_TAKE_MORE, NULL, NULL},
	    {"12345", MW_TAKE_MORE, NULL, NULL},
	    {"3:tls", MW_TAKE_MORE, NULL, NULL},
	    {"3:tls;", MW_TAKE_BAD, NULL, NULL},
	    {"00:,", MW_TAKE_BAD, NULL, NULL},
	    {"01:a,", MW_TAKE_BAD, NULL, NULL},
	    {":", MW_TAKE_BAD, NULL, NULL},
	    {"-1:", MW_TAKE_BAD, NULL, NULL},
	    {"G", MW_TAKE_BAD, NULL, NULL},
	    {"1 :", MW_TAKE_BAD, NULL, NULL},
	    {"16385:", MW_TAKE_BAD, NULL, NULL},
	    {"99999", MW_TAKE_BAD, NULL, NULL},
	    {"123456", MW_TAKE_BAD, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_request r;
		size_t used;
		enum mw_take take = mw_socketmap_take(rows[i].text, strlen(rows[i].text), &r, &used);

		if (take != rows[i].take)
			fail_msg("\"%s\": %d", rows[i].text, take);
		if (take != MW_TAKE_ONE)
			continue;
		assert_true(mw_str_eq(r.map, rows[i].map));
		assert_true(mw_str_eq(r.key, rows[i].key));
		assert_int_equal(rows[i].text[used - 1], ',');
	}
}

static void test_reply(void **state)
{
	struct mw_buf b = MW_BUF_INIT;

	(void)state;
	mw_socketmap_reply(&b, &(struct mw_answer){.kind = MW_ANSWER_OK, .text = MW_STR_LIT("dane-only")});
	mw_socketmap_reply(&b, &(struct mw_answer){.kind = MW_ANSWER_NOTFOUND, .text = MW_STR_LIT("x")});
	mw_socketmap_reply(&b, &(struct mw_answer){.kind = MW_ANSWER_TEMP, .text = MW_STR_LIT("a\nb\0\377")});
	mw_socketmap_reply(&b, &(struct mw_answer){.kind = MW_ANSWER_PERM, .text = MW_STR_LIT("")});
	assert_string_equal(mw_buf_text(&b), "12:OK dane-only,9:NOTFOUND ,10:TEMP a?b??,5:PERM ,");
	mw_buf_free(&b);
}

/* ---- destinations ------------------------------------------------------------------------------------------------------------- */
static void test_dest(void **state)
{
	static const struct {
		const char *text, *key; /* NULL: none */
		bool host, literal;
		unsigned port;
	} rows[] = {
	    {"A.Test", "a.test", false, false, 25},
	    {"a.test.", "a.test", false, false, 25},
	    {"a.test:25", "a.test", false, false, 25},
	    {"a.test:587", "a.test:587", false, false, 587},
	    {"[MX.a.test]", "[mx.a.test]", true, false, 25},
	    {"[mx.a.test]:25", "[mx.a.test]", true, false, 25},
	    {"[mx.a.test]:465", "[mx.a.test]:465", true, false, 465},
	    {"[192.0.2.1]", "[192.0.2.1]", true, true, 25},
	    {"[ipv6:2001:DB8::1]:26", "[ipv6:2001:db8::1]:26", true, true, 26},
	    {"", NULL, false, false, 0},
	    {".a.test", NULL, false, false, 0},
	    {"a.test:", NULL, false, false, 0},
	    {"a.test:smtp", NULL, false, false, 0},
	    {"a.test:0", NULL, false, false, 0},
	    {"a.test:65536", NULL, false, false, 0},
	    {"a.test:123456789012", NULL, false, false, 0},
	    {"[a.test", NULL, false, false, 0},
	    {"[]", NULL, false, false, 0},
	    {"[a.test]x", NULL, false, false, 0},
	    {"[a.test]]", NULL, false, false, 0},
	    {"[1.2.3.x y]", NULL, false, false, 0},
	    {"[::\n]", NULL, false, false, 0},
	    {"192.0.2.1", NULL, false, false, 0},
	    {"a b.test", NULL, false, false, 0},
	    {"unix:/run/x", NULL, false, false, 0},
	    {"B\303\234cher.test", "xn--bcher-kva.test", false, false, 25},
	    {"[b\303\274cher.test]:26", "[xn--bcher-kva.test]:26", true, false, 26},
	    {"b\303.test", NULL, false, false, 0},
	    {"b\303\274 cher.test", NULL, false, false, 0},
	    {"\342\200\213.test", NULL, false, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_dest d;
		bool good = mw_dest_parse(mw_str(rows[i].text), &d);

		if (good != (rows[i].key != NULL))
			fail_msg("\"%s\"", rows[i].text);
		if (!good)
			continue;
		assert_string_equal(d.key, rows[i].key);
		assert_int_equal(d.host, rows[i].host);
		assert_int_equal(d.literal, rows[i].literal);
		assert_int_equal(d.port, rows[i].port);
	}
}

/* ---- what DNS says ------------------------------------------------------------------------------------------------------------ */
#define SHA "0123456789abcdef0123456789abcdef"

static void test_usable(void **state)
{
	static const struct {
		struct mw_str record;
		bool usable;
	} rows[] = {
	    {MW_STR_LIT("\3\1\1" SHA), true},
	    {MW_STR_LIT("\3\0\1" SHA), true},
	    {MW_STR_LIT("\2\1\1" SHA), true},
	    {MW_STR_LIT("\2\0\2" SHA SHA), true},
	    {MW_STR_LIT("\3\0\0\x30\x82 more than that it is not"), true},
	    {MW_STR_LIT("\0\1\1" SHA), false},
	    {MW_STR_LIT("\1\1\1" SHA), false},
	    {MW_STR_LIT("\4\1\1" SHA), false},
	    {MW_STR_LIT("\3\2\1" SHA), false},
	    {MW_STR_LIT("\3\1\3" SHA), false},
	    {MW_STR_LIT("\3\1\2" SHA), false},
	    {MW_STR_LIT("\3\1\1" SHA "x"), false},
	    {MW_STR_LIT("\3\1\1"), false},
	    {MW_STR_LIT("\3\1\0\x31\x82 more than that it is not"), false},
	    {MW_STR_LIT(""), false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (mw_tlsa_is_usable(rows[i].record) != rows[i].usable)
			fail_msg("row %zu", i);
}

static struct mw_mail_hosts hosts;

static bool judge_mx(const char *domain, bool secure, unsigned rcode, const struct mw_str *record, size_t n)
{
	struct mw_dns_answer a = {
	    .secure = secure, .packet = {.rcode = rcode, .name = domain, .ttl = 300, .n = n, .record = record}, .why = ""};
	struct mw_dest d;

	assert_true(mw_dest_parse(mw_str(domain), &d));
	return mw_judge_mx(&hosts, &d, &a);
}

static void test_mx(void **state)
{
	const struct mw_str two[] = {MW_STR_LIT("\0\24\1b\0"), MW_STR_LIT("\0\12\1a\0"), MW_STR_LIT("\0\12\1c\0"),
				     MW_STR_LIT("x")};
	const struct mw_str null[] = {MW_STR_LIT("\0\0\0")}, odd[] = {MW_STR_LIT("\0\0\2a b\0")};

	(void)state;
	assert_false(judge_mx("x.test", true, 0, two, 4));
	assert_int_equal(hosts.n, 3);
	assert_int_equal(hosts.best, 2);
	assert_string_equal(hosts.finding.host[0], "a");
	assert_string_equal(hosts.finding.host[1], "c");
	assert_string_equal(hosts.finding.host[2], "b");
	assert_true(judge_mx("x.test", false, 0, two, 4)); /* MTA-STS wants the hosts all the same */
	assert_int_equal(hosts.finding.dane, MW_DANE_NO);
	assert_int_equal(hosts.finding.n, 3);
	assert_false(hosts.finding.nowhere);
	assert_false(judge_mx("x.test", true, 0, NULL, 0));
	assert_string_equal(hosts.finding.host[0], "x.test");
	assert_true(judge_mx("x.test", true, 0, null, 1));
	assert_true(hosts.finding.nowhere);
	assert_true(judge_mx("x.test", false, 0, null, 1));
	assert_false(hosts.finding.nowhere); /* it may be forged */
	assert_true(judge_mx("x.test", true, 0, odd, 1));
	assert_true(judge_mx("x.test", true, MW_DNS_NXDOMAIN, NULL, 0));
	assert_true(hosts.finding.nowhere);
}

static void test_many_mx(void **state)
{
	static char text[1000][8];
	static struct mw_str record[1000];

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		text[i][0] = 0;
		text[i][1] = (char)(i < 990 ? 9 : 1);
		text[i][2] = 3;
		(void)snprintf(text[i] + 3, 4, "%03u", i);
		record[i] = (struct mw_str){.p = text[i], .n = 7};
	}
	assert_false(judge_mx("x.test", true, 0, record, 1000));
	assert_int_equal(hosts.n, MW_MX_MAX);
	assert_int_equal(hosts.best, 10);
	assert_string_equal(hosts.finding.host[0], "990");
	assert_string_equal(hosts.finding.host[10], "000");
}

/* What a host's questions are answered, one after the other, and what comes of it. */
struct said {
	enum mw_dns_status status;
	bool secure;
	unsigned rcode;
	const char *alias;
	size_t n;
};

static const struct mw_str tlsa_good[] = {MW_STR_LIT("\3\1\1" SHA)};
static const struct mw_str tlsa_bad[] = {MW_STR_LIT("\1\1\1" SHA)};
static const struct {
	struct said said[4];
	enum mw_step steps[4];
	enum mw_dane dane;
	bool gone, at_name, usable;
} host_rows[] = {
    {{{.secure = true, .n = 1}, {.secure = true, .n = 1}}, {MW_STEP_TLSA}, MW_DANE_YES, false, true, true},
    {{{.secure = true, .n = 1}, {.secure = true, .n = 1}}, {MW_STEP_TLSA}, MW_DANE_NO, false, true, false},
    {{{.secure = true, .n = 1}, {.secure = true}}, {MW_STEP_TLSA}, MW_DANE_NO, false, true, true},
    {{{.secure = true, .n = 1}, {.secure = false, .n = 1}}, {MW_STEP_TLSA}, MW_DANE_NO, false, true, true},
    {{{.secure = true, .n = 1}, {.status = MW_DNS_FAILED}}, {MW_STEP_TLSA}, MW_DANE_TEMP, false, true, true},
    {{{.secure = true, .n = 1}, {.status = MW_DNS_BOGUS}}, {MW_STEP_TLSA}, MW_DANE_TEMP, false, true, true},
    {{{.secure = true, .n = 1}, {.status = MW_DNS_TIMEOUT}}, {MW_STEP_TLSA}, MW_DANE_TEMP, false, true, true},
    {{{.secure = false, .n = 1}}, {MW_STEP_DONE}, MW_DANE_NO, false, false, true},
    {{{.status = MW_DNS_BOGUS}}, {MW_STEP_DONE}, MW_DANE_TEMP, false, false, true},
    {{{.secure = true}, {.secure = true, .n = 1}, {.secure = true, .n = 1}},
     {MW_STEP_AAAA, MW_STEP_TLSA},
     MW_DANE_YES,
     false,
     true,
     true},
    {{{.secure = true}, {.secure = true}}, {MW_STEP_AAAA}, MW_DANE_NO, true, false, true},
    {{{.secure = true, .rcode = MW_DNS_NXDOMAIN}}, {MW_STEP_DONE}, MW_DANE_NO, true, false, true},
    {{{.secure = true, .n = 1, .alias = "b.test"}, {.secure = true, .n = 1}}, {MW_STEP_TLSA}, MW_DANE_YES, false, false, true},
    {{{.secure = true, .n = 1, .alias = "b.test"}, {.secure = true}, {.secure = true, .n = 1}},
     {MW_STEP_TLSA, MW_STEP_TLSA},
     MW_DANE_YES,
     false,
     true,
     true},
    {{{.secure = true, .n = 1, .alias = "b.test"}, {.status = MW_DNS_FAILED}}, {MW_STEP_TLSA}, MW_DANE_TEMP, false, false, true},
    {{{.secure = false, .n = 1, .alias = "b.test"}, {.secure = true, .n = 1}, {.secure = true, .n = 1}},
     {MW_STEP_CNAME, MW_STEP_TLSA},
     MW_DANE_YES,
     false,
     true,
     true},
    {{{.secure = false, .n = 1, .alias = "b.test"}, {.secure = false, .n = 1}}, {MW_STEP_CNAME}, MW_DANE_NO, false, false, true},
    {{{.secure = false, .n = 1, .alias = "b.test"}, {.status = MW_DNS_TIMEOUT}},
     {MW_STEP_CNAME},
     MW_DANE_TEMP,
     false,
     false,
     true},
};

static void test_host(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(host_rows) / sizeof(host_rows[0]); i++) {
		struct mw_mail_host h = {.name = "a.test", .step = MW_STEP_A, .ttl = UINT32_MAX, .why = ""};
		size_t k = 0;

		for (; h.step != MW_STEP_DONE && k < 4; k++) {
			const struct said *s = &host_rows[i].said[k];

			mw_judge_host(&h,
				      &(struct mw_dns_answer){.status = s->status,
							      .secure = s->secure,
							      .packet = {.rcode = s->rcode,
									 .name = s->alias ? s->alias : "a.test",
									 .alias = s->alias,
									 .ttl = 10,
									 .n = s->n,
									 .record = host_rows[i].usable ? tlsa_good : tlsa_bad},
							      .why = "why"});
			if (k < 3 && h.step != host_rows[i].steps[k])
				fail_msg("row %zu: after answer %zu step %d", i, k, h.step);
		}
		if (h.step != MW_STEP_DONE || h.dane != host_rows[i].dane || h.gone != host_rows[i].gone ||
		    h.at_name != host_rows[i].at_name)
			fail_msg("row %zu: dane %d, gone %d, at_name %d", i, h.dane, h.gone, h.at_name);
	}
}

static void test_all(void **state)
{
	/* y: DANE, n: none, t: not known, g: gone */
	static const struct {
		const char *hosts;
		enum mw_dane dane;
		uint32_t ttl;
	} rows[] = {
	    {"y", MW_DANE_YES, 200},  {"n", MW_DANE_NO, 200},  {"t", MW_DANE_TEMP, 0},	{"g", MW_DANE_NO, 200},
	    {"yy", MW_DANE_YES, 199}, {"yn", MW_DANE_NO, 199}, {"yt", MW_DANE_YES, 60}, {"yg", MW_DANE_YES, 199},
	    {"nt", MW_DANE_NO, 200},  {"tn", MW_DANE_NO, 199}, {"tg", MW_DANE_TEMP, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		hosts = (struct mw_mail_hosts){.finding = {.ttl = 300}};
		for (const char *p = rows[i].hosts; *p; p++) {
			hosts.host[hosts.best] =
			    (struct mw_mail_host){.ttl = 200 - (uint32_t)hosts.best, .why = "", .gone = *p == 'g'};
			hosts.host[hosts.best].dane = *p == 'y' ? MW_DANE_YES : *p == 't' ? MW_DANE_TEMP : MW_DANE_NO;
			hosts.n = ++hosts.best;
		}
		mw_judge_all(&hosts);
		if (hosts.finding.dane != rows[i].dane || hosts.finding.ttl != rows[i].ttl)
			fail_msg("%s: %d, ttl %u", rows[i].hosts, hosts.finding.dane, hosts.finding.ttl);
	}
}

static void test_pack(void **state)
{
	const char *const list[] = {"a.test", "b.test"};
	const struct mw_dane_finding f = {.dane = MW_DANE_NO, .nowhere = true, .why = "so", .n = 2, .host = list};
	struct mw_buf b = MW_BUF_INIT;
	const char *names[MW_MX_MAX];
	struct mw_dane_finding g;

	(void)state;
	mw_dane_pack(&f, &b);
	assert_true(mw_dane_unpack(b.p, b.n, names, &g));
	assert_int_equal(g.dane, MW_DANE_NO);
	assert_true(g.nowhere);
	assert_string_equal(g.why, "so");
	assert_int_equal(g.n, 2);
	assert_string_equal(g.host[1], "b.test");
	assert_false(mw_dane_unpack(b.p, b.n - 1, names, &g));
	assert_false(mw_dane_unpack("", 0, names, &g));
	assert_false(mw_dane_unpack("x+\0", 3, names, &g));
	mw_buf_free(&b);
}

/* ---- verdicts ----------------------------------------------------------------------------------------------------------------- */
static void answers_are(struct mw_tls_verdict *v, enum mw_answer_kind kind, const char *policy, const char *words)
{
	struct mw_buf b = MW_BUF_INIT;
	struct mw_answer a;

	mw_verdict_policy(v, &a);
	assert_int_equal(a.kind, kind);
	assert_true(mw_str_eq(a.text, policy));
	mw_verdict_words(v, &b, &a);
	assert_true(mw_str_eq(a.text, words));
	mw_buf_free(&b);
	mw_verdict_clear(v);
}

static void test_verdict(void **state)
{
	const char *const list[] = {"mx.a.test", "mx.b.test"};
	char name[] = "mx.a.test", *mx[] = {name};
	struct mw_dane_finding f = {.dane = MW_DANE_YES, .why = "", .n = 2, .host = list};
	struct mw_sts_policy policy = {.mode = MW_STS_MODE_ENFORCE, .max_age = 600, .n_mx = 1, .mx = mx};
	struct mw_sts_verdict s = {.answer = MW_STS_POLICY, .policy = &policy, .seconds = 500, .why = ""};
	struct mw_tls_verdict v = {0};
	struct mw_dest d, host;

	(void)state;
	assert_true(mw_dest_parse(mw_str("a.test"), &d));
	assert_true(mw_dest_parse(mw_str("[a.test]"), &host));
	mw_verdict_partner(&v, "secure match=x");
	answers_are(&v, MW_ANSWER_OK, "secure match=x", "partner ttl=300");
	assert_true(mw_verdict_dane(&v, &d, &f, 77));
	answers_are(&v, MW_ANSWER_OK, "dane-only", "dane ttl=77");
	f.dane = MW_DANE_TEMP;
	f.why = "DNS is away";
	assert_true(mw_verdict_dane(&v, &d, &f, 77));
	answers_are(&v, MW_ANSWER_TEMP, "DNS is away", "why=DNS is away");
	f.dane = MW_DANE_NO;
	f.why = "not signed";
	assert_true(mw_verdict_dane(&v, &host, &f, 77));
	answers_are(&v, MW_ANSWER_NOTFOUND, "", "none ttl=77 why=no DANE: not signed");
	assert_false(mw_verdict_dane(&v, &d, &f, 77));
	mw_verdict_sts(&v, &f, &s);
	assert_int_equal(v.ttl, 77);
	answers_are(&v, MW_ANSWER_OK, "secure match=mx.a.test servername=hostname protocols=>=TLSv1.2", "mta-sts ttl=77");
	assert_false(mw_verdict_dane(&v, &d, &f, 7000));
	policy.mode = MW_STS_MODE_TESTING;
	mw_verdict_sts(&v, &f, &s);
	answers_are(&v, MW_ANSWER_NOTFOUND, "", "none ttl=500 why=no DANE: not signed; no MTA-STS: its policy is for testing");
	assert_false(mw_verdict_dane(&v, &d, &f, 77));
	policy.mode = MW_STS_MODE_ENFORCE;
	f.host = list + 1;
	f.n = 1; /* DNS may be lying about the hosts */
	mw_verdict_sts(&v, &f, &s);
	answers_are(&v, MW_ANSWER_TEMP, "its MTA-STS policy names none of its mail hosts",
		    "why=its MTA-STS policy names none of its mail hosts");
	assert_false(mw_verdict_dane(&v, &d, &f, 77));
	mw_verdict_sts(&v, &f, &(struct mw_sts_verdict){.answer = MW_STS_NONE, .seconds = 9, .why = "no record"});
	answers_are(&v, MW_ANSWER_NOTFOUND, "", "none ttl=9 why=no DANE: not signed; no MTA-STS: no record");
	assert_false(mw_verdict_dane(&v, &d, &f, 77));
	mw_verdict_sts(&v, &f, &(struct mw_sts_verdict){.answer = MW_STS_TEMP, .why = "DNS is away"});
	answers_are(&v, MW_ANSWER_TEMP, "DNS is away", "why=DNS is away");
	f.nowhere = true;
	assert_true(mw_verdict_dane(&v, &d, &f, 77));
	mw_verdict_clear(&v);
}

/* ---- the cache ---------------------------------------------------------------------------------------------------------------- */
static bool has(struct mw_cache *c, const char *key, int64_t now, const char *value, int64_t left)
{
	struct mw_str got;
	int64_t seconds;

	return mw_cache_get(c, mw_str(key), now, &got, &seconds) && mw_str_eq(got, value) && seconds == left;
}

static void test_cache(void **state)
{
	struct mw_cache *c = mw_cache_new(3, 1 << 20);

	(void)state;
	assert_int_equal(mw_cache_put(c, mw_str("a"), mw_str("1"), 1000, 10, true), 0);
	assert_true(has(c, "a", 1000, "1", 10));
	assert_true(has(c, "a", 10999, "1", 1));
	assert_false(has(c, "a", 11000, "1", 0));
	assert_int_equal(mw_cache_count(c), 0);
	assert_int_equal(mw_cache_put(c, mw_str("a"), mw_str("1"), 0, 0, true), -EINVAL);
	for (const char *p = "abcd"; *p; p++) {
		char key[2] = {*p, '\0'};

		assert_int_equal(mw_cache_put(c, mw_str(key), mw_str(key), 0, 10, true), 0);
		assert_true(has(c, "a", 0, "a", 10)); /* in use, so it stays */
	}
	assert_int_equal(mw_cache_count(c), 3);
	assert_false(has(c, "b", 0, "b", 10));
	assert_int_equal(mw_cache_put(c, mw_str("a"), mw_str("new"), 0, 5, true), 0);
	assert_true(has(c, "a", 0, "new", 5));
	mw_cache_free(&c);
	c = mw_cache_new(100, 1000);
	for (unsigned i = 0; i < 100; i++) {
		char key[8];

		(void)snprintf(key, sizeof(key), "%u", i);
		assert_int_equal(mw_cache_put(c, mw_str(key), mw_str("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"), 0, 5, true), 0);
	}
	assert_in_range(mw_cache_count(c), 2, 12);
	mw_cache_free(&c);
}

static void copy_is(struct mw_buf *b, int64_t wall, const char *key, int64_t left)
{
	struct mw_cache *c = mw_cache_new(10, 1 << 20);

	assert_int_equal(mw_cache_read(c, (struct mw_str){.p = b->p, .n = b->n}, 500000, wall, NULL), 0);
	assert_int_equal(has(c, key, 500000, "v\n", left), left > 0);
	mw_cache_free(&c);
}

static void test_copy(void **state)
{
	struct mw_cache *c = mw_cache_new(10, 1 << 20), *d = mw_cache_new(10, 1 << 20);
	struct mw_buf b = MW_BUF_INIT;

	(void)state;
	assert_int_equal(mw_cache_put(c, mw_str("key"), mw_str("v\n"), 0, 100, true), 0);
	assert_int_equal(mw_cache_put(c, mw_str("fleeting"), mw_str("v\n"), 0, 100, false), 0);
	assert_true(mw_cache_is_dirty(c));
	mw_cache_write(c, 10000, 1000000, &b);
	assert_false(mw_cache_is_dirty(c));
	copy_is(&b, 1000000, "key", 90);
	copy_is(&b, 1000050, "key", 40);
	copy_is(&b, 1000090, "key", 0);
	copy_is(&b, 999990, "key", 90); /* the clock was corrected: not longer than it was */
	copy_is(&b, 900000, "key", 0);	/* written in the future */
	copy_is(&b, 1000000, "fleeting", 0);
	for (size_t i = 0; i < b.n; i++) {
		b.p[i] ^= 1;
		assert_int_equal(mw_cache_read(d, (struct mw_str){.p = b.p, .n = b.n}, 0, 1000000, NULL), -EBADMSG);
		b.p[i] ^= 1;
		if (i)
			assert_int_equal(mw_cache_read(d, (struct mw_str){.p = b.p, .n = i}, 0, 1000000, NULL), -EBADMSG);
	}
	assert_int_equal(mw_cache_count(d), 0);
	mw_buf_free(&b);
	mw_cache_free(&c);
	mw_cache_free(&d);
}

static void ignore(void *ctx, unsigned line, const char *text)
{
	(void)text;
	*(unsigned *)ctx = line;
}

static void test_partners(void **state)
{
	static const char table[] = "# x\r\n\n A.test\tmatch=mx.a.test # y\r\n.b.test match=.b.test:x.test\n";
	struct mw_partners *p;
	struct mw_dest d;
	unsigned line = 0;

	(void)state;
	assert_int_equal(mw_partners_parse(mw_str(table), ignore, &line, &p, NULL), 0);
	assert_int_equal(mw_partners_count(p), 2);
	assert_true(mw_dest_parse(mw_str("a.test"), &d));
	assert_string_equal(mw_partners_find(p, &d), "secure match=mx.a.test servername=hostname");
	assert_true(mw_dest_parse(mw_str("x.b.test"), &d));
	assert_string_equal(mw_partners_find(p, &d), "secure match=.b.test:x.test servername=hostname");
	for (const char *const *none = (const char *const[]){"b.test", "x.a.test", "xb.test", "[x.b.test]", NULL}; *none;
	     none++) {
		assert_true(mw_dest_parse(mw_str(*none), &d));
		assert_null(mw_partners_find(p, &d));
	}
	mw_partners_free(&p);
	assert_int_equal(mw_partners_parse(mw_str("a.test match=x\n\nb.test match=x y=z"), ignore, &line, &p, NULL), -EINVAL);
	assert_int_equal(line, 3);
	assert_int_equal(mw_partners_parse(mw_str("a.test match=mx.a.test:HostName"), ignore, &line, &p, NULL), -EINVAL);
	assert_int_equal(line, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_take),     cmocka_unit_test(test_reply), cmocka_unit_test(test_dest),
	    cmocka_unit_test(test_usable),   cmocka_unit_test(test_mx),	   cmocka_unit_test(test_many_mx),
	    cmocka_unit_test(test_host),     cmocka_unit_test(test_all),   cmocka_unit_test(test_pack),
	    cmocka_unit_test(test_verdict),  cmocka_unit_test(test_cache), cmocka_unit_test(test_copy),
	    cmocka_unit_test(test_partners),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
