/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match_bench: the scanner against plain PCRE2 with its just-in-time compiler, on the same texts in the same run.
 *     match_bench POLICIES FILE|FOLDER…
 * Prints a line for each comparison: name, our MB/s, theirs, the ratio and the aim. Rounds take turns, the best of each counts.
 *   patterns  every pattern of the shipped packs, with checks, context and digests, against pattern by pattern alone
 *   terms     every term of the packs in one walk, against one caseless pattern for each term (timed on a sample of them)
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "bench/texts.h"

#include "match/ruleset.h"
#include "policy/plan.h"

#include "base/file.h"

#include <errno.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 3
#define SAMPLE 50u /* terms that stand for all */

extern const struct mw_plugin mw_plugin_check_us;

/* ---- the packs --------------------------------------------------------------------------------------------------------------
 */

static const struct mw_plugin *find(void *ctx, const char *name, struct mw_err *err)
{
	(void)ctx;
	(void)err;
	return strcmp(name, "check-us") == 0 ? &mw_plugin_check_us : NULL;
}

static const struct mw_check *lookup(void *ctx, const char *name, const void **inst)
{
	(void)ctx;
	(void)inst;
	for (const struct mw_check *c = mw_plugin_check_us.checks; c->name; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static void refused(void *ctx, const struct mw_rule *r, size_t offset, const char *text)
{
	(void)ctx;
	(void)offset;
	fprintf(stderr, "rule %s: %s\n", r->name, text);
}

/* Rules of both packs: those with patterns first. */
static struct mw_rule *load(const char *policies, size_t *patterns, size_t *all)
{
	static const char *const packs[] = {"hipaa-identifiers.rules", "clinical.rules"}, *const names[] = {"check-us", NULL};
	static const struct mw_catalog catalog = {.find = find, .names = names};
	struct mw_plan *plan[2];
	struct mw_rule *v = mw_arena_array(texts.arena, 1000, sizeof(*v));

	*patterns = *all = 0;
	for (size_t i = 0; i < 2; i++) {
		struct mw_diags diags;

		mw_diags_init(&diags, texts.arena);
		if (mw_plan_load(mw_arena_printf(texts.arena, "%s/rules/%s", policies, packs[i]), policies, &catalog, &diags,
				 plan + i) < 0)
			die("the packs do not load");
	}
	for (size_t pass = 0; v && pass < 2; pass++)
		for (size_t i = 0; i < 2; i++)
			for (size_t k = 0; k < plan[i]->rules && *all < 1000; k++)
				if ((plan[i]->rule[k].terms > 0) == (pass == 1)) {
					v[(*all)++] = plan[i]->rule[k];
					*patterns += pass == 0;
				}
	return v;
}

/* ---- both sides -------------------------------------------------------------------------------------------------------------
 */

static double ours(const struct mw_rule *v, size_t n)
{
	static const unsigned char key[32] = "bench";
	struct mw_ruleset *set;
	struct mw_scratch *scratch;
	double began;

	if (mw_ruleset_compile(v, n, lookup, refused, NULL, &set, NULL) < 0)
		die("the rules do not compile");
	scratch = mw_scratch_new(set, key);
	if (!scratch)
		die("out of memory");
	began = seconds();
	for (size_t i = 0; i < texts.n; i++) {
		struct mw_arena *a = mw_arena_new(0);
		struct mw_findings found = {.max = 1000000};
		size_t rule;

		if (!a || mw_ruleset_scan(set, scratch, texts.v + i, a, 0, 0, &found, &rule) < 0)
			die("a scan fails");
		mw_arena_free(&a);
	}
	began = seconds() - began;
	mw_scratch_free(&scratch);
	mw_ruleset_free(&set);
	return began;
}

static pcre2_code *compile(const char *p, size_t n, uint32_t flags)
{
	int error;
	size_t offset;
	pcre2_code *c = pcre2_compile((PCRE2_SPTR)p, n, PCRE2_UTF | flags, &error, &offset, NULL);

	if (!c || pcre2_jit_compile(c, PCRE2_JIT_COMPLETE) < 0)
		die("PCRE2 does not compile a pattern");
	return c;
}

static double theirs(pcre2_code **code, size_t n)
{
	pcre2_match_data *data = pcre2_match_data_create(4, NULL);
	double began = seconds();

	for (size_t i = 0; i < texts.n; i++)
		for (size_t k = 0; k < n; k++) {
			struct mw_str t = texts.v[i].text;
			size_t at = 0;

			while (at < t.n && pcre2_match(code[k], (PCRE2_SPTR)t.p, t.n, at, PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY,
						       data, NULL) > 0)
				at = pcre2_get_ovector_pointer(data)[1];
		}
	began = seconds() - began;
	pcre2_match_data_free(data);
	return began;
}

static void compare(const char *name, const struct mw_rule *v, size_t n, pcre2_code **code, size_t codes, double scale,
		    double aim)
{
	double us = 1e9, them = 1e9, mb = (double)texts.octets / 1e6;

	for (int i = 0; i < ROUNDS; i++) {
		double a = ours(v, n), b = theirs(code, codes) * scale;

		us = a < us ? a : us;
		them = b < them ? b : them;
	}
	printf("%-10s %8.1f MB/s, PCRE2 alone %8.3f MB/s, ratio %8.2f (aim: at least %g)\n", name, mb / us, mb / them, them / us,
	       aim);
}

/* Every so many-th of all terms as "\bTERM\b", caseless. */
static size_t sample_terms(const struct mw_rule *v, size_t n, pcre2_code **code, size_t *terms)
{
	size_t codes = 0, at = 0;

	*terms = 0;
	for (size_t i = 0; i < n; i++)
		*terms += v[i].terms;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i].terms; k++, at++) {
			const char *s = mw_arena_printf(texts.arena, "\\b\\Q%s\\E\\b", v[i].term[k]);

			if (at % (*terms / SAMPLE + 1) == 0 && s && codes < SAMPLE)
				code[codes++] = compile(s, strlen(s), PCRE2_CASELESS);
		}
	return codes;
}

int main(int argc, char **argv)
{
	pcre2_code *code[1000];
	struct mw_rule *rules;
	size_t patterns, all, terms, codes;

	if (argc < 3)
		die("usage: match_bench POLICIES FILE|FOLDER…");
	texts_begin();
	rules = load(argv[1], &patterns, &all);
	texts_read(argv + 2, argc - 2);
	printf("%zu texts, %.1f MB, %zu patterns\n", texts.n, (double)texts.octets / 1e6, patterns);
	for (size_t i = 0; i < patterns; i++)
		code[i] = compile(rules[i].pattern.p, rules[i].pattern.n,
				  (rules[i].caseless ? PCRE2_CASELESS : 0u) | (rules[i].extended ? PCRE2_EXTENDED : 0u));
	compare("patterns", rules, patterns, code, patterns, 1, 1);
	for (size_t i = 0; i < patterns; i++)
		pcre2_code_free(code[i]);
	codes = sample_terms(rules + patterns, all - patterns, code, &terms);
	printf("%zu terms, a sample of %zu\n", terms, codes);
	compare("terms", rules + patterns, all - patterns, code, codes, (double)terms / (double)codes, 10);
	for (size_t i = 0; i < codes; i++)
		pcre2_code_free(code[i]);
	return 0;
}
