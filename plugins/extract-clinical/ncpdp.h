/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ncpdp: pharmacy claims of NCPDP's Telecommunication standard (D.0, 5.1), alone or in a batch, whose segments, groups and fields are
 * divided by control characters; and prescriptions of SCRIPT in EDIFACT. Pure over the text; linear.
 */
#ifndef EXTRACT_CLINICAL_NCPDP_H
#define EXTRACT_CLINICAL_NCPDP_H

#include "out.h"

bool ncpdp_begins(struct mw_str);
void ncpdp_read(struct mw_str utf8, struct out *);
bool script_edifact_begins(struct mw_str);
void script_read_edifact(struct mw_str utf8, struct out *);

#endif
