/* SPDX-License-Identifier: Apache-2.0 */
/* url: what a link holds that a person may read. Internal. Pure over (pointer, length). */
#ifndef EXTRACT_HTML_URL_H
#define EXTRACT_HTML_URL_H

#include "flow.h"

#include <milward/plugin.h>

enum url {
	URL_NOTHING = 0, /* a part of this message, a program, a picture or a sound in the link itself, or "#" */
	URL_TEXT,
	URL_SEALED, /* a document in the link itself, in base64 */
};
enum url url_kind(struct mw_str);
/* The link as a person would read it: without "%20". */
void url_text(struct flow *, struct mw_str);

#endif
