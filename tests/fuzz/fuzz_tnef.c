/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_tnef: any octets through the TNEF extractor. What it gives is not much longer than the input. */
#include "tests/fuzz/extracting.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct mw_plugin mw_plugin_extract_tnef;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct mw_document doc = fx_document(data, size, "application/ms-tnef");
	struct mw_sink sink = {0};

	(void)fx_extract(&mw_plugin_extract_tnef, &doc, &sink);
	if (sink.n > 16 * size + 4096)
		abort();
	fs_reset(&sink);
	return 0;
}
