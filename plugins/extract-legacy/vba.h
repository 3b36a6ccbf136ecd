/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vba: the source of macros, which stands compressed in a stream for each module ([MS-OVBA] 2.4.1), behind what a program compiled of it.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_VBA_H
#define PLUGINS_EXTRACT_LEGACY_VBA_H

#include "codepage.h"
#include "give.h"

/* The source of one module, unseen, into the section "macros". 0; -EBADMSG: there is none, or it is damaged; -ENOMEM, or a failure of
 * struct out. */
int vba_read(struct mw_str stream, struct out *, struct codepages *);

#endif
