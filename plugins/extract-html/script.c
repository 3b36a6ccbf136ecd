/* SPDX-License-Identifier: Apache-2.0 */
#include "script.h"

#include "ascii.h"
#include "entity.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PACKED_MIN 200u /* octets without a blank: no person writes so; a program may: tables, as JSON or with commas */
#define FIELD_MAX 64u	/* octets that one of their fields has in the mean */

struct script {
	struct mw_str s;
	size_t at;
	char before; /* what was there last but blanks and comments: it says whether "/" divides */
	char *text;  /* of a string; as long as the script, which is never exceeded */
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* ---- escapes ---------------------------------------------------------------------------------------------------------------------- */

static int hex_of(char c)
{
	return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Up to `most` hex digits at k.at. */
static uint32_t hex(struct script *k, size_t most)
{
	uint32_t c = 0;

	for (size_t i = 0; i < most && k->at < k->s.n && hex_of(k->s.p[k->at]) >= 0; i++, k->at++)
		c = c << 4 | (uint32_t)hex_of(k->s.p[k->at]);
	return c;
}

static uint32_t unicode(struct script *k)
{
	uint32_t c;

	if (k->at < k->s.n && k->s.p[k->at] == '{') {
		k->at++;
		c = hex(k, 6);
		k->at += k->at < k->s.n && k->s.p[k->at] == '}';
		return c;
	}
	c = hex(k, 4);
	if (c >= 0xd800 && c < 0xdc00 && k->s.n - k->at >= 6 && k->s.p[k->at] == '\\' && k->s.p[k->at + 1] == 'u') {
		k->at += 2;
		c = 0x10000 + ((c - 0xd800) << 10) + ((hex(k, 4) - 0xdc00) & 0x3ff);
	}
	return c;
}

/* What the escape behind a backslash stands for, at to. Never longer than the escape: one without digits is nothing. */
static size_t escape(struct script *k, char *to)
{
	char c = k->s.p[k->at++];
	size_t digits = k->at;
	uint32_t code;

	switch (c) {
	case 'n':
	case 'r':
	case 't':
	case 'f':
	case 'v':
	case 'b':
	case '0':
		*to = ' ';
		return 1;
	case 'x':
	case 'u':
		code = c == 'x' ? hex(k, 2) : unicode(k);
		return k->at == digits ? 0 : entity_utf8(code < ' ' ? ' ' : code, to);
	case '\r': /* the line goes on; its end may be two octets */
		k->at += k->at < k->s.n && k->s.p[k->at] == '\n';
		return 0;
	case '\n':
		return 0;
	default:
		*to = c;
		return 1;
	}
}

/* ---- strings ---------------------------------------------------------------------------------------------------------------------- */

static bool is_telling(struct mw_str t)
{
	bool blank = memchr(t.p, ' ', t.n), digit = false, capital;
	size_t fields = 0;

	for (size_t i = 0; i < t.n; i++) {
		digit |= is_digit(t.p[i]);
		fields += t.p[i] == '"' || t.p[i] == ',' || t.p[i] == ';' || t.p[i] == '|';
	}
	capital = t.n > 1 && (is_upper(t.p[0]) || (unsigned char)t.p[0] >= 0x80);
	return t.n > 1 && (blank || ((t.n < PACKED_MIN || fields >= t.n / FIELD_MAX) && (digit || capital)));
}

/* The string that begins at k.at. One in single or double quotes ends with its line, too. */
static struct mw_str string(struct script *k)
{
	char quote = k->s.p[k->at++];
	size_t n = 0;

	while (k->at < k->s.n) {
		char c = k->s.p[k->at++];

		if (c == quote || (quote != '`' && c == '\n'))
			break;
		if (c != '\\')
			k->text[n++] = c;
		else if (k->at < k->s.n)
			n += escape(k, k->text + n);
	}
	return (struct mw_str){.p = k->text, .n = n};
}

/* ---- the program ------------------------------------------------------------------------------------------------------------------ */

static void skip_comment(struct script *k)
{
	const char *end;

	if (k->s.p[k->at + 1] == '/') {
		end = memchr(k->s.p + k->at, '\n', k->s.n - k->at);
		k->at = end ? (size_t)(end - k->s.p) : k->s.n;
		return;
	}
	end = memmem(k->s.p + k->at + 2, k->s.n - k->at - 2, "*/", 2);
	k->at = end ? (size_t)(end - k->s.p) + 2 : k->s.n;
}

/* Quotes in a regular expression begin no string. It ends in its line. */
static void skip_expression(struct script *k)
{
	bool set = false;

	for (k->at++; k->at < k->s.n && k->s.p[k->at] != '\n'; k->at++) {
		char c = k->s.p[k->at];

		if (c == '\\' && k->at + 1 < k->s.n)
			k->at++;
		else if (c == '[' || c == ']')
			set = c == '[';
		else if (c == '/' && !set)
			break;
	}
	k->at += k->at < k->s.n;
}

/* Does "/" begin an expression? Behind a value it divides; a word before it is taken for one. */
static bool begins_expression(const struct script *k)
{
	return k->before == '\0' || strchr("(,=:[!&|?{};+-*%<>~^", k->before);
}

int script_strings(struct mw_str s, void (*each)(void *ctx, struct mw_str text), void *ctx)
{
	struct script k = {.s = s, .text = malloc(s.n ? s.n : 1)};

	if (!k.text)
		return -ENOMEM;
	while (k.at < s.n) {
		char c = s.p[k.at];

		if (c == '"' || c == '\'' || c == '`') {
			struct mw_str text = string(&k);

			if (is_telling(text))
				each(ctx, text);
			k.before = c;
		} else if (c == '/' && k.at + 1 < s.n && (s.p[k.at + 1] == '/' || s.p[k.at + 1] == '*')) {
			skip_comment(&k);
		} else if (c == '/' && begins_expression(&k)) {
			skip_expression(&k);
			k.before = '/';
		} else {
			k.before = ascii_is_blank(c) ? k.before : c;
			k.at++;
		}
	}
	explicit_bzero(k.text, s.n);
	free(k.text);
	return 0;
}
