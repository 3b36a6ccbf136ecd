/* SPDX-License-Identifier: Apache-2.0 */
/* dnsmap: questions that are read, and answers in words. */
#include "lookup/dnsmap.h"

#include "base/str.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_read(void **state)
{
	static const struct {
		const char *key;
		int result;
		unsigned type;
		const char *name;
	} rows[] = {
	    {"TXT example.org", 0, MW_DNS_TXT, "example.org"},
	    {"MX a\\032b.example", 0, MW_DNS_MX, "a\\032b.example"},
	    {"A a.example", 0, MW_DNS_A, "a.example"},
	    {"AAAA a.example", 0, MW_DNS_AAAA, "a.example"},
	    {"NS a.example", 0, MW_DNS_NS, "a.example"},
	    {"PTR 1.2.0.192.in-addr.arpa", 0, MW_DNS_PTR, "1.2.0.192.in-addr.arpa"},
	    {"TLSA _25._tcp.a.example", 0, MW_DNS_TLSA, "_25._tcp.a.example"},
	    {"CNAME a.example", 0, MW_DNS_CNAME, "a.example"},
	    {"SOA a.example", -EINVAL, 0, NULL},
	    {"ANY a.example", -EINVAL, 0, NULL},
	    {"txt a.example", -EINVAL, 0, NULL},
	    {"TXT", -EINVAL, 0, NULL},
	    {"TXT ", -EINVAL, 0, NULL},
	    {"TXT .", -EINVAL, 0, NULL},
	    {"TXT a b", -EINVAL, 0, NULL},
	    {"TXT  a", -EINVAL, 0, NULL},
	    {"", -EINVAL, 0, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char name[MW_DNS_TEXT_MAX] = "untouched";
		struct mw_err err;
		unsigned type = 0;

		assert_int_equal(mw_dnsmap_read(mw_str(rows[i].key), &type, name, &err), rows[i].result);
		assert_int_equal(type, rows[i].type);
		assert_string_equal(name, rows[i].name ? rows[i].name : "untouched");
	}
}

static void test_words(void **state)
{
	const struct mw_str txt[] = {MW_STR_LIT("\4abcd"), MW_STR_LIT("\0")};
	const struct {
		struct mw_dns_answer answer;
		enum mw_answer_kind kind;
		const char *text;
	} rows[] = {
	    {{.secure = true, .packet = {.name = "a.example", .ttl = 300, .n = 2, .record = txt}},
	     MW_ANSWER_OK,
	     "secure 0 300 a.example BGFiY2Q= AA=="},
	    {{.packet = {.name = "b.example", .ttl = UINT32_MAX, .rcode = MW_DNS_NXDOMAIN}},
	     MW_ANSWER_OK,
	     "insecure 3 4294967295 b.example"},
	    {{.packet = {.name = ""}}, MW_ANSWER_OK, "insecure 0 0 ."},
	    {{.status = MW_DNS_BOGUS, .why = "forged"}, MW_ANSWER_OK, "bogus 0 0 ."},
	    {{.status = MW_DNS_TIMEOUT, .why = "slow"}, MW_ANSWER_TEMP, "timeout: slow"},
	    {{.status = MW_DNS_FAILED, .why = "broken"}, MW_ANSWER_TEMP, "failed: broken"},
	};
	struct mw_buf text = MW_BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_answer answer = {0};

		mw_dnsmap_words(&rows[i].answer, &text, &answer);
		assert_int_equal(answer.kind, rows[i].kind);
		if (!mw_str_eq(answer.text, rows[i].text))
			fail_msg("%.*s instead of %s", (int)answer.text.n, answer.text.p, rows[i].text);
	}
	mw_buf_free(&text);
}

/* What a netstring of five digits cannot have is not handed on in part. */
static void test_large(void **state)
{
	static char octets[65000];
	struct mw_str record[2] = {{octets, sizeof(octets)}, {octets, sizeof(octets)}};
	struct mw_dns_answer found = {.packet = {.name = "a.example", .n = 1, .record = record}};
	struct mw_buf text = MW_BUF_INIT;
	struct mw_answer answer = {0};

	(void)state;
	mw_dnsmap_words(&found, &text, &answer);
	assert_int_equal(answer.kind, MW_ANSWER_OK);
	assert_int_equal(answer.text.n, strlen("insecure 0 0 a.example ") + (sizeof(octets) + 2) / 3 * 4);
	found.packet.n = 2;
	mw_dnsmap_words(&found, &text, &answer);
	assert_int_equal(answer.kind, MW_ANSWER_TEMP);
	assert_true(mw_str_eq(answer.text, "failed: the answer of DNS is too large"));
	mw_buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
