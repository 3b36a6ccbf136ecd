/* SPDX-License-Identifier: Apache-2.0 */
/* clean_html: the sanitiser as a program, for tests with other parsers. Reads documents from standard input, each with its length in a
 * line before it, and writes them in the same way. A picture with the Content-ID X is at /read/ID/part/X. */
#include "portal/clean.h"

#include <stdio.h>
#include <stdlib.h>

static bool picture(void *ctx, struct mw_str cid, struct mw_buf *url)
{
	(void)ctx;
	mw_buf_puts(url, "/read/ID/part/");
	mw_buf_add(url, cid.p, cid.n);
	return true;
}

int main(void)
{
	const struct mw_clean_site site = {.picture = picture, .max = 1u << 26};
	struct mw_buf out = MW_BUF_INIT;
	char line[32];

	while (fgets(line, sizeof(line), stdin)) {
		size_t n = strtoul(line, NULL, 10);
		char *p = malloc(n ? n : 1);
		struct mw_clean_found found;

		if (!p || fread(p, 1, n, stdin) != n)
			return 1;
		mw_buf_clear(&out);
		if (mw_clean_html((struct mw_str){.p = p, .n = n}, &site, &out, &found, NULL) != 0)
			return 1;
		printf("%zu %zu %zu %d\n", out.n, found.pictures, found.others, found.cut);
		(void)fwrite(mw_buf_text(&out), 1, out.n, stdout);
		(void)fflush(stdout);
		free(p);
	}
	mw_buf_free(&out);
	return 0;
}
