/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dkim: signs what leaves. The policy says `always sign dkim`; OpenDKIM's KeyTable and SigningTable say with which key.
 *
 * see() finds out who the author is, whether this client may have mail signed, and which keys match, and publishes that as facts.
 * act() signs the octets as they leave: with every edit that was staged before. A key that matches and cannot sign is an error
 * (the cause `error`), never a message without its signature.
 */
#include <milward/plugin.h>

#include "doctor.h"
#include "net.h"
#include "ring.h"
#include "sign.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RELAXED, SIMPLE };

struct conf {
	const char *key_table, *signing_table;
	int64_t header, body;
	bool multiple;
	struct mw_list internal_hosts;
	struct mw_list oversign;
};

struct args {
	int64_t what;
};

struct inst {
	const struct mw_host *host;
	struct mw_self *self;
	struct mw_dkim_ring *ring;
	struct mw_dkim_signer *signer;
	bool multiple;
	size_t nets;
	struct mw_dkim_net *net;
};

/* What see() found for one message. */
struct tx {
	struct mw_dkim_from from;
	size_t uses;
	struct mw_dkim_use use[MW_DKIM_SIGNATURES_MAX];
	struct mw_err broken; /* a key that matched is not there: code < 0 */
	bool judged;
	bool done; /* two lines may order the same signatures */
};

static const struct mw_word canon_words[] = {{"relaxed", RELAXED}, {"simple", SIMPLE}, {NULL, 0}};
static const struct mw_word sign_words[] = {{"dkim", 0}, {NULL, 0}};

static const struct mw_opt options[] = {
    MW_OPT(PATH, struct conf, key_table, "key-table", .flags = MW_REQUIRED,
	   .help = "OpenDKIM KeyTable: NAME DOMAIN:SELECTOR:KEY-FILE"),
    MW_OPT(PATH, struct conf, signing_table, "signing-table", .flags = MW_REQUIRED,
	   .help = "OpenDKIM SigningTable, plain or refile:FILE: AUTHOR NAME"),
    MW_OPT(WORD, struct conf, header, "header-canonicalization", .dflt = "relaxed", .words = canon_words,
	   .help = "what a header may suffer on the way"),
    MW_OPT(WORD, struct conf, body, "body-canonicalization", .dflt = "simple", .words = canon_words,
	   .help = "what a body may suffer on the way"),
    MW_OPT(BOOL, struct conf, multiple, "multiple", .dflt = "no",
	   .help = "sign for every row of the signing table that matches, not only for the first"),
    MW_OPT(LIST, struct conf, internal_hosts, "internal-hosts", .dflt = "\"127.0.0.0/8\", \"::1\"",
	   .help = "clients that may have mail signed without authentication"),
    MW_OPT(LIST, struct conf, oversign, "oversign", .dflt = "\"From\"",
	   .help = "fields that nobody may add behind the signature"),
    {0},
};

static const struct mw_opt sign_args[] = {
    MW_OPT(WORD, struct args, what, "what", .flags = MW_REQUIRED, .words = sign_words, .help = "the kind of signature"),
    {0},
};

static const struct mw_action actions[] = {
    {.name = "sign", .help = "add DKIM signatures", .args = sign_args, .args_size = sizeof(struct args), .effect = MW_SIGN},
    {0},
};

enum { FACT_SIGNATURES, FACT_REASON };
static const struct mw_fact facts[] = {
    {.name = "signatures", .help = "how many keys match the author", .type = MW_INT},
    {.name = "reason", .help = "why there is none: client, no-author, many-authors, no-key; empty otherwise", .type = MW_STR},
    {0},
};

/* ---- commands ---------------------------------------------------------------------------------------------------------------
 */

static int doctor_command(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	const struct conf *c = conf;

	(void)argc;
	(void)argv;
	return c ? mw_dkim_doctor(host, c->key_table, c->signing_table) : 0;
}

static int records_command(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	const struct conf *c = conf;

	(void)argv;
	if (!c || argc != 1) {
		fprintf(stderr, "usage: milwardctl -p POLICY dkim records\n");
		return 64;
	}
	return mw_dkim_records(host, c->key_table, c->signing_table);
}

static const struct mw_command commands[] = {
    {.name = "records", .args = "", .help = "what DNS must say of the keys, as lines of a zone file", .run = records_command},
    {.name = "doctor", .args = "", .help = "the same for milwardctl doctor", .run = doctor_command},
    {0},
};

/* ---- options ----------------------------------------------------------------------------------------------------------------
 */

static bool is_field_name(const char *s)
{
	if (!*s || strlen(s) > 128)
		return false;
	for (; *s; s++)
		if (*s <= ' ' || *s >= 0x7f || *s == ':' || *s == ';')
			return false;
	return true;
}

static int check(const struct mw_host *host, const void *conf, struct mw_err *err)
{
	const struct conf *c = conf;
	struct mw_dkim_net net;

	for (size_t i = 0; i < c->internal_hosts.n; i++)
		if (!mw_dkim_net_parse(c->internal_hosts.v[i], &net))
			return host->fail(err, -EINVAL, "internal-hosts: \"%s\" is neither an address nor a network",
					  c->internal_hosts.v[i]);
	for (size_t i = 0; i < c->oversign.n; i++)
		if (!is_field_name(c->oversign.v[i]))
			return host->fail(err, -EINVAL, "oversign: \"%s\" is not the name of a header field", c->oversign.v[i]);
	return 0;
}

static int open_nets(struct inst *in, const struct conf *c, struct mw_err *err)
{
	in->net = calloc(c->internal_hosts.n ? c->internal_hosts.n : 1, sizeof(*in->net));
	if (!in->net)
		return in->host->fail(err, -ENOMEM, "no memory");
	for (; in->nets < c->internal_hosts.n; in->nets++)
		if (!mw_dkim_net_parse(c->internal_hosts.v[in->nets], &in->net[in->nets]))
			return in->host->fail(err, -EINVAL, "internal-hosts: \"%s\" is neither an address nor a network",
					      c->internal_hosts.v[in->nets]);
	return 0;
}

static int open_signer(struct inst *in, const struct conf *c, struct mw_err *err)
{
	struct mw_dkim_style style = {
	    .simple_header = c->header == SIMPLE, .simple_body = c->body == SIMPLE, .oversign = c->oversign};
	struct mw_dkim_trial trial = {0};
	const char *weak = NULL;
	int r;

	r = mw_dkim_ring_open(in->host, c->key_table, c->signing_table, &in->ring, &weak, err);
	if (r == 0)
		r = mw_dkim_signer_open(in->host, &style, in->ring, &in->signer, &trial, err);
	if (r < 0)
		return r;
	if (weak)
		in->host->log(in->self, NULL, MW_WARNING, "dkim-weak-key", "key \"%s\" is RSA with less than %d bits", weak,
			      MW_DKIM_RSA_WEAK);
	if (!trial.cached)
		in->host->log(in->self, NULL, MW_NOTICE, "dkim-slow",
			      "decoded keys are not used: the main program brings its own libcrypto; signing is slower");
	return 0;
}

static void dkim_close_inst(void *inst)
{
	struct inst *in = inst;

	if (!in)
		return;
	mw_dkim_signer_free(in->signer);
	mw_dkim_ring_free(in->ring);
	free(in->net);
	free(in);
}

static int dkim_open(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	const struct conf *c = conf;
	struct inst *in = calloc(1, sizeof(*in));
	int r;

	if (!in)
		return host->fail(err, -ENOMEM, "no memory");
	in->host = host;
	in->self = self;
	in->multiple = c->multiple;
	r = open_nets(in, c, err);
	if (r == 0)
		r = open_signer(in, c, err);
	if (r < 0) {
		dkim_close_inst(in);
		return r;
	}
	*inst = in;
	return 0;
}

/* ---- one message ------------------------------------------------------------------------------------------------------------
 */

static int begin(void *inst, struct mw_msg *msg, void **tx, struct mw_err *err)
{
	struct inst *in = inst;
	struct tx *t = in->host->alloc(msg, sizeof(*t));

	if (!t)
		return in->host->fail(err, -ENOMEM, "no memory");
	*tx = t;
	return 0;
}

static bool is_from(struct mw_str name)
{
	while (name.n && (name.p[name.n - 1] == ' ' || name.p[name.n - 1] == '\t'))
		name.n--;
	return name.n == 4 && (name.p[0] | 0x20) == 'f' && (name.p[1] | 0x20) == 'r' && (name.p[2] | 0x20) == 'o' &&
	       (name.p[3] | 0x20) == 'm';
}

/* The one author of the message. NULL, or the reason why there is none. */
static const char *author(const struct inst *in, struct mw_msg *msg, struct mw_dkim_from *from)
{
	const struct mw_field *f, *found = NULL;
	int r;

	for (size_t i = 0; (f = in->host->field(in->self, msg, i)) != NULL; i++) {
		if (!is_from(f->name))
			continue;
		if (found)
			return "many-authors";
		found = f;
	}
	if (!found)
		return "no-author";
	r = mw_dkim_from_parse(found->value.p, found->value.n, from);
	return r == 0 ? NULL : r == -E2BIG ? "many-authors" : "no-author";
}

static bool may_sign(const struct inst *in, const struct mw_envelope *e)
{
	return e->local || e->auth_type.n > 0 || mw_dkim_net_has(in->net, in->nets, e->client_addr.p, e->client_addr.n);
}

/* Which keys sign this message, and the facts about it. */
static int judge(const struct inst *in, struct tx *t, struct mw_msg *msg, struct mw_err *err)
{
	const char *reason = may_sign(in, in->host->envelope(msg)) ? author(in, msg, &t->from) : "client";
	int r;

	t->judged = true;
	if (!reason) {
		r = mw_dkim_ring_find(in->ring, in->host, &t->from, in->multiple, t->use, MW_DKIM_SIGNATURES_MAX, &t->broken);
		/* Only a policy that orders a signature for this message cares: act() fails then. */
		t->uses = r > 0 ? (size_t)r : 0;
		if (r <= 0)
			reason = "no-key";
	}
	r = in->host->set_int(in->self, msg, FACT_SIGNATURES, (int64_t)t->uses);
	if (r == 0)
		r = in->host->set_str(in->self, msg, FACT_REASON, reason ? reason : "");
	return r < 0 ? in->host->fail(err, r, "cannot set facts") : 0;
}

static int see(void *inst, void *tx, struct mw_msg *msg, uint32_t stage, const char *p, size_t n, struct mw_err *err)
{
	(void)p;
	(void)n;
	return stage == MW_SEE_MESSAGE ? judge(inst, tx, msg, err) : 0;
}

static int act(void *inst, void *tx, struct mw_msg *msg, const struct mw_order *order, struct mw_err *err)
{
	struct inst *in = inst;
	struct tx *t = tx;

	(void)order;
	if (!t->judged)
		return in->host->fail(err, -EIO, "cannot sign: the message was not seen whole");
	if (t->broken.code < 0)
		return in->host->fail(err, t->broken.code, "%s", t->broken.text);
	if (t->uses == 0 || t->done)
		return 0;
	t->done = true;
	return mw_dkim_signer_sign(in->signer, in->self, msg, t->use, t->uses, err);
}

MW_PLUGIN(dkim, "dkim", .kind = MW_KIND_MILTER, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "signs what leaves, with OpenDKIM's tables", .stages = MW_SEE_MESSAGE,
	  .powers = MW_POWER_HEADERS | MW_POWER_EDIT | MW_POWER_KEYS, .options = options, .conf_size = sizeof(struct conf),
	  .facts = facts, .actions = actions, .commands = commands,
	  .hooks = {.check = check, .open = dkim_open, .begin = begin, .see = see, .act = act, .close = dkim_close_inst});
