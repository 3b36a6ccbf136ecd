/* SPDX-License-Identifier: Apache-2.0 */
/* dns packet: answers as servers send them, and as nobody should. */
#include "dns/packet.h"

#include "base/buf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct mw_buf packet;
static struct mw_arena *arena;

static void u16(unsigned v)
{
	mw_buf_putc(&packet, (char)(v >> 8));
	mw_buf_putc(&packet, (char)v);
}

static void u32(uint32_t v)
{
	u16(v >> 16);
	u16(v & 0xffff);
}

/* "mx.a.test", "" for the root; "@12" is a pointer to octet 12, "x@12" a label and that. */
static void name(const char *text)
{
	while (*text && *text != '@') {
		size_t n = strcspn(text, ".@");

		mw_buf_putc(&packet, (char)n);
		mw_buf_add(&packet, text, n);
		text += n + (text[n] == '.');
	}
	if (*text == '@')
		u16(0xc000 | (unsigned)strtoul(text + 1, NULL, 10));
	else
		mw_buf_putc(&packet, 0);
}

static void head(unsigned rcode, unsigned answers, unsigned authorities, const char *question, unsigned type)
{
	mw_buf_clear(&packet);
	u16(1);
	u16(0x8180 | rcode);
	u16(1);
	u16(answers);
	u16(authorities);
	u16(0);
	name(question);
	u16(type);
	u16(1);
}

static void rr(const char *owner, unsigned type, uint32_t ttl, unsigned length)
{
	name(owner);
	u16(type);
	u16(1);
	u32(ttl);
	u16(length);
}

static void mx(const char *owner, uint32_t ttl, unsigned preference, const char *host, unsigned length)
{
	rr(owner, MW_DNS_MX, ttl, length);
	u16(preference);
	name(host);
}

static int read_it(unsigned type, struct mw_dns_packet *ret)
{
	struct mw_err err;

	assert_true(mw_buf_ok(&packet));
	mw_arena_free(&arena);
	arena = mw_arena_new(0);
	return mw_dns_packet_read(arena, (const uint8_t *)packet.p, packet.n, type, ret, &err);
}

static void test_mx(void **state)
{
	struct mw_dns_packet p;
	char host[MW_DNS_TEXT_MAX];
	unsigned preference;

	(void)state;
	head(0, 3, 0, "A.Test", MW_DNS_MX);
	mx("@12", 300, 10, "mx@12", 7);
	mx("a.tesT", 200, 20, "b.test", 10);
	mx("other.test", 1, 20, "b.test", 10); /* nobody asked for that */
	assert_int_equal(read_it(MW_DNS_MX, &p), 0);
	assert_int_equal(p.n, 2);
	assert_int_equal(p.ttl, 200);
	assert_string_equal(p.name, "a.test");
	assert_false(p.alias);
	assert_true(mw_dns_record_mx(p.record[0], &preference, host));
	assert_int_equal(preference, 10);
	assert_string_equal(host, "mx.a.test");
	assert_true(mw_dns_record_mx(p.record[1], &preference, host));
	assert_string_equal(host, "b.test");
}

static void test_alias(void **state)
{
	struct mw_dns_packet p;

	(void)state;
	head(0, 3, 0, "a.test", MW_DNS_A);
	rr("c.test", MW_DNS_A, 300, 4);
	u32(0x7f000001);
	rr("b.test", MW_DNS_CNAME, 20, 8);
	name("c.test");
	rr("a.test", MW_DNS_CNAME, 0x80000000u, 8); /* RFC 2181: as 0 */
	name("B.test");
	assert_int_equal(read_it(MW_DNS_A, &p), 0);
	assert_int_equal(p.n, 1);
	assert_string_equal(p.name, "c.test");
	assert_true(p.alias);
	assert_int_equal(p.ttl, 0);
	head(0, 2, 0, "a.test", MW_DNS_A);
	rr("a.test", MW_DNS_CNAME, 20, 8);
	name("b.test");
	rr("b.test", MW_DNS_CNAME, 20, 8);
	name("a.test");
	assert_int_equal(read_it(MW_DNS_A, &p), -EBADMSG);
	head(0, 1, 0, "a.test", MW_DNS_CNAME);
	rr("a.test", MW_DNS_CNAME, 20, 8);
	name("b.test");
	assert_int_equal(read_it(MW_DNS_CNAME, &p), 0);
	assert_int_equal(p.n, 1);
	assert_string_equal(p.name, "a.test");
}

static void soa(const char *owner, uint32_t ttl, uint32_t minimum)
{
	rr(owner, MW_DNS_SOA, ttl, 2 + 20);
	name("");
	name("");
	u32(1);
	u32(2);
	u32(3);
	u32(4);
	u32(minimum);
}

static void test_negative(void **state)
{
	struct mw_dns_packet p;

	(void)state;
	head(MW_DNS_NXDOMAIN, 0, 1, "a.test", MW_DNS_MX);
	soa("test", 900, 60);
	assert_int_equal(read_it(MW_DNS_MX, &p), 0);
	assert_int_equal(p.rcode, MW_DNS_NXDOMAIN);
	assert_int_equal(p.n, 0);
	assert_int_equal(p.ttl, 60);
	head(0, 0, 1, "a.test", MW_DNS_MX);
	soa("test", 30, 60);
	assert_int_equal(read_it(MW_DNS_MX, &p), 0);
	assert_int_equal(p.ttl, 30);
	head(0, 0, 0, "a.test", MW_DNS_MX);
	assert_int_equal(read_it(MW_DNS_MX, &p), 0);
	assert_int_equal(p.ttl, 0);
}

static void test_damaged(void **state)
{
	struct mw_dns_packet p;
	size_t whole;

	(void)state;
	head(0, 1, 0, "a.test", MW_DNS_MX);
	mx("@12", 300, 10, "mx@12", 7);
	whole = packet.n;
	for (size_t n = 0; n < whole; n++) {
		head(0, 1, 0, "a.test", MW_DNS_MX);
		mx("@12", 300, 10, "mx@12", 7);
		mw_buf_cut(&packet, n);
		assert_int_equal(read_it(MW_DNS_MX, &p), -EBADMSG);
	}
	head(0, 1, 0, "a.test", MW_DNS_A); /* another question */
	assert_int_equal(read_it(MW_DNS_MX, &p), -EBADMSG);
	head(0, 1, 0, "a.test", MW_DNS_MX);
	mx("@12", 300, 10, "mx@12", 8); /* one octet too many */
	mw_buf_putc(&packet, 'x');
	assert_int_equal(read_it(MW_DNS_MX, &p), -EBADMSG);
	head(0, 1, 0, "a.test", MW_DNS_MX);
	mx("@24", 300, 10, "mx@12", 7); /* points at itself */
	assert_int_equal(read_it(MW_DNS_MX, &p), -EBADMSG);
	head(0, 1, 0, "a.test", MW_DNS_MX);
	mx("@4000", 300, 10, "mx@12", 7);
	assert_int_equal(read_it(MW_DNS_MX, &p), -EBADMSG);
}

static void test_records(void **state)
{

	struct mw_str record = {.p = "\0\012", .n = 2};
	char host[MW_DNS_TEXT_MAX], text[16];
	unsigned preference;
	size_t n;

	(void)state;
	assert_false(mw_dns_record_mx(record, &preference, host));
	assert_true(mw_dns_record_mx(MW_STR_LIT("\0\0\0"), &preference, host));
	assert_string_equal(host, "");
	assert_true(mw_dns_record_mx(MW_STR_LIT("\0\012\007a b\n\\;\377\004Test\0"), &preference, host));
	assert_string_equal(host, "a\\032b\\010\\092\\059\\255.test");
	assert_false(mw_dns_record_mx(MW_STR_LIT("\0\012\007a b\n\\;\377\004Test"), &preference, host));
	assert_false(mw_dns_record_mx(MW_STR_LIT("\0\012\300\014"), &preference, host));
	assert_true(mw_dns_record_txt(MW_STR_LIT("\003abc\000\002de"), text, sizeof(text), &n));
	assert_int_equal(n, 5);
	assert_memory_equal(text, "abcde", 5);
	assert_false(mw_dns_record_txt(MW_STR_LIT("\004abc"), text, sizeof(text), &n));
	assert_false(mw_dns_record_txt(MW_STR_LIT("\003abc"), text, 2, &n));
	assert_false(mw_dns_record_txt(MW_STR_LIT(""), text, 2, &n));
}

static void test_host(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} rows[] = {
	    {"a", true},
	    {"a.b", true},
	    {"_25._tcp.a-b.c", true},
	    {"xn--bcher-kva.test", true},
	    {"", false},
	    {".", false},
	    {"a.", false},
	    {".a", false},
	    {"a..b", false},
	    {"-a.b", false},
	    {"a-.b", false},
	    {"a b", false},
	    {"b\303\274.c", false},
	    {"a/b", false},
	    {"a\\032b", false},
	};
	char lengthy[260];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (mw_dns_is_host(mw_str(rows[i].name)) != rows[i].good)
			fail_msg("\"%s\"", rows[i].name);
	for (size_t i = 0; i < sizeof(lengthy); i++)
		lengthy[i] = i % 2 ? '.' : 'a';
	assert_true(mw_dns_is_host((struct mw_str){.p = lengthy, .n = 253}));
	assert_false(mw_dns_is_host((struct mw_str){.p = lengthy, .n = 255}));
	memset(lengthy, 'a', sizeof(lengthy));
	assert_true(mw_dns_is_host((struct mw_str){.p = lengthy, .n = 63}));
	assert_false(mw_dns_is_host((struct mw_str){.p = lengthy, .n = 64}));
}

static void test_name(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} rows[] = {
	    {"a", true},       {"_spf.A-b.c", true},   {"-a-.b", true},	 {"a\\032b.c", true}, {"\\000\\255", true},
	    {"", false},       {".", false},	       {"a.", false},	 {".a", false},	      {"a..b", false},
	    {"a b", false},    {"b\303\274.c", false}, {"a\\", false},	 {"a\\2", false},     {"a\\25", false},
	    {"a\\256", false}, {"a\\x.b", false},      {"a\\.b", false}, {"a/b", false},      {"\\0a1", false},
	    {"a\\-12", false},
	};
	char lengthy[4 * 64 + 260];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (mw_dns_is_name(mw_str(rows[i].name)) != rows[i].good)
			fail_msg("\"%s\"", rows[i].name);
	for (size_t i = 0; i < sizeof(lengthy); i++)
		lengthy[i] = i % 2 ? '.' : 'a';
	assert_true(mw_dns_is_name((struct mw_str){.p = lengthy, .n = 253}));
	assert_false(mw_dns_is_name((struct mw_str){.p = lengthy, .n = 255}));
	for (size_t i = 0; i < sizeof(lengthy); i++)
		lengthy[i] = "\\032"[i % 4];
	assert_true(
	    mw_dns_is_name((struct mw_str){.p = lengthy, .n = 4 * 63})); /* octets of a label count, not how they are written */
	assert_false(mw_dns_is_name((struct mw_str){.p = lengthy, .n = 4 * 64}));
}

static int teardown(void **state)
{
	(void)state;
	mw_buf_free(&packet);
	mw_arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_mx),	    cmocka_unit_test(test_alias),   cmocka_unit_test(test_negative),
	    cmocka_unit_test(test_damaged), cmocka_unit_test(test_records), cmocka_unit_test(test_host),
	    cmocka_unit_test(test_name),
	};

	return cmocka_run_group_tests(tests, NULL, teardown);
}
