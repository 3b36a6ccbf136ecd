/* SPDX-License-Identifier: Apache-2.0 */
#include "spelled.h"

#include <string.h>

#define PIECES_MIN 3u
#define DIGITS_MIN 6u

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void append(struct spelled *s, const char *p, size_t n)
{
	s->piece_all += n;
	if (n > sizeof(s->piece)) {
		p += n - sizeof(s->piece);
		n = sizeof(s->piece);
	}
	if (n > sizeof(s->piece) - s->piece_n) {
		size_t keep = sizeof(s->piece) - n;

		keep = keep < s->piece_n ? keep : s->piece_n;
		memmove(s->piece, s->piece + s->piece_n - keep, keep);
		s->piece_n = keep;
	}
	memcpy(s->piece + s->piece_n, p, n);
	s->piece_n += n;
}

void spelled_text(struct spelled *s, bool space, const char *p, size_t n)
{
	if (space && s->piece_all)
		append(s, " ", 1);
	append(s, p, n);
}

static void end_run(struct spelled *s)
{
	size_t cut = 0;

	if (s->pieces >= PIECES_MIN && s->digits >= DIGITS_MIN) {
		while (cut < s->label_n && ((unsigned char)s->label[cut] & 0xc0) == 0x80)
			cut++; /* not inside of a character */
		flow_block(s->to);
		flow_text(s->to, s->label + cut, s->label_n - cut);
		flow_text(s->to, " ", 1);
		flow_text(s->to, s->run, s->run_n);
		flow_block(s->to);
	}
	s->run_n = s->pieces = s->digits = 0;
	s->open = s->sign = false;
}

/* Digits, or one sign that stands in numbers. */
static bool is_number_piece(const struct spelled *s)
{
	if (s->piece_all == 0 || s->piece_all > SPELLED_PIECE)
		return false;
	if (s->piece_all == 1)
		return is_digit(s->piece[0]) || strchr("-/.", s->piece[0]);
	for (size_t i = 0; i < s->piece_n; i++)
		if (!is_digit(s->piece[i]))
			return false;
	return true;
}

void spelled_break(struct spelled *s)
{
	bool one = s->piece_all == 1, sign = one && !is_digit(s->piece[0]);

	if (s->piece_all == 0)
		return;
	if (!is_number_piece(s)) {
		end_run(s);
		memcpy(s->label, s->piece, s->piece_n);
		s->label_n = s->piece_n;
	} else {
		if (s->pieces && !(sign || s->sign || (one && s->open)))
			end_run(s);
		if (s->run_n + s->piece_n > sizeof(s->run))
			end_run(s);
		memcpy(s->run + s->run_n, s->piece, s->piece_n);
		s->run_n += s->piece_n;
		s->digits += sign ? 0 : s->piece_n;
		s->pieces++;
		s->open = one;
		s->sign = sign;
	}
	s->piece_n = s->piece_all = 0;
}

void spelled_end(struct spelled *s)
{
	spelled_break(s);
	end_run(s);
	explicit_bzero(s, sizeof(*s));
}
