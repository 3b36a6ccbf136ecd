/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "mail/mime.h"
#include "tests/unit/fakehost.h"

extern const struct mw_plugin mw_plugin_extract_legacy;

static int to_utf8(struct mw_str data, const char *charset, int (*fn)(void *ctx, const char *utf8, size_t n), void *ctx)
{
	struct mw_buf utf8 = MW_BUF_INIT;
	bool guessed;
	int r = mw_charset_to_utf8(data, charset, &utf8, &guessed);

	if (r == 0)
		r = fn(ctx, mw_buf_text(&utf8), utf8.n);
	mw_buf_free(&utf8);
	return r;
}

int testing_extract(const char *name, const char *p, size_t n, struct mw_sink *sink, const char **reason)
{
	const struct mw_host host = {FS_HOST, .fail = fh_host()->fail, .to_utf8 = to_utf8};
	const struct mw_document doc = {.data = {.p = p, .n = n}, .type = "application/x-test", .charset = "", .name = name};
	const struct mw_hooks *hooks = &mw_plugin_extract_legacy.hooks;
	struct mw_err err = {0};
	void *inst = NULL;
	int r = hooks->open(&host, NULL, NULL, &inst, &err);

	*reason = NULL;
	if (r == 0)
		r = hooks->extract(inst, &doc, sink, reason, &err);
	hooks->close(inst);
	return r;
}
