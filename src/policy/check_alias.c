/* SPDX-License-Identifier: Apache-2.0 */
/* `aliases`: the text of the MTA's alias tables. */
#include "policy/alias.h"
#include "policy/check.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* hash:/etc/aliases, as the MTA has it. */
static bool has_type(struct mw_checker *c, const struct mw_token *file)
{
	const char *colon = strchr(file->text, ':'), *slash = strchr(file->text, '/');

	if (!colon || (slash && slash < colon))
		return false;
	mw_check_error(c, file->place,
		       "name the text that the table is made of: \"/etc/aliases\"; a table of patterns or of a database cannot "
		       "be read: refuse or "
		       "hold what is protected for its addresses",
		       "milward reads the text of alias tables");
	return true;
}

/* The MTA goes by what postmap or newaliases made of the text. */
static void check_made(struct mw_checker *c, const struct mw_token *file, const char *path)
{
	static const char *const suffix[] = {".db", ".lmdb", ".cdb", ".pag"};
	struct stat text, made;
	char name[4096];

	if (stat(path, &text) < 0)
		return;
	for (size_t i = 0; i < sizeof(suffix) / sizeof(suffix[0]); i++) {
		if ((size_t)snprintf(name, sizeof(name), "%s%s", path, suffix[i]) >= sizeof(name) || stat(name, &made) < 0 ||
		    made.st_mtim.tv_sec >= text.st_mtim.tv_sec)
			continue;
		mw_check_warn(c, file->place, "run postmap, or newaliases",
			      "%s is older than its text: the MTA does not know the text yet", name);
	}
}

static const struct mw_table *names_of(struct mw_checker *c, const struct mw_ast_aliases *a, bool *bad)
{
	const struct mw_table *names = a->names.kind == MW_TOK_TABLE ? mw_check_table(c, a->names.text) : NULL;

	if (a->names.kind == MW_TOK_TABLE && !names) {
		*bad = true;
		if (!mw_check_is_broken(c, MW_TOK_TABLE, a->names.text))
			mw_check_error(c, a->names.place, "add: table <local> { \"clinic.example\" }", "unknown table <%s>",
				       a->names.text);
	} else if (!names && strcmp(a->kind.text, "local") == 0) {
		*bad = true;
		mw_check_error(c, a->file.place,
			       "add: for <local>, a table of the domains that the MTA delivers itself (mydestination, class w)",
			       "nothing says of which domains these names are");
	}
	return names;
}

static const struct mw_alias_file *read_one(struct mw_checker *c, const struct mw_ast_aliases *a)
{
	enum mw_alias_kind kind = strcmp(a->kind.text, "local") == 0 ? MW_ALIAS_LOCAL : MW_ALIAS_VIRTUAL;
	bool bad = has_type(c, &a->file);
	const struct mw_table *names = names_of(c, a, &bad);
	uint32_t source;

	if (bad || mw_source_find(c->sources, a->file.text, MW_TERMS_MAX, a->file.place, &source) < 0)
		return NULL;
	check_made(c, &a->file, c->diags->source[source].path);
	return mw_alias_read(c->arena, c->sources, kind, source, names);
}

void mw_check_aliases(struct mw_checker *c)
{
	struct mw_aliases *all = mw_check_alloc(c, 1, sizeof(*all));
	const struct mw_alias_file **v = mw_check_alloc(c, c->ast->aliases.n, sizeof(const struct mw_alias_file *));
	const struct mw_ast_aliases *none = NULL;

	for (size_t i = 0; i < c->ast->aliases.n; i++)
		if (strcmp(c->ast->aliases.v[i].kind.text, "none") == 0)
			none = &c->ast->aliases.v[i];
	if (none && c->ast->aliases.n > 1)
		mw_check_error(c, none->kind.place, "take this out, or the others", "there are aliases, or none");
	for (size_t i = 0; all && v && i < c->ast->aliases.n && !c->diags->no_memory; i++) {
		const struct mw_ast_aliases *a = &c->ast->aliases.v[i];

		if (a->file.kind == MW_TOK_STRING)
			v[all->n] = read_one(c, a);
		all->n += v[all->n] != NULL;
	}
	if (!all || !v || c->ast->aliases.n == 0 || none)
		return;
	all->file = v;
	all->ours = c->plan->ours;
	c->plan->aliases = all;
	if (!all->ours && !mw_check_is_broken(c, MW_TOK_TABLE, "ours"))
		mw_check_error(c, c->ast->aliases.v[0].kind.place, "add: table <ours> { \"your.domain\" }",
			       "\"aliases\" needs the table <ours>: who leads outside?");
}
