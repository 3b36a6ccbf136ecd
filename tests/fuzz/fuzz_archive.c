/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_archive: any octets as an archive. It comes under two media types. */
#include "tests/fuzz/extracting.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct mw_plugin mw_plugin_extract_archive;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {"application/octet-stream", "application/x-lzma"};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		struct mw_document doc = fx_document(data, size, types[i]);
		struct mw_sink sink = {.max = 1 << 20, .max_members = 200};

		doc.name = "a.gz";
		(void)fx_extract(&mw_plugin_extract_archive, &doc, &sink);
		fs_reset(&sink);
	}
	return 0;
}
