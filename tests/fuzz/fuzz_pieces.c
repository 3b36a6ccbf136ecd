/* SPDX-License-Identifier: Apache-2.0 */
/* A message that is handed in is taken apart, and each piece decoded. */
#include "mail/mime.h"
#include "pickup/pieces.h"

#include <stdlib.h>

static int count(void *ctx, const char *p, size_t n)
{
	size_t *octets = ctx;

	if (n && !p)
		abort();
	*octets += n;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_arena *a = mw_arena_new((size_t)64 << 20);
	struct mw_pieces p;
	size_t octets = 0;

	mw_mime_init();
	if (a && mw_pieces_find(a, (struct mw_str){.p = (const char *)data, .n = size}, 100, NULL, &p) == 0)
		for (size_t i = 0; i < p.n; i++) {
			if (p.v[i].data.p < (const char *)data || p.v[i].data.p + p.v[i].data.n > (const char *)data + size)
				abort();
			(void)mw_piece_decode(&p.v[i], NULL, count, &octets);
		}
	mw_arena_free(&a);
	return 0;
}
