/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_metafile: any octets as a picture that is made of drawing, and as pictures in a stream of Office. */
#include "tests/fuzz/extracting.h"

#include "plugins/extract-legacy/art.h"
#include "plugins/extract-legacy/blip.h"
#include "plugins/extract-legacy/metafile.h"

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
	r = metafile_is(s) ? metafile_read(s, &out, &pages) : 0;
	if (r <= 0 && (r = blip_find(s, &out)) == 0)
		r = art_read(&out, OUT_MAIN, false, s);
	if (r > 0 || give_end(&out) > 0)
		abort();
	give_free(&out);
	fs_reset(&sink);
	return 0;
}
