/* SPDX-License-Identifier: Apache-2.0 */
#include "xmp.h"

#include <string.h>

/* ---- values ---------------------------------------------------------------------------------------------------------------------- */

static bool begins(struct mw_str s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && memcmp(s.p, with, n) == 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* 2024-05-01T… */
static bool is_time(struct mw_str s)
{
	return s.n > 10 && is_digit(s.p[0]) && s.p[4] == '-' && s.p[7] == '-' && s.p[10] == 'T';
}

static bool is_machine(struct mw_str s)
{
	static const char *const with[] = {
	    "uuid:", "xmp.iid:", "xmp.did:", "xmp.id:", "adobe:docid:", "http://ns.", "http://www.w3.org/", "http://purl.org/"};

	for (size_t i = 0; i < sizeof(with) / sizeof(*with); i++)
		if (begins(s, with[i]))
			return true;
	return is_time(s);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Character references become characters, as far as a name or a number of ASCII has them. */
static size_t reference(struct mw_str s, char *c)
{
	static const struct {
		const char *name;
		char c;
	} known[] = {{"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&apos;", '\''}};
	unsigned value = 0;
	size_t i = 2;

	for (size_t k = 0; k < sizeof(known) / sizeof(*known); k++)
		if (begins(s, known[k].name)) {
			*c = known[k].c;
			return strlen(known[k].name);
		}
	if (!begins(s, "&#"))
		return 0;
	for (; i < s.n && i < 6 && is_digit(s.p[i]); i++)
		value = value * 10 + (unsigned)(s.p[i] - '0');
	if (i == s.n || s.p[i] != ';' || value < ' ' || value > '~')
		return 0;
	*c = (char)value;
	return i + 1;
}

static void write_value(struct mw_str s, struct pen *o)
{
	size_t from = 0;

	while (s.n && is_blank(*s.p)) {
		s.p++;
		s.n--;
	}
	while (s.n && is_blank(s.p[s.n - 1]))
		s.n--;
	if (s.n == 0 || is_machine(s))
		return;
	for (size_t i = 0; i < s.n && o->failed == 0;) {
		char c;
		size_t k = s.p[i] == '&' ? reference((struct mw_str){.p = s.p + i, .n = s.n - i}, &c) : 0;

		if (k) {
			pen_cell(o, (struct mw_str){.p = s.p + from, .n = i - from});
			pen_cell(o, (struct mw_str){.p = &c, .n = 1});
			from = i + k;
		}
		i += k ? k : 1;
	}
	pen_cell(o, (struct mw_str){.p = s.p + from, .n = s.n - from});
	pen_put(o, "\n");
}

/* ---- tags ------------------------------------------------------------------------------------------------------------------------ */

static size_t find(struct mw_str s, size_t at, char c)
{
	const char *p = at < s.n ? memchr(s.p + at, c, s.n - at) : NULL;

	return p ? (size_t)(p - s.p) : s.n;
}

/* Values of attributes; where a name space is (xmlns) and what is spoken of (about) is none. Behind the ">". */
static size_t read_tag(struct mw_str s, size_t at, struct pen *o)
{
	size_t name = at;

	while (at < s.n && s.p[at] != '>') {
		if (is_blank(s.p[at])) {
			name = ++at;
		} else if (s.p[at] == '"' || s.p[at] == '\'') {
			size_t end = find(s, at + 1, s.p[at]);
			struct mw_str attribute = {.p = s.p + name, .n = at - name};

			if (!begins(attribute, "xmlns") && !begins(attribute, "rdf:") && !begins(attribute, "xml:") &&
			    !begins(attribute, "x:"))
				write_value((struct mw_str){.p = s.p + at + 1, .n = end - at - 1}, o);
			at = end < s.n ? end + 1 : end;
		} else {
			at++;
		}
	}
	return at < s.n ? at + 1 : at;
}

void xmp_write(struct mw_str xml, struct pen *o)
{
	for (size_t at = 0; at < xml.n && o->failed == 0;) {
		size_t tag = find(xml, at, '<');

		write_value((struct mw_str){.p = xml.p + at, .n = tag - at}, o);
		if (tag == xml.n)
			return;
		if (xml.n - tag > 1 && xml.p[tag + 1] == '?') {
			at = find(xml, tag, '>');
			at = at < xml.n ? at + 1 : at;
		} else {
			at = read_tag(xml, tag + 1, o);
		}
	}
}
