/* SPDX-License-Identifier: Apache-2.0 */
/* milwardctl MODULE COMMAND: a module brings its own commands, so that a new milter adds no line here. */
#include "ctl/ctl.h"
#include "ctl/trail.h"

#include <stdio.h>
#include <string.h>

#define CTL_ARGS_MOST 64 /* of a command under another name */

static void no_log(struct mw_self *self, struct mw_msg *msg, enum mw_log_level level, const char *event, const char *fmt, ...)
    MW_PRINTF(5, 6);

static void no_log(struct mw_self *self, struct mw_msg *msg, enum mw_log_level level, const char *event, const char *fmt, ...)
{
	va_list ap;

	(void)self;
	(void)msg;
	if (level > MW_WARNING)
		return;
	fprintf(stderr, "milwardctl: %s: ", event);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

/* Commands work on files, not on messages: they get errors, the log, and the names of the audit files. */
struct command_host {
	struct mw_host host; /* first: what a command has is its address */
	size_t trails;
	struct ctl_trail trail[CTL_TRAILS];
};

static const char *audit_file(const struct mw_host *host, size_t i, const char **key)
{
	const struct command_host *h = (const struct command_host *)(const void *)host;

	if (i >= h->trails)
		return NULL;
	*key = h->trail[i].key;
	return h->trail[i].path;
}

int ctl_command_run(const struct mw_command *command, const struct mw_plan *plan, const void *conf, int argc, char **argv)
{
	struct command_host h = {.host = {.size = sizeof(h.host),
					  .abi_major = MW_ABI_MAJOR,
					  .abi_minor = MW_ABI_MINOR,
					  .fail = mw_fail,
					  .log = no_log,
					  .audit_file = audit_file}};

	h.trails = plan ? ctl_trails_once(plan, h.trail) : 0;
	return command->run(&h.host, conf, argc, argv);
}

static void print_commands(const struct ctl *ctl, const struct mw_plugin *plugin)
{
	for (const struct mw_command *c = plugin->commands; c->name; c++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "%s%s%s", plugin->name, *c->name ? " " : "", c->name);
		printf("  %s%-15s%s %-37s %s\n", ctl_style(ctl, CTL_BOLD), name, ctl_style(ctl, CTL_PLAIN), c->args, c->help);
	}
}

void ctl_module_help(struct ctl *ctl)
{
	const struct mw_catalog catalog = mw_loader_catalog(ctl->loader);

	for (const char *const *name = catalog.names; name && *name; name++) {
		const struct mw_plugin *plugin = mw_loader_describe(ctl->loader, *name, NULL);

		if (plugin && plugin->commands)
			print_commands(ctl, plugin);
	}
}

/* The module's options as the policy gives them, so that file names need not be repeated. NULL: no policy, or not loaded in it. */
static const void *module_conf(struct ctl *ctl, const char *name, struct mw_generation **gen)
{
	const struct mw_plan *plan;

	if (!ctl->policy)
		return NULL;
	*gen = ctl_generation_options(ctl, ctl->policy);
	if (!*gen)
		return NULL;
	plan = mw_generation_plan(*gen);
	for (size_t i = 0; i < plan->modules; i++)
		if (strcmp(plan->module[i].name, name) == 0)
			return plan->module[i].conf;
	return NULL;
}

static int run(struct ctl *ctl, const struct mw_plugin *plugin, const struct mw_command *command, int argc, char **argv)
{
	struct mw_generation *gen = NULL;
	const void *conf = module_conf(ctl, plugin->name, &gen);
	int r;

	if (ctl->policy && !gen)
		return CTL_FAILED;
	r = ctl_command_run(command, gen ? mw_generation_plan(gen) : NULL, conf, argc, argv);
	mw_generation_unref(&gen);
	return r;
}

static bool is_installed(struct ctl *ctl, const char *name)
{
	const char *const *v = mw_loader_catalog(ctl->loader).names;

	while (v && *v && strcmp(*v, name) != 0)
		v++;
	return v && *v;
}

/* Commands of modules that people look for under another name: `dmarc report` is `auth dmarc report`,
 * `report` is `audit report`. */
static const struct {
	const char *word, *module;
} others[] = {{"dmarc", "auth"}, {"report", "audit"}};

void ctl_module_words(struct ctl *ctl)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (is_installed(ctl, others[i].module))
			printf(" %s", others[i].word);
}

static int run_module(struct ctl *ctl, int argc, char **argv)
{
	struct mw_err err = {0};
	const struct mw_plugin *plugin = mw_loader_describe(ctl->loader, argv[0], &err);

	if (!plugin && is_installed(ctl, argv[0]))
		return ctl_fail("%s", err.text); /* a file that others may write, for instance */
	if (!plugin || !plugin->commands)
		return -1;
	plugin = mw_loader_load(ctl->loader, argv[0], &err);
	if (!plugin)
		return ctl_fail("%s", err.text);
	if (ctl_asks_help(argc, argv)) {
		print_commands(ctl, plugin);
		return CTL_OK;
	}
	for (const struct mw_command *c = plugin->commands; argc > 1 && c->name; c++) {
		if (!*c->name || strcmp(argv[1], c->name) != 0)
			continue;
		if (!ctl_asks_help(argc - 1, argv + 1))
			return run(ctl, plugin, c, argc - 1, argv + 1);
		printf("usage: milwardctl %s %s %s\n%s\n", plugin->name, c->name, c->args, c->help);
		return CTL_OK;
	}
	for (const struct mw_command *c = plugin->commands; argc > 1 && c->name; c++)
		if (!*c->name)
			return run(ctl, plugin, c, argc, argv);
	fprintf(stderr, "milwardctl %s: %s%s%s\n", plugin->name, argc > 1 ? "no command \"" : "which command?",
		argc > 1 ? argv[1] : "", argc > 1 ? "\"" : "");
	print_commands(ctl, plugin);
	return CTL_USAGE;
}

int ctl_module(struct ctl *ctl, int argc, char **argv)
{
	char *whole[CTL_ARGS_MOST + 2], module[32];

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strcmp(argv[0], others[i].word) != 0 || argc >= CTL_ARGS_MOST || !is_installed(ctl, others[i].module))
			continue;
		(void)snprintf(module, sizeof(module), "%s", others[i].module);
		whole[0] = module;
		memcpy(whole + 1, argv, (size_t)(argc + 1) * sizeof(*argv));
		return run_module(ctl, argc + 1, whole);
	}
	return run_module(ctl, argc, argv);
}
