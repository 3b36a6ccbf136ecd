/* SPDX-License-Identifier: Apache-2.0 */
#include "relay.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct cursor {
	const char *p, *end;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Blanks and folds; false: there is none. */
static bool skip_space(struct cursor *c)
{
	const char *first = c->p;

	while (c->p < c->end && is_space(*c->p))
		c->p++;
	return c->p > first;
}

static bool take(struct cursor *c, char octet)
{
	if (c->p >= c->end || *c->p != octet)
		return false;
	c->p++;
	return true;
}

static bool take_text(struct cursor *c, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(c->end - c->p) < n || strncasecmp(c->p, text, n) != 0)
		return false;
	c->p += n;
	return true;
}

static bool is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_' ||
	       c == ':' || c == '[' || c == ']';
}

/* A name, or an address in brackets, as a client may give itself. */
static bool take_host(struct cursor *c, struct mw_str *ret)
{
	const char *first = c->p;

	while (c->p < c->end && is_host_char(*c->p))
		c->p++;
	*ret = (struct mw_str){.p = first, .n = (size_t)(c->p - first)};
	return ret->n > 0 && ret->n < MW_AUTH_NAME;
}

bool mw_relay_address(struct mw_str s, char ret[MW_RELAY_ADDRESS])
{
	static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
	char text[64];
	unsigned char raw[16];

	if (s.n > 5 && strncasecmp(s.p, "IPv6:", 5) == 0) {
		s.p += 5;
		s.n -= 5;
	}
	if (s.n == 0 || s.n >= sizeof(text))
		return false;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	if (inet_pton(AF_INET, text, raw) == 1)
		return inet_ntop(AF_INET, raw, ret, MW_RELAY_ADDRESS) != NULL;
	if (inet_pton(AF_INET6, text, raw) != 1)
		return false;
	if (memcmp(raw, mapped, sizeof(mapped)) == 0)
		return inet_ntop(AF_INET, raw + sizeof(mapped), ret, MW_RELAY_ADDRESS) != NULL;
	return inet_ntop(AF_INET6, raw, ret, MW_RELAY_ADDRESS) != NULL;
}

/* [192.0.2.1] and, as Exim may add, :2525 */
static bool take_address(struct cursor *c, char ret[MW_RELAY_ADDRESS])
{
	const char *first = c->p + 1, *close;

	if (!take(c, '['))
		return false;
	close = memchr(c->p, ']', (size_t)(c->end - c->p));
	if (!close || !mw_relay_address((struct mw_str){.p = first, .n = (size_t)(close - first)}, ret))
		return false;
	c->p = close + 1;
	if (take(c, ':')) {
		first = c->p;
		while (c->p < c->end && *c->p >= '0' && *c->p <= '9')
			c->p++;
		return c->p > first && c->p - first <= 5;
	}
	return true;
}

static void copy(struct mw_str s, char ret[MW_AUTH_NAME])
{
	memcpy(ret, s.p, s.n);
	ret[s.n] = '\0';
}

/* Exim: " helo=NAME ident=NAME", to the bracket that closes. True with `some`: at least one is there. */
static bool take_pairs(struct cursor *c, char helo[MW_AUTH_NAME], bool *some)
{
	struct mw_str value;

	*some = false;
	while (c->p < c->end && *c->p != ')') {
		bool is_helo;

		if ((*some || is_space(*c->p)) && !skip_space(c))
			return false;
		is_helo = take_text(c, "helo=");
		if ((!is_helo && !take_text(c, "ident=") && !take_text(c, "port=")) || !take_host(c, &value))
			return false;
		if (is_helo)
			copy(value, helo);
		*some = true;
	}
	return take(c, ')');
}

/* What stands in the brackets behind the first name, which Exim alone can have as the address. */
static bool take_brackets(struct cursor *c, struct mw_str first, struct mw_relay_hop *hop)
{
	struct cursor literal = {.p = first.p, .end = first.p + first.n}, before = *c;
	struct mw_str name;
	bool some;

	/* Exim: [192.0.2.1] (helo=NAME) */
	if (*first.p == '[' && take_address(&literal, hop->address) && literal.p == literal.end) {
		if (take_pairs(c, hop->helo, &some) && some)
			return true;
		*c = before;
	}
	copy(first, hop->helo);
	/* Exim: NAME ([192.0.2.1] helo=NAME); Sendmail: NAME ([192.0.2.1]) */
	if (c->p < c->end && *c->p == '[') {
		if (!take_address(c, hop->address))
			return false;
		if (take_text(c, " (may be forged)"))
			return take(c, ')');
		return take_pairs(c, hop->helo, &some);
	}
	/* Postfix and Sendmail: NAME (NAME [192.0.2.1]); Sendmail: IDENT:user@ in front, and a remark behind. */
	if (!take_host(c, &name) || (take(c, '@') && !take_host(c, &name)) || !skip_space(c) || !take_address(c, hop->address))
		return false;
	(void)take_text(c, " (may be forged)");
	return take(c, ')');
}

int mw_relay_parse(const char *value, size_t n, struct mw_relay_hop *ret)
{
	struct cursor c = {.p = value, .end = value + n};
	struct mw_relay_hop hop = {.address = ""};
	struct mw_str first;

	(void)skip_space(&c);
	if (!take_text(&c, "from") || !skip_space(&c) || !take_host(&c, &first) || !skip_space(&c) || !take(&c, '(') ||
	    !take_brackets(&c, first, &hop) || !skip_space(&c))
		return -EBADMSG;
	*ret = hop;
	return 0;
}

static bool is_received(struct mw_str name)
{
	while (name.n && is_space(name.p[name.n - 1]))
		name.n--;
	return name.n == 8 && strncasecmp(name.p, "Received", 8) == 0;
}

/* Mail that a relay gave to itself, for a filter. */
static bool is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

int mw_relay_client(const struct mw_field *field, size_t n, const struct mw_dkim_net *relay, size_t relays,
		    struct mw_relay_hop *ret)
{
	struct mw_relay_hop hop;
	size_t hops = 0;

	for (size_t i = 0; i < n; i++) {
		if (!is_received(field[i].name))
			continue;
		if (hops++ == MW_RELAY_HOPS)
			return -ELOOP;
		if (mw_relay_parse(field[i].value.p, field[i].value.n, &hop) < 0)
			return -EBADMSG;
		if (is_loopback(hop.address) || mw_dkim_net_has(relay, relays, hop.address, strlen(hop.address)))
			continue;
		*ret = hop;
		return 0;
	}
	return -ENOENT;
}
