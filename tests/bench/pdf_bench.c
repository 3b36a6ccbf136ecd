/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_bench: the text of PDFs, by the extract-pdf module, against what pdftotext alone takes for them (as it prints by default, and with
 * -layout, which keeps rows together as we do; and with the places of the words, -bbox, as the module runs it). All are started by what
 * readers start programs with, without a sandbox. The least of ten rounds, which begin with another way each: by the clock, and
 * processor time of all processes, in which it shows less what else the machine does.
 *     pdf_bench FILE…
 */
#include "base/clock.h"
#include "plugins/extract-pdf/tool.h"
#include "reader/tool.h"
#include "tests/unit/fakesink.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

extern const struct mw_plugin mw_plugin_extract_pdf;

#define ROUNDS 10
#define OURS 2 /* ways that are: with two pdftotexts at once, and with one */
#define WAYS 5
#define FOR_EVER_MS 3600000

/* As the module's options are laid out. */
struct conf {
	const char *pdftotext;
	uint64_t contents;
	int64_t revisions, at_once;
};

struct bench {
	void *inst[OURS];
	struct mw_str data;
};

static struct mw_host host;
static int null;

/* For what starts programs in a reader. */
int mw_sandbox_tool(void);
int mw_sandbox_tool(void)
{
	return 0;
}

static int run_beside(struct mw_sink *s, struct mw_program *runs, size_t n, int (*meanwhile)(void *ctx), void *ctx)
{
	(void)s;
	return mw_tools_run(runs, n, null, mw_clock_ms() + FOR_EVER_MS, meanwhile, ctx);
}

static int fail(struct mw_err *err, int code, const char *fmt, ...)
{
	(void)err;
	(void)fmt;
	return code;
}

static void extract(const struct bench *b, void *inst)
{
	const struct mw_document doc = {.data = b->data, .type = "application/pdf", .charset = "", .name = ""};
	struct mw_sink sink = {.max = 0};
	const char *reason = NULL;
	struct mw_err err;

	(void)mw_plugin_extract_pdf.hooks.extract(inst, &doc, &sink, &reason, &err);
	fs_reset(&sink);
}

static void ours(void *ctx)
{
	extract(ctx, ((const struct bench *)ctx)->inst[0]);
}

static void ours_alone(void *ctx)
{
	extract(ctx, ((const struct bench *)ctx)->inst[1]);
}

static int count(void *ctx, const char *p, size_t n)
{
	(void)p;
	*(size_t *)ctx += n;
	return 0;
}

static void run(const struct bench *b, const char *how)
{
	const char *const argv[] = {MW_PDFTOTEXT, "-q", "-enc", "UTF-8", how, "-", "-", NULL};
	size_t n = 0;
	struct mw_program one = {.argv = argv, .input = b->data, .fn = count, .ctx = &n};

	if (run_beside(NULL, &one, 1, NULL, NULL) != 0 || one.status != 0) {
		(void)fprintf(stderr, "pdftotext fails\n");
		exit(1);
	}
}

static void plain(void *ctx)
{
	run(ctx, "-nopgbrk"); /* an option that costs nothing */
}

static void layout(void *ctx)
{
	run(ctx, "-layout");
}

static void places(void *ctx)
{
	run(ctx, "-bbox");
}

static struct mw_str read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *p = NULL;
	long n;

	if (f && fseek(f, 0, SEEK_END) == 0 && (n = ftell(f)) > 0 && fseek(f, 0, SEEK_SET) == 0 && (p = malloc((size_t)n)) &&
	    fread(p, 1, (size_t)n, f) == (size_t)n) {
		(void)fclose(f);
		return (struct mw_str){.p = p, .n = (size_t)n};
	}
	(void)fprintf(stderr, "cannot read %s\n", path);
	exit(1);
}

static double clock_seconds(void)
{
	struct timespec t;

	return clock_gettime(CLOCK_MONOTONIC, &t) == 0 ? (double)t.tv_sec + 1e-9 * (double)t.tv_nsec : 0;
}

static double processor_seconds(void)
{
	static const int who[] = {RUSAGE_SELF, RUSAGE_CHILDREN};
	double sum = 0;

	for (size_t i = 0; i < 2; i++) {
		struct rusage u;

		if (getrusage(who[i], &u) == 0)
			sum += (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
			       1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
	}
	return sum;
}

struct took {
	double clock[WAYS], processor[WAYS];
};

static void keep_least(int round, double took, double *least)
{
	*least = round == 0 || took < *least ? took : *least;
}

/* The ways in turn. */
static void measure(struct bench *b, struct took *t)
{
	static void (*const way[WAYS])(void *) = {ours, ours_alone, plain, layout, places};

	for (int round = 0; round < ROUNDS; round++)
		for (int k = 0; k < WAYS; k++) {
			double clock = clock_seconds(), processor = processor_seconds();
			int i = (round + k) % WAYS;

			way[i](b);
			keep_least(round, processor_seconds() - processor, &t->processor[i]);
			keep_least(round, clock_seconds() - clock, &t->clock[i]);
		}
}

/* Milliseconds of each way, and our share of each other. */
static void print(const char *name, const struct took *t)
{
	(void)printf("%-28s", name);
	for (int i = 0; i < WAYS; i++)
		(void)printf(" %7.1f", 1e3 * t->clock[i]);
	for (int k = 0; k < OURS; k++)
		for (int i = OURS; i < WAYS; i++)
			(void)printf("%s%5.2f", i == OURS ? "  " : " ", t->clock[k] / t->clock[i]);
	for (int k = 0; k < OURS; k++)
		for (int i = OURS; i < WAYS; i++)
			(void)printf("%s%5.2f", i == OURS ? "  " : " ", t->processor[k] / t->processor[i]);
	(void)printf("\n");
}

int main(int argc, char **argv)
{
	struct took sum = {.clock = {0}};
	struct bench b = {.data = {.n = 0}};
	struct mw_err err;

	host = (struct mw_host){FS_HOST, .fail = fail};
	host.run_beside = run_beside;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int k = 0; k < OURS; k++) {
		const struct conf conf = {MW_PDFTOTEXT, 256u << 20, 8, OURS - k};

		if (argc < 2 || mw_plugin_extract_pdf.hooks.open(&host, NULL, &conf, &b.inst[k], &err) < 0) {
			(void)fprintf(stderr, "usage: pdf_bench FILE… (and pdftotext must be there)\n");
			return 2;
		}
	}
	(void)printf("%-28s %31s  %40s  %s\n", "", "milliseconds by the clock:", "by the clock, against each: ours", "processor");
	(void)printf("%-28s %7s %7s %7s %7s %7s  %17s  %17s  %17s  %17s\n", "", "ours", "(one)", "plain", "-layout", "-bbox",
		     "two", "one", "two", "one");
	for (int i = 1; i < argc; i++) {
		const char *name = strrchr(argv[i], '/');
		struct took took;

		b.data = read_file(argv[i]);
		measure(&b, &took);
		for (int k = 0; k < WAYS; k++) {
			sum.clock[k] += took.clock[k];
			sum.processor[k] += took.processor[k];
		}
		print(name ? name + 1 : argv[i], &took);
		free((char *)(uintptr_t)b.data.p);
	}
	print("all", &sum);
	for (int k = 0; k < OURS; k++)
		mw_plugin_extract_pdf.hooks.close(b.inst[k]);
	return 0;
}
