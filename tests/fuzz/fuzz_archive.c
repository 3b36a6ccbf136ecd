/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_archive: any octets as an archive. The sink of the tests ends the program when a call is out of order. */
#include "tests/unit/fakesink.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct mw_plugin mw_plugin_extract_archive;

static int fail(struct mw_err *err, int code, const char *fmt, ...)
{
	(void)err;
	(void)fmt;
	return code;
}

/* Names are handed over in a place of their exact size, so that a sanitizer sees one octet too many. */
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
	static void *inst;
	const struct mw_hooks *hooks = &mw_plugin_extract_archive.hooks;
	static const char *const types[] = {"application/octet-stream", "application/x-lzma"};
	const struct mw_str octets = {.p = (const char *)data, .n = size};
	struct mw_err err;

	if (!inst && hooks->open(&host, NULL, NULL, &inst, &err) < 0)
		abort();
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		const struct mw_document doc = {.data = octets, .type = types[i], .charset = "", .name = "a.gz"};
		struct mw_sink sink = {.max = 1 << 20, .max_members = 200};
		const char *reason = NULL;
		int r = hooks->extract(inst, &doc, &sink, &reason, &err);

		if ((r < 0) != (reason != NULL))
			abort();
		if (r < 0)
			sink.in_member = false; /* a limit ends it anywhere */
		fs_reset(&sink);
	}
	return 0;
}
