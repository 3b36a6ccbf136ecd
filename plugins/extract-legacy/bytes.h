/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bytes: octets that grow. What was in it is wiped when it goes: it is text of patients. Failures: -ENOMEM.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_BYTES_H
#define PLUGINS_EXTRACT_LEGACY_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
	char *p;
	size_t n, cap;
};

int bytes_add(struct bytes *, const char *p, size_t n);
/* One character as UTF-8; what is none is U+FFFD, NUL and other controls but tab and LF are nothing. */
int bytes_char(struct bytes *, uint32_t c);
/* The same into to[4]; returns how many octets. */
size_t bytes_encode(uint32_t c, char to[4]);
/* Empty, and its memory kept. */
void bytes_clear(struct bytes *);
void bytes_free(struct bytes *);

#endif
