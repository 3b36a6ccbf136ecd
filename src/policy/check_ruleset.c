/* SPDX-License-Identifier: Apache-2.0 */
/* Rules among each other: names, `replace`, `disable`, and those that are context of others. */
#include "policy/check.h"

#include <string.h>

#define CHAIN_MAX 16u /* rules that are context of one another */

/* The statement that stands for a name at last. */
struct slot {
	const struct mw_ast_rule *ast;
	bool disabled;
};

struct slots {
	struct slot *v;
	size_t n;
};

static struct slot *find(const struct slots *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->v[i].ast->name.text, name) == 0)
			return &s->v[i];
	return NULL;
}

static const char *form_of(const struct mw_ast_rule *r)
{
	return r->words ? "words" : "rule";
}

/* replace, disable: there must be such a rule above. */
static struct slot *find_above(struct mw_checker *c, const struct slots *s, const struct mw_ast_rule *r)
{
	const char *verb = r->form == MW_RULE_REPLACE ? "replaced" : "disabled";
	struct slot *slot = find(s, r->name.text);
	struct mw_names names = {0};

	if (slot && slot->disabled) {
		mw_check_error(c, r->name.place, NULL, "%s \"%s\" is disabled already", form_of(r), r->name.text);
		return NULL;
	}
	if (slot || mw_check_is_broken(c, MW_TOK_NAME, r->name.text))
		return slot;
	for (size_t i = 0; i < c->ast->rules.n; i++)
		if (c->ast->rules.v[i].form == MW_RULE_NEW && strcmp(c->ast->rules.v[i].name.text, r->name.text) == 0) {
			mw_check_error(c, r->name.place, "put this below it, and below the \"include\" of its file",
				       "%s \"%s\" is %s above the place where it is defined", form_of(r), r->name.text, verb);
			return NULL;
		}
	for (size_t i = 0; i < s->n; i++)
		mw_names_add(c, &names, s->v[i].ast->name.text);
	mw_check_error(c, r->name.place, mw_check_suggest(c, r->name.text, &names), "there is no %s \"%s\" that could be %s",
		       form_of(r), r->name.text, verb);
	return NULL;
}

static void define(struct mw_checker *c, struct slots *s, const struct mw_ast_rule *r)
{
	const struct slot *first = find(s, r->name.text);

	if (first)
		mw_check_error(c, r->name.place, mw_check_first_at(c, first->ast->name.place), "rule \"%s\" is defined twice",
			       r->name.text);
	s->v[s->n++] = (struct slot){.ast = r};
}

static void change(struct mw_checker *c, struct slots *s, const struct mw_ast_rule *r)
{
	struct slot *slot = find_above(c, s, r);
	struct mw_rule nowhere;

	if (!slot) {
		/* What is wrong in a rule that replaces nothing is told all the same. */
		if (r->form == MW_RULE_REPLACE)
			mw_check_rule(c, r, &nowhere);
		return;
	}
	if (r->form == MW_RULE_REPLACE) {
		slot->ast = r;
		return;
	}
	if (r->words != slot->ast->words)
		mw_check_error(c, r->name.place, mw_check_text(c, "write: disable %s %s", form_of(slot->ast), r->name.text),
			       "\"%s\" is no %s", r->name.text, r->words ? "list of words" : "rule");
	slot->disabled = true;
	MW_LIST_PUSH(c->scratch, c->diags, &c->disabled, r->name);
}

static void resolve_names(struct mw_checker *c, struct slots *s)
{
	for (size_t i = 0; i < c->ast->rules.n; i++) {
		const struct mw_ast_rule *r = &c->ast->rules.v[i];

		if (r->form == MW_RULE_NEW)
			define(c, s, r);
		else
			change(c, s, r);
	}
}

uint32_t mw_check_find_rule(const struct mw_checker *c, const char *name)
{
	for (size_t i = 0; i < c->plan->rules; i++)
		if (strcmp(c->plan->rule[i].name, name) == 0)
			return (uint32_t)i;
	return MW_NONE;
}

/* Names are collected only when one is not found: a large policy has many conditions and many rules. */
void mw_check_unknown_rule(struct mw_checker *c, const struct mw_token *name)
{
	struct mw_names names = {0};

	if (mw_check_is_broken(c, MW_TOK_NAME, name->text))
		return;
	for (size_t i = 0; i < c->disabled.n; i++)
		if (strcmp(c->disabled.v[i].text, name->text) == 0) {
			const struct mw_place at = c->disabled.v[i].place;

			mw_check_error(c, name->place, mw_check_text(c, "at %s:%u", c->diags->source[at.source].shown, at.line),
				       "rule \"%s\" is disabled", name->text);
			return;
		}
	for (size_t i = 0; i < c->plan->rules; i++)
		mw_names_add(c, &names, c->plan->rule[i].name);
	mw_check_error(c, name->place, mw_check_suggest(c, name->text, &names), "unknown rule \"%s\"", name->text);
}

/* ---- near rule ----------------------------------------------------------------------------------------------------------- */

bool mw_check_is_disabled(const struct mw_checker *c, const char *name)
{
	for (size_t i = 0; i < c->disabled.n; i++)
		if (strcmp(c->disabled.v[i].text, name) == 0)
			return true;
	return false;
}

static size_t most_rules(const struct mw_checker *c, const struct mw_rule_ref *ref)
{
	size_t n = 0;

	for (size_t i = 0; i < ref->names.n; i++)
		n += mw_check_named_most(c, ref->names.v[i].text);
	return n;
}

/* A rule that is disabled gives no context: shipped rules name others, and a site that disables one edits none of them. */
static void resolve_ref(struct mw_checker *c, const struct mw_rule_ref *ref)
{
	uint32_t *v = mw_check_alloc(c, most_rules(c, ref), sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; v && i < ref->names.n; i++) {
		const struct mw_token *name = &ref->names.v[i];
		size_t more = mw_check_named_rules(c, name->text, v, n);

		if (more != MW_NONE)
			n = more;
		else if (!mw_check_is_disabled(c, name->text))
			mw_check_unknown_rule(c, name);
	}
	ref->near->rule = v;
	ref->near->rules = n;
}

/* How many rules are below this one; 0: more than there may be, or it comes back to where it began. depth: of each, 0 = not
 * known. */
static unsigned depth_of(const struct mw_checker *c, uint32_t rule, unsigned *depth, unsigned left)
{
	const struct mw_rule *r = &c->plan->rule[rule];
	unsigned most = 1;

	if (depth[rule])
		return depth[rule];
	if (left == 0)
		return 0;
	for (size_t i = 0; i < r->nears; i++)
		for (size_t k = 0; k < r->near[i].rules; k++) {
			unsigned below = depth_of(c, r->near[i].rule[k], depth, left - 1);

			if (!below || below == CHAIN_MAX)
				return 0;
			most = below + 1 > most ? below + 1 : most;
		}
	return depth[rule] = most;
}

/* The chain of names that leads from a rule back to it or too far: `a, b, a`. */
static void print_chain(const struct mw_checker *c, uint32_t rule, unsigned *depth, struct mw_buf *out)
{
	const uint32_t start = rule;

	mw_buf_puts(out, c->plan->rule[rule].name);
	for (unsigned step = 0; step < CHAIN_MAX; step++) {
		const struct mw_rule *r = &c->plan->rule[rule];
		uint32_t next = MW_NONE;

		for (size_t i = 0; i < r->nears && next == MW_NONE; i++)
			for (size_t k = 0; k < r->near[i].rules && next == MW_NONE; k++)
				if (!depth[r->near[i].rule[k]])
					next = r->near[i].rule[k];
		if (next == MW_NONE)
			return;
		mw_buf_printf(out, ", %s", c->plan->rule[next].name);
		if (next == start)
			return;
		rule = next;
	}
}

static void check_chains(struct mw_checker *c)
{
	unsigned *depth = mw_arena_array(c->scratch, c->plan->rules, sizeof(*depth));

	if (!depth) {
		c->diags->no_memory = true;
		return;
	}
	for (size_t i = 0; i < c->rule_refs.n; i++) {
		const struct mw_rule_ref *ref = &c->rule_refs.v[i];
		uint32_t rule = mw_check_find_rule(c, ref->owner->name.text);
		struct mw_buf chain = MW_BUF_INIT;

		if (rule == MW_NONE || depth_of(c, rule, depth, CHAIN_MAX))
			continue;
		print_chain(c, rule, depth, &chain);
		mw_check_error(c, ref->names.v[0].place, mw_check_text(c, "%s", mw_buf_text(&chain)),
			       "rules are context of one another in a circle, or more than %u deep", CHAIN_MAX);
		mw_buf_free(&chain);
		return; /* one circle shows at each of its rules */
	}
}

void mw_check_rules(struct mw_checker *c)
{
	struct slots s = {.v = mw_arena_array(c->scratch, c->ast->rules.n, sizeof(*s.v))};
	struct mw_rule *v = mw_check_alloc(c, c->ast->rules.n, sizeof(*v));
	size_t n = 0;

	if (!s.v || !v) {
		c->diags->no_memory = true;
		return;
	}
	resolve_names(c, &s);
	for (size_t i = 0; i < s.n && !c->diags->no_memory; i++)
		if (!s.v[i].disabled)
			mw_check_rule(c, s.v[i].ast, &v[n++]);
	c->plan->rules = n;
	c->plan->rule = v;
	mw_check_groups(c);
	for (size_t i = 0; i < c->rule_refs.n && !c->diags->no_memory; i++)
		resolve_ref(c, &c->rule_refs.v[i]);
	if (!c->diags->no_memory)
		check_chains(c);
}
