/* SPDX-License-Identifier: Apache-2.0 */
#include "match/digest.h"

struct sip {
	uint64_t v[4], word;
	uint64_t n;
};

static uint64_t load64(const unsigned char *p)
{
	uint64_t x = 0;

	for (unsigned i = 0; i < 8; i++)
		x |= (uint64_t)p[i] << (8 * i);
	return x;
}

static uint64_t rotate(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

static void sip_word(struct sip *s, uint64_t word)
{
	s->v[3] ^= word;
	sip_round(s->v);
	sip_round(s->v);
	s->v[0] ^= word;
}

static struct sip sip_begin(const unsigned char key[16])
{
	uint64_t k0 = load64(key), k1 = load64(key + 8);

	return (struct sip){
	    .v = {k0 ^ 0x736f6d6570736575u, k1 ^ 0x646f72616e646f6du, k0 ^ 0x6c7967656e657261u, k1 ^ 0x7465646279746573u}};
}

static void sip_octet(struct sip *s, unsigned char c)
{
	s->word |= (uint64_t)c << (8 * (s->n % 8));
	if (++s->n % 8 == 0) {
		sip_word(s, s->word);
		s->word = 0;
	}
}

static uint64_t sip_end(struct sip *s)
{
	sip_word(s, s->word | s->n << 56);
	s->v[2] ^= 0xff;
	for (int i = 0; i < 4; i++)
		sip_round(s->v);
	return s->v[0] ^ s->v[1] ^ s->v[2] ^ s->v[3];
}

uint64_t mw_siphash(const unsigned char key[16], struct mw_str in)
{
	struct sip s = sip_begin(key);

	for (size_t i = 0; i < in.n; i++)
		sip_octet(&s, (unsigned char)in.p[i]);
	return sip_end(&s);
}

int mw_normal_next(struct mw_str match, size_t *at)
{
	while (*at < match.n) {
		char c = match.p[(*at)++];

		if (c != ' ' && c != '\t' && c != '\r' && c != '\n' && c != '-')
			return (unsigned char)mw_lower(c);
	}
	return -1;
}

bool mw_normal_same(struct mw_str a, struct mw_str b)
{
	size_t i = 0, k = 0;
	int x, y;

	do {
		x = mw_normal_next(a, &i);
		y = mw_normal_next(b, &k);
	} while (x == y && x >= 0);
	return x == y;
}

uint64_t mw_normal_digest(const unsigned char key[16], struct mw_str match)
{
	struct sip s = sip_begin(key);
	size_t at = 0;

	for (int c = mw_normal_next(match, &at); c >= 0; c = mw_normal_next(match, &at))
		sip_octet(&s, (unsigned char)c);
	return sip_end(&s);
}
