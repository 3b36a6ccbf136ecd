/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_doc: any octets as the streams of a Word document; the first two say where the second, of tables, begins, which is that of other
 * data, too. */
#include "tests/fuzz/extracting.h"

#include "plugins/extract-legacy/doc.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct mw_str s = {.p = (const char *)data, .n = size};
	struct codepages pages = {.host = fx_host()};
	struct mw_sink sink = {.max = 1u << 20, .max_members = 1000};
	struct mw_str table;
	struct out out;
	size_t split;
	int r;

	if (size < 2)
		return 0;
	if (give_begin(&out, fx_host(), &sink, 1u << 26) < 0)
		abort();
	split = (size_t)((unsigned char)s.p[0] | (unsigned char)s.p[1] << 8);
	split = split < s.n - 2 ? split : s.n - 2;
	table = (struct mw_str){.p = s.p + 2 + split, .n = s.n - 2 - split};
	r = doc_read((struct mw_str){.p = s.p + 2, .n = split}, table, table, &out, &pages);
	if (r > 0 || give_end(&out) > 0)
		abort();
	give_free(&out);
	fs_reset(&sink);
	return 0;
}
