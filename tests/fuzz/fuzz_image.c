/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_image: a hostile shared object: laying out its segments, relocations, symbols, and every pointer of its descriptor. */
#include "engine/descriptor.h"
#include "engine/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct mw_str file = {.p = (const char *)data, .n = size};
	struct mw_image image = {0};
	struct mw_memory memory;
	struct mw_err err;
	const void *symbol;

	if (mw_image_read(file, &image, &err) < 0)
		return 0;
	memory = (struct mw_memory){.p = image.p, .n = image.n};
	symbol = mw_image_symbol(&image, file, "mw_plugin");
	if (symbol && mw_descriptor_check(&memory, symbol, "seed", &err) == 0 && !mw_descriptor_same(symbol, symbol))
		__builtin_trap(); /* what passed the checks can be walked again */
	mw_image_free(&image);
	return 0;
}
