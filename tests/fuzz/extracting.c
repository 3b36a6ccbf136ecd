/* SPDX-License-Identifier: Apache-2.0 */
#include "extracting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int fail(struct mw_err *err, int code, const char *fmt, ...)
{
	(void)err;
	(void)fmt;
	return code;
}

static bool is_utf8(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t k = p[i] < 0x80			 ? 1
			   : p[i] >= 0xc2 && p[i] < 0xe0 ? 2
			   : p[i] >= 0xe0 && p[i] < 0xf0 ? 3
			   : p[i] >= 0xf0 && p[i] < 0xf5 ? 4
							 : 0;

		if (k == 0 || k > n - i || p[i] == '\0')
			return false;
		for (size_t j = 1; j < k; j++)
			if ((p[i + j] & 0xc0) != 0x80)
				return false;
		i += k;
	}
	return true;
}

static int text(struct mw_sink *s, const char *p, size_t n)
{
	if (!is_utf8((const unsigned char *)p, n))
		abort();
	return fs_text(s, p, n);
}

static int to_utf8(struct mw_str data, const char *charset, int (*fn)(void *ctx, const char *utf8, size_t n), void *ctx)
{
	bool valid = is_utf8((const unsigned char *)data.p, data.n);
	size_t n = 0, at = 0;
	char *p;
	int r;

	(void)charset;
	for (size_t i = 0; i < data.n; i++)
		n += data.p[i] != '\0';
	p = malloc(n ? n : 1); /* the exact size, so that a sanitizer sees one octet too many */
	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < data.n; i++)
		if (data.p[i])
			p[at++] = !valid && (unsigned char)data.p[i] >= 0x80 ? '%' : data.p[i];
	r = fn(ctx, p, n);
	free(p);
	return r;
}

const struct mw_host *fx_host(void)
{
	static const struct mw_host host = {FS_HOST, .fail = fail, .to_utf8 = to_utf8};

	return &host;
}

const struct mw_host *fx_utf8_host(void)
{
	static struct mw_host host;

	host = *fx_host();
	host.sink_text = text;
	return &host;
}

struct mw_document fx_document(const void *data, size_t size, const char *type)
{
	return (struct mw_document){.data = {.p = data, .n = size}, .type = type, .charset = "", .name = ""};
}

/* Bounds as they are when the policy says nothing: the only options that modules without files of their own have. */
static void defaults(const struct mw_opt *o, char *conf)
{
	for (; o && o->name; o++) {
		char *unit = NULL;
		uint64_t n = o->dflt ? strtoull(o->dflt, &unit, 10) : 0;

		if (o->type != MW_SIZE)
			continue;
		n <<= unit && *unit == 'K' ? 10 : unit && *unit == 'M' ? 20 : unit && *unit == 'G' ? 30 : 0;
		memcpy(conf + o->offset, &n, sizeof(n));
	}
}

int fx_extract_with(const struct mw_host *host, const struct mw_plugin *plugin, const void *conf, const struct mw_document *doc,
		    struct mw_sink *sink)
{
	uint64_t own[8] = {0};
	const char *reason = NULL;
	struct mw_err err;
	void *inst = NULL;
	int r;

	if (!conf && plugin->conf_size > sizeof(own))
		abort();
	if (!conf) {
		defaults(plugin->options, (char *)own);
		conf = own;
	}
	if (plugin->hooks.open(host, NULL, conf, &inst, &err) < 0)
		abort();
	r = plugin->hooks.extract(inst, doc, sink, &reason, &err);
	if ((r < 0) != (reason != NULL))
		abort();
	if (r < 0)
		sink->in_member = false; /* a limit ends it anywhere */
	plugin->hooks.close(inst);
	return r;
}

int fx_extract(const struct mw_plugin *plugin, const struct mw_document *doc, struct mw_sink *sink)
{
	return fx_extract_with(fx_host(), plugin, NULL, doc, sink);
}
