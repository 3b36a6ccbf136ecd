/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xls: the cells of an Excel workbook (versions 2 to 2003), as they are shown. Each sheet is a section by its name, a row a line
 * with tabs between cells; hidden: what stands in hidden sheets, rows and columns, numbers that their format does not show, targets
 * of links, and the copies of data that pivot tables keep. Comments and text boxes are the section "comments", headers and footers
 * "headers". Formulas give their last result.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_XLS_H
#define PLUGINS_EXTRACT_LEGACY_XLS_H

#include "codepage.h"
#include "give.h"

/* Does it begin with a record that begins such a stream? */
bool xls_is(struct mw_str);
/* 0; -EACCES: it is encrypted; -EBADMSG, -ENOMEM, or a failure of struct out. */
int xls_read(struct mw_str stream, struct out *, struct codepages *);
/* One stream of data that a pivot table keeps. */
int xls_read_pivot(struct mw_str stream, struct out *, struct codepages *);
/* What a workbook that several persons wrote keeps of their changes. */
int xls_read_log(struct mw_str stream, struct out *);

#endif
