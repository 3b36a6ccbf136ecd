/* SPDX-License-Identifier: Apache-2.0 */
#include "command.h"

#include "checks.h"
#include "dns.h"
#include "explain.h"
#include "mailfile.h"
#include "relay.h"
#include "zone.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DEFAULT_LOOKUP "/run/milward-lookup/lookup"
#define DEFAULT_TIME 10
#define DEFAULT_BITS 1024

struct asked {
	const char *ip, *helo, *from, *records, *lookup, *message;
	bool json, colour;
};

/* Who answers, one of them. */
struct source {
	struct mw_zonefile *zone;
	struct mw_dns_lookup *lookup;
	struct mw_dns_message *answers;
	struct mw_resolver dns;
};

static int usage(const char *why)
{
	fprintf(stderr, "milwardctl auth: %s\nusage: milwardctl [-p POLICY] auth %s\n", why, MW_AUTH_COMMAND_ARGS);
	return 64;
}

static bool wants_colour(const char *when)
{
	const char *no = getenv("NO_COLOR");

	if (strcmp(when, "auto") != 0)
		return strcmp(when, "always") == 0;
	return isatty(STDOUT_FILENO) && !(no && *no);
}

/* 0, or the exit status. */
static int parse(int argc, char **argv, struct asked *ret)
{
	static const struct option longs[] = {
	    {"ip", required_argument, NULL, 'i'},
	    {"helo", required_argument, NULL, 'h'},
	    {"from", required_argument, NULL, 'f'},
	    {"records", required_argument, NULL, 'r'},
	    {"lookup", required_argument, NULL, 'l'},
	    {"json", no_argument, NULL, 'j'},
	    {"colour", required_argument, NULL, 'c'},
	    {"color", required_argument, NULL, 'c'},
	    {NULL, 0, NULL, 0},
	};
	struct asked a = {.ip = "", .helo = "", .from = ""};
	const char *when = "auto";
	int c;

	optind = 0;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'i')
			a.ip = optarg;
		else if (c == 'h')
			a.helo = optarg;
		else if (c == 'f')
			a.from = optarg;
		else if (c == 'r')
			a.records = optarg;
		else if (c == 'l')
			a.lookup = optarg;
		else if (c == 'j')
			a.json = true;
		else if (c == 'c')
			when = optarg;
		else
			return usage("see there");
	}
	if (optind + 1 != argc)
		return usage("which message?");
	if (a.records && a.lookup)
		return usage("--records or --lookup, not both");
	a.message = argv[optind];
	a.colour = wants_colour(when);
	*ret = a;
	return 0;
}

static int source_open(const struct mw_host *host, const struct asked *a, const struct mw_auth_conf *conf, struct source *s,
		       struct mw_err *err)
{
	const char *lookup = a->lookup ? a->lookup : conf && conf->lookup ? conf->lookup : DEFAULT_LOOKUP;
	int r;

	if (a->records) {
		r = mw_zonefile_read(a->records, &s->zone, err);
		if (r == 0)
			s->dns = mw_zonefile_resolver(s->zone);
		return r;
	}
	if (access(lookup, F_OK) < 0)
		return host->fail(err, -errno, "%s: %s (milward-lookup answers there; or give --records FILE)", lookup,
				  strerror(errno));
	s->lookup = mw_dns_lookup_new(lookup);
	if (s->lookup)
		s->answers = mw_dns_message_new(s->lookup, (conf ? conf->time : DEFAULT_TIME) * 1000);
	if (!s->answers)
		return host->fail(err, -ENOMEM, "out of memory");
	s->dns = mw_dns_message_resolver(s->answers);
	return 0;
}

static void source_close(struct source *s)
{
	mw_dns_message_free(&s->answers);
	mw_dns_lookup_free(&s->lookup);
	mw_zonefile_free(&s->zone);
}

static struct mw_str str(const char *s)
{
	return (struct mw_str){.p = s, .n = strlen(s)};
}

/* Sender with or without <>, and the domain of it. */
static void take_sender(const char *from, struct mw_auth_mail *mail)
{
	const char *at;

	mail->sender = str(from);
	if (mail->sender.n >= 2 && from[0] == '<' && from[mail->sender.n - 1] == '>')
		mail->sender = (struct mw_str){.p = from + 1, .n = mail->sender.n - 2};
	at = mail->sender.n ? memrchr(mail->sender.p, '@', mail->sender.n) : NULL;
	mail->sender_domain =
	    at ? (struct mw_str){.p = at + 1, .n = (size_t)(mail->sender.p + mail->sender.n - at - 1)} : str("");
}

static int explain(const struct mw_host *host, const struct mw_auth_conf *conf, const struct asked *a,
		   const struct mw_auth_mail *mail, struct source *s, struct mw_err *err)
{
	struct mw_explain *e = mw_explain_new(&s->dns, a->json, a->colour);
	struct mw_auth *found = calloc(1, sizeof(*found));
	struct mw_checks *checks = NULL;
	int r = e && found ? mw_checks_open(host, conf, &checks, err) : host->fail(err, -ENOMEM, "out of memory");

	if (r == 0) {
		const struct mw_resolver dns = mw_explain_resolver(e);
		const struct mw_checks_watch watch = mw_explain_watch(e);

		found->unknown_client = mail->client.n ? NULL : "the client is not known: give --ip";
		mw_checks_want_client(checks, mail, &dns);
		mw_checks_want_header(checks, mail, &dns);
		mw_explain_begin(e, mail);
		mw_checks_run(checks, mail, &dns, found, &watch);
		mw_explain_end(e, mail, found);
		if (mw_explain_text(e)->failed)
			r = host->fail(err, -ENOMEM, "out of memory");
		else
			(void)fwrite(mw_explain_text(e)->p, 1, mw_explain_text(e)->n, stdout);
	}
	mw_checks_close(&checks);
	mw_explain_free(e);
	free(found);
	return r;
}

int mw_auth_command(const struct mw_host *host, const void *conf_, int argc, char **argv)
{
	const struct mw_auth_conf *conf = conf_, dflt = {.minimum_bits = DEFAULT_BITS, .time = DEFAULT_TIME};
	char address[MW_RELAY_ADDRESS], receiver[MW_AUTH_NAME] = "";
	struct mw_auth_mail mail = {.receiver = receiver, .client = str(""), .now = (int64_t)time(NULL)};
	struct mw_mailfile file = {.text = NULL};
	struct source source = {.zone = NULL};
	struct mw_err err = {0};
	struct asked a;
	int r = parse(argc, argv, &a);

	if (r)
		return r;
	if (*a.ip && !mw_relay_address(str(a.ip), address))
		return usage("--ip: this is no address");
	if (*a.ip)
		mail.client = str(address);
	if (conf && conf->authserv_id && *conf->authserv_id)
		mail.receiver = conf->authserv_id;
	else if (gethostname(receiver, sizeof(receiver) - 1) < 0 || !*receiver)
		(void)snprintf(receiver, sizeof(receiver), "localhost");
	mail.helo = str(a.helo);
	take_sender(a.from, &mail);
	r = mw_mailfile_open(host, a.message, &file, &mail, &err);
	if (r == 0)
		r = source_open(host, &a, conf, &source, &err);
	if (r == 0)
		r = explain(host, conf ? conf : &dflt, &a, &mail, &source, &err);
	source_close(&source);
	mw_mailfile_close(&file);
	if (r < 0)
		fprintf(stderr, "milwardctl auth: %s\n", err.text);
	return r < 0;
}
