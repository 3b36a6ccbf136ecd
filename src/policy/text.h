/* SPDX-License-Identifier: Apache-2.0 */
/* text: values as the policy would write them. */
#ifndef MW_POLICY_TEXT_H
#define MW_POLICY_TEXT_H

#include "base/buf.h"
#include <milward/plugin.h>

/* "text" with the escapes of the policy language; NULL gives "". */
void mw_text_quote(const char *text, struct mw_buf *out);
/* The value of a row in the struct that it fills. */
void mw_text_value(const struct mw_opt *row, const void *base, struct mw_buf *out);

#endif
