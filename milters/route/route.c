/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route: what may become of a message. The milter itself delivers nothing: it puts a tag on a recipient's address, which the
 * transport table of the MTA turns into a delivery with mandatory TLS, or into one to the portal.
 *
 *   .mw-tls.invalid    encrypted, else bounced        .mw-tlsp.invalid   encrypted, else to the portal
 *   .mw-ver.invalid    certificate verified, else     .mw-verp.invalid   certificate verified, else to the portal
 *   .mw-portal.invalid to the portal                  bounced
 *
 * The tag names all that remains of `send by A or B`, so that the MTA falls back by itself, hours later if need be.
 */
#include "guard.h"
#include "guard_mta.h"

#include <errno.h>
#include <stdlib.h>

enum action { PASS, HOLD, REFUSE, TEMPFAIL, TLS, PORTAL, STRIP };
enum mta { MTA_POSTFIX, MTA_NONE };
enum level { LEVEL_ENCRYPTED, LEVEL_VERIFIED };

struct conf {
	int64_t mta;
	const char *config_dir, *command_dir;
	bool portal;
	int64_t check;
};

struct args_reason {
	const char *text; /* the host reads it from the policy's line */
};
struct args_tls {
	int64_t level;
};
struct args_strip {
	const char *header;
};

struct route {
	const struct mw_host *host;
	struct mw_self *self;
	bool portal;
	struct mw_guard_conf guard_conf;
	struct mw_guard *guard; /* NULL: mta none */
};

static const struct mw_word mta_words[] = {{"postfix", MTA_POSTFIX}, {"none", MTA_NONE}, {NULL, 0}};
static const struct mw_word level_words[] = {{"encrypted", LEVEL_ENCRYPTED}, {"verified", LEVEL_VERIFIED}, {NULL, 0}};

static const struct mw_opt options[] = {
    MW_OPT(WORD, struct conf, mta, "mta", .words = mta_words, .dflt = "postfix",
	   .help = "whose routing is checked before a recipient is tagged"),
    MW_OPT(PATH, struct conf, config_dir, "config-directory", .help = "folder of main.cf; default: what postconf says"),
    MW_OPT(PATH, struct conf, command_dir, "command-directory", .dflt = "\"/usr/sbin\"",
	   .help = "folder of postconf and postmap"),
    MW_OPT(BOOL, struct conf, portal, "portal", .dflt = "no", .help = "the site has a portal: milward-postfix add --portal"),
    MW_OPT(TIME, struct conf, check, "check", .dflt = "30 seconds", .min = 1, .max = 86400,
	   .help = "after a check that failed: how long until the next"),
    {.name = NULL},
};

static const struct mw_opt reason_args[] = {
    MW_OPT(STR, struct args_reason, text, "reason", .help = "told to the sender, or written beside the held message"),
    {.name = NULL},
};
static const struct mw_opt tls_args[] = {
    MW_OPT(WORD, struct args_tls, level, "level", .words = level_words, .dflt = "encrypted",
	   .help = "verified: the certificate must be good, and name the domain"),
    {.name = NULL},
};
static const struct mw_opt strip_args[] = {
    MW_OPT(STR, struct args_strip, header, "header", .flags = MW_REQUIRED | MW_KEYWORD,
	   .help = "name of the field; a final * stands for any rest"),
    {.name = NULL},
};

/* In the order of enum action. */
static const struct mw_action actions[] = {
    {.name = "pass", .help = "deliver as the MTA would have done", .effect = MW_PASS},
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
    {.name = "portal", .help = "hand it to the portal", .effect = MW_ROUTE},
    {.name = "strip",
     .help = "remove header fields",
     .effect = MW_EDIT,
     .args = strip_args,
     .args_size = sizeof(struct args_strip)},
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

	if (r)
		mw_guard_free(&r->guard);
	free(r);
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
	if (conf->mta == MTA_NONE)
		return 0;
	r->guard_conf = (struct mw_guard_conf){.mta = &mw_guard_postfix,
					       .command_dir = conf->command_dir,
					       .config_dir = conf->config_dir && conf->config_dir[0] ? conf->config_dir : NULL,
					       .portal = conf->portal,
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

static int route_able(void *inst, void *tx, struct mw_msg *msg, const struct mw_order *o, struct mw_err *err)
{
	const struct route *r = inst;
	const struct mw_rcpt *rcpt;

	(void)tx;
	if (o->action != TLS && o->action != PORTAL)
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
	if (o->action == PORTAL && !r->portal) {
		(void)r->host->fail(err, -ENOTSUP, "the portal is switched off");
		return 0;
	}
	if (r->guard && mw_guard_check(r->guard, err) < 0)
		return -EHOSTUNREACH;
	return 1;
}

/*
 * What remains of `send by A or B`, as one tag. A weaker level to the right of a stronger one wins over it: who accepts both
 * accepts the weaker, and at delivery a certificate that fails cannot be told from one that was never looked at.
 */
static const char *tag_of(const struct route *r, const struct mw_order *o)
{
	bool is_verified = true, portal = false;

	if (o->action == PORTAL)
		return "portal";
	for (; o && !portal; o = o->next) {
		const struct args_tls *args = o->args;

		if (o->action == PORTAL)
			portal = r->portal;
		else if (o->action == TLS && (!args || args->level != LEVEL_VERIFIED))
			is_verified = false;
	}
	if (is_verified)
		return portal ? "verp" : "ver";
	return portal ? "tlsp" : "tls";
}

static int act_tag(struct route *r, struct mw_msg *msg, const struct mw_order *o, struct mw_err *err)
{
	struct mw_err why = {0};
	int res = route_able(r, NULL, msg, o, &why);

	/* The line of a cause (`on limit portal`) comes here without having been asked before. */
	if (res <= 0)
		return r->host->fail(err, res < 0 ? res : -ENOTSUP, "%s", why.text);
	res = r->host->tag(r->self, msg, o->rcpt, tag_of(r, o));
	return res < 0 ? r->host->fail(err, res, "the recipient cannot be tagged") : 0;
}

static int act_strip(struct route *r, struct mw_msg *msg, const struct mw_order *o, struct mw_err *err)
{
	const struct args_strip *args = o->args;
	int res = r->host->del_fields(r->self, msg, args->header);

	return res < 0 ? r->host->fail(err, res, "header fields cannot be removed") : 0;
}

static int route_act(void *inst, void *tx, struct mw_msg *msg, const struct mw_order *o, struct mw_err *err)
{
	(void)tx;
	switch (o->action) {
	case TLS:
	case PORTAL:
		return act_tag(inst, msg, o, err);
	case STRIP:
		return act_strip(inst, msg, o, err);
	default:
		return 0; /* the effect says it all: the host does it */
	}
}

MW_PLUGIN(route, "route", .kind = MW_KIND_MILTER, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "pass, TLS, portal, hold, refuse, tempfail: by tags on recipients",
	  .powers = MW_POWER_EDIT | MW_POWER_ROUTE | MW_POWER_RUN, .options = options, .conf_size = sizeof(struct conf),
	  .actions = actions, .hooks = {.open = route_open, .able = route_able, .act = route_act, .close = route_close});
