/* SPDX-License-Identifier: Apache-2.0 */
/* ascii: letters, digits and blanks of HTML and CSS, which know those of ASCII alone, in no locale. Internal. */
#ifndef EXTRACT_HTML_ASCII_H
#define EXTRACT_HTML_ASCII_H

#include <milward/plugin.h>

#include <string.h>

static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static inline bool ascii_is_letter(char c)
{
	return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

static inline bool ascii_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* The value of a hexadecimal digit, -1 = it is none. */
static inline int ascii_hex(char c)
{
	c = ascii_lower(c);
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline struct mw_str ascii_piece(struct mw_str s, size_t from, size_t to)
{
	return (struct mw_str){.p = s.p + from, .n = to - from};
}

/* Does this word, given in small letters, stand at i <= s.n, in letters of any case? */
static inline bool ascii_begins(struct mw_str s, size_t i, const char *word)
{
	size_t k = 0;

	while (word[k] && i + k < s.n && ascii_lower(s.p[i + k]) == word[k])
		k++;
	return !word[k];
}

static inline bool ascii_same(struct mw_str s, const char *word)
{
	return strlen(word) == s.n && ascii_begins(s, 0, word);
}

/* Index of the word at or after i; s.n = it is not there. */
static inline size_t ascii_find(struct mw_str s, size_t i, const char *word)
{
	while (i < s.n && !ascii_begins(s, i, word))
		i++;
	return i;
}

#endif
