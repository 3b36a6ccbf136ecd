/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codepage: Windows code pages by their numbers, from the character sets of the host. Pages of one octet a character become tables
 * once; the others are converted a run at a time. Failures: -ENOMEM.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_CODEPAGE_H
#define PLUGINS_EXTRACT_LEGACY_CODEPAGE_H

#include <milward/plugin.h>

#include "bytes.h"

#define CODEPAGES 8u /* tables that are kept; a document with more of them asks the host again */

struct codepage {
	unsigned number; /* 0 = unused */
	uint32_t high[128];
};

struct codepages {
	const struct mw_host *host;
	struct codepage table[CODEPAGES];
	size_t next;
};

/* Do characters of this page have one octet each? */
bool codepage_is_single(unsigned number);
/* Octets 0x80 and more of a page of single octets; NULL = no memory. Valid until the next call. */
const uint32_t *codepage_table(struct codepages *, unsigned number);
/* Octets of any page to UTF-8, behind what is in `to`. */
int codepage_text(struct codepages *, unsigned number, const char *p, size_t n, struct bytes *to);
/* The page of a character set of Windows' fonts; 0 = none of its own. */
unsigned codepage_of_charset(unsigned charset);

#endif
