/* SPDX-License-Identifier: Apache-2.0 */
/* packet: a DNS answer as it came over the wire (RFC 1035, 4.1), read without trusting a single length in it. */
#ifndef MW_DNS_PACKET_H
#define MW_DNS_PACKET_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include <stdint.h>

#define MW_DNS_NAME_MAX 253	      /* octets of a host name as text, without the dot at its end */
#define MW_DNS_TEXT_MAX (4 * 255 + 1) /* of any name as mw_dns_packet_read() writes it, with its terminator */

enum {
	MW_DNS_A = 1,
	MW_DNS_NS = 2,
	MW_DNS_CNAME = 5,
	MW_DNS_SOA = 6,
	MW_DNS_PTR = 12,
	MW_DNS_MX = 15,
	MW_DNS_TXT = 16,
	MW_DNS_AAAA = 28,
	MW_DNS_TLSA = 52
};
enum { MW_DNS_NOERROR = 0, MW_DNS_NXDOMAIN = 3 };

struct mw_dns_packet {
	unsigned rcode;
	const char *name; /* where CNAME records led to; the name that was asked for when there was none */
	bool alias;	  /* there was one */
	uint32_t ttl; /* seconds: the least of all records that made the answer; of no answer: what the SOA says, 0 without one */
	size_t n;     /* records of the type that was asked for, at that name */
	const struct mw_str *record; /* their data; names in it are not compressed */
};

/* Reads an answer to (name, type). All that ret has is in the arena. -EBADMSG (a sentence in err), -ENOMEM. */
int mw_dns_packet_read(struct mw_arena *, const uint8_t *p, size_t n, unsigned type, struct mw_dns_packet *ret, struct mw_err *);

/* Parts of records. false: the record is not one of that type. */
bool mw_dns_record_mx(struct mw_str record, unsigned *preference, char host[MW_DNS_TEXT_MAX]); /* "" is the root: null MX */
bool mw_dns_record_name(struct mw_str record, char name[MW_DNS_TEXT_MAX]);		       /* CNAME, PTR, NS */
/* Strings of a TXT record, joined; at most size octets, terminated by none. *n: how many. */
bool mw_dns_record_txt(struct mw_str record, char *p, size_t size, size_t *n);

/* A name that a host or a mail domain may have: letters, digits, "-" and "_", labels of 1 to 63 octets that begin and end with none of
 * "-", at most MW_DNS_NAME_MAX in all, no dot at its end. */
bool mw_dns_is_host(struct mw_str name);
/* Any name but the root, as mw_dns_packet_read() writes it: labels of letters, digits, "-", "_" and \DDD for any other octet. */
bool mw_dns_is_name(struct mw_str name);

#endif
