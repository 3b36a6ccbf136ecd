/* SPDX-License-Identifier: Apache-2.0 */
/* fill: a message as it comes, in the order of the protocol. What passes a limit is dropped and is a cause. */
#include "engine/private.h"

#include "mail/address.h"
#include "policy/alias.h"

#include <errno.h>
#include <string.h>

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

static int add_rcpt(struct mw_msg *m, const struct mw_rcpt *r)
{
	struct mw_rcpt *grown = mw_arena_grow(m->arena, m->rcpt, &m->rcpt_cap, m->env.rcpts + 1, sizeof(*m->rcpt));

	if (!grown)
		return mw_msg_fail(m, -ENOMEM, NULL);
	m->rcpt = grown;
	m->rcpt[m->env.rcpts++] = *r;
	m->env.rcpt = m->rcpt;
	mw_msg_want_keys(m, &m->rcpt[m->env.rcpts - 1]);
	return 0;
}

/* One of those behind an alias: with the parameters that the client gave to that. */
static int add_behind(struct mw_msg *m, const struct mw_rcpt *alias, struct mw_str address)
{
	struct mw_rcpt r = {0};

	if (mw_address_parse(m->arena, address, &r) < 0)
		return mw_msg_fail(m, -ENOMEM, NULL);
	r.arg = alias->arg;
	r.notify = alias->notify;
	r.orcpt = alias->orcpt;
	r.alias = alias->address;
	r.internal = is_internal(m, &r);
	return add_rcpt(m, &r);
}

/* All of them can be tagged, or stay as they are. */
static bool are_plain(struct mw_msg *m, const struct mw_alias_leads *leads)
{
	for (size_t i = 0; i < leads->n; i++) {
		struct mw_rcpt r = {0};

		if (mw_address_parse(m->arena, leads->to[i], &r) < 0 || r.form != MW_ADDR_PLAIN)
			return false;
	}
	return true;
}

/* An address inside that the MTA's aliases lead outside is what it leads to, each by itself; or, where these cannot be sent to one by
 * one, an address outside. */
static int add_alias(struct mw_msg *m, struct mw_rcpt *r)
{
	struct mw_alias_leads leads;
	int err = mw_aliases_follow(m->gen->plan->aliases, m->arena, r->address, &leads);

	if (err < 0)
		return mw_msg_fail(m, err, NULL);
	if (!leads.outside)
		return add_rcpt(m, r);
	if (!leads.unsplit && leads.n > mw_msg_limit(m, MW_LIMIT_RECIPIENTS) - m->env.rcpts)
		leads.unsplit = "it leads to more addresses than the limit of recipients lets in";
	if (!leads.unsplit && !are_plain(m, &leads))
		leads.unsplit = "it leads to an address of a form that cannot be routed";
	if (leads.unsplit) {
		r->internal = false;
		r->unsplit = leads.unsplit;
		return add_rcpt(m, r);
	}
	for (size_t i = 0; i < leads.n && err == 0; i++)
		err = add_behind(m, r, leads.to[i]);
	return err;
}

static int begin_rcpt(struct mw_msg *m, struct mw_str arg, struct mw_str notify, struct mw_str orcpt, struct mw_rcpt *r)
{
	if (m->env.rcpts >= mw_msg_limit(m, MW_LIMIT_RECIPIENTS)) {
		mw_msg_breach(m, MW_LIMIT_RECIPIENTS);
		mw_msg_broken(m, MW_CAUSE_LIMIT_FIRST + MW_LIMIT_RECIPIENTS); /* no verdict for one that is not kept */
		return -EFBIG;
	}
	if (copy(m, arg, &r->arg) < 0 || copy(m, notify, &r->notify) < 0 || copy(m, orcpt, &r->orcpt) < 0)
		return -ENOMEM;
	if (mw_address_parse(m->arena, r->arg, r) < 0)
		return mw_msg_fail(m, -ENOMEM, NULL);
	r->alias = mw_str("");
	return 0;
}

int mw_msg_rcpt(struct mw_msg *m, struct mw_str arg, struct mw_str mta_addr, struct mw_str notify, struct mw_str orcpt)
{
	struct mw_rcpt r = {0};
	int err = begin_rcpt(m, arg, notify, orcpt, &r);

	if (err < 0)
		return err;
	mw_address_confirm(&r, mta_addr);
	r.internal = is_internal(m, &r);
	return r.internal && m->gen->plan->aliases ? add_alias(m, &r) : add_rcpt(m, &r);
}

int mw_msg_rcpt_user(struct mw_msg *m, struct mw_str arg, struct mw_str user, struct mw_str notify, struct mw_str orcpt)
{
	struct mw_alias_leads leads = {.outside = false};
	struct mw_rcpt r = {0};
	int err = begin_rcpt(m, arg, notify, orcpt, &r);

	if (err < 0)
		return err;
	/* What aliases make of a user, nobody knows where the policy does not have them. */
	mw_address_confirm_user(&r, m->gen->plan->aliases ? user : mw_str(""));
	r.internal = is_internal(m, &r);
	if (r.internal)
		err = mw_aliases_follow(m->gen->plan->aliases, m->arena, r.address, &leads);
	if (err < 0)
		return mw_msg_fail(m, err, NULL);
	if (leads.outside) {
		r.internal = false;
		r.unsplit = leads.unsplit ? leads.unsplit : "the mail server has put those behind it in its place already";
	}
	return add_rcpt(m, &r);
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
	uint64_t max = mw_msg_limit(m, MW_LIMIT_SIZE);

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
	if (m->header.n >= mw_msg_limit(m, MW_LIMIT_HEADERS))
		mw_msg_breach(m, MW_LIMIT_HEADERS);
	else if (n > mw_msg_limit(m, MW_LIMIT_HEADER) || m->header.octets > mw_msg_limit(m, MW_LIMIT_HEADER) - n)
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
		text.n = (size_t)mw_msg_limit(m, MW_LIMIT_SIZE);
		while (text.n && ((unsigned char)text.p[text.n] & 0xc0) == 0x80)
			text.n--; /* not inside of a character */
	}
	m->bare = true;
	m->env.size = text.n;
	return copy(m, text, &m->bare_text);
}

void mw_msg_complete(struct mw_msg *m)
{
	if (!m->bare)
		(void)mw_msg_body(m, "", 0); /* the empty line, when there is no body; a failure is noted */
	m->complete = true;
	mw_msg_start_clock(m);
}
