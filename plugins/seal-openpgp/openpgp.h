/* SPDX-License-Identifier: Apache-2.0 */
/* openpgp: what open() makes of the options, and what its files do with it. */
#ifndef OPENPGP_H
#define OPENPGP_H

#include "desk.h"
#include "judge.h"
#include "secret.h"
#include "store.h"
#include "wkd.h"

struct openpgp_conf {
	const char *keys;			/* folder of correspondents' keys */
	const char *lookup;			/* socket of milward-lookup */
	int64_t wait;				/* seconds */
	const char *signing_keys, *secret_keys; /* files or folders */
	const char *signing_address;		/* whose key signs for senders who have none */
	const char *passphrase;			/* file */
	uint64_t opened_max;			/* octets of a message that is opened */
};

struct openpgp {
	const struct mw_host *host;
	struct mw_self *self;
	const struct openpgp_conf *conf;
	struct pgp_store *store; /* NULL: no folder */
	struct pgp_wkd *wkd;	 /* NULL: nobody to ask */
	struct pgp_ring signing, secret;
	struct pgp_desk desk; /* with those */
};

/* address as mail has it, in lower case: keys are looked for so. room for OPENPGP_ADDRESS octets. false: too long. */
#define OPENPGP_ADDRESS 321
bool openpgp_lower(const char *address, char to[OPENPGP_ADDRESS]);

/* find.c: 1: the newest key that may be used for the address now, *use (NULL = only to know) is the caller's to drop; 0: none, err says why;
 * negative: cannot be known now. */
int openpgp_find(struct openpgp *, const char *address, int64_t now, struct pgp_use *use, struct mw_err *);
/* find.c: keys from the Web Key Directory that have a user id of the address (lower case): *list and each in it are the caller's to free.
 * 1; 0: none, why (PGP_WHY octets; NULL = not asked) says what is wrong with what is there, if something is; negative with err. */
int openpgp_wkd_certs(struct openpgp *, const char *address, struct pgp_cert ***list, size_t *n, char *why, struct mw_err *err);

/* make.c, undo.c: struct mw_sealer */
int openpgp_seal(void *inst, const struct mw_seal_work *, struct mw_err *);
int openpgp_unseal(void *inst, const struct mw_seal_work *, struct mw_opened *, struct mw_err *);

/* command.c */
int openpgp_command_list(const struct mw_host *, const void *conf, int argc, char **argv);
int openpgp_command_show(const struct mw_host *, const void *conf, int argc, char **argv);
int openpgp_command_add(const struct mw_host *, const void *conf, int argc, char **argv);
int openpgp_command_remove(const struct mw_host *, const void *conf, int argc, char **argv);
/* doctor.c */
int openpgp_command_doctor(const struct mw_host *, const void *conf, int argc, char **argv);

#endif
