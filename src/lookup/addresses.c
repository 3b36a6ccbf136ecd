/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/addresses.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/dns.h"

/* ---- which are public ----------------------------------------------------------------------------------------------------------- */

/* IANA's registry of special-purpose addresses: all of it that is not "globally reachable", and relays to what may be such. */
static const struct {
	uint32_t net;
	unsigned bits;
} not_public4[] = {
    {0x00000000, 8},  /* this network */
    {0x0a000000, 8},  /* private */
    {0x64400000, 10}, /* shared, RFC 6598 */
    {0x7f000000, 8},  /* loopback */
    {0xa9fe0000, 16}, /* link-local */
    {0xac100000, 12}, /* private */
    {0xc0000000, 24}, /* protocol assignments */
    {0xc0000200, 24}, /* documentation */
    {0xc0586300, 24}, /* 6to4 relays */
    {0xc0a80000, 16}, /* private */
    {0xc6120000, 15}, /* benchmarks */
    {0xc6336400, 24}, /* documentation */
    {0xcb007100, 24}, /* documentation */
    {0xe0000000, 3},  /* multicast, reserved, broadcast */
};

static bool public4(uint32_t address)
{
	for (size_t i = 0; i < sizeof(not_public4) / sizeof(*not_public4); i++) {
		if (((address ^ not_public4[i].net) >> (32 - not_public4[i].bits)) == 0)
			return false;
	}
	return true;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Of 2000::/3, which is all that is in use, without Teredo, documentation and 6to4; and IPv4 behind the well-known prefix of NAT64. */
static bool public6(const uint8_t a[16])
{
	static const uint8_t nat64[12] = {0x00, 0x64, 0xff, 0x9b};
	uint32_t first = get32(a);

	if (memcmp(a, nat64, sizeof(nat64)) == 0)
		return public4(get32(a + 12));
	return (first >> 29) == 1 && (first >> 9) != 0x20010000 >> 9 && first != 0x20010db8 && (first >> 16) != 0x2002 &&
	       (first >> 12) != 0x3fff0;
}

bool mw_address_public(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, address, sizeof(in));
		return public4(ntohl(in.sin_addr.s_addr));
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in;

		memcpy(&in, address, sizeof(in));
		return public6(in.sin6_addr.s6_addr);
	}
	return false;
}

/* ---- asking --------------------------------------------------------------------------------------------------------------------- */

struct mw_addresses_query {
	mw_addresses_done *done;
	void *ctx;
	bool allow_private, forbidden, failed;
	struct mw_dns_query *query[2]; /* AAAA, A: NULL when it is answered */
	struct mw_addresses found;
	char why[160];
};

static void take_record(struct mw_addresses_query *q, int family, struct mw_str record)
{
	bool six = family == AF_INET6;

	if (record.n != (six ? 16U : 4U) || q->found.n == MW_ADDRESSES_MAX)
		return;
	if (!q->allow_private && !(six ? public6((const uint8_t *)record.p) : public4(get32((const uint8_t *)record.p)))) {
		q->forbidden = true;
		return;
	}
	if (inet_ntop(family, record.p, q->found.text[q->found.n], INET6_ADDRSTRLEN))
		q->found.n++;
}

static void finish(struct mw_addresses_query *q)
{
	enum mw_addresses_end end = MW_ADDRESSES_NONE;

	if (q->found.n > 0)
		end = MW_ADDRESSES_FOUND;
	else if (q->failed)
		end = MW_ADDRESSES_FAILED;
	else if (q->forbidden)
		end = MW_ADDRESSES_FORBIDDEN;
	q->done(q->ctx, end, &q->found, q->why);
	free(q);
}

static void take_answer(struct mw_addresses_query *q, int family, const struct mw_dns_answer *answer)
{
	if (answer->status != MW_DNS_ANSWER) {
		q->failed = true;
		(void)snprintf(q->why, sizeof(q->why), "%s", answer->why);
	} else if (answer->packet.rcode == MW_DNS_NOERROR) {
		for (size_t i = 0; i < answer->packet.n && i < MW_ADDRESSES_MAX / 2; i++)
			take_record(q, family, answer->packet.record[i]);
	}
	if (!q->query[0] && !q->query[1])
		finish(q);
}

static void on_aaaa(void *ctx, const struct mw_dns_answer *answer)
{
	struct mw_addresses_query *q = ctx;

	q->query[0] = NULL;
	take_answer(q, AF_INET6, answer);
}

static void on_a(void *ctx, const struct mw_dns_answer *answer)
{
	struct mw_addresses_query *q = ctx;

	q->query[1] = NULL;
	take_answer(q, AF_INET, answer);
}

int mw_addresses_ask(struct mw_dns *dns, const char *host, bool allow_private, mw_addresses_done *done, void *ctx,
		     struct mw_addresses_query **ret, struct mw_err *err)
{
	struct mw_addresses_query *q = malloc(sizeof(*q));
	int rc;

	if (!q)
		return mw_fail_memory(err);
	*q = (struct mw_addresses_query){.done = done, .ctx = ctx, .allow_private = allow_private};
	rc = mw_dns_ask(dns, host, MW_DNS_AAAA, on_aaaa, q, &q->query[0], err);
	if (rc == 0)
		rc = mw_dns_ask(dns, host, MW_DNS_A, on_a, q, &q->query[1], err);
	if (rc < 0) {
		mw_addresses_cancel(q);
		return rc;
	}
	*ret = q;
	return 0;
}

void mw_addresses_cancel(struct mw_addresses_query *q)
{
	if (!q)
		return;
	mw_dns_cancel(q->query[0]);
	mw_dns_cancel(q->query[1]);
	free(q);
}
