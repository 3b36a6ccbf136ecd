/* SPDX-License-Identifier: Apache-2.0 */
#include "storage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define STREAM "__substg1.0_"
#define TABLE "__properties_version1.0"
#define ROW 16u /* tag, flags, eight octets of value */

/* ---- folders --------------------------------------------------------------------------------------------------------------------- */

static int lists_make(struct storage *s)
{
	size_t n = s->ole.entries;

	s->first = malloc(n * sizeof(*s->first));
	s->next = malloc(n * sizeof(*s->next));
	s->known = calloc(n, sizeof(*s->known));
	if (!s->first || !s->next || !s->known)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		s->first[i] = s->next[i] = OLE_NONE;
	for (size_t i = n; i-- > 1;) {
		uint32_t parent = s->ole.entry[i].parent;

		if (!s->ole.entry[i].kind || parent >= n)
			continue;
		s->next[i] = s->first[parent];
		s->first[parent] = (uint32_t)i;
	}
	return 0;
}

int storage_open(struct storage *to, struct mw_str data)
{
	struct storage s = {0};
	uint32_t names;
	int r = ole_open(&s.ole, data);

	if (r < 0)
		return r == -ENOMEM ? r : -EBADMSG;
	names = ole_find(&s.ole, OLE_ROOT, "__nameid_version1.0");
	r = lists_make(&s);
	if (r == 0 && !storage_is_message(&s, OLE_ROOT))
		r = -ENOENT;
	if (r == 0)
		r = names_read(&s.names, &s.ole, names);
	if (r < 0) {
		storage_close(&s);
		return r;
	}
	if (names != OLE_NONE)
		for (uint32_t e = s.first[names]; e != OLE_NONE; e = s.next[e])
			s.known[e] = storage_begins(&s, e, STREAM); /* lists by which names are found */
	s.damaged = s.names.damaged;
	*to = s;
	return 0;
}

void storage_close(struct storage *s)
{
	ole_close(&s->ole);
	names_free(&s->names);
	free(s->first);
	free(s->next);
	free(s->known);
	*s = (struct storage){0};
}

bool storage_begins(const struct storage *s, uint32_t e, const char *prefix)
{
	return strncasecmp(storage_name(s, e), prefix, strlen(prefix)) == 0;
}

bool storage_is_message(const struct storage *s, uint32_t folder)
{
	for (uint32_t e = s->first[folder]; e != OLE_NONE; e = s->next[e])
		if (strcasecmp(storage_name(s, e), TABLE) == 0 || storage_begins(s, e, STREAM))
			return true;
	return false;
}

int storage_read(struct storage *s, uint32_t e, char **p, size_t *n, bool *whole)
{
	int r = ole_read(&s->ole, e, p, n, whole);

	s->known[e] = true;
	if (r < 0) {
		*p = NULL;
		*n = 0;
		*whole = false;
	}
	if (!*whole)
		s->damaged = true;
	return r == -ENOMEM ? r : 0;
}

/* ---- properties ------------------------------------------------------------------------------------------------------------------ */

/* Octets of a value; 0 = as many as there are. */
static size_t size_of(uint16_t type)
{
	switch (type) {
	case MAPI_I2:
	case MAPI_BOOL:
		return 2;
	case MAPI_I4:
	case MAPI_R4:
	case MAPI_ERROR:
		return 4;
	case MAPI_R8:
	case MAPI_CURRENCY:
	case MAPI_APPTIME:
	case MAPI_I8:
	case MAPI_TIME:
		return 8;
	case MAPI_GUID:
		return 16;
	default:
		return 0;
	}
}

static bool hex(const char *p, size_t digits, uint32_t *v)
{
	*v = 0;
	for (size_t i = 0; i < digits; i++) {
		char c = p[i];
		int d = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;

		if (d < 0)
			return false;
		*v = *v << 4 | (uint32_t)d;
	}
	return true;
}

struct stream_name {
	uint32_t tag;
	bool one_of_many; /* "-00000003" follows */
};

static bool name_read(const char *name, struct stream_name *to)
{
	if (strncasecmp(name, STREAM, sizeof(STREAM) - 1) != 0 || !hex(name + sizeof(STREAM) - 1, 8, &to->tag))
		return false;
	to->one_of_many = name[sizeof(STREAM) - 1 + 8] == '-';
	return true;
}

bool storage_is(const struct storage *s, uint32_t e, uint16_t id)
{
	struct stream_name name;

	return name_read(storage_name(s, e), &name) && name.tag >> 16 == id;
}

static bool is_known_type(uint16_t type)
{
	return size_of(type) || type == MAPI_STRING8 || type == MAPI_UNICODE || type == MAPI_BINARY || type == MAPI_OBJECT;
}

struct each {
	struct storage *s;
	bool (*wants)(void *ctx, const struct mapi_prop *);
	int (*fn)(void *ctx, const struct mapi_prop *);
	void *ctx;
};

/* The values that are no longer than eight octets stand in a table. */
static int each_fixed(const struct each *to, uint32_t e, size_t header)
{
	char *p;
	size_t n;
	bool whole;
	int r = storage_read(to->s, e, &p, &n, &whole);

	for (size_t i = header; r == 0 && i < n && n - i >= ROW; i += ROW) {
		struct mapi_prop prop = {.id = mapi_u16(p + i + 2), .type = mapi_u16(p + i), .value = {.p = p + i + 8, .n = 8}};

		if (size_of(prop.type) == 0 || size_of(prop.type) > 8)
			continue;
		prop.value.n = size_of(prop.type);
		names_find(&to->s->names, &prop);
		if (to->wants(to->ctx, &prop))
			r = to->fn(to->ctx, &prop);
	}
	free(p);
	return r;
}

/* Values of a fixed size, one behind the other. */
static int each_row(const struct each *to, struct mapi_prop *prop, struct mw_str s, size_t size)
{
	int r = 0;

	for (size_t i = 0; r == 0 && s.n - i >= size; i += size) {
		prop->value = (struct mw_str){.p = s.p + i, .n = size};
		r = to->fn(to->ctx, prop);
	}
	return r;
}

static int each_stream(const struct each *to, uint32_t e, const struct stream_name *name)
{
	struct mapi_prop prop = {.id = (uint16_t)(name->tag >> 16),
				 .type = (uint16_t)(name->tag & 0xffff & ~(uint32_t)MAPI_MULTI)};
	bool multi = name->tag & MAPI_MULTI, whole;
	uint64_t size = to->s->ole.entry[e].size;
	char *p;
	size_t n;
	int r;

	to->s->known[e] = true;
	if (!is_known_type(prop.type))
		prop.type = MAPI_BINARY;
	if (multi && !name->one_of_many && !size_of(prop.type))
		return 0; /* the lengths of what follows */
	names_find(&to->s->names, &prop);
	prop.value.n = size < SIZE_MAX ? (size_t)size : SIZE_MAX;
	if (!to->wants(to->ctx, &prop))
		return 0;
	r = storage_read(to->s, e, &p, &n, &whole);
	if (r < 0)
		return r;
	if (multi && size_of(prop.type)) {
		r = each_row(to, &prop, (struct mw_str){.p = p, .n = n}, size_of(prop.type));
	} else if (p && n >= size_of(prop.type)) {
		prop.value = (struct mw_str){.p = p, .n = n};
		r = to->fn(to->ctx, &prop);
	}
	if (p)
		explicit_bzero(p, n);
	free(p);
	return r;
}

int storage_each(struct storage *s, uint32_t folder, size_t header, bool (*wants)(void *ctx, const struct mapi_prop *),
		 int (*fn)(void *ctx, const struct mapi_prop *), void *ctx)
{
	const struct each to = {.s = s, .wants = wants, .fn = fn, .ctx = ctx};
	struct stream_name name;
	int r = 0;

	for (uint32_t e = s->first[folder]; r == 0 && e != OLE_NONE; e = s->next[e]) {
		if (storage_is_folder(s, e))
			continue;
		if (strcasecmp(storage_name(s, e), TABLE) == 0)
			r = each_fixed(&to, e, header);
		else if (name_read(storage_name(s, e), &name))
			r = each_stream(&to, e, &name);
	}
	return r;
}
