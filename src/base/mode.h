/* SPDX-License-Identifier: Apache-2.0 */
/* mode: permissions of a socket, as command lines and policies write them. Needs nothing else, so that modules may take it along. */
#ifndef MW_BASE_MODE_H
#define MW_BASE_MODE_H

#include <stdbool.h>

/* Octal, up to 0777. false when it cannot be one, and *ret is untouched then. */
bool mw_mode_parse(const char *text, unsigned *ret);

#endif
