/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metafile: text in pictures of Windows that are made of drawing (EMF, WMF). Pieces at one height are a line; how wide each is tells
 * whether the next goes on with its word.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_METAFILE_H
#define PLUGINS_EXTRACT_LEGACY_METAFILE_H

#include "codepage.h"
#include "give.h"

bool metafile_is(struct mw_str);
/* 0; -ENODATA: there is no text in it, so it is a picture like others; -EBADMSG: it is cut off; -ENOMEM, or a failure of struct out.
 * Pictures of pixels in it, and text by numbers of shapes, are the reason "image" beside what could be read. */
int metafile_read(struct mw_str, struct out *, struct codepages *);
/* The picture of a document's first page, as it once was: its text is hidden text. 0, -ENOMEM or a failure of struct out. */
int metafile_preview(struct mw_str, struct out *, struct codepages *);

#endif
