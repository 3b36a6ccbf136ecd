/* SPDX-License-Identifier: Apache-2.0 */
/*
 * match_many: many patterns and many terms over real mail, in one run:
 *     match_many PATTERNS MODULES TERMS[,TERMS…] FILE|FOLDER…
 * PATTERNS: lines of name, flags, pattern (match.patterns). MODULES: folder with prefilter-hs.so, where it is built.
 * Prints what each aim is measured by. Times are of the processor, the best of some rounds that take turns.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "bench/texts.h"

#include "base/file.h"
#include "engine/loader.h"
#include "match/ruleset.h"

#include <errno.h>
#include <pcre2.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS 3
#define PATTERNS_MAX 2000u
#define TERMS 20000u
#define TERMS_MANY 100000u
#define MESSAGE 4096u
#define THREADS 4

static struct {
	struct mw_rule rule[PATTERNS_MAX + 1];
	pcre2_code *code[PATTERNS_MAX];
	const char **term;
	size_t patterns, terms, cap;
} set_of;

static const struct mw_level level = {.confidence = 50};
static const unsigned char key[32] = "bench";

/* ---- what is looked for, and where -------------------------------------------------------------------------------------------
 */

static char *file_lines(const char *path)
{
	struct mw_str text;
	struct mw_err err;

	if (mw_file_read(texts.arena, path, TEXT_MAX, &text, &err) < 0)
		die(err.text);
	return mw_arena_dup(texts.arena, text.p, text.n);
}

static pcre2_code *compile_alone(const struct mw_rule *r)
{
	int error;
	size_t offset;
	pcre2_code *c = pcre2_compile((PCRE2_SPTR)r->pattern.p, r->pattern.n, PCRE2_UTF | (r->caseless ? PCRE2_CASELESS : 0u),
				      &error, &offset, NULL);

	if (!c || pcre2_jit_compile(c, PCRE2_JIT_COMPLETE) < 0)
		die(r->name);
	return c;
}

static void patterns_load(const char *path)
{
	char *rest = file_lines(path), *line;

	while ((line = strsep(&rest, "\n")) && set_of.patterns < PATTERNS_MAX) {
		struct mw_rule *r = &set_of.rule[set_of.patterns];
		char *name = strsep(&line, "\t"), *flags = strsep(&line, "\t");

		if (*name == '#' || !flags || !line)
			continue;
		*r = (struct mw_rule){.name = name, .kind = MW_IDENTIFIER, .levels = 1, .level = &level};
		r->pattern = (struct mw_str){.p = line, .n = strlen(line)};
		r->caseless = *flags == 'i';
		set_of.code[set_of.patterns++] = compile_alone(r);
	}
}

static void terms_load(char *paths)
{
	char *path;

	while ((path = strsep(&paths, ","))) {
		char *rest = file_lines(path), *line;

		while ((line = strsep(&rest, "\n"))) {
			if (!*line || *line == '#')
				continue;
			set_of.term =
			    mw_arena_grow(texts.arena, set_of.term, &set_of.cap, set_of.terms + 1, sizeof(*set_of.term));
			if (!set_of.term)
				die("out of memory");
			set_of.term[set_of.terms++] = line;
		}
	}
}

/* As many terms as wanted: those of the files, then these with a word in front. */
static const char **terms_many(size_t n)
{
	const char **v = mw_arena_array(texts.arena, n, sizeof(*v));

	for (size_t i = 0; v && i < n; i++) {
		v[i] = set_of.term[i % set_of.terms];
		if (i >= set_of.terms)
			v[i] = mw_arena_printf(texts.arena, "kind%zu %s", i / set_of.terms, v[i]);
		if (!v[i])
			die("out of memory");
	}
	return v;
}

static void refused(void *ctx, const struct mw_rule *r, size_t offset, const char *text)
{
	(void)ctx;
	(void)offset;
	fprintf(stderr, "rule %s: %s\n", r->name, text);
}

static struct mw_ruleset *compile(size_t patterns, size_t terms)
{
	struct mw_rule *v = mw_arena_array(texts.arena, patterns + 1, sizeof(*v));
	struct mw_ruleset *set;

	if (!v)
		die("out of memory");
	memcpy(v, set_of.rule, patterns * sizeof(*v));
	if (terms)
		v[patterns++] = (struct mw_rule){.name = "terms",
						 .kind = MW_CLINICAL,
						 .levels = 1,
						 .level = &level,
						 .terms = terms,
						 .term = terms_many(terms),
						 .whole_word = true};
	if (mw_ruleset_compile(v, patterns, NULL, refused, NULL, &set, NULL) < 0)
		die("the rules do not compile");
	return set;
}

/* ---- both sides --------------------------------------------------------------------------------------------------------------
 */

static double scan_texts(const struct mw_ruleset *set, const struct mw_folded *v, size_t n, size_t *findings)
{
	struct mw_scratch *scratch = mw_scratch_new(set, key);
	double began;

	if (!scratch)
		die("out of memory");
	began = seconds();
	*findings = 0;
	for (size_t i = 0; i < n; i++) {
		struct mw_arena *a = mw_arena_new(0);
		struct mw_findings found = {.max = 10000000};
		size_t rule;
		int rc = a ? mw_ruleset_scan(set, scratch, v + i, a, 0, 0, &found, &rule) : -ENOMEM;

		if (rc < 0 && rc != -EAGAIN)
			die("a scan fails");
		*findings += found.n;
		mw_arena_free(&a);
	}
	began = seconds() - began;
	mw_scratch_free(&scratch);
	return began;
}

static double best_of(const struct mw_ruleset *set, const struct mw_folded *v, size_t n, size_t *findings)
{
	double best = 1e9;

	for (int i = 0; i < ROUNDS; i++) {
		double t = scan_texts(set, v, n, findings);

		best = t < best ? t : best;
	}
	return best;
}

static double pcre2_alone(void)
{
	pcre2_match_data *data = pcre2_match_data_create(4, NULL);
	double began = seconds();

	for (size_t i = 0; i < texts.n; i++)
		for (size_t k = 0; k < set_of.patterns; k++) {
			struct mw_str t = texts.v[i].text;
			size_t at = 0;

			while (at < t.n && pcre2_match(set_of.code[k], (PCRE2_SPTR)t.p, t.n, at,
						       PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY, data, NULL) > 0)
				at = pcre2_get_ovector_pointer(data)[1];
		}
	began = seconds() - began;
	pcre2_match_data_free(data);
	return began;
}

static double rate(double t)
{
	return (double)texts.octets / 1e6 / t;
}

static void compare(void)
{
	struct mw_ruleset *all = compile(set_of.patterns, TERMS), *patterns = compile(set_of.patterns, 0),
			  *terms = compile(0, TERMS);
	size_t found, n;
	double a = best_of(all, texts.v, texts.n, &found), p = best_of(patterns, texts.v, texts.n, &n), t, them = pcre2_alone();

	t = best_of(terms, texts.v, texts.n, &n);
	printf("patterns and terms   %8.1f MB/s, %zu findings\n", rate(a), found);
	printf("  patterns only      %8.1f MB/s\n  terms only         %8.1f MB/s\n", rate(p), rate(t));
	printf("PCRE2, patterns only %8.1f MB/s\n", rate(them));
	printf("ratio                %8.1f, patterns only %.1f (aim: 10)\n", them / a, them / p);
	mw_ruleset_free(&terms);
	mw_ruleset_free(&patterns);
	mw_ruleset_free(&all);
}

/* ---- one by one --------------------------------------------------------------------------------------------------------------
 */

/* The texts in pieces of the size of a message. */
static size_t pieces(struct mw_folded **ret)
{
	struct mw_folded *v = mw_arena_array(texts.arena, texts.octets / MESSAGE + 1, sizeof(*v));
	size_t n = 0;

	if (!v)
		die("out of memory");
	for (size_t i = 0; i < texts.n; i++)
		for (size_t at = 0; texts.v[i].text.n - at >= MESSAGE; at += MESSAGE) {
			struct mw_str piece = {.p = texts.v[i].text.p + at, .n = MESSAGE};

			if (mw_fold(texts.arena, piece, v + n++) < 0)
				die("out of memory");
		}
	*ret = v;
	return n;
}

static void messages(void)
{
	struct mw_ruleset *set = compile(set_of.patterns, TERMS);
	struct mw_folded *v;
	size_t n = pieces(&v), found;

	if (n)
		printf("message of 4 KB      %8.1f us (aim: 60)\n", best_of(set, v, n, &found) * 1e6 / (double)n);
	mw_ruleset_free(&set);
}

static void compiling(const char *modules)
{
	double began = seconds();
	struct mw_ruleset *set = compile(set_of.patterns, TERMS);
	struct mw_loader *loader = mw_loader_new(modules);
	struct mw_err err = {0};
	const struct mw_plugin *hs = loader ? mw_loader_load(loader, "prefilter-hs", &err) : NULL;
	const char *conf[8] = {NULL}; /* no option is set */
	void *inst = NULL;
	size_t found;

	printf("compiling            %8.1f ms (aim: 2000)\n", (seconds() - began) * 1e3);
	began = seconds();
	if (!hs) {
		printf("prefilter-hs         %s\n", err.text);
	} else if (hs->hooks.open(NULL, NULL, conf, &inst, &err) == 0 &&
		   mw_ruleset_prefilter(set, hs->prefilter, inst, &err) == 0) {
		printf("prefilter-hs         %8.1f ms to compile\n", (seconds() - began) * 1e3);
		printf("  patterns and terms %8.1f MB/s\n", rate(best_of(set, texts.v, texts.n, &found)));
	}
	mw_ruleset_free(&set);
	if (inst)
		hs->hooks.close(inst);
	mw_loader_free(&loader);
}

/* ---- growth and memory --------------------------------------------------------------------------------------------------------
 */

static void growth(void)
{
	static const size_t sizes[] = {1, 5, 50}, terms[] = {1000, 20000, TERMS_MANY};
	struct mw_ruleset *set = compile(set_of.patterns, TERMS);
	size_t n = 0, found;
	char *p = malloc(50000000);

	while (p && n < 50000000)
		for (size_t i = 0; i < texts.n && n < 50000000; i++) {
			size_t take = texts.v[i].text.n < 50000000 - n ? texts.v[i].text.n : 50000000 - n;

			memcpy(p + n, texts.v[i].text.p, take);
			n += take;
		}
	for (size_t i = 0; p && i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct mw_folded f;

		if (mw_fold(texts.arena, (struct mw_str){.p = p, .n = sizes[i] * 1000000}, &f) < 0)
			die("out of memory");
		printf("one text of %2zu MB     %8.2f ns an octet\n", sizes[i],
		       scan_texts(set, &f, 1, &found) * 1e9 / ((double)sizes[i] * 1e6));
	}
	free(p);
	mw_ruleset_free(&set);
	for (size_t i = 0; i < sizeof(terms) / sizeof(*terms); i++) {
		set = compile(0, terms[i]);
		printf("%6zu terms         %8.2f ns an octet\n", terms[i],
		       best_of(set, texts.v, texts.n, &found) * 1e9 / (double)texts.octets);
		mw_ruleset_free(&set);
	}
}

/* Resident now, in KB. */
static long resident(void)
{
	long pages = 0, all;
	FILE *f = fopen("/proc/self/statm", "r");

	if (!f || fscanf(f, "%ld %ld", &all, &pages) != 2)
		pages = 0;
	if (f)
		(void)fclose(f);
	return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static long highest;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *scan_some(void *v)
{
	const struct mw_ruleset *set = v;
	struct mw_scratch *scratch = mw_scratch_new(set, key);

	for (size_t i = 0; scratch && i < texts.n; i += 7) {
		struct mw_arena *a = mw_arena_new(0);
		struct mw_findings found = {.max = 10000000};
		size_t rule;
		long now;

		if (!a || mw_ruleset_scan(set, scratch, texts.v + i, a, 0, 0, &found, &rule) < 0)
			die("a scan fails");
		(void)pthread_mutex_lock(&lock);
		now = resident();
		highest = now > highest ? now : highest;
		(void)pthread_mutex_unlock(&lock);
		mw_arena_free(&a);
	}
	mw_scratch_free(&scratch);
	return NULL;
}

/* First of all, so that nothing is left of others. */
static void memory(void)
{
	const char **warm = terms_many(TERMS);
	long before = resident();
	struct mw_ruleset *set = compile(set_of.patterns, TERMS);
	pthread_t thread[THREADS];

	(void)warm;
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, scan_some, set) != 0)
			die("no thread");
	for (int i = 0; i < THREADS; i++)
		(void)pthread_join(thread[i], NULL);
	printf("memory, %d threads    %8.1f MB (aim: 64)\n", THREADS, (double)(highest - before) / 1024);
	mw_ruleset_free(&set);
}

int main(int argc, char **argv)
{
	if (argc < 5)
		die("usage: match_many PATTERNS MODULES TERMS[,TERMS…] FILE|FOLDER…");
	texts_begin();
	patterns_load(argv[1]);
	terms_load(argv[3]);
	texts_read(argv + 4, argc - 4);
	printf("%zu texts, %.1f MB, %zu patterns, %u of %zu terms\n", texts.n, (double)texts.octets / 1e6, set_of.patterns, TERMS,
	       set_of.terms);
	memory();
	compiling(argv[2]);
	compare();
	messages();
	growth();
	for (size_t i = 0; i < set_of.patterns; i++)
		pcre2_code_free(set_of.code[i]);
	mw_arena_free(&texts.arena);
	return 0;
}
