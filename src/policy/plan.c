/* SPDX-License-Identifier: Apache-2.0 */
/* From a file to a plan: parse, check, keep. */
#include "policy/check.h"
#include "policy/parse.h"
#include "policy/regex.h"

#include <errno.h>
#include <string.h>

#define PLAN_MAX ((size_t)1 << 30)    /* octets of a plan */
#define SCRATCH_MAX ((size_t)1 << 30) /* octets while it is made */

const char *mw_cause_name(uint32_t cause)
{
	static const char *const names[] = {
	    [MW_CAUSE_ERROR] = "error",
	    [MW_CAUSE_TIMEOUT] = "timeout",
	    [MW_CAUSE_LIMIT] = "limit",
	    [MW_CAUSE_LIMIT_FIRST + MW_LIMIT_SIZE] = "limit.size",
	    [MW_CAUSE_LIMIT_FIRST + MW_LIMIT_PARTS] = "limit.parts",
	    [MW_CAUSE_LIMIT_FIRST + MW_LIMIT_DEPTH] = "limit.depth",
	    [MW_CAUSE_LIMIT_FIRST + MW_LIMIT_HEADERS] = "limit.headers",
	    [MW_CAUSE_LIMIT_FIRST + MW_LIMIT_HEADER] = "limit.header",
	    [MW_CAUSE_LIMIT_FIRST + MW_LIMIT_RECIPIENTS] = "limit.recipients",
	    [MW_CAUSE_LIMIT_FIRST + MW_LIMIT_TEXT] = "limit.text",
	    [MW_CAUSE_LIMIT_FIRST + MW_LIMIT_FINDINGS] = "limit.findings",
	    [MW_CAUSE_LIMIT_FIRST + MW_LIMIT_MEMBERS] = "limit.members",
	    [MW_CAUSE_LIMIT_FIRST + MW_LIMIT_NESTING] = "limit.nesting",
	    [MW_CAUSE_LIMIT_FIRST + MW_LIMIT_UNPACKED] = "limit.unpacked",
	    [MW_CAUSE_LIMIT_FIRST + MW_LIMIT_RATIO] = "limit.ratio",
	    [MW_CAUSE_LIMIT_FIRST + MW_LIMIT_PAGES] = "limit.pages",
	    [MW_CAUSE_LIMIT_FIRST + MW_LIMIT_READING] = "limit.reading",
	};
	_Static_assert(sizeof(names) / sizeof(names[0]) == MW_CAUSES, "a name for each cause");

	return cause < MW_CAUSES ? names[cause] : "?";
}

static void check_all(struct mw_checker *c)
{
	void (*const steps[])(struct mw_checker *) = {mw_check_settings, mw_check_loads,    mw_check_tables,
						      mw_check_aliases,	 mw_check_consents, mw_check_fragments,
						      mw_check_rules,	 mw_check_classes,  mw_check_lines};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && !c->diags->no_memory; i++)
		steps[i](c);
	c->plan->modules = c->modules.n;
	c->plan->module = c->modules.v;
}

/* The names of the files, without their text: the plan lives longer than the diagnostics. */
static void keep_sources(struct mw_checker *c)
{
	struct mw_plan *plan = c->plan;
	size_t n = c->diags->sources;
	struct mw_source *v = mw_check_alloc(c, n, sizeof(*v));

	for (size_t i = 0; v && i < n; i++) {
		v[i].path = mw_arena_str(plan->arena, c->diags->source[i].path);
		v[i].shown = mw_arena_str(plan->arena, c->diags->source[i].shown);
		v[i].n = c->diags->source[i].n;
		if (!v[i].path || !v[i].shown)
			c->diags->no_memory = true;
	}
	plan->sources = v ? n : 0;
	plan->source = v;
	plan->path = v ? v[c->sources->first].path : "";
	plan->digest = mw_arena_str(plan->arena, mw_sources_digest(c->sources));
	if (!plan->digest)
		c->diags->no_memory = true;
}

static bool is_rules(const char *path)
{
	size_t n = strlen(path);

	return n > 6 && strcmp(path + n - 6, ".rules") == 0;
}

static void build(struct mw_plan *plan, struct mw_sources *sources, uint32_t first, struct mw_arena *scratch,
		  const struct mw_catalog *catalog)
{
	struct mw_ast ast = {0};
	struct mw_diags *diags = sources->diags;
	struct mw_parse parse = {.sources = sources, .diags = diags, .arena = plan->arena, .scratch = scratch, .ast = &ast};
	struct mw_checker checker = {.plan = plan,
				     .ast = &ast,
				     .diags = diags,
				     .sources = sources,
				     .catalog = catalog,
				     .arena = plan->arena,
				     .scratch = scratch,
				     .rules_only = is_rules(diags->source[first].path)};

	mw_parse_source(&parse, first);
	if (!diags->no_memory)
		check_all(&checker);
	if (!diags->no_memory)
		keep_sources(&checker);
}

static struct mw_plan *plan_new(void)
{
	struct mw_arena *arena = mw_arena_new(PLAN_MAX);
	struct mw_plan *plan = arena ? mw_arena_alloc(arena, sizeof(*plan)) : NULL;

	if (!plan) {
		mw_arena_free(&arena);
		return NULL;
	}
	plan->arena = arena;
	return plan;
}

void mw_plan_free(struct mw_plan **plan)
{
	struct mw_arena *arena;

	if (!plan || !*plan)
		return;
	for (struct mw_regex *r = (*plan)->regexes; r; r = r->next)
		mw_regex_free(r);
	arena = (*plan)->arena; /* the plan itself lives in it */
	mw_arena_free(&arena);
	*plan = NULL;
}

/* first: the policy's own source, which is read. */
static int load(struct mw_sources *sources, uint32_t first, const struct mw_catalog *catalog, struct mw_plan **ret)
{
	struct mw_diags *diags = sources->diags;
	struct mw_arena *scratch = mw_arena_new(SCRATCH_MAX);
	struct mw_plan *plan = plan_new();
	size_t errors = diags->errors;

	if (plan && scratch)
		build(plan, sources, first, scratch, catalog);
	else
		diags->no_memory = true;
	mw_arena_free(&scratch);
	if (diags->no_memory || diags->errors > errors) {
		mw_plan_free(&plan);
		return diags->no_memory ? -ENOMEM : -EINVAL;
	}
	*ret = plan;
	return 0;
}

int mw_plan_load(const char *path, const char *search, const struct mw_catalog *catalog, struct mw_diags *diags,
		 struct mw_plan **ret)
{
	struct mw_place nowhere = {.source = UINT32_MAX};
	struct mw_sources sources;
	uint32_t first;
	int r = mw_sources_open(&sources, diags, search);

	if (r == 0)
		r = mw_source_read(&sources, path, MW_SOURCE_MAX, nowhere, &first);
	if (r == 0)
		r = load(&sources, first, catalog, ret);
	mw_sources_close(&sources);
	return r;
}

int mw_plan_load_text(struct mw_str text, const char *shown, const struct mw_catalog *catalog, struct mw_diags *diags,
		      struct mw_plan **ret)
{
	struct mw_sources sources;
	uint32_t first;
	int r = text.n > MW_SOURCE_MAX ? -EFBIG : mw_sources_open(&sources, diags, NULL);

	if (r < 0)
		return r;
	sources.sealed = true;
	r = mw_source_add(&sources, shown, shown, text, &first);
	if (r == 0)
		r = load(&sources, first, catalog, ret);
	mw_sources_close(&sources);
	return r;
}
