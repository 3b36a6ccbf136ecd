/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf: octets that grow. What was in it is wiped when it goes: it is text of patients. Failures: -ENOMEM.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_BUF_H
#define PLUGINS_EXTRACT_LEGACY_BUF_H

#include <stddef.h>
#include <stdint.h>

struct buf {
	char *p;
	size_t n, cap;
};

int buf_add(struct buf *, const char *p, size_t n);
/* One character as UTF-8; what is none is U+FFFD, NUL and other controls but tab and LF are nothing. */
int buf_char(struct buf *, uint32_t c);
/* The same into to[4]; returns how many octets. */
size_t buf_encode(uint32_t c, char to[4]);
/* Empty, and its memory kept. */
void buf_clear(struct buf *);
void buf_free(struct buf *);

#endif
