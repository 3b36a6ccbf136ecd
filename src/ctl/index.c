/* SPDX-License-Identifier: Apache-2.0 */
/* milwardctl index: the short name of `milwardctl check-patients index`, which is that module's own command. */
#include "ctl/ctl.h"

#include <stdlib.h>

int ctl_index(struct ctl *ctl, int argc, char **argv)
{
	char module[] = "check-patients", command[] = "index";
	char **v = calloc((size_t)argc + 2, sizeof(*v));
	int r;

	if (!v)
		return ctl_fail("out of memory");
	v[0] = module;
	v[1] = command;
	for (int i = 1; i < argc; i++)
		v[i + 1] = argv[i];
	r = ctl_module(ctl, argc + 1, v);
	free(v);
	return r < 0 ? ctl_fail("the module check-patients is not installed") : r;
}
