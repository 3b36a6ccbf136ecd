/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/address.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"

static struct mw_rcpt parse(struct mw_arena *a, struct mw_str arg)
{
	struct mw_rcpt r = {.notify = {.p = "NEVER", .n = 5}, .internal = true};

	assert_int_equal(mw_address_parse(a, arg, &r), 0);
	assert_true(r.internal); /* the caller's business */
	assert_string_equal(r.notify.p, "NEVER");
	return r;
}

static void assert_str(struct mw_str got, const char *want)
{
	assert_int_equal(got.n, strlen(want));
	assert_memory_equal(got.p, want, got.n);
}

static void test_forms(void **state)
{
	static const struct {
		const char *arg, *address, *local, *domain;
		uint32_t form;
	} row[] = {
	    {"<bob@valid.test>", "bob@valid.test", "bob", "valid.test", MW_ADDR_PLAIN},
	    {"bob@valid.test", "bob@valid.test", "bob", "valid.test", MW_ADDR_PLAIN},
	    {" <Bob+Tag@Valid.TEST> ", "Bob+Tag@Valid.TEST", "Bob+Tag", "valid.test", MW_ADDR_PLAIN},
	    {"<\"a b\"@valid.test>", "\"a b\"@valid.test", "\"a b\"", "valid.test", MW_ADDR_PLAIN},
	    {"<\"a\\\"b\"@valid.test>", "\"a\\\"b\"@valid.test", "\"a\\\"b\"", "valid.test", MW_ADDR_PLAIN},
	    {"<a.\"b c\".d@valid.test>", "a.\"b c\".d@valid.test", "a.\"b c\".d", "valid.test", MW_ADDR_PLAIN},
	    {"<-foo@valid.test>", "-foo@valid.test", "-foo", "valid.test", MW_ADDR_PLAIN},
	    {"<x@a_b.valid.test>", "x@a_b.valid.test", "x", "a_b.valid.test", MW_ADDR_PLAIN},
	    {"<j\xc3\xb6rg@b\xc3\xbc"
	     "cher.test>",
	     "j\xc3\xb6rg@b\xc3\xbc"
	     "cher.test",
	     "j\xc3\xb6rg",
	     "b\xc3\xbc"
	     "cher.test",
	     MW_ADDR_PLAIN},
	    {"<@plain.test:user@valid.test>", "@plain.test:user@valid.test", "@plain.test:user", "valid.test",
	     MW_ADDR_SOURCE_ROUTE},
	    {"<@a.test,@b.test:u@c.test>", "@a.test,@b.test:u@c.test", "@a.test,@b.test:u", "c.test", MW_ADDR_SOURCE_ROUTE},
	    {"<valid.test!user>", "valid.test!user", "valid.test!user", "", MW_ADDR_BANG},
	    {"<a!user@valid.test>", "a!user@valid.test", "a!user", "valid.test", MW_ADDR_BANG},
	    {"<\"a!user\"@valid.test>", "\"a!user\"@valid.test", "\"a!user\"", "valid.test", MW_ADDR_BANG},
	    {"<user%valid.test>", "user%valid.test", "user%valid.test", "", MW_ADDR_PERCENT},
	    {"<user%valid.test@localhost>", "user%valid.test@localhost", "user%valid.test", "localhost", MW_ADDR_PERCENT},
	    {"<\"user@valid.test\">", "\"user@valid.test\"", "\"user@valid.test\"", "", MW_ADDR_PERCENT},
	    {"<\"user@valid.test\"@localhost>", "\"user@valid.test\"@localhost", "\"user@valid.test\"", "localhost",
	     MW_ADDR_PERCENT},
	    {"<postmaster>", "postmaster", "postmaster", "", MW_ADDR_NO_DOMAIN},
	    {"<\"a b\">", "\"a b\"", "\"a b\"", "", MW_ADDR_NO_DOMAIN},
	    {"<x@[127.0.0.13]>", "x@[127.0.0.13]", "x", "[127.0.0.13]", MW_ADDR_LITERAL},
	    {"<x@[IPv6:2001:DB8::1]>", "x@[IPv6:2001:DB8::1]", "x", "[ipv6:2001:db8::1]", MW_ADDR_LITERAL},
	    {"<x@192.0.2.1>", "x@192.0.2.1", "x", "192.0.2.1", MW_ADDR_LITERAL},
	    {"<USER@valid.test.>", "USER@valid.test.", "USER", "valid.test", MW_ADDR_TRAILING_DOT},
	    {"<>", "", "", "", MW_ADDR_BAD},
	    {"", "", "", "", MW_ADDR_BAD},
	    {"<@>", "@", "", "", MW_ADDR_BAD},
	    {"<a@>", "a@", "a", "", MW_ADDR_BAD},
	    {"<@valid.test>", "@valid.test", "", "valid.test", MW_ADDR_BAD},
	    {"<a@b@c.test>", "a@b@c.test", "a@b", "c.test", MW_ADDR_BAD},
	    {"<a b@c.test>", "a b@c.test", "a b", "c.test", MW_ADDR_BAD},
	    {"<a..b@c.test>", "a..b@c.test", "a..b", "c.test", MW_ADDR_BAD},
	    {"<.a@c.test>", ".a@c.test", ".a", "c.test", MW_ADDR_BAD},
	    {"<a.@c.test>", "a.@c.test", "a.", "c.test", MW_ADDR_BAD},
	    {"<a(x)@c.test>", "a(x)@c.test", "a(x)", "c.test", MW_ADDR_BAD},
	    {"<a@c..test>", "a@c..test", "a", "c..test", MW_ADDR_BAD},
	    {"<a@-c.test>", "a@-c.test", "a", "-c.test", MW_ADDR_BAD},
	    {"<a@c-.test>", "a@c-.test", "a", "c-.test", MW_ADDR_BAD},
	    {"<a@c/d.test>", "a@c/d.test", "a", "c/d.test", MW_ADDR_BAD},
	    {"<a@[192.0.2.1>", "a@[192.0.2.1", "a", "[192.0.2.1", MW_ADDR_BAD},
	    {"<a@.>", "a@.", "a", ".", MW_ADDR_BAD},
	    {"<\"a@c.test>", "\"a@c.test", "\"a@c.test", "", MW_ADDR_BAD},
	    {"<\"a\"b@c.test>", "\"a\"b@c.test", "\"a\"b", "c.test", MW_ADDR_BAD},
	    {"<a\"b\"@c.test>", "a\"b\"@c.test", "a\"b\"", "c.test", MW_ADDR_BAD},
	    {"<\"a\\", "<\"a\\", "<\"a\\", "", MW_ADDR_BAD},
	    {"<a@c.test", "<a@c.test", "<a", "c.test", MW_ADDR_BAD},
	    {"<a\tb@c.test>", "a\tb@c.test", "a\tb@c.test", "", MW_ADDR_BAD},
	    {"<a\xff@c.test>", "a\xff@c.test", "a\xff@c.test", "", MW_ADDR_BAD},
	};
	struct mw_arena *a = mw_arena_new(0);

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct mw_rcpt r = parse(a, mw_str(row[i].arg));

		if (r.form != row[i].form)
			fail_msg("%s: %s", row[i].arg, mw_address_form_name(r.form));
		assert_str(r.arg, row[i].arg);
		assert_str(r.address, row[i].address);
		assert_str(r.local, row[i].local);
		assert_str(r.domain, row[i].domain);
	}
	mw_arena_free(&a);
}

static void test_nul(void **state)
{
	static const char arg[] = "<a\0b@c.test>";
	struct mw_arena *a = mw_arena_new(0);

	(void)state;
	assert_int_equal(parse(a, (struct mw_str){.p = arg, .n = sizeof(arg) - 1}).form, MW_ADDR_BAD);
	mw_arena_free(&a);
}

/* "x@" and a domain of n octets in labels of 63. */
static struct mw_rcpt parse_long(struct mw_arena *a, size_t n)
{
	char arg[600] = "x@";

	for (size_t i = 0; i < n; i++)
		arg[2 + i] = i % 64 == 63 || (i % 64 == 62 && i + 1 == n) ? '.' : 'a';
	if (arg[1 + n] == '.')
		arg[1 + n] = 'a';
	return parse(a, (struct mw_str){.p = arg, .n = n + 2});
}

static void test_lengths(void **state)
{
	struct mw_arena *a = mw_arena_new(0);
	char label[80] = "x@", local[300];

	(void)state;
	assert_int_equal(parse_long(a, MW_DOMAIN_MAX - MW_TAG_ROOM).form, MW_ADDR_PLAIN);
	assert_int_equal(parse_long(a, MW_DOMAIN_MAX - MW_TAG_ROOM + 1).form, MW_ADDR_TOO_LONG);
	assert_int_equal(parse_long(a, MW_DOMAIN_MAX).form, MW_ADDR_TOO_LONG);
	assert_int_equal(parse_long(a, 500).form, MW_ADDR_TOO_LONG);
	memset(label + 2, 'a', 64);
	assert_int_equal(parse(a, mw_str(label)).form, MW_ADDR_BAD);
	label[65] = '\0';
	assert_int_equal(parse(a, mw_str(label)).form, MW_ADDR_PLAIN);
	memset(local, 'a', sizeof(local));
	memcpy(local + 200, "@c.test", 8);
	assert_int_equal(parse(a, mw_str(local)).form, MW_ADDR_PLAIN);
	mw_arena_free(&a);
}

static void test_confirm(void **state)
{
	static const struct {
		const char *arg, *mta;
		bool same;
	} row[] = {
	    {"<Bob@Valid.Test>", "bob@valid.test", true},
	    {"<Bob@Valid.Test>", "<bob@valid.test>", true},
	    {"<bob@valid.test>", "", true}, /* not known */
	    {"<bob@valid.test>", "rob@valid.test", false},
	    {"<bob@valid.test>", "bob@other.test", false},
	    {"<bob@valid.test>", "bob", false},
	    {"<bob@valid.test>", "bob@valid.test.", false},
	    {"<bob@valid.test>", "bobby@valid.test", false},
	    {"<\"bob\"@valid.test>", "bob@valid.test", true},
	    {"<bob@valid.test>", "\"bob\"@valid.test", true},
	    {"<\"a b\"@valid.test>", "\"a b\"@valid.test", true},
	    {"<\"a\\ b\"@valid.test>", "\"A b\"@valid.test", true},
	    {"<\"a\\\"b\"@valid.test>", "\"a\\\"b\"@valid.test", true},
	    {"<\"a\\\\b\"@valid.test>", "\"ab\"@valid.test", false},
	    {"<\"\"@valid.test>", "a@valid.test", false},
	    {"<J\xc3\x96rg@B\xc3\x9c"
	     "cher.test>",
	     "j\xc3\xb6rg@b\xc3\xbc"
	     "cher.test",
	     true},
	    {"<stra\xc3\x9f"
	     "e@valid.test>",
	     "strasse@valid.test", true}, /* full case folding, as Postfix does */
	    {"<j\xc3\xb6rg@valid.test>", "jorg@valid.test", false},
	    {"<j\xc3\xb6rg@valid.test>", "j\xc3\xb6rg@other.test", false},
	    {"<jorg@valid.test>", "j\xc3\xb6rg@valid.test", false},
	};
	struct mw_arena *a = mw_arena_new(0);
	struct mw_rcpt r;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		r = parse(a, mw_str(row[i].arg));
		assert_int_equal(r.form, MW_ADDR_PLAIN);
		mw_address_confirm(&r, mw_str(row[i].mta));
		if ((r.form == MW_ADDR_PLAIN) != row[i].same || (!row[i].same && r.form != MW_ADDR_MTA_DIFFERS))
			fail_msg("%s and %s: %s", row[i].arg, row[i].mta, mw_address_form_name(r.form));
	}
	r = parse(a, mw_str("<valid.test!user>"));
	mw_address_confirm(&r, mw_str("user@valid.test"));
	assert_int_equal(r.form, MW_ADDR_BANG); /* a form that says more stays */
	mw_address_confirm_user(&r, mw_str("user"));
	assert_int_equal(r.form, MW_ADDR_BANG);
	mw_arena_free(&a);
}

static void test_tag(void **state)
{
	static const struct {
		const char *text;
		bool tag;
	} row[] = {
	    {"valid.test.mw-tls.invalid", true},
	    {"valid.test.MW-Portal.Invalid", true},
	    {"valid.test.mw-tls.invalid.", true},
	    {"mw-tls.invalid", true},
	    {"valid.test", false},
	    {"mw-tls.invalid.test", false},
	    {"valid.test.mw-.invalid", false},
	    {"valid.test.xmw-tls.invalid", false},
	    {"valid.test.mw-tls.invalidx", false},
	    {"mw-tls.x.invalid", false},
	    {"invalid", false},
	    {"", false},
	    {".", false},
	    {"bob@valid.test.mw-tls.invalid", true},
	    {"@a.test.mw-tls.invalid:bob@valid.test", true},
	    {"@a.test,@b.mw-seal.invalid:bob@valid.test", true},
	    {"bob%valid.test.mw-tls.invalid@localhost", true},
	    {"valid.test.mw-tls.invalid!bob", true},
	    {"\"bob@valid.test.mw-tls.invalid\"@localhost", true},
	    {"\"bob@valid.test.mw-tl\\s.invali\\d\"@localhost", true},
	    {"mw-tls.invalid.@x", true},
	    {"mw-tls.invalid@valid.test", true}, /* a local part: nobody needs it, and a bang path would use it */
	    {"bob@mw-tls.invalid.valid.test", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
		if (mw_address_is_tag(mw_str(row[i].text)) != row[i].tag)
			fail_msg("%s", row[i].text);
}

static void test_xtext(void **state)
{
	struct mw_arena *a = mw_arena_new(0), *small = mw_arena_new(16);

	(void)state;
	assert_string_equal(mw_address_xtext(a, mw_str("bob@valid.test")), "bob@valid.test");
	assert_string_equal(mw_address_xtext(a, mw_str("a+b=c d\x7f\xc3\xbc")), "a+2Bb+3Dc+20d+7F+C3+BC");
	assert_string_equal(mw_address_xtext(a, mw_str("")), "");
	assert_null(mw_address_xtext(small, mw_str("abcdefgh")));
	mw_arena_free(&a);
	mw_arena_free(&small);
}

static void test_no_memory(void **state)
{
	struct mw_arena *a = mw_arena_new(16);
	struct mw_rcpt r = {0};

	(void)state;
	assert_int_equal(mw_address_parse(a, mw_str("<bob@valid.test>"), &r), -ENOMEM);
	assert_null(r.address.p);
	mw_arena_free(&a);
}

static void test_names(void **state)
{
	(void)state;
	for (uint32_t f = MW_ADDR_PLAIN; f <= MW_ADDR_MTA_DIFFERS; f++)
		assert_string_not_equal(mw_address_form_name(f), "unknown form");
	assert_string_equal(mw_address_form_name(99), "unknown form");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_forms),     cmocka_unit_test(test_nul),   cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_confirm),   cmocka_unit_test(test_tag),   cmocka_unit_test(test_xtext),
	    cmocka_unit_test(test_no_memory), cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
