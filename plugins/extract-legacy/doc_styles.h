/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doc_styles: which styles of a Word document hide what is written in them: as hidden text, as text of no size, in white.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_DOC_STYLES_H
#define PLUGINS_EXTRACT_LEGACY_DOC_STYLES_H

#include <milward/plugin.h>

struct doc_styles {
	uint16_t *flags; /* DOC_… of doc_format.h, by the number of the style */
	size_t n;
};

/* sheet: the stylesheet in the table stream. 0 or -ENOMEM; what is damaged is left out. */
int doc_styles_read(struct mw_str sheet, struct doc_styles *);
void doc_styles_free(struct doc_styles *);
/* 0 = none, or it does nothing. */
uint16_t doc_styles_flags(const struct doc_styles *, unsigned style);

#endif
