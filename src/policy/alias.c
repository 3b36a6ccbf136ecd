/* SPDX-License-Identifier: Apache-2.0 */
/* alias: where an address leads, by way of all tables. */
#include "policy/alias_private.h"

#include "base/str.h"
#include "policy/table.h"

#include <errno.h>
#include <string.h>

/* One address on the way, and what it came from. */
struct node {
	struct mw_str address;
	const struct node *from;
};

struct follow {
	const struct mw_aliases *all;
	struct mw_arena *arena;
	MW_LIST_OF(struct node *) seen;
	struct mw_alias_leads leads;
	MW_LIST_OF(struct mw_str) to;
	const char *unsplit;
	int failed;
};

static int visit(struct follow *f, const struct node *node, unsigned deep);
static void follow_alias(struct follow *f, const struct node *node, const struct alias *a, unsigned deep);

static struct mw_str domain_of(struct mw_str address)
{
	const char *at = address.n ? memrchr(address.p, '@', address.n) : NULL;

	return at ? (struct mw_str){.p = at + 1, .n = (size_t)(address.p + address.n - at) - 1}
		  : (struct mw_str){.p = "", .n = 0};
}

static struct mw_str local_of(struct mw_str address)
{
	const char *at = address.n ? memrchr(address.p, '@', address.n) : NULL;

	return (struct mw_str){.p = address.p, .n = at ? (size_t)(at - address.p) : address.n};
}

/* The first reason is told. */
static void cannot_split(struct follow *f, const char *why)
{
	if (!f->unsplit)
		f->unsplit = why;
}

static bool has_name(const struct mw_alias_file *file, struct mw_str domain)
{
	return file->names && mw_table_has(file->names, domain);
}

/* The forms in which the MTA asks its tables for an address, the most exact first. form: 0 user@domain, 1 user, 2 @domain. A name
 * whose domain nobody tells is one of theirs. */
static const struct alias *ask(const struct mw_alias_file *file, struct mw_str address, struct mw_str local, unsigned form)
{
	struct mw_str domain = domain_of(address);

	if (form == 0)
		return mw_alias_find(file, address);
	if (form == 1)
		return !domain.n || has_name(file, domain) ? mw_alias_find(file, local) : NULL;
	return domain.n && file->kind == MW_ALIAS_VIRTUAL
		   ? mw_alias_find(file, (struct mw_str){.p = domain.p - 1, .n = domain.n + 1})
		   : NULL;
}

static const struct alias *look_in(const struct mw_aliases *all, enum mw_alias_kind kind, struct mw_str address)
{
	struct mw_str local = local_of(address);

	for (unsigned form = 0; form < 3; form++)
		for (size_t i = 0; i < all->n; i++) {
			const struct alias *a = all->file[i]->kind == kind ? ask(all->file[i], address, local, form) : NULL;

			if (a)
				return a;
		}
	return NULL;
}

/* virtual(5) first: it is asked before anything is delivered. */
static const struct alias *look_up(const struct mw_aliases *all, struct mw_str address)
{
	const struct alias *a = look_in(all, MW_ALIAS_VIRTUAL, address);

	return a ? a : look_in(all, MW_ALIAS_LOCAL, address);
}

static bool is_on_way(const struct node *node, struct mw_str address)
{
	for (; node; node = node->from)
		if (mw_str_casesame(node->address, address))
			return true;
	return false;
}

static struct node *new_node(struct follow *f, struct mw_str address, const struct node *from)
{
	struct node *node = mw_arena_alloc(f->arena, sizeof(*node));
	struct node **seen = mw_arena_grow(f->arena, f->seen.v, &f->seen.cap, f->seen.n + 1, sizeof(*seen));

	if (!node || !seen) {
		f->failed = -ENOMEM;
		return NULL;
	}
	*node = (struct node){.address = address, .from = from};
	f->seen.v = seen;
	f->seen.v[f->seen.n++] = node;
	return node;
}

static bool was_seen(const struct follow *f, struct mw_str address)
{
	for (size_t i = 0; i < f->seen.n; i++)
		if (mw_str_casesame(f->seen.v[i]->address, address))
			return true;
	return false;
}

/* Nothing leads on from here. */
static void add_end(struct follow *f, struct mw_str address, bool inside)
{
	struct mw_str *to = mw_arena_grow(f->arena, f->to.v, &f->to.cap, f->to.n + 1, sizeof(*to));

	if (!to) {
		f->failed = -ENOMEM;
		return;
	}
	f->to.v = to;
	f->to.v[f->to.n++] = address;
	f->leads.outside = f->leads.outside || !inside;
}

static void joined(struct follow *f, struct mw_str local, struct mw_str domain, struct mw_str *ret)
{
	size_t at = domain.n ? 1 : 0;
	char *p = mw_arena_printf(f->arena, "%.*s%s%.*s", (int)local.n, local.p, at ? "@" : "", (int)domain.n, domain.p);

	f->failed = p ? f->failed : -ENOMEM;
	*ret = (struct mw_str){.p = p ? p : "", .n = p ? local.n + at + domain.n : 0};
}

/* team+anything@x.example is team's, if the MTA has "+" for a delimiter, which nobody tells. n = 0: it is nobody's. */
static struct mw_str without_extension(struct follow *f, struct mw_str address)
{
	struct mw_str local = local_of(address), base = {.p = "", .n = 0};
	const char *plus = local.n ? memchr(local.p, '+', local.n) : NULL;
	const struct alias *a = plus ? look_up(f->all, address) : NULL;

	if (!plus || plus == local.p || (a && a->key.p[0] != '@'))
		return base;
	joined(f, (struct mw_str){.p = local.p, .n = (size_t)(plus - local.p)}, domain_of(address), &base);
	a = base.n ? look_up(f->all, base) : NULL;
	return a && a->key.p[0] != '@' ? base : (struct mw_str){.p = "", .n = 0};
}

/* A name without a domain is completed by the MTA with a domain of its own, of which the policy does not tell which it is. Does an
 * address with this local part lead on in another domain of the names than here? */
static bool leads_elsewhere(const struct follow *f, struct mw_str name, struct mw_str domain)
{
	for (size_t i = 0; i < f->all->n; i++) {
		const struct mw_alias_file *file = f->all->file[i];

		for (size_t k = 0; file->kind == MW_ALIAS_VIRTUAL && k < file->aliases.n; k++) {
			struct mw_str key = file->aliases.v[k].key, other = domain_of(key);

			if (!other.n || mw_str_casesame(other, domain) ||
			    (key.p[0] != '@' && !mw_str_casesame(local_of(key), name)))
				continue;
			for (size_t n = 0; n < f->all->n; n++)
				if (has_name(f->all->file[n], other))
					return true;
		}
	}
	return false;
}

/* The whole address of a member, or a name without a domain, where nobody tells which; n = 0: it has none. */
static struct mw_str member_address(struct follow *f, const struct node *node, const struct member *m)
{
	struct mw_str domain = domain_of(node->address), s = m->text;

	if (m->kind == MEMBER_ADDRESS && s.p[0] == '@')
		joined(f, local_of(node->address), (struct mw_str){.p = s.p + 1, .n = s.n - 1}, &s);
	if (m->kind != MEMBER_NAME)
		return m->kind == MEMBER_ADDRESS ? s : (struct mw_str){.p = "", .n = 0};
	for (size_t i = 0; i < f->all->n; i++)
		if (has_name(f->all->file[i], domain)) {
			if (leads_elsewhere(f, m->text, domain)) {
				f->leads.outside = true;
				cannot_split(f, "a member of it is a name, which is an alias in another domain");
			}
			joined(f, m->text, domain, &s);
			return s;
		}
	return s;
}

/* What virtual(5) leads to itself is delivered, and aliases(5) are asked then. */
static const struct alias *look_behind(struct follow *f, struct mw_str address)
{
	struct mw_str local = local_of(address), base;
	const struct alias *behind = look_in(f->all, MW_ALIAS_LOCAL, address);
	const char *plus = local.n ? memchr(local.p, '+', local.n) : NULL;

	if (!behind && plus && plus > local.p) {
		joined(f, (struct mw_str){.p = local.p, .n = (size_t)(plus - local.p)}, domain_of(address), &base);
		behind = base.n ? look_in(f->all, MW_ALIAS_LOCAL, base) : NULL;
		if (behind)
			cannot_split(f, "its address has an extension");
	}
	return behind;
}

/* One of the members of an alias is its own address. It stays here, and may go elsewhere as well: nobody can send to the one without
 * the other. */
static void follow_itself(struct follow *f, const struct node *node, const struct alias *a, unsigned deep)
{
	const struct alias *behind = a->local ? NULL : look_behind(f, node->address);

	if (a->members.n > 1)
		cannot_split(f, "it keeps a copy");
	if (behind)
		follow_alias(f, node, behind, deep);
	else
		add_end(f, node->address, true);
}

static void follow_member(struct follow *f, const struct node *node, const struct alias *a, const struct member *m, unsigned deep)
{
	struct mw_str to = member_address(f, node, m), base;
	const struct node *next;

	if (!memchr(to.p, '@', to.n))
		cannot_split(f, "a member of it is no address");
	if (to.n == 0)
		return;
	base = mw_str_casesame(to, node->address) ? (struct mw_str){.p = "", .n = 0} : without_extension(f, to);
	if (base.n) {
		cannot_split(f, "the address of a member of it has an extension");
		to = base;
	}
	if (mw_str_casesame(to, node->address)) {
		follow_itself(f, node, a, deep);
		return;
	}
	if (is_on_way(node, to)) {
		f->leads.outside = true;
		cannot_split(f, "its aliases lead in a circle");
		return;
	}
	if (was_seen(f, to))
		return;
	next = new_node(f, to, node);
	if (next)
		(void)visit(f, next, deep + 1);
}

static void follow_alias(struct follow *f, const struct node *node, const struct alias *a, unsigned deep)
{
	if (a->unknown) {
		f->leads.outside = true;
		cannot_split(f, a->unknown);
	}
	if (a->unsplit)
		cannot_split(f, a->unsplit);
	for (size_t i = 0; i < a->members.n && !f->failed; i++)
		follow_member(f, node, a, &a->members.v[i], deep);
}

/* As deep as MW_ALIAS_DEEP. A name without a domain is of this machine. */
static int visit(struct follow *f, const struct node *node, unsigned deep)
{
	bool inside = domain_of(node->address).n == 0 || mw_table_has_address(f->all->ours, node->address);
	const struct alias *a = inside ? look_up(f->all, node->address) : NULL;

	if (!a) {
		add_end(f, node->address, inside);
	} else if (deep > MW_ALIAS_DEEP || f->seen.n > MW_ALIAS_MOST) {
		f->leads.outside = true;
		cannot_split(f, "it leads to too many addresses");
	} else {
		follow_alias(f, node, a, deep);
	}
	return f->failed;
}

/* "team"@x.example is team@x.example. */
static struct mw_str plain_local(struct mw_arena *arena, struct mw_str address)
{
	struct mw_str local = local_of(address), domain = domain_of(address);
	char *p;
	size_t n = 0;

	if (local.n < 2 || local.p[0] != '"' || local.p[local.n - 1] != '"')
		return address;
	p = mw_arena_array(arena, address.n + 1, 1);
	if (!p)
		return (struct mw_str){.p = "", .n = 0};
	for (size_t i = 1; i + 1 < local.n; i++) {
		if (local.p[i] == '\\' && i + 2 < local.n)
			i++;
		p[n++] = local.p[i];
	}
	p[n++] = '@';
	memcpy(p + n, domain.p, domain.n);
	return (struct mw_str){.p = p, .n = n + domain.n};
}

int mw_aliases_follow(const struct mw_aliases *all, struct mw_arena *arena, struct mw_str address, struct mw_alias_leads *ret)
{
	struct follow f = {.all = all, .arena = arena};
	struct mw_str plain = plain_local(arena, address), base;
	const struct node *first;

	if (plain.n == 0 && address.n)
		return -ENOMEM;
	*ret = (struct mw_alias_leads){.outside = false};
	if (!mw_table_has_address(all->ours, plain))
		return 0;
	base = without_extension(&f, plain);
	if (base.n)
		cannot_split(&f, "its address has an extension");
	first = new_node(&f, base.n ? base : plain, NULL);
	if (!first || visit(&f, first, 0) < 0 || f.failed)
		return -ENOMEM;
	f.leads.unsplit = f.leads.outside ? f.unsplit : NULL;
	if (f.leads.outside && !f.unsplit) {
		f.leads.n = f.to.n;
		f.leads.to = f.to.v;
	}
	*ret = f.leads;
	return 0;
}
