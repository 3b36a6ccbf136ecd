/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/parse.h"

#include <stdlib.h>
#include <string.h>

/* ---- statements ---------------------------------------------------------------------------------------------------------- */

/* NAME, NAME, … */
static bool parse_names(struct mw_parser *p, const char *what, struct mw_tokens *names)
{
	struct mw_token t;

	do {
		if (names->n)
			(void)mw_parser_take(p);
		if (!mw_parser_expect(p, MW_TOK_NAME, what, &t))
			return false;
		MW_PUSH(p, names, t);
	} while (mw_parser_at(p, MW_TOK_COMMA));
	return true;
}

static bool parse_listen(struct mw_parser *p)
{
	if (!mw_parser_at(p, MW_TOK_SOCKET) && !mw_parser_at(p, MW_TOK_STRING)) {
		mw_parser_expected(p, "a socket", "unix:/run/milward/x.sock or inet:8891@localhost");
		return false;
	}
	MW_PUSH(p, &p->all->ast->listens, mw_parser_take(p));
	return true;
}

static bool parse_mode(struct mw_parser *p)
{
	struct mw_token t;

	if (!mw_parser_expect(p, MW_TOK_NAME, "\"observe\" or \"enforce\"", &t))
		return false;
	MW_PUSH(p, &p->all->ast->modes, t);
	return true;
}

static bool parse_load(struct mw_parser *p)
{
	struct mw_ast_load load = {.place = mw_parser_peek(p, 0)->place};
	bool ok = parse_names(p, "the name of a module", &load.modules);

	while (ok && !mw_parser_at_statement(p)) {
		if (mw_parser_at_word(p, "with")) {
			(void)mw_parser_take(p);
			ok = parse_names(p, "the name of a module", &load.withs);
		} else if (mw_parser_at_word(p, "grant")) {
			load.has_grant = true;
			(void)mw_parser_take(p);
			ok = parse_names(p, "a power", &load.grants);
		} else if (mw_parser_at(p, MW_TOK_BLOCK)) {
			load.has_options = true;
			ok = mw_parse_block(p, &load.options);
		} else {
			break;
		}
	}
	if (ok)
		MW_PUSH(p, &p->all->ast->loads, load);
	for (size_t i = 0; !ok && i < load.modules.n; i++)
		MW_PUSH(p, &p->all->ast->broken, load.modules.v[i]);
	return ok;
}

static bool parse_entries(struct mw_parser *p, struct mw_tokens *entries)
{
	struct mw_token t;

	(void)mw_parser_take(p);
	while (!mw_parser_at(p, MW_TOK_ENDBLOCK)) {
		if (!mw_parser_expect(p, MW_TOK_STRING, "an address or domain in quotes", &t))
			return false;
		MW_PUSH(p, entries, t);
		if (!mw_parser_at(p, MW_TOK_COMMA))
			break;
		(void)mw_parser_take(p);
	}
	return mw_parser_expect(p, MW_TOK_ENDBLOCK, "\",\" or \"}\"", NULL);
}

static bool parse_table(struct mw_parser *p)
{
	struct mw_ast_table table = {0};
	bool ok = mw_parser_expect(p, MW_TOK_TABLE, "a table's name, written <name>", &table.name);

	if (ok && mw_parser_at(p, MW_TOK_BLOCK)) {
		ok = parse_entries(p, &table.entries);
	} else if (ok && mw_parser_at_word(p, "file")) {
		(void)mw_parser_take(p);
		ok = mw_parser_expect(p, MW_TOK_STRING, "a file's name in quotes", &table.file);
	} else if (ok) {
		mw_parser_expected(p, "\"{\" or \"file\"", NULL);
		ok = false;
	}
	if (ok)
		MW_PUSH(p, &p->all->ast->tables, table);
	else if (table.name.kind == MW_TOK_TABLE)
		MW_PUSH(p, &p->all->ast->broken, table.name);
	return ok;
}

/* local "FILE" for <table>, virtual "FILE" */
static bool parse_alias_file(struct mw_parser *p, struct mw_ast_aliases *a)
{
	if (!mw_parser_at_word(p, "local") && !mw_parser_at_word(p, "virtual") && !mw_parser_at_word(p, "none")) {
		mw_parser_expected(p, "\"local\", \"virtual\" or \"none\"",
				   "local: aliases(5), as /etc/aliases; virtual: virtual(5)");
		return false;
	}
	a->kind = mw_parser_take(p);
	if (strcmp(a->kind.text, "none") == 0)
		return true;
	if (!mw_parser_expect(p, MW_TOK_STRING, "a file's name in quotes", &a->file))
		return false;
	if (!mw_parser_at_word(p, "for"))
		return true;
	(void)mw_parser_take(p);
	return mw_parser_expect(p, MW_TOK_TABLE, "a <table> of domains", &a->names);
}

static bool parse_aliases(struct mw_parser *p)
{
	bool first = true;

	do {
		struct mw_ast_aliases a = {0};

		if (!first)
			(void)mw_parser_take(p);
		first = false;
		if (!parse_alias_file(p, &a))
			return false;
		MW_PUSH(p, &p->all->ast->aliases, a);
	} while (mw_parser_at(p, MW_TOK_COMMA));
	return true;
}

/* consents NAME file "FILE" */
static bool parse_consents(struct mw_parser *p)
{
	struct mw_ast_consents consents = {0};
	bool ok = mw_parser_expect(p, MW_TOK_NAME, "a name for these consents", &consents.name);

	if (ok && !mw_parser_at_word(p, "file")) {
		mw_parser_expected(p, "\"file\"", "consents stand in a file of their own, one a line");
		ok = false;
	} else if (ok) {
		(void)mw_parser_take(p);
		ok = mw_parser_expect(p, MW_TOK_STRING, "a file's name in quotes", &consents.file);
	}
	if (ok)
		MW_PUSH(p, &p->all->ast->consents, consents);
	else if (consents.name.kind == MW_TOK_NAME)
		MW_PUSH(p, &p->all->ast->broken, consents.name);
	return ok;
}

static bool parse_class(struct mw_parser *p)
{
	struct mw_ast_class class = {0};

	if (!mw_parser_expect(p, MW_TOK_NAME, "the name of the class", &class.name))
		return false;
	if (mw_parser_at_word(p, "when")) {
		(void)mw_parser_take(p);
		class.when = mw_parse_expr(p);
	} else {
		mw_parser_expected(p, "\"when\"", NULL);
	}
	if (class.when)
		MW_PUSH(p, &p->all->ast->classes, class);
	else
		MW_PUSH(p, &p->all->ast->broken, class.name);
	return class.when != NULL;
}

static bool parse_match(struct mw_parser *p, struct mw_place place)
{
	struct mw_ast_match match = {.place = place, .when = mw_parse_conditions(p)};

	if (!match.when)
		return false;
	(void)mw_parser_take(p); /* then */
	if (!mw_parse_dos(p, &match.dos))
		return false;
	MW_PUSH(p, &p->all->ast->matches, match);
	return true;
}

/* At a semicolon: one more item of this statement, or its end? Then the item's first word is next. */
static bool next_item(struct mw_parser *p, bool on)
{
	const struct mw_token *next = mw_parser_peek(p, 1);

	if (!mw_parser_at(p, MW_TOK_SEMICOLON) || next->kind != MW_TOK_NAME)
		return false;
	/* `limit` on the same line is the cause of that name. */
	if (mw_parser_is_keyword(next) && (!on || next->first || strcmp(next->text, "limit") != 0))
		return false;
	(void)mw_parser_take(p);
	return true;
}

static bool parse_always(struct mw_parser *p)
{
	do {
		if (!mw_parse_dos(p, &p->all->ast->always))
			return false;
	} while (next_item(p, false));
	return true;
}

static bool parse_on(struct mw_parser *p)
{
	do {
		struct mw_ast_on on = {0};

		if (!mw_parser_expect(p, MW_TOK_NAME, "a cause", &on.cause) || !mw_parse_dos(p, &on.dos))
			return false;
		MW_PUSH(p, &p->all->ast->ons, on);
	} while (next_item(p, true));
	return true;
}

static bool parse_limit(struct mw_parser *p)
{
	struct mw_ast_limit limit;
	bool first = true;

	do {
		if (!first)
			(void)mw_parser_take(p);
		first = false;
		if (!mw_parser_expect(p, MW_TOK_NAME, "the name of a limit", &limit.name) ||
		    !mw_parser_expect(p, MW_TOK_NUMBER, "a number", &limit.value))
			return false;
		MW_PUSH(p, &p->all->ast->limits, limit);
	} while (mw_parser_at(p, MW_TOK_COMMA));
	return true;
}

static bool parse_rule(struct mw_parser *p, bool words, enum mw_rule_form form)
{
	struct mw_ast_rule rule = {.form = form, .words = words};

	if (!mw_parser_expect(p, MW_TOK_NAME, "the name of the rule", &rule.name))
		return false;
	if (!mw_parse_block(p, &rule.block)) {
		MW_PUSH(p, &p->all->ast->broken, rule.name);
		return false;
	}
	MW_PUSH(p, &p->all->ast->rules, rule);
	return true;
}

static bool at_rule_form(struct mw_parser *p)
{
	if (mw_parser_at_word(p, "rule") || mw_parser_at_word(p, "words"))
		return true;
	mw_parser_expected(p, "\"rule\" or \"words\"", NULL);
	return false;
}

static bool parse_replace(struct mw_parser *p)
{
	if (!at_rule_form(p))
		return false;
	return parse_rule(p, strcmp(mw_parser_take(p).text, "words") == 0, MW_RULE_REPLACE);
}

/* disable rule a, b, words c */
static bool parse_disable(struct mw_parser *p)
{
	struct mw_ast_rule rule = {.form = MW_RULE_DISABLE};
	bool first = true;

	if (!at_rule_form(p))
		return false;
	do {
		const struct mw_token *next;

		if (!first)
			(void)mw_parser_take(p);
		first = false;
		/* The word stands for all names up to the next one. */
		next = mw_parser_peek(p, 1);
		if ((mw_parser_at_word(p, "rule") || mw_parser_at_word(p, "words")) && !next->first &&
		    (next->kind == MW_TOK_NAME || next->kind == MW_TOK_STRING))
			rule.words = strcmp(mw_parser_take(p).text, "words") == 0;
		if (!mw_parser_expect(p, MW_TOK_NAME, "the name of a rule", &rule.name))
			return false;
		MW_PUSH(p, &p->all->ast->rules, rule);
	} while (mw_parser_at(p, MW_TOK_COMMA));
	return true;
}

/* group NAME { rule, rule, … } */
static bool parse_group(struct mw_parser *p)
{
	struct mw_ast_group group = {0};
	bool ok;

	if (!mw_parser_expect(p, MW_TOK_NAME, "the name of the group", &group.name))
		return false;
	ok = mw_parser_expect(p, MW_TOK_BLOCK, "\"{\"", NULL);
	while (ok && !mw_parser_at(p, MW_TOK_ENDBLOCK)) {
		struct mw_token t;

		ok = mw_parser_expect(p, MW_TOK_NAME, "the name of a rule", &t);
		if (ok)
			MW_PUSH(p, &group.rules, t);
		if (!ok || !mw_parser_at(p, MW_TOK_COMMA))
			break;
		(void)mw_parser_take(p);
	}
	ok = ok && mw_parser_expect(p, MW_TOK_ENDBLOCK, "\",\" or \"}\"", NULL);
	if (ok)
		MW_PUSH(p, &p->all->ast->groups, group);
	else
		MW_PUSH(p, &p->all->ast->broken, group.name);
	return ok;
}

/* fragment NAME /pattern/ */
static bool parse_fragment(struct mw_parser *p)
{
	struct mw_ast_fragment fragment = {0};

	if (!mw_parser_expect(p, MW_TOK_NAME, "the name of the fragment", &fragment.name))
		return false;
	if (!mw_parser_expect(p, MW_TOK_REGEX, "a /pattern/", &fragment.pattern)) {
		MW_PUSH(p, &p->all->ast->broken, fragment.name);
		return false;
	}
	MW_PUSH(p, &p->all->ast->fragments, fragment);
	return true;
}

static void parse_file(const struct mw_parse *all, const struct mw_parser *outer, uint32_t source);

/* Two names of one file must not hide a loop. */
static bool same_file(const char *a, const char *b)
{
	char *ra = realpath(a, NULL), *rb = realpath(b, NULL);
	bool same = ra && rb ? strcmp(ra, rb) == 0 : strcmp(a, b) == 0;

	free(ra);
	free(rb);
	return same;
}

/* The source that is the same file and was read before, UINT32_MAX when there is none. */
static uint32_t read_before(const struct mw_parser *p, uint32_t source)
{
	const struct mw_diags *d = p->diags;

	for (uint32_t i = p->all->sources->first; i < source; i++)
		if (same_file(d->source[i].path, d->source[source].path))
			return i;
	return UINT32_MAX;
}

/* A file that stands in the policy already. Two files may both need a third one, and say so: it stays where it was read first.
 * That one file names it twice is a slip. */
static void include_again(struct mw_parser *p, const struct mw_token *t, uint32_t before)
{
	const char *shown = p->diags->source[before].shown;
	const struct mw_parser *o;

	for (o = p; o && o->lexer.source != before; o = o->outer)
		;
	if (o) {
		mw_parser_error(p, t->place, "take this line out", "\"%s\" includes itself", shown);
		return;
	}
	for (size_t i = 0; i < p->included.n; i++)
		if (p->included.v[i] == before) {
			mw_parser_error(p, t->place, "take one of the lines out", "\"%s\" is included twice", shown);
			return;
		}
	MW_PUSH(p, &p->included, before);
}

static void include_one(struct mw_parser *p, const struct mw_token *t)
{
	uint32_t source, before;

	if (p->deep >= MW_INCLUDES_DEEP) {
		mw_parser_error(p, t->place, NULL, "files include one another more than %u deep", MW_INCLUDES_DEEP);
		return;
	}
	if (mw_source_find(p->all->sources, t->text, MW_SOURCE_MAX, t->place, &source) < 0) {
		p->all->ast->incomplete = p->all->ast->broken_match = true;
		return;
	}
	before = read_before(p, source);
	if (before != UINT32_MAX) {
		include_again(p, t, before);
		return;
	}
	MW_PUSH(p, &p->included, source);
	parse_file(p->all, p, source);
}

static bool parse_include(struct mw_parser *p)
{
	struct mw_token t;
	bool first = true;

	do {
		if (!first)
			(void)mw_parser_take(p);
		first = false;
		if (!mw_parser_expect(p, MW_TOK_STRING, "a file's name in quotes", &t))
			return false;
		include_one(p, &t);
	} while (mw_parser_at(p, MW_TOK_COMMA));
	return true;
}

/* ---- the forms of statements --------------------------------------------------------------------------------------------- */

static bool parse_form(struct mw_parser *p, const char *form, struct mw_place place)
{
	if (strcmp(form, "listen") == 0)
		return parse_listen(p);
	if (strcmp(form, "load") == 0)
		return parse_load(p);
	if (strcmp(form, "table") == 0)
		return parse_table(p);
	if (strcmp(form, "include") == 0)
		return parse_include(p);
	if (strcmp(form, "class") == 0)
		return parse_class(p);
	if (strcmp(form, "match") == 0)
		return parse_match(p, place);
	if (strcmp(form, "always") == 0)
		return parse_always(p);
	if (strcmp(form, "on") == 0)
		return parse_on(p);
	if (strcmp(form, "mode") == 0)
		return parse_mode(p);
	if (strcmp(form, "limit") == 0)
		return parse_limit(p);
	if (strcmp(form, "group") == 0)
		return parse_group(p);
	if (strcmp(form, "fragment") == 0)
		return parse_fragment(p);
	if (strcmp(form, "replace") == 0)
		return parse_replace(p);
	if (strcmp(form, "disable") == 0)
		return parse_disable(p);
	if (strcmp(form, "consents") == 0)
		return parse_consents(p);
	if (strcmp(form, "aliases") == 0)
		return parse_aliases(p);
	return parse_rule(p, strcmp(form, "words") == 0, MW_RULE_NEW);
}

/* To where the next statement may begin: at its keyword, or at a word that is not indented and may be meant as one. */
static void recover(struct mw_parser *p)
{
	const struct mw_token *t = mw_parser_peek(p, 0);

	p->all->ast->broken_match = true; /* it may have been one */
	while (t->kind != MW_TOK_END && !mw_parser_at_statement(p) &&
	       !(t->kind == MW_TOK_NAME && t->first && t->place.column == 1)) {
		(void)mw_parser_take(p);
		t = mw_parser_peek(p, 0);
	}
}

static bool parse_statement(struct mw_parser *p)
{
	struct mw_token t = mw_parser_take(p);

	p->nesting = p->conditions = 0;
	if (t.kind == MW_TOK_NAME && !mw_parser_is_keyword(&t)) {
		mw_parser_error(p, t.place, mw_diag_did_you_mean(p->diags, t.text, mw_parser_keywords),
				"unknown statement \"%s\"", t.text);
		return false;
	}
	if (t.kind != MW_TOK_NAME) {
		if (t.kind != MW_TOK_BAD)
			mw_parser_error(p, t.place, NULL, "expected a statement, not %s", mw_token_shown(p->diags, &t));
		return false;
	}
	return parse_form(p, t.text, t.place);
}

/* Behind a statement: a new line or a semicolon. */
static bool at_boundary(struct mw_parser *p)
{
	return mw_parser_at(p, MW_TOK_SEMICOLON) || mw_parser_peek(p, 0)->first;
}

static void parse_file(const struct mw_parse *all, const struct mw_parser *outer, uint32_t source)
{
	struct mw_parser p = {.all = all, .diags = all->diags, .outer = outer, .deep = outer ? outer->deep + 1 : 0};

	mw_lexer_init(&p.lexer, all->diags, all->arena, source);
	if (p.lexer.bad)
		all->ast->incomplete = all->ast->broken_match = true;
	while (!mw_parser_at(&p, MW_TOK_END)) {
		if (mw_parser_at(&p, MW_TOK_SEMICOLON)) {
			(void)mw_parser_take(&p);
		} else if (!parse_statement(&p)) {
			recover(&p);
		} else if (!at_boundary(&p)) {
			mw_parser_expected(&p, "the end of the statement", "statements begin on a new line or behind \";\"");
			recover(&p);
		}
	}
}

void mw_parse_source(const struct mw_parse *all, uint32_t source)
{
	parse_file(all, NULL, source);
}
