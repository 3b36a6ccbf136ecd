/* SPDX-License-Identifier: Apache-2.0 */
#include "legacy.h"

#include <stdlib.h>

extern const struct mw_plugin mw_plugin_extract_legacy;

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
		return 0;
	for (size_t i = 0; i < data.n; i++)
		p[i] = data.p[i] == '\0' || (unsigned char)data.p[i] >= 0x80 ? '%' : data.p[i];
	r = fn(ctx, p, data.n);
	free(p);
	return r;
}

const struct mw_host legacy_host = {FS_HOST, .fail = fail, .to_utf8 = to_utf8};

int legacy_extract(struct mw_str data, struct mw_sink *sink)
{
	const struct mw_document doc = {.data = data, .type = "application/msword", .charset = "", .name = ""};
	const struct mw_hooks *hooks = &mw_plugin_extract_legacy.hooks;
	const char *reason = NULL;
	struct mw_err err;
	void *inst = NULL;
	int r;

	if (hooks->open(&legacy_host, NULL, NULL, &inst, &err) < 0)
		abort();
	r = hooks->extract(inst, &doc, sink, &reason, &err);
	if ((r < 0) != (reason != NULL))
		abort();
	hooks->close(inst);
	return r;
}
