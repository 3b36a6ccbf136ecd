/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_deflate64: any octets as Deflate64. No more of them are read than there are, and who takes what comes can stop it. */
#include "plugins/extract-archive/deflate64.h"

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST (1u << 20)

static int count(void *ctx, const char *p, size_t n)
{
	size_t *out = ctx;
	volatile char last = n ? p[n - 1] : 0; /* read, for a sanitizer */

	(void)last;
	*out += n;
	return *out > MOST ? -EFBIG : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t out = 0, used = SIZE_MAX;
	int r = deflate64_unpack((struct mw_str){.p = (const char *)data, .n = size}, count, &out, &used);

	if (used > size || (r == -EFBIG) != (out > MOST))
		abort();
	return 0;
}
