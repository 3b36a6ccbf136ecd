/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reader_bench: what it costs to read a document in a process of its own.
 *     reader_bench MODULES FILE TYPE…    folder of module files; documents with their media types
 * For each document: the way to the reader and back beside what the extractor takes in our own process, as a median of rounds that
 * take turns; one document after the other, and then two threads at a time, where making the next reader competes with reading. Last:
 * how many processes' worth of processor time a document takes in all.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/file.h"
#include "engine/loader.h"
#include "mail/mime.h"
#include "reader/readers.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define ROUNDS 400
#define FILE_MAX ((size_t)64 * 1024 * 1024)

/* What comes of a document is counted, not kept. */
struct mw_sink {
	size_t octets;
};

struct mw_self {
	char nothing;
};

static void die(const char *what)
{
	fprintf(stderr, "reader_bench: %s\n", what);
	exit(1);
}

static double now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double processor_us(void)
{
	struct rusage own, others;

	(void)getrusage(RUSAGE_SELF, &own);
	(void)getrusage(RUSAGE_CHILDREN, &others);
	return (double)(own.ru_utime.tv_sec + own.ru_stime.tv_sec + others.ru_utime.tv_sec + others.ru_stime.tv_sec) * 1e6 +
	       (double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec + others.ru_utime.tv_usec + others.ru_stime.tv_usec);
}

/* ---- services -------------------------------------------------------------------------------------------------------------------- */

static int take_text(struct mw_sink *s, const char *p, size_t n)
{
	(void)p;
	s->octets += n;
	return 0;
}

static int take_name(struct mw_sink *s, const char *name)
{
	s->octets += name ? strlen(name) : 0;
	return 0;
}

static int take_mark(struct mw_sink *s)
{
	(void)s;
	return 0;
}

static int take_member(struct mw_sink *s, const struct mw_member *m)
{
	s->octets += m->name.n;
	return 0;
}

static int to_utf8(struct mw_str data, const char *charset, int (*fn)(void *ctx, const char *utf8, size_t n), void *ctx)
{
	struct mw_buf utf8 = MW_BUF_INIT;
	bool guessed;
	int r;

	if (mw_charset_is_utf8(data, charset))
		return fn(ctx, data.p, data.n);
	r = mw_charset_to_utf8(data, charset, &utf8, &guessed);
	if (r == 0)
		r = fn(ctx, mw_buf_text(&utf8), utf8.n);
	mw_buf_free(&utf8);
	return r;
}

static int fail(struct mw_err *err, int code, const char *fmt, ...) MW_PRINTF(3, 4);
static int fail(struct mw_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	code = mw_failv(err, code, fmt, ap);
	va_end(ap);
	return code;
}

static const struct mw_host host = {.size = sizeof(struct mw_host),
				    .abi_major = MW_ABI_MAJOR,
				    .abi_minor = MW_ABI_MINOR,
				    .fail = fail,
				    .to_utf8 = to_utf8,
				    .sink_text = take_text,
				    .sink_section = take_name,
				    .sink_hidden = take_mark,
				    .sink_page = take_mark,
				    .sink_unread = take_name,
				    .member = take_member,
				    .member_data = take_text,
				    .member_end = take_name};

/* ---- one document ---------------------------------------------------------------------------------------------------------------- */

struct bench {
	struct mw_readers *readers;
	const struct mw_plugin *plugin;
	void *inst;
	struct mw_document doc;
	size_t inside, outside; /* octets that came of it */
};

static void read_inside(struct bench *b)
{
	struct mw_sink sink = {0};
	const char *reason = NULL;
	struct mw_err err = {0};

	(void)b->plugin->hooks.extract(b->inst, &b->doc, &sink, &reason, &err);
	b->inside = sink.octets;
}

static void read_outside(struct bench *b, size_t *octets)
{
	struct mw_reading reading = {.most = 60000};
	struct mw_sink sink = {0};
	struct mw_err err = {0};

	if (mw_readers_read(b->readers, &reading, &b->doc, &host, &sink, &err) < 0)
		die(err.text);
	if (reading.end != MW_READING_DONE && reading.end != MW_READING_FAILED)
		die("a document is not read to its end");
	*octets = sink.octets;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[n / 2];
}

static void *many(void *arg)
{
	struct bench *b = arg;
	size_t octets;

	for (int i = 0; i < ROUNDS; i++)
		read_outside(b, &octets);
	return NULL;
}

static void threads(struct bench *b, const char *name)
{
	double began, cpu = processor_us(), took;
	pthread_t t[2];

	began = now_us();
	for (size_t i = 0; i < 2; i++)
		if (pthread_create(&t[i], NULL, many, b))
			die("no thread");
	for (size_t i = 0; i < 2; i++)
		(void)pthread_join(t[i], NULL);
	took = now_us() - began;
	mw_readers_free(&b->readers); /* so that its processor time is known */
	printf("%-24s 2 threads    %8.0f documents a second, processor time %.0f us each\n", name, 2e6 * ROUNDS / took,
	       (processor_us() - cpu) / (2.0 * ROUNDS));
}

static void measure(struct bench *b, const char *name)
{
	static double in[ROUNDS], out[ROUNDS];
	double inside, outside, began;

	read_outside(b, &b->outside); /* starts them */
	for (size_t i = 0; i < ROUNDS; i++) {
		began = now_us();
		read_inside(b);
		in[i] = now_us() - began;
		began = now_us();
		read_outside(b, &b->outside);
		out[i] = now_us() - began;
	}
	if (b->inside != b->outside)
		die("not the same came of it");
	inside = median(in, ROUNDS);
	outside = median(out, ROUNDS);
	printf("%-24s here %8.1f us  reader %8.1f us  the way %6.1f us  ratio %.2f  (%zu octets, %zu out)\n", name, inside,
	       outside, outside - inside, outside / inside, b->doc.data.n, b->outside);
	threads(b, name);
}

static const struct mw_plugin *find_plugin(struct mw_loader *loader, const char *type)
{
	static const char *const names[] = {"extract-html",	"extract-office", "extract-archive", "extract-tnef",
					    "extract-clinical", "extract-msg",	  "extract-legacy"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct mw_plugin *p = mw_loader_load(loader, names[i], NULL);

		for (const char *const *t = p ? p->types : NULL; t && *t; t++)
			if (strcmp(*t, type) == 0)
				return p;
	}
	return NULL;
}

static void bench_file(const char *modules, struct mw_loader *loader, struct mw_arena *a, const char *path, const char *type)
{
	struct bench b = {.plugin = find_plugin(loader, type), .doc = {.type = type, .charset = "", .name = ""}};
	struct mw_reader_module module = {.plugin = b.plugin};
	struct mw_readers_conf conf = {.modules_dir = modules, .module = &module, .modules = 1, .readers = 3};
	const char *slash = strrchr(path, '/');
	static struct mw_self self;
	char program[4096];
	struct mw_err err = {0};

	if (!b.plugin)
		die("no module for that type");
	if (mw_file_read(a, path, FILE_MAX, &b.doc.data, &err) < 0 ||
	    (b.plugin->hooks.open && b.plugin->hooks.open(&host, &self, NULL, &b.inst, &err) < 0))
		die(err.text);
	mw_readers_program(program, sizeof(program));
	conf.program = program;
	if (mw_readers_new(&conf, &b.readers, &err) < 0 || mw_readers_start(b.readers, &err) < 0)
		die(err.text);
	measure(&b, slash ? slash + 1 : path);
	if (b.plugin->hooks.close)
		b.plugin->hooks.close(b.inst);
}

int main(int argc, char **argv)
{
	struct mw_loader *loader = mw_loader_new(argc > 1 ? argv[1] : NULL);
	struct mw_arena *a = mw_arena_new(0);

	if (!loader || !a || argc < 4)
		die("usage: reader_bench MODULES FILE TYPE...");
	for (int i = 2; i + 1 < argc; i += 2)
		bench_file(argv[1], loader, a, argv[i], argv[i + 1]);
	mw_loader_free(&loader);
	mw_arena_free(&a);
	return 0;
}
