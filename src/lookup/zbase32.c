/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/zbase32.h"

void mw_zbase32(const unsigned char *p, size_t n, char *ret)
{
	static const char letters[] = "ybndrfg8ejkmcpqxot1uwisza345h769";
	unsigned held = 0, bits = 0;

	for (size_t i = 0; i < n; i++) {
		held = (held << 8 | p[i]) & 0xfff; /* at most 4 bits are left of before */
		bits += 8;
		while (bits >= 5) {
			bits -= 5;
			*ret++ = letters[held >> bits & 31];
		}
	}
	if (bits > 0)
		*ret++ = letters[held << (5 - bits) & 31];
	*ret = '\0';
}
