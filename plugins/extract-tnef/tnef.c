/* SPDX-License-Identifier: Apache-2.0 */
#include "tnef.h"

#include <string.h>

#define SIGNATURE 0x223e9f78u
#define HEADER 6u    /* signature and key */
#define ATTRIBUTE 9u /* level, number, length */
#define CHECKSUM 2u
#define BY_NAME 1u /* a property's name is a string */

enum { LEVEL_MESSAGE = 1, LEVEL_ATTACHMENT = 2 };

static struct mw_str skip(struct mw_str s, size_t n)
{
	n = n < s.n ? n : s.n;
	return (struct mw_str){.p = s.p + n, .n = s.n - n};
}

static struct mw_str take(struct mw_str *s, size_t n)
{
	struct mw_str head = {.p = s->p, .n = n < s->n ? n : s->n};

	*s = skip(*s, head.n);
	return head;
}

bool tnef_is(struct mw_str s)
{
	return s.n >= HEADER && mapi_u32(s.p) == SIGNATURE;
}

void tnef_begin(struct tnef *t, struct mw_str s)
{
	*t = (struct tnef){.rest = skip(s, HEADER)};
}

static uint16_t sum(struct mw_str s)
{
	uint32_t n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += (unsigned char)s.p[i];
	return (uint16_t)n;
}

bool tnef_next(struct tnef *t, struct tnef_attribute *a)
{
	struct mw_str s = t->rest;
	uint32_t length;

	if (s.n == 0)
		return false;
	if (s.n < ATTRIBUTE || (s.p[0] != LEVEL_MESSAGE && s.p[0] != LEVEL_ATTACHMENT)) {
		t->damaged = true;
		return false;
	}
	length = mapi_u32(s.p + 5);
	a->id = mapi_u16(s.p + 1);
	s = skip(s, ATTRIBUTE);
	a->data = take(&s, length);
	a->whole = a->data.n == length;
	if (!a->whole || s.n < CHECKSUM || mapi_u16(s.p) != sum(a->data))
		t->damaged = true;
	t->rest = skip(s, CHECKSUM);
	return true;
}

/* ---- properties ------------------------------------------------------------------------------------------------------------------ */

/* Octets of a value in a block; 0 = its length stands in front of it; SIZE_MAX = no type that we know. */
static size_t size_of(uint16_t type)
{
	switch (type) {
	case MAPI_I2:
	case MAPI_I4:
	case MAPI_R4:
	case MAPI_ERROR:
	case MAPI_BOOL:
		return 4;
	case MAPI_R8:
	case MAPI_CURRENCY:
	case MAPI_APPTIME:
	case MAPI_I8:
	case MAPI_TIME:
		return 8;
	case MAPI_GUID:
		return 16;
	case MAPI_STRING8:
	case MAPI_UNICODE:
	case MAPI_BINARY:
	case MAPI_OBJECT:
		return 0;
	default:
		return SIZE_MAX;
	}
}

static bool take_u32(struct mw_str *s, uint32_t *v)
{
	if (s->n < 4)
		return false;
	*v = mapi_u32(s->p);
	*s = skip(*s, 4);
	return true;
}

/* Octets behind their length, and filled up to four. What is cut off gives what is there. */
static bool take_counted(struct mw_str *s, struct mw_str *v)
{
	uint32_t n;

	if (!take_u32(s, &n))
		return false;
	*v = take(s, n);
	if (v->n == n && n % 4)
		*s = skip(*s, 4 - n % 4);
	return v->n == n;
}

static bool take_name(struct mw_str *s, struct mapi_prop *p)
{
	uint32_t kind;

	if (s->n < 16)
		return false;
	p->guid = s->p;
	*s = skip(*s, 16);
	if (!take_u32(s, &kind))
		return false;
	return kind == BY_NAME ? take_counted(s, &p->name) : take_u32(s, &p->lid);
}

/* The head of the next property: its number, its name, how many values follow. */
static bool take_head(struct tnef_props *t)
{
	struct mw_str s = t->rest;
	bool multi;

	if (s.n < 4)
		return false;
	t->now = (struct mapi_prop){.id = mapi_u16(s.p + 2), .type = mapi_u16(s.p)};
	multi = t->now.type & MAPI_MULTI;
	t->now.type &= (uint16_t)~MAPI_MULTI;
	if (size_of(t->now.type) == SIZE_MAX)
		return false;
	s = skip(s, 4);
	if (t->now.id >= MAPI_NAMED && !take_name(&s, &t->now))
		return false;
	t->values = 1;
	if ((multi || size_of(t->now.type) == 0) && !take_u32(&s, &t->values))
		return false;
	t->rest = s;
	return true;
}

void tnef_props_begin(struct tnef_props *t, struct mw_str block)
{
	*t = (struct tnef_props){.rest = block};
	t->damaged = !take_u32(&t->rest, &t->props);
}

bool tnef_props_next(struct tnef_props *t, struct mapi_prop *p)
{
	size_t size;

	while (!t->damaged && t->values == 0 && t->props) {
		t->props--;
		t->damaged = !take_head(t);
	}
	if (t->damaged || t->values == 0)
		return false;
	t->values--;
	size = size_of(t->now.type);
	if (size) {
		t->now.value = take(&t->rest, size);
		t->damaged = t->now.value.n < size;
	} else {
		t->now.value = (struct mw_str){.p = t->rest.p, .n = 0};
		t->damaged = !take_counted(&t->rest, &t->now.value);
	}
	*p = t->now;
	return p->value.n || !t->damaged;
}
