/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libspf2 1.2.10 does differently from RFC 7208 or unsafely, and is kept from here: it counts look-ups anew in each include, takes
 * a length of 0 for none, lets clients on 127.0.0.0/8 and ::1 pass, makes a temperror of errors within ptr, writes octets above 127 of a
 * local part beyond its memory when a macro escapes them, and ends the process when a look-up gives it nothing.
 */
#include "spf_match.h"

#include "dnsname.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <spf2/spf.h>

#define TARGET "target.invalid" /* stands for the name of the mechanism */

struct mw_spf_match {
	SPF_dns_server_t dns; /* the first: libspf2 gives it back */
	SPF_server_t *server;
	SPF_request_t *request;
	SPF_dns_rr_t *spare; /* an answer for when there is no memory */
	struct mw_resolver resolver;
	struct mw_spf_client client;
	bool flip; /* the first bit of every address */
	/* the mechanism */
	const struct mw_spf_term *term;
	const char *name;
	unsigned voids;
	enum mw_spf_end end; /* TEMP, PERM */
	const char *why;
	size_t n;
	char host[MW_SPF_NAMES_MAX][MW_RESOLVER_NAME_MAX]; /* "N.TARGET" stands for host[N] */
};

void mw_spf_reverse(const struct mw_spf_client *c, char ret[80])
{
	size_t n = 0;

	if (!c->ip6) {
		(void)snprintf(ret, 80, "%u.%u.%u.%u.in-addr.arpa", c->address[3], c->address[2], c->address[1], c->address[0]);
		return;
	}
	for (size_t i = 16; i-- > 0;)
		n += (size_t)sprintf(ret + n, "%x.%x.", c->address[i] & 15u, (unsigned)c->address[i] >> 4);
	(void)strcpy(ret + n, "ip6.arpa");
}

/* ---- what libspf2 asks ------------------------------------------------------------------------------------------------------ */

static void stop(struct mw_spf_match *m, enum mw_spf_end end, const char *why)
{
	m->end = end;
	m->why = why;
}

static SPF_dns_rr_t *answer(struct mw_spf_match *m, ns_type type, int herrno)
{
	SPF_dns_rr_t *rr = SPF_dns_rr_new_init(&m->dns, NULL, type, 0, herrno);

	if (rr)
		return rr;
	stop(m, MW_SPF_TEMP, "no memory");
	rr = m->spare; /* it asks nothing more after TRY_AGAIN */
	m->spare = NULL;
	return rr;
}

/* Room for one record more. NULL: no memory. */
static SPF_dns_rr_data_t *add(struct mw_spf_match *m, SPF_dns_rr_t *rr, size_t size)
{
	if (SPF_dns_rr_buf_realloc(rr, rr->num_rr, size) != SPF_E_SUCCESS) {
		stop(m, MW_SPF_TEMP, "no memory");
		rr->num_rr = 0;
		rr->herrno = TRY_AGAIN;
		return NULL;
	}
	return rr->rr[rr->num_rr++];
}

static void add_address(struct mw_spf_match *m, SPF_dns_rr_t *rr, struct mw_str record, bool ip6)
{
	const size_t size = ip6 ? 16 : 4;
	const bool any = (ip6 ? m->term->prefix6 : m->term->prefix4) == 0 && m->term->mechanism != MW_SPF_PTR;
	uint8_t address[16];
	SPF_dns_rr_data_t *data;

	if (record.n != size)
		return;
	/* Networks of length 0 have every address in them. */
	memcpy(address, any && ip6 == m->client.ip6 ? (const char *)m->client.address : record.p, size);
	if (m->flip)
		address[0] ^= 0x80;
	data = add(m, rr, sizeof(*data));
	if (data && ip6)
		memcpy(&data->aaaa, address, size);
	else if (data)
		memcpy(&data->a, address, size);
}

/* Is the name that of the mechanism, or below it? */
static bool is_within(const char *name, const char *above)
{
	size_t n = strlen(name), k = strlen(above);

	if (k && above[k - 1] == '.')
		k--;
	return n >= k && strncasecmp(name + n - k, above, k) == 0 && (n == k || name[n - k - 1] == '.');
}

/* A host of an MX or PTR record gets a stand-in. The name is a whole one and not compressed. */
static void add_host(struct mw_spf_match *m, SPF_dns_rr_t *rr, struct mw_str wire)
{
	const uint8_t *p = (const uint8_t *)wire.p;
	const bool ptr = m->term->mechanism == MW_SPF_PTR;
	SPF_dns_rr_data_t *data;

	if (wire.n < 2 || mw_dnsname_length(p, wire.n) != wire.n || m->n == MW_SPF_NAMES_MAX)
		return; /* the root: there is no host */
	(void)mw_dnsname_text(p, m->host[m->n]);
	if (ptr && !is_within(m->host[m->n], m->name))
		return;
	data = add(m, rr, sizeof("10." TARGET));
	if (data)
		(void)sprintf(ptr ? data->ptr : data->mx, "%zu." TARGET, m->n++);
}

static void add_records(struct mw_spf_match *m, SPF_dns_rr_t *rr, unsigned type, const struct mw_records *a)
{
	size_t most = a->n;

	if (type == MW_RR_MX && most > MW_SPF_NAMES_MAX) {
		stop(m, MW_SPF_PERM, "an mx has more than 10 hosts");
		rr->herrno = TRY_AGAIN;
		return;
	}
	if (type == MW_RR_PTR && most > MW_SPF_NAMES_MAX)
		most = MW_SPF_NAMES_MAX; /* RFC 7208, 4.6.4: the others are as if there were none */
	for (size_t i = 0; i < most && rr->herrno != TRY_AGAIN; i++) {
		const struct mw_str *record = &a->record[i];

		if (type == MW_RR_MX && record->n > 2)
			add_host(m, rr, (struct mw_str){record->p + 2, record->n - 2});
		else if (type == MW_RR_PTR)
			add_host(m, rr, *record);
		else if (type == MW_RR_A || type == MW_RR_AAAA)
			add_address(m, rr, *record, type == MW_RR_AAAA);
	}
	if (rr->herrno != TRY_AGAIN)
		rr->herrno = rr->num_rr ? NETDB_SUCCESS : NO_DATA;
}

/* The name that a stand-in is for; NULL: there is none. */
static const char *real_name(struct mw_spf_match *m, const char *domain, unsigned type, char reverse[80])
{
	char *end;
	unsigned long i;

	if (type == MW_RR_PTR) {
		mw_spf_reverse(&m->client, reverse);
		return reverse;
	}
	if (strcmp(domain, TARGET) == 0)
		return m->name;
	i = strtoul(domain, &end, 10);
	return end > domain && strcmp(end, "." TARGET) == 0 && i < m->n ? m->host[i] : NULL;
}

static SPF_dns_rr_t *on_lookup(SPF_dns_server_t *dns, const char *domain, ns_type type, int should_cache)
{
	struct mw_spf_match *m = (struct mw_spf_match *)dns;
	SPF_dns_rr_t *rr = answer(m, type, NO_DATA);
	const bool ptr = m->term->mechanism == MW_SPF_PTR;
	struct mw_records a;
	char reverse[80];
	const char *name = real_name(m, domain, (unsigned)type, reverse);
	int r;

	(void)should_cache;
	if (m->end) { /* no memory */
		rr->herrno = TRY_AGAIN;
		return rr;
	}
	r = name ? m->resolver.get(m->resolver.ctx, name, (unsigned)type, &a) : -EINVAL;
	if (r == 0 && a.status == MW_RECORDS_ANSWER) {
		m->voids += name == m->name && a.n == 0;
		add_records(m, rr, (unsigned)type, &a);
	} else if (r != -EINVAL && !ptr) { /* 5.5: for ptr an error is as if there were no name */
		stop(m, MW_SPF_TEMP,
		     r				      ? "no memory"
		     : a.status == MW_RECORDS_BOGUS   ? "DNSSEC proves an answer of DNS wrong"
		     : a.status == MW_RECORDS_TIMEOUT ? "DNS does not answer in time"
						      : "DNS answers with a failure");
		rr->herrno = TRY_AGAIN;
	}
	return rr;
}

/* ---- one mechanism ---------------------------------------------------------------------------------------------------------- */

/* A client on this host would pass whatever the record says: the first bit of all addresses is turned then, which changes no match. */
static bool is_loopback(const struct mw_spf_client *c)
{
	static const uint8_t one[16] = {[15] = 1};

	return c->ip6 ? memcmp(c->address, one, 16) == 0 : c->address[0] == 127;
}

struct mw_spf_match *mw_spf_match_new(const struct mw_resolver *resolver, const struct mw_spf_client *client)
{
	struct mw_spf_match *m = calloc(1, sizeof(*m));
	uint8_t address[16];
	struct in6_addr in6;
	struct in_addr in;

	if (!m)
		return NULL;
	m->dns = (SPF_dns_server_t){.lookup = on_lookup, .name = "milward"};
	m->resolver = *resolver;
	m->client = *client;
	m->flip = is_loopback(client);
	m->spare = SPF_dns_rr_new_init(&m->dns, NULL, ns_t_a, 0, TRY_AGAIN);
	m->server = SPF_server_new_dns(&m->dns, 0);
	m->request = m->server ? SPF_request_new(m->server) : NULL;
	if (!m->spare || !m->request || SPF_server_set_rec_dom(m->server, "receiver.invalid") != SPF_E_SUCCESS ||
	    SPF_request_set_env_from(m->request, "postmaster@sender.invalid")) {
		mw_spf_match_free(&m);
		return NULL;
	}
	memcpy(address, client->address, sizeof(address));
	if (m->flip)
		address[0] ^= 0x80;
	memcpy(&in, address, sizeof(in));
	memcpy(&in6, address, sizeof(in6));
	if (client->ip6)
		(void)SPF_request_set_ipv6(m->request, in6);
	else
		(void)SPF_request_set_ipv4(m->request, in);
	return m;
}

void mw_spf_match_free(struct mw_spf_match **mp)
{
	struct mw_spf_match *m = *mp;

	if (!m)
		return;
	*mp = NULL;
	if (m->request)
		SPF_request_free(m->request);
	if (m->server)
		SPF_server_free(m->server);
	if (m->spare)
		SPF_dns_rr_free(m->spare);
	free(m);
}

/* The record of that one mechanism. Only numbers of it are a stranger's. */
static void write_record(const struct mw_spf_match *m, const struct mw_spf_term *t, char *buf, size_t size)
{
	const bool ip6 = t->mechanism == MW_SPF_IP6;
	const unsigned prefix = ip6 ? t->prefix6 : t->prefix4;
	uint8_t address[16];
	char text[INET6_ADDRSTRLEN] = "";

	switch (t->mechanism) {
	case MW_SPF_IP4:
	case MW_SPF_IP6:
		memcpy(address, prefix == 0 && ip6 == m->client.ip6 ? m->client.address : t->address, sizeof(address));
		if (m->flip)
			address[0] ^= 0x80;
		(void)inet_ntop(ip6 ? AF_INET6 : AF_INET, address, text, sizeof(text));
		(void)snprintf(buf, size, "v=spf1 %s:%s/%u", ip6 ? "ip6" : "ip4", text, prefix ? prefix : ip6 ? 128 : 32);
		break;
	case MW_SPF_A:
	case MW_SPF_MX:
		(void)snprintf(buf, size, "v=spf1 %s:" TARGET "/%u//%u", t->mechanism == MW_SPF_A ? "a" : "mx",
			       t->prefix4 ? t->prefix4 : 32, t->prefix6 ? t->prefix6 : 128);
		break;
	default:
		(void)snprintf(buf, size, "v=spf1 %s:" TARGET, t->mechanism == MW_SPF_PTR ? "ptr" : "exists");
		break;
	}
}

enum mw_spf_end mw_spf_match(struct mw_spf_match *m, const struct mw_spf_term *t, const char *name, unsigned *voids,
			     const char **why)
{
	SPF_response_t *response = NULL;
	SPF_errcode_t failed;
	char record[128];
	enum mw_spf_end end;

	m->term = t;
	m->name = name;
	m->n = 0;
	m->voids = 0;
	m->end = MW_SPF_NO;
	write_record(m, t, record, sizeof(record));
	failed = SPF_request_query_fallback(m->request, &response, record);
	end = m->end;
	if (end == MW_SPF_NO && failed == SPF_E_SUCCESS && response && SPF_response_result(response) == SPF_RESULT_PASS)
		end = MW_SPF_YES;
	else if (end == MW_SPF_NO &&
		 (failed != SPF_E_SUCCESS || !response || SPF_response_result(response) != SPF_RESULT_NEUTRAL))
		stop(m, end = MW_SPF_TEMP, "libspf2 fails");
	if (response)
		SPF_response_free(response);
	*voids += m->voids;
	*why = m->why;
	return end;
}
