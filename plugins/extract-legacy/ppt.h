/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ppt: text of PowerPoint presentations ([MS-PPT], 97 to 2003). Slides follow each other behind lines with form feeds; "notes",
 * "comments", "headers" and "master" are sections; rows of tables are lines. Hidden: slides that are not shown, what older versions
 * of slides say that saving left in the file, targets of links. Objects are members.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_PPT_H
#define PLUGINS_EXTRACT_LEGACY_PPT_H

#include "codepage.h"
#include "give.h"

/* user: the stream "Current User", which says which version of each slide counts. 0; -EACCES: it is encrypted; -EBADMSG: damaged;
 * -ENOMEM, or a failure of struct out. */
int ppt_read(struct mw_str document, struct mw_str user, struct out *, struct codepages *);

#endif
