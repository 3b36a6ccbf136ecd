/* SPDX-License-Identifier: Apache-2.0 */
/* buf: octets that grow. A failure to grow is remembered, so that a writer checks once at the end (mw_buf_ok). */
#ifndef MW_BASE_BUF_H
#define MW_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct mw_buf {
	char *p; /* always terminated when not NULL; the terminator is not counted */
	size_t n, cap;
	bool failed;
};

#define MW_BUF_INIT                                                                                                              \
	{                                                                                                                        \
		0                                                                                                                \
	}

void mw_buf_add(struct mw_buf *, const char *p, size_t n);
void mw_buf_puts(struct mw_buf *, const char *s);
/* Makes room for n octets more at once: no copies on the way. */
void mw_buf_reserve(struct mw_buf *, size_t n);
void mw_buf_putc(struct mw_buf *, char c);
void mw_buf_printf(struct mw_buf *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Keeps the first n octets, at most what is there, and wipes the others. */
void mw_buf_cut(struct mw_buf *, size_t n);
/* Keeps the memory. */
void mw_buf_clear(struct mw_buf *);
static inline bool mw_buf_ok(const struct mw_buf *b)
{
	return !b->failed;
}
/* Terminated text, "" when empty. */
static inline const char *mw_buf_text(const struct mw_buf *b)
{
	return b->p ? b->p : "";
}
/* Wipes and frees. */
void mw_buf_free(struct mw_buf *);

#endif
