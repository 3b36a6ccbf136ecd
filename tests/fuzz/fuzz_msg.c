/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_msg: any octets through the extractor of Outlook files. What it gives to the sink is in order (fakesink ends the program otherwise), and
 * bounded by the input: streams that share their sectors are no bomb. The host of the test replaces octets that are no ASCII.
 */
#include "tests/unit/fakesink.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct mw_plugin mw_plugin_extract_msg;

static int fail(struct mw_err *err, int code, const char *fmt, ...)
{
	(void)err;
	(void)fmt;
	return code;
}

static int to_utf8(struct mw_str data, const char *charset, int (*fn)(void *ctx, const char *utf8, size_t n), void *ctx)
{
	char *p = malloc(data.n ? data.n : 1); /* the exact size, so that a sanitizer sees one octet too many */
	size_t n = 0;
	int r;

	(void)charset;
	if (!p)
		return 0;
	for (size_t i = 0; i < data.n; i++)
		if (data.p[i])
			p[n++] = (unsigned char)data.p[i] >= 0x80 ? '%' : data.p[i];
	r = fn(ctx, p, n);
	free(p);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mw_host host = {FS_HOST, .fail = fail, .to_utf8 = to_utf8};
	const struct mw_hooks *hooks = &mw_plugin_extract_msg.hooks;
	const struct mw_document doc = {
	    .data = {.p = (const char *)data, .n = size}, .type = "application/vnd.ms-outlook", .charset = "", .name = ""};
	struct mw_sink sink = {0};
	const char *reason = NULL;
	struct mw_err err;
	void *inst = NULL;

	if (hooks->open(&host, NULL, NULL, &inst, &err) < 0)
		return 0;
	(void)hooks->extract(inst, &doc, &sink, &reason, &err);
	if (sink.n > 64 * size + (1u << 20))
		abort();
	fs_reset(&sink);
	hooks->close(inst);
	return 0;
}
