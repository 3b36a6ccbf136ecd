/* SPDX-License-Identifier: Apache-2.0 */
#include "rar.h"

#include <string.h>

/* A place in the octets; failed once it was to leave them. */
struct cursor {
	struct mw_str data;
	uint64_t at;
	bool failed;
};

static bool step(struct cursor *c, uint64_t n)
{
	if (c->failed || c->at > c->data.n || n > c->data.n - c->at) {
		c->failed = true;
		return false;
	}
	c->at += n;
	return true;
}

/* A number of n octets, the lowest first. */
static uint64_t number(struct cursor *c, unsigned int n)
{
	uint64_t value = 0;

	if (!step(c, n))
		return 0;
	for (unsigned int i = n; i-- > 0;)
		value = value << 8 | (unsigned char)c->data.p[c->at - n + i];
	return value;
}

/* A number of RAR 5: seven bits an octet. */
static uint64_t bits(struct cursor *c)
{
	uint64_t value = 0, octet;

	for (unsigned int shift = 0; shift < 63; shift += 7) {
		octet = number(c, 1);
		value |= (octet & 0x7f) << shift;
		if (octet < 0x80)
			return value;
	}
	c->failed = true;
	return 0;
}

static bool is_comment(struct cursor *c, uint64_t n)
{
	return n == 3 && step(c, n) && memcmp(c->data.p + c->at - n, "CMT", 3) == 0;
}

/* What the comment holds up to its end or its NUL. */
static void keep_comment(struct rar *rar, struct cursor c, uint64_t n)
{
	const char *p = c.data.p + c.at, *nul;

	if (!step(&c, n))
		return;
	nul = n ? memchr(p, 0, (size_t)n) : NULL;
	rar->comment = (struct mw_str){.p = p, .n = nul ? (size_t)(nul - p) : (size_t)n};
}

/* ---- RAR 5 ------------------------------------------------------------------------------------------------------------------------ */

enum { MAIN5 = 1, FILE5 = 2, SERVICE5 = 3, END5 = 5, EXTRA5 = 1, DATA5 = 2, CRYPT5 = 1 };

/* Is one of the records in the last octets of a header that of encryption? */
static bool is_encrypted5(struct cursor data, uint64_t extra)
{
	struct cursor c = data;
	uint64_t size;

	if (extra > data.at)
		return false;
	c.at = data.at - extra;
	while (!c.failed && c.at < data.at) {
		struct cursor record;

		size = bits(&c);
		record = c;
		if (bits(&record) == CRYPT5 && !record.failed)
			return true;
		(void)step(&c, size);
	}
	return false;
}

/* The fields of a service header behind those that all headers have. */
static void service5(struct rar *rar, struct cursor c, struct cursor data, uint64_t octets)
{
	uint64_t flags = bits(&c), method;

	(void)bits(&c); /* size, attributes */
	(void)bits(&c);
	(void)step(&c, (flags & 2 ? 4 : 0) + (flags & 4 ? 4 : 0));
	method = bits(&c) >> 7 & 7;
	(void)bits(&c);
	if (!is_comment(&c, bits(&c)))
		return;
	/* Behind the name stands what is extra: of a comment, how it is encrypted. */
	if (method == 0 && c.at == data.at)
		keep_comment(rar, data, octets);
	else
		rar->unread = true;
}

/* false at the end. */
static bool block5(struct rar *rar, struct cursor *c)
{
	uint64_t size, type, flags, octets, extra = 0;
	struct cursor data;

	(void)step(c, 4);
	size = bits(c);
	data = *c;
	if (!step(&data, size))
		return false;
	type = bits(c);
	flags = bits(c);
	if (flags & EXTRA5)
		extra = bits(c);
	octets = flags & DATA5 ? bits(c) : 0;
	if (c->failed)
		return false;
	if (type == MAIN5)
		rar->volume = bits(c) & 1;
	if (type == FILE5)
		rar->encrypted = is_encrypted5(data, extra);
	if (type == SERVICE5)
		service5(rar, *c, data, octets);
	*c = data;
	if (type == END5)
		rar->end = c->at;
	return type != END5 && step(c, octets);
}

/* ---- RAR 1.5 to 4 ------------------------------------------------------------------------------------------------------------------ */

enum { MAIN4 = 0x73, FILE4 = 0x74, SERVICE4 = 0x7a, END4 = 0x7b, STORED4 = 0x30 };

static void service4(struct rar *rar, struct cursor c, struct cursor data, uint64_t flags, uint64_t octets)
{
	uint64_t method, name;

	(void)step(&c, 4 + 1 + 4 + 4 + 1);
	method = number(&c, 1);
	name = number(&c, 2);
	(void)step(&c, flags & 0x100 ? 4 + 8 : 4);
	if (!is_comment(&c, name))
		return;
	if (method == STORED4 && !(flags & 4))
		keep_comment(rar, data, octets);
	else
		rar->unread = true;
}

static bool block4(struct rar *rar, struct cursor *c)
{
	struct cursor data = *c;
	uint64_t type, flags, size, octets;

	(void)step(c, 2);
	type = number(c, 1);
	flags = number(c, 2);
	size = number(c, 2);
	octets = flags & 0x8000 ? number(c, 4) : 0;
	if (c->failed || size < 7 || !step(&data, size))
		return false;
	if (type == MAIN4) {
		rar->volume = flags & 1;
		rar->unread |= (flags & 2) != 0;
		if (flags & 0x80) /* what follows is encrypted */
			return false;
	}
	if (type == FILE4)
		rar->encrypted = (flags & 4) != 0;
	if (type == SERVICE4)
		service4(rar, *c, data, flags, octets);
	*c = data;
	if (type == END4)
		rar->end = c->at;
	return type != END4 && step(c, octets);
}

void rar_begin(struct rar *rar, struct mw_str data)
{
	const char *found = data.n ? memmem(data.p, data.n, "Rar!\x1a\x07", 6) : NULL;

	*rar = (struct rar){.data = data, .comment = {.p = "", .n = 0}, .done = true};
	if (!found || (size_t)(found - data.p) + 8 > data.n)
		return;
	rar->old = found[6] == 0;
	rar->at = (uint64_t)(found - data.p) + (rar->old ? 7 : 8);
	rar->done = false;
}

void rar_look(struct rar *rar, uint64_t at)
{
	struct cursor c = {.data = rar->data, .at = rar->at};

	while (!rar->done && c.at < at)
		rar->done = !(rar->old ? block4(rar, &c) : block5(rar, &c));
	rar->at = c.at;
}
