/* SPDX-License-Identifier: Apache-2.0 */
/* html_link: what a link of a message may lead to, and where its pictures may come from. Pure over (pointer, length). */
#ifndef MW_PORTAL_HTML_LINK_H
#define MW_PORTAL_HTML_LINK_H

#include "base/buf.h"
#include "base/str.h"

#define MW_HTML_LINK_MAX 8192u		/* octets of a link */
#define MW_HTML_DATA_MAX (512u * 1024u) /* octets of a picture that stands in the text itself, as base64 */

/* All take a value whose references are resolved. What they write to `to` is not escaped; false: nothing was written. */

/* http, https, mailto and tel: with the blanks at its ends and the line ends in it taken out, as browsers do. */
bool mw_html_link(struct mw_str url, struct mw_buf *to);
/* "cid:…": the Content-ID, without what percent signs hide. */
bool mw_html_cid(struct mw_str url, struct mw_buf *to);
/* "data:image/…;base64,…" of a kind of picture that holds no program. */
bool mw_html_data_picture(struct mw_str url, struct mw_buf *to);

#endif
