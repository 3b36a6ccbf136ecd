/* SPDX-License-Identifier: Apache-2.0 */
/* name: names of hosts and domains as strangers and addresses write them. */
#ifndef MW_LOOKUP_NAME_H
#define MW_LOOKUP_NAME_H

#include <milward/plugin.h>

#define MW_NAME_MAX 253

/* A name of labels with letters, digits, "-" and "_" (A-labels, no dot at the end, nothing that is only digits at its end: no address),
 * in lower case and terminated in ret, which is untouched when it is none. */
bool mw_name_take(struct mw_str, char ret[MW_NAME_MAX + 1]);

#endif
