/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_ppt: any octets as the stream of a presentation; the last 20 are the one that tells what counts in it. */
#include "tests/fuzz/extracting.h"

#include "plugins/extract-legacy/ppt.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct mw_str s = {.p = (const char *)data, .n = size};
	struct codepages pages = {.host = fx_host()};
	struct mw_sink sink = {.max = 1u << 20, .max_members = 1000};
	struct out out;
	size_t split;
	int r;

	if (give_begin(&out, fx_host(), &sink, 1u << 26) < 0)
		abort();
	split = s.n > 20 ? s.n - 20 : 0;
	r = ppt_read((struct mw_str){.p = s.p, .n = split}, (struct mw_str){.p = s.p + split, .n = s.n - split}, &out, &pages);
	if (r > 0 || give_end(&out) > 0)
		abort();
	give_free(&out);
	fs_reset(&sink);
	return 0;
}
