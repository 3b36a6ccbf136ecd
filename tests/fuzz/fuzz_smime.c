/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_smime: any octets as a CMS value. The sink of the tests ends the program when a call is out of order. */
#include "tests/unit/fakesink.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct mw_plugin mw_plugin_extract_smime;

static int fail(struct mw_err *err, int code, const char *fmt, ...)
{
	(void)err;
	(void)fmt;
	return code;
}

static int to_utf8(struct mw_str data, const char *charset, int (*fn)(void *ctx, const char *utf8, size_t n), void *ctx)
{
	char *p = malloc(data.n ? data.n : 1); /* the exact size, so that a sanitizer sees one octet too many */
	int r;

	(void)charset;
	if (!p)
		return -ENOMEM;
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
	const struct mw_hooks *hooks = &mw_plugin_extract_smime.hooks;
	const struct mw_document doc = {.data = {.p = (const char *)data, .n = size},
					.type = "application/pkcs7-mime",
					.charset = "",
					.name = "report.pdf.p7m"};
	struct mw_sink sink = {.max = 1 << 20};
	const char *reason = NULL;
	struct mw_err err;
	int r;

	if (!inst && hooks->open(&host, NULL, NULL, &inst, &err) < 0)
		abort();
	r = hooks->extract(inst, &doc, &sink, &reason, &err);
	if ((r < 0) != (reason != NULL))
		abort();
	if (r < 0)
		sink.in_member = false; /* a limit ends it anywhere */
	fs_reset(&sink);
	return 0;
}
