/* SPDX-License-Identifier: Apache-2.0 */
#include "net.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

/* *width: bits of the family. */
static bool address(const char *text, uint8_t out[16], unsigned *width)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (inet_pton(AF_INET6, text, out) == 1) {
		*width = 128;
		return true;
	}
	memcpy(out, mapped, sizeof(mapped));
	*width = 32;
	return inet_pton(AF_INET, text, out + 12) == 1;
}

static bool prefix(const char *text, unsigned width, unsigned *bits)
{
	unsigned n = 0;

	if (!*text || strlen(text) > 3)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		n = n * 10 + (unsigned)(*text - '0');
	}
	*bits = n + (128 - width);
	return n <= width;
}

static bool same_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

bool mw_dkim_net_parse(const char *text, struct mw_dkim_net *ret)
{
	struct mw_dkim_net net = {.bits = 128};
	const char *slash = strchr(text, '/');
	char host[64];
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	unsigned width;

	if (n == 0 || n >= sizeof(host))
		return false;
	memcpy(host, text, n);
	host[n] = '\0';
	if (!address(host, net.addr, &width))
		return false;
	if (slash && !prefix(slash + 1, width, &net.bits))
		return false;
	/* 10.1.2.3/8 is more likely a slip than a wish. */
	for (unsigned i = net.bits; i < 128; i++)
		if (net.addr[i / 8] & (0x80 >> i % 8))
			return false;
	*ret = net;
	return true;
}

bool mw_dkim_net_has(const struct mw_dkim_net *net, size_t count, const char *addr, size_t n)
{
	char text[64];
	uint8_t bytes[16];
	unsigned width;

	if (n >= 5 && strncasecmp(addr, "IPv6:", 5) == 0) {
		addr += 5;
		n -= 5;
	}
	if (n == 0 || n >= sizeof(text) || memchr(addr, '\0', n))
		return false;
	memcpy(text, addr, n);
	text[n] = '\0';
	if (!address(text, bytes, &width))
		return false;
	for (size_t i = 0; i < count; i++)
		if (same_prefix(net[i].addr, bytes, net[i].bits))
			return true;
	return false;
}
