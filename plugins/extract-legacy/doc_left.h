/* SPDX-License-Identifier: Apache-2.0 */
/* doc_left: what quick saving has left in a Word document: text that no piece is made of any more. */
#ifndef PLUGINS_EXTRACT_LEGACY_DOC_LEFT_H
#define PLUGINS_EXTRACT_LEGACY_DOC_LEFT_H

#include "codepage.h"
#include "give.h"

/* A run of octets that the text has. */
struct doc_span {
	uint64_t begin, end;
};

/* Gives what stands between the spans, which are put in order, as hidden text of the part; page: one of single octets.
 * 0, -ENOMEM, or a failure of struct out. */
int doc_left_read(struct mw_str text, struct doc_span *, size_t n, unsigned page, struct out *, struct codepages *);

#endif
