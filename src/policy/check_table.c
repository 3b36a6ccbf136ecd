/* SPDX-License-Identifier: Apache-2.0 */
/* `table`: entries from the policy or from a file of one entry a line. */
#include "policy/check.h"

#include "base/str.h"
#include "policy/table.h"

#include <string.h>

const struct mw_table *mw_check_table(const struct mw_checker *c, const char *name)
{
	for (size_t i = 0; i < c->tables.n; i++)
		if (strcmp(mw_table_name(c->tables.v[i]), name) == 0)
			return c->tables.v[i];
	return NULL;
}

static void add_entry(struct mw_checker *c, struct mw_table *table, struct mw_str entry, struct mw_place place)
{
	const char *hint = mw_table_wrong(entry);
	char *copy;

	if (hint) {
		mw_check_error(c, place, hint, "bad entry in table <%s>", mw_table_name(table));
		return;
	}
	copy = mw_arena_dup(c->arena, entry.p, entry.n);
	if (!copy || mw_table_add(c->arena, table, (struct mw_str){.p = copy, .n = entry.n}) < 0)
		c->diags->no_memory = true;
}

/* A comment begins at the start of a line or behind a blank: local parts may hold a "#". */
static struct mw_str without_comment(struct mw_str line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '#' && (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
			line.n = i;
	return mw_str_trim(line);
}

bool mw_check_next_line(const struct mw_source *s, size_t *at, uint32_t *line, struct mw_str *ret, uint32_t *column)
{
	uint32_t start = s->n >= 3 && memcmp(s->text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* byte order mark */

	if (*at == 0)
		*at = start;
	while (*at < s->n) {
		const char *p = s->text + *at, *nl = memchr(p, '\n', s->n - *at);
		size_t n = nl ? (size_t)(nl - p) : s->n - *at;

		*at += n + 1;
		++*line;
		*ret = without_comment((struct mw_str){.p = p, .n = n});
		*column = (uint32_t)(ret->p - p + 1) + (*line == 1 ? start : 0);
		if (ret->n)
			return true;
	}
	return false;
}

static void read_file(struct mw_checker *c, struct mw_table *table, const struct mw_token *file)
{
	struct mw_place place = {0};
	struct mw_str entry;
	size_t at = 0;

	if (mw_source_find(c->sources, file->text, MW_SOURCE_MAX, file->place, &place.source) < 0)
		return;
	while (!c->diags->no_memory &&
	       mw_check_next_line(&c->diags->source[place.source], &at, &place.line, &entry, &place.column)) {
		place.length = (uint32_t)entry.n;
		add_entry(c, table, entry, place);
	}
}

static struct mw_table *add_table(struct mw_checker *c, const struct mw_token *name)
{
	struct mw_table *table = mw_table_new(c->arena, name->text);

	if (table)
		MW_LIST_PUSH(c->arena, c->diags, &c->tables, table);
	else
		c->diags->no_memory = true;
	return table;
}

static bool is_second(struct mw_checker *c, size_t at)
{
	const struct mw_token *name = &c->ast->tables.v[at].name;

	for (size_t i = 0; i < at; i++) {
		if (strcmp(c->ast->tables.v[i].name.text, name->text) != 0)
			continue;
		mw_check_error(c, name->place, mw_check_first_at(c, c->ast->tables.v[i].name.place),
			       "table <%s> is defined twice", name->text);
		return true;
	}
	return false;
}

void mw_check_tables(struct mw_checker *c)
{
	for (size_t i = 0; i < c->ast->tables.n && !c->diags->no_memory; i++) {
		const struct mw_ast_table *ast = &c->ast->tables.v[i];
		size_t errors = c->diags->errors;
		struct mw_table *table = is_second(c, i) ? NULL : add_table(c, &ast->name);

		if (!table)
			continue;
		for (size_t k = 0; k < ast->entries.n; k++)
			add_entry(c, table, (struct mw_str){.p = ast->entries.v[k].text, .n = ast->entries.v[k].n},
				  ast->entries.v[k].place);
		if (ast->file.kind == MW_TOK_STRING)
			read_file(c, table, &ast->file);
		if (mw_table_entries(table) == 0 && c->diags->errors == errors)
			mw_check_warn(c, ast->name.place, NULL, "table <%s> is empty", ast->name.text);
	}
	c->plan->tables = c->tables.n;
	c->plan->table = c->tables.v;
	c->plan->ours = mw_check_table(c, "ours");
}
