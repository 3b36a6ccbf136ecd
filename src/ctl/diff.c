/* SPDX-License-Identifier: Apache-2.0 */
/*
 * milwardctl diff: which messages of a corpus two policies treat differently: in class, in what is decided, in what is found.
 * Each message goes through both; what differs is one JSON object, which is printed as it is or for a person.
 */
#include "ctl/offline.h"
#include "ctl/walk.h"

#include "base/str.h"
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OUTSIDER "somebody@outside.invalid" /* stands for a recipient elsewhere when none is named */
enum { OLD, NEW, SIDES };
enum { DIFFER = 2 }; /* exit status of --exit-code */

struct diff {
	struct ctl *ctl;
	struct mw_generation *gen[SIDES];
	const struct mw_plan *plan[SIDES];
	struct offline how;
	bool json, quiet;
	size_t messages, differ, failed;
	json_t *classes, *routes, *rules; /* totals: name -> counts */
	struct ctl_progress progress;
};

/* totals[name][what] += n */
static void count(json_t *totals, const char *name, const char *what, size_t n)
{
	json_t *row = json_object_get(totals, name);

	if (!row) {
		row = json_object();
		json_object_set_new(totals, name, row);
	}
	json_object_set_new(row, what, json_integer(json_integer_value(json_object_get(row, what)) + (json_int_t)n));
}

/* ---- classes ----------------------------------------------------------------------------------------------------- */
static bool in_class(const struct diff *d, int side, const struct mw_msg *msg, const char *name)
{
	for (size_t i = 0; i < d->plan[side]->classes; i++)
		if (strcmp(d->plan[side]->cls[i].name, name) == 0)
			return mw_msg_classes(msg)[i];
	return false;
}

/* Classes of one side that the other has not, or has the message not in. */
static json_t *only_in(const struct diff *d, int side, struct mw_msg *const *msg, const char *what)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->plan[side]->classes; i++) {
		const char *name = d->plan[side]->cls[i].name;

		if (!mw_msg_classes(msg[side])[i] || in_class(d, !side, msg[!side], name))
			continue;
		json_array_append_new(list, json_string(name));
		count(d->classes, name, what, 1);
	}
	return list;
}

/* ---- recipients -------------------------------------------------------------------------------------------------- */
static const char *direction(uint32_t before, uint32_t after)
{
	if (before == after)
		return "other";
	return mw_effect_stricter(before, after) == after ? "stricter" : "weaker";
}

static void add_rcpt(const struct diff *d, json_t *list, const char *to, const struct mw_verdict *a, const struct mw_verdict *b)
{
	const char *way = direction(a->effect, b->effect);
	struct mw_buf name = MW_BUF_INIT;

	mw_buf_printf(&name, "%s -> %s, %s", a->action, b->action, way);
	if (mw_buf_ok(&name))
		count(d->routes, mw_buf_text(&name), "recipients", 1);
	else
		ctl_output_lost();
	mw_buf_free(&name);
	json_array_append_new(list, json_pack("{s:o, s:s, s:s, s:s, s:s, s:s}", "to", ctl_json_text(mw_str(to)), "old", a->action,
					      "new", b->action, "old_line", a->where, "new_line", b->where, "direction", way));
}

static json_t *compare_rcpts(const struct diff *d, struct mw_msg *const *msg)
{
	json_t *list = json_array();

	for (size_t i = 0; i < d->how.rcpts; i++) {
		const struct mw_verdict *a = mw_msg_verdict(msg[OLD], i), *b = mw_msg_verdict(msg[NEW], i);

		if (a && b && strcmp(a->action, b->action) != 0)
			add_rcpt(d, list, d->how.rcpt[i], a, b);
	}
	return list;
}

/* ---- findings ---------------------------------------------------------------------------------------------------- */
struct place {
	const char *rule, *part;
	uint64_t offset, length;
	uint32_t confidence, flags;
};

static int place_order(const void *x, const void *y)
{
	const struct place *a = x, *b = y;
	int r = strcmp(a->rule, b->rule);

	if (r == 0)
		r = strcmp(a->part, b->part);
	if (r == 0)
		r = a->offset < b->offset ? -1 : a->offset > b->offset;
	if (r == 0)
		r = a->length < b->length ? -1 : a->length > b->length;
	return r;
}

static struct place *places(const struct mw_plan *plan, const struct mw_msg *msg)
{
	size_t n = mw_msg_findings(msg);
	struct place *v = calloc(n ? n : 1, sizeof(*v));

	for (size_t i = 0; v && i < n; i++) {
		const struct mw_finding *f = mw_msg_finding(msg, i);

		v[i] = (struct place){.rule = plan->rule[f->rule].name,
				      .part = mw_msg_part(msg, f->part)->path,
				      .offset = f->offset,
				      .length = f->length,
				      .confidence = f->confidence,
				      .flags = f->flags & MW_FINDING_SHADOW};
	}
	if (v && n)
		qsort(v, n, sizeof(*v), place_order);
	return v;
}

/* {"mrn": {"new": 2, "lost": 1, "changed": 1}}: changed is another confidence, or in shadow or not. NULL = no memory. */
static json_t *compare_findings(const struct diff *d, struct mw_msg *const *msg)
{
	struct place *a = places(d->plan[OLD], msg[OLD]), *b = places(d->plan[NEW], msg[NEW]);
	size_t n = mw_msg_findings(msg[OLD]), m = mw_msg_findings(msg[NEW]), i = 0, k = 0;
	json_t *rules = a && b ? json_object() : NULL;

	while (rules && (i < n || k < m)) {
		int r = i == n ? 1 : k == m ? -1 : place_order(&a[i], &b[k]);
		const char *what = r < 0 ? "lost" : r > 0 ? "new" : "changed", *name = r > 0 ? b[k].rule : a[i].rule;

		if (r || a[i].confidence != b[k].confidence || a[i].flags != b[k].flags) {
			count(rules, name, what, 1);
			count(d->rules, name, what, 1);
		}
		i += r <= 0;
		k += r >= 0;
	}
	free(a);
	free(b);
	return rules;
}

/* ---- for a person ------------------------------------------------------------------------------------------------ */
static void print_names(const struct ctl *ctl, const char *sign, enum ctl_style style, const json_t *list)
{
	size_t i;
	const json_t *name;

	json_array_foreach(list, i, name)
	    printf("  %s%s%s%s", ctl_style(ctl, style), sign, json_string_value(name), ctl_style(ctl, CTL_PLAIN));
}

static void print_counts(const struct ctl *ctl, const char *name, json_t *row)
{
	static const struct {
		const char *what, *sign;
		enum ctl_style style;
	} shown[] = {{"new", "+", CTL_GREEN}, {"gained", "+", CTL_GREEN}, {"lost", "-", CTL_RED}, {"changed", "~", CTL_YELLOW}};

	printf("  %s", name);
	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++) {
		json_int_t n = json_integer_value(json_object_get(row, shown[i].what));

		if (n)
			printf(" %s%s%lld%s", ctl_style(ctl, shown[i].style), shown[i].sign, (long long)n,
			       ctl_style(ctl, CTL_PLAIN));
	}
}

static void print_rcpt(const struct ctl *ctl, const json_t *r)
{
	const char *way = json_string_value(json_object_get(r, "direction"));

	printf("  route  ");
	ctl_print_safe(mw_str(json_string_value(json_object_get(r, "to"))));
	printf(": %s (%s) -> %s (%s)  %s%s%s\n", json_string_value(json_object_get(r, "old")),
	       json_string_value(json_object_get(r, "old_line")), json_string_value(json_object_get(r, "new")),
	       json_string_value(json_object_get(r, "new_line")),
	       ctl_style(ctl, strcmp(way, "weaker") == 0 ? CTL_RED : CTL_YELLOW), way, ctl_style(ctl, CTL_PLAIN));
}

static void print_change(const struct diff *d, const char *path, const json_t *gained, const json_t *lost, const json_t *rcpts,
			 json_t *rules)
{
	const struct ctl *ctl = d->ctl;
	const char *name;
	const json_t *r;
	json_t *row;
	size_t i;

	printf("%s", ctl_style(ctl, CTL_BOLD));
	ctl_print_safe(mw_str(path));
	printf("%s\n", ctl_style(ctl, CTL_PLAIN));
	if (json_array_size(gained) || json_array_size(lost)) {
		printf("  class");
		print_names(ctl, "+", CTL_GREEN, gained);
		print_names(ctl, "-", CTL_RED, lost);
		putchar('\n');
	}
	json_array_foreach(rcpts, i, r) print_rcpt(ctl, r);
	if (json_object_size(rules)) {
		printf("  found");
		json_object_foreach(rules, name, row) print_counts(ctl, name, row);
		putchar('\n');
	}
}

static void print_totals(const struct ctl *ctl, const char *title, json_t *totals)
{
	const char *name;
	json_t *row;

	json_object_foreach(totals, name, row)
	{
		json_t *n = json_object_get(row, "recipients");

		printf("  %-6s", title);
		if (n)
			printf("  %s  %lld", name, (long long)json_integer_value(n));
		else
			print_counts(ctl, name, row);
		putchar('\n');
	}
}

/* One that only observes does nothing of what it decides: all mail goes as it is. */
static bool observe_differs(const struct diff *d)
{
	return d->plan[OLD]->observe != d->plan[NEW]->observe;
}

static void print_summary(struct diff *d)
{
	if (d->json) {
		ctl_json_line(json_pack("{s:{s:I, s:I, s:I, s:O, s:O, s:O, s:{s:b, s:b}}}", "summary", "messages",
					(json_int_t)d->messages, "differ", (json_int_t)d->differ, "failed", (json_int_t)d->failed,
					"classes", d->classes, "routes", d->routes, "rules", d->rules, "observe", "old",
					d->plan[OLD]->observe, "new", d->plan[NEW]->observe));
		return;
	}
	if (observe_differs(d))
		printf("%smode   the %s policy only observes: it does nothing of what it decides%s\n", ctl_style(d->ctl, CTL_RED),
		       d->plan[NEW]->observe ? "new" : "old", ctl_style(d->ctl, CTL_PLAIN));
	printf("%s%zu messages, %zu differ", ctl_style(d->ctl, CTL_BOLD), d->messages, d->differ);
	if (d->failed)
		printf(", %zu could not be read", d->failed);
	printf("%s\n", ctl_style(d->ctl, CTL_PLAIN));
	print_totals(d->ctl, "class", d->classes);
	print_totals(d->ctl, "route", d->routes);
	print_totals(d->ctl, "rule", d->rules);
}

/* ---- the run ----------------------------------------------------------------------------------------------------- */
static void compare(struct diff *d, const char *path, struct mw_msg *const *msg)
{
	json_t *gained = only_in(d, NEW, msg, "gained"), *lost = only_in(d, OLD, msg, "lost"), *rcpts = compare_rcpts(d, msg),
	       *rules = compare_findings(d, msg);

	if (!rules) {
		d->failed++;
		ctl_fail("out of memory");
	} else if (json_array_size(gained) || json_array_size(lost) || json_array_size(rcpts) || json_object_size(rules)) {
		d->differ++;
		if (!d->quiet)
			ctl_progress_clear(&d->progress);
		if (d->json && !d->quiet)
			ctl_json_line(json_pack("{s:o, s:{s:O, s:O}, s:O, s:O}", "file", ctl_json_text(mw_str(path)), "classes",
						"gained", gained, "lost", lost, "recipients", rcpts, "rules", rules));
		else if (!d->quiet)
			print_change(d, path, gained, lost, rcpts, rules);
	}
	json_decref(gained);
	json_decref(lost);
	json_decref(rcpts);
	json_decref(rules);
}

static void diff_file(void *ctx, const char *path)
{
	struct diff *d = ctx;
	struct mw_msg *msg[SIDES] = {NULL, NULL};
	struct mw_err err = {0};
	struct stat st;
	/* It is read once for each policy: what can be read once alone would differ from itself. */
	bool good = strcmp(path, "-") != 0 && (stat(path, &st) < 0 || S_ISREG(st.st_mode));

	if (!good)
		(void)mw_fail(&err, -EINVAL, "cannot read %s: not a regular file", path);
	for (int i = 0; i < SIDES && good; i++) {
		msg[i] = offline_read(d->gen[i], &d->how, path, &err);
		good = msg[i] != NULL && offline_run(msg[i], path, NULL, NULL, &err) == 0;
	}
	d->messages++;
	if (good) {
		compare(d, path, msg);
	} else {
		d->failed++;
		ctl_progress_clear(&d->progress);
		ctl_fail("%s", err.text);
	}
	for (int i = 0; i < SIDES; i++)
		mw_msg_free(&msg[i]);
	ctl_progress_step(&d->progress);
}

static void count_file(void *ctx, const char *path)
{
	(void)path;
	++*(size_t *)ctx;
}

static int run(struct diff *d, const char *const *corpus, size_t n)
{
	size_t files = 0, unread = 0;

	for (int i = 0; i < SIDES; i++)
		d->plan[i] = mw_generation_plan(d->gen[i]);
	d->classes = json_object();
	d->routes = json_object();
	d->rules = json_object();
	if (!d->classes || !d->routes || !d->rules)
		return ctl_fail("out of memory");
	if (isatty(STDERR_FILENO)) /* only the bar wants to know */
		for (size_t i = 0; i < n; i++)
			(void)ctl_walk(corpus[i], count_file, &files);
	ctl_progress_begin(&d->progress, "messages", files);
	for (size_t i = 0; i < n; i++)
		unread += ctl_walk(corpus[i], diff_file, d);
	ctl_progress_clear(&d->progress);
	d->failed += unread;
	print_summary(d);
	if (d->messages == 0 && d->failed == 0)
		return ctl_fail("%s%s: there is no message in it, so nothing was compared", corpus[0],
				n > 1 ? " and the others" : "");
	return d->failed ? CTL_FAILED : CTL_OK;
}

static void diff_free(struct diff *d)
{
	for (int i = 0; i < SIDES; i++)
		mw_generation_unref(&d->gen[i]);
	json_decref(d->classes);
	json_decref(d->routes);
	json_decref(d->rules);
	free(d->how.rcpt);
}

struct arguments {
	const char **corpus;
	size_t n;
	bool exit_code;
};

/* false: said why, *r is the exit status. */
static bool take_options(struct diff *d, struct arguments *a, int argc, char **argv, int *r)
{
	static const struct option longs[] = {{"corpus", required_argument, NULL, 'c'}, {"from", required_argument, NULL, 'f'},
					      {"to", required_argument, NULL, 't'},	{"json", no_argument, NULL, 'j'},
					      {"summary", no_argument, NULL, 's'},	{"exit-code", no_argument, NULL, 'e'},
					      {"text", no_argument, NULL, 'T'},		{NULL, 0, NULL, 0}};
	int c;

	*r = CTL_USAGE;
	while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'c')
			a->corpus[a->n++] = optarg;
		else if (c == 'f')
			d->how.from = optarg;
		else if (c == 't')
			d->how.rcpt[d->how.rcpts++] = optarg;
		else if (c == 'j')
			d->json = true;
		else if (c == 's')
			d->quiet = true;
		else if (c == 'e')
			a->exit_code = true;
		else if (c == 'T')
			d->how.text = true;
		else
			return *r = ctl_usage_alone("diff"), false;
	}
	if (argc - optind != 2)
		return *r = ctl_usage("diff", "two policies, please: the old one and the new one"), false;
	if (a->n == 0)
		return *r = ctl_usage("diff", "which messages? --corpus DIR"), false;
	if (d->how.rcpts == 0)
		d->how.rcpt[d->how.rcpts++] = OUTSIDER;
	return true;
}

int ctl_diff(struct ctl *ctl, int argc, char **argv)
{
	struct diff d = {.ctl = ctl, .how = {.rcpt = calloc((size_t)argc + 1, sizeof(*d.how.rcpt))}};
	struct arguments a = {.corpus = calloc((size_t)argc + 1, sizeof(*a.corpus))};
	int r = CTL_FAILED;

	if (!d.how.rcpt || !a.corpus) {
		ctl_fail("out of memory");
	} else if (take_options(&d, &a, argc, argv, &r)) {
		r = CTL_FAILED;
		d.gen[OLD] = ctl_generation(ctl, argv[optind], MW_GEN_OFFLINE);
		d.gen[NEW] = d.gen[OLD] ? ctl_generation(ctl, argv[optind + 1], MW_GEN_OFFLINE) : NULL;
		if (d.gen[NEW])
			r = run(&d, a.corpus, a.n);
	}
	if (r == CTL_OK && a.exit_code && (d.differ || observe_differs(&d)))
		r = DIFFER;
	diff_free(&d);
	free(a.corpus);
	return r;
}
