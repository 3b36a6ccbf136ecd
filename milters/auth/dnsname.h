/* SPDX-License-Identifier: Apache-2.0 */
/* dnsname: names of DNS as text (see resolver.h) and on the wire (RFC 1035, 3.1), not compressed, always in lower case. */
#ifndef MW_AUTH_DNSNAME_H
#define MW_AUTH_DNSNAME_H

#include "resolver.h"

#define MW_DNSNAME_WIRE_MAX 255u

/* false: no name in DNS can be like this (octets). "" and "." are the root. */
bool mw_dnsname_wire(struct mw_str text, uint8_t wire[MW_DNSNAME_WIRE_MAX], size_t *n);
/* Octets of the name at the start of p; 0: it is none, or it is compressed. */
size_t mw_dnsname_length(const uint8_t *p, size_t n);
/* wire is a whole name. Letters, digits, "-" and "_" as they are, all else as \DDD; no dot at its end. Returns its length. */
size_t mw_dnsname_text(const uint8_t *wire, char text[MW_RESOLVER_NAME_MAX]);

#endif
