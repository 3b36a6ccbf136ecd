/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_msg: any octets through the extractor of Outlook files. What it gives is bounded by the input: streams that share their
 * sectors are no bomb.
 */
#include "tests/fuzz/extracting.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct mw_plugin mw_plugin_extract_msg;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct mw_document doc = fx_document(data, size, "application/vnd.ms-outlook");
	struct mw_sink sink = {0};

	(void)fx_extract(&mw_plugin_extract_msg, &doc, &sink);
	if (sink.n > 64 * size + (1u << 20))
		abort();
	fs_reset(&sink);
	return 0;
}
