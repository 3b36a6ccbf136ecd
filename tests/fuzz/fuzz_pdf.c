/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_pdf: any octets through the PDF extractor, once as the document and once as what pdftotext prints of it. */
#include "tests/fuzz/extracting.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct mw_plugin mw_plugin_extract_pdf;

static struct mw_str printed;

/* Each of them prints all of it. */
static int run_beside(struct mw_sink *s, struct mw_program *runs, size_t n, int (*meanwhile)(void *ctx), void *ctx)
{
	int r = meanwhile ? meanwhile(ctx) : 0;

	(void)s;
	for (size_t i = 0; i < n; i++) {
		for (size_t at = 0; at < printed.n && r == 0; at += 1000)
			r = runs[i].fn(runs[i].ctx, printed.p + at, printed.n - at < 1000 ? printed.n - at : 1000);
		runs[i].status = 0;
	}
	return r;
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
		int64_t revisions, at_once;
	} conf = {"/bin/sh", 1u << 26, 8, 2};

	host.run_beside = run_beside;
	printed = doc.data;
	(void)fx_extract_with(&host, &mw_plugin_extract_pdf, &conf, &doc, &sink);
	fs_reset(&sink);
	return 0;
}
