/* SPDX-License-Identifier: Apache-2.0 */
#include "deflate64.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define WINDOW 65536u
#define BITS_MOST 15u /* of a code */
#define FAST_BITS 9u  /* of codes that are found at once */
#define LITERALS 288u
#define DISTANCES 32u
#define END 256u
#define LENGTHS 29u /* symbols behind END that stand for lengths */

/* Codes in their order: those of one length follow each other, and so do their symbols. */
struct codes {
	uint16_t first[BITS_MOST + 1]; /* code of each length, */
	uint16_t n[BITS_MOST + 1];     /* how many, */
	uint16_t at[BITS_MOST + 1];    /* and where the symbol of the first stands */
	uint16_t symbol[LITERALS];
	uint16_t fast[1u << FAST_BITS]; /* symbol << 4 | length, by the next bits as they come; 0 = a longer one, or none */
};

struct unpacking {
	const unsigned char *p, *end;
	uint64_t bits; /* that were read and not used, the next one the lowest */
	unsigned int n;
	bool over; /* there were no more */
	int (*fn)(void *ctx, const char *p, size_t n);
	void *ctx;
	int failed;
	size_t at, sent; /* in the window */
	bool round;	 /* all of the window is text */
	struct codes literals, distances;
	char window[WINDOW];
};

/* ---- bits ------------------------------------------------------------------------------------------------------------------------ */

/* At least n bits, 48 at most; zeros behind the end. */
static void fill(struct unpacking *u, unsigned int n)
{
	while (u->n < n && u->p < u->end) {
		u->bits |= (uint64_t)*u->p++ << u->n;
		u->n += 8;
	}
}

static void drop(struct unpacking *u, unsigned int n)
{
	if (n > u->n) {
		u->over = true;
		u->bits = 0;
		u->n = 0;
		return;
	}
	u->bits >>= n;
	u->n -= n;
}

static unsigned int take(struct unpacking *u, unsigned int n)
{
	unsigned int v;

	fill(u, n);
	v = (unsigned int)(u->bits & ((UINT64_C(1) << n) - 1));
	drop(u, n);
	return v;
}

/* ---- codes ----------------------------------------------------------------------------------------------------------------------- */

static unsigned int reversed(unsigned int code, unsigned int length)
{
	unsigned int r = 0;

	for (unsigned int i = 0; i < length; i++)
		r |= (code >> i & 1) << (length - 1 - i);
	return r;
}

/* length: of the code of each symbol, 0 = it has none. false: there are more codes of a length than there can be. */
static bool codes_make(struct codes *c, const unsigned char *length, unsigned int symbols)
{
	unsigned int code = 0, at = 0, next[BITS_MOST + 1];

	memset(c, 0, sizeof(*c));
	for (unsigned int i = 0; i < symbols; i++)
		c->n[length[i]]++;
	c->n[0] = 0;
	for (unsigned int k = 1; k <= BITS_MOST; k++) {
		code <<= 1;
		c->first[k] = (uint16_t)code;
		c->at[k] = (uint16_t)at;
		next[k] = at;
		code += c->n[k];
		at += c->n[k];
		if (code > 1u << k)
			return false;
	}
	for (unsigned int i = 0; i < symbols; i++) {
		unsigned int k = length[i], place;

		if (k == 0)
			continue;
		place = next[k]++;
		c->symbol[place] = (uint16_t)i;
		if (k > FAST_BITS)
			continue;
		for (unsigned int b = reversed(c->first[k] + place - c->at[k], k); b < 1u << FAST_BITS; b += 1u << k)
			c->fast[b] = (uint16_t)(i << 4 | k);
	}
	return true;
}

/* The symbol of the next code; -1 when there is none. */
static int decode(struct unpacking *u, const struct codes *c)
{
	unsigned int code = 0, fast;

	fill(u, BITS_MOST);
	fast = c->fast[u->bits & ((1u << FAST_BITS) - 1)];
	if (fast) {
		drop(u, fast & 15);
		return u->over ? -1 : (int)(fast >> 4);
	}
	for (unsigned int k = 1; k <= BITS_MOST; k++) {
		code = code << 1 | (unsigned int)(u->bits >> (k - 1) & 1);
		if (code >= c->first[k] && code - c->first[k] < c->n[k]) {
			drop(u, k);
			return u->over ? -1 : c->symbol[c->at[k] + code - c->first[k]];
		}
	}
	return -1;
}

/* ---- text ------------------------------------------------------------------------------------------------------------------------ */

static void send(struct unpacking *u)
{
	if (u->at > u->sent && u->failed == 0)
		u->failed = u->fn(u->ctx, u->window + u->sent, u->at - u->sent);
	u->sent = u->at;
	if (u->at == WINDOW) {
		u->at = u->sent = 0;
		u->round = true;
	}
}

static void put(struct unpacking *u, char c)
{
	u->window[u->at++] = c;
	if (u->at == WINDOW)
		send(u);
}

/* false: from before the beginning. */
static bool repeat(struct unpacking *u, size_t distance, size_t n)
{
	if (distance > u->at && !u->round)
		return false;
	for (; n && u->failed == 0; n--)
		put(u, u->window[(u->at + WINDOW - distance) % WINDOW]);
	return true;
}

/* ---- blocks ---------------------------------------------------------------------------------------------------------------------- */

/* Lengths and distances: from each base on, by as many bits as follow the code. */
static size_t length_of(struct unpacking *u, unsigned int symbol)
{
	unsigned int extra = symbol < 8 || symbol == LENGTHS - 1 ? 0 : symbol / 4 - 1;

	if (symbol == LENGTHS - 1)
		return 3 + take(u, 16);
	return (symbol < 8 ? 3 + symbol : 3 + ((4 + symbol % 4) << extra)) + take(u, extra);
}

static size_t distance_of(struct unpacking *u, unsigned int symbol)
{
	unsigned int extra = symbol < 4 ? 0 : symbol / 2 - 1;

	return (symbol < 4 ? 1 + symbol : 1 + ((2 + symbol % 2) << extra)) + take(u, extra);
}

static bool read_packed(struct unpacking *u)
{
	while (u->failed == 0) {
		int symbol = decode(u, &u->literals), far;
		size_t n;

		if (symbol < 0 || symbol >= (int)(END + 1 + LENGTHS))
			return false;
		if (symbol == END)
			return true;
		if (symbol < (int)END) {
			put(u, (char)symbol);
			continue;
		}
		n = length_of(u, (unsigned int)symbol - END - 1);
		far = decode(u, &u->distances);
		if (far < 0)
			return false;
		if (!repeat(u, distance_of(u, (unsigned int)far), n) || u->over)
			return false;
	}
	return true;
}

static bool read_stored(struct unpacking *u)
{
	unsigned int n, not_n;

	drop(u, u->n % 8);
	n = take(u, 16);
	not_n = take(u, 16);
	if (u->over || n != (~not_n & 0xffff))
		return false;
	for (; n && u->failed == 0; n--) {
		char c = (char)take(u, 8);

		if (u->over)
			return false;
		put(u, c);
	}
	return true;
}

static bool make_fixed(struct unpacking *u)
{
	unsigned char length[LITERALS];

	for (unsigned int i = 0; i < LITERALS; i++)
		length[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
	if (!codes_make(&u->literals, length, LITERALS))
		return false;
	memset(length, 5, DISTANCES);
	return codes_make(&u->distances, length, DISTANCES);
}

/* The lengths of all codes, which are packed by codes themselves. */
static bool make_own(struct unpacking *u)
{
	static const unsigned char order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
	unsigned char length[LITERALS + DISTANCES] = {0};
	unsigned int literals = 257 + take(u, 5), distances = 1 + take(u, 5), n = 4 + take(u, 4);

	for (unsigned int i = 0; i < n; i++)
		length[order[i]] = (unsigned char)take(u, 3);
	if (literals > LITERALS || u->over || !codes_make(&u->literals, length, 19))
		return false;
	memset(length, 0, sizeof(length));
	for (unsigned int i = 0; i < literals + distances;) {
		int symbol = decode(u, &u->literals);
		unsigned int times = 1;
		unsigned char what = (unsigned char)symbol;

		if (symbol < 0 || (symbol == 16 && i == 0))
			return false;
		if (symbol >= 16) {
			times = symbol == 16 ? 3 + take(u, 2) : symbol == 17 ? 3 + take(u, 3) : 11 + take(u, 7);
			what = symbol == 16 ? length[i - 1] : 0;
		}
		if (times > literals + distances - i)
			return false;
		memset(length + i, what, times);
		i += times;
	}
	return codes_make(&u->literals, length, literals) && codes_make(&u->distances, length + literals, distances);
}

static bool read_block(struct unpacking *u, unsigned int kind)
{
	switch (kind) {
	case 0:
		return read_stored(u);
	case 1:
		return make_fixed(u) && read_packed(u);
	case 2:
		return make_own(u) && read_packed(u);
	default:
		return false;
	}
}

int deflate64_unpack(struct mw_str packed, int (*fn)(void *ctx, const char *p, size_t n), void *ctx, size_t *used)
{
	struct unpacking *u = calloc(1, sizeof(*u));
	bool last = false, good = true;
	int r;

	if (!u)
		return -ENOMEM;
	u->p = (const unsigned char *)packed.p;
	u->end = u->p + packed.n;
	u->fn = fn;
	u->ctx = ctx;
	while (good && !last && u->failed == 0) {
		last = take(u, 1);
		good = read_block(u, take(u, 2)) && !u->over;
	}
	send(u);
	*used = (size_t)(u->p - (const unsigned char *)packed.p) - u->n / 8;
	r = u->failed ? u->failed : good ? 0 : -EBADMSG;
	explicit_bzero(u, sizeof(*u));
	free(u);
	return r;
}
