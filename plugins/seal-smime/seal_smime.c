/* SPDX-License-Identifier: Apache-2.0 */
/* seal-smime: S/MIME (RFC 8551) by OpenSSL: encrypts to a recipient's certificate, signs, and opens what was encrypted to the site. */
#include "command.h"
#include "harvest.h"
#include "seal.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>

static const struct mw_word revocation[] = {{"none", SMIME_REVOCATION_NONE},
					    {"crl", SMIME_REVOCATION_CRL},
					    {"ocsp", SMIME_REVOCATION_OCSP},
					    {"any", SMIME_REVOCATION_ANY},
					    {0}};

static const struct mw_opt options[] = {
    MW_OPT(PATH, struct smime_conf, certificates, "certificates", .help = "folder of certificates of recipients"),
    MW_OPT(PATH, struct smime_conf, store, "store", .help = "folder of certificates from signed mail"),
    MW_OPT(PATH, struct smime_conf, anchors, "anchors", .help = "file or folder of issuers that are trusted"),
    MW_OPT(BOOL, struct smime_conf, verify, "verify", .dflt = "yes",
	   .help = "certificates of the folder must lead to an anchor, too"),
    MW_OPT(PATH, struct smime_conf, crls, "crls", .help = "file or folder of revocation lists"),
    MW_OPT(WORD, struct smime_conf, revocation, "revocation", .dflt = "none", .words = revocation,
	   .help = "how it is known that a certificate was not revoked"),
    MW_OPT(PATH, struct smime_conf, lookup, "lookup", .help = "socket of milward-lookup"),
    MW_OPT(LIST, struct smime_conf, gcm, "gcm", .help = "addresses and domains that get AES-256-GCM"),
    MW_OPT(LIST, struct smime_conf, oaep, "oaep", .help = "addresses and domains that get RSA-OAEP"),
    MW_OPT(PATH, struct smime_conf, signers, "signers", .help = "folder of keys and certificates of senders"),
    MW_OPT(PATH, struct smime_conf, gateway_certificate, "gateway-certificate", .help = "signs for senders who have no key"),
    MW_OPT(PATH, struct smime_conf, gateway_key, "gateway-key", .help = "its key"),
    MW_OPT(PATH, struct smime_conf, keys, "keys", .help = "folder of keys and certificates that open mail to the site"),
    {0},
};

static int smime_check(const struct mw_host *host, const void *conf, struct mw_err *err)
{
	const struct smime_conf *c = conf;
	bool crl = c->revocation == SMIME_REVOCATION_CRL || c->revocation == SMIME_REVOCATION_ANY;
	bool ocsp = c->revocation == SMIME_REVOCATION_OCSP || c->revocation == SMIME_REVOCATION_ANY;

	if (!c->certificates && !c->store && !c->keys)
		return host->fail(err, -EINVAL, "seal-smime has nothing to do: give it certificates, a store or keys");
	if (!c->anchors && ((c->certificates && c->verify) || c->store))
		return host->fail(err, -EINVAL, "%s",
				  c->store ? "store needs anchors: nothing else tells whose a certificate is"
					   : "verify needs anchors; or say `verify no`, and every certificate "
					     "in the folder is used");
	if (c->revocation != SMIME_REVOCATION_NONE && !c->anchors)
		return host->fail(err, -EINVAL, "revocation needs anchors");
	if (crl && !c->crls)
		return host->fail(err, -EINVAL, "revocation by lists needs crls, the folder that they are in");
	if (ocsp && !c->lookup)
		return host->fail(err, -EINVAL, "revocation by OCSP needs lookup, the socket of milward-lookup");
	if (!c->gateway_certificate != !c->gateway_key)
		return host->fail(err, -EINVAL, "gateway-certificate and gateway-key belong together");
	return 0;
}

static void smime_close(void *inst)
{
	struct smime *s = inst;

	if (!s)
		return;
	site_close(&s->site);
	pipes_free(&s->pipes);
	keys_free(&s->signers);
	keys_free(&s->gateway);
	keys_free(&s->openers);
	free(s->kept);
	free(s);
}

static int smime_open(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct smime *s;
	int r;

	if (OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL) != 1)
		return host->fail(err, -EIO, "OpenSSL does not start");
	s = calloc(1, sizeof(*s));
	if (!s)
		return host->fail(err, -ENOMEM, "no memory");
	s->host = host;
	s->self = self;
	s->conf = conf;
	r = site_open(&s->site, host, self, conf, err);
	if (r == 0 && pipes_new(&s->pipes) < 0)
		r = host->fail(err, -ENOMEM, "no memory");
	if (r < 0) {
		smime_close(s);
		return r;
	}
	*inst = s;
	return 0;
}

static int smime_unlock(void *inst, struct mw_err *err)
{
	struct smime *s = inst;
	int r = 0;

	if (s->conf->signers)
		r = keys_read(s->host, "signers", s->conf->signers, true, &s->signers, err);
	if (r == 0 && s->conf->gateway_key)
		r = keys_read_one(s->host, "gateway-key", s->conf->gateway_key, s->conf->gateway_certificate, &s->gateway, err);
	if (r == 0 && s->conf->keys)
		r = keys_read(s->host, "keys", s->conf->keys, false, &s->openers, err);
	return r;
}

/* Reads what has changed: in the process that children are copied from, this is what keeps theirs new. */
static void smime_want(void *inst, const char *recipient)
{
	struct smime *s = inst;

	(void)recipient;
	site_refresh(&s->site);
}

static const struct mw_sealer sealer = {.method = "smime",
					.want = smime_want,
					.able = smime_able,
					.unlock = smime_unlock,
					.seal = smime_seal,
					.unseal = smime_unseal,
					.keep = smime_keep};

static const struct mw_command commands[] = {
    {"list", "[--expiring DAYS]", "certificates by address, and what keeps each from being used", smime_command_list},
    {"show", "ADDRESS", "which certificate is used for an address, and why not the others", smime_command_show},
    {"add", "FILE...", "put certificates into the folder", smime_command_add},
    {"remove", "ADDRESS|FILE", "remove the certificates of an address, or a file", smime_command_remove},
    {"doctor", "", "which of the site's own certificates end soon, for milwardctl doctor", smime_command_doctor},
    {0},
};

MW_PLUGIN(seal_smime, "seal-smime", .kind = MW_KIND_SEALER, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "S/MIME: encrypts to certificates of recipients, opens what came for the site",
	  .powers = MW_POWER_KEYS | MW_POWER_STORE, .options = options, .conf_size = sizeof(struct smime_conf), .sealer = &sealer,
	  .commands = commands, .hooks = {.check = smime_check, .open = smime_open, .close = smime_close});
