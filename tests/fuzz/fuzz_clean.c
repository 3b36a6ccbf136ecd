/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_clean: any octets through the sanitiser. What comes out is of the allow list alone (strict_html.h), cleaning it again changes
 * nothing, and it is not much larger than what came in. */
#include "portal/clean.h"
#include "tests/unit/strict_html.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Each picture is there, under its own name. */
static bool picture(void *ctx, struct mw_str cid, struct mw_buf *url)
{
	(void)ctx;
	mw_buf_puts(url, "cid:");
	for (size_t i = 0; i < cid.n; i++)
		mw_buf_printf(url, "%%%02x", (unsigned char)cid.p[i]);
	return true;
}

static void clean(const char *p, size_t n, struct mw_buf *out)
{
	const struct mw_clean_site site = {.picture = picture, .max = 1u << 24};
	struct mw_clean_found found;

	if (mw_clean_html((struct mw_str){.p = p, .n = n}, &site, out, &found, NULL) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_buf once = MW_BUF_INIT, twice = MW_BUF_INIT;
	const char *wrong;
	size_t at;

	clean((const char *)data, size, &once);
	wrong = strict_html(mw_buf_text(&once), once.n, &at);
	if (wrong) {
		fprintf(stderr, "%s at %zu: %s\n", wrong, at, mw_buf_text(&once));
		abort();
	}
	clean(mw_buf_text(&once), once.n, &twice);
	if (once.n != twice.n || (once.n && memcmp(once.p, twice.p, once.n) != 0)) {
		fprintf(stderr, "once: %s\ntwice: %s\n", mw_buf_text(&once), mw_buf_text(&twice));
		abort();
	}
	/* "<u>" makes "<u></u>", "<a href=tel:1>" twice its octets and what a link needs; a tag that is written again at most 1,024. */
	if (once.n > 400 * size + 64)
		abort();
	mw_buf_free(&once);
	mw_buf_free(&twice);
	return 0;
}
