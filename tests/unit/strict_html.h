/* SPDX-License-Identifier: Apache-2.0 */
/* strict_html: is this only what the sanitiser may give out? A parser of its own that knows one way to write things, and shares nothing
 * with src/portal but the promise: elements and attributes of its own list, closed in order; values in double quotes; links, pictures
 * and styles of harmless octets. For tests and fuzzers. */
#ifndef STRICT_HTML_H
#define STRICT_HTML_H

#include <stddef.h>

/* NULL: it is; else what is wrong, and *at where. */
const char *strict_html(const char *p, size_t n, size_t *at);

#endif
