/* SPDX-License-Identifier: Apache-2.0 */
/* html_style: the style of an element, by an allow list of properties and of what their values are made of: words, numbers with units,
 * colours, names in quotes. Nothing that loads, places over other things, moves or computes. Pure over (pointer, length). */
#ifndef MW_PORTAL_HTML_STYLE_H
#define MW_PORTAL_HTML_STYLE_H

#include "base/buf.h"
#include "base/str.h"

/* Appends "name:value;name:value" of what may stay of a style attribute's value (references resolved), nothing when nothing may.
 * Returns how many pictures it would have loaded. */
size_t mw_html_style(struct mw_str css, struct mw_buf *to);

#endif
