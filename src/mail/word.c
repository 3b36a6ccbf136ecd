/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encoded words of header fields (RFC 2047). GMime has a decoder too, but its result is a C string that ends at the first encoded
 * NUL, and what follows would be hidden from the scanner.
 */
#include "mail/header.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "mail/mime.h"
#include "mail/transfer.h"

#define LABEL_MAX 64u

/* One "=?charset?B?text?=". */
struct word {
	struct mw_str charset, text;
	char encoding;
	size_t end; /* index behind it */
};

/* Octets of adjacent words of one charset: a character may be split between them. */
struct run {
	struct mw_buf octets;
	struct mw_str charset;
};

/* One line without NUL: folds lose their line end, any other CR or LF becomes a blank. A reader sees nothing where a NUL is. */
static void unfold(struct mw_str value, struct mw_buf *out)
{
	for (size_t i = 0; i < value.n; i++) {
		char c = value.p[i];

		if (c == '\r' || c == '\n') {
			while (i + 1 < value.n && (value.p[i + 1] == '\r' || value.p[i + 1] == '\n'))
				i++;
			if (i + 1 < value.n && (value.p[i + 1] == ' ' || value.p[i + 1] == '\t'))
				continue;
			c = ' ';
		}
		if (c)
			mw_buf_putc(out, c);
	}
}

/* Is there a whole encoded word at i? */
static bool word_at(struct mw_str s, size_t i, struct word *w)
{
	size_t k = i + 2;
	const char *end;

	if (s.n - i < 8 || s.p[i] != '=' || s.p[i + 1] != '?')
		return false;
	while (k < s.n && s.p[k] != '?' && s.p[k] != ' ' && k - i <= LABEL_MAX)
		k++;
	if (s.n - k < 4 || s.p[k] != '?' || !strchr("bBqQ", s.p[k + 1]) || s.p[k + 2] != '?')
		return false;
	w->charset = (struct mw_str){.p = s.p + i + 2, .n = k - i - 2};
	w->encoding = s.p[k + 1];
	k += 3;
	end = memmem(s.p + k, s.n - k, "?=", 2);
	if (!end)
		return false;
	w->text = (struct mw_str){.p = s.p + k, .n = (size_t)(end - s.p) - k};
	w->end = (size_t)(end - s.p) + 2;
	return true;
}

/* "utf-8*en" of RFC 2231 5. */
static struct mw_str without_language(struct mw_str charset)
{
	const char *star = memchr(charset.p, '*', charset.n);

	if (star)
		charset.n = (size_t)(star - charset.p);
	return charset;
}

static int run_flush(struct run *run, struct mw_buf *out)
{
	char label[LABEL_MAX + 1] = "";
	struct mw_str charset = without_language(run->charset), octets = {.p = mw_buf_text(&run->octets), .n = run->octets.n};
	bool guessed;
	int r;

	if (charset.n < sizeof(label))
		memcpy(label, charset.p, charset.n);
	r = octets.n ? mw_charset_to_utf8(octets, label, out, &guessed) : 0;
	mw_buf_clear(&run->octets);
	return r;
}

/* Index of the first octet at or after i that is no blank. */
static size_t skip_blanks(struct mw_str s, size_t i)
{
	while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t'))
		i++;
	return i;
}

/* Decodes the words that begin at *i and stand next to each other, blanks between them not counted; *i moves behind them. */
static int decode_words(struct mw_str s, size_t *i, struct word w, struct run *run, struct mw_buf *out)
{
	size_t next;
	int r;

	run->charset = w.charset;
	do {
		if (!mw_str_casesame(run->charset, w.charset)) {
			r = run_flush(run, out);
			if (r < 0)
				return r;
			run->charset = w.charset;
		}
		r = mw_transfer_decode_word(w.encoding, w.text, &run->octets);
		if (r < 0)
			return r;
		*i = w.end;
		next = skip_blanks(s, *i);
	} while (word_at(s, next, &w));
	return run_flush(run, out);
}

/* Text outside of words is UTF-8 (RFC 6532), or what its sender's machine used. */
static int decode_plain(struct mw_str s, struct mw_buf *out)
{
	bool guessed;

	return s.n ? mw_charset_to_utf8(s, "", out, &guessed) : 0;
}

static int decode_line(struct mw_str s, struct run *run, struct mw_buf *out)
{
	const char *last = NULL;
	size_t plain = 0, i = 0;
	struct word w;
	int r = 0;

	for (const char *p = s.p; (p = memmem(p, s.n - (size_t)(p - s.p), "?=", 2)); p += 2)
		last = p; /* behind the last "?=" no word can end: not searching there keeps this linear */
	while (last && i < s.n) {
		const char *mark = memmem(s.p + i, s.n - i, "=?", 2);

		if (!mark || mark >= last)
			break;
		i = (size_t)(mark - s.p);
		if (!word_at(s, i, &w)) {
			i += 2;
			continue;
		}
		r = decode_plain((struct mw_str){.p = s.p + plain, .n = i - plain}, out);
		if (r == 0)
			r = decode_words(s, &i, w, run, out);
		if (r < 0)
			return r;
		plain = i;
	}
	return decode_plain((struct mw_str){.p = s.p + plain, .n = s.n - plain}, out);
}

char *mw_header_decode(struct mw_arena *a, struct mw_str value)
{
	struct mw_buf line = MW_BUF_INIT, out = MW_BUF_INIT;
	struct run run = {.octets = MW_BUF_INIT};
	char *ret = NULL;

	unfold(mw_str_trim(value), &line);
	if (mw_buf_ok(&line) && decode_line((struct mw_str){.p = mw_buf_text(&line), .n = line.n}, &run, &out) == 0 &&
	    mw_buf_ok(&out))
		ret = mw_arena_dup(a, mw_buf_text(&out), out.n);
	mw_buf_free(&run.octets);
	mw_buf_free(&line);
	mw_buf_free(&out);
	return ret;
}
