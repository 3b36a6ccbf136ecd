/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text: text that grows, and octets of strangers in it. It is malloc()ed; without memory `failed` is set, and what follows is dropped.
 */
#ifndef MW_AUTH_TEXT_H
#define MW_AUTH_TEXT_H

#include <milward/plugin.h>

struct mw_text {
	char *p; /* terminated; NULL at first */
	size_t n, size;
	bool failed;
};

void mw_text_free(struct mw_text *);
void mw_text_put(struct mw_text *, const char *s);
void mw_text_putn(struct mw_text *, const char *p, size_t n);
void mw_text_printf(struct mw_text *, const char *fmt, ...) MW_PRINTF(2, 3);
/* A value of RFC 2045: a token as it is, all else as a quoted string; what is not printable ASCII becomes "?". At most `most` octets of
 * it are taken. */
void mw_text_pvalue(struct mw_text *, struct mw_str, size_t most);
/* Always as a quoted string. */
void mw_text_quoted(struct mw_text *, struct mw_str, size_t most);

#endif
