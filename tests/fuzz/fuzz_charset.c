/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_charset: a label, a line end, octets. Whatever they are, the result is valid UTF-8 without NUL, and ASCII digits in a charset
 * that keeps them are all there, at least once. What needs no conversion comes out as it went in. */
#include "mail/mime.h"

#include <stdlib.h>
#include <string.h>

#include <glib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t digits(const char *p, size_t n)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += p[i] >= '0' && p[i] <= '9';
	return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *lf = size ? memchr(data, '\n', size) : NULL;
	size_t n = lf ? (size_t)(lf - (const char *)data) : 0;
	struct mw_str octets = {.p = (const char *)data + (lf ? n + 1 : 0), .n = size - (lf ? n + 1 : 0)};
	struct mw_buf out = MW_BUF_INIT;
	char label[64] = "";
	bool guessed;

	if (n < sizeof(label))
		memcpy(label, data, lf ? n : 0);
	if (mw_charset_to_utf8(octets, label, &out, &guessed) < 0)
		return 0;
	if (out.n && !g_utf8_validate(out.p, (gssize)out.n, NULL))
		abort();
	if ((!*label || !strcmp(label, "utf-8") || !strcmp(label, "iso-8859-1")) && !memchr(octets.p, 0, octets.n) &&
	    !(octets.n > 1 &&
	      ((octets.p[0] == '\xff' && octets.p[1] == '\xfe') || (octets.p[0] == '\xfe' && octets.p[1] == '\xff'))) &&
	    digits(mw_buf_text(&out), out.n) < digits(octets.p, octets.n))
		abort();
	if (mw_charset_is_utf8(octets, label) && (out.n != octets.n || (out.n && memcmp(out.p, octets.p, out.n) != 0)))
		abort();
	mw_buf_free(&out);
	return 0;
}
