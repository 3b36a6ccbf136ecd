/* SPDX-License-Identifier: Apache-2.0 */
/* check_class: classes may name those above them. */
#include "policy/check.h"

#include <string.h>

static void check_class_name(struct mw_checker *c, size_t at)
{
	const struct mw_token *name = &c->ast->classes.v[at].name;

	for (size_t i = 0; i < at; i++) {
		const struct mw_token *first = &c->ast->classes.v[i].name;

		if (strcmp(first->text, name->text) != 0)
			continue;
		mw_check_error(c, name->place, mw_check_first_at(c, first->place), "class \"%s\" is defined twice", name->text);
		return;
	}
}

void mw_check_classes(struct mw_checker *c)
{
	size_t n = c->ast->classes.n;
	struct mw_class *v = mw_check_alloc(c, n, sizeof(*v));

	for (size_t i = 0; v && i < n; i++) {
		const struct mw_ast_class *class = &c->ast->classes.v[i];

		check_class_name(c, i);
		c->classes = i;
		v[i] = (struct mw_class){.name = class->name.text, .place = class->name.place};
		v[i].when = mw_check_cond(c, class->when, false);
	}
	c->classes = n;
	c->plan->classes = v ? n : 0;
	c->plan->cls = v;
}
