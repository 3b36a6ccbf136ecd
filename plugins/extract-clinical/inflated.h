/* SPDX-License-Identifier: Apache-2.0 */
#ifndef EXTRACT_CLINICAL_INFLATED_H
#define EXTRACT_CLINICAL_INFLATED_H

#include "text.h"

/* What was deflated without a head (RFC 1951). 0; -EINVAL: damaged; -EFBIG: it is too much; -ENOMEM. What could be had is in the text. */
int inflated(struct mw_str, struct text *);

#endif
