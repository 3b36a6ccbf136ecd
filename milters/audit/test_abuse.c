/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody can do to an audit file, and that verify finds it. */
#include "testlog.h"

#include "audit/head.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

/* A small log: start, three messages, stop. With its text and where lines begin. */
struct small {
	char *p;
	size_t n, lines, at[16];
};

static void small_log(struct small *s, const char *key)
{
	static const char *const id[] = {"AAA1", "BBB2", "CCC3"};
	struct tl t;

	tl_fresh();
	assert_int_equal(key ? tl_open(&t, "key", key, NULL) : tl_open(&t, NULL), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(tl_message(&t, id[i], &t.err), 0);
	tl_close(&t);
	s->p = tl_read(tl_path("log"), &s->n);
	s->lines = 0;
	for (size_t i = 0; i < s->n; i++)
		if (i == 0 || s->p[i - 1] == '\n')
			s->at[s->lines++] = i;
	s->at[s->lines] = s->n;
	assert_int_equal(s->lines, 5);
}

static void expect_found(const struct tl_check *check, const char *p, size_t n, const char *what, size_t at)
{
	char *said;

	tl_write(tl_path("log"), p, n);
	if (tl_verify(check, &said, tl_path("log"), NULL) != 1)
		fail_msg("%s at %zu was not found: %s", what, at, said);
	free(said);
}

static void every_edit(const struct tl_check *check, const struct small *s, size_t step)
{
	static const char with[] = "\n0}";
	char *p = malloc(s->n + 2);

	for (size_t i = 0; i < s->n; i += step) {
		for (size_t k = 0; k < sizeof(with); k++) { /* the last one is NUL */
			if (with[k] == s->p[i])
				continue;
			memcpy(p, s->p, s->n);
			p[i] = with[k];
			expect_found(check, p, s->n, "an edit", i);
		}
		memcpy(p, s->p, s->n);
		p[i] = (char)(p[i] ^ 0x20);
		expect_found(check, p, s->n, "a change of case", i);
		memcpy(p, s->p, i);
		memcpy(p + i, s->p + i + 1, s->n - i - 1);
		expect_found(check, p, s->n - 1, "a removed octet", i);
		memcpy(p, s->p, i);
		p[i] = ' ';
		memcpy(p + i + 1, s->p + i, s->n - i);
		expect_found(check, p, s->n + 1, "an added octet", i);
		expect_found(check, s->p, i, "a truncation", i);
	}
	free(p);
}

static void test_every_octet(void **state)
{
	struct small s;

	(void)state;
	small_log(&s, NULL);
	tl_intact(NULL);
	every_edit(NULL, &s, 1);
	tl_write(tl_path("log"), s.p, s.n);
	tl_intact(NULL);
	free(s.p);
}

static void test_records(void **state)
{
	struct small s;
	char *p;

	(void)state;
	small_log(&s, NULL);
	p = malloc(2 * s.n);
	for (size_t i = 0; i < s.lines; i++) {
		size_t n = s.at[i + 1] - s.at[i], k;

		/* removed, together with the one behind it, repeated */
		memcpy(p, s.p, s.at[i]);
		memcpy(p + s.at[i], s.p + s.at[i + 1], s.n - s.at[i + 1]);
		expect_found(NULL, p, s.n - n, "a removed record", i);
		if (i + 1 < s.lines) {
			memcpy(p + s.at[i], s.p + s.at[i + 2], s.n - s.at[i + 2]);
			expect_found(NULL, p, s.n - (s.at[i + 2] - s.at[i]), "two removed records", i);
		}
		memcpy(p, s.p, s.at[i + 1]);
		memcpy(p + s.at[i + 1], s.p + s.at[i], s.n - s.at[i]);
		expect_found(NULL, p, s.n + n, "a repeated record", i);
		/* swapped with each other one */
		for (k = i + 1; k < s.lines; k++) {
			size_t m = s.at[k + 1] - s.at[k], at = s.at[i];

			memcpy(p, s.p, s.n);
			memcpy(p + at, s.p + s.at[k], m);
			at += m;
			memcpy(p + at, s.p + s.at[i + 1], s.at[k] - s.at[i + 1]);
			at += s.at[k] - s.at[i + 1];
			memcpy(p + at, s.p + s.at[i], n);
			expect_found(NULL, p, s.n, "a swap", i);
		}
	}
	free(p);

	/* what it says */
	tl_write(tl_path("log"), s.p, s.at[4]);
	tl_broken(NULL, "log:4: truncated: the chain ends with record 4, the head file names record 5");
	tl_write(tl_path("log"), s.p + s.at[1], s.n - s.at[1]);
	tl_broken(NULL, "log:1: removed: records before 2 at the beginning");
	s.p[s.at[2] + 100] ^= 1;
	tl_write(tl_path("log"), s.p, s.n);
	tl_broken(NULL, "log:3: edited: record 3");
	free(s.p);
}

/* Without its head a log can be cut behind any record: verify says so, and a checkpoint from the log finds it. */
static void test_anchors(void **state)
{
	struct tl_check none = {.no_head = true}, head = {0};
	struct mw_audit_record rec;
	struct small s;

	(void)state;
	small_log(&s, NULL);
	assert_true(mw_audit_record_parse(s.p + s.at[3], s.at[4] - s.at[3] - 1, &rec));
	head.head_seq = rec.seq;
	memcpy(head.head_hash, rec.hash.p, MW_AUDIT_HEX);
	tl_intact(&head);
	assert_int_equal(unlink(tl_path("log.head")), 0);
	tl_broken(NULL, "unanchored tail: nothing says whether records behind 5");
	tl_intact(&none);
	tl_intact(&head);
	tl_write(tl_path("log"), s.p, s.at[3]);
	tl_broken(&head, "truncated: the chain ends with record 3, --head names record 4");
	tl_write(tl_path("log"), s.p, s.at[4]);
	tl_intact(&head);
	head.head_hash[0] = head.head_hash[0] == '0' ? '1' : '0';
	tl_broken(&head, "edited: record 4 is not the one that --head names");
	tl_write(tl_path("log"), "", 0);
	tl_broken(NULL, "no record");
	free(s.p);
}

/* Somebody who can write both files and does not know the key rebuilds a chain that is whole, without a record. */
static void test_rebuilt(void **state)
{
	static const struct mw_audit_chain no_key = {0};
	struct mw_audit_head head = {.seq = 4};
	char secret[40], hash[MW_AUDIT_HEX + 1];
	struct mw_audit_text text = {0};
	struct mw_audit_record rec;
	struct tl_check with_key = {0};
	struct small s;

	(void)state;
	memset(secret, 'k', sizeof(secret));
	tl_write(tl_path("key"), secret, sizeof(secret));
	assert_int_equal(chmod(tl_path("key"), 0600), 0);
	for (unsigned keyed = 0; keyed < 2; keyed++) {
		int fd;

		small_log(&s, keyed ? tl_path("key") : NULL);
		with_key.key = keyed ? tl_path("key") : NULL;
		tl_intact(&with_key);
		text.n = 0;
		strcpy(hash, mw_audit_zero);
		for (size_t i = 0, seq = 0; i < s.lines; i++) {
			char kind[40];
			struct mw_str members;

			if (i == 2)
				continue; /* the record that had to go */
			assert_true(mw_audit_record_parse(s.p + s.at[i], s.at[i + 1] - s.at[i] - 1, &rec));
			(void)snprintf(kind, sizeof(kind), "%.*s", (int)rec.kind.n, rec.kind.p);
			members.p = rec.kind.p + rec.kind.n + 2;
			members.n = (size_t)(rec.prev.p - members.p);
			members.n -= members.n > 8 ? 9 : 8; /* ,"prev":" or without the comma */
			assert_int_equal(mw_audit_record_add(&text, &no_key, ++seq, kind, members, hash, hash), 0);
		}
		memcpy(head.hash, hash, sizeof(hash));
		head.end = text.n;
		tl_write(tl_path("log"), text.p, text.n);
		fd = open(tl_path("log.head"), O_WRONLY | O_TRUNC);
		assert_int_equal(mw_audit_head_write(fd, &no_key, &head), 0);
		close(fd);
		if (keyed)
			tl_broken(&with_key, "log:1: edited: record 1, or the chain was made with another key");
		else
			tl_intact(NULL); /* that is what the key and the checkpoints are for */
		free(s.p);
	}
	mw_audit_text_free(&text);
}

static void test_key(void **state)
{
	char secret[40];
	struct tl_check check = {0}, other = {0};
	struct small s;
	struct tl t;

	(void)state;
	memset(secret, 'k', sizeof(secret));
	tl_write(tl_path("key"), secret, sizeof(secret));
	tl_write(tl_path("other"), secret, 33);
	assert_int_equal(chmod(tl_path("key"), 0600), 0);
	assert_int_equal(chmod(tl_path("other"), 0600), 0);
	small_log(&s, tl_path("key"));
	check.key = tl_path("key");
	tl_intact(&check);
	other.key = tl_path("other");
	tl_broken(&other, "log.head: edited, or made with another key");
	tl_broken(NULL, "log.head: edited, or made with another key");
	every_edit(&check, &s, 7);
	tl_write(tl_path("log"), s.p, s.n);
	assert_true(tl_open(&t, "key", tl_path("other"), NULL) < 0);
	assert_non_null(strstr(t.err.text, "log.head is damaged or was written with another key: move it"));
	assert_true(tl_open(&t, NULL) < 0);
	assert_int_equal(tl_open(&t, "key", tl_path("key"), NULL), 0);
	tl_close(&t);
	free(s.p);

	/* bad keys */
	tl_write(tl_path("short"), secret, 31);
	assert_int_equal(chmod(tl_path("short"), 0600), 0);
	assert_int_equal(tl_open(&t, "key", tl_path("short"), NULL), -EINVAL);
	assert_non_null(strstr(t.err.text, "has 31 octets, not 32 to 4096"));
	assert_int_equal(chmod(tl_path("key"), 0640), 0);
	assert_int_equal(tl_open(&t, "key", tl_path("key"), NULL), -EPERM);
	assert_non_null(strstr(t.err.text, "run chmod 600 "));
	assert_int_equal(tl_open(&t, "key", tl_path("none"), NULL), -ENOENT);
	assert_int_equal(tl_open(&t, "key", tl_path(""), NULL), -EINVAL);
	assert_int_equal(chmod(tl_path("key"), 0600), 0);
}

static void test_frame(void **state)
{
	static const char good[] = "{\"v\":1,\"seq\":12,\"time\":\"2026-11-22T03:25:54.123Z\",\"kind\":\"stop\",\"prev\":"
				   "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\",\"hash\":"
				   "\"fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210\"}";
	struct mw_audit_record rec;
	char bad[sizeof(good) + 2];

	(void)state;
	assert_true(mw_audit_record_parse(good, strlen(good), &rec));
	assert_int_equal(rec.seq, 12);
	assert_true(mw_audit_str_is(rec.kind, "stop"));
	assert_true(mw_audit_str_is(rec.time, "2026-11-22T03:25:54.123Z"));
	assert_int_equal(rec.hashed, strlen(good) - 75);
	for (size_t n = 0; n < strlen(good); n++)
		assert_false(mw_audit_record_parse(good, n, &rec));
	strcpy(bad, good);
	memcpy(strstr(bad, "12"), "02", 2);
	assert_false(mw_audit_record_parse(bad, strlen(bad), &rec));
	strcpy(bad, good);
	*strstr(bad, "stop") = 'S';
	assert_false(mw_audit_record_parse(bad, strlen(bad), &rec));
	strcpy(bad, good);
	*strstr(bad, "abc") = 'A';
	assert_false(mw_audit_record_parse(bad, strlen(bad), &rec));
	strcpy(bad, good);
	strcat(bad, " ");
	assert_false(mw_audit_record_parse(bad, strlen(bad), &rec));
}

static void test_head(void **state)
{
	static const struct mw_audit_chain chain = {0};
	struct mw_audit_head head = {.seq = 7, .end = 1000, .slot = 1}, got;
	int fd = open(tl_path("h"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	char octet;

	(void)state;
	strcpy(head.hash, mw_audit_zero);
	assert_int_equal(mw_audit_head_read(fd, &chain, &got), 0);
	assert_int_equal(mw_audit_head_write(fd, &chain, &head), 0);
	assert_int_equal(mw_audit_head_read(fd, &chain, &got), 1);
	assert_true(got.seq == 7 && got.slot == 1);
	head.seq = 8;
	head.slot = 0;
	assert_int_equal(mw_audit_head_write(fd, &chain, &head), 0);
	assert_int_equal(mw_audit_head_read(fd, &chain, &got), 1);
	assert_true(got.seq == 8 && got.slot == 0);
	/* any octet of the newer slot: the older one counts; of both: none */
	for (off_t i = 0; i < MW_AUDIT_HEAD_SLOT; i++) {
		assert_int_equal(pread(fd, &octet, 1, i), 1);
		octet ^= 1;
		assert_int_equal(pwrite(fd, &octet, 1, i), 1);
		assert_int_equal(mw_audit_head_read(fd, &chain, &got), 1);
		assert_int_equal(got.seq, 7);
		octet ^= 1;
		assert_int_equal(pwrite(fd, &octet, 1, i), 1);
	}
	assert_int_equal(ftruncate(fd, 10), 0);
	assert_int_equal(mw_audit_head_read(fd, &chain, &got), -EBADMSG);
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_frame),   cmocka_unit_test(test_head),    cmocka_unit_test(test_every_octet),
	    cmocka_unit_test(test_records), cmocka_unit_test(test_anchors), cmocka_unit_test(test_rebuilt),
	    cmocka_unit_test(test_key),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	tl_remove();
	return r;
}
