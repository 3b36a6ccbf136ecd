/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_plain: texts of messages, cut into quotes, links and words: nothing is lost but the marks of quotes, and links are links. */
#include "portal/plain.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *text = (const char *)data, *at = text;
	struct mw_plain p = {.s = {.p = text, .n = n}};
	enum mw_plain_kind kind;
	struct mw_str piece;

	while ((kind = mw_plain_next(&p, &piece)) != MW_PLAIN_END) {
		if (kind == MW_PLAIN_QUOTE) {
			must(p.depth <= MW_PLAIN_DEPTH);
			continue;
		}
		must(piece.n > 0 && piece.p >= at && piece.p + piece.n <= text + n);
		for (; at < piece.p; at++)
			must(*at == '>' || *at == ' ');
		at = piece.p + piece.n;
		must(kind != MW_PLAIN_LINK || (piece.n > 7 && mw_lower(*piece.p) == 'h' && !memchr(piece.p, '\n', piece.n) &&
					       !memchr(piece.p, '<', piece.n) && !memchr(piece.p, '"', piece.n)));
	}
	for (; at < text + n; at++)
		must(*at == '>' || *at == ' ');
	return 0;
}
