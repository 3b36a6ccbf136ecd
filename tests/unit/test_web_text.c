/* SPDX-License-Identifier: Apache-2.0 */
/* z-base-32, base64, names of hosts, and which addresses are public. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "lookup/addresses.h"
#include "lookup/base64.h"
#include "lookup/name.h"
#include "lookup/zbase32.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the paper on z-base-32, as far as its examples are whole octets; then SHA-1 of "joe.doe" from the draft on Web Key Directories. */
static const struct {
	const char *octets;
	size_t n;
	const char *text;
} zbase32[] = {
    {"", 0, ""},
    {"\0", 1, "yy"},
    {"\xff", 1, "9h"},
    {"\xf0\xbf\xc7", 3, "6n9hq"},
    {"\xd4\x7a\x04", 3, "4t7ye"},
    {"\xff\xff\xff\xff\xff", 5, "99999999"},
    {"\xa8\x3e\xe9\x4b\xe8\x9c\x48\xa1\x1e\xd2\x5a\xb4\x4c\xfd\xc8\x48\x83\x3c\x8b\x6e", 20, "iy9q119eutrkn8s1mk4r39qejnbu3n5q"},
};

static void test_zbase32(void **state)
{
	char text[MW_ZBASE32_SIZE(20)];

	(void)state;
	for (size_t i = 0; i < sizeof(zbase32) / sizeof(*zbase32); i++) {
		mw_zbase32((const unsigned char *)zbase32[i].octets, zbase32[i].n, text);
		assert_string_equal(text, zbase32[i].text);
	}
}

/* RFC 4648, section 10 */
static const char *const base64[][2] = {{"", ""},
					{"f", "Zg=="},
					{"fo", "Zm8="},
					{"foo", "Zm9v"},
					{"foob", "Zm9vYg=="},
					{"fooba", "Zm9vYmE="},
					{"foobar", "Zm9vYmFy"},
					{"\xff\xfe\xfb", "//77"}};
static const char *const no_base64[] = {
    "Z", "Zg", "Zg=", "Zg===", "=", "====", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", "Zm-_", "Zg==Zg==", "Z===", "*m9v"};

static void test_base64(void **state)
{
	struct mw_buf out = MW_BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(base64) / sizeof(*base64); i++) {
		mw_buf_clear(&out);
		mw_base64_add(&out, mw_str(base64[i][0]));
		assert_string_equal(mw_buf_text(&out), base64[i][1]);
		mw_buf_clear(&out);
		assert_int_equal(mw_base64_read(mw_str(base64[i][1]), strlen(base64[i][0]), &out, NULL), 0);
		assert_string_equal(mw_buf_text(&out), base64[i][0]);
	}
	for (size_t i = 0; i < sizeof(no_base64) / sizeof(*no_base64); i++) {
		if (mw_base64_read(mw_str(no_base64[i]), 100, &out, NULL) != -EINVAL)
			fail_msg("%s", no_base64[i]);
	}
	assert_int_equal(mw_base64_read(mw_str("Zm9v"), 2, &out, NULL), -EFBIG);
	assert_int_equal(mw_base64_read(mw_str("Zm9vYg=="), 3, &out, NULL), -EFBIG);
	mw_buf_free(&out);
}

#define L50 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define L63 "aaaaaaaaaaaaa" L50

static const char *const names[] = {"Clinic.EXAMPLE", "a", "_mta-sts.x", "1.x", "x1", L63 "." L63 "." L63 "." L50 ".aaaaaaaaaa",
				    "a.b-c.d3"};
static const char *const no_names[] = {"",
				       ".",
				       "a.",
				       ".a",
				       "a..b",
				       "a b",
				       "-a",
				       "a-",
				       "a.-b",
				       "a-.b",
				       "a/b",
				       "a:b",
				       "m\xc3\xbc",
				       "127.0.0.1",
				       "1",
				       "a.1",
				       "1.2.3",
				       L63 "a",
				       L63 "." L63 "." L63 "." L50 ".aaaaaaaaaaa"};

static void test_names(void **state)
{
	char ret[MW_NAME_MAX + 1] = "untouched";

	(void)state;
	for (size_t i = 0; i < sizeof(no_names) / sizeof(*no_names); i++) {
		if (mw_name_take(mw_str(no_names[i]), ret))
			fail_msg("%s", no_names[i]);
		assert_string_equal(ret, "untouched");
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		assert_true(mw_name_take(mw_str(names[i]), ret));
		assert_true(mw_str_caseeq(mw_str(names[i]), ret));
	}
	assert_true(mw_name_take(mw_str("Clinic.EXAMPLE"), ret));
	assert_string_equal(ret, "clinic.example");
}

static const char *const is_public[] = {
    "8.8.8.8",	   "9.255.255.255",   "11.0.0.0",   "100.63.255.255", "100.128.0.0",  "126.255.255.255", "128.0.0.1",
    "169.253.0.1", "172.15.0.1",      "172.32.0.1", "192.0.1.1",      "192.167.1.1",  "192.169.0.1",	 "198.17.0.1",
    "198.20.0.1",  "223.255.255.255", "2600::1",    "2a00:1450::1",   "2001:4860::1", "3fff:ffff::1",	 "64:ff9b::808:808"};
static const char *const is_private[] = {"0.0.0.0",
					 "0.1.2.3",
					 "10.0.0.1",
					 "10.255.255.255",
					 "100.64.0.1",
					 "100.127.255.255",
					 "127.0.0.1",
					 "127.255.255.255",
					 "169.254.169.254",
					 "172.16.0.1",
					 "172.31.255.255",
					 "192.0.0.8",
					 "192.0.2.1",
					 "192.88.99.1",
					 "192.168.1.1",
					 "198.18.0.1",
					 "198.19.255.255",
					 "198.51.100.1",
					 "203.0.113.1",
					 "224.0.0.1",
					 "239.1.1.1",
					 "240.0.0.1",
					 "255.255.255.255",
					 "::",
					 "::1",
					 "::ffff:8.8.8.8",
					 "::8.8.8.8",
					 "fe80::1",
					 "fc00::1",
					 "fd12::1",
					 "ff02::1",
					 "fec0::1",
					 "2001:db8::1",
					 "2001::1",
					 "2001:10::1",
					 "2002:808:808::1",
					 "64:ff9b::a00:1",
					 "64:ff9b::7f00:1",
					 "64:ff9b:1::1",
					 "100::1",
					 "3fff::1",
					 "3fff:fff:ffff::1",
					 "5f00::1"};

static bool judge(const char *text)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};

	if (inet_pton(AF_INET, text, &four.sin_addr) == 1)
		return mw_address_public((const struct sockaddr *)&four);
	assert_int_equal(inet_pton(AF_INET6, text, &six.sin6_addr), 1);
	return mw_address_public((const struct sockaddr *)&six);
}

static void test_addresses(void **state)
{
	const struct sockaddr other = {.sa_family = AF_UNIX};

	(void)state;
	for (size_t i = 0; i < sizeof(is_public) / sizeof(*is_public); i++) {
		if (!judge(is_public[i]))
			fail_msg("%s", is_public[i]);
	}
	for (size_t i = 0; i < sizeof(is_private) / sizeof(*is_private); i++) {
		if (judge(is_private[i]))
			fail_msg("%s", is_private[i]);
	}
	assert_false(mw_address_public(&other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_zbase32),
	    cmocka_unit_test(test_base64),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
