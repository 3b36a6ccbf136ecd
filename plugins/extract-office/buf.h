/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf: octets that grow. All hold text of a message and are wiped when they are freed or moved. Failures: -ENOMEM; -EFBIG: more than 64 MB
 * in one piece, which no document for people has.
 */
#ifndef OFFICE_BUF_H
#define OFFICE_BUF_H

#include <milward/plugin.h>

struct buf {
	char *p;
	size_t n, cap;
};

int buf_add(struct buf *, const char *p, size_t n);
int buf_char(struct buf *, char c);
int buf_word(struct buf *, const char *word); /* terminated */
/* A code point as UTF-8; one that is none, or is no character of XML, leaves nothing. */
int buf_code(struct buf *, uint32_t code);
/* As buf_add(), but white space and controls become a blank. */
int buf_flat(struct buf *, const char *p, size_t n);
/* Behind this, p[n] is NUL, which is not counted. */
int buf_terminate(struct buf *);
/* What is no UTF-8, or NUL, becomes question marks: a parser that goes on after an error lets such pass. */
void buf_mend(struct buf *);
void buf_free(struct buf *);

static inline struct mw_str buf_str(const struct buf *b)
{
	return (struct mw_str){.p = b->n ? b->p : "", .n = b->n};
}

#endif
