/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_rtf: any octets behind "{\rtf1" through the RTF reader: it returns 0, and gives little more than there is. */
#include "tests/unit/fakesink.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct mw_plugin mw_plugin_extract_legacy;

static int fail(struct mw_err *err, int code, const char *fmt, ...)
{
	(void)err;
	(void)fmt;
	return code;
}

static int to_utf8(struct mw_str data, const char *charset, int (*fn)(void *ctx, const char *utf8, size_t n), void *ctx)
{
	char *p = malloc(data.n ? data.n : 1);
	int r;

	(void)charset;
	if (!p)
		return 0;
	for (size_t i = 0; i < data.n; i++)
		p[i] = data.p[i] == '\0' || (unsigned char)data.p[i] >= 0x80 ? '%' : data.p[i];
	r = fn(ctx, p, data.n);
	free(p);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mw_host host = {FS_HOST, .fail = fail, .to_utf8 = to_utf8};
	static const char head[] = "{\\rtf1";
	const struct mw_hooks *hooks = &mw_plugin_extract_legacy.hooks;
	struct mw_sink sink = {0};
	char *text = malloc(sizeof(head) + size);
	struct mw_document doc = {
	    .data = {.p = text, .n = sizeof(head) - 1 + size}, .type = "text/rtf", .charset = "", .name = ""};
	const char *reason = NULL;
	struct mw_err err;
	void *inst = NULL;

	if (!text || hooks->open(&host, NULL, NULL, &inst, &err) < 0)
		abort();
	memcpy(text, head, sizeof(head) - 1);
	if (size)
		memcpy(text + sizeof(head) - 1, data, size);
	if (hooks->extract(inst, &doc, &sink, &reason, &err) != 0)
		abort();
	/* A member has a name, a type and an end; all else comes out of the input, "&" as five octets. */
	if (sink.n > 6 * doc.data.n + 96 * (sink.members + 8))
		abort();
	fs_reset(&sink);
	hooks->close(inst);
	free(text);
	return 0;
}
