/* SPDX-License-Identifier: Apache-2.0 */
/*
 * services: struct mw_host, what modules may call. Nothing that a module passes is believed: indices are checked, powers too. A
 * call without its power fails, and is logged once for each power and generation: it is a bug of the module or of its `load`
 * line.
 */
#include "engine/private.h"

#include "base/log.h"
#include "mail/mime.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The body is handed out in pieces of this size. */
#define PIECE ((size_t)16384)

static const char *const power_names[] = {MW_POWER_NAMES};

/* Has the policy granted this power (one bit) to the module? */
static bool may(struct mw_self *s, struct mw_msg *m, unsigned power)
{
	unsigned bit = 0;

	if (s->row->granted & power)
		return true;
	if (atomic_fetch_or(&s->complained, power) & power)
		return false;
	while (power >> (bit + 1))
		bit++;
	mw_log(MW_ERROR, m->env.queue_id, "power", "module=%s used a service that needs the power \"%s\", which is not granted",
	       s->plugin->name, power_names[bit]);
	return false;
}

static void *host_alloc(struct mw_msg *m, size_t n)
{
	return mw_arena_alloc(m->arena, n);
}

static int host_fail(struct mw_err *err, int code, const char *fmt, ...) MW_PRINTF(3, 4);
static void host_log(struct mw_self *s, struct mw_msg *m, enum mw_log_level level, const char *event, const char *fmt, ...)
    MW_PRINTF(5, 6);

static int host_fail(struct mw_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	code = mw_failv(err, code, fmt, ap);
	va_end(ap);
	return code;
}

static void host_log(struct mw_self *s, struct mw_msg *m, enum mw_log_level level, const char *event, const char *fmt, ...)
{
	char name[96];
	va_list ap;

	if (level < MW_ERROR || level > MW_DEBUG)
		level = MW_ERROR;
	(void)snprintf(name, sizeof(name), "%s/%s", s->plugin->name, event);
	va_start(ap, fmt);
	mw_logv(level, m ? m->env.queue_id : NULL, name, fmt, ap);
	va_end(ap);
}

/* ---- facts ------------------------------------------------------------------------------------------------------- */
static struct fact *own_fact(struct mw_self *s, struct mw_msg *m, uint32_t fact, bool text)
{
	if (fact >= s->facts || (s->plugin->facts[fact].type == MW_STR) != text)
		return NULL;
	return &m->fact[s->fact_base + fact];
}

static int host_set_int(struct mw_self *s, struct mw_msg *m, uint32_t fact, int64_t value)
{
	struct fact *f = own_fact(s, m, fact, false);

	if (!f)
		return -EINVAL;
	if (!f->given)
		f->n = s->plugin->facts[fact].type == MW_BOOL ? value != 0 : value;
	return 0;
}

static int host_set_str(struct mw_self *s, struct mw_msg *m, uint32_t fact, const char *value)
{
	struct fact *f = own_fact(s, m, fact, true);
	const char *copy;

	if (!f || !value)
		return -EINVAL;
	copy = mw_arena_str(m->arena, value);
	if (!copy)
		return -ENOMEM;
	if (!f->given)
		f->s = copy;
	return 0;
}

/* ---- the message ------------------------------------------------------------------------------------------------- */
static const struct mw_envelope *host_envelope(struct mw_msg *m)
{
	return &m->env;
}

static const struct mw_field *host_field(struct mw_self *s, struct mw_msg *m, size_t i)
{
	if (!may(s, m, MW_POWER_HEADERS))
		return NULL;
	if (m->current_made)
		return i < m->currents ? &m->current[i].field : NULL;
	return i < m->header.n ? &m->header.v[i] : NULL;
}

static int host_body(struct mw_self *s, struct mw_msg *m, int (*fn)(void *ctx, const char *p, size_t n), void *ctx)
{
	char piece[PIECE];
	uint64_t at = m->body_at, end;
	int r = 0;

	if (!may(s, m, MW_POWER_HEADERS))
		return -EPERM;
	if (!m->complete)
		return -EBUSY; /* half a body must not be signed or kept as if it were whole */
	if (m->truncated)
		return -EFBIG;
	end = mw_store_size(m->store);
	while (r == 0 && at < end) {
		size_t n = end - at < PIECE ? (size_t)(end - at) : PIECE;

		r = mw_store_read(m->store, at, piece, n);
		if (r == 0)
			r = fn(ctx, piece, n);
		at += n;
	}
	explicit_bzero(piece, sizeof(piece));
	return r;
}

static const struct mw_part *host_part(struct mw_self *s, struct mw_msg *m, size_t i)
{
	if (!may(s, m, MW_POWER_TEXT) || !m->complete) /* parts are made once, of the whole message */
		return NULL;
	(void)mw_msg_make_parts(m); /* a failure is a cause already; what was read is there */
	return mw_msg_part(m, i);
}

static int host_scan(struct mw_self *s, struct mw_msg *m, size_t part, const struct mw_finding **ret, size_t *n)
{
	int r;

	if (!may(s, m, MW_POWER_TEXT))
		return -EPERM;
	if (!m->complete)
		return -EBUSY;
	r = mw_msg_make_parts(m);
	if (r < 0)
		return r;
	if (part >= m->parts)
		return -EINVAL;
	r = mw_msg_scan_part(m, part);
	if (r < 0 && r != -EAGAIN)
		return r;
	*n = m->part[part]->n;
	*ret = *n ? m->findings.v + m->part[part]->first : NULL;
	return r;
}

static const struct mw_rule_info *host_rule(struct mw_msg *m, uint32_t rule)
{
	return rule < m->gen->plan->rules ? &m->gen->rule[rule] : NULL;
}

/* ---- what was decided -------------------------------------------------------------------------------------------- */
static const struct mw_verdict *host_verdict(struct mw_msg *m, size_t rcpt)
{
	return mw_msg_verdict(m, rcpt);
}

static const struct mw_outcome *host_outcome(struct mw_msg *m)
{
	return m->has_outcome ? &m->outcome : NULL;
}

static const char *host_class(struct mw_msg *m, size_t i)
{
	for (size_t c = 0; c < m->gen->plan->classes; c++)
		if (m->classes[c] && i-- == 0)
			return m->gen->plan->cls[c].name;
	return NULL;
}

static const char *host_digest(struct mw_msg *m)
{
	return m->gen->plan->digest;
}

static const struct mw_finding *host_finding(struct mw_msg *m, size_t i)
{
	return mw_msg_finding(m, i);
}

static size_t host_unreadable(struct mw_msg *m, const char *reason)
{
	size_t n = 0;

	for (size_t i = 0; i < m->parts; i++)
		n += m->part[i]->pub.unread && strcmp(m->part[i]->pub.unread, reason) == 0;
	return n;
}

static const char *host_own_digest(struct mw_self *s)
{
	return s->gen->plan->digest;
}

/* ---- staged edits ------------------------------------------------------------------------------------------------ */
static int may_edit(struct mw_self *s, struct mw_msg *m, unsigned power)
{
	if (!may(s, m, power))
		return -EPERM;
	return m->edits_open ? 0 : -EBUSY; /* only what the policy orders: in act() */
}

static int host_add_field(struct mw_self *s, struct mw_msg *m, const char *name, const char *value, bool first)
{
	int r = may_edit(s, m, MW_POWER_EDIT);

	return r < 0 ? r : mw_msg_add_field(m, name, value, first);
}

static int host_cut_text(struct mw_self *s, struct mw_msg *m, const char *name, const char *text)
{
	int r = may_edit(s, m, MW_POWER_EDIT);

	return r < 0 ? r : mw_msg_cut_text(m, name, text);
}

static int host_del_fields(struct mw_self *s, struct mw_msg *m, const char *name)
{
	int r = may_edit(s, m, MW_POWER_EDIT);

	return r < 0 ? r : mw_msg_del_fields(m, name);
}

static int host_del_field(struct mw_self *s, struct mw_msg *m, size_t i)
{
	int r = may_edit(s, m, MW_POWER_EDIT);

	return r < 0 ? r : mw_msg_del_field(m, i);
}

static int host_tag(struct mw_self *s, struct mw_msg *m, size_t rcpt, const char *tag)
{
	int r = may_edit(s, m, MW_POWER_ROUTE);

	return r < 0 ? r : mw_msg_tag(m, rcpt, tag);
}

static int host_to_utf8(struct mw_str data, const char *charset, int (*fn)(void *ctx, const char *utf8, size_t n), void *ctx)
{
	struct mw_buf utf8 = MW_BUF_INIT;
	bool guessed;
	int r;

	if (mw_charset_is_utf8(data, charset ? charset : ""))
		return fn(ctx, data.p, data.n);
	r = mw_charset_to_utf8(data, charset ? charset : "", &utf8, &guessed);
	if (r == 0)
		r = fn(ctx, mw_buf_text(&utf8), utf8.n);
	mw_buf_free(&utf8);
	return r;
}

/* Programs are started by the process that reads hostile files, and by no other. */
static int host_run(struct mw_sink *s, const char *const *argv, struct mw_str input,
		    int (*fn)(void *ctx, const char *p, size_t n), void *ctx, int *status)
{
	(void)s;
	(void)argv;
	(void)input;
	(void)fn;
	(void)ctx;
	(void)status;
	return -EPERM;
}

static int host_run_beside(struct mw_sink *s, struct mw_program *runs, size_t n, int (*meanwhile)(void *ctx), void *ctx)
{
	(void)s;
	(void)runs;
	(void)n;
	(void)meanwhile;
	(void)ctx;
	return -EPERM;
}

static void host_cached(struct mw_self *s, bool hit)
{
	const struct mw_tally *t = &s->gen->tally;

	if (t->cached)
		t->cached(t->ctx, s->plugin->name, hit);
}

const struct mw_host mw_host_table = {
    .size = sizeof(struct mw_host),
    .abi_major = MW_ABI_MAJOR,
    .abi_minor = MW_ABI_MINOR,
    .alloc = host_alloc,
    .fail = host_fail,
    .log = host_log,
    .set_int = host_set_int,
    .set_str = host_set_str,
    .envelope = host_envelope,
    .field = host_field,
    .body = host_body,
    .part = host_part,
    .scan = host_scan,
    .rule = host_rule,
    .verdict = host_verdict,
    .outcome = host_outcome,
    .msg_class = host_class,
    .policy_digest = host_digest,
    .finding = host_finding,
    .add_field = host_add_field,
    .del_fields = host_del_fields,
    .tag = host_tag,
    .sink_text = mw_sink_text,
    .to_utf8 = host_to_utf8,
    .unreadable = host_unreadable,
    .own_policy_digest = host_own_digest,
    .sink_section = mw_sink_section,
    .sink_hidden = mw_sink_hidden,
    .sink_page = mw_sink_page,
    .sink_unread = mw_sink_unread,
    .member = mw_sink_member,
    .member_data = mw_sink_data,
    .member_end = mw_sink_member_end,
    .run = host_run,
    .cut_text = host_cut_text,
    .run_beside = host_run_beside,
    .del_field = host_del_field,
    .cached = host_cached,
};
