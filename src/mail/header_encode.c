/* SPDX-License-Identifier: Apache-2.0 */
/* header_encode: a value of our own for an unstructured field: folded, and in encoded words (RFC 2047) where it is not ASCII. */
#include "mail/header.h"

#include "base/buf.h"

#include <glib.h>
#include <string.h>

#define LINE 76u	/* RFC 2047 2 */
#define WORD_OCTETS 39u /* of text in one encoded word: 52 letters and what is around them */
#define WORD "=?UTF-8?B?"

static bool is_ascii(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e)
			return false;
	return true;
}

/* Lines break in front of a blank that is followed by something else: what is in no line is kept as it is. */
static void put_folded(struct mw_buf *out, size_t column, const char *s)
{
	while (*s) {
		size_t blanks = strspn(s, " "), n = blanks + strcspn(s + blanks, " ");

		if (column > 1 && column + n > LINE && blanks && s[blanks]) {
			mw_buf_putc(out, '\n');
			column = 0;
		}
		mw_buf_add(out, s, n);
		column += n;
		s += n;
	}
}

/* Octets for the next encoded word: whole characters. */
static size_t word_length(const char *s)
{
	size_t n = strnlen(s, WORD_OCTETS);

	if (s[n])
		while (n > 1 && ((unsigned char)s[n] & 0xc0) == 0x80)
			n--;
	return n;
}

static void put_words(struct mw_buf *out, size_t column, const char *s)
{
	for (size_t n; *s; s += n) {
		char word[4 * (WORD_OCTETS / 3 + 2)];
		gint state = 0, save = 0;
		gsize w;

		n = word_length(s);
		w = g_base64_encode_step((const guchar *)s, n, FALSE, word, &state, &save);
		w += g_base64_encode_close(FALSE, word + w, &state, &save);
		if (out->n && column + 1 + strlen(WORD) + w + 2 > LINE) {
			mw_buf_putc(out, '\n');
			column = 0;
		}
		mw_buf_printf(out, " " WORD "%.*s?=", (int)w, word);
		column += 1 + strlen(WORD) + w + 2;
	}
}

char *mw_header_encode(struct mw_arena *a, const char *name, const char *utf8)
{
	struct mw_buf out = MW_BUF_INIT;
	char *made = NULL;

	if (is_ascii(utf8)) {
		mw_buf_puts(&out, " ");
		put_folded(&out, strlen(name) + 2, utf8 + strspn(utf8, " "));
	} else {
		put_words(&out, strlen(name) + 1, utf8 + strspn(utf8, " "));
	}
	if (mw_buf_ok(&out))
		made = mw_arena_str(a, mw_buf_text(&out));
	mw_buf_free(&out);
	return made;
}
