/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_ole: any octets as a document of extract-legacy: compound files, and what is in them. */
#include "tests/fuzz/legacy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_sink sink = {.max = 1u << 20, .max_members = 1000};

	(void)legacy_extract((struct mw_str){.p = (const char *)data, .n = size}, &sink);
	fs_reset(&sink);
	return 0;
}
