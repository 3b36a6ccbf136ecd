/* SPDX-License-Identifier: Apache-2.0 */
/* net: is a client's address in a list of addresses and networks? */
#ifndef MW_DKIM_NET_H
#define MW_DKIM_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mw_dkim_net {
	uint8_t addr[16]; /* IPv4 as ::ffff:a.b.c.d */
	unsigned bits;	  /* of 128 */
};

/* "10.0.0.0/8", "192.0.2.1", "2001:db8::/32". False when it is none of these, or has bits set behind the prefix. */
bool mw_dkim_net_parse(const char *text, struct mw_dkim_net *ret);
/* addr (octets): {client_addr} as MTAs write it, with or without "IPv6:". An address that cannot be read is in no network. */
bool mw_dkim_net_has(const struct mw_dkim_net *, size_t count, const char *addr, size_t n);

#endif
