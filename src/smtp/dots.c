/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp/dots.h"

#include <string.h>

#define LINE_MOST 998u /* RFC 5322 2.1.1, without CR LF */

enum { START = 0, INSIDE, CR, DOT, DOT_CR };

/* Octets at the start of s that change no state: the rest of a line, in one piece. */
static size_t plain(struct mw_str s, bool *eight_bit)
{
	size_t i = 0;

	while (i < s.n && s.p[i] != '\r' && s.p[i] != '\n') {
		*eight_bit |= (unsigned char)s.p[i] >= 0x80;
		i++;
	}
	return i;
}

/* One octet that is no part of such a piece. The state is INSIDE, CR, START, DOT or DOT_CR. */
static void undot_octet(struct mw_undot *u, char c, struct mw_buf *out)
{
	switch (u->state) {
	case START:
		if (c == '.') {
			u->state = DOT;
			return;
		}
		break;
	case DOT:
		if (c == '\r') {
			u->state = DOT_CR;
			return;
		}
		break; /* the dot is taken off */
	case DOT_CR:
		if (c == '\n') {
			u->done = true;
			return;
		}
		mw_buf_putc(out, '\r');
		u->bare = true;
		break;
	case CR:
		if (c == '\n') {
			mw_buf_add(out, "\r\n", 2);
			u->state = START;
			return;
		}
		mw_buf_putc(out, '\r');
		u->bare = true;
		break;
	default:
		break;
	}
	if (c == '\r') {
		u->state = CR;
		return;
	}
	u->bare |= c == '\n';
	u->eight_bit |= (unsigned char)c >= 0x80;
	u->state = INSIDE;
	mw_buf_putc(out, c);
}

size_t mw_undot(struct mw_undot *u, struct mw_str in, struct mw_buf *out)
{
	size_t i = 0;

	while (i < in.n && !u->done) {
		if (u->state == INSIDE) {
			size_t n = plain(mw_str_behind(in, i), &u->eight_bit);

			mw_buf_add(out, in.p + i, n);
			i += n;
			if (i == in.n)
				break;
		}
		undot_octet(u, in.p[i++], out);
	}
	return i;
}

/* ---- sending --------------------------------------------------------------------------------------------------------------------- */

static void line_end(struct mw_dot *d, struct mw_buf *out)
{
	mw_buf_add(out, "\r\n", 2);
	d->state = START;
	d->line = 0;
}

static void alone(struct mw_dot *d, struct mw_buf *out)
{
	if (d->repair)
		line_end(d, out);
	else
		d->wrong = "a CR or LF stands alone";
}

static void add_piece(struct mw_dot *d, struct mw_str s, bool eight_bit, struct mw_buf *out)
{
	if (d->state == START && s.p[0] == '.')
		mw_buf_putc(out, '.');
	d->line += s.n;
	if (!d->eight_bit_ok && eight_bit)
		d->wrong = "an octet over 127";
	else if (!d->eight_bit_ok && d->line > LINE_MOST)
		d->wrong = "a line over 998 octets";
	else
		mw_buf_add(out, s.p, s.n);
	d->state = INSIDE;
}

void mw_dot(struct mw_dot *d, struct mw_str in, struct mw_buf *out)
{
	while (in.n && !d->wrong) {
		bool eight_bit = false;
		size_t n;

		if (d->state == CR && in.p[0] == '\n') {
			line_end(d, out);
			in = mw_str_behind(in, 1);
			continue;
		}
		if (d->state == CR) {
			alone(d, out);
			continue;
		}
		n = plain(in, &eight_bit);
		if (n) {
			add_piece(d, (struct mw_str){.p = in.p, .n = n}, eight_bit, out);
			in = mw_str_behind(in, n);
			continue;
		}
		if (in.p[0] == '\r')
			d->state = CR;
		else
			alone(d, out);
		in = mw_str_behind(in, 1);
	}
}

void mw_dot_end(struct mw_dot *d, struct mw_buf *out)
{
	if (!d->wrong && d->state == CR)
		alone(d, out);
	if (!d->wrong && d->state == INSIDE)
		line_end(d, out);
	if (!d->wrong)
		mw_buf_puts(out, ".\r\n");
}
