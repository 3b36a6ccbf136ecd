/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mutate: would a sample notice if a rule were disabled or loosened? Each mutant is compiled with the rules that are its context,
 * and tried on the rule's own samples, several at a time: those of one rule in batches, which share the context.
 */
#include "ctl/mutate.h"

#include "ctl/mutants.h"
#include "ctl/suggest.h"
#include "ctl/walk.h"

#include "base/str.h"
#include "policy/text.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 8
#define BATCH_MAX 32 /* mutants compiled at once: a rule's context costs more than the rule */

enum fate {
	NOT_TRIED = 0,
	NOTICED,
	SURVIVED,
	NO_RULE, /* what is left is no rule: the checker notices */
	BROKEN,
	COUNTED, /* with an earlier one that is the same slip in another rule */
	FATES
};

struct run {
	const struct mw_plan *plan;
	struct mw_generation *gen;
	struct mutants mutants;
	const uint32_t *rule_of; /* of each mutant */
	uint32_t *first;	 /* the first mutant that is the same slip */
	enum fate *fate;
	char **sample;	      /* that a survivor asks for; NULL: none was found */
	pthread_mutex_t lock; /* next, progress */
	size_t next;
	bool suggesting; /* all were tried: now for samples that survivors ask for */
	time_t until;
	struct ctl_progress progress;
};

static const struct mw_check *lookup(void *ctx, const char *name, const void **inst)
{
	return mw_generation_check(((const struct run *)ctx)->gen, name, inst);
}

static void refused(void *ctx, const struct mw_rule *rule, size_t offset, const char *text)
{
	(void)ctx;
	(void)rule;
	(void)offset;
	(void)text;
}

/* ---- mutants of one rule ----------------------------------------------------------------------------------------- */
/* The rules that mutants need: they themselves first, then those that are context, and so on. place: rule of the plan -> index here. */
struct set {
	struct mw_rule *v;
	uint32_t *from, *place; /* rule of the plan that each is; UINT32_MAX: not here */
	size_t n, mutants;
	bool asked_back; /* context asks for the rule that is changed: which of several mutants would it be? */
};

static uint32_t set_take(struct set *s, uint32_t rule)
{
	s->asked_back |= s->n && rule == s->from[0];
	if (s->place[rule] == UINT32_MAX) {
		s->place[rule] = (uint32_t)s->n;
		s->from[s->n++] = rule;
	}
	return s->place[rule];
}

/* Copies the context of the i-th rule with its indices changed, and takes what it names. */
static int set_near(struct set *s, struct mw_arena *arena, size_t i)
{
	struct mw_rule *r = &s->v[i];
	struct mw_near *near = mw_arena_array(arena, r->nears ? r->nears : 1, sizeof(*near));

	for (size_t k = 0; near && k < r->nears; k++) {
		uint32_t *index = mw_arena_array(arena, r->near[k].rules ? r->near[k].rules : 1, sizeof(*index));

		if (!index)
			return -ENOMEM;
		near[k] = r->near[k];
		for (size_t j = 0; j < near[k].rules; j++)
			index[j] = set_take(s, near[k].rule[j]);
		near[k].rule = index;
	}
	r->near = near;
	return near ? 0 : -ENOMEM;
}

/* n > 0 mutants of one rule. */
static int set_make(struct set *s, struct mw_arena *arena, const struct mw_plan *plan, const struct mutant *m, size_t n,
		    uint32_t rule)
{
	int r = 0;

	s->v = mw_arena_array(arena, n + plan->rules, sizeof(*s->v));
	s->from = mw_arena_array(arena, n + plan->rules, sizeof(*s->from));
	s->place = mw_arena_array(arena, plan->rules, sizeof(*s->place));
	if (!s->v || !s->from || !s->place)
		return -ENOMEM;
	memset(s->place, 0xff, plan->rules * sizeof(*s->place));
	s->place[rule] = 0;
	s->asked_back = false;
	for (s->n = 0; s->n < n; s->n++)
		s->from[s->n] = rule;
	s->mutants = n;
	for (size_t i = 0; i < s->n && r == 0; i++) {
		s->v[i] = i < n ? m[i].rule : plan->rule[s->from[i]];
		if (i >= n)
			s->v[i].hits = s->v[i].misses = 0; /* the samples of the others are not asked */
		r = set_near(s, arena, i);
	}
	return r;
}

/* The samples that failed, as marks behind the first one of the list. */
struct failures {
	const struct mw_sample *first;
	bool *failed;
};

static bool sample_failed(void *ctx, const struct mw_rule *rule, const struct mw_sample *sample, bool is_hit)
{
	const struct failures *f = ctx;

	(void)rule;
	(void)is_hit;
	f->failed[sample - f->first] = true;
	return true;
}

/* ---- the sample that is missing ---------------------------------------------------------------------------------- */
/* Marks of candidates that are no hit (or no miss) of the set's first rule. */
static int try_candidates(struct set *s, const struct mw_ruleset *set, const struct suggest *c, bool as_hits, bool *failed)
{
	struct failures f = {.first = c->v, .failed = failed};
	struct mw_rule kept = s->v[0];
	struct mw_err err;
	int r;

	s->v[0].hits = as_hits ? c->n : 0;
	s->v[0].hit = c->v;
	s->v[0].misses = as_hits ? 0 : c->n;
	s->v[0].miss = c->v;
	r = mw_ruleset_samples(set, sample_failed, &f, &err);
	s->v[0] = kept;
	return r < 0 ? r : 0;
}

/* A variation of one of the rule's samples that tells the two apart. 0 with *found still NULL: none does. */
static int suggest_from(struct set *rule, const struct mw_ruleset *is, struct set *mutant, const struct mw_ruleset *would,
			bool loosened, struct mw_str text, char **found)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct suggest c = {.n = 0};
	bool *failed = NULL;
	int r = arena ? suggest_vary(&c, arena, &rule->v[0], text) : -ENOMEM;

	if (r == 0) {
		failed = mw_arena_array(arena, c.n, sizeof(*failed));
		r = failed ? 0 : -ENOMEM;
	}
	if (r == 0)
		r = try_candidates(rule, is, &c, !loosened, failed);
	if (r == 0)
		r = try_candidates(mutant, would, &c, loosened, failed);
	for (size_t i = 0; r == 0 && i < c.n && !*found; i++) {
		if (failed[i])
			continue;
		*found = strndup(c.v[i].text.p, c.v[i].text.n);
		r = *found ? 0 : -ENOMEM;
	}
	mw_arena_free(&arena);
	return r;
}

static int suggest(struct run *run, const struct mutant *m, struct set *mutant, const struct mw_ruleset *would, uint32_t rule,
		   char **found)
{
	const struct mutant same = {.rule = run->plan->rule[rule]};
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_ruleset *is = NULL;
	struct set original;
	struct mw_err err;
	int r = arena ? set_make(&original, arena, run->plan, &same, 1, rule) : -ENOMEM;

	if (r == 0)
		r = mw_ruleset_compile(original.v, original.n, lookup, refused, run, &is, &err);
	for (size_t i = 0; i < same.rule.hits && r == 0 && !*found; i++)
		r = suggest_from(&original, is, mutant, would, m->loosened, same.rule.hit[i].text, found);
	for (size_t i = 0; i < same.rule.misses && r == 0 && !*found; i++)
		r = suggest_from(&original, is, mutant, would, m->loosened, same.rule.miss[i].text, found);
	mw_ruleset_free(&is);
	mw_arena_free(&arena);
	return r;
}

/* ---- trying ------------------------------------------------------------------------------------------------------ */
/* Mutants of one rule that stand side by side, and what became of each. */
struct batch {
	size_t first, n;
	enum fate fate[BATCH_MAX];
	const struct mw_rule *v; /* what of them was compiled */
};

/* One sample that notices is enough of a mutant. */
static bool mutant_noticed(void *ctx, const struct mw_rule *rule, const struct mw_sample *sample, bool is_hit)
{
	struct batch *b = ctx;

	(void)sample;
	(void)is_hit;
	b->fate[rule - b->v] = NOTICED;
	return false;
}

/* 0: each has its fate. -EINVAL: one of them is no rule, or of several it cannot be said which the context means. */
static int try_set(struct run *run, struct set *s, struct batch *b)
{
	struct mw_ruleset *set = NULL;
	struct mw_err err;
	int r = s->mutants > 1 && s->asked_back ? -EINVAL : mw_ruleset_compile(s->v, s->n, lookup, refused, run, &set, &err);

	if (r == 0 && run->suggesting) {
		r = suggest(run, &run->mutants.v[b->first], s, set, run->rule_of[b->first], &run->sample[b->first]);
		b->fate[0] = SURVIVED;
	} else if (r == 0) {
		for (size_t i = 0; i < b->n; i++)
			b->fate[i] = SURVIVED;
		b->v = s->v;
		r = mw_ruleset_samples(set, mutant_noticed, b, &err);
	}
	mw_ruleset_free(&set);
	return r < 0 ? r : 0;
}

static int try_together(struct run *run, struct batch *b)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct set set;
	int r = arena ? set_make(&set, arena, run->plan, &run->mutants.v[b->first], b->n, run->rule_of[b->first]) : -ENOMEM;

	if (r == 0)
		r = try_set(run, &set, b);
	mw_arena_free(&arena);
	return r;
}

static void try_batch(struct run *run, struct batch *b)
{
	const struct mutant *m = &run->mutants.v[b->first];
	int r;

	if (m->disabled) {
		b->fate[0] = m->rule.hits ? NOTICED : SURVIVED;
		return;
	}
	r = try_together(run, b);
	if (r == 0)
		return;
	if (b->n == 1)
		b->fate[0] = r == -EINVAL ? NO_RULE : BROKEN;
	/* What one of many spoils, or many are too much for, each has alone. */
	for (size_t i = 0; b->n > 1 && i < b->n; i++) {
		struct batch one = {.first = b->first + i, .n = 1};

		try_batch(run, &one);
		b->fate[i] = one.fate[0];
	}
}

/* ---- all of them ------------------------------------------------------------------------------------------------- */
static bool is_noticed(enum fate fate)
{
	return fate == NOTICED || fate == NO_RULE;
}

/* May the mutant be tried with those before it? Samples that are missing are looked for one at a time. */
static bool goes_with(const struct run *run, const struct batch *b, size_t i)
{
	return b->n == 0 ||
	       (!run->suggesting && b->n < BATCH_MAX && i == b->first + b->n && run->rule_of[i] == run->rule_of[b->first] &&
		!run->mutants.v[i].disabled && !run->mutants.v[b->first].disabled);
}

/* The next ones that there is something to do about; false: none. */
static bool take_next(struct run *run, struct batch *b)
{
	*b = (struct batch){.n = 0};
	(void)pthread_mutex_lock(&run->lock);
	for (; run->next < run->mutants.n && time(NULL) <= run->until; run->next++) {
		size_t at = run->next;
		bool known = is_noticed(run->fate[run->first[at]]);

		if (run->suggesting ? run->fate[at] == SURVIVED : !known) {
			if (!goes_with(run, b, at))
				break;
			b->first = b->n ? b->first : at;
			b->n++;
		} else if (!run->suggesting) {
			run->fate[at] = COUNTED;
		}
		ctl_progress_step(&run->progress);
	}
	(void)pthread_mutex_unlock(&run->lock);
	return b->n > 0;
}

static void *work(void *ctx)
{
	struct run *run = ctx;
	struct batch b;

	while (take_next(run, &b)) {
		try_batch(run, &b);
		(void)pthread_mutex_lock(&run->lock);
		for (size_t i = 0; i < b.n; i++) {
			run->fate[b.first + i] = b.fate[i];
			if (is_noticed(b.fate[i]))
				run->fate[run->first[b.first + i]] = b.fate[i];
		}
		(void)pthread_mutex_unlock(&run->lock);
	}
	return NULL;
}

static void work_all(struct run *run, const char *what)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t thread[THREADS_MAX];
	int started = 0;

	run->next = 0;
	ctl_progress_begin(&run->progress, what, run->mutants.n);
	while (started < n - 1 && started < THREADS_MAX && pthread_create(&thread[started], NULL, work, run) == 0)
		started++;
	(void)work(run); /* this thread works too */
	for (int i = 0; i < started; i++)
		(void)pthread_join(thread[i], NULL);
	ctl_progress_clear(&run->progress);
}

/* What one slip made of several rules counts once: noticed by a sample of any, else what the first one says. */
static void try_all(struct run *run)
{
	work_all(run, "mutants");
	for (size_t i = 0; i < run->mutants.n; i++) {
		size_t first = run->first[i];

		if (first == i)
			continue;
		if (!is_noticed(run->fate[first]) && (run->fate[i] == BROKEN || run->fate[i] == NOT_TRIED))
			run->fate[first] = run->fate[i];
		run->fate[i] = COUNTED;
	}
	run->suggesting = true;
	work_all(run, "samples that are missing");
}

/* Fills in run->first. */
static void find_first(struct run *run)
{
	for (size_t i = 0; i < run->mutants.n; i++) {
		size_t k = 0;

		while (k < i && !mutants_same(&run->mutants.v[k], &run->mutants.v[i]))
			k++;
		run->first[i] = (uint32_t)k;
	}
}

static int make_mutants(struct run *run, struct mw_arena *arena)
{
	uint32_t *rule_of = NULL;
	size_t cap = 0;

	for (uint32_t i = 0; i < run->plan->rules; i++) {
		const struct mw_rule *rule = &run->plan->rule[i];
		const void *inst;
		const struct mw_check *check = rule->check ? mw_generation_check(run->gen, rule->check, &inst) : NULL;
		size_t before = run->mutants.n;
		int r = mutants_add(&run->mutants, arena, run->plan->rule, i, check && (check->flags & MW_CHECK_DATA));

		if (r == 0)
			rule_of = mw_arena_grow(arena, rule_of, &cap, run->mutants.n + 1, sizeof(*rule_of));
		if (r < 0 || !rule_of)
			return -ENOMEM;
		while (before < run->mutants.n)
			rule_of[before++] = i;
	}
	run->rule_of = rule_of;
	run->fate = mw_arena_array(arena, run->mutants.n + 1, sizeof(*run->fate));
	run->sample = mw_arena_array(arena, run->mutants.n + 1, sizeof(*run->sample));
	run->first = mw_arena_array(arena, run->mutants.n + 1, sizeof(*run->first));
	if (!run->fate || !run->sample || !run->first)
		return -ENOMEM;
	find_first(run);
	return 0;
}

/* ---- what came of it --------------------------------------------------------------------------------------------- */
static void print_survivor(const struct ctl *ctl, const struct run *run, size_t i, bool json)
{
	const struct mutant *m = &run->mutants.v[i];
	const char *file = run->plan->source[m->file].shown, *word = m->loosened ? "miss" : "hit";
	struct mw_buf sample = MW_BUF_INIT;
	json_t *row;

	if (run->sample[i])
		mw_text_quote(run->sample[i], &sample);
	else
		mw_buf_puts(&sample, "\"...\", or it is superfluous");
	if (json) {
		row = json_pack("{s:o, s:i, s:i, s:s, s:o, s:s}", "file", ctl_json_text(mw_str(file)), "line", (int)m->line,
				"column", (int)m->column, "rule", m->rule.name, "mutant", ctl_json_text(mw_str(m->what)), "add",
				word);
		if (run->sample[i])
			json_object_set_new(row, "sample", ctl_json_text(mw_str(run->sample[i])));
		ctl_json_line(row);
	} else {
		printf("%s%s:%u:%u:%s rule \"%s\": no sample notices: %s%s%s, add: %s %s\n", ctl_style(ctl, CTL_BOLD), file,
		       m->line, m->column, ctl_style(ctl, CTL_PLAIN), m->rule.name, ctl_style(ctl, CTL_YELLOW), m->what,
		       ctl_style(ctl, CTL_PLAIN), word, mw_buf_text(&sample));
	}
	if (!mw_buf_ok(&sample))
		ctl_output_lost();
	mw_buf_free(&sample);
}

static int print_run(const struct ctl *ctl, const struct run *run, struct ctl_mutate *how)
{
	size_t count[FATES] = {0}, tried;

	for (size_t i = 0; i < run->mutants.n; i++) {
		count[run->fate[i]]++;
		if (run->fate[i] == SURVIVED)
			print_survivor(ctl, run, i, how->json);
		free(run->sample[i]);
	}
	how->survived += count[SURVIVED];
	tried = run->mutants.n - count[NOT_TRIED] - count[COUNTED];
	if (how->json)
		ctl_json_line(json_pack("{s:{s:o, s:I, s:I, s:I}}", "mutants", "file",
					ctl_json_text(mw_str(run->plan->source[0].shown)), "tried", (json_int_t)tried, "survived",
					(json_int_t)count[SURVIVED], "not_tried", (json_int_t)count[NOT_TRIED]));
	else
		printf("%s: %zu mutants, %s%zu survive%s\n", run->plan->source[0].shown, tried,
		       ctl_style(ctl, count[SURVIVED] ? CTL_YELLOW : CTL_GREEN), count[SURVIVED], ctl_style(ctl, CTL_PLAIN));
	if (count[BROKEN])
		return ctl_fail("%zu mutants could not be tried: out of memory, or a limit of matching", count[BROKEN]);
	if (count[NOT_TRIED])
		return ctl_fail("%zu mutants were not tried in %ld seconds", count[NOT_TRIED], how->seconds);
	return CTL_OK;
}

int ctl_mutate(struct ctl *ctl, struct mw_generation *gen, struct ctl_mutate *how)
{
	struct run run = {.plan = mw_generation_plan(gen), .gen = gen, .until = time(NULL) + how->seconds};
	struct mw_arena *arena = mw_arena_new(0);
	int r = CTL_FAILED;

	if (arena && make_mutants(&run, arena) == 0 && pthread_mutex_init(&run.lock, NULL) == 0) {
		try_all(&run);
		r = print_run(ctl, &run, how);
		(void)pthread_mutex_destroy(&run.lock);
	} else {
		ctl_fail("out of memory");
	}
	mw_arena_free(&arena);
	return r;
}
