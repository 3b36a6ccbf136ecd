/* SPDX-License-Identifier: Apache-2.0 */
/* raw: where elements end in which tags are text. Internal. Pure over (pointer, length). */
#ifndef EXTRACT_HTML_RAW_H
#define EXTRACT_HTML_RAW_H

#include <milward/plugin.h>

/* Index of the "</name" that ends the raw text from i on; s.n when there is none. */
size_t raw_end(struct mw_str s, size_t i, struct mw_str name);
/* The same for a script: "<!-- <script>" in it makes the next end tag one of the script inside (its "double escaped" state). */
size_t raw_script_end(struct mw_str s, size_t i);

#endif
