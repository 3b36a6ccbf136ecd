/* SPDX-License-Identifier: Apache-2.0 */
/* dmarc: what a message's From, the records of its domain, SPF and DKIM come to. */
#include "dmarc.h"

#include "author.h"
#include "dmarc_record.h"
#include "zone.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char zone_text[] = "_dmarc.reject.example TXT \"v=DMARC1; p=reject; rua=mailto:d@reject.example\"\n"
				"_dmarc.strict.example TXT \"v=DMARC1; p=quarantine; adkim=s; aspf=s\"\n"
				"_dmarc.split.example TXT \"v=DMARC1; p=re\" \"ject\"\n"
				"_dmarc.sub.example TXT \"v=DMARC1; p=none; sp=reject; np=quarantine\"\n"
				"there.sub.example A 192.0.2.1\n"
				"mx.sub.example MX 10 mail.sub.example\n"
				"slow.sub.example * TIMEOUT\n"
				"_dmarc.own.sub.example TXT \"v=DMARC1; p=quarantine\"\n"
				"_dmarc.test.example TXT \"v=DMARC1; p=reject; t=y\"\n"
				"_dmarc.never.example TXT \"v=DMARC1; p=reject; pct=0\"\n"
				"_dmarc.two.example TXT \"v=DMARC1; p=reject\"\n"
				"_dmarc.two.example TXT \"v=DMARC1; p=none\"\n"
				"_dmarc.other.example TXT \"v=spf1 -all\"\n"
				"_dmarc.other.example TXT \"v=DMARC1; p=reject\"\n"
				"_dmarc.bad.example TXT \"v=DMARC1; p=all\"\n"
				"_dmarc.slow.example TXT TIMEOUT\n"
				"_dmarc.broken.example TXT SERVFAIL\n"
				"_dmarc.forged.example TXT BOGUS\n"
				"_dmarc.alias.example CNAME _dmarc.reject.example\n"
				"_dmarc.xn--mnchen-3ya.example TXT \"v=DMARC1; p=reject\"\n"
				"_dmarc.clinic.co.uk TXT \"v=DMARC1; p=reject\"\n"
				/* for the walk */
				"_dmarc.gov.example2 TXT \"v=DMARC1; p=none; np=reject; psd=y\"\n"
				"_dmarc.lab.health.gov.example2 TXT \"v=DMARC1; p=quarantine\"\n"
				"_dmarc.org.walk.test TXT \"v=DMARC1; p=reject; psd=n\"\n"
				"_dmarc.walk.test TXT \"v=DMARC1; p=none\"\n"
				"_dmarc.c.d.e.f.g.h.deep.test TXT \"v=DMARC1; p=reject\"\n"
				"_dmarc.d.e.f.g.h.deep.test TXT \"v=DMARC1; p=quarantine\"\n"
				"_dmarc.up.deep2.test TXT SERVFAIL\n";

/* Memory of a message. */
struct block {
	struct block *next;
	max_align_t data[];
};

static void *give(void *ctx, size_t n)
{
	struct block **first = ctx, *b = calloc(1, sizeof(*b) + n);

	if (b) {
		b->next = *first;
		*first = b;
	}
	return b ? b->data : NULL;
}

static struct mw_zonefile *zone;

static int setup(void **state)
{
	struct mw_err err;

	(void)state;
	return mw_zonefile_parse(zone_text, sizeof(zone_text) - 1, &zone, &err);
}

static int teardown(void **state)
{
	(void)state;
	mw_zonefile_free(&zone);
	return 0;
}

struct row {
	const char *from;   /* header; "|" divides fields */
	const char *spf;    /* "pass a.example", "" = none */
	const char *dkim;   /* the same, "," between signatures */
	const char *expect; /* "word asks/record_asks from" */
};

static enum mw_auth_word word_of(const char *text)
{
	for (unsigned w = MW_AUTH_NONE; w <= MW_AUTH_PERMERROR; w++)
		if (strncmp(text, mw_auth_word((enum mw_auth_word)w), strlen(mw_auth_word((enum mw_auth_word)w))) == 0)
			return (enum mw_auth_word)w;
	fail_msg("no result is called %s", text);
	return MW_AUTH_NONE;
}

static void take(const char *text, size_t n, enum mw_auth_word *word, char *domain)
{
	const char *blank = memchr(text, ' ', n);

	assert_non_null(blank);
	*word = word_of(text);
	(void)snprintf(domain, MW_AUTH_NAME, "%.*s", (int)(n - (size_t)(blank + 1 - text)), blank + 1);
}

static void findings(const struct row *row, struct mw_auth *a)
{
	if (*row->spf) {
		a->mailfrom.identity = MW_SPF_MAILFROM;
		take(row->spf, strlen(row->spf), &a->mailfrom.word, a->mailfrom.domain);
	}
	for (const char *p = row->dkim; *p;) {
		size_t n = strcspn(p, ",");

		take(p, n, &a->dkim[a->dkims].word, a->dkim[a->dkims].domain);
		a->dkims++;
		p += n + (p[n] == ',');
	}
}

static size_t fields_of(const char *from, struct mw_field *field, size_t most)
{
	size_t n = 0;

	for (; *from && n < most; n++) {
		size_t length = strcspn(from, "|");

		field[n].name = (struct mw_str){.p = n ? "FROM " : "From", .n = n ? 5 : 4};
		field[n].value = (struct mw_str){.p = from, .n = length};
		from += length + (from[length] == '|');
	}
	return n;
}

static void evaluate(const struct row *row, bool tree_walk, struct mw_auth *a)
{
	struct mw_resolver dns = mw_zonefile_resolver(zone);
	struct block *memory = NULL;
	struct mw_field field[8];
	struct mw_auth_mail mail = {.alloc = give, .alloc_ctx = &memory, .field = field};
	struct mw_dmarc *d = NULL;

	memset(a, 0, sizeof(*a));
	findings(row, a);
	mail.fields = fields_of(row->from, field, 8);
	assert_int_equal(mw_dmarc_open(tree_walk, &d), 0);
	mw_dmarc_want(d, &mail, &dns);
	assert_int_equal(mw_dmarc_check(d, &mail, &dns, a), 0);
	mw_dmarc_close(&d);
	a->dmarc.record = NULL; /* of the message */
	for (struct block *b = memory, *next; b; b = next) {
		next = b->next;
		free(b);
	}
}

static void run(const struct row *rows, size_t n, bool tree_walk)
{
	for (size_t i = 0; i < n; i++) {
		struct mw_auth *a = calloc(1, sizeof(*a));
		const struct mw_dmarc_result *r;
		char got[400];

		assert_non_null(a);
		evaluate(&rows[i], tree_walk, a);
		r = &a->dmarc;
		(void)snprintf(got, sizeof(got), "%s %s/%s %s", mw_auth_word(r->word), mw_dmarc_policy(r->asks),
			       mw_dmarc_policy(r->record_asks), r->from);
		if (strcmp(got, rows[i].expect) != 0)
			fail_msg("%s, spf %s, dkim %s: %s (%s), not %s", rows[i].from, rows[i].spf, rows[i].dkim, got, r->why,
				 rows[i].expect);
		assert_true(*r->why);
		for (const char *c = r->why; *c; c++)
			assert_true(*c >= ' ' && *c < 0x7f);
		free(a);
	}
}

static void test_results(void **state)
{
	static const struct row rows[] = {
	    {" a@reject.example", "", "", "fail reject/reject reject.example"},
	    {" a@REJECT.Example", "pass reject.example", "", "pass /reject reject.example"},
	    {" a@reject.example", "pass bounce.reject.example", "", "pass /reject reject.example"},
	    {" a@reject.example", "pass evil.example", "pass evil.example", "fail reject/reject reject.example"},
	    {" a@reject.example", "pass evilreject.example", "pass reject.example.evil.example",
	     "fail reject/reject reject.example"},
	    {" a@reject.example", "softfail reject.example", "fail reject.example", "fail reject/reject reject.example"},
	    {" a@reject.example", "neutral reject.example", "policy reject.example", "fail reject/reject reject.example"},
	    {" a@reject.example", "fail x.example", "fail reject.example,pass x.example,pass mail.reject.example",
	     "pass /reject reject.example"},
	    {" a@strict.example", "pass bounce.strict.example", "pass mail.strict.example",
	     "fail quarantine/quarantine strict.example"},
	    {" a@strict.example", "pass strict.example", "", "pass /quarantine strict.example"},
	    {" a@strict.example", "", "pass STRICT.example", "pass /quarantine strict.example"},
	    {" a@split.example", "", "", "fail reject/reject split.example"},
	    {" a@other.example", "", "", "fail reject/reject other.example"},
	    {" a@alias.example", "", "", "fail reject/reject alias.example"},
	    /* The suffix is no organisation: co.uk stands for nobody. */
	    {" a@mail.clinic.co.uk", "pass co.uk", "pass evil.co.uk", "fail reject/reject mail.clinic.co.uk"},
	    {" a@mail.clinic.co.uk", "pass lab.clinic.co.uk", "", "pass /reject mail.clinic.co.uk"},
	    /* What is not known now. */
	    {" a@reject.example", "temperror reject.example", "", "temperror /reject reject.example"},
	    {" a@reject.example", "", "temperror sub.reject.example", "temperror /reject reject.example"},
	    {" a@reject.example", "temperror reject.example", "pass reject.example", "pass /reject reject.example"},
	    {" a@reject.example", "temperror evil.example", "temperror evil.example", "fail reject/reject reject.example"},
	    {" a@reject.example", "temperror ", "", "temperror /reject reject.example"}, /* the client is not known */
	    {" a@slow.example", "pass slow.example", "pass slow.example", "temperror / slow.example"},
	    {" a@broken.example", "pass broken.example", "", "temperror / broken.example"},
	    {" a@forged.example", "pass forged.example", "", "temperror / forged.example"},
	    {" a@x.slow.example", "pass x.slow.example", "", "temperror / x.slow.example"},
	    /* No record, or none that is good. */
	    {" a@nothing.example", "pass nothing.example", "", "none / nothing.example"},
	    {" a@two.example", "pass two.example", "", "permerror / two.example"},
	    {" a@bad.example", "pass bad.example", "", "permerror / bad.example"},
	    /* Below the organisation. */
	    {" a@sub.example", "", "", "fail none/none sub.example"},
	    {" a@own.sub.example", "", "", "fail quarantine/quarantine own.sub.example"},
	    {" a@there.sub.example", "", "", "fail reject/reject there.sub.example"},
	    {" a@mx.sub.example", "", "", "fail reject/reject mx.sub.example"},
	    {" a@gone.sub.example", "", "", "fail quarantine/quarantine gone.sub.example"},
	    {" a@slow.sub.example", "", "", "fail quarantine/quarantine slow.sub.example"},
	    {" a@test.example", "", "", "fail quarantine/reject test.example"},
	    {" a@never.example", "", "", "fail quarantine/reject never.example"},
	    {" a@never.example", "pass never.example", "", "pass /reject never.example"},
	};

	(void)state;
	run(rows, sizeof(rows) / sizeof(rows[0]), false);
}

static void test_walk(void **state)
{
	static const struct row rows[] = {
	    {" a@reject.example", "pass mail.reject.example", "", "pass /reject reject.example"},
	    {" a@mail.reject.example", "", "pass reject.example", "pass /reject mail.reject.example"},
	    {" a@never.example", "", "", "fail reject/reject never.example"}, /* pct is no more */
	    {" a@test.example", "", "", "fail quarantine/reject test.example"},
	    {" a@two.example", "pass two.example", "", "none / two.example"},
	    {" a@bad.example", "", "", "permerror / bad.example"},
	    /* A suffix that says it is one: the name below it is the organisation. */
	    {" a@health.gov.example2", "", "", "fail none/none health.gov.example2"},
	    {" a@gone.gov.example2", "", "", "fail reject/reject gone.gov.example2"},
	    {" a@health.gov.example2", "", "pass gov.example2", "fail none/none health.gov.example2"},
	    {" a@health.gov.example2", "", "pass sub.health.gov.example2", "pass /none health.gov.example2"},
	    {" a@lab.health.gov.example2", "", "pass health.gov.example2", "pass /quarantine lab.health.gov.example2"},
	    {" a@lab.health.gov.example2", "", "pass tax.gov.example2", "fail quarantine/quarantine lab.health.gov.example2"},
	    {" a@gov.example2", "", "pass gov.example2", "pass /none gov.example2"},
	    /* An organisation that says it is one. */
	    {" a@org.walk.test", "", "pass walk.test", "fail reject/reject org.walk.test"},
	    {" a@x.org.walk.test", "", "pass y.org.walk.test", "pass /reject x.org.walk.test"},
	    {" a@x.walk.test", "", "pass org.walk.test", "fail none/none x.walk.test"},
	    /* Long names: the first, then the seven labels at its end. */
	    {" a@a.b.c.d.e.f.g.h.deep.test", "", "", "fail quarantine/quarantine a.b.c.d.e.f.g.h.deep.test"},
	    {" a@c.d.e.f.g.h.deep.test", "", "", "fail reject/reject c.d.e.f.g.h.deep.test"},
	    /* A step that fails: all above it is unknown. */
	    {" a@x.up.deep2.test", "pass x.up.deep2.test", "", "temperror / x.up.deep2.test"},
	    {" a@slow.example", "pass slow.example", "", "temperror / slow.example"},
	    {" a@nothing.example", "pass nothing.example", "", "none / nothing.example"},
	};

	(void)state;
	run(rows, sizeof(rows) / sizeof(rows[0]), true);
}

static void test_authors(void **state)
{
	static const struct row rows[] = {
	    {"", "pass reject.example", "pass reject.example", "permerror / "},
	    {" ", "pass reject.example", "", "permerror / "},
	    {" undisclosed:;", "pass reject.example", "", "permerror / "},
	    {" team: a@reject.example;", "pass reject.example", "pass reject.example", "permerror / "},
	    {" a", "pass reject.example", "", "permerror / "},
	    {" a@[192.0.2.1]", "pass reject.example", "", "permerror / "},
	    {" a@reject.example|b@nothing.example", "pass reject.example", "pass reject.example", "permerror / "},
	    {" a@reject.example|b@nothing.example", "pass nothing.example", "", "fail reject/reject "},
	    {" b@nothing.example, a@reject.example", "pass nothing.example", "", "fail reject/reject "},
	    {" a@sub.example, b@reject.example, c@strict.example", "", "", "fail reject/reject "},
	    {" a@slow.example, b@reject.example", "pass reject.example", "", "temperror / "},
	    {" a@reject.example, b@reject.example", "pass reject.example", "", "permerror / reject.example"},
	    {" a@reject.example|a@reject.example", "pass reject.example", "", "permerror / reject.example"},
	    {" a@reject.example, <", "", "", "fail reject/reject reject.example"},
	    {" a@reject.example, <", "pass reject.example", "", "permerror / reject.example"},
	    {" a@a.example, b@b.example, c@c.example, d@d.example, e@reject.example", "", "", "permerror / "},
	    {" \"b@nothing.example\" <a@reject.example>", "pass nothing.example", "", "fail reject/reject reject.example"},
	    {" (b@nothing.example) a@reject.example (c)", "pass reject.example", "", "pass /reject reject.example"},
	    {" a@m\xc3\xbcnchen.example", "", "", "fail reject/reject xn--mnchen-3ya.example"},
	    {" a@M\xc3\x9cNCHEN.example", "pass xn--mnchen-3ya.example", "", "pass /reject xn--mnchen-3ya.example"},
	    {" a@m\xfcnchen.example", "pass xn--mnchen-3ya.example", "", "permerror / "},
	    {" a@-.-.example", "pass reject.example", "", "none / -.-.example"},
	    {" a@aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg.example", "", "",
	     "permerror / aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffgggg.example"},
	    {" a@localhost", "pass localhost", "", "none / localhost"},
	};

	(void)state;
	run(rows, sizeof(rows) / sizeof(rows[0]), false);
}

/* pct takes about as many messages as it says, and the same ones each time. */
static void test_pct(void **state)
{
	static const char records[] = "_dmarc.x.example TXT \"v=DMARC1; p=reject; pct=30\"\n";
	struct mw_zonefile *z = NULL;
	struct mw_dmarc *d = NULL;
	struct mw_auth *a = calloc(1, sizeof(*a));
	unsigned asked = 0;

	(void)state;
	assert_non_null(a);
	assert_int_equal(mw_zonefile_parse(records, sizeof(records) - 1, &z, NULL), 0);
	assert_int_equal(mw_dmarc_open(false, &d), 0);
	for (unsigned i = 0; i < 2000; i++) {
		struct mw_resolver dns = mw_zonefile_resolver(z);
		struct block *memory = NULL, *next;
		char id[32];
		struct mw_field field[2] = {{.name = {"From", 4}, .value = {" a@x.example", 12}}, {.name = {"Message-ID", 10}}};
		struct mw_auth_mail mail = {.alloc = give, .alloc_ctx = &memory, .field = field, .fields = 2};
		enum mw_dmarc_policy first;

		field[1].value = (struct mw_str){id, (size_t)snprintf(id, sizeof(id), " <%u@x.example>", i)};
		assert_int_equal(mw_dmarc_check(d, &mail, &dns, a), 0);
		first = a->dmarc.asks;
		assert_int_equal(first, a->dmarc.sampled_out ? MW_DMARC_ASKS_QUARANTINE : MW_DMARC_ASKS_REJECT);
		assert_int_equal(mw_dmarc_check(d, &mail, &dns, a), 0);
		assert_int_equal(first, a->dmarc.asks);
		asked += first == MW_DMARC_ASKS_REJECT;
		for (; memory; memory = next) {
			next = memory->next;
			free(memory);
		}
	}
	/* 600 are expected, with a deviation of 20. */
	assert_in_range(asked, 450, 750);
	mw_dmarc_close(&d);
	mw_zonefile_free(&z);
	free(a);
}

static void *none_left(void *ctx, size_t n)
{
	(void)ctx;
	(void)n;
	return NULL;
}

static void test_no_memory(void **state)
{
	struct mw_field field = {.name = {"From", 4}, .value = {" a@reject.example", 17}};
	struct mw_auth_mail mail = {.alloc = none_left, .field = &field, .fields = 1};
	struct mw_resolver dns = mw_zonefile_resolver(zone);
	struct mw_auth *a = calloc(1, sizeof(*a));

	(void)state;
	assert_non_null(a);
	for (int walk = 0; walk < 2; walk++) {
		struct mw_dmarc *d = NULL;

		assert_int_equal(mw_dmarc_open(walk, &d), 0);
		assert_int_equal(mw_dmarc_check(d, &mail, &dns, a), -ENOMEM);
		assert_int_equal(a->dmarc.word, MW_AUTH_TEMPERROR);
		mw_dmarc_close(&d);
	}
	free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_results), cmocka_unit_test(test_walk),      cmocka_unit_test(test_authors),
	    cmocka_unit_test(test_pct),	    cmocka_unit_test(test_no_memory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
