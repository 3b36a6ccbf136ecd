/* SPDX-License-Identifier: Apache-2.0 */
/* base64: one line of it (RFC 4648, section 4), as values of maps. */
#ifndef MW_LOOKUP_BASE64_H
#define MW_LOOKUP_BASE64_H

#include "base/buf.h"
#include "base/err.h"

/* Adds to the buffer; a failure is the buffer's. */
void mw_base64_add(struct mw_buf *, struct mw_str);
/* Adds what the line stands for, which is at most max octets. -EINVAL: it is no base64, -EFBIG, -ENOMEM. */
int mw_base64_read(struct mw_str line, size_t max, struct mw_buf *, struct mw_err *);

#endif
