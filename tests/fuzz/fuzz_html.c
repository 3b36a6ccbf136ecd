/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_html: any octets through the HTML extractor, which reads all there is, and gives not much more than the input. */
#include "tests/fuzz/extracting.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct mw_plugin mw_plugin_extract_html;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {"text/html", "application/xhtml+xml"};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		const struct mw_document doc = fx_document(data, size, types[i]);
		struct mw_sink sink = {0};

		if (fx_extract_with(fx_utf8_host(), &mw_plugin_extract_html, NULL, &doc, &sink) != 0)
			abort();
		/* A tag that does not end is read as attributes and as text, in a comment once more; and the mark of what is hidden. */
		if (sink.n > 4 * size + 32)
			abort();
		fs_reset(&sink);
	}
	return 0;
}
