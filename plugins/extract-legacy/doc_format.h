/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doc_format: which octets of a Word document are hidden, deleted, white, or in a table, by its pages of formats (FKP).
 */
#ifndef PLUGINS_EXTRACT_LEGACY_DOC_FORMAT_H
#define PLUGINS_EXTRACT_LEGACY_DOC_FORMAT_H

#include "doc_styles.h"

enum {
	DOC_HIDDEN = 1, /* or deleted, or of no size */
	DOC_IN_TABLE = 2,
	DOC_ROW_END = 4,  /* the paragraph is the mark of a row's end */
	DOC_CELL_END = 8, /* of a table in a cell: the paragraph ends a cell */
	DOC_SEEN = 16,	  /* it says so, whatever its paragraph's style says */
	DOC_PALE = 32,	  /* white */
	DOC_COLOURED = 64,
	DOC_SHADED = 128, /* a colour behind it */
};

/* Octets of the stream with a format that matters. */
struct doc_run {
	uint32_t begin, end;
	uint16_t flags;
	uint8_t level; /* of nested tables */
};

struct doc_runs {
	struct doc_run *run; /* in the order of the stream */
	size_t n, cap;
};

/* kind: characters (false) or paragraphs. plc: the list of pages in the table stream. 0 or -ENOMEM; what is damaged is left out. */
int doc_runs_read(struct mw_str document, struct mw_str plc, bool paragraphs, const struct doc_styles *, struct doc_runs *);
/* What instructions of a format make of a run; styles may be NULL. */
void doc_format_apply(struct mw_str instructions, const struct doc_styles *, struct doc_run *);
void doc_runs_free(struct doc_runs *);
/* The run that an octet is in; NULL = none. *until: where that changes. */
const struct doc_run *doc_run_at(const struct doc_runs *, uint32_t at, uint32_t *until);

#endif
