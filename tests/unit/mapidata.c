/* SPDX-License-Identifier: Apache-2.0 */
#include "mapidata.h"

#include <stdlib.h>
#include <string.h>

void md_add(struct md *d, const void *p, size_t n)
{
	char *more = realloc(d->p, d->n + n + 1);

	if (!more)
		abort();
	if (n)
		memcpy(more + d->n, p, n);
	d->p = more;
	d->n += n;
}

void md_free(struct md *d)
{
	free(d->p);
	*d = (struct md){0};
}

static void number(struct md *d, uint64_t v, size_t octets)
{
	char c;

	for (size_t i = 0; i < octets; i++) {
		c = (char)(unsigned char)(v >> 8 * i);
		md_add(d, &c, 1);
	}
}

void md_u16(struct md *d, unsigned v)
{
	number(d, v, 2);
}

void md_u32(struct md *d, uint32_t v)
{
	number(d, v, 4);
}

void md_u64(struct md *d, uint64_t v)
{
	number(d, v, 8);
}

void md_wide(struct md *d, const char *text)
{
	for (; *text; text++)
		md_u16(d, (unsigned char)*text);
}

static void head(struct md *d, unsigned type, unsigned id)
{
	md_u16(d, type);
	md_u16(d, id);
}

/* One value behind its length, filled up to four. */
static void counted(struct md *d, const void *p, size_t n)
{
	md_u32(d, (uint32_t)n);
	md_add(d, p, n);
	number(d, 0, (4 - n % 4) % 4);
}

static void wide_value(struct md *d, const char *text)
{
	struct md w = {0};

	md_wide(&w, text);
	md_u16(&w, 0);
	counted(d, w.p, w.n);
	md_free(&w);
}

void md_binary(struct md *d, unsigned type, unsigned id, const void *p, size_t n)
{
	head(d, type, id);
	md_u32(d, 1);
	counted(d, p, n);
}

void md_string8(struct md *d, unsigned id, const char *text)
{
	md_binary(d, 0x1e, id, text, strlen(text) + 1);
}

void md_unicode(struct md *d, unsigned id, const char *text)
{
	head(d, 0x1f, id);
	md_u32(d, 1);
	wide_value(d, text);
}

void md_i4(struct md *d, unsigned id, uint32_t v)
{
	head(d, 3, id);
	md_u32(d, v);
}

void md_time(struct md *d, unsigned id, uint64_t filetime)
{
	head(d, 0x40, id);
	md_u64(d, filetime);
}

void md_named(struct md *d, uint32_t set, uint32_t lid, const char *name, const char *text)
{
	static const char rest[12] = {0, 0, 0, 0, '\xc0', 0, 0, 0, 0, 0, 0, 0x46};

	head(d, 0x1f, 0x8001);
	md_u32(d, set);
	md_add(d, rest, sizeof(rest));
	md_u32(d, name ? 1 : 0);
	if (name)
		wide_value(d, name);
	else
		md_u32(d, lid);
	md_u32(d, 1);
	wide_value(d, text);
}

void md_tnef(struct md *d)
{
	md_u32(d, 0x223e9f78);
	md_u16(d, 1);
}

void md_attribute(struct md *d, unsigned level, uint32_t id, const void *p, size_t n)
{
	const unsigned char *octets = p;
	uint32_t sum = 0;

	number(d, level, 1);
	md_u32(d, id);
	md_u32(d, (uint32_t)n);
	md_add(d, p, n);
	for (size_t i = 0; i < n; i++)
		sum += octets[i];
	md_u16(d, sum & 0xffff);
}
