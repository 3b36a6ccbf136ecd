/* SPDX-License-Identifier: Apache-2.0 */
/* hidden: elements that a browser does not show. */
#ifndef EXTRACT_HTML_HIDDEN_H
#define EXTRACT_HTML_HIDDEN_H

#include <milward/plugin.h>

/* style.c: does the value of an attribute `style` hide the element: display: none, visibility: hidden, a size or an opacity of zero? */
bool hidden_by_style(struct mw_str value);
/* Can the element hold text at all? */
bool hidden_is_void(struct mw_str name);
/* Does the same start tag end it, as with <p>? */
bool hidden_ends_itself(struct mw_str name);
/* Is an element of this name never shown, whatever its style? Of what it holds, nothing may stand in what is seen. */
bool hidden_by_name(struct mw_str name);

#endif
