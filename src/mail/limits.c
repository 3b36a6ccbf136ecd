/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/limits.h"

#define K 1024u
#define M (1024u * K)

const struct mw_limit_row mw_limit_rows[MW_LIMITS] = {
    [MW_LIMIT_SIZE] = {"size", "octets of the message", 64u * M, 1u * K, 4096ull * M},
    [MW_LIMIT_PARTS] = {"parts", "leaves of the MIME tree, and texts beside them", 1000, 1, 100000},
    [MW_LIMIT_DEPTH] = {"depth", "nesting of MIME parts", 50, 1, 200},
    [MW_LIMIT_HEADERS] = {"headers", "header fields", 1000, 10, 1000000},
    [MW_LIMIT_HEADER] = {"header", "octets of all header fields", 1u * M, 1u * K, 64u * M},
    [MW_LIMIT_RECIPIENTS] = {"recipients", "envelope recipients", 1000, 1, 100000},
    [MW_LIMIT_TEXT] = {"text", "octets of decoded text that are scanned", 64u * M, 1u * K, 1024u * M},
    [MW_LIMIT_FINDINGS] = {"findings", "matches of all rules", 100000, 100, 10000000},
};

struct mw_limits mw_limits_default(void)
{
	struct mw_limits l;

	for (int i = 0; i < MW_LIMITS; i++)
		l.max[i] = mw_limit_rows[i].dflt;
	return l;
}
