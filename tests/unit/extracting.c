/* SPDX-License-Identifier: Apache-2.0 */
#undef NDEBUG /* a module that does not open is no test */
#include "extracting.h"

#include <assert.h>

#include "mail/mime.h"
#include "tests/unit/fakehost.h"

static struct mw_host host;
static const struct mw_hooks *hooks;
static void *inst;

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

struct mw_host *ex_host(void)
{
	if (host.size == 0)
		host = (struct mw_host){FS_HOST, .fail = fh_host()->fail, .to_utf8 = to_utf8};
	return &host;
}

int ex_open(const struct mw_plugin *plugin, const void *conf)
{
	static uint64_t defaults[8];
	struct mw_err err = {0};

	assert(!inst && (conf || plugin->conf_size <= sizeof(defaults)));
	if (!conf && plugin->conf_size) {
		fh_opts(plugin->options, defaults);
		conf = defaults;
	}
	hooks = &plugin->hooks;
	return hooks->open(ex_host(), NULL, conf, &inst, &err);
}

void ex_close(void)
{
	hooks->close(inst);
	inst = NULL;
}

int ex_teardown(void **state)
{
	(void)state;
	ex_close();
	return 0;
}

int ex_extract(const struct mw_document *doc, struct mw_sink *sink, const char **reason)
{
	struct mw_err err = {0};

	assert(inst);
	*reason = NULL;
	return hooks->extract(inst, doc, sink, reason, &err);
}

int ex_once(const struct mw_plugin *plugin, const struct mw_document *doc, struct mw_sink *sink, const char **reason)
{
	int r = ex_open(plugin, NULL);

	assert(r == 0);
	r = ex_extract(doc, sink, reason);
	ex_close();
	return r;
}
