/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_pdf: any octets through the PDF extractor, once as the document and once as what pdftotext prints of it. The text must be valid
 * UTF-8, and the calls those of the contract (fakesink).
 */
#include "tests/unit/fakesink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct mw_plugin mw_plugin_extract_pdf;

static struct mw_str printed;

static int fail(struct mw_err *err, int code, const char *fmt, ...)
{
	(void)err;
	(void)fmt;
	return code;
}

static size_t octets(const unsigned char *p, size_t n)
{
	size_t k = *p < 0x80 ? 1 : *p < 0xc2 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : *p < 0xf5 ? 4 : 0;

	if (k > n || *p == '\0')
		return 0;
	for (size_t i = 1; i < k; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return k;
}

/* Each call gives whole characters. */
static int text(struct mw_sink *s, const char *p, size_t n)
{
	for (size_t i = 0, k; i < n; i += k) {
		k = octets((const unsigned char *)p + i, n - i);
		if (k == 0)
			abort();
	}
	return fs_text(s, p, n);
}

static int run(struct mw_sink *s, const char *const *argv, struct mw_str input, int (*fn)(void *ctx, const char *p, size_t n),
	       void *ctx, int *status)
{
	(void)s;
	(void)argv;
	(void)input;
	*status = 0;
	for (size_t at = 0; at < printed.n; at += 1000) {
		int r = fn(ctx, printed.p + at, printed.n - at < 1000 ? printed.n - at : 1000);

		if (r != 0)
			return r;
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_host host = {FS_HOST, .fail = fail};
	const struct mw_hooks *hooks = &mw_plugin_extract_pdf.hooks;
	const struct mw_document doc = {
	    .data = {.p = (const char *)data, .n = size}, .type = "application/pdf", .charset = "", .name = ""};
	struct mw_sink sink = {.max = 4u << 20, .max_members = 100, .max_pages = 1000};
	const char *conf[1] = {"/bin/sh"}, *reason = NULL; /* it is there; nothing is run */
	struct mw_err err;
	void *inst = NULL;

	host.sink_text = text;
	host.run = run;
	printed = doc.data;
	if (hooks->open(&host, NULL, conf, &inst, &err) < 0)
		return 0;
	if (hooks->extract(inst, &doc, &sink, &reason, &err) < 0 && !reason)
		abort();
	sink.in_member = false; /* a limit ends it wherever it is */
	fs_reset(&sink);
	hooks->close(inst);
	return 0;
}
