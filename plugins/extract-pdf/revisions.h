/* SPDX-License-Identifier: Apache-2.0 */
/* revisions: programs add changes at the end of a file; what it was before is still there, and so is what was taken out. */
#ifndef EXTRACT_PDF_REVISIONS_H
#define EXTRACT_PDF_REVISIONS_H

#include <milward/plugin.h>

#define REVISIONS_MAX 64u

struct revisions {
	struct mw_str file[REVISIONS_MAX]; /* the earlier ones, the last of them first; in the octets of the file */
	size_t n;
	bool more; /* there are others */
};

/* At most `most` of them. */
void revisions_find(struct mw_str file, size_t most, struct revisions *);

#endif
