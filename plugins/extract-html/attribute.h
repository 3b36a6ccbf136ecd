/* SPDX-License-Identifier: Apache-2.0 */
/* attribute: those that carry text or a link. Internal. */
#ifndef EXTRACT_HTML_ATTRIBUTE_H
#define EXTRACT_HTML_ATTRIBUTE_H

#include "flow.h"

#include <milward/plugin.h>

/* What a person may read of it, as a block of its own. False: it holds a document that is not read. */
bool attribute_text(struct flow *, struct mw_str name, struct mw_str value);

#endif
