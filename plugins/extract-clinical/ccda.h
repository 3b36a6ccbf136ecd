/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ccda: C-CDA and other CDA documents: the header (whom it is about, who wrote it), the narrative of the sections with its tables, the
 * coded entries, and documents that are embedded.
 */
#ifndef EXTRACT_CLINICAL_CCDA_H
#define EXTRACT_CLINICAL_CCDA_H

#include "out.h"

/* As fhir_read_json(). */
int ccda_read(struct mw_str, struct out *);

#endif
