/* SPDX-License-Identifier: Apache-2.0 */
/* spin: a milter that never comes back from a message while a file is there. Built by the test against the installed header. */
#include <milward/plugin.h>

#include <unistd.h>

struct conf {
	const char *file;
};

static const struct mw_opt options[] = {
    MW_OPT(PATH, struct conf, file, "file", .flags = MW_REQUIRED, .help = "while it is there"),
    {.name = NULL},
};

static int spin_open(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	(void)host, (void)self, (void)err;
	*inst = (void *)(uintptr_t)((const struct conf *)conf)->file; /* lives as long as the policy */
	return 0;
}

static int spin_see(void *inst, void *tx, struct mw_msg *msg, uint32_t stage, const char *p, size_t n, struct mw_err *err)
{
	volatile bool forever = stage == MW_SEE_MESSAGE && access(inst, F_OK) == 0;

	(void)tx, (void)msg, (void)p, (void)n, (void)err;
	while (forever)
		;
	return 0;
}

MW_PLUGIN(spin, "spin", .kind = MW_KIND_MILTER, .version = "1", .licence = "Apache-2.0", .summary = "for tests",
	  .stages = MW_SEE_MESSAGE, .options = options, .conf_size = sizeof(struct conf),
	  .hooks = {.open = spin_open, .see = spin_see});
