/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_alias: tables by which the MTA leads an address inside to one outside, without the policy's knowing. */
#include "ctl/doctor.h"

#include "base/str.h"
#include "policy/alias.h"
#include "policy/source.h"
#include "policy/table.h"

#include <string.h>
#include <sys/stat.h>

struct look {
	struct doctor *d;
	const struct doctor_policy *policy;
	struct mw_arena *arena;
	struct mw_diags diags;
	struct mw_sources sources;
	struct mw_aliases all; /* of the policy, and the table in question */
	struct mw_table *names;
	struct mw_str domain; /* one inside, for names without one */
};

/* Is it one of the files that the policy was made of? */
static bool is_given(const struct mw_plan *plan, const char *path)
{
	struct stat a, b;

	if (stat(path, &a) < 0)
		return false;
	for (size_t i = 0; i < plan->sources; i++)
		if (stat(plan->source[i].path, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
			return true;
	return false;
}

static bool is_whole_domain(struct mw_str entry)
{
	return entry.n && entry.p[0] != '.' && !memchr(entry.p, '@', entry.n);
}

/* A domain in which names without one may be: those of the MTA that are inside, else any inside. */
static bool find_domain(struct look *l)
{
	const struct mw_table *ours = l->policy->plan->ours;

	for (size_t i = 0; i < l->d->facts.n; i++) {
		const char *value = l->d->facts.v[i].value;

		if (strcmp(l->d->facts.v[i].name, "destination") == 0 &&
		    mw_table_has_address(ours, mw_str(doctor_text(l->d, "postmaster@%s", value)))) {
			l->domain = mw_str(value);
			return true;
		}
	}
	for (size_t i = 0; i < mw_table_entries(ours); i++)
		if (is_whole_domain(mw_table_entry(ours, i))) {
			l->domain = mw_table_entry(ours, i);
			return true;
		}
	return false;
}

/* What a client would write for a key of a table: user@x of "user", somebody@x of "@x"; NULL: it is no address. */
static const char *address_of(struct look *l, struct mw_str key)
{
	if (key.n && key.p[0] == '@')
		return mw_arena_printf(l->arena, "somebody%.*s", (int)key.n, key.p);
	if (memchr(key.p, '@', key.n))
		return mw_arena_printf(l->arena, "%.*s", (int)key.n, key.p);
	return mw_arena_printf(l->arena, "%.*s@%.*s", (int)key.n, key.p, (int)l->domain.n, l->domain.p);
}

/* How many of its addresses lead outside; *first: one of them. */
static size_t count(struct look *l, const struct mw_alias_file *file, const char **first)
{
	struct mw_alias_leads leads;
	size_t n = 0;

	for (size_t i = 0; i < mw_alias_file_count(file); i++) {
		const char *address = address_of(l, mw_alias_file_key(file, i));

		if (!address || mw_aliases_follow(&l->all, l->arena, mw_str(address), &leads) < 0) {
			l->d->lost = true;
			return n;
		}
		if (leads.outside && n++ == 0)
			*first = address;
	}
	return n;
}

/* The domains of the MTA's own as a table of the policy, and what puts it there when it has none of that name. */
static const char *local_table(struct look *l)
{
	const struct mw_plan *plan = l->policy->plan;
	const char *text = "";

	for (size_t i = 0; i < plan->tables; i++)
		if (strcmp(mw_table_name(plan->table[i]), "local") == 0)
			return "";
	for (size_t i = 0; i < l->d->facts.n; i++)
		if (strcmp(l->d->facts.v[i].name, "destination") == 0)
			text = doctor_text(l->d, "%s%s\"%s\"", text, *text ? ", " : "", l->d->facts.v[i].value);
	if (!*text)
		text = doctor_text(l->d, "\"%.*s\"", (int)l->domain.n, l->domain.p);
	return doctor_text(l->d, " && sed -i '0,/^aliases/s|^aliases|table <local> { %s }\\n&|' '%s'", text, l->policy->path);
}

/* The policy has one statement "aliases none" at most, or some of them: what is put before those that are there counts as well. */
static const char *fix_of(struct look *l, const char *kind, const char *file)
{
	bool local = strcmp(kind, "local") == 0;
	const char *path = l->policy->path;
	const char *one = doctor_text(l->d, "aliases %s \"%s\"%s", kind, file, local ? " for <local>" : "");

	if (l->policy->plan->aliases)
		return doctor_text(l->d, "sed -i '0,/^aliases/s|^aliases |%s, |' '%s'%s", one, path, local ? local_table(l) : "");
	return doctor_text(l->d, "sed -i '/^aliases none/d' '%s' && echo '%s' >>'%s'%s", path, one, path,
			   local ? local_table(l) : "");
}

static void look_at(struct look *l, const char *kind, const char *path)
{
	const struct mw_plan *plan = l->policy->plan;
	const struct mw_place nowhere = {.source = UINT32_MAX};
	const struct mw_alias_file *file, **v;
	const char *first = "";
	uint32_t source;
	size_t given = plan->aliases ? plan->aliases->n : 0, n;

	if (is_given(plan, path))
		return;
	if (mw_source_read(&l->sources, path, MW_TERMS_MAX, nowhere, &source) < 0) {
		doctor_find(l->d, DOCTOR_WARNING, "aliases-unread", path, NULL, "the table of aliases cannot be read");
		return;
	}
	file = mw_alias_read(l->arena, &l->sources, strcmp(kind, "local") == 0 ? MW_ALIAS_LOCAL : MW_ALIAS_VIRTUAL, source,
			     l->names);
	v = mw_arena_array(l->arena, given + 1, sizeof(*v));
	if (!file || !v) {
		l->d->lost = true;
		return;
	}
	for (size_t i = 0; i < given; i++)
		v[i] = plan->aliases->file[i];
	v[given] = file;
	l->all = (struct mw_aliases){.n = given + 1, .file = v, .ours = plan->ours};
	n = count(l, file, &first);
	if (n)
		doctor_find(
		    l->d, DOCTOR_WARNING, "aliases", path, fix_of(l, kind, path),
		    "%zu of its aliases lead%s outside (%s), and the policy %s has not got the table: mail for them is judged as "
		    "mail inside",
		    n, n == 1 ? "s" : "", first, l->policy->path);
}

static void look_at_all(struct look *l)
{
	for (size_t i = 0; i < l->d->facts.n; i++) {
		const struct doctor_fact *f = &l->d->facts.v[i];

		if (strcmp(f->name, "virtual-aliases") == 0)
			look_at(l, "virtual", f->value);
		else if (strcmp(f->name, "local-aliases") == 0)
			look_at(l, "local", f->value);
		else if (strcmp(f->name, "unread-aliases") == 0)
			doctor_find(l->d, DOCTOR_WARNING, "aliases-unread", f->value, NULL,
				    "no text of this table of aliases can be read: an address inside that it leads outside is "
				    "taken for inside");
	}
}

void doctor_aliases(struct doctor *d)
{
	struct look l = {.d = d, .policy = doctor_asked(d), .arena = d->arena};

	if (!l.policy || !l.policy->plan->ours || !find_domain(&l))
		return;
	mw_diags_init(&l.diags, l.arena);
	l.names = mw_table_new(l.arena, "names");
	if (!l.names || mw_table_add(l.arena, l.names, l.domain) < 0 || mw_sources_open(&l.sources, &l.diags, NULL) < 0) {
		d->lost = true;
		return;
	}
	look_at_all(&l);
	mw_sources_close(&l.sources);
}
