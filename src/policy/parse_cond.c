/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions: operands joined by and, or, not and parentheses; in `match` also by standing next to each other. */
#include "policy/parse.h"

#include <string.h>

static struct mw_cond *cond_new(struct mw_parser *p, enum mw_op op, struct mw_place place)
{
	struct mw_cond *c;

	if (++p->conditions > MW_CONDITIONS_MAX) {
		mw_parser_error(p, place, "name a part of it with \"class\"", "more than %u conditions in one statement",
				MW_CONDITIONS_MAX);
		return NULL;
	}
	c = mw_parser_alloc(p, sizeof(*c));
	if (c) {
		c->op = op;
		c->place = place;
	}
	return c;
}

static struct mw_cond *cond_join(struct mw_parser *p, enum mw_op op, struct mw_cond *a, struct mw_cond *b)
{
	struct mw_cond *c;

	if (!a || !b)
		return NULL;
	c = cond_new(p, op, a->place);
	if (c) {
		c->a = a;
		c->b = b;
	}
	return c;
}

/* From the place of the first token to the end of the last, when they share a line. */
static void extend(struct mw_place *place, struct mw_place last)
{
	if (last.line == place->line && last.column >= place->column)
		place->length = last.column + last.length - place->column;
}

static struct mw_cond *parse_named(struct mw_parser *p, enum mw_op op, const char *what)
{
	struct mw_token keyword = mw_parser_take(p), name;
	struct mw_cond *c;

	if (!mw_parser_expect(p, MW_TOK_NAME, what, &name))
		return NULL;
	c = cond_new(p, op, keyword.place);
	if (c) {
		c->name = name;
		extend(&c->place, name.place);
	}
	return c;
}

static bool at_compare(struct mw_parser *p)
{
	enum mw_tok kind = mw_parser_peek(p, 0)->kind;

	return kind >= MW_TOK_EQ && kind <= MW_TOK_GE;
}

/* `= 3`, `>= 2`, `!= "fail"`, `= yes`: when it is there. */
static bool parse_compare(struct mw_parser *p, struct mw_cond *c)
{
	const struct mw_token *t;

	if (!at_compare(p))
		return true;
	c->cmp = (enum mw_cmp)(mw_parser_take(p).kind - MW_TOK_EQ + MW_CMP_EQ);
	t = mw_parser_peek(p, 0);
	if (t->kind != MW_TOK_NUMBER && t->kind != MW_TOK_STRING && t->kind != MW_TOK_NAME) {
		mw_parser_expected(p, "a number or a text in quotes", NULL);
		return false;
	}
	c->value = mw_parser_take(p);
	extend(&c->place, c->value.place);
	return true;
}

/* in subject, new */
static bool parse_zones(struct mw_parser *p, struct mw_cond *c)
{
	struct mw_token t;

	if (!mw_parser_at_word(p, "in"))
		return true;
	do {
		(void)mw_parser_take(p); /* in, or the comma */
		if (!mw_parser_expect(p, MW_TOK_NAME, "a zone", &t))
			return false;
		MW_PUSH(p, &c->zones, t);
		extend(&c->place, t.place);
	} while (mw_parser_at(p, MW_TOK_COMMA));
	return true;
}

/* rule NAME, rule NAME >= 2, rule NAME in new, quoted >= 2 */
static struct mw_cond *parse_rule(struct mw_parser *p)
{
	struct mw_cond *c = parse_named(p, MW_OP_RULE, "the name of a rule");

	return c && parse_zones(p, c) && parse_compare(p, c) ? c : NULL;
}

/* phi.people >= 2, auth.dmarc = "fail", auth.from-domain in <partners> */
static struct mw_cond *parse_fact(struct mw_parser *p)
{
	struct mw_token name = mw_parser_take(p);
	struct mw_cond *c = cond_new(p, MW_OP_FACT, name.place);

	if (!c)
		return NULL;
	c->name = name;
	if (!mw_parser_at_word(p, "in"))
		return parse_compare(p, c) ? c : NULL;
	(void)mw_parser_take(p);
	if (!mw_parser_expect(p, MW_TOK_TABLE, "a <table>", &c->value))
		return NULL;
	extend(&c->place, c->value.place);
	return c;
}

/* to external, to internal, to <table>, to "address"; from likewise, without the first two */
static struct mw_cond *parse_party(struct mw_parser *p, bool to)
{
	struct mw_token keyword = mw_parser_take(p);
	const struct mw_token *t = mw_parser_peek(p, 0);
	enum mw_op op;
	struct mw_cond *c;

	if (t->kind == MW_TOK_TABLE) {
		op = to ? MW_OP_TO_TABLE : MW_OP_FROM_TABLE;
	} else if (t->kind == MW_TOK_STRING) {
		op = to ? MW_OP_TO_TEXT : MW_OP_FROM_TEXT;
	} else if (to && t->kind == MW_TOK_NAME && strcmp(t->text, "external") == 0) {
		op = MW_OP_EXTERNAL;
	} else if (to && t->kind == MW_TOK_NAME && strcmp(t->text, "internal") == 0) {
		op = MW_OP_INTERNAL;
	} else {
		mw_parser_expected(p, to ? "external, internal, a <table> or an \"address\"" : "a <table> or an \"address\"",
				   NULL);
		return NULL;
	}
	c = cond_new(p, op, keyword.place);
	if (c) {
		c->name = mw_parser_take(p);
		extend(&c->place, c->name.place);
	}
	return c;
}

static struct mw_cond *parse_subject(struct mw_parser *p)
{
	struct mw_token keyword = mw_parser_take(p), regex;
	struct mw_cond *c;

	if (!mw_parser_expect(p, MW_TOK_REGEX, "a /pattern/", &regex))
		return NULL;
	c = cond_new(p, MW_OP_SUBJECT, keyword.place);
	if (c)
		c->value = regex;
	return c;
}

/* header "X-Name" /pattern/, or without a pattern: there is such a field */
static struct mw_cond *parse_header(struct mw_parser *p)
{
	struct mw_token keyword = mw_parser_take(p), name;
	struct mw_cond *c;

	if (!mw_parser_expect(p, MW_TOK_STRING, "the name of a header field in quotes", &name))
		return NULL;
	c = cond_new(p, MW_OP_HEADER, keyword.place);
	if (!c)
		return NULL;
	c->name = name;
	if (mw_parser_at(p, MW_TOK_REGEX))
		c->value = mw_parser_take(p);
	return c;
}

static struct mw_cond *parse_reason(struct mw_parser *p, struct mw_place place)
{
	struct mw_token name;
	struct mw_cond *c;

	if (!mw_parser_expect(p, MW_TOK_NAME, "why it is unreadable", &name))
		return NULL;
	c = cond_new(p, MW_OP_UNREADABLE, place);
	if (c)
		c->name = name;
	return c;
}

/* unreadable, unreadable(encrypted or damaged) */
static struct mw_cond *parse_unreadable(struct mw_parser *p)
{
	struct mw_place place = mw_parser_take(p).place;
	struct mw_cond *c;

	if (!mw_parser_at(p, MW_TOK_OPEN))
		return cond_new(p, MW_OP_UNREADABLE, place);
	(void)mw_parser_take(p);
	c = parse_reason(p, place);
	while (c && mw_parser_at_word(p, "or")) {
		(void)mw_parser_take(p);
		c = cond_join(p, MW_OP_OR, c, parse_reason(p, place));
	}
	if (!c || !mw_parser_expect(p, MW_TOK_CLOSE, "\"or\" or \")\"", NULL))
		return NULL;
	return c;
}

/* A keyword at the start of a line ends the conditions. `class` and `rule` are words of conditions too: they do so where a
 * definition follows and is not indented. */
static bool at_definition(struct mw_parser *p)
{
	const struct mw_token *third;

	if (!mw_parser_at_statement(p))
		return false;
	if (!mw_parser_at_word(p, "class") && !mw_parser_at_word(p, "rule"))
		return true;
	third = mw_parser_peek(p, 2);
	return mw_parser_peek(p, 0)->place.column == 1 &&
	       (third->kind == MW_TOK_BLOCK || (third->kind == MW_TOK_NAME && strcmp(third->text, "when") == 0));
}

static struct mw_cond *unknown_condition(struct mw_parser *p)
{
	static const char *const words[] = {"any",	  "class",   "rule", "to",   "from", "subject", "header",
					    "unreadable", "consent", "when", "then", "not",  NULL};
	const struct mw_token *t = mw_parser_peek(p, 0);
	bool joins = mw_parser_at_word(p, "then") || mw_parser_at_word(p, "when") || mw_parser_at_word(p, "and") ||
		     mw_parser_at_word(p, "or");

	if (t->kind == MW_TOK_NAME && !joins && !at_definition(p)) {
		const char *hint = mw_diag_did_you_mean(p->diags, t->text, words);

		if (strcmp(t->text, "external") == 0 || strcmp(t->text, "internal") == 0)
			hint = "write \"to external\" or \"to internal\"";
		mw_parser_error(p, t->place, hint ? hint : "facts are written MODULE.FACT", "unknown condition \"%s\"", t->text);
	} else {
		mw_parser_expected(p, "a condition", NULL);
	}
	return NULL;
}

static struct mw_cond *parse_operand(struct mw_parser *p)
{
	const struct mw_token *t = mw_parser_peek(p, 0);

	if (t->kind != MW_TOK_NAME || at_definition(p))
		return unknown_condition(p);
	if (strcmp(t->text, "any") == 0)
		return cond_new(p, MW_OP_ANY, mw_parser_take(p).place);
	if (strcmp(t->text, "class") == 0)
		return parse_named(p, MW_OP_CLASS, "the name of a class");
	if (strcmp(t->text, "rule") == 0)
		return parse_rule(p);
	if (strcmp(t->text, "to") == 0)
		return parse_party(p, true);
	if (strcmp(t->text, "from") == 0)
		return parse_party(p, false);
	if (strcmp(t->text, "subject") == 0)
		return parse_subject(p);
	if (strcmp(t->text, "header") == 0)
		return parse_header(p);
	if (strcmp(t->text, "unreadable") == 0)
		return parse_unreadable(p);
	if (strcmp(t->text, "consent") == 0)
		return parse_named(p, MW_OP_CONSENT, "the name of consents");
	if (strchr(t->text, '.'))
		return parse_fact(p);
	return unknown_condition(p);
}

static struct mw_cond *parse_inside(struct mw_parser *p)
{
	struct mw_cond *c;

	(void)mw_parser_take(p);
	c = mw_parse_expr(p);
	if (!c || !mw_parser_expect(p, MW_TOK_CLOSE, "\"and\", \"or\" or \")\"", NULL))
		return NULL;
	return c;
}

static struct mw_cond *parse_not(struct mw_parser *p);

static struct mw_cond *parse_negated(struct mw_parser *p)
{
	struct mw_place place = mw_parser_take(p).place;
	struct mw_cond *a = parse_not(p), *c = a ? cond_new(p, MW_OP_NOT, place) : NULL;

	if (c)
		c->a = a;
	return c;
}

static struct mw_cond *parse_not(struct mw_parser *p)
{
	bool negated = mw_parser_at_word(p, "not");
	struct mw_cond *c;

	if (!negated && !mw_parser_at(p, MW_TOK_OPEN))
		return parse_operand(p);
	if (p->nesting >= MW_NESTING_MAX) {
		mw_parser_error(p, mw_parser_peek(p, 0)->place, NULL, "conditions are nested more than %u deep", MW_NESTING_MAX);
		return NULL;
	}
	p->nesting++;
	c = negated ? parse_negated(p) : parse_inside(p);
	p->nesting--;
	return c;
}

static struct mw_cond *parse_and(struct mw_parser *p)
{
	struct mw_cond *c = parse_not(p);

	while (c && mw_parser_at_word(p, "and")) {
		(void)mw_parser_take(p);
		c = cond_join(p, MW_OP_AND, c, parse_not(p));
	}
	return c;
}

struct mw_cond *mw_parse_expr(struct mw_parser *p)
{
	struct mw_cond *c = parse_and(p);

	while (c && mw_parser_at_word(p, "or")) {
		(void)mw_parser_take(p);
		c = cond_join(p, MW_OP_OR, c, parse_and(p));
	}
	return c;
}

static struct mw_cond *parse_condition(struct mw_parser *p)
{
	if (mw_parser_at_word(p, "when")) {
		(void)mw_parser_take(p);
		return mw_parse_expr(p);
	}
	return parse_not(p);
}

struct mw_cond *mw_parse_conditions(struct mw_parser *p)
{
	struct mw_cond *c = parse_condition(p);

	while (c && !mw_parser_at_word(p, "then")) {
		const struct mw_token *t = mw_parser_peek(p, 0);

		if (mw_parser_at_word(p, "or")) {
			mw_parser_error(p, t->place, "write \"when A or B\", or two lines", "\"or\" joins nothing here");
			return NULL;
		}
		if (mw_parser_at_word(p, "and"))
			(void)mw_parser_take(p);
		else if (t->kind != MW_TOK_OPEN && (t->kind != MW_TOK_NAME || at_definition(p))) {
			mw_parser_expected(p, "another condition or \"then\"", NULL);
			return NULL;
		}
		c = cond_join(p, MW_OP_AND, c, parse_condition(p));
	}
	return c;
}
