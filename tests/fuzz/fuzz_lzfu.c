/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_lzfu: any octets as compressed RTF: no more than nine times as many come out, and it ends. */
#include "plugins/mapi/lzfu.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int count(void *ctx, const char *p, size_t n)
{
	size_t *out = ctx;
	volatile char last = n ? p[n - 1] : 0; /* read, for a sanitizer */

	(void)last;
	*out += n;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t out = 0;
	bool whole;

	(void)mapi_lzfu((struct mw_str){.p = (const char *)data, .n = size}, count, &out, &whole);
	if (out > 9 * size)
		abort();
	return 0;
}
