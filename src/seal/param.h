/* SPDX-License-Identifier: Apache-2.0 */
/* param: parameters of a Content-Type as it stands in a message, folds and comments and all. Pure over (pointer, length). */
#ifndef MW_SEAL_PARAM_H
#define MW_SEAL_PARAM_H

#include "base/buf.h"
#include "base/str.h"

/* The value of a parameter (case-insensitive name), without quotes; false: there is none. At most n - 1 octets are kept. */
bool mw_param_get(struct mw_str value, const char *name, char *ret, size_t n);
/* Adds value without the parameters of these names (NULL ends), and without ";" at its end. */
void mw_param_drop(struct mw_str value, const char *const *names, struct mw_buf *out);

#endif
