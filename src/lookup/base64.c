/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/base64.h"

#include <errno.h>
#include <string.h>

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void mw_base64_add(struct mw_buf *out, struct mw_str s)
{
	mw_buf_reserve(out, s.n / 3 * 4 + 4);
	for (size_t i = 0; i < s.n; i += 3) {
		size_t n = s.n - i < 3 ? s.n - i : 3;
		unsigned v = 0;

		for (size_t k = 0; k < 3; k++)
			v = v << 8 | (k < n ? (unsigned char)s.p[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			mw_buf_putc(out, k <= n ? letters[v >> (18 - 6 * k) & 63] : '=');
	}
}

int mw_base64_read(struct mw_str line, size_t max, struct mw_buf *out, struct mw_err *err)
{
	size_t n = line.n, padding = 0;
	unsigned held = 0, bits = 0;

	while (padding < 2 && n > 0 && line.p[n - 1] == '=') {
		n--;
		padding++;
	}
	if (line.n % 4 != 0 || (padding == 2 ? n % 4 != 2 : padding == 1 ? n % 4 != 3 : n % 4 != 0))
		return mw_fail(err, -EINVAL, "no base64: its length");
	if (n * 3 / 4 > max)
		return mw_fail(err, -EFBIG, "more than %zu octets", max);
	mw_buf_reserve(out, n / 4 * 3 + 3);
	for (size_t i = 0; i < n; i++) {
		const char *letter = line.p[i] ? strchr(letters, line.p[i]) : NULL;

		if (!letter)
			return mw_fail(err, -EINVAL, "no base64: octet %zu", i + 1);
		held = (held << 6 | (unsigned)(letter - letters)) & 0xfff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			mw_buf_putc(out, (char)(held >> bits & 0xff));
		}
	}
	if (held & ((1U << bits) - 1))
		return mw_fail(err, -EINVAL, "no base64: bits behind its end");
	return mw_buf_ok(out) ? 0 : mw_fail_memory(err);
}
