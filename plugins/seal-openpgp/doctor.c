/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: the site's own keys that have ended or end soon, for milwardctl doctor. Those of correspondents are theirs. */
#include "openpgp.h"

#include <rnp/rnp_err.h>
#include <stdio.h>
#include <time.h>

#define DAY 86400
#define SOON (30 * DAY)

/* When the key itself ends; INT64_MAX: never, or nobody can tell. */
static int64_t end_of(const struct pgp_cert *c, int64_t now)
{
	rnp_ffi_t ffi;
	rnp_key_handle_t key = NULL;
	uint64_t until = 0;
	int64_t end = INT64_MAX;

	if (pgp_rnp_new(now, &ffi) < 0)
		return end;
	if (pgp_load(ffi, c, &key) == 0 && rnp_key_valid_till64(key, &until) == RNP_SUCCESS && until < INT64_MAX)
		end = (int64_t)until;
	(void)rnp_key_handle_destroy(key);
	(void)rnp_ffi_destroy(ffi);
	return end;
}

/* Of a key that opens mail, what correspondents encrypt to ends, too. */
static int64_t use_of(const struct pgp_cert *c, int64_t now)
{
	struct pgp_use use = {0};
	char why[PGP_WHY];
	int64_t end = INT64_MAX;

	if (pgp_judge(c, NULL, now, &use, why) > 0)
		end = use.until;
	pgp_use_drop(&use);
	return end;
}

static void tell_all(const char *where, const struct pgp_ring *ring, bool opens, int64_t now)
{
	for (size_t i = 0; i < ring->n; i++) {
		int64_t end = end_of(ring->cert[i], now), use = opens ? use_of(ring->cert[i], now) : INT64_MAX;
		char date[PGP_DATE], id[PGP_ID_TEXT];

		end = use < end ? use : end;
		if (end > now + SOON)
			continue;
		pgp_date(end, date);
		pgp_id_text(ring->cert[i]->key.fpr, id);
		printf("%s\topenpgp-key\t%s\tthe key %s %s on %s: prolong it, or make another\t\n",
		       end < now ? "error" : "warning", where, id, end < now ? "ended" : "ends", date);
	}
}

int openpgp_command_doctor(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	const struct openpgp_conf *c = conf;
	struct pgp_ring signing = {.n = 0}, secret = {.n = 0};
	struct mw_err err = {0};
	int r = 0;

	(void)argc;
	(void)argv;
	if (!c)
		return 0;
	if (c->signing_keys)
		r = pgp_ring_read(host, c->signing_keys, c->passphrase, &signing, &err);
	if (r == 0 && c->secret_keys)
		r = pgp_ring_read(host, c->secret_keys, c->passphrase, &secret, &err);
	tell_all(c->signing_keys, &signing, false, (int64_t)time(NULL));
	tell_all(c->secret_keys, &secret, true, (int64_t)time(NULL));
	pgp_ring_drop(&signing);
	pgp_ring_drop(&secret);
	if (r < 0)
		fprintf(stderr, "%s\n", err.text);
	return r < 0 ? 1 : 0;
}
