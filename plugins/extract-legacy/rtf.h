/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rtf: Rich Text Format, read from front to end in one pass. Groups are a stack of small states; those nested deeper than it goes
 * share one, which is told. What is shown is text of the part, in sections "headers", "footers", "notes" and "comments" what belongs
 * there; hidden: \v, deleted text, instructions of fields, properties of the document, destinations nobody knows. Pictures and
 * objects are members; HTML that Outlook has put into RTF ([MS-OXRTFEX]) is the member "body.html".
 */
#ifndef PLUGINS_EXTRACT_LEGACY_RTF_H
#define PLUGINS_EXTRACT_LEGACY_RTF_H

#include "codepage.h"
#include "give.h"

bool rtf_is(struct mw_str);
/* 0, or a negative errno of struct out or -ENOMEM. What it could not read it tells the sink. flags: of the member body.html. */
int rtf_read(struct mw_str, struct out *, struct codepages *, uint32_t flags);

#endif
