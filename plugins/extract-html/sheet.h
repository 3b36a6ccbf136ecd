/* SPDX-License-Identifier: Apache-2.0 */
/* sheet: text that a style sheet puts on the page. Internal. */
#ifndef MW_EXTRACT_HTML_SHEET_H
#define MW_EXTRACT_HTML_SHEET_H

#include <milward/plugin.h>

#include "flow.h"

/* The strings of each `content: "…"` of the sheet, those of one declaration in a row, as text. */
void sheet_content(struct flow *to, struct mw_str sheet);

#endif
