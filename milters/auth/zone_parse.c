/* SPDX-License-Identifier: Apache-2.0 */
#include "zone_own.h"

#include "dnsname.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DATA_MAX 65535u /* octets of a record */
#define TTL_MAX 0x7fffffffu

struct parser {
	struct mw_zonefile *zone;
	const char *p, *end; /* of the line */
	size_t line;
	uint32_t ttl;
	struct mw_err *err;
};

int mw_zonefile_fail(struct mw_err *err, int code, const char *format, ...)
{
	va_list ap;

	err->code = code;
	va_start(ap, format);
	(void)vsnprintf(err->text, sizeof(err->text), format, ap);
	va_end(ap);
	return code;
}

static int no_memory(struct mw_err *err)
{
	return mw_zonefile_fail(err, -ENOMEM, "out of memory");
}

static int wrong(struct parser *x, const char *what)
{
	return mw_zonefile_fail(x->err, -EINVAL, "line %zu: %s", x->line, what);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void skip_blank(struct parser *x)
{
	while (x->p < x->end && is_blank(*x->p))
		x->p++;
}

/* The next word; empty at the end of the line. */
static struct mw_str take_word(struct parser *x)
{
	const char *start;

	skip_blank(x);
	start = x->p;
	while (x->p < x->end && !is_blank(*x->p))
		x->p++;
	return (struct mw_str){start, (size_t)(x->p - start)};
}

static bool is(struct mw_str s, const char *word)
{
	return s.n == strlen(word) && memcmp(s.p, word, s.n) == 0;
}

static bool number(struct mw_str s, unsigned long most, unsigned long *ret)
{
	unsigned long v = 0;

	if (s.n == 0 || s.n > 10)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (unsigned long)(s.p[i] - '0');
	}
	*ret = v;
	return v <= most;
}

static int keep(const void *p, size_t n, struct mw_str *ret, struct mw_err *err)
{
	char *copy = malloc(n ? n : 1);

	if (!copy)
		return no_memory(err);
	if (n)
		memcpy(copy, p, n);
	*ret = (struct mw_str){copy, n};
	return 0;
}

static int keep_name(struct parser *x, struct mw_str text, struct mw_zone_name *ret)
{
	uint8_t wire[MW_DNSNAME_WIRE_MAX];
	struct mw_str copy = {0};
	size_t n;
	int r;

	if (text.n == 0 || !mw_dnsname_wire(text, wire, &n))
		return wrong(x, "that is no name");
	r = keep(wire, n, &copy, x->err);
	if (r == 0)
		*ret = (struct mw_zone_name){(uint8_t *)(uintptr_t)copy.p, copy.n};
	return r;
}

static int read_type(struct parser *x, struct mw_str s, unsigned *ret)
{
	static const struct {
		const char *word;
		unsigned type;
	} types[] = {{"*", MW_RR_ANY}, {"A", MW_RR_A},	   {"AAAA", MW_RR_AAAA}, {"CNAME", MW_RR_CNAME}, {"MX", MW_RR_MX},
		     {"NS", MW_RR_NS}, {"PTR", MW_RR_PTR}, {"SOA", MW_RR_SOA},	 {"TLSA", MW_RR_TLSA},	 {"TXT", MW_RR_TXT}};
	unsigned long v;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (is(s, types[i].word)) {
			*ret = types[i].type;
			return 0;
		}
	}
	if (s.n < 5 || memcmp(s.p, "TYPE", 4) != 0 || !number((struct mw_str){s.p + 4, s.n - 4}, 65535, &v) || v == 0)
		return wrong(x, "a type that is not known");
	*ret = (unsigned)v;
	return 0;
}

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Behind "\#": LENGTH HEX … (RFC 3597, 5). */
static int read_generic(struct parser *x, uint8_t *data, size_t *n)
{
	unsigned long length, got = 0;
	int high = -1;

	if (!number(take_word(x), DATA_MAX, &length))
		return wrong(x, "\\# needs a length of at most 65535");
	for (; x->p < x->end; x->p++) {
		int v = hex(*x->p);

		if (is_blank(*x->p))
			continue;
		if (v < 0 || got >= length)
			return wrong(x, "\\# needs as many hexadecimal octets as it says");
		if (high < 0) {
			high = v;
			continue;
		}
		data[got++] = (uint8_t)(high << 4 | v);
		high = -1;
	}
	if (got != length || high >= 0)
		return wrong(x, "\\# needs as many hexadecimal octets as it says");
	*n = length;
	return 0;
}

/* One string in "" at x->p; at most 255 octets. */
static int read_string(struct parser *x, uint8_t *data, size_t *n)
{
	size_t head = *n, length = 0;

	for (x->p++; x->p < x->end && *x->p != '"'; length++) {
		unsigned v = (unsigned char)*x->p++;
		unsigned long code;

		if (v == '\\' && x->end - x->p >= 3 && number((struct mw_str){x->p, 3}, 255, &code)) {
			v = (unsigned)code;
			x->p += 3;
		} else if (v == '\\' && x->p < x->end) {
			v = (unsigned char)*x->p++;
		}
		if (length >= 255 || head + 1 + length >= DATA_MAX)
			return wrong(x, "a string is too long");
		data[head + 1 + length] = (uint8_t)v;
	}
	if (x->p == x->end)
		return wrong(x, "a string has no end");
	x->p++;
	data[head] = (uint8_t)length;
	*n = head + 1 + length;
	return 0;
}

static int read_strings(struct parser *x, uint8_t *data, size_t *n)
{
	int r = 0;

	*n = 0;
	for (skip_blank(x); r == 0 && x->p < x->end; skip_blank(x))
		r = *x->p == '"' ? read_string(x, data, n) : wrong(x, "TXT needs strings in \"\"");
	return r || *n ? r : wrong(x, "TXT needs strings in \"\"");
}

static int read_address(struct parser *x, int family, uint8_t *data, size_t *n)
{
	char text[INET6_ADDRSTRLEN + 1] = "";
	struct mw_str word = take_word(x);

	if (word.n >= sizeof(text))
		return wrong(x, "that is no address");
	memcpy(text, word.p, word.n);
	if (inet_pton(family, text, data) != 1)
		return wrong(x, "that is no address");
	*n = family == AF_INET ? 4 : 16;
	return 0;
}

static int read_host(struct parser *x, bool preference, uint8_t *data, size_t *n)
{
	uint8_t wire[MW_DNSNAME_WIRE_MAX];
	unsigned long v = 0;
	struct mw_str word;
	size_t length, before = preference ? 2 : 0;

	if (preference && !number(take_word(x), 65535, &v))
		return wrong(x, "MX needs a preference");
	word = take_word(x);
	if (word.n == 0 || !mw_dnsname_wire(word, wire, &length))
		return wrong(x, "that is no name");
	data[0] = (uint8_t)(v >> 8);
	data[1] = (uint8_t)v;
	memcpy(data + before, wire, length);
	*n = before + length;
	return 0;
}

static int read_data(struct parser *x, unsigned type, uint8_t *data, size_t *n)
{
	if (x->end - x->p > 2 && x->p[0] == '\\' && x->p[1] == '#') {
		x->p += 2;
		return read_generic(x, data, n);
	}
	switch (type) {
	case MW_RR_A:
		return read_address(x, AF_INET, data, n);
	case MW_RR_AAAA:
		return read_address(x, AF_INET6, data, n);
	case MW_RR_CNAME:
	case MW_RR_NS:
	case MW_RR_PTR:
		return read_host(x, false, data, n);
	case MW_RR_MX:
		return read_host(x, true, data, n);
	case MW_RR_TXT:
		return read_strings(x, data, n);
	default:
		return wrong(x, "records of this type are written as \\# LENGTH HEX");
	}
}

static bool read_failure(struct parser *x, enum mw_records_status *ret)
{
	static const struct {
		const char *word;
		enum mw_records_status status;
	} words[] = {{"TIMEOUT", MW_RECORDS_TIMEOUT},
		     {"SERVFAIL", MW_RECORDS_FAILED},
		     {"BOGUS", MW_RECORDS_BOGUS},
		     {"TRUNCATED", MW_RECORDS_FAILED}};
	const char *start = x->p;
	struct mw_str word = take_word(x);

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (is(word, words[i].word)) {
			*ret = words[i].status;
			return true;
		}
	}
	x->p = start;
	return false;
}

static int read_value(struct parser *x, struct mw_zone_row *row)
{
	uint8_t *data;
	size_t n = 0;
	int r;

	skip_blank(x);
	if (read_failure(x, &row->fails)) {
		skip_blank(x);
		return x->p == x->end ? 0 : wrong(x, "something stands behind the value");
	}
	if (row->type == MW_RR_ANY)
		return wrong(x, "\"*\" is for TIMEOUT, SERVFAIL, BOGUS and TRUNCATED");
	data = malloc(DATA_MAX);
	if (!data)
		return no_memory(x->err);
	r = read_data(x, row->type, data, &n);
	skip_blank(x);
	if (r == 0 && x->p != x->end)
		r = wrong(x, "something stands behind the value");
	if (r == 0)
		r = keep(data, n, &row->data, x->err);
	free(data);
	return r;
}

static int read_directive(struct parser *x, struct mw_str word)
{
	struct mw_zonefile *z = x->zone;
	unsigned long v;

	if (is(word, "$TTL")) {
		if (!number(take_word(x), TTL_MAX, &v))
			return wrong(x, "$TTL needs seconds");
		x->ttl = (uint32_t)v;
	} else if (is(word, "$SECURE")) {
		int r = z->n_secure < MW_ZONEFILE_SECURE_MOST ? keep_name(x, take_word(x), &z->secure[z->n_secure])
							      : wrong(x, "too many $SECURE");

		if (r)
			return r;
		z->n_secure++;
	} else {
		return wrong(x, "a word that is not known");
	}
	skip_blank(x);
	return x->p == x->end ? 0 : wrong(x, "something stands behind the value");
}

static int read_line(struct parser *x)
{
	struct mw_zonefile *z = x->zone;
	struct mw_str word = take_word(x);
	struct mw_zone_row *row;
	int r;

	if (word.n == 0 || *word.p == '#' || *word.p == ';')
		return 0;
	if (*word.p == '$')
		return read_directive(x, word);
	if (z->n == z->cap) {
		size_t cap = z->cap ? z->cap * 2 : 64;

		if (z->n >= MW_ZONEFILE_MOST)
			return mw_zonefile_fail(x->err, -EFBIG, "line %zu: more than %u records", x->line, MW_ZONEFILE_MOST);
		row = realloc(z->row, cap * sizeof(*row));
		if (!row)
			return no_memory(x->err);
		z->row = row;
		z->cap = cap;
	}
	row = &z->row[z->n];
	*row = (struct mw_zone_row){.ttl = x->ttl, .order = z->n};
	r = keep_name(x, word, &row->name);
	if (r)
		return r;
	z->n++; /* it is freed with the zone from here on */
	r = read_type(x, take_word(x), &row->type);
	return r ? r : read_value(x, row);
}

int mw_zonefile_lines(struct mw_zonefile *z, const char *p, size_t n, struct mw_err *err)
{
	const char *end = n ? p + n : p;
	struct parser x = {.ttl = 3600, .err = err, .zone = z};
	int r = 0;

	while (r == 0 && p < end) {
		const char *lf = memchr(p, '\n', (size_t)(end - p));

		x.p = p;
		x.end = lf ? lf : end;
		x.line++;
		r = read_line(&x);
		p = lf ? lf + 1 : end;
	}
	return r;
}
