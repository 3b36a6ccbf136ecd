/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe: asks what milward-lookup asks of the web, for tests/lookup/web.t. A line "sts DOMAIN", "wkd ADDRESS" or "ocsp URL BASE64" on
 * standard input is a question; the answer is the line behind ": " on standard output, in the order of answers. Ends with its input.
 *     probe SERVER ANCHOR CA PORT CACHE TICK MOST [public]
 * SERVER: of DNS; ANCHOR: file; PORT: of https; CACHE: file of MTA-STS, "-" for none; TICK: milliseconds; MOST: domains;
 * public: no private addresses.
 */
#include "base/buf.h"
#include "base/str.h"
#include "dns/dns.h"
#include "lookup/ocsp.h"
#include "lookup/sts.h"
#include "lookup/wkd.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct probe {
	struct event_base *base;
	struct mw_dns *dns;
	struct mw_https *https;
	struct mw_sts *sts;
	struct mw_wkd *wkd;
	char input[65536];
	size_t n;
};

static void on_sts(void *ctx, const struct mw_sts_verdict *v)
{
	static const char *const words[] = {"none", "policy", "unfetched", "temp"};
	char *question = ctx;

	printf("%s: %s %lld%s", question, words[v->answer], (long long)v->seconds, v->transient ? " transient" : "");
	if (v->answer == MW_STS_POLICY) {
		printf(" %s %lld", mw_sts_mode_words[v->policy->mode], (long long)v->policy->max_age);
		for (size_t i = 0; i < v->policy->n_mx; i++)
			printf(" %s", v->policy->mx[i]);
	}
	printf(" %s\n", v->why);
	(void)fflush(stdout);
	free(question);
}

static void on_map(void *ctx, const struct mw_answer *answer)
{
	static const char *const words[] = {"OK", "NOTFOUND", "TEMP", "PERM"};
	char *question = ctx;

	printf("%.200s: %s %.*s\n", question, words[answer->kind], (int)answer->text.n, answer->text.p);
	(void)fflush(stdout);
	free(question);
}

static void ask(struct probe *p, struct mw_str line)
{
	char *question = strndup(line.p, line.n), *key = question ? strchr(question, ' ') : NULL;

	if (!key)
		exit(2);
	key++;
	if (strncmp(question, "sts ", 4) == 0)
		mw_sts_ask(p->sts, mw_str(key), on_sts, question);
	else if (strncmp(question, "wkd ", 4) == 0)
		mw_wkd_map(p->wkd, mw_str(key), on_map, question);
	else
		mw_ocsp_map(p->https, mw_str(key), on_map, question);
}

static void on_input(evutil_socket_t fd, short what, void *ctx)
{
	struct probe *p = ctx;
	ssize_t n = read((int)fd, p->input + p->n, sizeof(p->input) - p->n);
	struct mw_str rest;

	(void)what;
	if (n <= 0) {
		(void)event_base_loopbreak(p->base);
		return;
	}
	p->n += (size_t)n;
	rest = (struct mw_str){.p = p->input, .n = p->n};
	while (memchr(rest.p, '\n', rest.n))
		ask(p, mw_str_take_line(&rest));
	memmove(p->input, rest.p, rest.n);
	p->n = rest.n;
}

static int open_all(struct probe *p, char **argv, bool public, struct mw_err *err)
{
	const char *const servers[] = {argv[1], NULL};
	const struct mw_dns_options dns = {
	    .base = p->base, .resolvers = {.v = servers, .n = 1}, .trust_anchor = argv[2], .timeout = 3000};
	struct mw_https_options https = {
	    .base = p->base, .ca_file = argv[3], .port = (uint16_t)atoi(argv[4]), .allow_private = !public, .timeout = 1500};
	struct mw_sts_options sts = {.base = p->base,
				     .path = strcmp(argv[5], "-") == 0 ? NULL : argv[5],
				     .tick = atoi(argv[6]),
				     .most = (size_t)atoi(argv[7])};
	int rc = mw_dns_new(&dns, &p->dns, err);

	https.dns = sts.dns = p->dns;
	if (rc == 0)
		rc = mw_https_new(&https, &p->https, err);
	sts.https = p->https;
	if (rc == 0)
		rc = mw_sts_new(&sts, &p->sts, err);
	return rc == 0 ? mw_wkd_new(p->https, &p->wkd, err) : rc;
}

int main(int argc, char **argv)
{
	struct probe *p = calloc(1, sizeof(*p));
	struct event *input;
	struct mw_err err = {.text = ""};
	int rc = 1;

	if (!p || argc < 8 || argc > 9)
		return 2;
	p->base = event_base_new();
	input = event_new(p->base, STDIN_FILENO, EV_READ | EV_PERSIST, on_input, p);
	if (!input || event_add(input, NULL) != 0)
		return 2;
	if (open_all(p, argv, argc == 9, &err) == 0) {
		(void)event_base_dispatch(p->base);
		rc = 0;
	} else {
		fprintf(stderr, "probe: %s\n", err.text);
	}
	mw_https_free(&p->https);
	mw_wkd_free(&p->wkd);
	mw_sts_free(&p->sts);
	mw_dns_free(&p->dns);
	event_free(input);
	event_base_free(p->base);
	free(p);
	return rc;
}
