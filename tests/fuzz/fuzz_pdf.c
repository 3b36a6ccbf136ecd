/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_pdf: any octets through the PDF extractor, once as the document and once as what pdftotext prints of it. */
#include "tests/fuzz/extracting.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct mw_plugin mw_plugin_extract_pdf;

static struct mw_str printed;

static int run(struct mw_sink *s, const char *const *argv, struct mw_str input, int (*fn)(void *ctx, const char *p, size_t n),
	       void *ctx, int *status)
{
	(void)s;
	(void)argv;
	(void)input;
	*status = 0;
	for (size_t at = 0; at < printed.n; at += 1000) {
		int r = fn(ctx, printed.p + at, printed.n - at < 1000 ? printed.n - at : 1000);

		if (r != 0)
			return r;
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_host host = *fx_utf8_host();
	const struct mw_document doc = fx_document(data, size, "application/pdf");
	struct mw_sink sink = {.max = 4u << 20, .max_members = 100, .max_pages = 1000};
	/* As the module's options are laid out. The program is there; nothing is run. */
	const struct {
		const char *tool;
		uint64_t contents;
		int64_t revisions;
	} conf = {"/bin/sh", 1u << 26, 8};

	host.run = run;
	printed = doc.data;
	(void)fx_extract_with(&host, &mw_plugin_extract_pdf, &conf, &doc, &sink);
	fs_reset(&sink);
	return 0;
}
