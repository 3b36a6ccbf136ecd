/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compound: a compound file as what it is by its streams: a Word document, a workbook, a presentation, or an object that wraps a
 * file. Documents inside it are sections "object-N", files inside it members.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_COMPOUND_H
#define PLUGINS_EXTRACT_LEGACY_COMPOUND_H

#include "codepage.h"
#include "give.h"

/* 0; -EACCES: it is encrypted; -ENOTSUP: nothing that we know; -EBADMSG: damaged; -ENOMEM, or a failure of struct out. */
int compound_read(struct mw_str, struct out *, struct codepages *);

#endif
