/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: certificates of the site's own keys that have ended or end soon, for milwardctl doctor. Those of correspondents are theirs. */
#include "command.h"
#include "keys.h"
#include "usable.h"

#include <stdio.h>
#include <time.h>

#define DAY 86400
#define SOON (30 * DAY)

static void tell(const char *where, const struct key *k, int64_t now)
{
	char date[SMIME_DATE];
	int64_t until;

	if (!usable_time(X509_get0_notAfter(k->cert), &until) || until > now + SOON)
		return;
	smime_date(until, date);
	printf("%s\tcertificate\t%s\tthe certificate%s%s %s on %s: get another\t\n", until < now ? "error" : "warning", where,
	       k->address ? " of " : "", k->address ? k->address : "", until < now ? "ended" : "ends", date);
}

static void tell_all(const char *where, const struct keys *keys, int64_t now)
{
	for (size_t i = 0; i < keys->n; i++)
		tell(where, &keys->v[i], now);
}

int smime_command_doctor(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	const struct smime_conf *c = conf;
	struct keys signers = {.n = 0}, gateway = {.n = 0}, openers = {.n = 0};
	struct mw_err err = {0};
	int r = 0;

	(void)argc;
	(void)argv;
	if (!c)
		return 0;
	if (c->signers)
		r = keys_read(host, "signers", c->signers, true, &signers, &err);
	if (r == 0 && c->gateway_key)
		r = keys_read_one(host, "gateway-key", c->gateway_key, c->gateway_certificate, &gateway, &err);
	if (r == 0 && c->keys)
		r = keys_read(host, "keys", c->keys, false, &openers, &err);
	tell_all(c->signers, &signers, (int64_t)time(NULL));
	tell_all(c->gateway_certificate, &gateway, (int64_t)time(NULL));
	tell_all(c->keys, &openers, (int64_t)time(NULL));
	keys_free(&signers);
	keys_free(&gateway);
	keys_free(&openers);
	if (r < 0)
		fprintf(stderr, "%s\n", err.text);
	return r < 0 ? 1 : 0;
}
