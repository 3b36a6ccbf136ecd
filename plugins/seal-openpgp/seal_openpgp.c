/* SPDX-License-Identifier: Apache-2.0 */
/* seal-openpgp: mail sealed with OpenPGP, PGP/MIME, to keys that the site has or the recipient's domain publishes; by RNP, in process. */
#include "openpgp.h"
#include "selftest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct mw_opt options[] = {
    MW_OPT(PATH, struct openpgp_conf, keys, "keys", .help = "folder of the correspondents' keys"),
    MW_OPT(PATH, struct openpgp_conf, lookup, "lookup", .help = "socket of milward-lookup, for Web Key Directories"),
    MW_OPT(TIME, struct openpgp_conf, wait, "lookup-wait", .dflt = "5 seconds", .min = 1, .max = 60,
	   .help = "how long an answer of milward-lookup is waited for"),
    MW_OPT(PATH, struct openpgp_conf, signing_keys, "signing-keys", .help = "secret keys that sign, a file or a folder"),
    MW_OPT(STR, struct openpgp_conf, signing_address, "signing-address",
	   .help = "address whose key signs for senders who have none of their own"),
    MW_OPT(PATH, struct openpgp_conf, secret_keys, "secret-keys", .help = "secret keys that open mail, a file or a folder"),
    MW_OPT(PATH, struct openpgp_conf, passphrase, "passphrase", .help = "file whose first line opens secret keys"),
    MW_OPT(SIZE, struct openpgp_conf, opened_max, "opened-max", .dflt = "256M", .min = 65536, .max = INT64_MAX,
	   .help = "how large a message may be that is opened"),
    {0},
};

static int check(const struct mw_host *host, const void *c, struct mw_err *err)
{
	const struct openpgp_conf *conf = c;

	if (conf->passphrase && !conf->signing_keys && !conf->secret_keys)
		return host->fail(err, -EINVAL, "\"passphrase\" opens nothing: give \"signing-keys\" or \"secret-keys\"");
	if (conf->signing_address && !conf->signing_keys)
		return host->fail(err, -EINVAL, "\"signing-address\" needs \"signing-keys\"");
	if (!conf->keys && !conf->lookup && !conf->secret_keys)
		return host->fail(err, -EINVAL, "there are no keys: give \"keys\", or \"lookup\", or both");
	return 0;
}

/* ---- opening --------------------------------------------------------------------------------------------------------------------- */

static void close_module(void *inst)
{
	struct openpgp *o = inst;

	if (!o)
		return;
	pgp_desk_close(&o->desk);
	pgp_ring_drop(&o->secret);
	pgp_ring_drop(&o->signing);
	pgp_wkd_free(&o->wkd);
	pgp_store_free(&o->store);
	free(o);
}

static int open_parts(struct openpgp *o, struct mw_err *err)
{
	int r = openpgp_selftest(o->host, err);

	if (r == 0 && o->conf->keys)
		r = pgp_store_new(o->host, o->self, o->conf->keys, &o->store, err);
	if (r == 0 && o->conf->lookup) {
		o->wkd = pgp_wkd_new(o->conf->lookup, o->conf->wait * 1000);
		if (!o->wkd)
			r = o->host->fail(err, -ENOMEM, "out of memory");
	}
	return r;
}

static int open_module(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct openpgp *o = calloc(1, sizeof(*o));
	int r;

	if (!o || pgp_desk_open(&o->desk) < 0) {
		free(o);
		return host->fail(err, -ENOMEM, "out of memory");
	}
	o->host = host;
	o->self = self;
	o->conf = conf;
	r = open_parts(o, err);
	if (r < 0) {
		close_module(o);
		return r;
	}
	*inst = o;
	return 0;
}

/* ---- sealing --------------------------------------------------------------------------------------------------------------------- */

/* Whom the site has a key of, nobody else is asked about. */
static void want(void *inst, const char *recipient)
{
	struct openpgp *o = inst;
	struct pgp_shelf *shelf = NULL;
	const struct pgp_entry *entry;
	char lower[OPENPGP_ADDRESS];
	size_t n = 0;

	if (!o->wkd || !openpgp_lower(recipient, lower))
		return;
	if (o->store && pgp_store_look(o->store, &shelf, NULL) == 0)
		n = pgp_shelf_find(shelf, lower, &entry);
	pgp_shelf_drop(&shelf);
	if (n == 0)
		pgp_wkd_want(o->wkd, lower);
}

static int able(void *inst, const char *recipient, int64_t now, struct mw_err *err)
{
	return openpgp_find(inst, recipient, now, NULL, err);
}

static int unlock(void *inst, struct mw_err *err)
{
	struct openpgp *o = inst;
	int r = 0;

	if (o->conf->signing_keys)
		r = pgp_ring_read(o->host, o->conf->signing_keys, o->conf->passphrase, &o->signing, err);
	if (r == 0 && o->conf->secret_keys)
		r = pgp_ring_read(o->host, o->conf->secret_keys, o->conf->passphrase, &o->secret, err);
	return r;
}

static const struct mw_sealer sealer = {
    .method = "openpgp", .want = want, .able = able, .unlock = unlock, .seal = openpgp_seal, .unseal = openpgp_unseal};

static const struct mw_command commands[] = {
    {"list", "[--expiring DAYS]", "addresses that there are keys for, and whether these can be used", openpgp_command_list},
    {"show", "ADDRESS", "its keys, here and in its domain's Web Key Directory", openpgp_command_show},
    {"add", "FILE...", "put keys into the folder of keys", openpgp_command_add},
    {"remove", "ADDRESS|0xKEYID", "take keys out of it", openpgp_command_remove},
    {"doctor", "", "which of the site's own keys end soon, for milwardctl doctor", openpgp_command_doctor},
    {0},
};

MW_PLUGIN(seal_openpgp, "seal-openpgp", .kind = MW_KIND_SEALER, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "OpenPGP mail (PGP/MIME)", .powers = MW_POWER_KEYS | MW_POWER_NETWORK, .options = options,
	  .conf_size = sizeof(struct openpgp_conf), .sealer = &sealer, .commands = commands,
	  .hooks = {.check = check, .open = open_module, .close = close_module});
