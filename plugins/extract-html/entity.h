/* SPDX-License-Identifier: Apache-2.0 */
/* entity: character references of HTML. Pure over (pointer, length). */
#ifndef EXTRACT_HTML_ENTITY_H
#define EXTRACT_HTML_ENTITY_H

#include "flow.h"

#include <milward/plugin.h>

/* Reads the reference that begins with the '&' at p. Returns its octets and writes the character as UTF-8 (*len octets, 0 = a
 * character that is none) to out; 0 = it is no reference. in_attribute: the stricter rule of attribute values, where
 * "?a=1&copy=2" is no copyright sign. */
size_t entity_read(const char *p, size_t n, bool in_attribute, char out[4], size_t *len);
/* The code point as UTF-8: its octets, 0 for NUL, which nobody shows. What is none becomes U+FFFD. */
size_t entity_utf8(uint32_t c, char out[4]);
/* Text, its references resolved. */
void entity_text(struct flow *, struct mw_str, bool in_attribute);

#endif
