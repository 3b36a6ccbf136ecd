/* SPDX-License-Identifier: Apache-2.0 */
/* Actions: which module offers the one that is meant, and what its arguments are. */
#include "policy/check.h"
#include "policy/text.h"

#include "base/buf.h"
#include "base/str.h"

#include <string.h>

struct candidate {
	uint32_t module, action;
	const struct mw_action *row;
};

struct candidates {
	struct candidate *v;
	size_t n, cap;
};

/* The first row that takes a word without its name in front: what stands in parentheses. */
static const struct mw_opt *word_row(const struct mw_opt *rows)
{
	for (; rows && rows->name; rows++)
		if (rows->type == MW_WORD && !(rows->flags & MW_KEYWORD))
			return rows;
	return NULL;
}

static bool has_word(const struct mw_opt *row, const char *name)
{
	for (const struct mw_word *w = row ? row->words : NULL; w && w->name; w++)
		if (strcmp(w->name, name) == 0)
			return true;
	return false;
}

static void collect(struct mw_checker *c, const char *name, uint32_t only, struct candidates *all)
{
	for (uint32_t m = 0; m < c->modules.n; m++) {
		const struct mw_action *row = c->modules.v[m].plugin->actions;

		if (only != MW_NONE && only != m)
			continue;
		for (uint32_t a = 0; row && row[a].name; a++) {
			struct candidate one = {.module = m, .action = a, .row = &row[a]};

			if (strcmp(row[a].name, name) == 0)
				MW_LIST_PUSH(c->scratch, c->diags, all, one);
		}
	}
}

/* Of several modules, the ones that know the word behind the action: `record audit`. */
static void narrow(const struct mw_ast_call *call, struct candidates *all)
{
	const struct mw_tokens *tokens = call->paren ? &call->inside : &call->args;
	size_t n = 0;

	if (all->n < 2 || tokens->n == 0 || tokens->v[0].kind != MW_TOK_NAME)
		return;
	for (size_t i = 0; i < all->n; i++)
		if (has_word(word_row(all->v[i].row->args), tokens->v[0].text))
			all->v[n++] = all->v[i];
	if (n)
		all->n = n;
}

/* A module that is not loaded and offers it, NULL when there is none. */
static const char *offered_by(struct mw_checker *c, const char *action)
{
	for (const char *const *v = c->catalog->names; v && *v; v++) {
		struct mw_err err;
		const struct mw_plugin *plugin = c->catalog->find(c->catalog->ctx, *v, &err);

		for (const struct mw_action *row = plugin ? plugin->actions : NULL; row && row->name; row++)
			if (strcmp(row->name, action) == 0)
				return *v;
	}
	return NULL;
}

static void unknown_action(struct mw_checker *c, const struct mw_token *t)
{
	const char *module = offered_by(c, t->text), *hint;
	struct mw_names names = {0};

	if (c->unloaded)
		return; /* it may be one of the module that is missing */
	for (uint32_t m = 0; m < c->modules.n; m++)
		for (const struct mw_action *row = c->modules.v[m].plugin->actions; row && row->name; row++)
			mw_names_add(c, &names, row->name);
	hint = module ? mw_check_text(c, "module \"%s\" offers it: add \"load %s\"", module, module)
		      : mw_check_suggest(c, t->text, &names);
	mw_check_error(c, t->place, hint, "unknown action \"%s\"", t->text);
}

static void ambiguous(struct mw_checker *c, const struct mw_token *t, const struct candidates *all)
{
	struct mw_buf list = MW_BUF_INIT;

	for (size_t i = 0; i < all->n; i++)
		mw_buf_printf(&list, "%s\"%s.%s\"", i ? " or " : "", c->modules.v[all->v[i].module].name, t->text);
	mw_check_error(c, t->place, mw_check_text(c, "write %s", mw_buf_text(&list)), "%zu modules offer the action \"%s\"",
		       all->n, t->text);
	mw_buf_free(&list);
}

static bool resolve(struct mw_checker *c, const struct mw_ast_call *call, struct candidate *ret)
{
	const struct mw_token *t = &call->name;
	const char *dot = strchr(t->text, '.');
	uint32_t only = dot ? mw_check_module(c, t->text, (size_t)(dot - t->text)) : MW_NONE;
	struct candidates all = {0};

	collect(c, only == MW_NONE ? t->text : dot + 1, only, &all);
	narrow(call, &all);
	if (all.n == 1)
		*ret = all.v[0];
	else if (all.n == 0 && only != MW_NONE)
		mw_check_error(c, t->place, NULL, "module \"%s\" offers no action \"%s\"", c->modules.v[only].name, dot + 1);
	else if (all.n == 0)
		unknown_action(c, t);
	else
		ambiguous(c, t, &all);
	return all.n == 1;
}

/* ---- arguments ----------------------------------------------------------------------------------------------------------- */

struct filling {
	struct mw_checker *c;
	const struct mw_action *action;
	char *base;
	bool *given;
};

static const char *placeholder(const struct mw_opt *row)
{
	switch (row->type) {
	case MW_BOOL:
		return "yes|no";
	case MW_INT:
		return "NUMBER";
	case MW_SIZE:
		return "SIZE";
	case MW_TIME:
		return "TIME";
	case MW_LIST:
		return "\"a\", \"b\"";
	default:
		return "\"text\"";
	}
}

/* tls [verified|dane], archive [for TIME]: how an action is written */
static const char *usage(struct mw_checker *c, const struct mw_action *action)
{
	struct mw_buf out = MW_BUF_INIT;
	const char *text;

	mw_buf_printf(&out, "write: %s", action->name);
	for (const struct mw_opt *row = action->args; row && row->name; row++) {
		bool optional = !(row->flags & MW_REQUIRED);

		mw_buf_puts(&out, optional ? " [" : " ");
		if (row->flags & MW_KEYWORD)
			mw_buf_printf(&out, "%s ", row->name);
		for (const struct mw_word *w = row->type == MW_WORD ? row->words : NULL; w && w->name; w++)
			mw_buf_printf(&out, "%s%s", w == row->words ? "" : "|", w->name);
		if (row->type != MW_WORD)
			mw_buf_puts(&out, placeholder(row));
		mw_buf_puts(&out, optional ? "]" : "");
	}
	text = mw_check_text(c, "%s", mw_buf_text(&out));
	mw_buf_free(&out);
	return text;
}

static bool fits(const struct mw_opt *row, const struct mw_token *t)
{
	switch (row->type) {
	case MW_BOOL:
	case MW_WORD:
		return t->kind == MW_TOK_NAME;
	case MW_INT:
	case MW_SIZE:
	case MW_TIME:
		return t->kind == MW_TOK_NUMBER;
	default:
		return t->kind == MW_TOK_STRING;
	}
}

static const struct mw_opt *keyword_row(const struct mw_action *action, const struct mw_token *t)
{
	for (const struct mw_opt *row = action->args; row && row->name; row++)
		if ((row->flags & MW_KEYWORD) && t->kind == MW_TOK_NAME && strcmp(row->name, t->text) == 0)
			return row;
	return NULL;
}

/* The next row without a name, in their order, that can take the token. One that must be given is never passed over. */
static const struct mw_opt *position_row(const struct filling *f, const struct mw_token *t)
{
	for (const struct mw_opt *row = f->action->args; row && row->name; row++) {
		if ((row->flags & MW_KEYWORD) || f->given[row - f->action->args])
			continue;
		if (fits(row, t))
			return row;
		if (row->flags & MW_REQUIRED)
			return NULL;
	}
	return NULL;
}

static bool take_row(const struct filling *f, const struct mw_opt *row, struct mw_cursor *cur)
{
	const char *what = mw_check_text(f->c, "\"%s\" of action \"%s\"", row->name, f->action->name);
	bool *given = &f->given[row - f->action->args];

	if (*given) {
		mw_check_error(f->c, cur->end, NULL, "%s is given twice", what);
		return false;
	}
	*given = true;
	if (row->type == MW_BOOL && (row->flags & MW_KEYWORD) && !mw_cursor_at_word(cur, "yes") &&
	    !mw_cursor_at_word(cur, "no")) {
		struct mw_token yes = {.kind = MW_TOK_NAME, .text = "yes", .n = 3};
		struct mw_tokens one = {.v = &yes, .n = 1};
		struct mw_cursor bare = {.tokens = &one, .end = cur->end};

		return mw_value_take(f->c, row, &bare, what, f->base, f->action->args_size);
	}
	return mw_value_take(f->c, row, cur, what, f->base, f->action->args_size);
}

static bool unexpected(const struct filling *f, const struct mw_token *t)
{
	if (t->kind != MW_TOK_BAD)
		mw_check_error(f->c, t->place, usage(f->c, f->action), "unexpected %s behind \"%s\"",
			       mw_token_shown(f->c->diags, t), f->action->name);
	return false;
}

static bool take_args(const struct filling *f, const struct mw_ast_call *call)
{
	struct mw_cursor cur = {.tokens = &call->args, .end = call->name.place};

	while (cur.at < call->args.n) {
		const struct mw_token *t = mw_cursor_peek(&cur);
		const struct mw_opt *row = keyword_row(f->action, t);

		if (row)
			(void)mw_cursor_take(&cur);
		else
			row = position_row(f, t);
		if (!row)
			return unexpected(f, t);
		if (!take_row(f, row, &cur))
			return false;
	}
	return true;
}

static bool take_parens(const struct filling *f, const struct mw_ast_call *call)
{
	const struct mw_opt *row = word_row(f->action->args);
	struct mw_cursor cur = {.tokens = &call->inside, .end = call->name.place};

	if (!call->paren)
		return true;
	if (!row) {
		mw_check_error(f->c, call->name.place, usage(f->c, f->action), "\"%s\" takes nothing in parentheses",
			       f->action->name);
		return false;
	}
	if (!take_row(f, row, &cur))
		return false;
	return cur.at == call->inside.n || unexpected(f, mw_cursor_peek(&cur));
}

static bool check_required(const struct filling *f, struct mw_place place)
{
	bool ok = true;

	for (const struct mw_opt *row = f->action->args; row && row->name; row++) {
		if (!(row->flags & MW_REQUIRED) || f->given[row - f->action->args])
			continue;
		mw_check_error(f->c, place, usage(f->c, f->action), "action \"%s\" needs \"%s\"", f->action->name, row->name);
		ok = false;
	}
	return ok;
}

static bool fill(struct mw_checker *c, const struct mw_ast_call *call, const struct mw_action *action, char **ret)
{
	struct filling f = {.c = c, .action = action};
	size_t rows = 0;

	while (action->args && action->args[rows].name)
		rows++;
	f.given = mw_check_alloc(c, rows, sizeof(*f.given));
	f.base = mw_value_struct(c, action->args, action->args_size, call->name.place,
				 mw_check_text(c, "action \"%s\"", action->name));
	if (!f.given || !f.base || !take_parens(&f, call) || !take_args(&f, call) || !check_required(&f, call->name.place))
		return false;
	*ret = rows ? f.base : NULL;
	return true;
}

/* ---- how it is shown ----------------------------------------------------------------------------------------------------- */

static const char *shown(struct mw_checker *c, const struct mw_action *action, const char *args)
{
	const struct mw_opt *row = args ? word_row(action->args) : NULL;
	const char *word = NULL, *text;
	int64_t value;

	if (row) {
		memcpy(&value, args + row->offset, sizeof(value));
		word = mw_word_name(row->words, value);
	}
	text = word ? mw_arena_printf(c->arena, "%s(%s)", action->name, word) : mw_arena_str(c->arena, action->name);
	if (!text)
		c->diags->no_memory = true;
	return text ? text : "";
}

static const char *reason(const struct mw_action *action, const char *args)
{
	const char *text = NULL;

	for (const struct mw_opt *row = args ? action->args : NULL; row && row->name; row++) {
		if (row->type != MW_STR || (row->flags & MW_KEYWORD))
			continue;
		memcpy(&text, args + row->offset, sizeof(text));
		break;
	}
	return text ? text : "";
}

/* pass attested "…": NULL when it is not said. */
static const char *attested(const struct mw_action *action, const char *args)
{
	const char *text = NULL;

	for (const struct mw_opt *row = args && action->effect == MW_PASS ? action->args : NULL; row && row->name; row++)
		if (row->type == MW_STR && (row->flags & MW_KEYWORD) && strcmp(row->name, "attested") == 0)
			memcpy(&text, args + row->offset, sizeof(text));
	return text;
}

/* An action that is nothing without an option of its module. */
static bool has_needed(struct mw_checker *c, const struct mw_ast_call *call, const struct candidate *found)
{
	const struct mw_plan_module *module = &c->modules.v[found->module];
	const struct mw_opt *row = found->row->needs ? module->plugin->options : NULL;
	bool yes = false;

	while (row && row->name && strcmp(row->name, found->row->needs) != 0)
		row++;
	if (!row || !row->name || !module->conf)
		return true;
	memcpy(&yes, (const char *)module->conf + row->offset, sizeof(yes));
	if (!yes)
		mw_check_error(c, call->name.place, mw_check_text(c, "write \"load %s { %s yes }\"", module->name, row->name),
			       "\"%s\" is switched off: option \"%s\" of module \"%s\"", found->row->name, row->name,
			       module->name);
	return yes;
}

/* Names of modules that seal by this method, for the hint. */
static const char *sealers_of(struct mw_checker *c, const char *method)
{
	struct mw_err err;

	for (const char *const *v = c->catalog->names; v && *v; v++) {
		const struct mw_plugin *p = c->catalog->find(c->catalog->ctx, *v, &err);

		if (p && p->sealer && strcmp(p->sealer->method, method) == 0)
			return *v;
	}
	return "…";
}

/* A way of delivery that needs a sealer is there when the module was loaded with one. */
static bool has_sealer(struct mw_checker *c, const struct mw_ast_call *call, const struct candidate *found)
{
	const struct mw_plan_module *module = &c->modules.v[found->module];
	const char *method = found->row->sealer;

	for (size_t i = 0; method && i < module->withs; i++) {
		const struct mw_plugin *p = c->modules.v[module->with[i]].plugin;

		if (p->sealer && strcmp(p->sealer->method, method) == 0)
			return true;
	}
	if (!method || c->unloaded)
		return true;
	mw_check_error(c, call->name.place, mw_check_text(c, "write \"load %s with %s\"", module->name, sealers_of(c, method)),
		       "no module is loaded that seals by \"%s\"", method);
	return false;
}

bool mw_check_call(struct mw_checker *c, const struct mw_ast_call *call, struct mw_call *ret)
{
	struct candidate found = {0};
	char *args = NULL;

	if (!resolve(c, call, &found) || !has_sealer(c, call, &found) || !has_needed(c, call, &found) ||
	    !fill(c, call, found.row, &args))
		return false;
	*ret = (struct mw_call){.module = found.module,
				.action = found.action,
				.effect = found.row->effect,
				.args = args,
				.shown = shown(c, found.row, args),
				.reason = reason(found.row, args),
				.attested = attested(found.row, args),
				.place = call->name.place};
	return true;
}
