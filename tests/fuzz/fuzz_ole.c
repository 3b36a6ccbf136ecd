/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_ole: any octets as a document of extract-legacy: compound files, and what is in them. */
#include "tests/fuzz/extracting.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct mw_plugin mw_plugin_extract_legacy;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct mw_document doc = fx_document(data, size, "application/msword");
	struct mw_sink sink = {.max = 1u << 20, .max_members = 1000};

	(void)fx_extract(&mw_plugin_extract_legacy, &doc, &sink);
	fs_reset(&sink);
	return 0;
}
