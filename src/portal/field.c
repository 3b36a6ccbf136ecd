/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/field.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

/* Takes what stands before the first `mark` off the start of *s, and the mark. */
static struct mw_str take_until(struct mw_str *s, char mark)
{
	const char *hit = s->n ? memchr(s->p, mark, s->n) : NULL;
	struct mw_str taken = {.p = s->p, .n = hit ? (size_t)(hit - s->p) : s->n};

	*s = mw_str_behind(*s, hit ? taken.n + 1 : s->n);
	return taken;
}

/* ---- forms ----------------------------------------------------------------------------------------------------------------------- */

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = mw_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int decode(struct mw_arena *a, struct mw_str in, struct mw_str *ret)
{
	char *out = mw_arena_alloc(a, in.n + 1);
	size_t n = 0;

	if (!out)
		return -ENOMEM;
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];

		if (c == '%') {
			int high = i + 2 < in.n ? hex(in.p[i + 1]) : -1, low = high < 0 ? -1 : hex(in.p[i + 2]);

			if (low < 0)
				return -EBADMSG;
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '+') {
			c = ' ';
		}
		out[n++] = c;
	}
	*ret = (struct mw_str){.p = out, .n = n};
	return 0;
}

int mw_fields_parse(struct mw_arena *a, struct mw_str form, struct mw_fields *ret)
{
	struct mw_fields f = {0};

	while (form.n) {
		struct mw_str value = take_until(&form, '&'), name;
		int r;

		if (value.n == 0)
			continue;
		if (f.n == MW_FIELDS)
			return -E2BIG;
		name = take_until(&value, '=');
		r = decode(a, name, &f.field[f.n].name);
		if (r == 0)
			r = decode(a, value, &f.field[f.n].value);
		if (r < 0)
			return r;
		for (size_t i = 0; i < f.n; i++)
			if (mw_str_same(f.field[i].name, f.field[f.n].name))
				return -EBADMSG;
		f.n++;
	}
	*ret = f;
	return 0;
}

struct mw_str mw_fields_get(const struct mw_fields *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (mw_str_eq(f->field[i].name, name))
			return f->field[i].value;
	return mw_str("");
}

/* ---- header fields --------------------------------------------------------------------------------------------------------------- */

struct mw_str mw_field_cookie(struct mw_str header, const char *name)
{
	struct mw_str found = mw_str("");
	bool there = false;

	while (header.n) {
		struct mw_str value = take_until(&header, ';'), key = mw_str_trim(take_until(&value, '='));

		if (!mw_str_eq(key, name))
			continue;
		if (there)
			return mw_str("");
		there = true;
		found = mw_str_trim(value);
	}
	return found;
}

struct mw_str mw_field_type(struct mw_str header)
{
	return mw_str_trim(take_until(&header, ';'));
}

/* q=0.8 in thousandths. */
static unsigned quality(struct mw_str parameters)
{
	while (parameters.n) {
		struct mw_str value = take_until(&parameters, ';'), key = mw_str_trim(take_until(&value, '='));
		unsigned q = 0, unit = 1000;

		if (!mw_str_caseeq(key, "q"))
			continue;
		value = mw_str_trim(value);
		for (size_t i = 0; i < value.n && unit; i++) {
			if (value.p[i] == '.')
				continue;
			if (value.p[i] < '0' || value.p[i] > '9')
				return 0;
			q += (unsigned)(value.p[i] - '0') * unit;
			unit /= 10;
		}
		return q > 1000 ? 1000 : q;
	}
	return 1000;
}

static bool is_tag(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = mw_lower(s.p[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
			return false;
	}
	return s.n >= 2 && s.n <= 35;
}

struct mw_str mw_field_language(struct mw_str header, size_t n)
{
	struct mw_str tag[8];
	unsigned q[8];
	size_t count = 0;

	while (header.n && count < 8) {
		struct mw_str rest = take_until(&header, ','), name = mw_str_trim(take_until(&rest, ';'));
		unsigned of = quality(rest);
		size_t at = count;

		if (!is_tag(name) || of == 0)
			continue;
		for (; at > 0 && q[at - 1] < of; at--) {
			q[at] = q[at - 1];
			tag[at] = tag[at - 1];
		}
		q[at] = of;
		tag[at] = name;
		count++;
	}
	return n < count ? tag[n] : mw_str("");
}

/* ---- who asked ------------------------------------------------------------------------------------------------------------------- */

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80" */
static bool take_address(struct mw_str text, char ret[MW_FIELD_CLIENT])
{
	struct in6_addr six;
	struct in_addr four;
	char copy[MW_FIELD_CLIENT];

	text = mw_str_trim(text);
	if (text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"')
		text = (struct mw_str){.p = text.p + 1, .n = text.n - 2};
	if (text.n && text.p[0] == '[') {
		text = mw_str_behind(text, 1);
		text = take_until(&text, ']');
	} else {
		const char *colon = text.n ? memchr(text.p, ':', text.n) : NULL;

		if (colon && !memchr(colon + 1, ':', text.n - (size_t)(colon + 1 - text.p)))
			text.n = (size_t)(colon - text.p);
	}
	if (text.n == 0 || text.n >= sizeof(copy) || memchr(text.p, 0, text.n))
		return false;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (inet_pton(AF_INET, copy, &four) == 1)
		return inet_ntop(AF_INET, &four, ret, MW_FIELD_CLIENT) != NULL;
	if (inet_pton(AF_INET6, copy, &six) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&six))
		return inet_ntop(AF_INET, &six.s6_addr[12], ret, MW_FIELD_CLIENT) != NULL;
	memset(&six.s6_addr[8], 0, 8);
	return inet_ntop(AF_INET6, &six, ret, MW_FIELD_CLIENT) != NULL;
}

static struct mw_str last_element(struct mw_str list)
{
	struct mw_str last = {0};

	while (list.n)
		last = take_until(&list, ',');
	return mw_str_trim(last);
}

bool mw_field_forwarded(const char *field, struct mw_str value, char ret[MW_FIELD_CLIENT])
{
	struct mw_str last = last_element(value);

	ret[0] = '\0';
	if (strcasecmp(field, "Forwarded") != 0)
		return take_address(last, ret);
	while (last.n) {
		struct mw_str pair = take_until(&last, ';'), key = mw_str_trim(take_until(&pair, '='));

		if (mw_str_caseeq(key, "for"))
			return take_address(pair, ret);
	}
	return false;
}
