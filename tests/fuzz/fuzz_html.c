/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_html: any octets through the HTML extractor. The text must be valid UTF-8, and not much longer than
 * the input. The host of the test replaces octets that are no ASCII, so that what is read is valid, as the real one promises.
 */
#include <milward/plugin.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct mw_plugin mw_plugin_extract_html;

struct mw_sink {
	size_t n;
	bool hidden;
};

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

static int sink_text(struct mw_sink *s, const char *utf8, size_t n)
{
	if (!is_utf8((const unsigned char *)utf8, n))
		abort();
	s->n += n;
	return 0;
}

static int sink_hidden(struct mw_sink *s)
{
	if (s->hidden)
		abort();
	s->hidden = true;
	return 0;
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct mw_host host = {
	    .size = sizeof(host), .fail = fail, .sink_text = sink_text, .sink_hidden = sink_hidden, .to_utf8 = to_utf8};
	const struct mw_hooks *hooks = &mw_plugin_extract_html.hooks;
	static const char *const types[] = {"text/html", "application/xhtml+xml"};
	const struct mw_str html = {.p = (const char *)data, .n = size};
	const char *reason = NULL;
	struct mw_err err;
	void *inst = NULL;

	if (hooks->open(&host, NULL, NULL, &inst, &err) < 0)
		return 0;
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		const struct mw_document doc = {.data = html, .type = types[i], .charset = "", .name = ""};
		struct mw_sink sink = {0};

		if (hooks->extract(inst, &doc, &sink, &reason, &err) != 0)
			abort();
		/* A tag that does not end is read as attributes and as text, in a comment once more. */
		if (sink.n > 4 * size + 16)
			abort();
	}
	hooks->close(inst);
	return 0;
}
