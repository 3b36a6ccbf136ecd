/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spf_plain: the version of libspf2.
 * spf_plain FILE CLIENT HELO SENDER: what libspf2 says by itself over records of a text file (zone.h): "WORD TAB EXPLANATION". For
 * tests/corpus/spf-suite.t, which lists what it does differently from RFC 7208, and shows that the module does not.
 */
#include "dnsname.h"
#include "zone.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <spf2/spf.h>

static struct mw_resolver resolver;

static void add(SPF_dns_rr_t *rr, const void *p, size_t n)
{
	if (SPF_dns_rr_buf_realloc(rr, rr->num_rr, n + 1) != SPF_E_SUCCESS)
		abort();
	memcpy(rr->rr[rr->num_rr], p, n);
	((char *)rr->rr[rr->num_rr++])[n] = '\0';
}

static void add_record(SPF_dns_rr_t *rr, ns_type type, struct mw_str record)
{
	char name[MW_RESOLVER_NAME_MAX], text[65536];
	size_t n = 0;

	switch ((unsigned)type) {
	case MW_RR_TXT:
		for (size_t at = 0; at < record.n; at += (unsigned char)record.p[at] + 1u) {
			memcpy(text + n, record.p + at + 1, (unsigned char)record.p[at]);
			n += (unsigned char)record.p[at];
		}
		add(rr, text, n);
		break;
	case MW_RR_MX:
		add(rr, name, mw_dnsname_text((const uint8_t *)record.p + 2, name));
		break;
	case MW_RR_PTR:
		add(rr, name, mw_dnsname_text((const uint8_t *)record.p, name));
		break;
	default:
		add(rr, record.p, record.n);
		break;
	}
}

static SPF_dns_rr_t *on_lookup(SPF_dns_server_t *dns, const char *domain, ns_type type, int should_cache)
{
	SPF_dns_rr_t *rr = SPF_dns_rr_new_init(dns, domain, type, 0, NO_DATA);
	struct mw_records a;

	(void)should_cache;
	if (!rr)
		abort();
	if (resolver.get(resolver.ctx, domain, (unsigned)type, &a) != 0)
		return rr;
	for (size_t i = 0; i < a.n; i++)
		add_record(rr, type, a.record[i]);
	rr->herrno = a.status == MW_RECORDS_ANSWER ? (a.n ? NETDB_SUCCESS : NO_DATA) : TRY_AGAIN;
	return rr;
}

int main(int argc, char **argv)
{
	SPF_dns_server_t dns = {.lookup = on_lookup, .name = "file"};
	SPF_response_t *response = NULL;
	struct mw_zonefile *zone = NULL;
	struct mw_err err = {0};
	SPF_server_t *server;
	SPF_request_t *request;
	SPF_errcode_t failed;
	const char *said, *word;

	if (argc == 1) {
		int major = 0, minor = 0, patch = 0;

		SPF_get_lib_version(&major, &minor, &patch);
		(void)printf("%d.%d.%d\n", major, minor, patch);
		return 0;
	}
	if (argc != 5 || mw_zonefile_read(argv[1], &zone, &err))
		return 2;
	resolver = mw_zonefile_resolver(zone);
	server = SPF_server_new_dns(&dns, 0);
	request = server ? SPF_request_new(server) : NULL;
	if (!request || SPF_server_set_rec_dom(server, "unknown") != SPF_E_SUCCESS)
		return 2;
	if (strchr(argv[2], ':'))
		(void)SPF_request_set_ipv6_str(request, argv[2]);
	else
		(void)SPF_request_set_ipv4_str(request, argv[2]);
	(void)SPF_request_set_helo_dom(request, argv[3]);
	if (argv[4][0])
		(void)SPF_request_set_env_from(request, argv[4]);
	failed = SPF_request_query_mailfrom(request, &response);
	said = response && SPF_response_get_explanation(response) ? SPF_response_get_explanation(response) : "";
	word = response ? SPF_strresult(SPF_response_result(response)) : "none";
	if (!response || SPF_response_result(response) == SPF_RESULT_INVALID) /* as its own programs read it */
		word = failed == SPF_E_DNS_ERROR ? "temperror" : failed == SPF_E_NOT_SPF ? "none" : "permerror";
	(void)printf("%s\t%s\n", word, said);
	if (response)
		SPF_response_free(response);
	SPF_request_free(request);
	SPF_server_free(server);
	mw_zonefile_free(&zone);
	return 0;
}
