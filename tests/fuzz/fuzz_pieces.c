/* SPDX-License-Identifier: Apache-2.0 */
/* A message that is handed in is taken apart, and each piece decoded; what it takes back is one Message-ID. */
#include "mail/mime.h"
#include "pickup/pieces.h"
#include "pickup/recall.h"

#include <stdlib.h>
#include <string.h>

static int count(void *ctx, const char *p, size_t n)
{
	size_t *octets = ctx;

	if (n && !p)
		abort();
	*octets += n;
	return 0;
}

static void recalls(struct mw_arena *a, struct mw_str message)
{
	char id[MW_PICKUP_MESSAGE_ID];
	struct mw_header header;
	struct mw_str body;

	if (mw_header_parse(a, message, &header, &body) < 0)
		return;
	mw_recall_find(a, &header, id);
	if (id[0] && (id[0] != '<' || id[strlen(id) - 1] != '>' || strpbrk(id + 1, "<\r\n ")))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_arena *a = mw_arena_new((size_t)64 << 20);
	struct mw_pieces p;
	size_t octets = 0;

	mw_mime_init();
	if (a)
		recalls(a, (struct mw_str){.p = (const char *)data, .n = size});
	if (a && mw_pieces_find(a, (struct mw_str){.p = (const char *)data, .n = size}, 100, NULL, &p) == 0)
		for (size_t i = 0; i < p.n; i++) {
			if (p.v[i].data.p < (const char *)data || p.v[i].data.p + p.v[i].data.n > (const char *)data + size)
				abort();
			(void)mw_piece_decode(&p.v[i], NULL, count, &octets);
		}
	mw_arena_free(&a);
	return 0;
}
