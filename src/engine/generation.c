/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/descriptor.h"
#include "engine/private.h"
#include "match/lint.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Powers whose modules touch the world outside of the process when they are opened. */
#define OUTSIDE (MW_POWER_KEYS | MW_POWER_STORE | MW_POWER_NETWORK | MW_POWER_RUN)

static size_t fact_rows(const struct mw_plugin *p)
{
	size_t n = 0;

	while (p->facts && p->facts[n].name)
		n++;
	return n;
}

/* ---- rules ------------------------------------------------------------------------------------------------------- */
const struct mw_check *mw_generation_check(const struct mw_generation *g, const char *name, const void **inst)
{
	for (size_t i = 0; i < g->plan->modules; i++)
		for (const struct mw_check *c = g->self[i].plugin->checks; c && c->name; c++)
			if (strcmp(c->name, name) == 0) {
				*inst = g->self[i].inst;
				return c;
			}
	return NULL;
}

struct report {
	struct mw_generation *gen;
	struct mw_diags *diags;
};

static const struct mw_check *report_check(void *ctx, const char *name, const void **inst)
{
	return mw_generation_check(((struct report *)ctx)->gen, name, inst);
}

static void report_rule(void *ctx, const struct mw_rule *rule, size_t offset, const char *text)
{
	struct mw_place place = {
	    .source = rule->file, .line = rule->line, .column = rule->column, .length = (uint32_t)strlen(rule->name)};
	struct mw_written at;

	if (offset != SIZE_MAX && mw_rule_written(rule, offset, &at))
		place = (struct mw_place){.source = at.file, .line = at.line, .column = at.column, .length = 1};
	mw_diag_add(((struct report *)ctx)->diags, MW_DIAG_ERROR, place, NULL, "rule \"%s\": %s", rule->name, text);
}

static bool report_sample(void *ctx, const struct mw_rule *rule, const struct mw_sample *s, bool is_hit)
{
	const struct mw_place place = {.source = s->file, .line = s->line, .column = s->column, .length = (uint32_t)s->text.n};

	if (s->level)
		mw_diag_add(((struct report *)ctx)->diags, MW_DIAG_ERROR, place, NULL,
			    is_hit ? "rule \"%s\" does not match its own hit at %u or more"
				   : "rule \"%s\" matches what it should miss at %u",
			    rule->name, s->level);
	else
		mw_diag_add(((struct report *)ctx)->diags, MW_DIAG_ERROR, place, NULL,
			    is_hit ? "rule \"%s\" does not match its own hit" : "rule \"%s\" matches what it should miss",
			    rule->name);
	return true;
}

static void report_lint(void *ctx, const struct mw_rule *rule, size_t offset, size_t length, const char *text, const char *hint)
{
	struct mw_written at = {.file = rule->file};
	struct mw_place place;

	(void)mw_rule_written(rule, offset, &at);
	place = (struct mw_place){.source = at.file, .line = at.line, .column = at.column, .length = (uint32_t)length};
	mw_diag_add(((struct report *)ctx)->diags, MW_DIAG_WARNING, place, hint, "rule \"%s\": %s", rule->name, text);
}

static int rules_lint(struct report *ctx, const struct mw_plan *plan, struct mw_err *err)
{
	int r = 0;

	for (size_t i = 0; i < plan->rules && r == 0; i++)
		r = mw_lint(&plan->rule[i], report_lint, ctx);
	return r < 0 ? mw_fail_memory(err) : 0;
}

/* What a reader or a limit of matching leaves open is a condition of its own. */
static void unread_lint(struct mw_diags *diags, const struct mw_plan *plan)
{
	const struct mw_line *line = mw_plan_unread_line(plan);

	if (line)
		mw_diag_add(diags, MW_DIAG_WARNING, line->place, "add a line: match unreadable to external then …",
			    "no line asks for what is unreadable: it goes as if nothing had been found in it");
}

/* Rules find the same with and without a prefilter, so one that fails is only said. */
static void prefilter_use(struct mw_generation *g, struct mw_diags *diags)
{
	for (size_t i = 0; i < g->plan->modules; i++) {
		struct mw_self *s = &g->self[i];
		struct mw_err why = {0};

		if (!s->opened || s->plugin->kind != MW_KIND_PREFILTER)
			continue;
		if (mw_ruleset_prefilter(g->rules, s->plugin->prefilter, s->inst, &why) < 0)
			mw_diag_add(diags, MW_DIAG_WARNING, s->row->place, "rules are matched without it", "module \"%s\": %.*s",
				    s->row->name, (int)sizeof(why.text) - 1, why.text);
		return;
	}
}

static int rules_compile(struct mw_generation *g, unsigned flags, struct mw_diags *diags, struct mw_err *err)
{
	struct report ctx = {.gen = g, .diags = diags};
	int r = mw_ruleset_compile(g->plan->rule, g->plan->rules, report_check, report_rule, &ctx, &g->rules, err);

	if (r == 0)
		prefilter_use(g, diags);
	if (r == 0 && (flags & MW_GEN_LINT))
		r = rules_lint(&ctx, g->plan, err);
	if (r == 0 && (flags & MW_GEN_LINT))
		unread_lint(diags, g->plan);
	if (r == 0 && (flags & MW_GEN_SAMPLES))
		r = mw_ruleset_samples(g->rules, report_sample, &ctx, err);
	if (r != 0)
		return r < 0 ? r : -EINVAL;
	g->rule = calloc(g->plan->rules ? g->plan->rules : 1, sizeof(*g->rule));
	if (!g->rule)
		return mw_fail_memory(err);
	for (size_t i = 0; i < g->plan->rules; i++)
		g->rule[i] = (struct mw_rule_info){.name = g->plan->rule[i].name, .kind = g->plan->rule[i].kind};
	g->pool = mw_pool_new(g->rules, g->key);
	return g->pool ? 0 : mw_fail_memory(err);
}

/* ---- modules ----------------------------------------------------------------------------------------------------- */
static int module_failed(const struct mw_self *s, int code, const struct mw_err *why, struct mw_err *err)
{
	return mw_fail(err, code, "module \"%s\": %.*s", s->row->name, (int)sizeof(why->text) - 1,
		       why->text[0] ? why->text : strerror(-code));
}

/* Is it left alone by this process, whatever it needs? */
static bool not_here(const struct mw_generation *g, const struct mw_plugin *p)
{
	return g->service && !(g->sealers && p->kind == MW_KIND_SEALER);
}

/* The code of a module, and the libraries that it needs, stay out of a process where it has nothing to do. */
static const struct mw_plugin *module_load(const struct mw_generation *g, struct mw_loader *loader, const char *name,
					   struct mw_err *err)
{
	const struct mw_plugin *p = mw_loader_describe(loader, name, err);

	if (!p || not_here(g, p) || (p->kind == MW_KIND_SERVICE && !p->hooks.check) ||
	    (p->kind == MW_KIND_EXTRACTOR && !p->hooks.check && !g->inside && !g->offline))
		return p;
	return mw_loader_load(loader, name, err);
}

static int modules_load(struct mw_generation *g, struct mw_loader *loader, struct mw_err *err)
{
	g->self = calloc(g->plan->modules ? g->plan->modules : 1, sizeof(*g->self));
	if (!g->self)
		return mw_fail_memory(err);
	for (size_t i = 0; i < g->plan->modules; i++) {
		struct mw_self *s = &g->self[i];
		struct mw_err why = {.code = -ENOEXEC};

		s->gen = g;
		s->row = &g->plan->module[i];
		s->index = (uint32_t)i;
		s->plugin = module_load(g, loader, s->row->name, &why);
		if (!s->plugin)
			return module_failed(s, why.code, &why, err);
		s->fact_base = g->facts;
		s->facts = fact_rows(s->plugin);
		g->facts += s->facts;
		if (s->row->milter)
			g->stages |= s->plugin->stages;
	}
	return 0;
}

/* Reads a site's data for its checks: the one thing outside that offline work looks at. */
static bool has_data(const struct mw_plugin *p)
{
	for (const struct mw_check *c = p->checks; c && c->name; c++)
		if (c->flags & MW_CHECK_DATA)
			return true;
	return false;
}

/* Does it stay closed where nothing outside of the process is touched? What a sealer's open() reads are public keys. */
static bool stays_closed(const struct mw_generation *g, const struct mw_plugin *p)
{
	if (p->kind == MW_KIND_SEALER)
		return false;
	return (g->offline && (p->powers & OUTSIDE) && !has_data(p)) || (g->dry && (p->powers & MW_POWER_STORE));
}

static int module_open(struct mw_generation *g, struct mw_self *s, struct mw_err *err)
{
	const struct mw_hooks *hooks = &s->plugin->hooks;
	int r;

	if (not_here(g, s->plugin))
		return 0;
	if (g->offline && has_data(s->plugin) && (s->plugin->powers & ~s->row->granted))
		return 0; /* a rules file that stands alone: nobody has set up its checkers */
	r = hooks->check ? hooks->check(&mw_host_table, s->row->conf, err) : 0;
	if (s->plugin->kind == MW_KIND_SERVICE)
		return r;
	if (r == 0 && s->plugin->kind == MW_KIND_EXTRACTOR && !g->inside) {
		s->reads = (s->plugin->powers & ~s->row->granted) == 0;
		return s->reads ? 0 : mw_fail(err, -EPERM, "it needs a power that the policy does not grant");
	}
	if (r < 0 || stays_closed(g, s->plugin))
		return r;
	if (s->plugin->powers & ~s->row->granted) /* the policy checker has said so before; never open without */
		return mw_fail(err, -EPERM, "it needs a power that the policy does not grant");
	s->reads = s->plugin->kind == MW_KIND_EXTRACTOR;
	s->opened = true; /* close() accepts what a failed open() left */
	r = hooks->open ? hooks->open(&mw_host_table, s, s->row->conf, &s->inst, err) : 0;
	if (r == 0 && g->sealers && s->plugin->sealer->unlock)
		r = s->plugin->sealer->unlock(s->inst, err);
	return r;
}

/* May offline work go on when it cannot be opened? */
static bool is_spared(const struct mw_generation *g, const struct mw_self *s)
{
	return s->opened && g->offline && (has_data(s->plugin) || s->plugin->kind == MW_KIND_SEALER);
}

/* Goes on without the data of a checker or sealer: no half of it stays. */
static void data_missing(struct mw_self *s, int code, const struct mw_err *why, struct mw_diags *diags)
{
	const char *hint =
	    s->plugin->sealer ? "its keys are not asked for, and count as there" : "rules with a check of it find nothing here";

	if (s->plugin->hooks.close)
		s->plugin->hooks.close(s->inst);
	s->inst = NULL;
	s->opened = false;
	mw_diag_add(diags, MW_DIAG_WARNING, s->row->place, hint, "module \"%s\": %.*s", s->row->name, (int)sizeof(why->text) - 1,
		    why->text[0] ? why->text : strerror(-code));
}

/* Checkers and prefilters are opened before the rules are compiled, which point to what they made; everything else after. */
static int modules_open(struct mw_generation *g, bool of_rules, struct mw_diags *diags, struct mw_err *err)
{
	for (size_t i = 0; i < g->plan->modules; i++) {
		struct mw_self *s = &g->self[i];
		struct mw_err why = {0};
		bool of_rule = s->plugin->kind == MW_KIND_CHECKER || s->plugin->kind == MW_KIND_PREFILTER;
		int r = of_rule == of_rules ? module_open(g, s, &why) : 0;

		if (r < 0 && is_spared(g, s))
			data_missing(s, r, &why, diags);
		else if (r < 0)
			return module_failed(s, r, &why, err);
	}
	return 0;
}

/* Programs that extractors run and that are not there: what they would read has a reason for the policy, so mail goes on. */
static void tools_look(const struct mw_generation *g, struct mw_diags *diags)
{
	for (size_t i = 0; i < g->plan->modules; i++) {
		const struct mw_plan_module *m = &g->plan->module[i];

		for (const struct mw_opt *row = m->plugin->options; m->conf && row && row->name; row++) {
			const char *path = NULL;

			if (row->flags & MW_TOOL)
				memcpy(&path, (const char *)m->conf + row->offset, sizeof(path));
			if (!path || access(path, X_OK) == 0)
				continue;
			mw_diag_add(diags, MW_DIAG_WARNING, m->place,
				    mw_arena_printf(diags->arena, "%s; what it reads is unreadable until then", row->help),
				    "module \"%s\" cannot run %s (%s): %s", m->name, path, row->name, strerror(errno));
		}
	}
}

/* Accepts what a failure left half built. */
static void generation_free(struct mw_generation *g)
{
	mw_readers_free(&g->readers);
	mw_pool_free(&g->pool);
	mw_ruleset_free(&g->rules); /* before its checkers and prefilters */
	for (size_t i = g->self ? g->plan->modules : 0; i-- > 0;) {
		struct mw_self *s = &g->self[i];

		if (s->opened && s->plugin->hooks.close)
			s->plugin->hooks.close(s->inst);
	}
	free(g->rule);
	free(g->self);
	mw_plan_free(&g->plan);
	explicit_bzero(g->key, sizeof(g->key));
	free(g);
}

int mw_generation_new(struct mw_loader *loader, const char *policy, const char *search, unsigned flags, struct mw_diags *diags,
		      struct mw_generation **ret, struct mw_err *err)
{
	struct mw_catalog catalog = mw_loader_catalog(loader);
	struct mw_generation *g = calloc(1, sizeof(*g));
	int r;

	if (!g)
		return mw_fail_memory(err);
	atomic_init(&g->refs, 1);
	g->tally = *mw_loader_tally(loader);
	g->offline = (flags & MW_GEN_OFFLINE) != 0;
	g->inside = (flags & MW_GEN_INSIDE) != 0;
	g->dry = (flags & MW_GEN_DRY) != 0;
	g->sealers = (flags & MW_GEN_SEALERS) != 0;
	g->service = g->sealers || (flags & MW_GEN_SERVICE);
	memcpy(g->key, mw_loader_key(loader), sizeof(g->key));
	r = mw_plan_load(policy, search, &catalog, diags, &g->plan);
	if (r == 0)
		r = modules_load(g, loader, err);
	if (r == 0 && !g->service)
		tools_look(g, diags);
	if (r == 0)
		r = modules_open(g, true, diags, err);
	if (r == 0 && !g->service)
		r = rules_compile(g, flags, diags, err);
	if (r == 0)
		r = modules_open(g, false, diags, err);
	if (r == 0 && !g->service)
		r = mw_generation_readers(g, loader, err);
	if (r < 0) {
		generation_free(g);
		return r;
	}
	g->latest_day = mw_loader_latest_day(loader);
	g->number = mw_loader_count(loader);
	*ret = g;
	return 0;
}

struct mw_generation *mw_generation_ref(struct mw_generation *g)
{
	(void)atomic_fetch_add_explicit(&g->refs, 1, memory_order_relaxed);
	return g;
}

void mw_generation_unref(struct mw_generation **gp)
{
	struct mw_generation *g = gp ? *gp : NULL;

	if (!g)
		return;
	*gp = NULL;
	if (atomic_fetch_sub_explicit(&g->refs, 1, memory_order_acq_rel) == 1)
		generation_free(g);
}

const struct mw_plan *mw_generation_plan(const struct mw_generation *g)
{
	return g->plan;
}

const struct mw_ruleset *mw_generation_rules(const struct mw_generation *g)
{
	return g->rules;
}

uint32_t mw_generation_stages(const struct mw_generation *g)
{
	return g->stages;
}

uint64_t mw_generation_number(const struct mw_generation *g)
{
	return g->number;
}

static const struct mw_self *find_service(const struct mw_generation *g, const char *name, size_t size)
{
	for (size_t i = 0; i < g->plan->modules; i++) {
		const struct mw_plugin *p = g->self[i].plugin;

		if ((p->kind == MW_KIND_SERVICE || mw_descriptor_custody(p)) && strcmp(g->self[i].row->name, name) == 0)
			return p->conf_size == size ? &g->self[i] : NULL;
	}
	return NULL;
}

int mw_generation_service(const struct mw_generation *g, struct mw_loader *loader, const char *name, size_t size,
			  const void **ret, struct mw_err *err)
{
	const struct mw_self *s = find_service(g, name, size);
	struct mw_err why = {.code = -ENOEXEC};
	const struct mw_plugin *p;
	int r = 0;

	if (!s)
		return mw_fail(err, -EINVAL, "no line `load %s { … }`, or its module is of another version", name);
	if (s->plugin->hooks.check) {
		p = mw_loader_load(loader, name, &why);
		r = p ? p->hooks.check(&mw_host_table, s->row->conf, &why) : why.code;
	}
	if (r < 0)
		return module_failed(s, r, &why, err);
	*ret = s->row->conf;
	return 0;
}

const struct mw_sealer *mw_generation_sealer(const struct mw_generation *g, size_t n, void **inst)
{
	for (size_t i = 0; i < g->plan->modules; i++) {
		const struct mw_self *s = &g->self[i];

		if (!s->opened || !s->plugin->sealer || mw_descriptor_custody(s->plugin) || n-- > 0)
			continue;
		*inst = s->inst;
		return s->plugin->sealer;
	}
	return NULL;
}

const struct mw_custody *mw_generation_custody(const struct mw_generation *g, void **inst)
{
	for (size_t i = 0; i < g->plan->modules; i++) {
		const struct mw_self *s = &g->self[i];
		const struct mw_custody *k = s->opened ? mw_descriptor_custody(s->plugin) : NULL;

		if (k) {
			*inst = s->inst;
			return k;
		}
	}
	return NULL;
}

void mw_generation_closed(struct mw_generation *g, struct mw_busy *busy)
{
	for (size_t i = 0; i < g->plan->modules; i++) {
		const struct mw_self *s = &g->self[i];

		struct mw_busy_mark mark;

		if (!s->opened || !s->row->milter || !s->plugin->hooks.see || !(s->plugin->stages & MW_SEE_CLOSE))
			continue;
		mark = mw_busy_enter(busy, s->plugin->name, "see");
		(void)s->plugin->hooks.see(s->inst, NULL, NULL, MW_SEE_CLOSE, NULL, 0, NULL);
		mw_busy_leave(busy, mark);
	}
}
