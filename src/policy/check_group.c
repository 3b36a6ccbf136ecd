/* SPDX-License-Identifier: Apache-2.0 */
/* `group`: a name for several rules and lists, which `near rule` takes as all of them. */
#include "policy/check.h"

#include <string.h>

static const struct mw_ast_group *next_of(const struct mw_checker *c, const char *name, size_t *at)
{
	while (*at < c->ast->groups.n) {
		const struct mw_ast_group *g = &c->ast->groups.v[(*at)++];

		if (strcmp(g->name.text, name) == 0)
			return g;
	}
	return NULL;
}

size_t mw_check_named_most(const struct mw_checker *c, const char *name)
{
	const struct mw_ast_group *g;
	size_t at = 0, n = 1;

	while ((g = next_of(c, name, &at)))
		n += g->rules.n;
	return n;
}

/* Nothing to add: MW_NONE. */
static size_t add(uint32_t *v, size_t n, uint32_t rule)
{
	if (rule == MW_NONE)
		return n;
	for (size_t i = 0; i < n; i++)
		if (v[i] == rule)
			return n;
	v[n] = rule;
	return n + 1;
}

size_t mw_check_named_rules(const struct mw_checker *c, const char *name, uint32_t *v, size_t n)
{
	uint32_t rule = mw_check_find_rule(c, name);
	const struct mw_ast_group *g;
	bool found = rule != MW_NONE;
	size_t at = 0;

	n = add(v, n, rule);
	while ((g = next_of(c, name, &at))) {
		found = true;
		for (size_t i = 0; i < g->rules.n; i++)
			n = add(v, n, mw_check_find_rule(c, g->rules.v[i].text));
	}
	return found ? n : MW_NONE;
}

/* Groups are of rules alone: of groups, nobody could tell what is in them. */
static void check_member(struct mw_checker *c, const struct mw_ast_group *g, const struct mw_token *t)
{
	size_t at = 0;

	if (mw_check_find_rule(c, t->text) != MW_NONE || mw_check_is_disabled(c, t->text))
		return;
	if (next_of(c, t->text, &at))
		mw_check_error(c, t->place, "name its rules", "\"%s\" of group \"%s\" is a group itself", t->text, g->name.text);
	else
		mw_check_unknown_rule(c, t);
}

void mw_check_groups(struct mw_checker *c)
{
	for (size_t i = 0; i < c->ast->groups.n && !c->diags->no_memory; i++) {
		const struct mw_ast_group *g = &c->ast->groups.v[i];

		if (g->rules.n == 0)
			mw_check_error(c, g->name.place, NULL, "group \"%s\" is empty", g->name.text);
		if (mw_check_find_rule(c, g->name.text) != MW_NONE || mw_check_is_disabled(c, g->name.text))
			mw_check_error(c, g->name.place, "give it another name", "\"%s\" is the name of a rule", g->name.text);
		for (size_t k = 0; k < g->rules.n; k++)
			check_member(c, g, &g->rules.v[k]);
	}
}
