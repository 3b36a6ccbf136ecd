/* SPDX-License-Identifier: Apache-2.0 */
/* html_text: text and values of HTML, resolved and written anew. What is written is valid UTF-8 without control characters, and no
 * octet of it can end a text or a value in double quotes. Pure over (pointer, length). */
#ifndef MW_PORTAL_HTML_TEXT_H
#define MW_PORTAL_HTML_TEXT_H

#include "base/buf.h"
#include "base/str.h"

/* Plain text, which knows no references: & < > " are escaped. */
void mw_html_escape(struct mw_buf *, struct mw_str utf8);
/* The same, and nothing escaped: it is for other places than HTML. */
void mw_html_valid(struct mw_buf *, struct mw_str utf8);
/* Text of HTML: references by number and the few that matter are resolved, other names ("&eacute;") stay for the browser, to which
 * they are a letter wherever they stand. All is escaped. */
void mw_html_text(struct mw_buf *, struct mw_str html);
/* The value of an attribute, references resolved, not escaped. A name that is not known stays as it is written. */
void mw_html_resolve(struct mw_buf *, struct mw_str value);

#endif
