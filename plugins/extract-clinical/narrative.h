/* SPDX-License-Identifier: Apache-2.0 */
/* narrative: the text block of a section of CDA: paragraphs, lists and tables as lines, the cells of a row divided by tabs. */
#ifndef EXTRACT_CLINICAL_NARRATIVE_H
#define EXTRACT_CLINICAL_NARRATIVE_H

#include "out.h"

struct narrative {
	struct out *o;
	struct text line;
	size_t cells;	/* of the row in work */
	size_t in_cell; /* elements that are open in the cell, with it */
};

void narrative_open(struct narrative *, struct mw_str name);
void narrative_text(struct narrative *, struct mw_str);
void narrative_close(struct narrative *, struct mw_str name);
void narrative_end(struct narrative *);
void narrative_free(struct narrative *);

#endif
