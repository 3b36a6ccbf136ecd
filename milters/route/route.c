/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route: what may become of a message. The milter itself delivers nothing: it puts a tag on a recipient's address, which the
 * transport table of the MTA turns into a delivery with mandatory TLS, or into one to the portal.
 *
 *   .mw-tls.invalid    encrypted, else bounced        .mw-tlsp.invalid   encrypted, else to the portal
 *   .mw-ver.invalid    certificate verified, else     .mw-verp.invalid   certificate verified, else to the portal
 *   .mw-portal.invalid to the portal                  bounced
 *   .mw-sealsop.invalid  to milward-seal, which tries S/MIME, OpenPGP, the portal: as many letters as remain, in the policy's order
 *   .mw-open.invalid   to milward-seal, which opens what came sealed for the site
 *
 * The tag names all that remains of `send by A or B`, so that the MTA falls back by itself, hours later if need be.
 */
#include "guard.h"
#include "guard_mta.h"
#include "lookup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

/* The field by which milward-seal knows a message again, and the random octets in it. */
#define ID_FIELD "X-Milward-Id"
#define EXPIRE_FIELD "X-Milward-Expire" /* seconds in milward's own portal (src/pickup/expires.c); of several the least counts */
#define ID_OCTETS 16

enum action { PASS, HOLD, REFUSE, TEMPFAIL, TLS, PORTAL, STRIP, SMIME, OPENPGP, OPEN, CUT };
enum mta { MTA_POSTFIX, MTA_NONE, MTA_SENDMAIL };
enum level { LEVEL_ENCRYPTED, LEVEL_VERIFIED };

struct conf {
	int64_t mta;
	const char *config_dir, *command_dir;
	bool portal, seal;
	const char *lookup;
	int64_t lookup_wait;
	int64_t check;
};

struct args_pass {
	const char *attested; /* the host reads it from the policy's line */
};
struct args_reason {
	const char *text; /* the host reads it from the policy's line */
};
struct args_tls {
	int64_t level;
};
struct args_portal {
	int64_t expire; /* seconds; 0: the portal's own */
};
struct args_strip {
	const char *header;
};
struct args_cut {
	const char *text;
};

struct route {
	const struct mw_host *host;
	struct mw_self *self;
	bool portal, seal;
	struct mw_lookup *lookup; /* NULL: nobody is asked whether TLS can be verified */
	struct mw_guard_conf guard_conf;
	struct mw_guard *guard; /* NULL: mta none */
};

/* One message. */
struct route_tx {
	bool has_id, no_expire; /* no_expire: what came in of that name is gone */
	int64_t expire;		/* seconds: the shortest time in the portal that was asked for; 0 = none was */
	int64_t waits_until;	/* for answers of milward-lookup: all recipients together */
};

static const struct mw_word mta_words[] = {{"postfix", MTA_POSTFIX}, {"sendmail", MTA_SENDMAIL}, {"none", MTA_NONE}, {NULL, 0}};
static const struct mw_word level_words[] = {{"encrypted", LEVEL_ENCRYPTED}, {"verified", LEVEL_VERIFIED}, {NULL, 0}};

static const struct mw_opt options[] = {
    MW_OPT(WORD, struct conf, mta, "mta", .words = mta_words, .dflt = "postfix",
	   .help = "whose routing is checked before a recipient is tagged"),
    MW_OPT(PATH, struct conf, config_dir, "config-directory",
	   .help = "folder of main.cf or sendmail.cf; default: what postconf says, or /etc/mail"),
    MW_OPT(PATH, struct conf, command_dir, "command-directory", .dflt = "\"/usr/sbin\"",
	   .help = "folder of postconf and postmap, or of sendmail"),
    MW_OPT(BOOL, struct conf, portal, "portal", .dflt = "no",
	   .help = "the site has a portal: milward-postfix add --portal, or milward-sendmail"),
    MW_OPT(BOOL, struct conf, seal, "seal", .dflt = "no",
	   .help = "the site runs milward-seal: milward-postfix add --seal, or milward-sendmail"),
    MW_OPT(PATH, struct conf, lookup, "lookup",
	   .help = "socket of milward-lookup, which tells whose TLS can be verified; default: only delivery finds out"),
    MW_OPT(TIME, struct conf, lookup_wait, "lookup-wait", .dflt = "5 seconds", .min = 1, .max = 60,
	   .help = "how long a message waits for its answer"),
    MW_OPT(TIME, struct conf, check, "check", .dflt = "30 seconds", .min = 1, .max = 86400,
	   .help = "after a check that failed: how long until the next"),
    {.name = NULL},
};

static const struct mw_opt reason_args[] = {
    MW_OPT(STR, struct args_reason, text, "reason", .help = "told to the sender, or written beside the held message"),
    {.name = NULL},
};
static const struct mw_opt pass_args[] = {
    MW_OPT(STR, struct args_pass, attested, "attested", .flags = MW_KEYWORD,
	   .help = "what the sender attests by asking for this; it is recorded"),
    {.name = NULL},
};
static const struct mw_opt tls_args[] = {
    MW_OPT(WORD, struct args_tls, level, "level", .words = level_words, .dflt = "encrypted",
	   .help = "verified: the certificate must be good, and name the domain"),
    {.name = NULL},
};
static const struct mw_opt portal_args[] = {
    MW_OPT(TIME, struct args_portal, expire, "expire", .flags = MW_KEYWORD, .min = 3600, .max = (int64_t)86400 * 3660,
	   .help = "how long it waits there, within expire-min and expire-max of the portal"),
    {.name = NULL},
};
static const struct mw_opt cut_args[] = {
    MW_OPT(STR, struct args_cut, text, "text", .flags = MW_REQUIRED, .help = "in any case"),
    {.name = NULL},
};
static const struct mw_opt strip_args[] = {
    MW_OPT(STR, struct args_strip, header, "header", .flags = MW_REQUIRED | MW_KEYWORD,
	   .help = "name of the field; a final * stands for any rest"),
    {.name = NULL},
};

/* In the order of enum action. */
static const struct mw_action actions[] = {
    {.name = "pass",
     .help = "deliver as the MTA would have done",
     .effect = MW_PASS,
     .args = pass_args,
     .args_size = sizeof(struct args_pass)},
    {.name = "hold",
     .help = "keep it in the MTA until a person decides",
     .effect = MW_HOLD,
     .args = reason_args,
     .args_size = sizeof(struct args_reason)},
    {.name = "refuse", .help = "5xx", .effect = MW_REFUSE, .args = reason_args, .args_size = sizeof(struct args_reason)},
    {.name = "tempfail",
     .help = "4xx: the client comes back",
     .effect = MW_TEMPFAIL,
     .args = reason_args,
     .args_size = sizeof(struct args_reason)},
    {.name = "tls",
     .help = "deliver encrypted or not at all",
     .effect = MW_ROUTE,
     .args = tls_args,
     .args_size = sizeof(struct args_tls)},
    {.name = "portal",
     .help = "hand it to the portal",
     .effect = MW_ROUTE,
     .args = portal_args,
     .args_size = sizeof(struct args_portal),
     .needs = "portal"},
    {.name = "strip",
     .help = "remove header fields",
     .effect = MW_EDIT,
     .args = strip_args,
     .args_size = sizeof(struct args_strip)},
    {.name = "smime", .help = "encrypt to the recipient's certificate", .effect = MW_ROUTE, .sealer = "smime", .needs = "seal"},
    {.name = "openpgp",
     .help = "encrypt to the recipient's OpenPGP key",
     .effect = MW_ROUTE,
     .sealer = "openpgp",
     .needs = "seal"},
    {.name = "open", .help = "have milward-seal open what came sealed for the site", .effect = MW_ROUTE, .needs = "seal"},
    {.name = "strip-subject",
     .help = "take a text out of the Subject",
     .effect = MW_EDIT,
     .args = cut_args,
     .args_size = sizeof(struct args_cut)},
    {.name = NULL},
};

static const char *const form_names[] = {
    [MW_ADDR_NO_DOMAIN] = "no domain",
    [MW_ADDR_SOURCE_ROUTE] = "source route",
    [MW_ADDR_BANG] = "bang path",
    [MW_ADDR_PERCENT] = "percent hack",
    [MW_ADDR_LITERAL] = "address literal",
    [MW_ADDR_TRAILING_DOT] = "trailing dot",
    [MW_ADDR_TOO_LONG] = "domain too long",
    [MW_ADDR_BAD] = "bad syntax",
    [MW_ADDR_MTA_DIFFERS] = "the mail server reads it as another address",
};

static const char *form_name(uint32_t form)
{
	size_t n = sizeof(form_names) / sizeof(form_names[0]);

	return form < n && form_names[form] ? form_names[form] : "unknown form";
}

static void route_close(void *inst)
{
	struct route *r = inst;

	if (r) {
		mw_guard_free(&r->guard);
		mw_lookup_free(&r->lookup);
	}
	free(r);
}

static void asked(void *ctx, bool hit)
{
	const struct route *r = ctx;

	r->host->cached(r->self, hit);
}

/* A Postfix that is not set up is no reason not to start: mail without PHI flows, protected mail waits, repair needs no restart.
 */
static int route_open(const struct mw_host *host, struct mw_self *self, const void *conf_, void **inst, struct mw_err *err)
{
	const struct conf *conf = conf_;
	struct route *r = calloc(1, sizeof(*r));

	if (!r)
		return host->fail(err, -ENOMEM, "out of memory");
	*inst = r;
	r->host = host;
	r->self = self;
	r->portal = conf->portal;
	r->seal = conf->seal;
	if (conf->lookup && conf->lookup[0]) {
		r->lookup = mw_lookup_new(conf->lookup, conf->lookup_wait * 1000);
		if (!r->lookup)
			return host->fail(err, -ENOMEM, "out of memory");
		mw_lookup_tell(r->lookup, asked, r);
	}
	if (conf->mta == MTA_NONE)
		return 0;
	r->guard_conf = (struct mw_guard_conf){.mta = conf->mta == MTA_SENDMAIL ? &mw_guard_sendmail : &mw_guard_postfix,
					       .command_dir = conf->command_dir,
					       .config_dir = conf->config_dir && conf->config_dir[0] ? conf->config_dir : NULL,
					       .portal = conf->portal,
					       .seal = conf->seal,
					       .recheck = conf->check};
	r->guard = mw_guard_new(host, self, &r->guard_conf);
	if (!r->guard)
		return host->fail(err, -ENOMEM, "out of memory");
	(void)mw_guard_check(r->guard, NULL);
	return 0;
}

/* Only a recipient of its own can be tagged. */
static const struct mw_rcpt *recipient(const struct route *r, struct mw_msg *msg, const struct mw_order *o)
{
	const struct mw_envelope *env = r->host->envelope(msg);

	return o->rcpt < env->rcpts ? &env->rcpt[o->rcpt] : NULL;
}

/* Whose host shows a certificate that can be verified? What cannot be known now is settled by delivery, which asks again and keeps
 * the message in the queue until it knows. */
static int able_verified(struct route *r, struct route_tx *tx, const struct mw_rcpt *rcpt, struct mw_err *err)
{
	char why[MW_LOOKUP_WHY];

	if (!r->lookup || mw_lookup_ask(r->lookup, rcpt->domain, &tx->waits_until, why) != MW_LOOKUP_NONE)
		return 1;
	(void)r->host->fail(err, -ENOTSUP, "%s", why);
	return 0;
}

/* Is the site set up for this way at all? */
static int able_here(const struct route *r, uint32_t action, struct mw_err *err)
{
	if (action == PORTAL && !r->portal)
		(void)r->host->fail(err, -ENOTSUP, "the portal is switched off");
	else if ((action == SMIME || action == OPENPGP || action == OPEN) && !r->seal)
		(void)r->host->fail(err, -ENOTSUP, "milward-seal is switched off");
	else
		return 1;
	return 0;
}

/* The alias must go with all that it leads to, when those behind it are named in its place. */
static bool able_behind_alias(const struct route *r, struct mw_err *err)
{
	if (r->guard && mw_guard_splits(r->guard))
		return true;
	(void)r->host->fail(err, -ENOTSUP,
			    r->guard ? "the mail server cannot put the members of an alias in its place (milward-route)"
				     : "with mta none nobody knows whether an alias can be taken out");
	return false;
}

static bool is_verified_tls(const struct mw_order *o)
{
	const struct args_tls *args = o->args;

	return o->action == TLS && args && args->level == LEVEL_VERIFIED;
}

static int route_able(void *inst, void *tx, struct mw_msg *msg, const struct mw_order *o, struct mw_err *err)
{
	struct route *r = inst;
	const struct mw_rcpt *rcpt;
	int able;

	if (actions[o->action].effect != MW_ROUTE)
		return 1;
	rcpt = recipient(r, msg, o);
	if (!rcpt)
		return r->host->fail(err, -EINVAL, "a route is for a recipient, not for the whole message");
	if (rcpt->form != MW_ADDR_PLAIN) {
		(void)r->host->fail(err, -ENOTSUP, "address form not supported: %s", form_name(rcpt->form));
		return 0;
	}
	/* Postfix takes out a recipient of such mail only by the form in which it was given, and that nobody tells a milter. */
	if (r->host->envelope(msg)->local) {
		(void)r->host->fail(err, -ENOTSUP,
				    "mail of a local program is routed when it comes in by SMTP (milward-postfix add)");
		return 0;
	}
	if (rcpt->alias.n && !able_behind_alias(r, err))
		return 0;
	able = able_here(r, o->action, err);
	if (able > 0 && is_verified_tls(o))
		able = able_verified(r, tx, rcpt, err);
	if (able > 0 && r->guard && mw_guard_check(r->guard, err) < 0)
		return -EHOSTUNREACH;
	return able;
}

/*
 * What remains of `send by A or B`, as one tag. A weaker level to the right of a stronger one wins over it: who accepts both
 * accepts the weaker, and at delivery a certificate that fails cannot be told from one that was never looked at.
 */
static const char *tag_of_tls(const struct route *r, const struct mw_order *o)
{
	bool is_verified = true, portal = false;

	for (; o && !portal; o = o->next) {
		if (o->action == PORTAL)
			portal = r->portal;
		else if (o->action == TLS && !is_verified_tls(o))
			is_verified = false;
	}
	if (is_verified)
		return portal ? "verp" : "ver";
	return portal ? "tlsp" : "tls";
}

/* For milward-seal, a letter for each means that remains, and each once. TLS to the right of sealing is none of them: it is asked
 * for before, when the means are tried, and whose key is gone since then is not sent to with less. */
static const char *tag_of_seal(struct route *r, struct mw_msg *msg, const struct mw_order *o)
{
	bool has[OPEN + 1] = {false};
	char *tag = r->host->alloc(msg, sizeof("sealsop")), *p;

	if (!tag)
		return NULL;
	p = tag + snprintf(tag, sizeof("sealsop"), "seal");
	for (; o && !has[PORTAL]; o = o->next) {
		if ((o->action != SMIME && o->action != OPENPGP && (o->action != PORTAL || !r->portal)) || has[o->action])
			continue;
		has[o->action] = true;
		*p++ = o->action == SMIME ? 's' : o->action == OPENPGP ? 'o' : 'p';
	}
	return tag;
}

static const char *tag_of(struct route *r, struct mw_msg *msg, const struct mw_order *o)
{
	switch (o->action) {
	case PORTAL:
		return "portal";
	case OPEN:
		return "open";
	case SMIME:
	case OPENPGP:
		return tag_of_seal(r, msg, o);
	default:
		return tag_of_tls(r, o);
	}
}

/* By this milward-seal knows a message that the MTA tries again. What came in under the name is nobody's mark. */
static int mark(struct route *r, struct route_tx *tx, struct mw_msg *msg)
{
	unsigned char random[ID_OCTETS];
	char value[2 * ID_OCTETS + 2] = " ";
	int res;

	if (tx->has_id)
		return 0;
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EIO;
	for (size_t i = 0; i < ID_OCTETS; i++)
		(void)snprintf(value + 1 + 2 * i, 3, "%02x", random[i]);
	res = r->host->del_fields(r->self, msg, ID_FIELD);
	if (res >= 0)
		res = r->host->add_field(r->self, msg, ID_FIELD, value, false);
	tx->has_id = res == 0;
	return res;
}

/* How long a message may wait in milward's own portal goes with it, as its number does, since any means may end there. A message has one
 * header for all of its recipients, so the shortest time counts. */
static int put_expire(struct route *r, struct route_tx *tx, struct mw_msg *msg, const struct mw_order *o)
{
	const struct args_portal *args;
	char value[32];
	int res = 0;

	if (!tx->no_expire)
		res = r->host->del_fields(r->self, msg, EXPIRE_FIELD);
	if (res < 0)
		return res;
	tx->no_expire = true;
	while (o && o->action != PORTAL)
		o = o->next;
	args = o ? o->args : NULL;
	if (!args || !args->expire || (tx->expire && tx->expire <= args->expire))
		return 0;
	(void)snprintf(value, sizeof(value), " %lld", (long long)args->expire);
	res = r->host->add_field(r->self, msg, EXPIRE_FIELD, value, false);
	if (res == 0)
		tx->expire = args->expire;
	return res;
}

static int act_tag(struct route *r, struct route_tx *tx, struct mw_msg *msg, const struct mw_order *o, struct mw_err *err)
{
	struct mw_err why = {0};
	int res = route_able(r, tx, msg, o, &why);
	const char *tag;

	/* The line of a cause (`on limit portal`) comes here without having been asked before. */
	if (res <= 0)
		return r->host->fail(err, res < 0 ? res : -ENOTSUP, "%s", why.text);
	tag = tag_of(r, msg, o);
	if (!tag)
		return r->host->fail(err, -ENOMEM, "out of memory");
	res = o->action == TLS || o->action == PORTAL ? 0 : mark(r, tx, msg);
	if (res < 0)
		return r->host->fail(err, res, "the message cannot be marked for milward-seal");
	res = put_expire(r, tx, msg, o);
	if (res < 0)
		return r->host->fail(err, res, "the message cannot be told its time in the portal");
	res = r->host->tag(r->self, msg, o->rcpt, tag);
	return res < 0 ? r->host->fail(err, res, "the recipient cannot be tagged") : 0;
}

static int act_strip(struct route *r, struct mw_msg *msg, const struct mw_order *o, struct mw_err *err)
{
	const struct args_strip *args = o->args;
	int res = r->host->del_fields(r->self, msg, args->header);

	return res < 0 ? r->host->fail(err, res, "header fields cannot be removed") : 0;
}

/* What the sender wrote there to ask for protection is not for those who get it. */
static int act_cut(struct route *r, struct mw_msg *msg, const struct mw_order *o, struct mw_err *err)
{
	const struct args_cut *args = o->args;
	int res = r->host->cut_text(r->self, msg, "Subject", args->text);

	return res < 0 ? r->host->fail(err, res, "the Subject cannot be changed") : 0;
}

static int route_act(void *inst, void *tx, struct mw_msg *msg, const struct mw_order *o, struct mw_err *err)
{
	switch (o->action) {
	case TLS:
	case PORTAL:
	case SMIME:
	case OPENPGP:
	case OPEN:
		return act_tag(inst, tx, msg, o, err);
	case STRIP:
		return act_strip(inst, msg, o, err);
	case CUT:
		return act_cut(inst, msg, o, err);
	default:
		return 0; /* the effect says it all: the host does it */
	}
}

static int route_begin(void *inst, struct mw_msg *msg, void **tx, struct mw_err *err)
{
	const struct route *r = inst;

	*tx = r->host->alloc(msg, sizeof(struct route_tx));
	return *tx ? 0 : r->host->fail(err, -ENOMEM, "out of memory");
}

/* A recipient was named: while the message comes in, it is found out whose TLS can be verified. */
static int route_see(void *inst, void *tx, struct mw_msg *msg, uint32_t stage, const char *p, size_t n, struct mw_err *err)
{
	const struct route *r = inst;
	const struct mw_envelope *env = r->host->envelope(msg);
	const char *arg = env->rcpts ? env->rcpt[env->rcpts - 1].arg.p : NULL;

	(void)tx, (void)p, (void)n, (void)err;
	if (!r->lookup || stage != MW_SEE_RCPT)
		return 0;
	for (size_t i = env->rcpts; i-- > 0 && env->rcpt[i].arg.p == arg;) {
		const struct mw_rcpt *rcpt = &env->rcpt[i];

		if (!rcpt->internal && rcpt->form == MW_ADDR_PLAIN && !rcpt->unsplit)
			mw_lookup_want(r->lookup, rcpt->domain);
	}
	return 0;
}

MW_PLUGIN(
    route, "route", .kind = MW_KIND_MILTER, .version = MW_VERSION, .licence = "Apache-2.0",
    .summary = "pass, TLS, S/MIME, OpenPGP, portal, hold, refuse, tempfail: by tags on recipients",
    .powers = MW_POWER_EDIT | MW_POWER_ROUTE | MW_POWER_RUN, .options = options, .conf_size = sizeof(struct conf),
    .stages = MW_SEE_RCPT, .actions = actions,
    .hooks = {
	.open = route_open, .begin = route_begin, .see = route_see, .able = route_able, .act = route_act, .close = route_close});
