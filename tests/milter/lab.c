/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lab: a milter for tests. It waits while a file is there, so that a test decides how long judging takes, it spins for ever in the
 * hook that another file names, and it offers one action of each effect. Built by the tests against the installed header alone.
 */
#include <milward/plugin.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct conf {
	const char
	    *wait; /* judging waits while this file is there; one octet is added to FILE.log when a message comes and goes */
	const char *spin; /* a file with the name of a hook */
	const char *need; /* a file that must be there at start */
};

struct lab {
	const struct mw_host *host;
	struct mw_self *self;
	const struct conf *conf;
};

struct tx {
	struct mw_msg *msg;
};

/* Without a system call, as a module in an endless loop would. */
static void spin_in(const struct lab *l, const char *hook)
{
	char named[32] = "";
	volatile bool forever = true;
	FILE *f = l->conf->spin && *l->conf->spin ? fopen(l->conf->spin, "re") : NULL;

	if (!f)
		return;
	if (!fgets(named, sizeof(named), f) || strcmp(named, hook) != 0)
		forever = false;
	(void)fclose(f);
	while (forever)
		;
}

struct args_text {
	const char *text;
};
struct args_name {
	const char *name;
};

enum { PASS, HOLD, REFUSE, TEMPFAIL, VIA, STAMP, STRIP, BREAK };

static const struct mw_opt options[] = {
    MW_OPT(PATH, struct conf, wait, "wait", .help = "judging waits while it is there"),
    MW_OPT(PATH, struct conf, spin, "spin", .help = "a file that names a hook, which then never ends"),
    MW_OPT(PATH, struct conf, need, "need", .help = "must be there"),
    {.name = NULL},
};
static const struct mw_opt text_args[] = {
    MW_OPT(STR, struct args_text, text, "reason", .help = "why"),
    {.name = NULL},
};
static const struct mw_opt name_args[] = {
    MW_OPT(STR, struct args_name, name, "name", .flags = MW_REQUIRED, .help = "which"),
    {.name = NULL},
};
static const struct mw_action actions[] = {
    {.name = "pass", .help = "deliver", .effect = MW_PASS},
    {.name = "hold", .help = "keep", .effect = MW_HOLD, .args = text_args, .args_size = sizeof(struct args_text)},
    {.name = "refuse", .help = "5xx", .effect = MW_REFUSE, .args = text_args, .args_size = sizeof(struct args_text)},
    {.name = "tempfail", .help = "4xx", .effect = MW_TEMPFAIL, .args = text_args, .args_size = sizeof(struct args_text)},
    {.name = "via", .help = "tag", .effect = MW_ROUTE, .args = name_args, .args_size = sizeof(struct args_name)},
    {.name = "stamp",
     .help = "add a field above and one below",
     .effect = MW_EDIT,
     .args = name_args,
     .args_size = sizeof(struct args_name)},
    {.name = "strip", .help = "remove fields", .effect = MW_EDIT, .args = name_args, .args_size = sizeof(struct args_name)},
    {.name = "break", .help = "fail", .effect = MW_RECORD},
    {.name = NULL},
};

static int lab_open(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct lab *l = calloc(1, sizeof(*l));

	if (!l)
		return host->fail(err, -ENOMEM, "out of memory");
	*inst = l;
	l->host = host;
	l->self = self;
	l->conf = conf;
	if (l->conf->need && *l->conf->need && access(l->conf->need, R_OK))
		return host->fail(err, -errno, "%s is missing: make it", l->conf->need);
	return 0;
}

static void lab_close(void *inst)
{
	free(inst);
}

static int lab_begin(void *inst, struct mw_msg *msg, void **tx, struct mw_err *err)
{
	struct lab *l = inst;
	struct tx *t = l->host->alloc(msg, sizeof(*t));

	spin_in(l, "begin");
	if (!t)
		return l->host->fail(err, -ENOMEM, "out of memory");
	t->msg = msg;
	*tx = t;
	return 0;
}

static int lab_see(void *inst, void *tx, struct mw_msg *msg, uint32_t stage, const char *p, size_t n, struct mw_err *err)
{
	const struct lab *l = inst;

	(void)tx, (void)p, (void)n, (void)err;
	spin_in(l, "see");
	if (stage != MW_SEE_MESSAGE || !l->conf->wait || !*l->conf->wait)
		return 0;
	l->host->log(l->self, msg, MW_NOTICE, "lab", "judging");
	while (access(l->conf->wait, F_OK) == 0)
		(void)usleep(10000);
	l->host->log(l->self, msg, MW_NOTICE, "lab", "judged");
	return 0;
}

static int lab_able(void *inst, void *tx, struct mw_msg *msg, const struct mw_order *o, struct mw_err *err)
{
	const struct lab *l = inst;

	(void)tx;
	spin_in(l, "able");
	if (l->host->envelope(msg)->rcpt[o->rcpt].form == MW_ADDR_PLAIN)
		return 1;
	(void)l->host->fail(err, -ENOTSUP, "address form not supported");
	return 0;
}

static int lab_act(void *inst, void *tx, struct mw_msg *msg, const struct mw_order *o, struct mw_err *err)
{
	const struct lab *l = inst;
	const struct args_name *a = o->args;
	int r = 0;

	(void)tx;
	spin_in(l, "act");
	if (o->action == VIA)
		r = l->host->tag(l->self, msg, o->rcpt, a->name);
	if (o->action == STAMP)
		r = l->host->add_field(l->self, msg, a->name, " above\n\tfolded", true);
	if (o->action == STAMP && r == 0)
		r = l->host->add_field(l->self, msg, a->name, " below", false);
	if (o->action == STRIP)
		r = l->host->del_fields(l->self, msg, a->name);
	if (o->action == BREAK)
		r = -EIO;
	return r < 0 ? l->host->fail(err, r, "the lab breaks") : 0;
}

static void lab_end(void *inst, void *tx)
{
	(void)tx;
	spin_in(inst, "end");
}

MW_PLUGIN(lab, "lab", .kind = MW_KIND_MILTER, .version = "1", .licence = "Apache-2.0", .summary = "for tests",
	  .stages = MW_SEE_MESSAGE, .powers = MW_POWER_EDIT | MW_POWER_ROUTE, .options = options,
	  .conf_size = sizeof(struct conf), .actions = actions,
	  .hooks = {.open = lab_open,
		    .begin = lab_begin,
		    .see = lab_see,
		    .able = lab_able,
		    .act = lab_act,
		    .end = lab_end,
		    .close = lab_close});
