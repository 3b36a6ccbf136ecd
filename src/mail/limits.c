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
    [MW_LIMIT_MEMBERS] = {"members", "files inside attachments, and sections of documents", 10000, 1, 1000000},
    [MW_LIMIT_NESTING] = {"nesting", "files inside files", 10, 1, 100},
    [MW_LIMIT_UNPACKED] = {"unpacked", "octets of all files inside attachments", 256u * M, 1u * K, 4096ull * M},
    [MW_LIMIT_RATIO] = {"ratio", "octets out of a document for one octet of it, beyond the first megabyte", 200, 2, 100000},
    [MW_LIMIT_PAGES] = {"pages", "pages, sheets or slides of one document", 2000, 1, 100000},
    [MW_LIMIT_READING] = {"reading", "seconds that one document may take", 20, 1, 600},
};

struct mw_limits mw_limits_default(void)
{
	struct mw_limits l;

	for (int i = 0; i < MW_LIMITS; i++)
		l.max[i] = mw_limit_rows[i].dflt;
	return l;
}
