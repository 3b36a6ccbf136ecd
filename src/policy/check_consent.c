/* SPDX-License-Identifier: Apache-2.0 */
/* `consents`: each file is read, and stays in the plan. */
#include "policy/check.h"

#include <string.h>

const struct mw_consents *mw_check_consent(const struct mw_checker *c, const char *name)
{
	for (size_t i = 0; i < c->consents.n; i++)
		if (strcmp(mw_consents_name(c->consents.v[i]), name) == 0)
			return c->consents.v[i];
	return NULL;
}

static bool is_second(struct mw_checker *c, size_t at)
{
	const struct mw_token *name = &c->ast->consents.v[at].name;

	for (size_t i = 0; i < at; i++) {
		if (strcmp(c->ast->consents.v[i].name.text, name->text) != 0)
			continue;
		mw_check_error(c, name->place, mw_check_first_at(c, c->ast->consents.v[i].name.place),
			       "consents \"%s\" are defined twice", name->text);
		return true;
	}
	return false;
}

void mw_check_consents(struct mw_checker *c)
{
	for (size_t i = 0; i < c->ast->consents.n && !c->diags->no_memory; i++) {
		const struct mw_ast_consents *ast = &c->ast->consents.v[i];
		const struct mw_consents *t;
		uint32_t source;

		if (is_second(c, i))
			continue;
		if (mw_source_find(c->sources, ast->file.text, MW_TERMS_MAX, ast->file.place, &source) < 0) {
			MW_LIST_PUSH(c->scratch, c->diags, &c->ast->broken, ast->name);
			continue;
		}
		t = mw_consents_read(c->arena, c->diags, ast->name.text, source);
		if (t)
			MW_LIST_PUSH(c->arena, c->diags, &c->consents, t);
	}
	c->plan->consents = c->consents.n;
	c->plan->consent = c->consents.v;
}
