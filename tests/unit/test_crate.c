/* SPDX-License-Identifier: Apache-2.0 */
/* Crates: what is written is read, and what somebody has changed is found, whatever he changed. */
#include "pickup/crate.h"
#include "pickup/crate_form.h"
#include "pickup/wrap.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "pickup_expect.h"

#define CHUNK MW_CRATE_CHUNK
#define STORED (CHUNK + MW_CRATE_TAG)

static const unsigned char id[MW_PICKUP_ID] = "id of a mail";
static const unsigned char key[MW_PICKUP_KEY] = "a key that only this test knows";

/* Octet `at` of an object. */
static unsigned char octet(uint32_t object, uint64_t at)
{
	return (unsigned char)(object * 41 + at * 7 + at / 251);
}

static int file(void)
{
	int fd = memfd_create("crate", MFD_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* Objects of these lengths, the first one of them the manifest; written in pieces of `step`. */
static int make(const unsigned char *who, const unsigned char *k, const uint64_t *length, uint32_t n, size_t step)
{
	unsigned char *manifest = malloc(length[0] + 1), *piece = malloc(step);
	struct mw_crate_writer *w = NULL;
	uint32_t objects = 0;
	uint64_t size = 0;
	struct stat st;
	int fd = file();

	for (uint64_t i = 0; i < length[0]; i++)
		manifest[i] = octet(0, i);
	assert_gives(mw_crate_begin(fd, who, k, &w, &err), 0);
	for (uint32_t i = 1; i < n; i++) {
		uint32_t number;

		assert_gives(mw_crate_object(w, &number, &err), 0);
		assert_int_equal(number, i);
		for (uint64_t at = 0; at < length[i];) {
			size_t take = length[i] - at < step ? (size_t)(length[i] - at) : step;

			for (size_t j = 0; j < take; j++)
				piece[j] = octet(i, at + j);
			assert_gives(mw_crate_write(w, piece, take, &err), 0);
			at += take;
		}
	}
	assert_gives(mw_crate_end(w, manifest, length[0], &size, &objects, &err), 0);
	mw_crate_writer_free(&w);
	assert_int_equal(objects, n);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(size, st.st_size);
	free(manifest);
	free(piece);
	return fd;
}

static struct mw_crate *open_it(int fd)
{
	struct mw_crate *c = NULL;

	assert_gives(mw_crate_open(fd, id, key, &c, &err), 0);
	return c;
}

static void what_is_written_is_read(void **state)
{
	static const uint64_t length[] = {2, 0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 200000, 5};
	static const size_t steps[] = {1, 1000, CHUNK, CHUNK + 1, 300000};
	uint32_t n = sizeof(length) / sizeof(*length);
	unsigned char *p = malloc(300000);

	(void)state;
	for (size_t s = 0; s < sizeof(steps) / sizeof(*steps); s++) {
		struct mw_crate *c = open_it(make(id, key, length, n, steps[s]));

		assert_int_equal(mw_crate_count(c), n);
		assert_int_equal(mw_crate_length(c, n), 0);
		for (uint32_t i = 0; i < n; i++) {
			struct mw_crate_object *o = NULL;
			uint64_t at = 0;
			ssize_t got;

			assert_int_equal(mw_crate_length(c, i), length[i]);
			assert_gives(mw_crate_get(c, i, &o, &err), 0);
			while ((got = mw_crate_read(o, at, p, steps[s], NULL)) > 0) {
				for (ssize_t j = 0; j < got; j++)
					assert_int_equal(p[j], octet(i, at + (uint64_t)j));
				at += (uint64_t)got;
			}
			assert_int_equal(got, 0);
			assert_int_equal(at, length[i]);
			/* from somewhere, over the end of a chunk */
			if (length[i] > CHUNK) {
				assert_int_equal(mw_crate_read(o, CHUNK - 3, p, 4, NULL), 4);
				assert_int_equal(p[3], octet(i, CHUNK));
			}
			assert_int_equal(mw_crate_read(o, UINT64_MAX, p, 4, NULL), 0);
			mw_crate_put(&o);
		}
		mw_crate_close(&c);
	}
	free(p);
}

static void all_of_an_object(void **state)
{
	static const uint64_t length[] = {700, CHUNK, 0};
	struct mw_crate *c = open_it(make(id, key, length, 3, 5000));
	struct mw_crate_object *o = NULL;
	char *p = NULL;
	size_t n = 9;

	(void)state;
	assert_gives(mw_crate_read_all(c, 1, CHUNK, &p, &n, &err), 0);
	assert_int_equal(n, CHUNK);
	assert_int_equal(p[n], 0);
	free(p);
	assert_gives(mw_crate_read_all(c, 2, 0, &p, &n, &err), 0);
	assert_int_equal(n, 0);
	free(p);
	assert_fails(mw_crate_read_all(c, 1, CHUNK - 1, &p, &n, &err), -EFBIG);
	assert_fails(mw_crate_read_all(c, 3, CHUNK, &p, &n, &err), -ENOENT);
	assert_fails(mw_crate_get(c, MW_CRATE_INDEX, &o, &err), -ENOENT);
	mw_crate_close(&c);
}

static void many_objects(void **state)
{
	uint32_t n = 10000;
	uint64_t *length = calloc(n, sizeof(*length));
	struct mw_crate *c;

	(void)state;
	for (uint32_t i = 0; i < n; i++)
		length[i] = i % 3;
	c = open_it(make(id, key, length, n, 10));
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(mw_crate_length(c, i), i % 3);
	mw_crate_close(&c);
	free(length);
}

/* One that another program has made, after what crate.h says (Python's cryptography). */
static void others_write_crates(void **state)
{
	const char *top = getenv("srcdir");
	char path[400], *p = NULL;
	struct mw_crate *c;
	unsigned char octets[2000];
	ssize_t n;
	size_t size;
	int fd;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/tests/fuzz/seeds/crate/good", top ? top : ".");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	n = read(fd, octets, sizeof(octets));
	(void)close(fd);
	assert_true(n > 1);
	fd = file();
	assert_int_equal(write(fd, octets + 1, (size_t)n - 1), n - 1); /* the first octet is the fuzzer's */
	c = open_it(fd);
	assert_int_equal(mw_crate_count(c), 4);
	assert_gives(mw_crate_read_all(c, 0, 100, &p, &size, &err), 0);
	assert_string_equal(p, "{\"objects\":[]}");
	free(p);
	assert_gives(mw_crate_read_all(c, 1, 100, &p, &size, &err), 0);
	assert_string_equal(p, "text");
	free(p);
	assert_int_equal(mw_crate_length(c, 3), 100);
	mw_crate_close(&c);
}

/* ---- damage ---------------------------------------------------------------------------------------------------------------------- */

struct octets {
	unsigned char *p;
	size_t n;
};

static struct octets read_file(int fd)
{
	struct stat st;
	struct octets o;

	assert_int_equal(fstat(fd, &st), 0);
	o.n = (size_t)st.st_size;
	o.p = malloc(o.n + STORED);
	assert_int_equal(pread(fd, o.p, o.n, 0), st.st_size);
	(void)close(fd);
	return o;
}

static int write_file(const unsigned char *p, size_t n)
{
	int fd = file();

	assert_int_equal(write(fd, p, n), (ssize_t)n);
	return fd;
}

/* Reads all of it: the first failure. */
static int read_all(const unsigned char *p, size_t n, const unsigned char *who, const unsigned char *k)
{
	struct mw_crate *c = NULL;
	struct mw_err err = {0};
	int r = mw_crate_open(write_file(p, n), who, k, &c, &err);

	for (uint32_t i = 0; r == 0 && i < mw_crate_count(c); i++) {
		char *all = NULL;
		size_t size;

		r = mw_crate_read_all(c, i, SIZE_MAX / 2, &all, &size, &err);
		free(all);
	}
	mw_crate_close(&c);
	assert_int_equal(err.code, r);
	return r;
}

static void each_changed_octet_is_found(void **state)
{
	static const uint64_t length[] = {20, 30, 0};
	struct octets o = read_file(make(id, key, length, 3, 7));

	(void)state;
	assert_int_equal(read_all(o.p, o.n, id, key), 0);
	for (size_t i = 0; i < o.n; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			int r;

			o.p[i] ^= (unsigned char)(1u << bit);
			r = read_all(o.p, o.n, id, key);
			/* a later version may be what it says that it is */
			assert_true(r == -EBADMSG || (r == -EOPNOTSUPP && i >= 8 && i < 12));
			o.p[i] ^= (unsigned char)(1u << bit);
		}
	}
	for (size_t n = 0; n < o.n; n++)
		assert_int_equal(read_all(o.p, n, id, key), -EBADMSG);
	o.p[o.n] = 0;
	assert_int_equal(read_all(o.p, o.n + 1, id, key), -EBADMSG);
	free(o.p);
}

static void other_keys_and_messages_open_nothing(void **state)
{
	static const uint64_t length[] = {20, 30};
	unsigned char who[MW_PICKUP_ID], k[MW_PICKUP_KEY];
	struct octets o = read_file(make(id, key, length, 2, 7));

	(void)state;
	memcpy(who, id, sizeof(who));
	memcpy(k, key, sizeof(k));
	who[0] ^= 1;
	assert_int_equal(read_all(o.p, o.n, who, key), -EBADMSG);
	memcpy(o.p + 16, who, sizeof(who)); /* its head says so, too */
	assert_int_equal(read_all(o.p, o.n, who, key), -EBADMSG);
	memcpy(o.p + 16, id, sizeof(who));
	k[31] ^= 1;
	assert_int_equal(read_all(o.p, o.n, id, k), -EBADMSG);
	assert_int_equal(read_all(o.p, o.n, id, key), 0);
	free(o.p);
}

static void swap(struct octets o, size_t a, size_t b, size_t n)
{
	unsigned char *t = malloc(n);

	memcpy(t, o.p + a, n);
	memcpy(o.p + a, o.p + b, n);
	memcpy(o.p + b, t, n);
	free(t);
}

/* Whole chunks in other places, each as it was written: in an object, in another one, in another message's crate. */
static void chunks_stay_where_they_were(void **state)
{
	static const uint64_t length[] = {CHUNK, 3 * CHUNK, 3 * CHUNK};
	struct octets o = read_file(make(id, key, length, 3, CHUNK)), other;
	unsigned char k[MW_PICKUP_KEY];
	size_t second = MW_CRATE_ENDS + 3 * STORED + MW_CRATE_TAG;

	(void)state;
	memcpy(k, key, sizeof(k));
	k[0] ^= 1;
	other = read_file(make(id, k, length, 3, CHUNK));
	swap(o, MW_CRATE_ENDS, MW_CRATE_ENDS + STORED, STORED);
	assert_int_equal(read_all(o.p, o.n, id, key), -EBADMSG);
	swap(o, MW_CRATE_ENDS, MW_CRATE_ENDS + STORED, STORED);
	swap(o, MW_CRATE_ENDS, second, STORED);
	assert_int_equal(read_all(o.p, o.n, id, key), -EBADMSG);
	swap(o, MW_CRATE_ENDS, second, STORED);
	assert_int_equal(read_all(o.p, o.n, id, key), 0);
	memcpy(o.p + MW_CRATE_ENDS, other.p + MW_CRATE_ENDS, STORED);
	assert_int_equal(read_all(o.p, o.n, id, key), -EBADMSG);
	free(o.p);
	free(other.p);
}

/* An index that says more or less than was written: as long as a chunk, so that what is cut off is whole. */
static void the_index_is_whole(void **state)
{
	uint32_t n = 2 * CHUNK / 8;
	uint64_t *length = calloc(n, sizeof(*length));
	struct mw_crate_tail tail = {.objects = n / 2};
	struct octets o = read_file(make(id, key, length, n, 1));
	size_t index = MW_CRATE_ENDS + (size_t)n * MW_CRATE_TAG, half = MW_CRATE_ENDS + (size_t)n / 2 * MW_CRATE_TAG;
	unsigned char end[MW_CRATE_ENDS];

	(void)state;
	assert_int_equal(read_all(o.p, o.n, id, key), 0);
	/* objects 1 to n/2 - 1 and 0, the first half of the index, its empty last chunk, and a tail that fits */
	memmove(o.p + half - MW_CRATE_TAG, o.p + index - MW_CRATE_TAG, MW_CRATE_TAG);
	memmove(o.p + half, o.p + index, STORED);
	memmove(o.p + half + STORED, o.p + index + 2 * STORED, MW_CRATE_TAG);
	tail.index = half;
	mw_crate_tail_write(&tail, end);
	memcpy(o.p + half + STORED + MW_CRATE_TAG, end, sizeof(end));
	assert_int_equal(read_all(o.p, half + STORED + MW_CRATE_TAG + sizeof(end), id, key), -EBADMSG);
	free(o.p);
	free(length);
}

/* Nothing of a chunk whose tag does not fit is given out. */
static void damage_gives_no_octets(void **state)
{
	static const uint64_t length[] = {1, 2 * CHUNK};
	struct octets o = read_file(make(id, key, length, 2, CHUNK));
	unsigned char *p = calloc(1, 2 * CHUNK);
	struct mw_crate_object *object = NULL;
	struct mw_crate *c;

	(void)state;
	o.p[MW_CRATE_ENDS + STORED + 5] ^= 1;
	c = open_it(write_file(o.p, o.n));
	assert_gives(mw_crate_get(c, 1, &object, &err), 0);
	assert_fails((int)mw_crate_read(object, 0, p, 2 * CHUNK, &err), -EBADMSG);
	for (size_t i = 0; i < 2 * CHUNK; i++)
		assert_int_equal(p[i], 0);
	assert_int_equal(mw_crate_read(object, 0, p, CHUNK, NULL), CHUNK);
	assert_int_equal(p[5], octet(1, 5));
	mw_crate_put(&object);
	mw_crate_close(&c);
	free(p);
	free(o.p);
}

/* ---- limits ---------------------------------------------------------------------------------------------------------------------- */

static void a_full_disk_is_told(void **state)
{
	struct rlimit old, small;
	struct mw_crate_writer *w = NULL;
	char path[] = "crate.XXXXXX", octets[4096] = "x";
	uint32_t number, objects;
	uint64_t size;
	int fd = mkstemp(path), r = 0;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	small = (struct rlimit){.rlim_cur = 100000, .rlim_max = old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_gives(mw_crate_begin(fd, id, key, &w, &err), 0);
	assert_gives(mw_crate_object(w, &number, &err), 0);
	for (int i = 0; i < 100 && r == 0; i++)
		r = mw_crate_write(w, octets, sizeof(octets), NULL);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(r, -EFBIG);
	/* and nothing makes a crate of it any more */
	assert_fails(mw_crate_write(w, octets, 1, &err), -EFBIG);
	assert_fails(mw_crate_object(w, &number, &err), -EFBIG);
	assert_fails(mw_crate_end(w, "{}", 2, &size, &objects, &err), -EFBIG);
	mw_crate_writer_free(&w);
	(void)close(fd);
}

static void what_a_writer_refuses(void **state)
{
	static const uint64_t length[] = {1};
	struct mw_crate_writer *w = NULL;
	int fd = make(id, key, length, 1, 1);
	uint32_t objects;
	uint64_t size;

	(void)state;
	assert_fails(mw_crate_begin(fd, id, key, &w, &err), -EINVAL); /* not empty */
	(void)close(fd);
	fd = file();
	assert_gives(mw_crate_begin(fd, id, key, &w, &err), 0);
	assert_fails(mw_crate_write(w, "x", 1, &err), -EINVAL); /* no object is open */
	mw_crate_writer_free(&w);
	(void)close(fd);
	fd = file();
	assert_gives(mw_crate_begin(fd, id, key, &w, &err), 0);
	assert_gives(mw_crate_end(w, "{}", 2, &size, &objects, &err), 0);
	assert_fails(mw_crate_end(w, "{}", 2, &size, &objects, &err), -EINVAL); /* twice */
	mw_crate_writer_free(&w);
	(void)close(fd);
}

/* ---- threads --------------------------------------------------------------------------------------------------------------------- */

static void *reader(void *ctx)
{
	const struct mw_crate *c = ctx;
	unsigned char p[1000];
	uintptr_t wrong = 0;

	for (uint32_t i = 0; i < mw_crate_count(c); i++) {
		struct mw_crate_object *o = NULL;
		uint64_t at = 0;
		ssize_t n;

		if (mw_crate_get(c, i, &o, NULL) < 0)
			return (void *)1;
		while ((n = mw_crate_read(o, at, p, sizeof(p), NULL)) > 0) {
			for (ssize_t j = 0; j < n; j++)
				wrong += p[j] != octet(i, at + (uint64_t)j);
			at += (uint64_t)n;
		}
		wrong += n != 0 || at != mw_crate_length(c, i);
		mw_crate_put(&o);
	}
	return (void *)wrong;
}

static void threads_share_a_crate(void **state)
{
	static const uint64_t length[] = {100, 5 * CHUNK, 3, 2 * CHUNK + 1};
	struct mw_crate *c = open_it(make(id, key, length, 4, CHUNK));
	pthread_t thread[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, reader, c), 0);
	for (int i = 0; i < 4; i++) {
		void *wrong;

		assert_int_equal(pthread_join(thread[i], &wrong), 0);
		assert_null(wrong);
	}
	mw_crate_close(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_written_is_read),
	    cmocka_unit_test(all_of_an_object),
	    cmocka_unit_test(many_objects),
	    cmocka_unit_test(others_write_crates),
	    cmocka_unit_test(each_changed_octet_is_found),
	    cmocka_unit_test(other_keys_and_messages_open_nothing),
	    cmocka_unit_test(chunks_stay_where_they_were),
	    cmocka_unit_test(the_index_is_whole),
	    cmocka_unit_test(damage_gives_no_octets),
	    cmocka_unit_test(a_full_disk_is_told),
	    cmocka_unit_test(what_a_writer_refuses),
	    cmocka_unit_test(threads_share_a_crate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
