/* SPDX-License-Identifier: Apache-2.0 */
#include "dnsname.h"

#include <stdio.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* One octet of a label at *p, which may be written as \DDD or \C. */
static bool take_octet(const char **p, const char *end, uint8_t *ret)
{
	const char *at = *p;

	if (*at != '\\') {
		*ret = (uint8_t)lower(*at);
		*p = at + 1;
		return true;
	}
	if (end - at >= 4 && is_digit(at[1]) && is_digit(at[2]) && is_digit(at[3])) {
		int value = (at[1] - '0') * 100 + (at[2] - '0') * 10 + (at[3] - '0');

		*ret = (uint8_t)lower((char)value);
		*p = at + 4;
		return value <= 255;
	}
	if (end - at < 2 || is_digit(at[1]))
		return false;
	*ret = (uint8_t)lower(at[1]);
	*p = at + 2;
	return true;
}

bool mw_dnsname_wire(struct mw_str text, uint8_t wire[MW_DNSNAME_WIRE_MAX], size_t *n)
{
	const char *p = text.p, *end = text.p + text.n;
	size_t out = 1, label = 0; /* label: where its length stands */

	if (text.n == 0 || (text.n == 1 && *p == '.')) {
		wire[0] = 0;
		*n = 1;
		return true;
	}
	while (p < end) {
		if (*p == '.') {
			wire[label] = (uint8_t)(out - label - 1);
			if (wire[label] == 0 || wire[label] > 63 || out >= MW_DNSNAME_WIRE_MAX)
				return false;
			label = out++;
			p++;
			continue;
		}
		if (out >= MW_DNSNAME_WIRE_MAX - 1 || !take_octet(&p, end, &wire[out]))
			return false;
		out++;
	}
	/* Behind a dot at the end there is an empty label, which is the root's. */
	wire[label] = (uint8_t)(out - label - 1);
	if (wire[label] > 63)
		return false;
	if (wire[label])
		wire[out++] = 0;
	*n = out;
	return true;
}

size_t mw_dnsname_length(const uint8_t *p, size_t n)
{
	size_t at = 0;

	while (at < n && at < MW_DNSNAME_WIRE_MAX && p[at] && p[at] <= 63)
		at += p[at] + 1u;
	return at < n && at < MW_DNSNAME_WIRE_MAX && p[at] == 0 ? at + 1 : 0;
}

size_t mw_dnsname_text(const uint8_t *wire, char text[MW_RESOLVER_NAME_MAX])
{
	size_t at = 0, out = 0;

	while (wire[at]) {
		size_t end = at + wire[at] + 1u;

		if (out)
			text[out++] = '.';
		for (at++; at < end; at++) {
			char c = lower((char)wire[at]);

			if ((c >= 'a' && c <= 'z') || is_digit(c) || c == '-' || c == '_')
				text[out++] = c;
			else
				out += (size_t)snprintf(text + out, 5, "\\%03u", (unsigned)wire[at]);
		}
	}
	text[out] = '\0';
	return out;
}
