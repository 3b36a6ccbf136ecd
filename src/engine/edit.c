/* SPDX-License-Identifier: Apache-2.0 */
/*
 * edit: what modules change, kept aside until every hook of the message has succeeded. The current header is the received one
 * with the changes so far; what the host has to do is the difference.
 */
#include "engine/private.h"

#include "mail/address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Longer values of one field are refused: an MTA would cut or refuse them. */
#define VALUE_MAX 65536u
#define FIELDS_MAX 256u /* that may be added to one message */

int mw_msg_current(struct mw_msg *m)
{
	if (m->current_made)
		return 0;
	m->current = mw_arena_grow(m->arena, NULL, &m->current_cap, m->header.n + 8, sizeof(*m->current));
	if (!m->current)
		return mw_msg_fail(m, -ENOMEM, NULL);
	for (size_t i = 0; i < m->header.n; i++)
		m->current[i] = (struct current){.field = m->header.v[i]};
	m->currents = m->header.n;
	m->current_made = true;
	return 0;
}

/* RFC 5322 2.2: printable, no colon. */
static bool name_ok(const char *s)
{
	const char *p = s;

	while (*p > ' ' && *p < 0x7f && *p != ':')
		p++;
	return p != s && !*p && (size_t)(p - s) <= 255;
}

/* Folds are LF and white space; anything else at a line's start, or a bare CR, would be a new field. */
static bool value_ok(const char *s)
{
	size_t n = strnlen(s, VALUE_MAX + 1);

	if (n > VALUE_MAX || memchr(s, '\r', n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (s[i] == '\n' && s[i + 1] != ' ' && s[i + 1] != '\t')
			return false;
	return true;
}

int mw_msg_add_field(struct mw_msg *m, const char *name, const char *value, bool first)
{
	struct current c = {.added = true, .first = first}, *grown;

	if (!name || !value || !name_ok(name) || !value_ok(value))
		return -EINVAL;
	if (mw_msg_current(m) < 0)
		return -ENOMEM;
	if (m->added >= FIELDS_MAX)
		return -EFBIG;
	c.field.name = mw_str(mw_arena_str(m->arena, name));
	c.field.value = mw_str(mw_arena_str(m->arena, value));
	grown = mw_arena_grow(m->arena, m->current, &m->current_cap, m->currents + 1, sizeof(*m->current));
	if (!grown || c.field.name.n == 0 || c.field.value.n != strlen(value))
		return mw_msg_fail(m, -ENOMEM, NULL);
	m->current = grown;
	if (first)
		memmove(m->current + 1, m->current, m->currents * sizeof(*m->current));
	m->current[first ? 0 : m->currents] = c;
	m->currents++;
	m->added++;
	return 0;
}

static bool name_matches(struct mw_str name, struct mw_str pattern)
{
	if (pattern.n && pattern.p[pattern.n - 1] == '*') {
		pattern.n--;
		if (name.n > pattern.n)
			name.n = pattern.n;
	}
	return mw_str_casesame(name, pattern);
}

int mw_msg_del_fields(struct mw_msg *m, const char *name)
{
	struct mw_str pattern = mw_str(name);
	size_t kept = 0, had;

	if (pattern.n == 0 || mw_str_eq(pattern, "*"))
		return -EINVAL;
	if (mw_msg_current(m) < 0)
		return -ENOMEM;
	had = m->currents;
	for (size_t i = 0; i < had; i++)
		if (m->current[i].added || !name_matches(m->current[i].field.name, pattern))
			m->current[kept++] = m->current[i];
	m->currents = kept;
	return (int)(had - kept);
}

int mw_msg_del_field(struct mw_msg *m, size_t i)
{
	if (mw_msg_current(m) < 0)
		return -ENOMEM;
	if (i >= m->currents || m->current[i].added)
		return -EINVAL;
	m->currents--;
	memmove(m->current + i, m->current + i + 1, (m->currents - i) * sizeof(*m->current));
	return 0;
}

/* ---- tags -------------------------------------------------------------------------------------------------------- */
/* DSN parameters came from the client; what could end a parameter is not passed on. */
static bool parameter_ok(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || (unsigned char)s.p[i] >= 0x7f || s.p[i] == '<' || s.p[i] == '>')
			return false;
	return s.n > 0;
}

/* Without an ORCPT the tagged address would show in reports, and leak to the next hop. */
static const char *tag_params(struct mw_arena *a, const struct mw_rcpt *r)
{
	const char *orcpt = NULL, *plain = mw_address_xtext(a, r->alias.n ? r->alias : r->address);

	if (parameter_ok(r->orcpt))
		orcpt = mw_arena_printf(a, "%.*s", (int)r->orcpt.n, r->orcpt.p);
	else if (plain)
		orcpt = mw_arena_printf(a, "rfc822;%s", plain);
	if (!orcpt)
		return NULL;
	if (!parameter_ok(r->notify))
		return mw_arena_printf(a, "ORCPT=%s", orcpt);
	return mw_arena_printf(a, "ORCPT=%s NOTIFY=%.*s", orcpt, (int)r->notify.n, r->notify.p);
}

static bool tag_ok(const char *tag)
{
	size_t n = strspn(tag, "abcdefghijklmnopqrstuvwxyz0123456789");

	return n && !tag[n] && n + strlen(".mw-.invalid") <= MW_TAG_ROOM;
}

bool mw_msg_has_tag(const struct mw_msg *m, size_t rcpt)
{
	for (size_t i = 0; i < m->tags; i++)
		if (m->tag[i].rcpt == rcpt)
			return true;
	return false;
}

/* A later tag of one recipient replaces the earlier. */
static struct mw_edit_tag *tag_slot(struct mw_msg *m, size_t rcpt)
{
	struct mw_edit_tag *grown;

	for (size_t i = 0; i < m->tags; i++)
		if (m->tag[i].rcpt == rcpt)
			return &m->tag[i];
	grown = mw_arena_grow(m->arena, m->tag, &m->tag_cap, m->tags + 1, sizeof(*m->tag));
	if (!grown)
		return NULL;
	m->tag = grown;
	return &m->tag[m->tags++];
}

int mw_msg_tag(struct mw_msg *m, size_t rcpt, const char *tag)
{
	struct mw_edit_tag t = {.rcpt = rcpt}, *slot;
	const struct mw_rcpt *r;

	if (rcpt >= m->env.rcpts || !tag || !tag_ok(tag))
		return -EINVAL;
	r = &m->rcpt[rcpt];
	if (r->form != MW_ADDR_PLAIN)
		return -EINVAL;
	t.address = mw_arena_printf(m->arena, "<%.*s.mw-%s.invalid>", (int)r->address.n, r->address.p, tag);
	t.params = tag_params(m->arena, r);
	slot = t.address && t.params ? tag_slot(m, rcpt) : NULL;
	if (!slot)
		return mw_msg_fail(m, -ENOMEM, NULL);
	*slot = t;
	return 0;
}

/* Is the same alias, as the client named it, behind a recipient that is tagged? */
static bool has_tagged_kin(const struct mw_msg *m, const struct mw_rcpt *r)
{
	for (size_t i = 0; i < m->tags; i++)
		if (m->rcpt[m->tag[i].rcpt].arg.p == r->arg.p)
			return true;
	return false;
}

/* The MTA takes an alias out with all that it leads to. */
int mw_msg_tag_kin(struct mw_msg *m)
{
	for (size_t i = 0; i < m->env.rcpts; i++) {
		const struct mw_rcpt *r = &m->rcpt[i];
		struct mw_edit_tag t = {.rcpt = i}, *slot;

		if (!r->alias.n || mw_msg_has_tag(m, i) || !has_tagged_kin(m, r))
			continue;
		t.address = mw_arena_printf(m->arena, "<%.*s>", (int)r->address.n, r->address.p);
		t.params = tag_params(m->arena, r);
		slot = t.address && t.params ? tag_slot(m, i) : NULL;
		if (!slot)
			return mw_msg_fail(m, -ENOMEM, NULL);
		*slot = t;
	}
	return 0;
}

/* ---- the difference ---------------------------------------------------------------------------------------------- */
/* A received field among those of its name. */
struct place {
	struct mw_str name;
	size_t i;
	uint32_t index; /* from 1, as an MTA counts */
};

static int by_name(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->name.n != y->name.n)
		return x->name.n < y->name.n ? -1 : 1;
	for (size_t i = 0; i < x->name.n; i++) {
		int d = mw_lower(x->name.p[i]) - mw_lower(y->name.p[i]);

		if (d)
			return d;
	}
	return x->i < y->i ? -1 : x->i > y->i;
}

static int by_place(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	return x->i < y->i ? -1 : x->i > y->i;
}

/* Numbers the received fields: sorted, because 100,000 fields may come. NULL = no memory. */
static struct place *number_fields(struct mw_msg *m)
{
	size_t n = m->header.n;
	struct place *v = mw_arena_array(m->arena, n, sizeof(*v));

	if (!v)
		return NULL;
	for (size_t i = 0; i < n; i++)
		v[i] = (struct place){.name = m->header.v[i].name, .i = i};
	qsort(v, n, sizeof(*v), by_name);
	for (size_t i = 0; i < n; i++)
		v[i].index = i && mw_str_casesame(v[i - 1].name, v[i].name) ? v[i - 1].index + 1 : 1;
	qsort(v, n, sizeof(*v), by_place);
	return v;
}

static bool any_changed(const struct mw_msg *m)
{
	for (size_t i = 0; i < m->currents; i++)
		if (m->current[i].changed)
			return true;
	return false;
}

/* Removals and new values, the last field first, so that no removal moves the index of another. */
static int list_removals(struct mw_msg *m)
{
	size_t at = m->currents;
	struct place *place;

	if (m->currents - m->added == m->header.n && !any_changed(m))
		return 0;
	place = number_fields(m);
	if (!place)
		return -ENOMEM;
	for (size_t i = m->header.n; i-- > 0;) {
		const char *name, *value = NULL;

		/* Received fields keep their order: one walk from the end finds those that are still there. */
		while (at > 0 && m->current[at - 1].added)
			at--;
		if (at > 0 && m->current[at - 1].field.name.p == m->header.v[i].name.p) {
			at--;
			if (!m->current[at].changed)
				continue;
			value = m->current[at].field.value.p;
		}
		name = mw_arena_dup(m->arena, m->header.v[i].name.p, m->header.v[i].name.n);
		if (!name)
			return -ENOMEM;
		m->edit[m->edits++] = (struct mw_edit_field){.name = name, .value = value, .index = place[i].index};
	}
	return 0;
}

static void list_additions(struct mw_msg *m, bool first)
{
	for (size_t i = 0; i < m->currents; i++) {
		/* Each new first field goes above those before it: the uppermost comes last. */
		const struct current *c = &m->current[first ? m->currents - 1 - i : i];

		if (c->added && c->first == first)
			m->edit[m->edits++] =
			    (struct mw_edit_field){.name = c->field.name.p, .value = c->field.value.p, .first = first};
	}
}

int mw_msg_list_edits(struct mw_msg *m)
{
	m->edits = 0;
	if (!m->current_made)
		return 0;
	m->edit = mw_arena_array(m->arena, m->header.n + m->currents, sizeof(*m->edit));
	if (!m->edit || list_removals(m) < 0)
		return mw_msg_fail(m, -ENOMEM, NULL);
	list_additions(m, true);
	list_additions(m, false);
	return 0;
}

void mw_msg_drop_edits(struct mw_msg *m)
{
	m->tags = 0;
	m->edits = 0;
	m->currents = m->added = 0;
	m->current_made = false;
	m->current = NULL;
	m->current_cap = 0;
}

size_t mw_msg_edit_tags(const struct mw_msg *m, const struct mw_edit_tag **ret)
{
	*ret = m->tag;
	return m->tags;
}

size_t mw_msg_edit_fields(const struct mw_msg *m, const struct mw_edit_field **ret)
{
	*ret = m->edit;
	return m->edits;
}
