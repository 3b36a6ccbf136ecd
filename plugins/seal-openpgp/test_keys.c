/* SPDX-License-Identifier: Apache-2.0 */
#include "armor.h"
#include "cert.h"
#include "judge.h"
#include "selftest.h"
#include "tests/unit/fakehost.h"
#include "wkd.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define OCTETS(s) ((struct mw_str){.p = (s), .n = sizeof(s) - 1})
#define NOW INT64_C(1800000000)
#define DAY 86400

/* ---- versions, session keys ------------------------------------------------------------------------------------------------------ */

static void test_versions(void **state)
{
	static const struct {
		unsigned major, minor, patch;
		bool good;
	} row[] = {
	    {0, 15, 2, false}, {0, 16, 0, false}, {0, 16, 1, true}, {0, 16, 3, true}, {0, 17, 1, true}, {0, 18, 0, false},
	    {0, 18, 1, true},  {0, 19, 0, true},  {1, 0, 0, true},  {1, 18, 0, true}, {0, 0, 0, false}, /* of a snapshot, which may be anything */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		if ((openpgp_version_bad(row[i].major, row[i].minor, row[i].patch) == NULL) != row[i].good)
			fail_msg("RNP %u.%u.%u", row[i].major, row[i].minor, row[i].patch);
	assert_non_null(strstr(openpgp_version_bad(0, 18, 0), "CVE-2025-13470"));
}

static void test_session_keys(void **state)
{
	uint8_t a[OPENPGP_SESSION_KEY] = {1}, b[OPENPGP_SESSION_KEY] = {2}, zero[OPENPGP_SESSION_KEY] = {0};

	(void)state;
	assert_null(openpgp_session_keys_bad(a, b));
	assert_string_equal(openpgp_session_keys_bad(a, a), "two messages are encrypted with the same session key");
	assert_string_equal(openpgp_session_keys_bad(zero, b), "the session key of what it encrypts is zero");
	assert_string_equal(openpgp_session_keys_bad(a, zero), "the session key of what it encrypts is zero");
	assert_string_equal(openpgp_session_keys_bad(zero, zero), "the session key of what it encrypts is zero");
}

static void test_selftest(void **state)
{
	struct mw_err err = {0};

	(void)state;
	assert_int_equal(openpgp_selftest(fh_host(), &err), 0);
}

/* ---- packets --------------------------------------------------------------------------------------------------------------------- */

static void test_packets(void **state)
{
	static const struct {
		struct mw_str s;
		int r;
		unsigned tag;
		size_t body, rest;
	} row[] = {
	    {OCTETS(""), 0, 0, 0, 0},
	    {OCTETS("\xcd\x02xy!"), 1, 13, 2, 1},
	    {OCTETS("\xb4\x02xy"), 1, 13, 2, 0},
	    {OCTETS("\xb5\x00\x02xy"), 1, 13, 2, 0},
	    {OCTETS("\xb6\x00\x00\x00\x02xy"), 1, 13, 2, 0},
	    {OCTETS("\xcd\xff\x00\x00\x00\x01xy"), 1, 13, 1, 1},
	    {OCTETS("\xcd\x00"), 1, 13, 0, 0},
	    {OCTETS("\xb7xy"), -EBADMSG, 0, 0, 0},		      /* no length */
	    {OCTETS("\xcd\xe1xy"), -EBADMSG, 0, 0, 0},		      /* partial */
	    {OCTETS("\xcd\x03xy"), -EBADMSG, 0, 0, 0},		      /* cut off */
	    {OCTETS("\xcd\xff\xff\xff\xff\xffx"), -EBADMSG, 0, 0, 0}, /* as long as can be */
	    {OCTETS("\xcd\xc0"), -EBADMSG, 0, 0, 0},
	    {OCTETS("\xcd"), -EBADMSG, 0, 0, 0},
	    {OCTETS("\xc0\x00"), -EBADMSG, 0, 0, 0}, /* tag 0 */
	    {OCTETS("x"), -EBADMSG, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct mw_str s = row[i].s;
		struct pgp_packet p = {0};
		int r = pgp_packet_next(&s, &p);

		if (r != row[i].r || (r > 0 && (p.tag != row[i].tag || p.body.n != row[i].body || s.n != row[i].rest)))
			fail_msg("row %zu: %d, tag %u, body %zu, rest %zu", i, r, p.tag, p.body.n, s.n);
	}
}

static void test_addresses(void **state)
{
	static const char *const row[][2] = {
	    {"Ann <Ann@X.example>", "ann@x.example"},
	    {"ann@x.example", "ann@x.example"},
	    {"<ann@x.example> ", "ann@x.example"},
	    {"A <b> <ann@x.example>", "ann@x.example"},
	    {"Ann", NULL},
	    {"Ann <ann>", NULL},
	    {"ann@x.example Ann", NULL},
	    {"ann@x.example>", NULL},
	    {"<ann@x.example", NULL},
	    {"@x.example", NULL},
	    {"ann@", NULL},
	    {"", NULL},
	    {"<>", NULL},
	    {"a@b@c.example", "a@b@c.example"},
	    {"ann,bob@x.example", NULL},
	    {"j\xc3\xb6rg@x.example", "j\xc3\xb6rg@x.example"},
	};
	char to[64];

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		bool is = pgp_uid_address((struct mw_str){.p = row[i][0], .n = strlen(row[i][0])}, to);

		if (is != (row[i][1] != NULL) || (is && strcmp(to, row[i][1]) != 0))
			fail_msg("%s: %s", row[i][0], is ? to : "none");
	}
	assert_false(pgp_uid_address(OCTETS("a\0b@x.example"), to));
}

static void test_armor(void **state)
{
#define BEGIN "-----BEGIN PGP PUBLIC KEY BLOCK-----\n"
#define END "-----END PGP PUBLIC KEY BLOCK-----\n"
	static const struct {
		const char *text, *wanted;
	} row[] = {
	    {BEGIN "\neHl6\n" END, "xyz"},
	    {BEGIN "Version: x\nComment: y: z\n\neHl6\n=AAAA\n" END, "xyz"},
	    {BEGIN "eHl6\n" END, "xyz"},
	    {"said: \n" BEGIN "\r\n  \neHl6\r\n" END "more\n" BEGIN "\neA==\n" END, "xyzx"},
	    {BEGIN "\neHk=\n" END, "xy"},
	    {"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\neHl6\n-----END PGP PRIVATE KEY BLOCK-----\n", "xyz"},
	    {BEGIN "\neHl6\n", NULL},
	    {BEGIN "\neHl\n" END, NULL},
	    {BEGIN "\neH*6\n" END, NULL},
	    {BEGIN "\n" END, NULL},
	    {"-----BEGIN PGP MESSAGE-----\n\neHl6\n-----END PGP MESSAGE-----\n", NULL},
	    {"\x99\x01x", "\x99\x01x"},
	    {"hello", NULL},
	    {"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char *octets = NULL;
		size_t n = 0;
		int r = pgp_dearmor(row[i].text, strlen(row[i].text), &octets, &n);

		if (row[i].wanted ? r != 0 || n != strlen(row[i].wanted) || memcmp(octets, row[i].wanted, n) != 0 : r != -EBADMSG)
			fail_msg("row %zu: %d, %zu octets", i, r, n);
		free(octets);
	}
}

static void test_netstrings(void **state)
{
	static const struct {
		const char *text;
		long r;
		const char *inside;
	} row[] = {
	    {"3:abc,", 6, "abc"},
	    {"3:abc,x", 6, "abc"},
	    {"0:,", 3, ""},
	    {"3:ab", 0, NULL},
	    {"3", 0, NULL},
	    {"", 0, NULL},
	    {"3:abc;", -EBADMSG, NULL},
	    {":,", -EBADMSG, NULL},
	    {"x:,", -EBADMSG, NULL},
	    {"524289:", -EFBIG, NULL},
	    {"12345678:", -EBADMSG, NULL},
	};
	struct mw_str s;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		long r = pgp_netstring(row[i].text, strlen(row[i].text), &s);

		if (r != row[i].r || (r > 0 && (s.n != strlen(row[i].inside) || memcmp(s.p, row[i].inside, s.n) != 0)))
			fail_msg("%s: %ld", row[i].text, r);
	}
}

static void test_answers(void **state)
{
	static const struct {
		const char *text;
		int r;
		const char *says;
	} row[] = {
	    {"OK eHl6", 1, "xyz"},	  {"NOTFOUND ", 0, NULL},    {"TEMP no\tway", -EAGAIN, "no?way"},
	    {"PERM odd", -EAGAIN, "odd"}, {"TIMEOUT ", -EAGAIN, ""}, {"OK ", -EBADMSG, NULL},
	    {"OK *", -EBADMSG, NULL},	  {"what", -EBADMSG, NULL},  {"", -EBADMSG, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		char why[PGP_WKD_WHY] = "", *octets = NULL;
		size_t n = 0;
		int r = pgp_wkd_parse((struct mw_str){.p = row[i].text, .n = strlen(row[i].text)}, &octets, &n, why);

		if (r != row[i].r || (r == 1 && (n != 3 || memcmp(octets, row[i].says, n) != 0)) ||
		    (r == -EAGAIN && strcmp(why, row[i].says) != 0))
			fail_msg("%s: %d %s", row[i].text, r, why);
		free(octets);
	}
}

/* ---- keys that RNP makes --------------------------------------------------------------------------------------------------------- */

struct made {
	rnp_ffi_t ffi;
	rnp_key_handle_t key;
};

static void make(struct made *m, const char *alg, uint32_t bits, const char *curve, const char *sub, uint32_t sub_bits,
		 const char *sub_curve)
{
	*m = (struct made){0};
	assert_int_equal(pgp_rnp_new(NOW, &m->ffi), 0);
	assert_int_equal(
	    rnp_generate_key_ex(m->ffi, alg, sub, bits, sub_bits, curve, sub_curve, "Ann <ann@x.example>", NULL, &m->key), 0);
}

static void make_good(struct made *m)
{
	make(m, "EDDSA", 0, NULL, "ECDH", 0, "Curve25519");
}

static struct pgp_cert *cert_of(struct made *m, uint32_t what)
{
	rnp_output_t out;
	uint8_t *p;
	size_t n;
	struct mw_str s;
	struct pgp_cert *c = NULL;

	assert_int_equal(rnp_output_to_memory(&out, 0), 0);
	assert_int_equal(rnp_key_export(m->key, out, what | RNP_KEY_EXPORT_SUBKEYS), 0);
	assert_int_equal(rnp_output_memory_get_buf(out, &p, &n, false), 0);
	s = (struct mw_str){.p = (const char *)p, .n = n};
	assert_int_equal(pgp_cert_next(&s, &c), 1);
	assert_int_equal(s.n, 0);
	(void)rnp_output_destroy(out);
	return c;
}

static void drop(struct made *m)
{
	(void)rnp_key_handle_destroy(m->key);
	(void)rnp_ffi_destroy(m->ffi);
}

/* wanted: a part of the cause, NULL = it may be used. Drops m. */
static void judged(struct made *m, const char *address, int64_t now, const char *wanted)
{
	struct pgp_cert *c = cert_of(m, RNP_KEY_EXPORT_PUBLIC);
	char why[PGP_WHY] = "";
	int r = pgp_judge(c, address, now, NULL, why);

	if (wanted ? r != 0 || !strstr(why, wanted) : r != 1)
		fail_msg("%d %s", r, why);
	pgp_cert_free(&c);
	drop(m);
}

static void test_good(void **state)
{
	static const struct {
		const char *alg;
		uint32_t bits;
		const char *curve, *sub;
		uint32_t sub_bits;
		const char *sub_curve;
	} row[] = {
	    {"EDDSA", 0, NULL, "ECDH", 0, "Curve25519"},
	    {"ECDSA", 0, "NIST P-256", "ECDH", 0, "NIST P-256"},
	    {"ECDSA", 0, "NIST P-384", "ECDH", 0, "NIST P-521"},
	    {"RSA", 2048, NULL, "RSA", 2048, NULL},
	};
	struct made m;

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		make(&m, row[i].alg, row[i].bits, row[i].curve, row[i].sub, row[i].sub_bits, row[i].sub_curve);
		judged(&m, "ann@x.example", NOW + DAY, NULL);
	}
}

static void test_weak(void **state)
{
	struct made m;

	(void)state;
	make(&m, "RSA", 1024, NULL, "RSA", 2048, NULL);
	judged(&m, "ann@x.example", NOW + DAY, "is weak: RSA 1024");
	make(&m, "RSA", 2048, NULL, "RSA", 1024, NULL);
	judged(&m, "ann@x.example", NOW + DAY, "is weak: RSA 1024");
	make(&m, "DSA", 1024, NULL, "ECDH", 0, "Curve25519");
	judged(&m, "ann@x.example", NOW + DAY, "is weak: DSA");
	make(&m, "EDDSA", 0, NULL, "ELGAMAL", 1024, NULL);
	judged(&m, "ann@x.example", NOW + DAY, "is weak: Elgamal");
	make(&m, "EDDSA", 0, NULL, NULL, 0, NULL);
	judged(&m, "ann@x.example", NOW + DAY, "has no encryption subkey");
}

static void test_times(void **state)
{
	struct made m;

	(void)state;
	make_good(&m);
	assert_int_equal(rnp_key_set_expiration(m.key, 10 * DAY), 0);
	judged(&m, "ann@x.example", NOW + 9 * DAY, NULL);
	make_good(&m);
	assert_int_equal(rnp_key_set_expiration(m.key, 10 * DAY), 0);
	judged(&m, "ann@x.example", NOW + 10 * DAY, "expired 2027-01-25");
	make_good(&m);
	judged(&m, "ann@x.example", NOW - DAY, "is not valid before 2027-01-15");
	make_good(&m);
	judged(&m, "bob@x.example", NOW + DAY, "has no user id of this address");
	make_good(&m);
	judged(&m, NULL, NOW + DAY, NULL);
}

static void test_subkey(void **state)
{
	struct made m;
	rnp_key_handle_t sub;

	(void)state;
	make_good(&m);
	assert_int_equal(rnp_key_get_subkey_at(m.key, 0, &sub), 0);
	assert_int_equal(rnp_key_set_expiration(sub, DAY), 0);
	(void)rnp_key_handle_destroy(sub);
	judged(&m, "ann@x.example", NOW + 2 * DAY, "expired 2027-01-16");
	make_good(&m);
	assert_int_equal(rnp_key_get_subkey_at(m.key, 0, &sub), 0);
	assert_int_equal(rnp_key_revoke(sub, 0, "SHA256", "superseded", ""), 0);
	(void)rnp_key_handle_destroy(sub);
	judged(&m, "ann@x.example", NOW + DAY, "is revoked");
}

static void test_revoked(void **state)
{
	/* By SHA-1 long after that was given up, RNP does not believe it: here it counts. */
	static const char *const hash[] = {"SHA256", "SHA1"};
	struct made m;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		make_good(&m);
		assert_int_equal(rnp_key_revoke(m.key, 0, hash[i], "compromised", ""), 0);
		judged(&m, "ann@x.example", NOW + DAY, "is revoked");
	}
}

/* A newest user id decides nothing about another one. */
static void test_uids(void **state)
{
	struct made m;

	(void)state;
	make_good(&m);
	assert_int_equal(rnp_key_add_uid(m.key, "Ann <second@x.example>", "SHA256", 0, 0, false), 0);
	judged(&m, "second@x.example", NOW + DAY, NULL);
	make_good(&m);
	assert_int_equal(rnp_key_add_uid(m.key, "Ann <sha1@x.example>", "SHA1", 0, 0, false), 0);
	judged(&m, "sha1@x.example", NOW + DAY, "the user id of this address is not validly signed: with MD5 or SHA-1");
}

/* ---- what is kept of a key ------------------------------------------------------------------------------------------------------- */

static size_t append(char *to, const char *p, size_t n)
{
	memcpy(to, p, n);
	return n;
}

static void test_cut(void **state)
{
	static const char photo[] = "\xd1\x03xyz", unknown[] = "\xfc\x01x", trust[] = "\xcc\x02\x00\x00",
			  old[] = "\xc2\x02\x03\x00";
	struct pgp_cert *c, *again = NULL;
	struct made m;
	char buf[16384];
	struct mw_str s;
	size_t n = 0;

	(void)state;
	make_good(&m);
	c = cert_of(&m, RNP_KEY_EXPORT_PUBLIC);
	n += append(buf + n, trust, 4); /* in front of the first key */
	n += append(buf + n, (const char *)c->octets, c->n);
	n += append(buf + n, photo, 5);
	n += append(buf + n, unknown, 3);
	n += append(buf + n, old, 4);
	s = (struct mw_str){.p = buf, .n = n};
	assert_int_equal(pgp_cert_next(&s, &again), 1);
	assert_int_equal(again->n, c->n);
	assert_memory_equal(again->octets, c->octets, c->n);
	assert_int_equal(again->uids, 1);
	assert_string_equal(again->uid[0].address, "ann@x.example");
	assert_int_equal(again->subkeys, 1);
	assert_false(again->secret);
	assert_int_equal(pgp_cert_next(&s, &again), 0);
	pgp_cert_free(&again);
	pgp_cert_free(&c);
	drop(&m);
}

static void test_merge(void **state)
{
	struct pgp_cert *fresh, *revoked, *both = NULL;
	struct made m;
	char why[PGP_WHY] = "";

	(void)state;
	make_good(&m);
	fresh = cert_of(&m, RNP_KEY_EXPORT_PUBLIC);
	assert_int_equal(rnp_key_revoke(m.key, 0, "SHA256", "retired", ""), 0);
	revoked = cert_of(&m, RNP_KEY_EXPORT_PUBLIC);
	assert_int_equal(pgp_judge(fresh, "ann@x.example", NOW + 1, NULL, why), 1);
	assert_int_equal(pgp_cert_merge(fresh, revoked, &both), 0);
	assert_int_equal(pgp_judge(both, "ann@x.example", NOW + 1, NULL, why), 0);
	assert_non_null(strstr(why, "is revoked"));
	pgp_cert_free(&fresh);
	pgp_cert_free(&revoked);
	pgp_cert_free(&both);
	drop(&m);
}

static void test_several(void **state)
{
	static const char sixth[] = "\xc6\x06\x06\x00\x00\x00\x00\x1b", third[] = "\xc6\x04\x03\x00\x00\x00",
			  bad[] = "\xc6\x03\x04\x00\x00";
	struct pgp_cert *c, *next = NULL;
	struct made m;
	char buf[16384];
	struct mw_str s;
	size_t n = 0;

	(void)state;
	make_good(&m);
	c = cert_of(&m, RNP_KEY_EXPORT_PUBLIC);
	n += append(buf + n, sixth, 8);
	n += append(buf + n, third, 6);
	n += append(buf + n, bad, 5);
	n += append(buf + n, (const char *)c->octets, c->n);
	n += append(buf + n, "\xc6\x10x", 3);
	s = (struct mw_str){.p = buf, .n = n};
	assert_int_equal(pgp_cert_next(&s, &next), -EPFNOSUPPORT);
	assert_int_equal(pgp_cert_next(&s, &next), -EPFNOSUPPORT);
	assert_int_equal(pgp_cert_next(&s, &next), -EBADMSG);
	assert_int_equal(pgp_cert_next(&s, &next), -EBADMSG); /* the key that follows ends in trash: nothing of it is believed */
	assert_int_equal(pgp_cert_next(&s, &next), 0);
	assert_null(next);
	pgp_cert_free(&c);
	drop(&m);
}

static void test_secret(void **state)
{
	struct pgp_cert *c;
	struct made m;

	(void)state;
	make_good(&m);
	c = cert_of(&m, RNP_KEY_EXPORT_SECRET);
	assert_true(c->secret);
	assert_int_equal(c->subkeys, 1);
	pgp_cert_free(&c);
	drop(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_versions),   cmocka_unit_test(test_session_keys), cmocka_unit_test(test_selftest),
	    cmocka_unit_test(test_packets),    cmocka_unit_test(test_addresses),    cmocka_unit_test(test_armor),
	    cmocka_unit_test(test_netstrings), cmocka_unit_test(test_answers),	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_weak),       cmocka_unit_test(test_times),	    cmocka_unit_test(test_subkey),
	    cmocka_unit_test(test_revoked),    cmocka_unit_test(test_uids),	    cmocka_unit_test(test_cut),
	    cmocka_unit_test(test_merge),      cmocka_unit_test(test_several),	    cmocka_unit_test(test_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
