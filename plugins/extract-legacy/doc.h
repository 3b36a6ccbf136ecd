/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doc: text of Word documents ([MS-DOC], Word 97 and later; and Word 6 and 95), by their table of pieces. The text of the document
 * is that of the part; "headers", "notes", "comments" and "text boxes" are sections; hidden: hidden and deleted text, and
 * instructions of fields, and what quick saving has left beside the text. Of Word 6 and 95 formats are not looked at, so hidden text is taken for seen there.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_DOC_H
#define PLUGINS_EXTRACT_LEGACY_DOC_H

#include "codepage.h"
#include "give.h"

/* Which stream holds the tables of this document. */
const char *doc_table_name(struct mw_str document);
/* 0; -EACCES: it is encrypted; -ENOTSUP: a version of Word before 6; -EBADMSG: damaged; -ENOMEM, or a failure of struct out. */
int doc_read(struct mw_str document, struct mw_str table, struct mw_str data, struct out *, struct codepages *);

#endif
