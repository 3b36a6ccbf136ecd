/* SPDX-License-Identifier: Apache-2.0 */
/* picture: a picture that PDF has without a file around it (as a fax has it, or plain) becomes a TIFF. */
#ifndef EXTRACT_PDF_PICTURE_H
#define EXTRACT_PDF_PICTURE_H

#include "walk.h"

/* As a member. false: it is coded in a way that TIFF has not, or that readers of it do not know; or it is too large. */
bool picture_give(struct walk *, qpdf_oh picture, struct mw_str name);

#endif
