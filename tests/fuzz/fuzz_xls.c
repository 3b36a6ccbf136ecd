/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_xls: any octets as the stream of a workbook, as data that a pivot table and a list of changes keep, as a macro, and as properties. */
#include "tests/fuzz/extracting.h"

#include "plugins/extract-legacy/summary.h"
#include "plugins/extract-legacy/vba.h"
#include "plugins/extract-legacy/xls.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct mw_str s = {.p = (const char *)data, .n = size};
	struct codepages pages = {.host = fx_host()};
	struct mw_sink sink = {.max = 1u << 20, .max_members = 1000};
	struct out out;
	int r;

	if (give_begin(&out, fx_host(), &sink, 1u << 26) < 0)
		abort();
	r = xls_read(s, &out, &pages);
	if (r == 0)
		r = xls_read_pivot(s, &out, &pages);
	if (r == 0 && xls_read_log(s, &out) <= 0 && vba_read(s, &out, &pages) <= 0)
		r = summary_read(s, &out, &pages);
	if (r > 0 || give_end(&out) > 0)
		abort();
	give_free(&out);
	fs_reset(&sink);
	return 0;
}
