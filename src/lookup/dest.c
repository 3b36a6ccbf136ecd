/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/dest.h"

#include "base/str.h"

#include <idn2.h>
#include <stdio.h>
#include <string.h>

#define SMTP 25u

static bool take_port(struct mw_str text, unsigned *ret)
{
	unsigned v = 0;

	if (text.n == 0 || text.n > 5)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return false;
		v = v * 10 + (unsigned)(text.p[i] - '0');
	}
	*ret = v;
	return v >= 1 && v <= 65535;
}

/* All digits at the end, or colons: an address, whatever else it may be. */
static bool is_literal(struct mw_str s)
{
	size_t label = s.n;

	if (memchr(s.p, ':', s.n))
		return true;
	while (label && s.p[label - 1] != '.')
		label--;
	for (size_t i = label; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return label < s.n;
}

static bool is_literal_text(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!strchr("0123456789abcdefABCDEF:.IPvipV6", s.p[i]) || !s.p[i])
			return false;
	return s.n > 0 && s.n <= MW_DNS_NAME_MAX;
}

/* A name in letters of any script, as an address of SMTPUTF8 has it, in those of DNS; made in ascii. Others are left as they are. */
static bool to_ascii(struct mw_str *name, char ascii[MW_DNS_NAME_MAX + 2])
{
	char whole[4 * MW_DNS_NAME_MAX + 1], *made;
	size_t n = 0;

	while (n < name->n && (unsigned char)name->p[n] < 0x80)
		n++;
	if (n == name->n)
		return true;
	if (name->n >= sizeof(whole) || memchr(name->p, '\0', name->n))
		return false;
	memcpy(whole, name->p, name->n);
	whole[name->n] = '\0';
	if (idn2_to_ascii_8z(whole, &made, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return false;
	n = strlen(made);
	if (n <= MW_DNS_NAME_MAX + 1)
		memcpy(ascii, made, n + 1);
	idn2_free(made);
	*name = (struct mw_str){.p = ascii, .n = n};
	return n <= MW_DNS_NAME_MAX + 1;
}

static bool take_name(struct mw_dest *d, struct mw_str name)
{
	char ascii[MW_DNS_NAME_MAX + 2];

	if (!to_ascii(&name, ascii))
		return false;
	d->literal = d->host && name.n && is_literal(name);
	if (d->literal && !is_literal_text(name))
		return false;
	if (!d->literal) {
		if (name.n && name.p[name.n - 1] == '.')
			name.n--;
		if (!mw_dns_is_host(name) || is_literal(name))
			return false;
	}
	for (size_t i = 0; i < name.n; i++)
		d->name[i] = mw_lower(name.p[i]);
	d->name[name.n] = '\0';
	return true;
}

bool mw_dest_parse(struct mw_str text, struct mw_dest *ret)
{
	struct mw_dest d = {.port = SMTP};
	struct mw_str name = text, rest = {.p = "", .n = 0};
	const char *end;

	d.host = text.n && text.p[0] == '[';
	if (d.host)
		name = mw_str_behind(text, 1);
	end = name.n ? memchr(name.p, d.host ? ']' : ':', name.n) : NULL;
	if (d.host && !end)
		return false;
	if (end) {
		rest = mw_str_behind(name, (size_t)(end - name.p) + (d.host ? 1 : 0));
		name.n = (size_t)(end - name.p);
	}
	if (rest.n && (rest.p[0] != ':' || !take_port(mw_str_behind(rest, 1), &d.port)))
		return false;
	if (!take_name(&d, name))
		return false;
	(void)snprintf(d.key, sizeof(d.key), d.host ? "[%s]" : "%s", d.name);
	if (d.port != SMTP)
		(void)snprintf(d.key + strlen(d.key), sizeof(d.key) - strlen(d.key), ":%u", d.port);
	*ret = d;
	return true;
}
