/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_picture: any octets as a picture: its pages, up to a megapixel, and what it tells beside them. Nothing is recognised. */
#include "plugins/extract-image/told.h"
#include "tests/fuzz/extracting.h"

#include <stdlib.h>

#include <allheaders.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_sink sink = {0};
	struct told told = {.host = fx_host(), .sink = &sink};
	struct picture p;
	struct Pix *pix;

	setMsgSeverity(L_SEVERITY_NONE);
	if (!picture_begin(&p, (struct mw_str){.p = (const char *)data, .n = size}))
		return 0;
	for (size_t i = 0; i < 4 && picture_next(&p, 1000000, &pix) == 1; i++)
		pixDestroy(&pix);
	(void)picture_moves(&p);
	if (told_read(&p, &told) != 0)
		abort();
	fs_reset(&sink);
	return 0;
}
