/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth: who sent it. SPF, DKIM, DMARC and ARC of mail from others, as facts that the policy uses like any other. It decides nothing and
 * talks to nobody but milward-lookup, which asks DNS. Manual page: milward-auth(7).
 *
 * Questions go out as soon as a name is known (MAIL, the end of the header) and are answered while the message comes in; at its end the
 * checks run, each by itself: one that fails is a temporary error of its own, and the others go on.
 */
#include "auth.h"

#include "arc_seal.h"
#include "checks.h"
#include "command.h"
#include "dmarc_report.h"
#include "dns.h"
#include "facts.h"
#include "keep.h"
#include "relay.h"
#include "stamp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct nets {
	size_t n;
	struct mw_dkim_net *v;
};

struct inst {
	const struct mw_host *host;
	struct mw_self *self;
	const struct mw_auth_conf *conf;
	struct mw_stamp stamp;
	char host_name[MW_AUTH_NAME];
	struct nets internal, relay;
	struct mw_checks *checks;
	struct mw_keep *keep;
	struct mw_dns_lookup *lookup;
	struct mw_arc_sealer *sealer; /* NULL: nothing is sealed */
};

enum { ADD, ARC_SEAL, REPORT }; /* actions */

/* What `add` adds. */
enum { RESULTS, RECEIVED_SPF, WHATS };
struct args {
	int64_t what;
};

/* One message. */
struct tx {
	struct inst *in;
	struct mw_msg *msg;
	struct mw_auth_mail mail;
	struct mw_auth found;
	struct mw_dns_message *answers; /* NULL: nothing is asked */
	struct mw_resolver dns;
	bool behind; /* a relay: the client is in the header */
	bool stamped[WHATS], sealed, reported;
};

static const struct mw_opt options[] = {
    MW_OPT(PATH, struct mw_auth_conf, lookup, "lookup", .flags = MW_REQUIRED, .help = "socket of milward-lookup, which asks DNS"),
    MW_OPT(STR, struct mw_auth_conf, authserv_id, "authserv-id",
	   .help = "the name under which results are written; default: this host's name"),
    MW_OPT(TIME, struct mw_auth_conf, time, "time", .dflt = "10 seconds", .min = 1, .max = 60,
	   .help = "how long a message waits for DNS in all; what is not answered then is a temporary error"),
    MW_OPT(INT, struct mw_auth_conf, minimum_bits, "minimum-key", .dflt = "1024", .min = 512, .max = 4096,
	   .help = "bits of an RSA key: a good signature by a smaller one is not taken"),
    MW_OPT(BOOL, struct mw_auth_conf, tree_walk, "tree-walk", .dflt = "no",
	   .help = "DMARC as RFC 9989 has it, not as RFC 7489 and its list of public suffixes"),
    MW_OPT(LIST, struct mw_auth_conf, other_ids, "other-ids",
	   .help = "names under which other hosts of the site write: nobody else may use them"),
    MW_OPT(LIST, struct mw_auth_conf, own_domains, "own-domains", .help = "domains of the site, which others' may look like"),
    MW_OPT(PATH, struct mw_auth_conf, partners, "partners",
	   .help = "file with domains of partners, one a line, which others' may look like"),
    MW_OPT(PATH, struct mw_auth_conf, seen, "seen",
	   .help = "file in which the domains are remembered that were seen, for auth.first-time"),
    MW_OPT(TIME, struct mw_auth_conf, fresh, "new-for", .dflt = "86400 seconds", .min = 60, .max = 31536000,
	   .help = "how long a domain is seen for the first time"),
    MW_OPT(PATH, struct mw_auth_conf, dmarc_reports, "dmarc-reports", .help = "folder for what `report dmarc` writes"),
    MW_OPT(LIST, struct mw_auth_conf, internal_hosts, "internal-hosts", .dflt = "\"127.0.0.0/8\", \"::1\"",
	   .help = "clients whose mail is not evaluated"),
    MW_OPT(LIST, struct mw_auth_conf, relays, "relays",
	   .help = "clients that hand on others' mail: the one before them is in their Received field"),
    MW_OPT(BOOL, struct mw_auth_conf, arc_seal, "arc-seal", .dflt = "no", .help = "the policy may order arc-seal"),
    MW_OPT(STR, struct mw_auth_conf, arc_domain, "arc-domain", .help = "domain in whose name messages are sealed"),
    MW_OPT(STR, struct mw_auth_conf, arc_selector, "arc-selector", .help = "selector of the key in that domain"),
    MW_OPT(PATH, struct mw_auth_conf, arc_key, "arc-key", .help = "file with the private key (PEM, RSA) that seals"),
    {0},
};

static const struct mw_word add_words[] = {{"results", RESULTS}, {"received-spf", RECEIVED_SPF}, {NULL, 0}};
static const struct mw_opt add_args[] = {
    MW_OPT(WORD, struct args, what, "what", .flags = MW_REQUIRED, .words = add_words, .help = "the field"),
    {0},
};

static const struct mw_word report_words[] = {{"dmarc", 0}, {NULL, 0}};
static const struct mw_opt report_args[] = {
    MW_OPT(WORD, struct args, what, "what", .flags = MW_REQUIRED, .words = report_words, .help = "the kind of report"),
    {0},
};

static const struct mw_action actions[] = {
    [ADD] = {.name = "add",
	     .help = "write what was found into the header, and remove what only seems to be ours",
	     .args = add_args,
	     .args_size = sizeof(struct args),
	     .effect = MW_EDIT},
    [ARC_SEAL] = {.name = "arc-seal",
		  .help = "seal what was found, for the next host that gets the message",
		  .effect = MW_SIGN,
		  .needs = "arc-seal"},
    [REPORT] = {.name = "report",
		.help = "note what became of the message, for the reports of DMARC",
		.args = report_args,
		.args_size = sizeof(struct args),
		.effect = MW_RECORD},
    {0},
};

static const struct mw_command commands[] = {
    {.name = "", .args = MW_AUTH_COMMAND_ARGS, .help = "who sent a message, step by step", .run = mw_auth_command},
    {.name = "dmarc",
     .args = MW_DMARC_REPORT_ARGS,
     .help = "aggregate reports of a day, and to whom they go",
     .run = mw_dmarc_report_command},
    {0},
};

/* ---- options ---------------------------------------------------------------------------------------------------------------- */

static int check_nets(const struct mw_host *host, const char *name, const struct mw_list *list, struct mw_err *err)
{
	struct mw_dkim_net net;

	for (size_t i = 0; i < list->n; i++)
		if (!mw_dkim_net_parse(list->v[i], &net))
			return host->fail(err, -EINVAL, "%s: \"%s\" is neither an address nor a network", name, list->v[i]);
	return 0;
}

/* RFC 8601 2.2: it could be a quoted string, which half of the readers do not understand. */
static int check_id(const struct mw_host *host, const char *name, const char *id, struct mw_err *err)
{
	size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");

	if (n == 0 || id[n] || n >= MW_AUTH_NAME || *id == '.')
		return host->fail(err, -EINVAL, "%s: \"%s\" is no name of a host", name, id);
	return 0;
}

static int check(const struct mw_host *host, const void *conf, struct mw_err *err)
{
	const struct mw_auth_conf *c = conf;
	int r = c->authserv_id && *c->authserv_id ? check_id(host, "authserv-id", c->authserv_id, err) : 0;

	for (size_t i = 0; r == 0 && i < c->other_ids.n; i++)
		r = check_id(host, "other-ids", c->other_ids.v[i], err);
	if (r == 0)
		r = mw_arc_sealer_check(host, c->arc_seal, c->arc_domain, c->arc_selector, c->arc_key, err);
	if (r == 0)
		r = check_nets(host, "internal-hosts", &c->internal_hosts, err);
	return r == 0 ? check_nets(host, "relays", &c->relays, err) : r;
}

static int open_nets(struct inst *in, const struct mw_list *list, struct nets *ret, struct mw_err *err)
{
	ret->v = calloc(list->n ? list->n : 1, sizeof(*ret->v));
	if (!ret->v)
		return in->host->fail(err, -ENOMEM, "out of memory");
	for (; ret->n < list->n; ret->n++)
		if (!mw_dkim_net_parse(list->v[ret->n], &ret->v[ret->n]))
			return in->host->fail(err, -EINVAL, "\"%s\" is neither an address nor a network", list->v[ret->n]);
	return 0;
}

/* Of this host, when the policy gives none. */
static int open_id(struct inst *in, struct mw_err *err)
{
	const char *id = in->conf->authserv_id;

	if (!id || !*id) {
		if (gethostname(in->host_name, sizeof(in->host_name) - 1) < 0 ||
		    check_id(in->host, "the name of this host", in->host_name, NULL) < 0)
			return in->host->fail(err, -EINVAL, "this host has no name that can be shown: set authserv-id");
		id = in->host_name;
	}
	in->stamp = (struct mw_stamp){.host = in->host, .self = in->self, .id = id, .others = in->conf->other_ids};
	return 0;
}

static void auth_close(void *inst)
{
	struct inst *in = inst;

	if (!in)
		return;
	mw_checks_close(&in->checks);
	mw_keep_close(&in->keep);
	mw_dns_lookup_free(&in->lookup);
	mw_arc_sealer_free(in->sealer);
	free(in->internal.v);
	free(in->relay.v);
	free(in);
}

static void asked(void *ctx, bool hit)
{
	const struct inst *in = ctx;

	in->host->cached(in->self, hit);
}

static int auth_open(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct inst *in = calloc(1, sizeof(*in));
	int r;

	if (!in)
		return host->fail(err, -ENOMEM, "out of memory");
	*inst = in;
	in->host = host;
	in->self = self;
	in->conf = conf;
	r = open_id(in, err);
	if (r == 0)
		r = open_nets(in, &in->conf->internal_hosts, &in->internal, err);
	if (r == 0)
		r = open_nets(in, &in->conf->relays, &in->relay, err);
	if (r == 0)
		r = mw_checks_open(host, in->conf, &in->checks, err);
	if (r == 0)
		r = mw_keep_open(host, self, in->conf, &in->keep, err);
	if (r == 0 && in->conf->arc_seal)
		r = mw_arc_sealer_open(host, in->conf->arc_domain, in->conf->arc_selector, in->conf->arc_key, &in->sealer, err);
	if (r < 0)
		return r;
	in->lookup = mw_dns_lookup_new(in->conf->lookup);
	if (!in->lookup)
		return host->fail(err, -ENOMEM, "out of memory");
	mw_dns_lookup_tell(in->lookup, asked, in);
	return 0;
}

/* ---- one message ------------------------------------------------------------------------------------------------------------ */

static void *tx_alloc(void *ctx, size_t n)
{
	struct tx *t = ctx;

	return t->in->host->alloc(t->msg, n);
}

static int tx_body(void *ctx, int (*fn)(void *fn_ctx, const char *p, size_t n), void *fn_ctx)
{
	struct tx *t = ctx;

	return t->in->host->body(t->in->self, t->msg, fn, fn_ctx);
}

static int begin(void *inst, struct mw_msg *msg, void **tx, struct mw_err *err)
{
	struct inst *in = inst;
	struct tx *t = in->host->alloc(msg, sizeof(*t));

	if (!t)
		return in->host->fail(err, -ENOMEM, "out of memory");
	t->in = in;
	t->msg = msg;
	t->mail = (struct mw_auth_mail){.receiver = in->stamp.id,
					.body = tx_body,
					.body_ctx = t,
					.alloc = tx_alloc,
					.alloc_ctx = t,
					.now = (int64_t)time(NULL)};
	*tx = t;
	return 0;
}

static bool is_in(const struct nets *nets, struct mw_str addr)
{
	return mw_dkim_net_has(nets->v, nets->n, addr.p, addr.n);
}

/* Mail of the site itself is nobody's to judge. NULL: it is evaluated. */
static const char *skipped(const struct inst *in, const struct mw_envelope *e)
{
	if (e->auth_type.n)
		return "authenticated";
	if (e->local)
		return "local";
	return is_in(&in->internal, e->client_addr) && !is_in(&in->relay, e->client_addr) ? "internal" : NULL;
}

/* What the client said is gone when the hook returns. */
static int keep(struct tx *t, const char *p, size_t n, struct mw_str *ret, struct mw_err *err)
{
	char *copy = t->in->host->alloc(t->msg, n + 1);

	if (!copy)
		return t->in->host->fail(err, -ENOMEM, "out of memory");
	memcpy(copy, p, n);
	*ret = (struct mw_str){.p = copy, .n = n};
	return 0;
}

/* Nobody is asked for mail that is not evaluated. */
static int ask(struct tx *t, struct mw_err *err)
{
	t->answers = mw_dns_message_new(t->in->lookup, t->in->conf->time * 1000);
	if (!t->answers)
		return t->in->host->fail(err, -ENOMEM, "out of memory");
	t->dns = mw_dns_message_resolver(t->answers);
	return 0;
}

static int see_mail(struct tx *t, struct mw_err *err)
{
	const struct mw_envelope *e = t->in->host->envelope(t->msg);
	char address[MW_RELAY_ADDRESS];
	int r;

	t->found.skipped = skipped(t->in, e);
	t->mail.sender = e->sender;
	t->mail.sender_domain = e->sender_domain;
	r = t->found.skipped ? 0 : ask(t, err);
	t->behind = is_in(&t->in->relay, e->client_addr);
	if (r < 0 || t->behind)
		return r;
	if (mw_relay_address(e->client_addr, address))
		r = keep(t, address, strlen(address), &t->mail.client, err);
	else
		t->found.unknown_client = "the mail server does not tell the client's address";
	if (r == 0 && t->answers && !t->found.unknown_client)
		mw_checks_want_client(t->in->checks, &t->mail, &t->dns);
	return r;
}

/* Who gave it to the relay? */
static int see_relay(struct tx *t, struct mw_err *err)
{
	struct mw_relay_hop hop;
	int r = mw_relay_client(t->mail.field, t->mail.fields, t->in->relay.v, t->in->relay.n, &hop);

	t->mail.helo = t->mail.client = (struct mw_str){.p = "", .n = 0};
	if (r < 0) {
		t->found.unknown_client = r == -ENOENT	? "the relay has written no Received field"
					  : r == -ELOOP ? "too many relays"
							: "the relay's Received field is not understood";
		return 0;
	}
	r = keep(t, hop.address, strlen(hop.address), &t->mail.client, err);
	if (r == 0)
		r = keep(t, hop.helo, strlen(hop.helo), &t->mail.helo, err);
	if (r == 0 && is_in(&t->in->internal, t->mail.client))
		t->found.skipped = "internal";
	return r;
}

static int keep_fields(struct tx *t, struct mw_err *err)
{
	const struct mw_host *host = t->in->host;
	struct mw_field *v;
	size_t n = 0;

	while (host->field(t->in->self, t->msg, n))
		n++;
	v = host->alloc(t->msg, (n ? n : 1) * sizeof(*v));
	if (!v)
		return host->fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n; i++)
		v[i] = *host->field(t->in->self, t->msg, i);
	t->mail.field = v;
	t->mail.fields = n;
	return 0;
}

static int see_headers(struct tx *t, struct mw_err *err)
{
	int r = keep_fields(t, err);

	if (r == 0 && t->behind && !t->found.skipped) {
		r = see_relay(t, err);
		if (r == 0 && !t->found.skipped && !t->found.unknown_client)
			mw_checks_want_client(t->in->checks, &t->mail, &t->dns);
	}
	if (r == 0 && !t->found.skipped)
		mw_checks_want_header(t->in->checks, &t->mail, &t->dns);
	return r;
}

static int see_message(struct tx *t, struct mw_err *err)
{
	int r;

	if (!t->found.skipped) {
		mw_checks_run(t->in->checks, &t->mail, &t->dns, &t->found, NULL);
		mw_keep_see(t->in->keep, &t->mail, &t->found);
	}
	r = mw_auth_publish(t->in->host, t->in->self, t->msg, &t->found, t->mail.client.p);

	return r < 0 ? t->in->host->fail(err, r, "cannot set facts") : 0;
}

static int see(void *inst, void *tx, struct mw_msg *msg, uint32_t stage, const char *p, size_t n, struct mw_err *err)
{
	struct tx *t = tx;

	(void)inst;
	(void)msg;
	switch (stage) {
	case MW_SEE_HELO:
		return keep(t, p, n, &t->mail.helo, err);
	case MW_SEE_MAIL:
		return see_mail(t, err);
	case MW_SEE_HEADERS:
		return see_headers(t, err);
	case MW_SEE_MESSAGE:
		return see_message(t, err);
	default:
		return 0;
	}
}

static void end(void *inst, void *tx)
{
	struct tx *t = tx;

	(void)inst;
	mw_dns_message_free(&t->answers);
}

/* The fields as they leave, with all edits, are what is sealed; what was found is of those that came. */
static int seal(struct inst *in, struct tx *t, struct mw_err *err)
{
	struct mw_auth_mail came = t->mail;
	struct mw_arc_seal made = {0};
	int r = t->found.skipped ? 0 : keep_fields(t, err);

	if (r == 0)
		r = mw_arc_seal(in->sealer, &t->mail, &t->found, &made, err);
	t->mail = came;
	if (r < 0)
		return r;
	if (made.skipped) {
		in->host->log(in->self, t->msg, MW_INFO, "arc-no-seal", "%s", made.skipped);
		return 0;
	}
	r = mw_arc_seal_add(in->host, in->self, t->msg, &made);
	mw_arc_seal_free(&made);
	return r < 0 ? in->host->fail(err, r, "the seal cannot be added") : 0;
}

static int act(void *inst, void *tx, struct mw_msg *msg, const struct mw_order *order, struct mw_err *err)
{
	const struct args *args = order->args;
	struct inst *in = inst;
	struct tx *t = tx;

	if (order->action == ARC_SEAL) {
		if (t->sealed)
			return 0;
		t->sealed = true;
		return seal(in, t, err);
	}
	if (order->action == REPORT) {
		if (!t->reported && !t->found.skipped)
			mw_keep_report(in->keep, &t->mail, &t->found, in->host->outcome(msg));
		t->reported = true;
		return 0;
	}
	if (t->stamped[args->what]) /* two lines may order the same */
		return 0;
	t->stamped[args->what] = true;
	return (args->what == RESULTS ? mw_stamp_results : mw_stamp_spf)(&in->stamp, msg, &t->found, &t->mail, err);
}

MW_PLUGIN(auth, "auth", .kind = MW_KIND_MILTER, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "who sent it: SPF, DKIM, DMARC and ARC",
	  .stages = MW_SEE_HELO | MW_SEE_MAIL | MW_SEE_HEADERS | MW_SEE_MESSAGE,
	  .powers = MW_POWER_HEADERS | MW_POWER_EDIT | MW_POWER_KEYS | MW_POWER_STORE | MW_POWER_NETWORK, .options = options,
	  .conf_size = sizeof(struct mw_auth_conf), .facts = mw_auth_facts, .actions = actions, .commands = commands,
	  .hooks = {.check = check, .open = auth_open, .begin = begin, .see = see, .act = act, .end = end, .close = auth_close});
