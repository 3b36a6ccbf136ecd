/* SPDX-License-Identifier: Apache-2.0 */
/* `load`: modules, the powers that they are granted, the plugins that they work with, their options. */
#include "policy/check.h"

#include "base/buf.h"
#include "base/str.h"

#include <string.h>

const char *const *mw_power_names(void)
{
	static const char *const names[] = {MW_POWER_NAMES, NULL};

	return names;
}

uint32_t mw_check_module(const struct mw_checker *c, const char *name, size_t n)
{
	for (size_t i = 0; i < c->modules.n; i++)
		if (mw_str_eq((struct mw_str){.p = name, .n = n}, c->modules.v[i].name))
			return (uint32_t)i;
	return MW_NONE;
}

static const char *suggest_module(struct mw_checker *c, const char *word)
{
	struct mw_names names = {0};

	for (const char *const *v = c->catalog->names; v && *v; v++)
		mw_names_add(c, &names, *v);
	return mw_check_suggest(c, word, &names);
}

static void read_grants(struct mw_checker *c, struct mw_ast_load *load)
{
	const char *const *powers = mw_power_names();

	for (size_t i = 0; i < load->grants.n; i++) {
		const struct mw_token *t = &load->grants.v[i];
		struct mw_names names = {0};
		uint32_t bit = 0;

		for (unsigned k = 0; powers[k]; k++) {
			mw_names_add(c, &names, powers[k]);
			if (strcmp(powers[k], t->text) == 0)
				bit = 1u << k;
		}
		if (!bit)
			mw_check_error(c, t->place, mw_check_suggest(c, t->text, &names), "unknown power \"%s\"", t->text);
		load->granted |= bit;
	}
}

static const char *powers_shown(struct mw_checker *c, uint32_t powers, const char *quote)
{
	const char *const *names = mw_power_names();
	struct mw_buf out = MW_BUF_INIT;
	const char *text;

	for (unsigned k = 0; names[k]; k++)
		if (powers & 1u << k)
			mw_buf_printf(&out, "%s%s%s%s", out.n ? ", " : "", quote, names[k], quote);
	text = mw_check_text(c, "%s", mw_buf_text(&out));
	mw_buf_free(&out);
	return text;
}

static void check_powers(struct mw_checker *c, const struct mw_token *name, const struct mw_plugin *plugin,
			 const struct mw_ast_load *load)
{
	uint32_t grant = load->granted, missing = plugin->powers & ~grant;

	if (!missing)
		return;
	mw_check_error(c, name->place,
		       mw_check_text(c, load->has_grant ? "write \"grant %s%s%s\"" : "write \"grant %s%s%s\" behind it",
				     powers_shown(c, grant, ""), grant ? ", " : "", powers_shown(c, missing, "")),
		       "module \"%s\" needs the power%s %s, which this line does not grant", name->text,
		       missing & (missing - 1) ? "s" : "", powers_shown(c, missing, "\""));
}

/* Powers that nobody on the line needs are a habit that should not grow. */
static void check_unneeded(struct mw_checker *c, const struct mw_ast_load *load, uint32_t needed)
{
	const char *const *powers = mw_power_names();

	for (size_t i = 0; i < load->grants.n; i++)
		for (unsigned k = 0; powers[k]; k++)
			if (strcmp(powers[k], load->grants.v[i].text) == 0 && !(needed & 1u << k))
				mw_check_warn(c, load->grants.v[i].place, "take it out",
					      "no module of this line needs the power \"%s\"", powers[k]);
}

/* The descriptor of that name, NULL when it cannot be had, which is reported. */
static const struct mw_plugin *find(struct mw_checker *c, const struct mw_token *name)
{
	struct mw_err err = {0};
	const struct mw_plugin *plugin = c->catalog->find(c->catalog->ctx, name->text, &err);

	if (plugin)
		return plugin;
	mw_check_error(c, name->place, suggest_module(c, name->text), "cannot load module \"%s\": %s", name->text,
		       err.text[0] ? err.text : "not found");
	c->unloaded = true;
	MW_LIST_PUSH(c->scratch, c->diags, &c->ast->broken, *name);
	return NULL;
}

static uint32_t add_module(struct mw_checker *c, const struct mw_token *name, const struct mw_plugin *plugin, uint32_t grant)
{
	struct mw_plan_module module = {.plugin = plugin,
					.name = plugin->name,
					.granted = grant & plugin->powers,
					.milter = plugin->kind == MW_KIND_MILTER,
					.place = name->place};

	MW_LIST_PUSH(c->arena, c->diags, &c->modules, module);
	return (uint32_t)(c->modules.n - 1);
}

/* ---- options ------------------------------------------------------------------------------------------------------------- */

static const struct mw_opt *find_row(const struct mw_opt *rows, const char *name)
{
	for (; rows && rows->name; rows++)
		if (strcmp(rows->name, name) == 0)
			return rows;
	return NULL;
}

static void unknown_option(struct mw_checker *c, const struct mw_plugin *plugin, const struct mw_token *t)
{
	struct mw_names names = {0};

	for (const struct mw_opt *row = plugin->options; row && row->name; row++)
		mw_names_add(c, &names, row->name);
	if (t->kind == MW_TOK_NAME)
		mw_check_error(c, t->place, names.n ? mw_check_suggest(c, t->text, &names) : "it has no options",
			       "module \"%s\" has no option \"%s\"", plugin->name, t->text);
	else if (t->kind != MW_TOK_BAD)
		mw_check_error(c, t->place, NULL, "expected the name of an option, not %s", mw_token_shown(c->diags, t));
}

/* To where the next option may begin. */
static void skip_option(const struct mw_plugin *plugin, struct mw_cursor *cur)
{
	while (!mw_cursor_is_over(cur)) {
		const struct mw_token *t = mw_cursor_peek(cur);

		if (t->kind == MW_TOK_NAME && find_row(plugin->options, t->text))
			return;
		(void)mw_cursor_take(cur);
	}
}

static bool take_option(struct mw_checker *c, const struct mw_plugin *plugin, struct mw_cursor *cur, char *conf, bool *given)
{
	const struct mw_token *t = mw_cursor_take(cur);
	const struct mw_opt *row = t->kind == MW_TOK_NAME ? find_row(plugin->options, t->text) : NULL;
	const char *what;

	if (!row) {
		unknown_option(c, plugin, t);
		return false;
	}
	if (given[row - plugin->options]) {
		mw_check_error(c, t->place, NULL, "option \"%s\" is given twice", row->name);
		return false;
	}
	given[row - plugin->options] = true;
	what = mw_check_text(c, "option \"%s\" of \"%s\"", row->name, plugin->name);
	t = mw_cursor_peek(cur);
	if (row->type == MW_BOOL &&
	    (t->kind != MW_TOK_NAME || t->first || find_row(plugin->options, t->text))) { /* a bare name */
		struct mw_token yes = {.kind = MW_TOK_NAME, .text = "yes", .n = 3};
		struct mw_tokens one = {.v = &yes, .n = 1};
		struct mw_cursor bare = {.tokens = &one, .end = cur->end};

		return mw_value_take(c, row, &bare, what, conf, plugin->conf_size);
	}
	return mw_value_take(c, row, cur, what, conf, plugin->conf_size);
}

static void check_required(struct mw_checker *c, const struct mw_plugin *plugin, const bool *given, struct mw_place place)
{
	for (const struct mw_opt *row = plugin->options; row && row->name; row++)
		if ((row->flags & MW_REQUIRED) && !given[row - plugin->options])
			mw_check_error(
			    c, place,
			    mw_check_text(c, "add: { %s … }%s%s", row->name, row->help ? ": " : "", row->help ? row->help : ""),
			    "module \"%s\" needs the option \"%s\"", plugin->name, row->name);
}

static void check_options(struct mw_checker *c, uint32_t module, const struct mw_tokens *tokens)
{
	const struct mw_plugin *plugin = c->modules.v[module].plugin;
	struct mw_place place = c->modules.v[module].place;
	struct mw_cursor cur = {.tokens = tokens, .end = place};
	size_t rows = 0;
	char *conf = NULL;
	bool *given;

	while (plugin->options && plugin->options[rows].name)
		rows++;
	given = mw_check_alloc(c, rows, sizeof(*given));
	conf = mw_value_struct(c, plugin->options, plugin->conf_size, place, mw_check_text(c, "module \"%s\"", plugin->name));
	while (given && conf && cur.at < tokens->n) {
		if (mw_cursor_peek(&cur)->kind == MW_TOK_SEMICOLON)
			(void)mw_cursor_take(&cur);
		else if (!take_option(c, plugin, &cur, conf, given))
			skip_option(plugin, &cur);
	}
	if (given && conf)
		check_required(c, plugin, given, place);
	c->modules.v[module].conf = rows ? conf : NULL;
}

/* ---- the statement ------------------------------------------------------------------------------------------------------- */

static void load_first(struct mw_checker *c, const struct mw_ast_load *load, const struct mw_token *name)
{
	uint32_t before = mw_check_module(c, name->text, name->n), module;
	const struct mw_plugin *plugin;

	if (before != MW_NONE) {
		mw_check_error(c, name->place, mw_check_first_at(c, c->modules.v[before].place), "module \"%s\" is loaded twice",
			       name->text);
		return;
	}
	plugin = find(c, name);
	if (!plugin)
		return;
	check_powers(c, name, plugin, load);
	module = add_module(c, name, plugin, load->granted);
	if (!c->diags->no_memory)
		check_options(c, module, &load->options);
}

/* A plugin behind `with`: that of its own load line, or one with no options set. */
static uint32_t load_with(struct mw_checker *c, const struct mw_ast_load *load, const struct mw_token *name)
{
	static const struct mw_tokens none = {0};
	uint32_t module = mw_check_module(c, name->text, name->n);
	const struct mw_plugin *plugin = module == MW_NONE ? find(c, name) : c->modules.v[module].plugin;

	if (!plugin)
		return MW_NONE;
	if (plugin->kind != MW_KIND_EXTRACTOR && plugin->kind != MW_KIND_CHECKER && plugin->kind != MW_KIND_SEALER) {
		mw_check_error(c, name->place, "give it a \"load\" of its own", "\"%s\" is no extractor, checker or sealer",
			       name->text);
		return MW_NONE;
	}
	if (module != MW_NONE)
		return module;
	check_powers(c, name, plugin, load);
	module = add_module(c, name, plugin, load->granted);
	if (c->diags->no_memory)
		return MW_NONE;
	check_options(c, module, &none);
	return module;
}

/* Powers of the modules in front of `with`; all when one of them could not be loaded. */
static uint32_t needed_first(const struct mw_checker *c, const struct mw_ast_load *load)
{
	uint32_t needed = 0;

	for (size_t i = 0; i < load->modules.n; i++) {
		uint32_t module = mw_check_module(c, load->modules.v[i].text, load->modules.v[i].n);

		needed |= module == MW_NONE ? UINT32_MAX : c->modules.v[module].plugin->powers;
	}
	return needed;
}

static void load_withs(struct mw_checker *c, const struct mw_ast_load *load)
{
	uint32_t needed = needed_first(c, load), first, *with = mw_check_alloc(c, load->withs.n, sizeof(*with));
	size_t n = 0;

	for (size_t i = 0; with && i < load->withs.n; i++) {
		uint32_t module = load_with(c, load, &load->withs.v[i]);

		needed |= module == MW_NONE ? UINT32_MAX : c->modules.v[module].plugin->powers;
		if (module != MW_NONE)
			with[n++] = module;
	}
	check_unneeded(c, load, needed);
	first = mw_check_module(c, load->modules.v[0].text, load->modules.v[0].n);
	if (first == MW_NONE || n == 0)
		return;
	if (!c->modules.v[first].milter)
		mw_check_error(c, load->modules.v[0].place, NULL, "\"%s\" is no milter: it takes no \"with\"",
			       load->modules.v[0].text);
	c->modules.v[first].with = with;
	c->modules.v[first].withs = n;
}

void mw_check_loads(struct mw_checker *c)
{
	for (size_t i = 0; i < c->ast->loads.n; i++) {
		struct mw_ast_load *load = &c->ast->loads.v[i];

		read_grants(c, load);
		if (load->modules.n > 1 && (load->withs.n || load->has_options))
			mw_check_error(c, load->modules.v[1].place, "give each its own \"load\"",
				       "\"with\" and options belong to one module");
		for (size_t k = 0; k < load->modules.n && !c->diags->no_memory; k++)
			load_first(c, load, &load->modules.v[k]);
	}
	/* Now that every module with a line of its own is there, the plugins. */
	for (size_t i = 0; i < c->ast->loads.n && !c->diags->no_memory; i++)
		load_withs(c, &c->ast->loads.v[i]);
}

bool mw_check_load_checker(struct mw_checker *c, const char *check, struct mw_place place)
{
	for (const char *const *v = c->catalog->names; v && *v; v++) {
		struct mw_err err;
		const struct mw_plugin *plugin = c->catalog->find(c->catalog->ctx, *v, &err);
		struct mw_token name = {.kind = MW_TOK_NAME, .text = *v, .n = strlen(*v), .place = place};

		if (!plugin || plugin->kind != MW_KIND_CHECKER || mw_check_module(c, *v, name.n) != MW_NONE)
			continue;
		for (const struct mw_check *row = plugin->checks; row && row->name; row++)
			if (strcmp(row->name, check) == 0 && (!plugin->powers || (row->flags & MW_CHECK_DATA))) {
				(void)add_module(c, &name, plugin, 0);
				return !c->diags->no_memory;
			}
	}
	return false;
}
