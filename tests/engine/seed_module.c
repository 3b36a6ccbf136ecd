/* SPDX-License-Identifier: Apache-2.0 */
/* A module whose file is a seed of the fuzzer of module files (tests/fuzz/seeds/image): tests/engine/seed-images makes them. It is
 * never run, and has one row of each kind. */
#include <milward/plugin.h>

struct conf {
	bool flag;
	int64_t word;
	const char *text;
	struct mw_list list;
};

static const struct mw_word words[] = {{"one", 1}, {"relaxed/simple", 2}, {NULL, 0}};
static const struct mw_opt options[] = {
    MW_OPT(BOOL, struct conf, flag, "flag"),
    MW_OPT(WORD, struct conf, word, "word", .words = words, .dflt = "one"),
    MW_OPT(STR, struct conf, text, "text", .dflt = "\"x\""),
    MW_OPT(LIST, struct conf, list, "list"),
    {.name = NULL},
};
static const struct mw_action actions[] = {{.name = "go", .effect = MW_RECORD}, {.name = NULL}};

static int act(void *inst, void *tx, struct mw_msg *msg, const struct mw_order *order, struct mw_err *err)
{
	(void)inst, (void)tx, (void)msg, (void)order, (void)err;
	return 0;
}

MW_PLUGIN(seed, "seed", .kind = MW_KIND_MILTER, .version = "1", .licence = "Apache-2.0", .options = options,
	  .conf_size = sizeof(struct conf), .actions = actions, .hooks = {.act = act});
