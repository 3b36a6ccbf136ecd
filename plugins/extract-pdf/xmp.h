/* SPDX-License-Identifier: Apache-2.0 */
/* xmp: the values of a packet of metadata, a line each; without names, identifiers and dates. It is read as text, not as XML: it cannot
 * make us load or multiply anything. */
#ifndef EXTRACT_PDF_XMP_H
#define EXTRACT_PDF_XMP_H

#include "pen.h"

void xmp_write(struct mw_str xml, struct pen *);

#endif
