/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_clinical: any octets through extract-clinical, as text and, with a head of DICOM, as that. The text must be valid UTF-8, a
 * failure has a reason, and what comes out is bounded by what went in.
 */
#include "tests/unit/fakesink.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct mw_plugin mw_plugin_extract_clinical;

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

/* What is valid stays; of all else the octets that are no ASCII are replaced, so that what is read is valid. */
static int to_utf8(struct mw_str data, const char *charset, int (*fn)(void *ctx, const char *utf8, size_t n), void *ctx)
{
	bool valid = is_utf8((const unsigned char *)data.p, data.n);
	char *p = malloc(data.n ? data.n : 1); /* the exact size, so that a sanitizer sees one octet too many */
	int r;

	(void)charset;
	if (!p)
		return 0;
	for (size_t i = 0; i < data.n; i++)
		p[i] = !valid && (data.p[i] == '\0' || (unsigned char)data.p[i] >= 0x80) ? '%' : data.p[i];
	r = fn(ctx, p, data.n);
	free(p);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_host host = {FS_HOST, .fail = fail, .to_utf8 = to_utf8};
	static const char *const types[] = {"application/fhir+json", "application/dicom+json"};
	const struct mw_hooks *hooks = &mw_plugin_extract_clinical.hooks;
	struct mw_err err;
	void *inst = NULL;

	host.sink_text = text;
	if (hooks->open(&host, NULL, NULL, &inst, &err) < 0)
		abort();
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct mw_sink sink = {.max = 200 * size + 65536};
		const struct mw_document doc = {
		    .data = {.p = (const char *)data, .n = size}, .type = types[i], .charset = "", .name = ""};
		const char *reason = NULL;

		if (hooks->extract(inst, &doc, &sink, &reason, &err) < 0 && !reason)
			abort();
		if (sink.n >= sink.max)
			abort();
		fs_reset(&sink);
	}
	hooks->close(inst);
	return 0;
}
