/* SPDX-License-Identifier: Apache-2.0 */
/*
 * describe [--load] FOLDER NAME: what the loader says of a module file: "NAME VERSION", or the error on one line and exit 1.
 * With --load its code is loaded too.
 */
#include "engine/loader.h"

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	bool load = argc > 1 && strcmp(argv[1], "--load") == 0;
	struct mw_loader *l;
	const struct mw_plugin *p;
	struct mw_err err = {0};

	if (argc != 3 + load) {
		fprintf(stderr, "usage: describe [--load] FOLDER NAME\n");
		return 64;
	}
	l = mw_loader_new(argv[1 + load]);
	if (!l)
		return 1;
	p = load ? mw_loader_load(l, argv[2 + load], &err) : mw_loader_describe(l, argv[2 + load], &err);
	if (p)
		printf("%s %s\n", p->name, p->version ? p->version : "");
	else
		printf("%s\n", err.text);
	mw_loader_free(&l);
	return p ? 0 : 1;
}
