/* SPDX-License-Identifier: Apache-2.0 */
#include "taglist.h"

#include <errno.h>
#include <string.h>

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct mw_str trimmed(const char *p, const char *end)
{
	while (p < end && is_space(*p))
		p++;
	while (end > p && is_space(end[-1]))
		end--;
	return (struct mw_str){.p = p, .n = (size_t)(end - p)};
}

static bool good_name(struct mw_str name)
{
	if (name.n == 0 || !is_alpha(name.p[0]))
		return false;
	for (size_t i = 1; i < name.n; i++)
		if (!is_alpha(name.p[i]) && !is_digit(name.p[i]) && name.p[i] != '_')
			return false;
	return true;
}

static bool good_value(struct mw_str value)
{
	for (size_t i = 0; i < value.n; i++)
		if (!is_space(value.p[i]) && (value.p[i] < 0x21 || value.p[i] > 0x7e))
			return false;
	return true;
}

static int add(struct mw_taglist *list, struct mw_str spec, const char **why)
{
	const char *equals = memchr(spec.p, '=', spec.n);
	struct mw_tag *tag = &list->tag[list->n];

	*why = "a tag without a value";
	if (!equals)
		return -EBADMSG;
	tag->name = trimmed(spec.p, equals);
	tag->value = trimmed(equals + 1, spec.p + spec.n);
	*why = "a tag whose name is none";
	if (!good_name(tag->name))
		return -EBADMSG;
	*why = "an octet in a tag that is not printable ASCII";
	if (!good_value(tag->value))
		return -EBADMSG;
	*why = "a tag that is there twice";
	for (size_t i = 0; i < list->n; i++)
		if (list->tag[i].name.n == tag->name.n && memcmp(list->tag[i].name.p, tag->name.p, tag->name.n) == 0)
			return -EBADMSG;
	list->n++;
	return 0;
}

int mw_taglist_parse(struct mw_str text, struct mw_taglist *ret, const char **why)
{
	const char *p = text.p, *end = text.p + text.n;

	ret->n = 0;
	while (p < end) {
		const char *semicolon = memchr(p, ';', (size_t)(end - p));
		struct mw_str spec = trimmed(p, semicolon ? semicolon : end);
		int r;

		if (!semicolon && spec.n == 0)
			break; /* behind the last semicolon */
		*why = "too many tags";
		r = ret->n < MW_TAGS_MAX ? add(ret, spec, why) : -EBADMSG;
		if (r < 0)
			return r;
		p = semicolon ? semicolon + 1 : end;
	}
	*why = "no tags";
	return ret->n ? 0 : -EBADMSG;
}

const struct mw_str *mw_taglist_get(const struct mw_taglist *list, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < list->n; i++)
		if (list->tag[i].name.n == n && memcmp(list->tag[i].name.p, name, n) == 0)
			return &list->tag[i].value;
	return NULL;
}

bool mw_tag_is(const struct mw_str *value, const char *word)
{
	return value->n == strlen(word) && memcmp(value->p, word, value->n) == 0;
}

bool mw_tag_member(struct mw_str *rest, struct mw_str *ret)
{
	const char *colon, *end;

	if (!rest->p)
		return false;
	end = rest->p + rest->n;
	colon = memchr(rest->p, ':', rest->n);
	*ret = trimmed(rest->p, colon ? colon : end);
	*rest = colon ? (struct mw_str){.p = colon + 1, .n = (size_t)(end - colon - 1)} : (struct mw_str){0};
	return true;
}

bool mw_tag_number(const struct mw_str *value, uint64_t *ret)
{
	uint64_t number = 0;

	if (value->n == 0 || value->n > 15)
		return false;
	for (size_t i = 0; i < value->n; i++) {
		if (!is_digit(value->p[i]))
			return false;
		number = number * 10 + (uint64_t)(value->p[i] - '0');
	}
	*ret = number;
	return true;
}

static int digit64(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

ptrdiff_t mw_tag_base64(struct mw_str value, unsigned char *to, size_t room)
{
	size_t digits = 0, pads = 0, n = 0;
	uint32_t bits = 0;

	for (size_t i = 0; i < value.n; i++) {
		int digit;

		if (is_space(value.p[i]))
			continue;
		if (value.p[i] == '=') {
			pads++;
			continue;
		}
		digit = digit64(value.p[i]);
		if (digit < 0 || pads)
			return -EBADMSG;
		bits = bits << 6 | (uint32_t)digit;
		if (digits++ % 4 == 0)
			continue;
		if (n >= room)
			return -EFBIG;
		to[n++] = (unsigned char)(bits >> (2 * (3 - (digits - 1) % 4)));
	}
	if (pads > 2 || (digits + pads) % 4 || digits == 0)
		return -EBADMSG;
	return (ptrdiff_t)n;
}
