/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth: who sent it. SPF, DKIM, DMARC and ARC of mail from others, as facts that the policy uses like any other. It decides nothing and
 * talks to nobody but milward-lookup, which asks DNS. Manual page: milward-auth(7).
 *
 * Questions go out as soon as a name is known (MAIL, the end of the header) and are answered while the message comes in; at its end the
 * checks run, each by itself: one that fails is a temporary error of its own, and the others go on.
 */
#include "auth.h"

#include "facts.h"
#include "milters/dkim/net.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct inst {
	const struct mw_host *host;
	struct mw_self *self;
	const struct mw_auth_conf *conf;
	const char *id; /* authserv-id */
	char host_name[MW_AUTH_NAME];
	size_t internals;
	struct mw_dkim_net *internal;
};

/* One message. */
struct tx {
	struct inst *in;
	struct mw_msg *msg;
	struct mw_auth_mail mail;
	struct mw_auth found;
};

static const struct mw_opt options[] = {
    MW_OPT(PATH, struct mw_auth_conf, lookup, "lookup", .flags = MW_REQUIRED, .help = "socket of milward-lookup, which asks DNS"),
    MW_OPT(STR, struct mw_auth_conf, authserv_id, "authserv-id",
	   .help = "the name under which results are written; default: this host's name"),
    MW_OPT(TIME, struct mw_auth_conf, time, "time", .dflt = "10 seconds", .min = 1, .max = 60,
	   .help = "how long a message waits for DNS in all; what is not answered then is a temporary error"),
    MW_OPT(LIST, struct mw_auth_conf, internal_hosts, "internal-hosts", .dflt = "\"127.0.0.0/8\", \"::1\"",
	   .help = "clients whose mail is not evaluated"),
    {0},
};

static int check(const struct mw_host *host, const void *conf, struct mw_err *err)
{
	const struct mw_auth_conf *c = conf;
	struct mw_dkim_net net;

	for (size_t i = 0; i < c->internal_hosts.n; i++)
		if (!mw_dkim_net_parse(c->internal_hosts.v[i], &net))
			return host->fail(err, -EINVAL, "internal-hosts: \"%s\" is neither an address nor a network",
					  c->internal_hosts.v[i]);
	return 0;
}

static int open_nets(struct inst *in, struct mw_err *err)
{
	const struct mw_list *list = &in->conf->internal_hosts;

	in->internal = calloc(list->n ? list->n : 1, sizeof(*in->internal));
	if (!in->internal)
		return in->host->fail(err, -ENOMEM, "out of memory");
	for (; in->internals < list->n; in->internals++)
		if (!mw_dkim_net_parse(list->v[in->internals], &in->internal[in->internals]))
			return in->host->fail(err, -EINVAL, "internal-hosts: \"%s\" is neither an address nor a network",
					      list->v[in->internals]);
	return 0;
}

static void auth_close(void *inst)
{
	struct inst *in = inst;

	if (in)
		free(in->internal);
	free(in);
}

static int auth_open(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct inst *in = calloc(1, sizeof(*in));

	if (!in)
		return host->fail(err, -ENOMEM, "out of memory");
	*inst = in;
	in->host = host;
	in->self = self;
	in->conf = conf;
	in->id = in->conf->authserv_id;
	if (!in->id || !*in->id) {
		if (gethostname(in->host_name, sizeof(in->host_name) - 1) < 0 || !in->host_name[0])
			return host->fail(err, -EIO, "this host has no name: set authserv-id");
		in->id = in->host_name;
	}
	return open_nets(in, err);
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
	t->mail = (struct mw_auth_mail){
	    .receiver = in->id, .body = tx_body, .body_ctx = t, .alloc = tx_alloc, .alloc_ctx = t, .now = (int64_t)time(NULL)};
	*tx = t;
	return 0;
}

/* Mail of the site itself is nobody's to judge. NULL: it is evaluated. */
static const char *skipped(const struct inst *in, const struct mw_envelope *e)
{
	if (e->auth_type.n)
		return "authenticated";
	if (e->local)
		return "local";
	return mw_dkim_net_has(in->internal, in->internals, e->client_addr.p, e->client_addr.n) ? "internal" : NULL;
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

static void see_mail(struct tx *t)
{
	const struct mw_envelope *e = t->in->host->envelope(t->msg);

	t->found.skipped = skipped(t->in, e);
	t->mail.client = e->client_addr;
	t->mail.sender = e->sender;
	t->mail.sender_domain = e->sender_domain;
}

static int see_headers(struct tx *t, struct mw_err *err)
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

static int see_message(struct tx *t, struct mw_err *err)
{
	int r = mw_auth_publish(t->in->host, t->in->self, t->msg, &t->found);

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
		see_mail(t);
		return 0;
	case MW_SEE_HEADERS:
		return see_headers(t, err);
	case MW_SEE_MESSAGE:
		return see_message(t, err);
	default:
		return 0;
	}
}

MW_PLUGIN(auth, "auth", .kind = MW_KIND_MILTER, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "who sent it: SPF, DKIM, DMARC and ARC",
	  .stages = MW_SEE_HELO | MW_SEE_MAIL | MW_SEE_HEADERS | MW_SEE_MESSAGE, .powers = MW_POWER_HEADERS | MW_POWER_NETWORK,
	  .options = options, .conf_size = sizeof(struct mw_auth_conf), .facts = mw_auth_facts,
	  .hooks = {.check = check, .open = auth_open, .begin = begin, .see = see, .close = auth_close});
