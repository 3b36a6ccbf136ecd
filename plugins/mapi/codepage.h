/* SPDX-License-Identifier: Apache-2.0 */
/* codepage: Windows numbers of character sets. */
#ifndef PLUGINS_MAPI_CODEPAGE_H
#define PLUGINS_MAPI_CODEPAGE_H

#include <stdint.h>

/* The label as in MIME; "" when the number is unknown, and the host guesses. */
const char *mapi_charset(uint32_t codepage);

#endif
