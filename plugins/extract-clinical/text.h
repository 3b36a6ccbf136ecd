/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text: a growing text that remembers a failure to grow, and what is needed to take pieces out of octets. text_wipe() wipes what was
 * in it. Pure; no global state.
 */
#ifndef EXTRACT_CLINICAL_TEXT_H
#define EXTRACT_CLINICAL_TEXT_H

#include <milward/plugin.h>

struct text {
	char *p;
	size_t n, cap;
	bool failed; /* no memory: something is missing */
};

void text_add(struct text *, const char *p, size_t n);
void text_str(struct text *, struct mw_str);
void text_puts(struct text *, const char *);
void text_putc(struct text *, char);
/* A character as UTF-8; what is none, U+FFFD. */
void text_putu(struct text *, uint32_t);
/* The separator when there is something before it, then s; nothing when s is empty. */
void text_join(struct text *, const char *separator, struct mw_str s);
void text_cut(struct text *, size_t n);
void text_wipe(struct text *);
static inline struct mw_str text_all(const struct text *t)
{
	return (struct mw_str){.p = t->p ? t->p : "", .n = t->n};
}

static inline struct mw_str str(const char *s)
{
	return (struct mw_str){.p = s, .n = __builtin_strlen(s)};
}
bool str_is(struct mw_str, const char *);
bool str_begins(struct mw_str, const char *);
/* ASCII letters of any case. */
bool str_is_word(struct mw_str, const char *);
struct mw_str str_trim(struct mw_str);
/* The piece before the next separator; *rest is what is behind it, with p = NULL at the end. */
struct mw_str str_cut(struct mw_str *rest, char separator);
/* Piece i, from 0. */
struct mw_str str_piece(struct mw_str, char separator, size_t i);
bool str_digits(struct mw_str); /* one at least, and nothing else */
bool str_has(struct mw_str, const char *part);
struct mw_str str_from(struct mw_str, size_t at);
/* No more octets than max, whole characters. */
struct mw_str str_first(struct mw_str, size_t max);
/* Is it UTF-8 without NUL? */
bool str_utf8(struct mw_str);
/* For "%.*s": no more octets than max, and whole characters. */
#define STR_SHOWN(s, max) (int)str_first((s), (max)).n, (s).p

#endif
