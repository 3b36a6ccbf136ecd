/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rows: what modules say of themselves, a row a line with TAB between its columns, for tests/module/manuals.t: rows FOLDER.
 * module NAME; option MODULE NAME DEFAULT; fact MODULE NAME; action MODULE NAME; argument MODULE ACTION NAME; check MODULE NAME;
 * command MODULE NAME ARGUMENTS. No code of a module runs.
 */
#include "engine/loader.h"

#include <stdio.h>

static void print(const struct mw_plugin *p)
{
	printf("module\t%s\n", p->name);
	for (const struct mw_opt *o = p->options; o && o->name; o++)
		printf("option\t%s\t%s\t%s\n", p->name, o->name, o->dflt ? o->dflt : "");
	for (const struct mw_fact *f = p->facts; f && f->name; f++)
		printf("fact\t%s\t%s\n", p->name, f->name);
	for (const struct mw_action *a = p->actions; a && a->name; a++) {
		printf("action\t%s\t%s\n", p->name, a->name);
		for (const struct mw_opt *o = a->args; o && o->name; o++)
			printf("argument\t%s\t%s\t%s\n", p->name, a->name, o->name);
	}
	for (const struct mw_check *c = p->checks; c && c->name; c++)
		printf("check\t%s\t%s\n", p->name, c->name);
	for (const struct mw_command *c = p->commands; c && c->name; c++)
		printf("command\t%s\t%s\t%s\n", p->name, c->name, c->args ? c->args : "");
}

int main(int argc, char **argv)
{
	struct mw_loader *loader = argc == 2 ? mw_loader_new(argv[1]) : NULL;
	struct mw_catalog catalog;
	struct mw_err err;
	int failed = 0;

	if (!loader) {
		(void)fputs("usage: rows FOLDER\n", stderr);
		return 64;
	}
	catalog = mw_loader_catalog(loader);
	for (const char *const *name = catalog.names; name && *name; name++) {
		const struct mw_plugin *p = mw_loader_describe(loader, *name, &err);

		if (p) {
			print(p);
		} else {
			(void)fprintf(stderr, "rows: %s: %s\n", *name, err.text);
			failed = 1;
		}
	}
	mw_loader_free(&loader);
	return failed;
}
