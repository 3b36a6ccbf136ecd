/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_unwrap: any octets as text with broken lines. The first octet chooses how. Nothing grows much; of flowed text no octet is
 * lost but blanks, marks of quoting and line ends. */
#include "mail/unwrap.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t solid(const char *p, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += p[i] != ' ' && p[i] != '>' && p[i] != '\r' && p[i] != '\n';
	return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_str text = {.p = (const char *)data + (size > 0), .n = size - (size > 0)};
	static const enum mw_wrap wraps[] = {MW_WRAP_FLOWED, MW_WRAP_FOLDED, MW_WRAP_ENRICHED, MW_WRAP_RICHTEXT};
	enum mw_wrap wrap = wraps[size ? data[0] & 3 : 0];
	struct mw_buf out = MW_BUF_INIT;

	if (mw_unwrap(wrap, text, &out) < 0)
		abort();
	if (out.n > 2 * text.n + 2)
		abort();
	if (wrap == MW_WRAP_FLOWED && solid(mw_buf_text(&out), out.n) != solid(text.p, text.n))
		abort();
	mw_buf_free(&out);
	return 0;
}
