/* SPDX-License-Identifier: Apache-2.0 */
/*
 * script: texts in programs of a page: reports that are pages keep what their tables and charts show in strings. Internal. Pure over
 * (pointer, length).
 */
#ifndef EXTRACT_HTML_SCRIPT_H
#define EXTRACT_HTML_SCRIPT_H

#include <milward/plugin.h>

/*
 * Calls each() with every string that may be a person's text, its escapes resolved: with a blank or a digit in it, or written with
 * a capital. Words of programs ("click", "use strict" aside) and packed data are none. Returns 0, or -ENOMEM: not all was given.
 */
int script_strings(struct mw_str, void (*each)(void *ctx, struct mw_str text), void *ctx);

#endif
