/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions: names to indices, types of facts, patterns compiled. */
#include "policy/check.h"

#include "policy/regex.h"
#include "policy/table.h"

#include <errno.h>
#include <string.h>

static struct mw_expr *expr_new(struct mw_checker *c, const struct mw_cond *cond)
{
	struct mw_expr *e = mw_check_alloc(c, 1, sizeof(*e));

	if (e) {
		e->op = cond->op;
		e->cmp = cond->cmp;
		e->place = cond->place;
	}
	return e;
}

static void unknown_class(struct mw_checker *c, const struct mw_token *name)
{
	struct mw_names names = {0};

	if (mw_check_is_broken(c, MW_TOK_NAME, name->text))
		return;
	for (size_t i = 0; i < c->ast->classes.n; i++)
		mw_names_add(c, &names, c->ast->classes.v[i].name.text);
	mw_check_error(c, name->place, mw_check_suggest(c, name->text, &names), "unknown class \"%s\"", name->text);
}

static bool check_class(struct mw_checker *c, const struct mw_cond *cond, struct mw_expr *e)
{
	const struct mw_token *name = &cond->name;
	size_t i = 0;

	while (i < c->ast->classes.n && strcmp(c->ast->classes.v[i].name.text, name->text) != 0)
		i++;
	if (i == c->ast->classes.n)
		unknown_class(c, name);
	else if (i >= c->classes)
		mw_check_error(c, name->place, "put the class that is used above the one that uses it",
			       "class \"%s\" is not defined above this line", name->text);
	e->n = (uint32_t)i;
	return i < c->classes;
}

static bool check_number(struct mw_checker *c, const struct mw_cond *cond, struct mw_expr *e)
{
	if (cond->value.kind != MW_TOK_NUMBER) {
		mw_check_error(c, cond->value.place, NULL, "\"%s\" is a number: compare it with one", cond->name.text);
		return false;
	}
	e->number = cond->value.number;
	return true;
}

static bool check_rule(struct mw_checker *c, const struct mw_cond *cond, struct mw_expr *e)
{
	const struct mw_token *name = &cond->name;
	uint32_t rule = mw_check_find_rule(c, name->text);

	if (rule == MW_NONE) {
		mw_check_unknown_rule(c, name);
		return false;
	}
	for (size_t i = 0; i < cond->zones.n; i++)
		if (!mw_check_zone(c, &cond->zones.v[i], &e->zones))
			return false;
	if (c->plan->rule[rule].kind == MW_CONTEXT) {
		mw_check_error(c, name->place, NULL, "rule \"%s\" is of kind context: it is never found", name->text);
		return false;
	}
	if (c->plan->rule[rule].shadow)
		mw_check_warn(c, name->place, "take \"shadow\" out of it", "rule \"%s\" is in shadow: here it is never found",
			      name->text);
	e->n = rule;
	if (cond->cmp != MW_CMP_NONE)
		return check_number(c, cond, e);
	e->cmp = MW_CMP_GE; /* `rule x`: found at all */
	e->number = 1;
	return true;
}

static bool check_bool_fact(struct mw_checker *c, const struct mw_cond *cond, struct mw_expr *e)
{
	bool yes = cond->value.kind == MW_TOK_NAME && strcmp(cond->value.text, "yes") == 0;
	bool no = cond->value.kind == MW_TOK_NAME && strcmp(cond->value.text, "no") == 0;

	if (cond->cmp != MW_CMP_NONE && ((cond->cmp != MW_CMP_EQ && cond->cmp != MW_CMP_NE) || (!yes && !no))) {
		mw_check_error(c, cond->place, "write it alone, or with \"not\" in front", "\"%s\" is yes or no",
			       cond->name.text);
		return false;
	}
	e->number = cond->cmp == MW_CMP_NONE || (cond->cmp == MW_CMP_EQ) == yes;
	e->cmp = MW_CMP_EQ;
	return true;
}

static bool check_table(struct mw_checker *c, const struct mw_token *name, struct mw_expr *e)
{
	struct mw_names names = {0};

	e->table = mw_check_table(c, name->text);
	if (e->table)
		return true;
	for (size_t i = 0; i < c->tables.n; i++)
		mw_names_add(c, &names, mw_table_name(c->tables.v[i]));
	if (!mw_check_is_broken(c, MW_TOK_TABLE, name->text))
		mw_check_error(c, name->place, mw_check_suggest(c, name->text, &names), "unknown table <%s>", name->text);
	return false;
}

static bool check_fact_table(struct mw_checker *c, const struct mw_cond *cond, uint32_t type, struct mw_expr *e)
{
	if (type == MW_STR)
		return check_table(c, &cond->value, e);
	mw_check_error(c, cond->place, NULL, "\"%s\" is %s: only a text can be in a table", cond->name.text,
		       type == MW_BOOL ? "yes or no" : "a number");
	return false;
}

static bool check_fact_type(struct mw_checker *c, const struct mw_cond *cond, uint32_t type, struct mw_expr *e)
{
	if (cond->value.kind == MW_TOK_TABLE)
		return check_fact_table(c, cond, type, e);
	if (type == MW_BOOL)
		return check_bool_fact(c, cond, e);
	if (cond->cmp == MW_CMP_NONE) {
		mw_check_error(c, cond->place, type == MW_STR ? "as in: = \"text\", or: in <table>" : "as in: >= 1",
			       "\"%s\" is compared with nothing", cond->name.text);
		return false;
	}
	if (type != MW_STR)
		return check_number(c, cond, e);
	if (cond->value.kind != MW_TOK_STRING || (cond->cmp != MW_CMP_EQ && cond->cmp != MW_CMP_NE)) {
		mw_check_error(c, cond->place, "as in: = \"text\"", "\"%s\" is a text: compare it with = or !=", cond->name.text);
		return false;
	}
	e->text = cond->value.text;
	return true;
}

static void unknown_module(struct mw_checker *c, const struct mw_token *name, size_t n)
{
	const char *word = mw_check_text(c, "%.*s", (int)n, name->text);
	struct mw_names names = {0};
	struct mw_err err;

	if (mw_check_is_broken(c, MW_TOK_NAME, word))
		return;
	for (size_t i = 0; i < c->modules.n; i++)
		if (c->modules.v[i].plugin->facts)
			mw_names_add(c, &names, c->modules.v[i].name);
	if (c->catalog->find(c->catalog->ctx, word, &err))
		mw_check_error(c, name->place, mw_check_text(c, "add \"load %s\"", word), "module \"%s\" is not loaded", word);
	else
		mw_check_error(c, name->place, mw_check_suggest(c, word, &names), "unknown module \"%s\" in a fact", word);
}

static bool check_fact(struct mw_checker *c, const struct mw_cond *cond, struct mw_expr *e)
{
	const struct mw_token *name = &cond->name;
	const char *dot = strchr(name->text, '.');
	size_t n = dot ? (size_t)(dot - name->text) : name->n;
	struct mw_names names = {0};
	const struct mw_fact *facts;

	e->module = mw_check_module(c, name->text, n);
	if (e->module == MW_NONE) {
		unknown_module(c, name, n);
		return false;
	}
	facts = c->modules.v[e->module].plugin->facts;
	for (uint32_t i = 0; facts && facts[i].name; i++) {
		if (strcmp(facts[i].name, dot + 1) == 0) {
			e->fact = i;
			return check_fact_type(c, cond, facts[i].type, e);
		}
		mw_names_add(c, &names, facts[i].name);
	}
	mw_check_error(c, name->place, names.n ? mw_check_suggest(c, dot + 1, &names) : "it publishes no facts",
		       "module \"%.*s\" has no fact \"%s\"", (int)n, name->text, dot + 1);
	return false;
}

static bool check_text(struct mw_checker *c, const struct mw_cond *cond, struct mw_expr *e)
{
	struct mw_str text = {.p = cond->name.text, .n = cond->name.n};
	const char *hint = text.n == 0 && cond->op == MW_OP_FROM_TEXT ? NULL : mw_table_wrong(text); /* "": the null sender */

	if (hint)
		mw_check_error(c, cond->name.place, hint, "\"%s\" is no address and no domain", cond->name.text);
	e->text = cond->name.text;
	return !hint;
}

static bool check_party(struct mw_checker *c, const struct mw_cond *cond)
{
	if (mw_check_table(c, "ours") || mw_check_is_broken(c, MW_TOK_TABLE, "ours"))
		return true;
	mw_check_error(c, cond->place, "add: table <ours> { \"your.domain\" }", "\"to %s\" needs the table <ours>",
		       cond->name.text);
	return false;
}

static bool check_reason(struct mw_checker *c, const struct mw_cond *cond, struct mw_expr *e)
{
	static const char *const words[] = {MW_UNREADABLE_WORDS, NULL};
	struct mw_names names = {0};

	if (cond->name.kind != MW_TOK_NAME)
		return true; /* for any reason */
	for (size_t i = 0; words[i]; i++) {
		mw_names_add(c, &names, words[i]);
		if (strcmp(words[i], cond->name.text) == 0)
			e->text = words[i];
	}
	if (!e->text)
		mw_check_error(c, cond->name.place, mw_check_suggest(c, cond->name.text, &names), "unknown reason \"%s\"",
			       cond->name.text);
	return e->text != NULL;
}

static bool check_regex(struct mw_checker *c, const struct mw_token *t, struct mw_expr *e)
{
	struct mw_regex *r;
	char text[MW_REGEX_TEXT];
	size_t offset = 0;
	int result;

	if (t->kind != MW_TOK_REGEX)
		return true;
	r = mw_check_alloc(c, 1, sizeof(*r));
	if (!r)
		return false;
	result = mw_regex_compile(r, t->text, t->n, t->caseless, t->extended, &offset, text);
	if (result < 0) {
		mw_check_bad_regex(c, t, NULL, result, offset, text);
		return false;
	}
	r->next = c->plan->regexes;
	c->plan->regexes = r;
	e->regex = r;
	return true;
}

static bool check_header(struct mw_checker *c, const struct mw_cond *cond, struct mw_expr *e)
{
	e->text = cond->name.text;
	for (const char *p = e->text; *p; p++)
		if (*p <= ' ' || *p == ':' || *p == '*' || *p == 0x7f || (unsigned char)*p >= 0x80) {
			mw_check_error(c, cond->name.place, "one whole name, without \":\"",
				       "\"%s\" is no name of a header field", e->text);
			return false;
		}
	if (!*e->text) {
		mw_check_error(c, cond->name.place, NULL, "the name of the header field is empty");
		return false;
	}
	return check_regex(c, &cond->value, e);
}

static bool check_consent(struct mw_checker *c, const struct mw_cond *cond, struct mw_expr *e)
{
	const struct mw_token *name = &cond->name;
	struct mw_names names = {0};

	e->consents = mw_check_consent(c, name->text);
	if (e->consents)
		return true;
	for (size_t i = 0; i < c->consents.n; i++)
		mw_names_add(c, &names, mw_consents_name(c->consents.v[i]));
	if (!mw_check_is_broken(c, MW_TOK_NAME, name->text))
		mw_check_error(c, name->place,
			       names.n ? mw_check_suggest(c, name->text, &names)
				       : mw_check_text(c, "add: consents %s file \"tables/consents\"", name->text),
			       "unknown consents \"%s\"", name->text);
	return false;
}

static bool check_operand(struct mw_checker *c, const struct mw_cond *cond, struct mw_expr *e)
{
	switch (cond->op) {
	case MW_OP_CLASS:
		return check_class(c, cond, e);
	case MW_OP_FACT:
		return check_fact(c, cond, e);
	case MW_OP_RULE:
		return check_rule(c, cond, e);
	case MW_OP_EXTERNAL:
	case MW_OP_INTERNAL:
		return check_party(c, cond);
	case MW_OP_TO_TABLE:
	case MW_OP_FROM_TABLE:
		return check_table(c, &cond->name, e);
	case MW_OP_TO_TEXT:
	case MW_OP_FROM_TEXT:
		return check_text(c, cond, e);
	case MW_OP_SUBJECT:
		return check_regex(c, &cond->value, e);
	case MW_OP_HEADER:
		return check_header(c, cond, e);
	case MW_OP_UNREADABLE:
		return check_reason(c, cond, e);
	case MW_OP_CONSENT:
		return check_consent(c, cond, e);
	default:
		return true;
	}
}

static bool is_about_recipient(enum mw_op op)
{
	return op == MW_OP_EXTERNAL || op == MW_OP_INTERNAL || op == MW_OP_TO_TABLE || op == MW_OP_TO_TEXT || op == MW_OP_CONSENT;
}

/* As deep as the parser allows: MW_NESTING_MAX and MW_CONDITIONS_MAX. */
const struct mw_expr *mw_check_cond(struct mw_checker *c, const struct mw_cond *cond, bool each)
{
	struct mw_expr *e = expr_new(c, cond);
	bool ok = e != NULL;

	if (!e)
		return NULL;
	if (cond->a) {
		e->a = mw_check_cond(c, cond->a, each);
		ok = e->a != NULL;
	}
	if (cond->b) {
		e->b = mw_check_cond(c, cond->b, each);
		ok = ok && e->b;
	}
	if (is_about_recipient(cond->op) && !each) {
		mw_check_error(c, cond->place, "ask for the recipient in \"match\"",
			       "a class is about the message, not a recipient");
		return NULL;
	}
	return check_operand(c, cond, e) && ok ? e : NULL;
}
