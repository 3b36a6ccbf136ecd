/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/transfer.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/str.h"
#include "mail/yenc.h"

#define CHUNK 12288u /* decoded octets that are gathered before they are appended; a multiple of 3 */
#define SAMPLE 1024u

/* Decoded octets on their way to a buffer that may take no more than `left`. */
struct drain {
	struct mw_buf *out;
	uint64_t left;
	size_t n, used; /* in the chunk: now, and at most */
	bool full;
	char chunk[CHUNK];
};

static void drain_flush(struct drain *d)
{
	size_t n = d->n;

	if (n > d->used)
		d->used = n;
	if (n > d->left) {
		n = (size_t)d->left;
		d->full = true;
	}
	mw_buf_add(d->out, d->chunk, n);
	d->left -= n;
	d->n = 0;
}

/* Makes room for n octets (at most 4). False: stop, the limit is reached or memory is gone. */
static bool drain_room(struct drain *d, size_t n)
{
	if (d->n + n > CHUNK)
		drain_flush(d);
	return !d->full && mw_buf_ok(d->out);
}

static void drain_add(struct drain *d, const char *p, size_t n)
{
	if (n <= CHUNK - d->n) {
		memcpy(d->chunk + d->n, p, n);
		d->n += n;
		return;
	}
	drain_flush(d);
	if (n > d->left) {
		n = (size_t)d->left;
		d->full = true;
	}
	mw_buf_add(d->out, p, n);
	d->left -= n;
}

/* Message text does not stay behind on the stack. */
static int drain_end(struct drain *d)
{
	int r;

	drain_flush(d);
	r = !mw_buf_ok(d->out) ? -ENOMEM : d->full ? -EFBIG : 0;
	explicit_bzero(d->chunk, d->used);
	return r;
}

/* ---- base64 ----------------------------------------------------------------------------------------------------------------- */

/* Value of each octet + 1; 0 = not of the alphabet, skipped. */
static const uint8_t base64_values[256] = {
    ['A'] = 1,	['B'] = 2,  ['C'] = 3,	['D'] = 4,  ['E'] = 5,	['F'] = 6,  ['G'] = 7,	['H'] = 8,  ['I'] = 9,	['J'] = 10,
    ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20,
    ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30,
    ['e'] = 31, ['f'] = 32, ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48, ['w'] = 49, ['x'] = 50,
    ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56, ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60,
    ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

static unsigned base64_value(char c)
{
	return base64_values[(unsigned char)c];
}

bool mw_transfer_is_base64(char c)
{
	return c == '=' || base64_value(c) != 0;
}

/* Four letters without anything between. False: they are not all letters. */
static bool base64_group(const char *p, char *out)
{
	uint32_t a = base64_value(p[0]) - 1u, b = base64_value(p[1]) - 1u, c = base64_value(p[2]) - 1u,
		 d = base64_value(p[3]) - 1u;
	uint32_t v = a << 18 | b << 12 | c << 6 | d;

	if ((a | b | c | d) > 63u)
		return false;
	out[0] = (char)(v >> 16);
	out[1] = (char)(v >> 8 & 0xff);
	out[2] = (char)(v & 0xff);
	return true;
}

/* Groups in a row: nearly all of nearly every body. */
static size_t base64_fast(struct drain *d, struct mw_str s, size_t i)
{
	while (s.n - i >= 4 && drain_room(d, 3)) {
		size_t groups = (CHUNK - d->n) / 3;

		if (groups > (s.n - i) / 4)
			groups = (s.n - i) / 4;
		for (; groups && base64_group(s.p + i, d->chunk + d->n); groups--) {
			d->n += 3;
			i += 4;
		}
		if (groups)
			break;
	}
	return i;
}

/* What a group of 2 or 3 letters holds; one letter alone holds no octet. */
static void base64_rest(struct drain *d, uint32_t v, unsigned letters)
{
	if (!drain_room(d, 3))
		return;
	if (letters >= 2)
		d->chunk[d->n++] = (char)(v >> (letters == 2 ? 4 : 10) & 0xff);
	if (letters == 3)
		d->chunk[d->n++] = (char)(v >> 2 & 0xff);
}

/* Spaces inside lines, commas, full stops: words, not base64. A few odd octets are what a damaged transfer leaves. */
static bool base64_looks(struct mw_str s)
{
	size_t odd = 0, n = s.n < SAMPLE ? s.n : SAMPLE, seen = 0;

	for (size_t i = 0; i < n; i++) {
		char c = s.p[i];

		if (c == '\r' || c == '\n' || c == '\t' || c == '=')
			continue;
		seen++;
		odd += base64_value(c) == 0;
	}
	return odd * 20 <= seen;
}

/* Is what follows the padding at i a footer in plain text, put there by a list? Looked at once in SAMPLE octets, so that padding
 * everywhere costs no more than one more pass. */
static bool base64_footer(struct mw_str s, size_t i, size_t *looked)
{
	if (i < *looked)
		return false;
	*looked = i + SAMPLE;
	while (i < s.n && s.p[i] == '=')
		i++;
	return !base64_looks((struct mw_str){.p = s.p + i, .n = s.n - i});
}

/* Readers do not agree on an '=' where data goes on behind it, nor on the two letters of RFC 4648 5. */
struct base64_way {
	enum {
		PAD_FULL = 0, /* it ends a group that it makes full, else it is nothing */
		PAD_CUTS,     /* it ends its group in any case */
		PAD_NEVER
	} pad;
	bool url; /* '-' and '_' are letters */
};

/* What was met that is read in another way too. */
struct base64_odd {
	bool cut, never, url;
};

static unsigned base64_letter(struct mw_str s, size_t i, struct base64_way way, struct base64_odd *odd)
{
	char c = s.p[i];
	unsigned x = base64_value(c);

	if (x || (c != '-' && c != '_'))
		return x;
	/* Between words of a line, and in a list's footer, it is none. */
	if (i == 0 || i + 1 == s.n || !base64_value(s.p[i - 1]) || !base64_value(s.p[i + 1]))
		return 0;
	odd->url = true;
	return way.url ? (c == '-' ? 63 : 64) : 0;
}

static bool base64_ends(struct base64_way way, unsigned letters, unsigned pads)
{
	return letters && (way.pad == PAD_CUTS || (way.pad == PAD_FULL && letters >= 2 && letters + pads >= 4));
}

/* Padding does not end the data: readers go on behind it. */
static void base64_decode_as(struct drain *d, struct mw_str s, struct base64_way way, struct base64_odd *odd)
{
	uint32_t v = 0;
	unsigned letters = 0, pads = 0;
	size_t looked = 0, pad_at = 0;

	for (size_t i = 0; i < s.n && !d->full && mw_buf_ok(d->out); i++) {
		unsigned x;

		if (letters == 0 && pads == 0)
			i = base64_fast(d, s, i);
		x = i < s.n ? base64_letter(s, i, way, odd) : 0;
		if (x) {
			odd->cut = odd->cut || (pads && letters);
			odd->never = odd->never || pads;
			pads = 0;
			v = v << 6 | (x - 1);
			if (++letters == 4 && drain_room(d, 3)) {
				d->chunk[d->n++] = (char)(v >> 16 & 0xff);
				d->chunk[d->n++] = (char)(v >> 8 & 0xff);
				d->chunk[d->n++] = (char)(v & 0xff);
				letters = 0;
			}
		} else if (i < s.n && s.p[i] == '=') {
			pad_at = pads++ ? pad_at : i;
			if (!base64_ends(way, letters, pads))
				continue;
			base64_rest(d, v, letters);
			letters = 0;
			if (base64_footer(s, pad_at, &looked)) {
				drain_add(d, s.p + pad_at, s.n - pad_at);
				return;
			}
		}
	}
	base64_rest(d, v, letters);
}

/* All ways in which it can be read, a line end between them. */
static void base64_decode(struct drain *d, struct mw_str s)
{
	static const struct base64_way others[] = {{.pad = PAD_CUTS}, {.pad = PAD_NEVER}, {.url = true}};
	struct base64_odd odd = {false, false, false}, more;

	base64_decode_as(d, s, (struct base64_way){.pad = PAD_FULL}, &odd);
	more = odd;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (others[i].url ? odd.url : others[i].pad == PAD_CUTS ? odd.cut : odd.never) {
			drain_add(d, "\n", 1);
			base64_decode_as(d, s, others[i], &more);
		}
}

/* ---- quoted-printable --------------------------------------------------------------------------------------------------------- */

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = mw_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "=XX" at i? Its value, or -1. */
static int qp_octet(struct mw_str s, size_t i)
{
	int high, low;

	if (s.n - i < 3)
		return -1;
	high = hex_value(s.p[i + 1]);
	low = hex_value(s.p[i + 2]);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* Octets of the soft line break that the '=' at i begins: blanks, then a line end or the end of the data. 0 = it is none. */
static size_t qp_soft_break(struct mw_str s, size_t i)
{
	size_t k = i + 1;

	while (k < s.n && (s.p[k] == ' ' || s.p[k] == '\t'))
		k++;
	if (k < s.n && s.p[k] == '\r')
		k++;
	if (k == s.n)
		return k - i;
	return s.p[k] == '\n' ? k + 1 - i : 0;
}

static void qp_decode(struct drain *d, struct mw_str s)
{
	size_t i = 0;

	while (i < s.n && drain_room(d, 1)) {
		const char *eq = memchr(s.p + i, '=', s.n - i);
		size_t plain = (eq ? (size_t)(eq - s.p) : s.n) - i, soft;
		int octet;

		if (plain) {
			drain_add(d, s.p + i, plain);
			i += plain;
			continue;
		}
		octet = qp_octet(s, i);
		soft = octet < 0 ? qp_soft_break(s, i) : 0;
		if (soft == 0)
			d->chunk[d->n++] = octet < 0 ? '=' : (char)octet; /* a stray '=' stays */
		i += octet >= 0 ? 3 : soft ? soft : 1;
	}
}

/* Does every '=' begin an octet or end a line? Text that is not encoded rarely manages that. */
static bool qp_pure(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		const char *eq = memchr(s.p + i, '=', s.n - i);

		if (!eq)
			break;
		i = (size_t)(eq - s.p);
		if (qp_octet(s, i) < 0 && qp_soft_break(s, i) == 0)
			return false;
	}
	return true;
}

/* ---- uuencode ----------------------------------------------------------------------------------------------------------------- */

/* A CR ends a line too: what is behind it begins with its number of octets. */
static struct mw_str uu_take_line(struct mw_str *s)
{
	struct mw_str line = *s;

	while (line.n && (line.p[0] == '\r' || line.p[0] == '\n'))
		line = mw_str_behind(line, 1);
	for (*s = line; s->n && s->p[0] != '\r' && s->p[0] != '\n';)
		*s = mw_str_behind(*s, 1);
	line.n -= s->n;
	return line;
}

/* The data behind the "begin MODE NAME" line; nothing when there is no such line. */
static struct mw_str uu_data(struct mw_str s)
{
	while (s.n) {
		struct mw_str line = uu_take_line(&s);

		if (line.n > 5 && memcmp(line.p, "begin", 5) == 0 && (line.p[5] < 'a' || line.p[5] > 'z'))
			break;
	}
	return s;
}

/* The next letter of a line at *i: what is none counts as a blank, as does what was cut off, and a NUL is not there. */
static unsigned uu_letter(struct mw_str line, size_t *i)
{
	while (*i < line.n && line.p[*i] == '\0')
		(*i)++;
	if (*i >= line.n)
		return 0;
	(*i)++;
	return line.p[*i - 1] >= ' ' && line.p[*i - 1] <= '`' ? (unsigned)(line.p[*i - 1] - ' ') & 63 : 0;
}

/* Each line says how many octets it holds: one that is damaged does no harm to the next. */
static void uu_decode_line(struct drain *d, struct mw_str line)
{
	size_t i = 0;
	unsigned left = uu_letter(line, &i);

	while (left && drain_room(d, 3)) {
		unsigned v = 0;

		for (int k = 0; k < 4; k++)
			v = v << 6 | uu_letter(line, &i);
		for (int shift = 16; left && shift >= 0; shift -= 8, left--)
			d->chunk[d->n++] = (char)(v >> shift & 0xff);
	}
}

/* One file after the other. */
static void uu_decode(struct drain *d, struct mw_str s)
{
	s = uu_data(s);
	while (s.n && !d->full && mw_buf_ok(d->out)) {
		struct mw_str line = uu_take_line(&s);

		if (line.n == 3 && memcmp(line.p, "end", 3) == 0)
			s = uu_data(s);
		else
			uu_decode_line(d, line);
	}
}

/* ---- by name ------------------------------------------------------------------------------------------------------------------ */

enum mw_transfer mw_transfer_by_name(struct mw_str value)
{
	static const struct {
		const char *name;
		enum mw_transfer transfer;
	} names[] = {
	    {"base64", MW_TRANSFER_BASE64}, {"quoted-printable", MW_TRANSFER_QP},
	    {"x-uuencode", MW_TRANSFER_UU}, {"uuencode", MW_TRANSFER_UU},
	    {"x-uue", MW_TRANSFER_UU},	    {"x-yenc", MW_TRANSFER_YENC},
	    {"yenc", MW_TRANSFER_YENC},
	};

	value = mw_str_trim(value);
	if (value.n && value.p[0] == '"') {
		value.p++;
		value.n--;
	}
	for (size_t i = 0; i < value.n; i++)
		if (strchr(" \t\r\n;(\"", value.p[i]))
			value.n = i; /* "base64 (comment)", "base64;" */
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (mw_str_caseeq(value, names[i].name))
			return names[i].transfer;
	return MW_TRANSFER_NONE;
}

/* Places in long data that are looked at, and the octets at the end, where lists add their text. */
#define SAMPLES 16u
#define TAIL 256u

/* Base64 that ends in a text, or has one in it, is both. */
static bool base64_pure(struct mw_str s)
{
	size_t tail = s.n < TAIL ? s.n : TAIL, step = s.n / SAMPLES > SAMPLE ? s.n / SAMPLES : SAMPLE;

	for (size_t i = 0; i < s.n; i += step)
		if (!base64_looks((struct mw_str){.p = s.p + i, .n = s.n - i}))
			return false;
	return base64_looks((struct mw_str){.p = s.p + s.n - tail, .n = tail});
}

bool mw_transfer_plausible(enum mw_transfer t, struct mw_str data)
{
	switch (t) {
	case MW_TRANSFER_BASE64:
		return base64_looks(data);
	case MW_TRANSFER_UU:
		return uu_data(data).n > 0;
	case MW_TRANSFER_YENC:
		return memmem(data.p, data.n, "=ybegin ", 8) != NULL;
	case MW_TRANSFER_QP: /* what is no escape stays as it is */
	case MW_TRANSFER_NONE:
		break;
	}
	return true;
}

bool mw_transfer_pure(enum mw_transfer t, struct mw_str data)
{
	switch (t) {
	case MW_TRANSFER_BASE64:
		return base64_pure(data);
	case MW_TRANSFER_QP:
		return qp_pure(data);
	case MW_TRANSFER_UU:
		return uu_data(data).n > 0;
	case MW_TRANSFER_YENC:
		return false; /* around it may be any text */
	case MW_TRANSFER_NONE:
		break;
	}
	return true;
}

/* About as many octets as there will be, once decoded. */
static size_t decoded_size(enum mw_transfer t, size_t n, uint64_t max)
{
	if (t == MW_TRANSFER_BASE64 || t == MW_TRANSFER_UU)
		n -= n / 4;
	return n < max ? n : (size_t)max;
}

int mw_transfer_decode(enum mw_transfer t, struct mw_str data, uint64_t max, struct mw_buf *out)
{
	struct drain d;

	if (t == MW_TRANSFER_YENC)
		return mw_yenc_decode(data, max, out);
	mw_buf_reserve(out, decoded_size(t, data.n, max));
	d.out = out;
	d.left = max;
	d.n = 0;
	d.used = 0;
	d.full = false;
	switch (t) {
	case MW_TRANSFER_BASE64:
		base64_decode(&d, data);
		break;
	case MW_TRANSFER_QP:
		qp_decode(&d, data);
		break;
	case MW_TRANSFER_UU:
		uu_decode(&d, data);
		break;
	case MW_TRANSFER_YENC:
	case MW_TRANSFER_NONE:
		drain_add(&d, data.p, data.n);
		break;
	}
	return drain_end(&d);
}

int mw_transfer_decode_word(char encoding, struct mw_str data, struct mw_buf *out)
{
	if (mw_lower(encoding) == 'b')
		return mw_transfer_decode(MW_TRANSFER_BASE64, data, UINT64_MAX, out);
	for (size_t i = 0; i < data.n; i++) {
		int octet = data.p[i] == '=' ? qp_octet(data, i) : -1;

		mw_buf_putc(out, octet >= 0 ? (char)octet : data.p[i] == '_' ? ' ' : data.p[i]);
		if (octet >= 0)
			i += 2;
	}
	return mw_buf_ok(out) ? 0 : -ENOMEM;
}
