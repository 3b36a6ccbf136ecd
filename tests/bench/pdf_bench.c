/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_bench: the text of PDFs, by the extract-pdf module, against what pdftotext alone takes for them (as it prints by default, and with
 * -layout, which keeps rows together as we do). Both are started in the same way, without a sandbox.
 *     pdf_bench FILE…
 */
#include "rate.h"
#include "tests/unit/fakesink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct mw_plugin mw_plugin_extract_pdf;

struct bench {
	void *inst;
	struct mw_str data;
};

static struct mw_host host;

static int fail(struct mw_err *err, int code, const char *fmt, ...)
{
	(void)err;
	(void)fmt;
	return code;
}

static void extract(void *ctx)
{
	const struct bench *b = ctx;
	const struct mw_document doc = {.data = b->data, .type = "application/pdf", .charset = "", .name = ""};
	struct mw_sink sink = {.max = 0};
	const char *reason = NULL;
	struct mw_err err;

	(void)mw_plugin_extract_pdf.hooks.extract(b->inst, &doc, &sink, &reason, &err);
	fs_reset(&sink);
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
	struct mw_sink sink = {.max = 0};
	size_t n = 0;
	int status;

	if (fs_run(&sink, argv, b->data, count, &n, &status) != 0 || status != 0) {
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

int main(int argc, char **argv)
{
	static const rate_fn ways[] = {extract, plain, layout};
	const char *conf[1] = {MW_PDFTOTEXT};
	double rate[3], ours = 0, theirs = 0, laid = 0;
	struct bench b = {.inst = NULL};
	struct mw_err err;

	host = (struct mw_host){FS_HOST, .fail = fail};
	if (argc < 2 || mw_plugin_extract_pdf.hooks.open(&host, NULL, conf, &b.inst, &err) < 0) {
		(void)fprintf(stderr, "usage: pdf_bench FILE… (and pdftotext must be there)\n");
		return 2;
	}
	(void)printf("%-40s %10s %10s %10s %6s %6s\n", "", "ours ms", "plain ms", "-layout ms", "ratio", "ratio");
	for (int i = 1; i < argc; i++) {
		const char *name = strrchr(argv[i], '/');

		b.data = read_file(argv[i]);
		rate_measure(ways, 3, &b, 1, rate);
		ours += 1 / rate[0];
		theirs += 1 / rate[1];
		laid += 1 / rate[2];
		(void)printf("%-40s %10.1f %10.1f %10.1f %6.2f %6.2f\n", name ? name + 1 : argv[i], 1e3 / rate[0], 1e3 / rate[1],
			     1e3 / rate[2], rate[1] / rate[0], rate[2] / rate[0]);
		free((char *)(uintptr_t)b.data.p);
	}
	(void)printf("%-40s %10.1f %10.1f %10.1f %6.2f %6.2f\n", "all", 1e3 * ours, 1e3 * theirs, 1e3 * laid, ours / theirs,
		     ours / laid);
	mw_plugin_extract_pdf.hooks.close(b.inst);
	return 0;
}
