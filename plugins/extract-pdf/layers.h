/* SPDX-License-Identifier: Apache-2.0 */
/* layers: "optional content", which a reader can switch on and off. */
#ifndef EXTRACT_PDF_LAYERS_H
#define EXTRACT_PDF_LAYERS_H

#include "pdf.h"

/* Is some of it off when the document is opened, or in some programs? */
bool layers_hide(struct pdf *);
/* The document as one in which all of it is seen; valid until pdf_close(). "" when it cannot be written. */
struct mw_str layers_shown(struct pdf *);

#endif
