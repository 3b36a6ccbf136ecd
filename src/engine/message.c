/* SPDX-License-Identifier: Apache-2.0 */
/* message: its life, and filling it. */
#include "engine/private.h"

#include "mail/address.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* What modules and the engine may keep beside header, recipients and findings, whose own limits bound them. */
#define ARENA_BASE ((uint64_t)64 * 1024 * 1024)

static uint64_t limit(const struct mw_msg *m, enum mw_limit l)
{
	return m->gen->plan->limits.max[l];
}

/* Limits of the policy times what one of each costs; arrays that grow take up to three times their size. */
static size_t arena_limit(const struct mw_limits *l)
{
	uint64_t n = ARENA_BASE + 8 * l->max[MW_LIMIT_HEADER] + 4 * sizeof(struct mw_field) * l->max[MW_LIMIT_HEADERS] +
		     4 * sizeof(struct mw_finding) * l->max[MW_LIMIT_FINDINGS] + 8192 * l->max[MW_LIMIT_RECIPIENTS] +
		     1024 * l->max[MW_LIMIT_PARTS];

	return n > SIZE_MAX ? SIZE_MAX : (size_t)n;
}

static bool msg_init(struct mw_msg *m, const struct mw_msg_options *options)
{
	const struct mw_plan *plan = m->gen->plan;

	m->tx = mw_arena_array(m->arena, plan->modules, sizeof(*m->tx));
	m->fact = mw_arena_array(m->arena, m->gen->facts, sizeof(*m->fact));
	m->classes = mw_arena_array(m->arena, plan->classes, sizeof(*m->classes));
	m->store = mw_store_new((size_t)(options->memory > SIZE_MAX ? SIZE_MAX : options->memory), options->spool);
	m->time = options->time ? options->time : MW_MSG_TIME;
	m->env.queue_id = "-";
	m->env.sender = m->env.sender_domain = m->env.client_addr = m->env.client_name = mw_str("");
	m->env.auth_type = m->env.auth_user = mw_str("");
	m->findings.max = (size_t)limit(m, MW_LIMIT_FINDINGS);
	return m->tx && m->fact && m->classes && m->store;
}

struct mw_msg *mw_msg_new(struct mw_generation *gen, const struct mw_msg_options *options)
{
	struct mw_arena *a = mw_arena_new(arena_limit(&gen->plan->limits));
	struct mw_msg *m = a ? mw_arena_alloc(a, sizeof(*m)) : NULL;

	if (!m) {
		mw_arena_free(&a);
		return NULL;
	}
	m->arena = a;
	m->gen = mw_generation_ref(gen);
	if (!msg_init(m, options))
		mw_msg_free(&m);
	return m;
}

/* The message lives in its own arena, which goes last. */
void mw_msg_free(struct mw_msg **mp)
{
	struct mw_msg *m = mp ? *mp : NULL;
	struct mw_generation *gen;
	struct mw_arena *a;

	if (!m)
		return;
	*mp = NULL;
	gen = m->gen;
	a = m->arena;
	for (size_t i = m->tx ? gen->plan->modules : 0; i-- > 0;)
		if (m->tx[i].begun && gen->self[i].plugin->hooks.end)
			gen->self[i].plugin->hooks.end(gen->self[i].inst, m->tx[i].p);
	mw_msg_scan_done(m);
	for (size_t i = 0; i < m->parts; i++)
		mw_buf_free(&m->part[i].text);
	mw_store_free(&m->store);
	mw_arena_free(&a);
	mw_generation_unref(&gen);
}

struct mw_arena *mw_msg_arena(struct mw_msg *m)
{
	return m->arena;
}

/* ---- causes ------------------------------------------------------------------------------------------------------ */
void mw_msg_cause(struct mw_msg *m, uint32_t cause, const char *why)
{
	if (cause >= MW_CAUSES)
		cause = MW_CAUSE_ERROR;
	if (m->causes & (uint64_t)1 << cause)
		return;
	m->causes |= (uint64_t)1 << cause;
	m->why[cause] = mw_arena_str(m->arena, why ? why : "");
	if (!m->why[cause])
		m->why[cause] = "out of memory";
}

void mw_msg_broken(struct mw_msg *m, uint32_t cause)
{
	if (!m->broken)
		m->broken_by = cause;
	m->broken = true;
}

int mw_msg_fail(struct mw_msg *m, int code, const char *why)
{
	mw_msg_cause(m, MW_CAUSE_ERROR, why ? why : code == -ENOMEM ? "out of memory" : strerror(-code));
	mw_msg_broken(m, MW_CAUSE_ERROR);
	return code;
}

void mw_msg_breach(struct mw_msg *m, enum mw_limit l)
{
	char why[96];

	(void)snprintf(why, sizeof(why), "more than %llu %s", (unsigned long long)limit(m, l), mw_limit_rows[l].help);
	mw_msg_cause(m, MW_CAUSE_LIMIT_FIRST + (uint32_t)l, why);
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void mw_msg_complete(struct mw_msg *m)
{
	if (!m->bare)
		(void)mw_msg_body(m, "", 0); /* the empty line, when there is no body; a failure is noted */
	m->complete = true;
	m->deadline = now_ms() + m->time;
}

bool mw_msg_late(struct mw_msg *m)
{
	char why[64];

	if (!m->deadline || now_ms() <= m->deadline)
		return false;
	(void)snprintf(why, sizeof(why), "reading it takes more than %u ms", m->time);
	mw_msg_cause(m, MW_CAUSE_TIMEOUT, why);
	return true;
}

uint64_t mw_msg_causes(const struct mw_msg *m)
{
	return m->causes;
}

const char *mw_msg_cause_why(const struct mw_msg *m, uint32_t cause)
{
	return cause < MW_CAUSES && m->why[cause] ? m->why[cause] : "";
}

/* ---- envelope ---------------------------------------------------------------------------------------------------- */
static int copy(struct mw_msg *m, struct mw_str from, struct mw_str *to)
{
	char *p = mw_arena_dup(m->arena, from.p, from.n);

	if (!p)
		return mw_msg_fail(m, -ENOMEM, NULL);
	*to = (struct mw_str){.p = p, .n = from.n};
	return 0;
}

int mw_msg_sender(struct mw_msg *m, struct mw_str arg)
{
	struct mw_rcpt parsed = {0};

	if (copy(m, arg, &parsed.arg) < 0)
		return -ENOMEM;
	if (mw_address_parse(m->arena, parsed.arg, &parsed) < 0)
		return mw_msg_fail(m, -ENOMEM, NULL);
	m->env.sender = parsed.address;
	m->env.sender_domain = parsed.domain;
	mw_msg_begin(m);
	return 0;
}

static bool is_internal(const struct mw_msg *m, const struct mw_rcpt *r)
{
	const struct mw_table *ours = m->gen->plan->ours;

	return ours && r->form == MW_ADDR_PLAIN && mw_table_has_address(ours, r->address);
}

int mw_msg_rcpt(struct mw_msg *m, struct mw_str arg, struct mw_str mta_addr, struct mw_str notify, struct mw_str orcpt)
{
	struct mw_rcpt r = {0}, *grown;

	if (m->env.rcpts >= limit(m, MW_LIMIT_RECIPIENTS)) {
		mw_msg_breach(m, MW_LIMIT_RECIPIENTS);
		mw_msg_broken(m, MW_CAUSE_LIMIT_FIRST + MW_LIMIT_RECIPIENTS); /* no verdict for one that is not kept */
		return -EFBIG;
	}
	if (copy(m, arg, &r.arg) < 0 || copy(m, notify, &r.notify) < 0 || copy(m, orcpt, &r.orcpt) < 0)
		return -ENOMEM;
	grown = mw_arena_grow(m->arena, m->rcpt, &m->rcpt_cap, m->env.rcpts + 1, sizeof(*m->rcpt));
	if (!grown || mw_address_parse(m->arena, r.arg, &r) < 0)
		return mw_msg_fail(m, -ENOMEM, NULL);
	mw_address_confirm(&r, mta_addr);
	r.internal = is_internal(m, &r);
	m->rcpt = grown;
	m->rcpt[m->env.rcpts++] = r;
	m->env.rcpt = m->rcpt;
	return 0;
}

int mw_msg_set(struct mw_msg *m, enum mw_msg_text what, struct mw_str value)
{
	struct mw_str s;

	if (copy(m, value, &s) < 0)
		return -ENOMEM;
	switch (what) {
	case MW_MSG_QUEUE_ID:
		m->env.queue_id = s.n ? s.p : "-";
		return 0;
	case MW_MSG_CLIENT_ADDR:
		m->env.client_addr = s;
		return 0;
	case MW_MSG_CLIENT_NAME:
		m->env.client_name = s;
		return 0;
	case MW_MSG_AUTH_TYPE:
		m->env.auth_type = s;
		return 0;
	case MW_MSG_AUTH_USER:
		m->env.auth_user = s;
		return 0;
	}
	return -EINVAL;
}

void mw_msg_set_local(struct mw_msg *m, bool local)
{
	m->env.local = local;
}

const struct mw_envelope *mw_msg_envelope(const struct mw_msg *m)
{
	return &m->env;
}

/* ---- header and body --------------------------------------------------------------------------------------------- */
static int store_add(struct mw_msg *m, const char *p, size_t n)
{
	struct mw_err err = {0};
	int r = mw_store_add(m->store, p, n, &err);

	if (r < 0) {
		m->full = m->truncated = true;
		return mw_msg_fail(m, r, err.text);
	}
	return 0;
}

/* Would n more octets pass the limit? Then the rest of the message is dropped. */
static bool too_large(struct mw_msg *m, uint64_t n)
{
	uint64_t max = limit(m, MW_LIMIT_SIZE);

	if (n <= max && m->env.size <= max - n)
		return false;
	m->full = m->truncated = true;
	mw_msg_breach(m, MW_LIMIT_SIZE);
	return true;
}

/* A field as it stands on the wire: folds come from the MTA as LF, or CRLF. */
static int store_field(struct mw_msg *m, struct mw_str name, struct mw_str value)
{
	int r = store_add(m, name.p, name.n);

	if (r == 0)
		r = store_add(m, ":", 1);
	while (r == 0 && value.n) {
		const char *lf = memchr(value.p, '\n', value.n);
		size_t n = lf ? (size_t)(lf - value.p) : value.n;

		r = store_add(m, value.p, n);
		if (r == 0 && lf)
			r = n && value.p[n - 1] == '\r' ? store_add(m, "\n", 1) : store_add(m, "\r\n", 2);
		n += lf ? 1 : 0;
		value.p += n;
		value.n -= n;
	}
	return r < 0 ? r : store_add(m, "\r\n", 2);
}

int mw_msg_field(struct mw_msg *m, struct mw_str name, struct mw_str value)
{
	uint64_t n = (uint64_t)name.n + value.n + 3; /* colon and line end */

	if (m->full || m->header_full)
		return -EFBIG;
	if (m->header.n >= limit(m, MW_LIMIT_HEADERS))
		mw_msg_breach(m, MW_LIMIT_HEADERS);
	else if (n > limit(m, MW_LIMIT_HEADER) || m->header.octets > limit(m, MW_LIMIT_HEADER) - n)
		mw_msg_breach(m, MW_LIMIT_HEADER);
	else if (!too_large(m, n)) {
		if (mw_header_add(m->arena, &m->header, name, value) < 0)
			return mw_msg_fail(m, -ENOMEM, NULL);
		m->env.size += n;
		return store_field(m, name, value);
	}
	m->header_full = m->truncated = true; /* the body is still read: it may hold what matters */
	return -EFBIG;
}

/* The empty line between header and body. */
static int header_end(struct mw_msg *m)
{
	int r;

	if (m->in_body)
		return 0;
	m->in_body = true;
	r = store_add(m, "\r\n", 2);
	m->body_at = mw_store_size(m->store);
	return r;
}

int mw_msg_body(struct mw_msg *m, const char *p, size_t n)
{
	int r = header_end(m);

	if (r < 0)
		return r;
	if (m->full || too_large(m, n))
		return -EFBIG;
	m->env.size += n;
	return store_add(m, p, n);
}

int mw_msg_text(struct mw_msg *m, struct mw_str text)
{
	if (too_large(m, text.n)) {
		text.n = (size_t)limit(m, MW_LIMIT_SIZE);
		while (text.n && ((unsigned char)text.p[text.n] & 0xc0) == 0x80)
			text.n--; /* not inside of a character */
	}
	m->bare = true;
	m->env.size = text.n;
	return copy(m, text, &m->bare_text);
}

/* ---- what came out ----------------------------------------------------------------------------------------------- */
const struct mw_outcome *mw_msg_outcome(const struct mw_msg *m)
{
	return &m->outcome;
}

const struct mw_verdict *mw_msg_verdict(const struct mw_msg *m, size_t rcpt)
{
	return m->decided_all && rcpt < m->env.rcpts ? &m->decided[rcpt].verdict : NULL;
}

size_t mw_msg_parts(const struct mw_msg *m)
{
	return m->parts;
}

const struct mw_part *mw_msg_part(const struct mw_msg *m, size_t i)
{
	return i < m->parts ? &m->part[i].pub : NULL;
}

size_t mw_msg_findings(const struct mw_msg *m)
{
	return m->findings.n;
}

const struct mw_finding *mw_msg_finding(const struct mw_msg *m, size_t i)
{
	return i < m->findings.n ? &m->findings.v[i] : NULL;
}

const bool *mw_msg_classes(const struct mw_msg *m)
{
	return m->classes;
}

static const struct fact *fact_at(const struct mw_msg *m, uint32_t module, uint32_t fact)
{
	static const struct fact none;
	const struct mw_self *s = module < m->gen->plan->modules ? &m->gen->self[module] : NULL;

	return s && fact < s->facts ? &m->fact[s->fact_base + fact] : &none;
}

int64_t mw_msg_fact(const struct mw_msg *m, uint32_t module, uint32_t fact)
{
	return fact_at(m, module, fact)->n;
}

const char *mw_msg_fact_text(const struct mw_msg *m, uint32_t module, uint32_t fact)
{
	return fact_at(m, module, fact)->s;
}
