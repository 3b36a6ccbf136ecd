/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay: who gave a message to a relay of the site, by the Received field that the relay wrote. Pure. What a stranger can put there (the
 * name he gave himself, the name of his address, ident) may have no octet that could move the address to another place: then nothing is read.
 */
#ifndef MW_AUTH_RELAY_H
#define MW_AUTH_RELAY_H

#include "auth.h"
#include "milters/dkim/net.h"

#define MW_RELAY_ADDRESS 46u
#define MW_RELAY_HOPS 10u /* relays of the site in a row */

struct mw_relay_hop {
	char address[MW_RELAY_ADDRESS]; /* "192.0.2.1", "2001:db8::1" */
	char helo[MW_AUTH_NAME];
};

/* An address as an MTA writes it, with or without "IPv6:", in the form of struct mw_relay_hop; of IPv4 in IPv6 the former. */
bool mw_relay_address(struct mw_str, char ret[MW_RELAY_ADDRESS]);
/* The value of a Received field as Postfix, Sendmail and Exim write it, folds included. 0; -EBADMSG: it is none of these. */
int mw_relay_parse(const char *value, size_t n, struct mw_relay_hop *ret);
/*
 * The first host in these fields that is none of the relays, nor a relay itself by its loopback address. 0; -ENOENT: there is no
 * Received field left; -EBADMSG: one is not understood; -ELOOP.
 */
int mw_relay_client(const struct mw_field *, size_t n, const struct mw_dkim_net *relay, size_t relays, struct mw_relay_hop *ret);

#endif
