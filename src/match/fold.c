/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fold: two passes with the same walk, the first only counts, so memory is exact and text that does not change is not copied.
 * Runs of ASCII are skipped eight octets at a time; every other code point is looked up once in utf8proc's tables.
 */
#include "match/fold.h"

#include <errno.h>
#include <glib.h>
#include <string.h>
#include <utf8proc.h>

#define INPUT_MAX 0x7fffffffu
/* Compatibility forms longer than this (one Arabic ligature) stay as they are, which bounds the growth of the text. */
#define EXPAND_MAX 8
#define MARKS_MAX 3u /* of one letter, as in Vietnamese */
#define MARKED_MAX 8
#define MIXED_MAX 32u /* octets on either side in which an ASCII letter makes a word one of these */

/* From this folded octet on: copy = octets follow the input one to one; else all came from the code point at `in`. */
struct mw_fold_step {
	uint32_t out;
	uint32_t in : 31;
	uint32_t copy : 1;
};

struct sink {
	char *p;		   /* NULL while counting */
	struct mw_fold_step *step; /* NULL while counting */
	size_t n, steps;
	size_t shift; /* in - out of the run that is being copied */
	bool copying, changed;
};

static void sink_step(struct sink *s, size_t in, bool copy)
{
	if (s->step)
		s->step[s->steps] = (struct mw_fold_step){.out = (uint32_t)s->n, .in = (uint32_t)in & INPUT_MAX, .copy = copy};
	s->steps++;
	s->copying = copy;
}

static void sink_copy(struct sink *s, const char *p, size_t n, size_t in)
{
	/* The shift is taken modulo SIZE_MAX + 1: folded text may be longer than what it came from. */
	if (!s->copying || s->shift != in - s->n) {
		sink_step(s, in, true);
		s->shift = in - s->n;
	}
	if (s->p)
		memcpy(s->p + s->n, p, n);
	s->n += n;
}

static void sink_points(struct sink *s, const utf8proc_int32_t *v, int n, size_t in)
{
	s->changed = true;
	if (n > 0)
		sink_step(s, in, false);
	for (int i = 0; i < n; i++) {
		utf8proc_uint8_t utf8[4];
		size_t len = (size_t)utf8proc_encode_char(v[i], utf8);

		if (s->p)
			memcpy(s->p + s->n, utf8, len);
		s->n += len;
	}
}

/* Signs that a reader takes for an ASCII one, beyond what whole categories say. 0 = none. */
static utf8proc_int32_t sign_ascii(utf8proc_int32_t c)
{
	switch (c) {
	case 0x00b4:
	case 0x02b9:
	case 0x02bb:
	case 0x02bc:
	case 0x2018:
	case 0x2019:
	case 0x201a:
	case 0x201b:
	case 0x2032:
	case 0x2035:
	case 0x2039:
	case 0x203a:
		return '\'';
	case 0x00ab:
	case 0x00bb:
	case 0x02ba:
	case 0x201c:
	case 0x201d:
	case 0x201e:
	case 0x201f:
	case 0x2033:
	case 0x2036:
	case 0x301d:
	case 0x301e:
	case 0x301f:
		return '"';
	case 0x02d7:
	case 0x2043:
	case 0x2212:
		return '-';
	case 0x2044:
	case 0x2215:
		return '/';
	case 0x0085:
	case 0x2028:
	case 0x2029:
		return '\n';
	case 0x212a: /* Kelvin */
		return 'K';
	case 0x037e: /* Greek question mark */
		return ';';
	default:
		return 0;
	}
}

static utf8proc_int32_t point_ascii(utf8proc_int32_t c, const utf8proc_property_t *prop)
{
	int digit;

	switch (prop->category) {
	case UTF8PROC_CATEGORY_ND:
		digit = g_unichar_digit_value((gunichar)c);
		return digit >= 0 ? '0' + digit : 0;
	case UTF8PROC_CATEGORY_ZS:
		return ' ';
	case UTF8PROC_CATEGORY_PD:
		return '-';
	default:
		return sign_ascii(c);
	}
}

/* What a code point beyond ASCII becomes: how many code points are in v (0 = it vanishes), or -1: it stays. */
static int point_fold(utf8proc_int32_t c, utf8proc_int32_t v[EXPAND_MAX])
{
	const utf8proc_property_t *prop = utf8proc_get_property(c);
	utf8proc_ssize_t n;
	int boundary = 0;

	if (prop->ignorable || (c >= 0xfff9 && c <= 0xfffb) || (c >= 0x80 && c < 0xa0 && c != 0x85))
		return 0;
	v[0] = point_ascii(c, prop);
	if (v[0])
		return 1;
	/* Canonical compositions (é) stay; only forms that are marked as compatibility forms are taken apart. */
	if (!prop->decomp_type)
		return -1;
	n = utf8proc_decompose_char(c, v, EXPAND_MAX, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &boundary);
	if (n < 1 || n > EXPAND_MAX || (n > 1 && v[0] == ' ')) /* a free-standing accent is not a space */
		return -1;
	for (int i = 0; i < n; i++) {
		utf8proc_int32_t ascii = v[i] < 0x80 ? 0 : point_ascii(v[i], utf8proc_get_property(v[i]));

		v[i] = ascii ? ascii : v[i];
	}
	return (int)n;
}

/* Letters of other scripts, and the ASCII ones that a reader takes them for: 0x400 to 0x45f by themselves, the rest as pairs. */
static char letter_ascii(utf8proc_int32_t c)
{
	static const char cyrillic[] = ".....SI.J......."	/* 400 */
				       "A.B..E....K.MHO."	/* 410 */
				       "PCTY.X.........."	/* 420 */
				       "a....e........o."	/* 430 */
				       "pc.y.x.........."	/* 440 */
				       ".....si.j.......";	/* 450 */
	static const char greek[] = "AB..EZH.IK.MN.O.P.TY.X.."; /* 391 */
	char ascii = '.';

	if (c >= 0x400 && c < 0x460)
		ascii = cyrillic[c - 0x400];
	else if (c >= 0x391 && c <= 0x3a8)
		ascii = greek[c - 0x391];
	else if (c == 0x3bf)
		ascii = 'o';
	else if (c == 0x4bb)
		ascii = 'h';
	else if (c == 0x501)
		ascii = 'd';
	else if (c == 0x251)
		ascii = 'a';
	else if (c == 0x261)
		ascii = 'g';
	return ascii == '.' ? 0 : ascii;
}

static bool is_ascii_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Is there an ASCII letter in the same word? A whole word of another script is left alone. */
static bool in_ascii_word(struct mw_str in, size_t at)
{
	size_t from = at > MIXED_MAX ? at - MIXED_MAX : 0, to = in.n - at > MIXED_MAX ? at + MIXED_MAX : in.n, i;

	for (i = at; i > from && ((unsigned char)in.p[i - 1] & 0x80u); i--)
		;
	if (i > from && is_ascii_letter(in.p[i - 1]))
		return true;
	for (i = at; i < to && ((unsigned char)in.p[i] & 0x80u); i++)
		;
	return i < to && is_ascii_letter(in.p[i]);
}

/* Marks that strike through or surround, and any mark on a digit or a sign: no letter of any language has those. */
static bool is_stray_mark(utf8proc_int32_t c, char before)
{
	bool letter = (before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z') || ((unsigned char)before & 0x80u);

	if ((c >= 0x0334 && c <= 0x0338) || (c >= 0x20d0 && c <= 0x20f0))
		return true;
	return !letter && utf8proc_get_property(c)->category == UTF8PROC_CATEGORY_MN && utf8proc_get_property(c)->combining_class;
}

/* Controls that separate nothing: mail programs show nothing in their place. */
static bool is_silent(char c)
{
	return (c >= 0x01 && c <= 0x08) || (c >= 0x0e && c <= 0x1b) || c == 0x7f;
}

/* Is there an octet below 0x20 (line ends, mostly), or 0x7f, among these of ASCII? */
static bool has_control(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101u;

	return ((w - ones * 0x20) | (w + ones)) & ones * 0x80;
}

static size_t ascii_run(const char *p, size_t n)
{
	size_t i = 0, end;

	while (n - i >= 8) {
		uint64_t w;

		memcpy(&w, p + i, sizeof(w));
		if (w & 0x8080808080808080u)
			break;
		for (end = i + 8; i < end && has_control(w); i++)
			if (is_silent(p[i]))
				return i;
		i = end;
	}
	while (i < n && !((unsigned char)p[i] & 0x80u) && !is_silent(p[i]))
		i++;
	return i;
}

/* Octets of a mark that belongs on the letter before it (U+0300 to U+036F), 0: none stands there. */
static size_t mark_at(struct mw_str in, size_t at)
{
	unsigned char a, b;

	if (in.n - at < 2)
		return 0;
	a = (unsigned char)in.p[at];
	b = (unsigned char)in.p[at + 1];
	return (a == 0xcc && (b & 0xc0u) == 0x80) || (a == 0xcd && b >= 0x80 && b < 0xb0) ? 2 : 0;
}

/* A letter whose marks stand behind it, as some systems write é, is the letter with the marks, where Unicode has one. Octets of
 * both, 0: it is no such letter. */
static size_t letter_with_marks(struct mw_str in, size_t at, size_t letter, utf8proc_int32_t *ret)
{
	utf8proc_int32_t v[MARKED_MAX];
	size_t n = letter, mark;
	utf8proc_ssize_t points;

	while (n <= letter + 2 * MARKS_MAX && (mark = mark_at(in, at + n)) > 0)
		n += mark;
	if (n == letter || n > letter + 2 * MARKS_MAX)
		return 0;
	points = utf8proc_decompose((const utf8proc_uint8_t *)in.p + at, (utf8proc_ssize_t)n, v, MARKED_MAX,
				    UTF8PROC_COMPOSE | UTF8PROC_STABLE);
	if (points < 1 || points > MARKED_MAX || utf8proc_normalize_utf32(v, points, UTF8PROC_COMPOSE | UTF8PROC_STABLE) != 1)
		return 0;
	*ret = v[0];
	return n;
}

/* What is not ASCII, and begins at i. Returns its octets. */
static size_t fold_wide(struct mw_str in, size_t i, struct sink *s)
{
	utf8proc_int32_t c, v[EXPAND_MAX];
	utf8proc_ssize_t len = utf8proc_iterate((const utf8proc_uint8_t *)in.p + i, (utf8proc_ssize_t)(in.n - i), &c);
	size_t marked;
	int n;

	if (len < 1) {
		s->changed = true;
		sink_copy(s, "?", 1, i);
		return 1;
	}
	marked = mark_at(in, i) ? 0 : letter_with_marks(in, i, (size_t)len, v);
	if (marked) {
		sink_points(s, v, 1, i);
		return marked;
	}
	v[0] = letter_ascii(c);
	if (v[0] && in_ascii_word(in, i))
		n = 1;
	else
		n = i > 0 && is_stray_mark(c, in.p[i - 1]) ? 0 : point_fold(c, v);
	if (n < 0)
		sink_copy(s, in.p + i, (size_t)len, i);
	else
		sink_points(s, v, n, i);
	return (size_t)len;
}

/* A run of ASCII from i on. Returns its octets, with the marks of its last letter. */
static size_t fold_ascii(struct mw_str in, size_t i, size_t run, struct sink *s)
{
	utf8proc_int32_t c;
	size_t marked = is_ascii_letter(in.p[i + run - 1]) ? letter_with_marks(in, i + run - 1, 1, &c) : 0;

	run -= marked > 0;
	if (run)
		sink_copy(s, in.p + i, run, i);
	if (marked)
		sink_points(s, &c, 1, i + run);
	return run + marked;
}

static void fold_walk(struct mw_str in, struct sink *s)
{
	size_t i = 0;

	while (i < in.n) {
		size_t run = ascii_run(in.p + i, in.n - i);

		if (run) {
			i += fold_ascii(in, i, run, s);
		} else if (is_silent(in.p[i])) {
			s->changed = true;
			i++;
		} else {
			i += fold_wide(in, i, s);
		}
	}
}

int mw_fold(struct mw_arena *a, struct mw_str utf8, struct mw_folded *ret)
{
	struct sink count = {0}, write = {0};

	if (utf8.n > INPUT_MAX)
		return -EFBIG;
	fold_walk(utf8, &count);
	if (!count.changed) {
		*ret = (struct mw_folded){.text = utf8, .origin_n = utf8.n, .hidden = utf8.n};
		return 0;
	}
	if (count.n > UINT32_MAX)
		return -EFBIG;
	write.p = mw_arena_alloc(a, count.n);
	write.step = mw_arena_array(a, count.steps, sizeof(*write.step));
	if (!write.p || !write.step)
		return -ENOMEM;
	fold_walk(utf8, &write);
	*ret = (struct mw_folded){
	    .text = {.p = write.p, .n = write.n},
	    .origin_n = utf8.n,
	    .hidden = utf8.n,
	    .step = write.step,
	    .steps = write.steps,
	};
	return 0;
}

/* The step that the folded octet lies in. There is one: the first begins at 0. */
static const struct mw_fold_step *step_of(const struct mw_folded *f, size_t at)
{
	size_t lo = 0, hi = f->steps;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;

		if (f->step[mid].out <= at)
			lo = mid;
		else
			hi = mid;
	}
	return f->step + lo;
}

size_t mw_fold_origin(const struct mw_folded *f, size_t at)
{
	const struct mw_fold_step *s;

	if (at >= f->text.n)
		return f->origin_n;
	if (!f->step)
		return at;
	s = step_of(f, at);
	return s->copy ? s->in + (at - s->out) : s->in;
}

size_t mw_fold_end(const struct mw_folded *f, size_t at)
{
	const struct mw_fold_step *s;

	if (!f->step || at == 0)
		return at;
	s = step_of(f, at - 1);
	if (s->copy)
		return s->in + (at - s->out);
	return s + 1 < f->step + f->steps ? s[1].in : f->origin_n;
}
