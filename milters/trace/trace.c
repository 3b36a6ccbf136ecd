/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace: logs every callback with sizes and counts, and changes nothing: to see what an MTA sends and what the host does with it.
 * No octet of a message is logged. Manual page: milward-trace(7).
 */
#include <milward/plugin.h>

#include <errno.h>
#include <stdlib.h>

struct trace {
	const struct mw_host *host;
	struct mw_self *self;
};

/* One message. */
struct trace_tx {
	struct trace *trace;
	struct mw_msg *msg;
	unsigned calls;
	uint64_t body, pieces;
};

static const struct mw_action actions[] = {
    {.name = "trace", .help = "log what was decided", .effect = MW_RECORD},
    {.name = NULL},
};

static const char *stage_name(uint32_t stage)
{
	switch (stage) {
	case MW_SEE_CONNECT:
		return "connect";
	case MW_SEE_HELO:
		return "helo";
	case MW_SEE_MAIL:
		return "mail";
	case MW_SEE_RCPT:
		return "rcpt";
	case MW_SEE_HEADERS:
		return "headers";
	case MW_SEE_BODY:
		return "body";
	case MW_SEE_MESSAGE:
		return "message";
	case MW_SEE_ABORT:
		return "abort";
	case MW_SEE_CLOSE:
		return "close";
	default:
		return "unknown";
	}
}

static const char *effect_name(uint32_t effect)
{
	static const char *const names[] = {"none", "pass", "route", "tempfail", "hold", "refuse"};

	return effect < sizeof(names) / sizeof(names[0]) ? names[effect] : "unknown";
}

static int trace_open(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct trace *t = malloc(sizeof(*t));

	(void)conf;
	if (!t)
		return host->fail(err, -ENOMEM, "out of memory");
	*t = (struct trace){.host = host, .self = self};
	*inst = t;
	host->log(self, NULL, MW_INFO, "open", "abi=%u.%u", host->abi_major, host->abi_minor);
	return 0;
}

static void trace_close(void *inst)
{
	const struct trace *t = inst;

	if (t)
		t->host->log(t->self, NULL, MW_INFO, "close", "generation ends");
	free(inst);
}

static int trace_begin(void *inst, struct mw_msg *msg, void **tx, struct mw_err *err)
{
	struct trace *t = inst;
	struct trace_tx *x = t->host->alloc(msg, sizeof(*x));

	if (!x)
		return t->host->fail(err, -ENOMEM, "out of memory");
	x->trace = t;
	x->msg = msg;
	*tx = x;
	t->host->log(t->self, msg, MW_INFO, "begin", "sender=%zu", t->host->envelope(msg)->sender.n);
	return 0;
}

static int trace_see(void *inst, void *tx, struct mw_msg *msg, uint32_t stage, const char *p, size_t n, struct mw_err *err)
{
	const struct trace *t = inst;
	struct trace_tx *x = tx;

	(void)p;
	(void)err;
	if (!x) { /* no message: the end of a connection */
		t->host->log(t->self, NULL, MW_INFO, "see", "stage=%s", stage_name(stage));
		return 0;
	}
	x->calls++;
	if (stage == MW_SEE_BODY) {
		x->pieces++;
		x->body += n;
	}
	if (stage == MW_SEE_MESSAGE) {
		const struct mw_envelope *e = t->host->envelope(msg);

		t->host->log(t->self, msg, MW_INFO, "see", "stage=message size=%llu rcpts=%zu pieces=%llu body=%llu",
			     (unsigned long long)e->size, e->rcpts, (unsigned long long)x->pieces, (unsigned long long)x->body);
		return 0;
	}
	t->host->log(t->self, msg, MW_INFO, "see", "stage=%s octets=%zu", stage_name(stage), n);
	return 0;
}

static int trace_act(void *inst, void *tx, struct mw_msg *msg, const struct mw_order *order, struct mw_err *err)
{
	const struct trace *t = inst;
	const struct mw_outcome *o = t->host->outcome(msg);
	const struct mw_envelope *e = t->host->envelope(msg);
	size_t classes = 0;

	(void)tx;
	(void)order;
	if (!o)
		return t->host->fail(err, -EIO, "asked to act before anything was decided");
	while (t->host->msg_class(msg, classes))
		classes++;
	t->host->log(t->self, msg, MW_INFO, "act", "outcome=%s cause=%s observe=%s classes=%zu", effect_name(o->effect),
		     o->cause ? o->cause : "none", o->observe ? "yes" : "no", classes);
	for (size_t i = 0; i < e->rcpts; i++) {
		const struct mw_verdict *v = t->host->verdict(msg, i);

		if (v)
			t->host->log(t->self, msg, MW_INFO, "verdict", "rcpt=%zu effect=%s action=%s line=%s", i,
				     effect_name(v->effect), v->action, v->where);
	}
	return 0;
}

static void trace_end(void *inst, void *tx)
{
	const struct trace *t = inst;
	const struct trace_tx *x = tx;

	t->host->log(t->self, x->msg, MW_INFO, "end", "calls=%u", x->calls);
}

MW_PLUGIN(
    trace, "trace", .kind = MW_KIND_MILTER, .version = MW_VERSION, .licence = "Apache-2.0",
    .summary = "logs every callback, without content",
    .stages = MW_SEE_CONNECT | MW_SEE_HELO | MW_SEE_MAIL | MW_SEE_RCPT | MW_SEE_HEADERS | MW_SEE_BODY | MW_SEE_MESSAGE |
	      MW_SEE_ABORT | MW_SEE_CLOSE,
    .actions = actions,
    .hooks = {
	.open = trace_open, .begin = trace_begin, .see = trace_see, .act = trace_act, .end = trace_end, .close = trace_close});
