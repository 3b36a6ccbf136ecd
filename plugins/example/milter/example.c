/* SPDX-License-Identifier: Apache-2.0 */
/*
 * example: a whole milter. It counts attachments, so that a policy can say
 *     load  example grant text
 *     match example.attachments >= 1 to external then hold "has an attachment"
 */
#include <milward/plugin.h>

#include <errno.h>
#include <stdlib.h>

struct example {
	const struct mw_host *host;
	struct mw_self *self;
};

static const struct mw_fact facts[] = {
    {.name = "attachments", .help = "parts that a mail program shows as files", .type = MW_INT},
    {0},
};

static int example_open(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct example *e = malloc(sizeof(*e));

	(void)conf;
	if (!e)
		return host->fail(err, -ENOMEM, "out of memory");
	*e = (struct example){.host = host, .self = self};
	*inst = e;
	return 0;
}

static int example_see(void *inst, void *tx, struct mw_msg *msg, uint32_t stage, const char *p, size_t n, struct mw_err *err)
{
	const struct example *e = inst;
	const struct mw_part *part;
	int64_t count = 0;

	(void)tx, (void)stage, (void)p, (void)n, (void)err;
	for (size_t i = 0; (part = e->host->part(e->self, msg, i)) != NULL; i++)
		count += part->zone == MW_ZONE_ATTACHMENT;
	return e->host->set_int(e->self, msg, 0, count);
}

MW_PLUGIN(example, "example", .kind = MW_KIND_MILTER, .version = "1.0", .licence = "Apache-2.0", .summary = "counts attachments",
	  .stages = MW_SEE_MESSAGE, .powers = MW_POWER_TEXT, .facts = facts,
	  .hooks = {.open = example_open, .see = example_see, .close = free});
