/* SPDX-License-Identifier: Apache-2.0 */
/* test_results: Authentication-Results: what is read, whose it is, what is written. */
#include "results.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define OURS "mx.clinic.example"

struct claim {
	bool ours;
	const char *value;
};

static const struct claim claims[] = {
    /* as RFC 8601 writes it */
    {true, " mx.clinic.example; spf=pass smtp.mailfrom=a.example"},
    {true, " MX.Clinic.EXAMPLE; none"},
    {true, "mx.clinic.example;none"},
    {true, " mx.clinic.example 1; spf=pass"},
    {true, "\n\tmx.clinic.example\n\t; spf=pass"},
    {true, "\r\n\tmx.clinic.example\r\n\t;\r\n spf=pass"},
    {true, " (of (a) relay) mx.clinic.example (1;2) 1 (x); spf=pass"},
    {true, " \"mx.clinic.example\"; spf=pass"},
    {true, " \"mx\\.clinic.exam\\ple\"; spf=pass"},
    {true, " mx.clinic.example"},
    /* as it should not be, and is read */
    {true, " mx.clinic.example. ; spf=pass"},
    {true, " mx.clinic.example.; spf=pass"},
    {true, " mx.clinic.example spf=pass"},
    {true, " mx.clinic.example, spf=pass"},
    {true, " mx.clinic.example(x)spf=pass"},
    {true, " mx.(x)clinic.example; spf=pass"},
    {true, " mx . clinic . example; spf=pass"},
    {true, " mx.cli\n nic.example; spf=pass"},
    {true, " \"mx\".\"clinic.example\"; spf=pass"},
    {true, " \"mx.clinic.example; spf=pass"},
    {true, " <mx.clinic.example>; spf=pass"},
    {true, " (mx.clinic.example; spf=pass"},
    {true, " (a (b) mx.clinic.example; spf=pass"},
    {true, " (\\) mx.clinic.example; spf=pass"},
    {true, " ((((((((((((((((((((((((((((((x)))))))))))))))))))))))))))))) mx.clinic.example; spf=pass"},
    {true, " mx.clinic.example/1; spf=pass"},
    {true, " mx.clinic.example 2; spf=pass"},
    {true, " mx.clinic.example 99999999999999999999; spf=pass"},
    {true, " mx.clinic.exa\xc2\xadmple; spf=pass"},
    {true, "\xe2\x80\x8bmx.clinic.example; spf=pass"},
    {true, " \x01mx.clinic.example; spf=pass"},
    {true, " =?utf-8?q?mx=2Eclinic=2Eexample?=; spf=pass"},
    {true, " spf=pass smtp.mailfrom=a.example"},
    {true, " dkim/1=pass header.d=a.example"},
    {true, "; spf=pass"},
    {true, ""},
    {true, " (only a comment)"},
    /* others' */
    {false, " mx.other.example; spf=pass smtp.mailfrom=mx.clinic.example"},
    {false, " mx.clinic.example.org; spf=pass"},
    {false, " mx.clinic.examples; spf=pass"},
    {false, " mx.clinic.example-1; spf=pass"},
    {false, " amx.clinic.example; spf=pass"},
    {false, " clinic.example; spf=pass"},
    {false, " a.mx.clinic.example; spf=pass"},
    {false, " mx.clinic; spf=pass"},
    {false, " mx.other.example (mx.clinic.example); spf=pass"},
    {false, " (mx.clinic.example) mx.other.example; spf=pass"},
    {false, " (a (mx.clinic.example) b) mx.other.example; spf=pass"},
    {false, " mx.other.example; mx.clinic.example; spf=pass"},
    {false, " \"mx.clinic.example.org\"; spf=pass"},
    {false, " mx.other.example 1; spf=pass"},
    {false, " mx.other.example; none"},
};

static void test_claims(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++)
		if (mw_results_claims(claims[i].value, strlen(claims[i].value), OURS) != claims[i].ours)
			fail_msg("%s: \"%s\"", claims[i].ours ? "is ours" : "is not ours", claims[i].value);
	assert_true(mw_results_claims(" mx.clinic.example; none", 24, OURS "."));
	assert_true(mw_results_claims(" mx.\0clinic.example; none", 25, OURS));
}

/* One that takes long to read would stop a worker. */
static void test_claims_long(void **state)
{
	size_t n = 400000;
	char *text = malloc(n);

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < n; i++)
		text[i] = i & 1 ? '(' : '\\';
	assert_true(mw_results_claims(text, n, OURS));
	memset(text, '(', n);
	assert_true(mw_results_claims(text, n, OURS));
	for (size_t i = 0; i < n; i++)
		text[i] = i & 1 ? ')' : '(';
	assert_true(mw_results_claims(text, n, OURS));
	free(text);
}

/* "id v method=result type.property=value …;" of a whole field, or "bad" where it ends to be one. */
static void print(const char *value, char *out, size_t size)
{
	struct mw_results_reader r;
	struct mw_results_item item;
	char id[MW_AUTH_NAME];
	size_t n = 0;
	int more;

	if (mw_results_begin(&r, value, strlen(value), id) < 0) {
		(void)snprintf(out, size, "bad");
		return;
	}
	n += (size_t)snprintf(out + n, size - n, "%s", id);
	while ((more = mw_results_next(&r, &item)) > 0) {
		n += (size_t)snprintf(out + n, size - n, "|%s/%u=%s", item.method, item.version, item.result);
		for (size_t i = 0; i < item.n; i++)
			n += (size_t)snprintf(out + n, size - n, " %s.%s=%s", item.property[i].type, item.property[i].property,
					      item.property[i].value);
	}
	if (more < 0)
		(void)snprintf(out + n, size - n, "|bad");
	else if (r.none)
		(void)snprintf(out + n, size - n, "|none");
}

static void test_read(void **state)
{
	static const char *const rows[][2] = {
	    {" example.com 1; none", "example.com|none"},
	    {" example.org 1; none;", "example.org|bad"},
	    {" example.com;\n spf=pass smtp.mailfrom=example.net", "example.com|spf/1=pass smtp.mailfrom=example.net"},
	    {" example.com;\n auth=pass (cram-md5) smtp.auth=sender@example.net; spf=pass smtp.mailfrom=example.net",
	     "example.com|auth/1=pass smtp.auth=sender@example.net|spf/1=pass smtp.mailfrom=example.net"},
	    {" example.com; dkim=pass reason=\"good signature\" header.i=@mail-router.example.net;",
	     "example.com|dkim/1=pass header.i=@mail-router.example.net"},
	    {" foo.example.net (foobar) 1 (baz); dkim (Because I like it) / 1 (One yay) = (wait for it) fail policy (A dot can "
	     "go "
	     "here) . (like that) expired (this surprised me) = (as I wasn't expecting it) 1362471462",
	     "foo.example.net|dkim/1=fail policy.expired=1362471462"},
	    {" \"a.example\"; SPF=Pass SMTP.MailFrom=\"a \\\"b\\\"\"@c.example",
	     "a.example|spf/1=pass smtp.mailfrom=a \"b\"@c.example"},
	    {" a.example; arc=pass smtp.remote-ip=2001:db8::1", "a.example|arc/1=pass smtp.remote-ip=2001:db8::1"},
	    {" a.example;", "a.example|bad"},
	    {" a.example; spf", "a.example|bad"},
	    {" a.example; spf=", "a.example|bad"},
	    {" a.example; spf=pass smtp.mailfrom", "a.example|bad"},
	    {" a.example; spf=pass; (", "a.example|spf/1=pass|bad"},
	    {" a.example 2; none", "bad"},
	    {" a.example spf=pass", "bad"},
	    {"", "bad"},
	    {" ;spf=pass", "bad"},
	};
	char out[4096];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		print(rows[i][0], out, sizeof(out));
		assert_string_equal(out, rows[i][1]);
	}
}

static void test_read_arc(void **state)
{
	static const char good[] = " i=12; lists.example; arc=pass; dmarc=fail header.from=a.example";
	struct mw_results_reader r;
	struct mw_results_item item;
	char id[MW_AUTH_NAME];
	unsigned i = 0;

	(void)state;
	assert_int_equal(mw_results_begin_arc(&r, good, sizeof(good) - 1, &i, id), 0);
	assert_int_equal(i, 12);
	assert_string_equal(id, "lists.example");
	assert_int_equal(mw_results_next(&r, &item), 1);
	assert_int_equal(mw_results_next(&r, &item), 1);
	assert_int_equal(mw_results_word(item.result), MW_AUTH_FAIL);
	assert_string_equal(item.property[0].value, "a.example");
	assert_int_equal(mw_results_next(&r, &item), 0);
	assert_int_equal(mw_results_begin_arc(&r, " lists.example; none", 20, &i, id), -EBADMSG);
	assert_int_equal(mw_results_begin_arc(&r, " i=1234567; a; none", 19, &i, id), -EBADMSG);
	assert_int_equal(mw_results_word("gut"), MW_AUTH_NONE);
}

static struct mw_auth_mail mail(void)
{
	return (struct mw_auth_mail){
	    .receiver = OURS, .client = {"192.0.2.1", 9}, .helo = {"h\"\r\nX: y", 8}, .sender = {"joe\\@a.example", 14}};
}

/* Every line is a fold, and short enough for any MTA; what is read is what was written. */
static void check_written(const struct mw_text *t, const char *expected)
{
	const char *line = t->p;
	char out[65536];

	assert_false(t->failed);
	while (line) {
		const char *end = strchr(line, '\n');

		assert_true((end ? (size_t)(end - line) : strlen(line)) < 998);
		assert_true(line == t->p || *line == '\t');
		line = end ? end + 1 : NULL;
	}
	assert_null(strchr(t->p, '\r'));
	print(t->p, out, sizeof(out));
	assert_string_equal(out, expected);
}

static void test_write(void **state)
{
	struct mw_auth a = {
	    .mailfrom = {.word = MW_AUTH_FAIL, .identity = MW_SPF_MAILFROM, .domain = "a.example", .why = "say \"no\"; \\"},
	    .helo = {.word = MW_AUTH_NONE, .identity = MW_SPF_HELO, .domain = "h;.example"},
	    .dkims = 1,
	    .dkim = {{.word = MW_AUTH_PASS,
		      .domain = "a.example",
		      .selector = "s1",
		      .algorithm = "rsa-sha256",
		      .b = "abcd/+12",
		      .bits = 2048,
		      .secure = true}},
	    .arc = {.word = MW_AUTH_PASS, .sets = 2, .sealer = "l.example"},
	    .dmarc = {.word = MW_AUTH_PASS,
		      .from = "a.example",
		      .record_asks = MW_DMARC_ASKS_REJECT,
		      .asks = MW_DMARC_ASKS_QUARANTINE,
		      .sampled_out = true}};
	struct mw_auth_mail m = mail();
	struct mw_text t = {0};

	(void)state;
	mw_results_write(&t, &a, &m);
	check_written(&t, OURS
		      "|dmarc/1=pass header.from=a.example|spf/1=fail smtp.mailfrom=a.example|spf/1=none smtp.helo=h;.example"
		      "|dkim/1=pass header.d=a.example header.s=s1 header.a=rsa-sha256 header.b=abcd/+12"
		      "|arc/1=pass header.oldest-pass=0 smtp.remote-ip=192.0.2.1");
	assert_non_null(strstr(t.p, "reason=\"say \\\"no\\\"; \\\\\""));
	assert_non_null(strstr(t.p, "(2048-bit key, secure)"));
	assert_non_null(strstr(t.p, "(p=reject, asks=quarantine)"));
	mw_text_free(&t);
	a = (struct mw_auth){.skipped = NULL};
	mw_results_write(&t, &a, &m);
	check_written(&t, OURS "|none");
	mw_text_free(&t);
}

static void test_write_spf(void **state)
{
	struct mw_auth a = {.mailfrom = {.word = MW_AUTH_PERMERROR,
					 .identity = MW_SPF_MAILFROM,
					 .domain = "a.example",
					 .mechanism = "include:b.example",
					 .why = "too many look-ups"}};
	struct mw_auth_mail m = mail();
	struct mw_text t = {0};

	(void)state;
	mw_results_write_spf(&t, &a, &m);
	assert_string_equal(t.p,
			    " permerror\n\tclient-ip=\"192.0.2.1\";\n\tenvelope-from=\"joe\\\\@a.example\";\n\thelo=\"h\\\"??X: "
			    "y\";\n\tidentity=\"mailfrom\";\n\tmechanism=\"include:b.example\";\n\tproblem=\"too many "
			    "look-ups\";\n\treceiver=\"" OURS "\";");
	mw_text_free(&t);
}

/* The longest that results can hold. */
static void test_write_most(void **state)
{
	struct mw_auth *a = calloc(1, sizeof(*a));
	struct mw_auth_mail m = mail();
	struct mw_text t = {0};
	char *out = malloc(1 << 20);

	(void)state;
	assert_non_null(a);
	assert_non_null(out);
	a->dkims = MW_AUTH_SIGNATURES;
	for (size_t i = 0; i < a->dkims; i++) {
		a->dkim[i].word = MW_AUTH_PERMERROR;
		memset(a->dkim[i].domain, '"', sizeof(a->dkim[i].domain) - 1);
		memset(a->dkim[i].selector, '\\', sizeof(a->dkim[i].selector) - 1);
		memset(a->dkim[i].why, '"', sizeof(a->dkim[i].why) - 1);
	}
	mw_results_write(&t, a, &m);
	print(t.p, out, 1 << 20);
	assert_null(strstr(out, "bad"));
	assert_true(t.n < 32768);
	mw_text_free(&t);
	free(out);
	free(a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_claims),     cmocka_unit_test(test_claims_long), cmocka_unit_test(test_read),
	    cmocka_unit_test(test_read_arc),   cmocka_unit_test(test_write),	   cmocka_unit_test(test_write_spf),
	    cmocka_unit_test(test_write_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
