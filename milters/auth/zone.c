/* SPDX-License-Identifier: Apache-2.0 */
#include "dnsname.h"
#include "zone_own.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHAIN_MAX 16u /* aliases in a row */
#define TTL_MAX 0x7fffffffu

static int no_memory(struct mw_err *err)
{
	return mw_zonefile_fail(err, -ENOMEM, "out of memory");
}

static int compare_names(const struct mw_zone_name *a, const struct mw_zone_name *b)
{
	int r = memcmp(a->wire, b->wire, a->n < b->n ? a->n : b->n);

	return r ? r : (a->n > b->n) - (a->n < b->n);
}

static int compare_rows(const void *x, const void *y)
{
	const struct mw_zone_row *a = x, *b = y;
	int r = compare_names(&a->name, &b->name);

	if (r == 0)
		r = (a->type > b->type) - (a->type < b->type);
	return r ? r : (a->order > b->order) - (a->order < b->order);
}

static int finish(struct mw_zonefile *z, struct mw_err *err)
{
	char text[MW_RESOLVER_NAME_MAX];

	if (z->n == 0)
		return 0;
	qsort(z->row, z->n, sizeof(*z->row), compare_rows);
	z->data = calloc(z->n, sizeof(*z->data));
	z->text = calloc(z->n, sizeof(*z->text));
	if (!z->data || !z->text)
		return no_memory(err);
	for (size_t i = 0; i < z->n; i++) {
		z->data[i] = z->row[i].data;
		(void)mw_dnsname_text(z->row[i].name.wire, text);
		z->text[i] = strdup(text);
		if (!z->text[i])
			return no_memory(err);
	}
	return 0;
}

void mw_zonefile_free(struct mw_zonefile **zp)
{
	struct mw_zonefile *z = *zp;

	if (!z)
		return;
	*zp = NULL;
	for (size_t i = 0; i < z->n; i++) {
		free(z->row[i].name.wire);
		free((void *)(uintptr_t)z->row[i].data.p);
		if (z->text)
			free(z->text[i]);
	}
	for (size_t i = 0; i < z->n_secure; i++)
		free(z->secure[i].wire);
	free(z->row);
	free(z->data);
	free(z->text);
	free(z);
}

int mw_zonefile_parse(const char *p, size_t n, struct mw_zonefile **ret, struct mw_err *err)
{
	struct mw_zonefile *z = calloc(1, sizeof(*z));
	int r = z ? mw_zonefile_lines(z, p, n, err) : no_memory(err);

	if (r == 0)
		r = finish(z, err);
	if (r)
		mw_zonefile_free(&z);
	else
		*ret = z;
	return r;
}

int mw_zonefile_read(const char *path, struct mw_zonefile **ret, struct mw_err *err)
{
	FILE *f = fopen(path, "re");
	char *text = f ? malloc(MW_ZONEFILE_MAX + 1) : NULL;
	size_t n;
	int r;

	if (!f)
		return mw_zonefile_fail(err, -errno, "%s: %s", path, strerror(errno));
	if (!text) {
		(void)fclose(f);
		return no_memory(err);
	}
	n = fread(text, 1, MW_ZONEFILE_MAX + 1, f);
	if (ferror(f))
		r = mw_zonefile_fail(err, -EIO, "%s cannot be read", path);
	else if (n > MW_ZONEFILE_MAX)
		r = mw_zonefile_fail(err, -EFBIG, "%s has more than %u octets", path, MW_ZONEFILE_MAX);
	else
		r = mw_zonefile_parse(text, n, ret, err);
	free(text);
	(void)fclose(f);
	return r;
}

/* ---- answering ---------------------------------------------------------------------------------------------------------------- */
static int compare_place(const struct mw_zone_name *name, unsigned type, const struct mw_zone_row *row)
{
	int r = compare_names(name, &row->name);

	return r ? r : (type > row->type) - (type < row->type);
}

/* The first row that does not stand before (name, type). */
static size_t first_row(const struct mw_zonefile *z, const struct mw_zone_name *name, unsigned type)
{
	size_t low = 0, high = z->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_place(name, type, &z->row[middle]) > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static size_t count_rows(const struct mw_zonefile *z, const struct mw_zone_name *name, unsigned type, size_t *first)
{
	size_t n = 0;

	*first = first_row(z, name, type);
	while (*first + n < z->n && compare_place(name, type, &z->row[*first + n]) == 0)
		n++;
	return n;
}

/* Is `name` at or below `above`? */
static bool ends_with(const struct mw_zone_name *name, const struct mw_zone_name *above)
{
	size_t at = 0;

	while (name->n - at > above->n)
		at += name->wire[at] + 1u;
	return name->n - at == above->n && memcmp(name->wire + at, above->wire, above->n) == 0;
}

/* Is there the name, or one below it? */
static bool exists(const struct mw_zonefile *z, const struct mw_zone_name *name)
{
	for (size_t i = 0; i < z->n; i++)
		if (ends_with(&z->row[i].name, name))
			return true;
	return false;
}

/* The name whose rows answer for one that is not there: "*.ABOVE", ABOVE being the nearest that is (RFC 4592). */
static bool wildcard(const struct mw_zonefile *z, const struct mw_zone_name *name, uint8_t wire[MW_DNSNAME_WIRE_MAX],
		     struct mw_zone_name *ret)
{
	size_t at = 0, first;

	while (name->wire[at]) {
		struct mw_zone_name above;

		at += name->wire[at] + 1u;
		above = (struct mw_zone_name){name->wire + at, name->n - at};
		if (!exists(z, &above))
			continue;
		if (above.n + 2 > MW_DNSNAME_WIRE_MAX)
			return false;
		wire[0] = 1;
		wire[1] = '*';
		memcpy(wire + 2, above.wire, above.n);
		*ret = (struct mw_zone_name){wire, above.n + 2};
		first = first_row(z, ret, 0);
		return first < z->n && compare_names(ret, &z->row[first].name) == 0;
	}
	return false;
}

static bool is_secure(const struct mw_zonefile *z, const struct mw_zone_name *name)
{
	for (size_t i = 0; i < z->n_secure; i++)
		if (ends_with(name, &z->secure[i]))
			return true;
	return false;
}

static void take_rows(const struct mw_zonefile *z, size_t first, size_t n, struct mw_records *a)
{
	a->n = n;
	a->record = &z->data[first];
	for (size_t i = 0; i < n; i++) {
		if (z->row[first + i].ttl < a->ttl)
			a->ttl = z->row[first + i].ttl;
		if (z->row[first + i].fails) {
			*a = (struct mw_records){.status = z->row[first + i].fails, .name = ""};
			return;
		}
	}
}

/* One step: true when *name is an alias, which *name is then. */
static bool step(const struct mw_zonefile *z, struct mw_zone_name *name, unsigned type, struct mw_records *a)
{
	uint8_t wire[MW_DNSNAME_WIRE_MAX];
	struct mw_zone_name at = *name;
	size_t first, n;

	a->secure = a->secure && is_secure(z, name);
	if (!exists(z, name) && !wildcard(z, name, wire, &at)) {
		a->rcode = MW_RCODE_NXDOMAIN;
		return false;
	}
	n = count_rows(z, &at, MW_RR_ANY, &first);
	if (n == 0)
		n = count_rows(z, &at, type, &first);
	if (n == 0 && type != MW_RR_CNAME) {
		n = count_rows(z, &at, MW_RR_CNAME, &first);
		if (n && !z->row[first].fails && z->data[first].n) {
			if (z->row[first].ttl < a->ttl)
				a->ttl = z->row[first].ttl;
			*name = (struct mw_zone_name){(uint8_t *)(uintptr_t)z->data[first].p, z->data[first].n};
			return true;
		}
	}
	if (n)
		take_rows(z, first, n, a);
	return false;
}

static const char *text_of(const struct mw_zonefile *z, const struct mw_zone_name *name)
{
	size_t first = first_row(z, name, 0);

	return first < z->n && compare_names(name, &z->row[first].name) == 0 ? z->text[first] : "";
}

static int get(void *ctx, const char *text, unsigned type, struct mw_records *ret)
{
	const struct mw_zonefile *z = ctx;
	struct mw_records a = {.secure = true, .ttl = TTL_MAX, .name = ""};
	uint8_t wire[MW_DNSNAME_WIRE_MAX];
	struct mw_zone_name name = {.wire = wire};
	unsigned steps = 0;

	if (!mw_dnsname_wire((struct mw_str){text, strlen(text)}, wire, &name.n))
		return -EINVAL;
	while (step(z, &name, type, &a))
		if (++steps > CHAIN_MAX || mw_dnsname_length(name.wire, name.n) != name.n) {
			*ret = (struct mw_records){.status = MW_RECORDS_FAILED, .name = ""};
			return 0;
		}
	if (a.status == MW_RECORDS_ANSWER)
		a.name = text_of(z, &name);
	if (a.status == MW_RECORDS_ANSWER && a.n == 0 && a.ttl == TTL_MAX)
		a.ttl = 3600;
	*ret = a;
	return 0;
}

static void want(void *ctx, const char *name, unsigned type)
{
	(void)ctx;
	(void)name;
	(void)type;
}

struct mw_resolver mw_zonefile_resolver(const struct mw_zonefile *z)
{
	return (struct mw_resolver){.ctx = (void *)(uintptr_t)z, .want = want, .get = get};
}
