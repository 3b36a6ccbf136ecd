/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pickup_bench: does the store of the portal get slower when it is full, and what do crates cost?
 *     pickup_bench many ROUNDS [MANY]   hand-in and reading with 1,000 and with MANY (100,000) stored messages, in turn
 *     pickup_bench crate MB             a crate of one object of that size, beside the same octets written and read as they are
 *     pickup_bench load SECONDS [N]     N threads (100) that sign in by code and read once a second each, and 20 messages a second handed in meanwhile
 * In the folder where it is started. Ratios of one run count.
 */
#include "../unit/pickup_shelf.h"

#include "pickup/crate.h"
#include "pickup/prove.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define FEW 1000u
#define CHUNK 65536u

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "pickup_bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *v, unsigned n)
{
	qsort(v, n, sizeof(*v), by_size);
	return v[n / 2];
}

/* ---- many ------------------------------------------------------------------------------------------------------------------------ */

static int link_crate(void *ctx, const struct mw_pickup_row *row)
{
	const struct shelf *s = ctx;
	static char from[200];
	static unsigned linked;
	char to[200], id[MW_PICKUP_ID_TEXT];

	mw_pickup_id_text(row->id, id);
	(void)snprintf(to, sizeof(to), "%s/crates/%02x/%s", s->path, row->id[0], id);
	/* file systems bound the names of a file: a new one now and then */
	if (linked++ % 30000 == 0) {
		int fd = open(to, O_WRONLY | O_CREAT, 0600);

		must(fd >= 0 && write(fd, to, sizeof(to)) == (ssize_t)sizeof(to) && close(fd) == 0, to);
		memcpy(from, to, sizeof(from));
		return 0;
	}
	must(link(from, to) == 0 || errno == EEXIST, to);
	return 0;
}

/* n messages like the one that is there: rows with their events, and crates. */
static void fill(struct shelf *s, unsigned n)
{
	static const struct mw_pickup_filter all;
	struct mw_err err = {0};
	char path[200], sql[2000];
	sqlite3 *db;

	(void)snprintf(path, sizeof(path), "%s/pickup.db", s->path);
	(void)snprintf(
	    sql, sizeof(sql),
	    "BEGIN; WITH RECURSIVE c(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM c WHERE i <= %u) INSERT INTO message (id, "
	    "handin, state, "
	    "proof, sender, recipient, language, origin_queue_id, origin_message_id, size, objects, created, expires, noticed, "
	    "link_check, key, wrapped) SELECT randomblob(12), randomblob(16), 2, 1, 'doctor' || (i %% 50) || '@clinic.example', "
	    "'patient' || i || '@example.net', 'en', '4abc' || i, '<m' || i || '@clinic.example>', size, objects, created, "
	    "expires + i, created, randomblob(16), 1, randomblob(76) FROM c, (SELECT * FROM message LIMIT 1) m; "
	    "INSERT INTO event (message, at, event, detail) SELECT number, created, 1, '' FROM message; "
	    "INSERT INTO event (message, at, event, detail) SELECT number, created, 2, '4bRWXk1111zBCD' FROM message; COMMIT",
	    n);
	must(sqlite3_open(path, &db) == SQLITE_OK && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "rows");
	(void)sqlite3_close(db);
	must(mw_pickup_each(s->store, &all, link_crate, s, &err) == 0 && mw_pickup_checkpoint(s->store, &err) == 0, err.text);
}

static void read_one(struct shelf *s, const struct shelf_message *m, bool note)
{
	unsigned char key[MW_PICKUP_KEY];
	struct mw_pickup_row row;
	struct mw_crate *c = NULL;
	struct mw_err err = {0};
	char *p;
	size_t n;
	int fd;

	must(mw_pickup_unlock(s->store, m->id, m->secret, SHELF_NOW, key, &row, &err) == 0 &&
		 mw_pickup_crate(s->store, m->id, &fd, &err) == 0 && mw_crate_open(fd, m->id, key, &c, &err) == 0,
	     err.text);
	for (uint32_t i = 0; i < mw_crate_count(c); i++) {
		must(mw_crate_read_all(c, i, 1u << 20, &p, &n, &err) == 0, err.text);
		free(p);
	}
	mw_crate_close(&c);
	if (note)
		must(mw_pickup_note(s->store, m->id, MW_EVENT_READ, NULL, MW_MAIL_PICKED_UP, SHELF_NOW, &err) == 0, err.text);
}

enum { HANDIN, LOOK, READ, WAYS };

static void once(struct shelf *s, unsigned round, const char *text, double took[WAYS])
{
	struct mw_err err = {0};
	char key[40];
	struct shelf_message m = {.key = key, .text = text};
	double t[4];

	(void)snprintf(key, sizeof(key), "round %u", round);
	t[0] = seconds();
	must(shelf_put(s->store, s->keys, &m, &err) == 0, err.text);
	t[1] = seconds();
	for (unsigned i = 0; i < 10; i++)
		read_one(s, &m, false);
	t[2] = seconds();
	read_one(s, &m, true);
	t[3] = seconds();
	took[HANDIN] = t[1] - t[0];
	took[LOOK] = (t[2] - t[1]) / 10;
	took[READ] = t[3] - t[2];
}

static int bench_many(unsigned rounds, unsigned many)
{
	static const char *const name[] = {"hand-in, 4 KB, and its notice noted", "reading, nothing noted", "reading, noted"};
	struct shelf s[2];
	double *took[2][WAYS];
	char text[4097];

	memset(text, 'x', sizeof(text));
	text[4096] = '\0';
	for (unsigned i = 0; i < 2; i++) {
		struct shelf_message first = {.key = "first"};

		shelf_open(&s[i]);
		must(shelf_put(s[i].store, s[i].keys, &first, NULL) == 0, "first");
		fill(&s[i], i ? many : FEW);
		for (unsigned w = 0; w < WAYS; w++)
			must((took[i][w] = calloc(rounds, sizeof(double))) != NULL, "memory");
	}
	for (unsigned r = 0; r < rounds; r++) {
		for (unsigned i = 0; i < 2; i++) {
			unsigned which = (r + i) % 2;
			double t[WAYS];

			once(&s[which], r, text, t);
			for (unsigned w = 0; w < WAYS; w++)
				took[which][w][r] = t[w];
		}
	}
	for (unsigned w = 0; w < WAYS; w++) {
		double few = median(took[0][w], rounds), full = median(took[1][w], rounds);

		printf("%-40s %u: %8.3f ms, %u: %8.3f ms, ratio %.2f\n", name[w], FEW, few * 1e3, many, full * 1e3, full / few);
	}
	for (unsigned i = 0; i < 2; i++)
		shelf_close(&s[i]);
	return 0;
}

/* ---- load ------------------------------------------------------------------------------------------------------------------------ */

#define READERS_MOST 1000
#define RATE 20 /* hand-ins a second */

struct visit {
	const struct shelf *s;
	struct shelf_message m;
	char key[20], to[40];
	double end, slowest;
	unsigned visits;
	struct mw_err err;
};

/* A code, the proof, the message, and that it was read: four commits. */
static int visit(struct mw_pickup *p, struct visit *v)
{
	struct mw_pickup_rule rule = mw_pickup_rule_usual;
	struct mw_pickup_proof proof = {.code = NULL};
	unsigned char key[MW_PICKUP_KEY];
	char code[MW_PICKUP_CODE];
	int64_t wait;
	int r;

	rule.mails = UINT32_MAX;
	r = mw_pickup_code_new(p, &rule, v->m.id, v->m.secret, SHELF_NOW, code, &wait, &v->err);
	proof.code = code;
	if (r == 0)
		r = mw_pickup_prove(p, &rule, v->m.id, v->m.secret, &proof, MW_MAIL_NONE, SHELF_NOW, key, NULL, &wait, &v->err);
	return r < 0 ? r : mw_pickup_note(p, v->m.id, MW_EVENT_READ, NULL, MW_MAIL_PICKED_UP, SHELF_NOW, &v->err);
}

static void *reader(void *ctx)
{
	struct visit *v = ctx;
	struct mw_pickup *p = NULL;
	int r = mw_pickup_open(v->s->path, v->s->keys, false, &p, &v->err);

	while (r == 0 && seconds() < v->end) {
		double t = seconds();

		r = visit(p, v);
		t = seconds() - t;
		v->slowest = t > v->slowest ? t : v->slowest;
		v->visits++;
		if (t < 1)
			(void)usleep((useconds_t)((1 - t) * 1e6));
	}
	mw_pickup_close(&p);
	return NULL;
}

static int bench_load(unsigned length, unsigned readers)
{
	static struct visit v[READERS_MOST];
	static double took[100000];
	pthread_t thread[READERS_MOST];
	struct mw_err err = {0};
	struct shelf s;
	unsigned n = 0, visits = 0, failed = 0, most = length * RATE < 100000 ? length * RATE : 100000;
	double from, middle, slowest = 0;

	shelf_open(&s);
	for (unsigned i = 0; i < readers; i++) {
		(void)snprintf(v[i].key, sizeof(v[i].key), "%u", i);
		(void)snprintf(v[i].to, sizeof(v[i].to), "patient%u@example.net", i);
		v[i].m = (struct shelf_message){.key = v[i].key, .recipient = v[i].to};
		must(shelf_put(s.store, s.keys, &v[i].m, &err) == 0, err.text);
		v[i].s = &s;
		v[i].end = seconds() + length + 1;
	}
	for (unsigned i = 0; i < readers; i++)
		must(pthread_create(&thread[i], NULL, reader, &v[i]) == 0, "thread");
	from = seconds();
	for (; n < most && seconds() < from + 3 * length; n++) {
		char key[40];
		struct shelf_message m = {.key = key};
		double t = seconds(), rest = from + (double)n / RATE - t;

		if (rest > 0)
			(void)usleep((useconds_t)(rest * 1e6));
		t = seconds();
		(void)snprintf(key, sizeof(key), "load %u", n);
		must(shelf_put(s.store, s.keys, &m, &err) == 0, err.text);
		took[n] = seconds() - t;
	}
	from = seconds() - from;
	for (unsigned i = 0; i < readers; i++) {
		(void)pthread_join(thread[i], NULL);
		visits += v[i].visits;
		slowest = v[i].slowest > slowest ? v[i].slowest : slowest;
		failed += v[i].err.text[0] != '\0';
		if (v[i].err.text[0])
			fprintf(stderr, "%s\n", v[i].err.text);
	}
	middle = median(took, n); /* sorts */
	printf("%u messages handed in in %.1f s (%.1f a second), median %.0f ms, slowest %.0f ms\n", n, from, n / from,
	       middle * 1e3, took[n - 1] * 1e3);
	printf("%u readers: %u visits, slowest %.0f ms, failed %u\n", readers, visits, slowest * 1e3, failed);
	shelf_close(&s);
	return failed != 0;
}

/* ---- crate ----------------------------------------------------------------------------------------------------------------------- */

static int new_file(void)
{
	int fd = open(".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	must(fd >= 0, "file");
	return fd;
}

static double write_plain(int fd, const unsigned char *p, uint64_t n)
{
	double t = seconds();

	for (uint64_t at = 0; at < n; at += CHUNK)
		must(pwrite(fd, p, CHUNK, (off_t)at) == CHUNK, "write");
	must(fsync(fd) == 0, "fsync");
	return seconds() - t;
}

static double read_plain(int fd, unsigned char *p, uint64_t n)
{
	double t = seconds();

	for (uint64_t at = 0; at < n; at += CHUNK)
		must(pread(fd, p, CHUNK, (off_t)at) == CHUNK, "read");
	return seconds() - t;
}

static const unsigned char id[MW_PICKUP_ID] = "id of a mail", key[MW_PICKUP_KEY] = "a key that only this test knows";

static double write_crate(int fd, const unsigned char *p, uint64_t n)
{
	struct mw_crate_writer *w = NULL;
	struct mw_err err = {0};
	uint32_t number, objects;
	uint64_t size;
	double t = seconds();

	must(mw_crate_begin(fd, id, key, &w, &err) == 0 && mw_crate_object(w, &number, &err) == 0, err.text);
	for (uint64_t at = 0; at < n; at += CHUNK)
		must(mw_crate_write(w, p, CHUNK, &err) == 0, err.text);
	must(mw_crate_end(w, "{}", 2, &size, &objects, &err) == 0, err.text);
	mw_crate_writer_free(&w);
	return seconds() - t;
}

static double read_crate(int fd, unsigned char *p, uint64_t n)
{
	struct mw_crate_object *o = NULL;
	struct mw_crate *c = NULL;
	struct mw_err err = {0};
	double t = seconds();

	must(mw_crate_open(dup(fd), id, key, &c, &err) == 0 && mw_crate_get(c, 1, &o, &err) == 0, err.text);
	for (uint64_t at = 0; at < n; at += CHUNK)
		must(mw_crate_read(o, at, p, CHUNK, &err) == CHUNK, err.text);
	mw_crate_put(&o);
	mw_crate_close(&c);
	return seconds() - t;
}

static int bench_crate(unsigned mb)
{
	static unsigned char p[CHUNK];
	uint64_t n = (uint64_t)mb << 20;
	double took[4][5];
	struct rusage use;

	for (unsigned r = 0; r < 5; r++) {
		int plain = new_file(), crate = new_file();

		took[0][r] = write_plain(plain, p, n);
		took[1][r] = write_crate(crate, p, n);
		took[2][r] = read_plain(plain, p, n);
		took[3][r] = read_crate(crate, p, n);
		(void)close(plain);
		(void)close(crate);
	}
	for (unsigned i = 0; i < 4; i += 2) {
		double a = median(took[i], 5), b = median(took[i + 1], 5);

		printf("%s %u MB: plain %7.0f MB/s, crate %7.0f MB/s, ratio %.2f\n", i ? "read " : "write", mb, mb / a, mb / b,
		       b / a);
	}
	(void)getrusage(RUSAGE_SELF, &use);
	printf("most memory: %.1f MB\n", (double)use.ru_maxrss / 1024);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned n = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 0,
		 many = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 100000;

	if (n && strcmp(argv[1], "many") == 0)
		return bench_many(n, many);
	if (n && strcmp(argv[1], "load") == 0)
		return bench_load(n, argc > 3 && many <= READERS_MOST ? many : 100);
	if (n && strcmp(argv[1], "crate") == 0)
		return bench_crate(n);
	fprintf(stderr, "usage: pickup_bench many ROUNDS [MANY] | load SECONDS [THREADS] | crate MB\n");
	return 2;
}
