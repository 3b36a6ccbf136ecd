/* SPDX-License-Identifier: Apache-2.0 */
/* milwardctl scan: classes and findings of message files. The JSON is a contract: members are only added, never changed. */
#include "ctl/offline.h"
#include "ctl/walk.h"

#include "base/str.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct scan {
	struct ctl *ctl;
	struct mw_generation *gen;
	struct offline how;
	bool json, progress;
	size_t done, failed;
};

static json_t *classes_json(const struct mw_plan *plan, const struct mw_msg *msg)
{
	json_t *list = json_array();
	const bool *in = mw_msg_classes(msg);

	for (size_t i = 0; i < plan->classes; i++)
		if (in[i])
			json_array_append_new(list, json_string(plan->cls[i].name));
	return list;
}

static json_t *finding_json(const struct mw_plan *plan, const struct mw_msg *msg, const struct mw_finding *f)
{
	const struct mw_part *part = mw_msg_part(msg, f->part);
	const struct mw_rule *rule = &plan->rule[f->rule];
	struct mw_buf why = MW_BUF_INIT;
	json_t *o =
	    json_pack("{s:s, s:s, s:o, s:s, s:I, s:I, s:i, s:i}", "rule", rule->name, "kind", ctl_kind_name(rule->kind), "part",
		      ctl_json_text(mw_str(part->path)), "zone", ctl_zone_name(f->zone), "offset", (json_int_t)f->offset,
		      "length", (json_int_t)f->length, "confidence", (int)f->confidence, "record", (int)f->record);

	ctl_why(plan, f, &why);
	if (!mw_buf_ok(&why))
		ctl_output_lost();
	if (why.n)
		json_object_set_new(o, "why", ctl_json_text(mw_str(mw_buf_text(&why))));
	if (f->flags & MW_FINDING_SHADOW)
		json_object_set_new(o, "shadow", json_true());
	mw_buf_free(&why);
	return o;
}

static json_t *findings_json(const struct mw_plan *plan, const struct mw_msg *msg)
{
	json_t *list = json_array();

	for (size_t i = 0; i < mw_msg_findings(msg); i++)
		json_array_append_new(list, finding_json(plan, msg, mw_msg_finding(msg, i)));
	return list;
}

static json_t *unreadable_json(const struct mw_msg *msg)
{
	json_t *list = json_array();

	for (size_t i = 0; i < mw_msg_parts(msg); i++) {
		const struct mw_part *part = mw_msg_part(msg, i);

		if (part->unread)
			json_array_append_new(list, json_pack("{s:o, s:o, s:s}", "part", ctl_json_text(mw_str(part->path)),
							      "name", ctl_json_text(mw_str(part->name)), "reason", part->unread));
	}
	return list;
}

static json_t *causes_json(const struct mw_msg *msg)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < MW_CAUSES; i++)
		if (mw_msg_causes(msg) >> i & 1)
			json_array_append_new(list, json_pack("{s:s, s:o}", "cause", mw_cause_name(i), "why",
							      ctl_json_text(mw_str(mw_msg_cause_why(msg, i)))));
	return list;
}

/* error: why not all of it was looked at, NULL = it was. */
static void print_json(const struct scan *scan, const char *path, const struct mw_msg *msg, const char *error)
{
	const struct mw_plan *plan = mw_generation_plan(scan->gen);
	json_t *line = json_object();

	json_object_set_new(line, "file", ctl_json_text(mw_str(path)));
	json_object_set_new(line, "classes", msg ? classes_json(plan, msg) : json_array());
	json_object_set_new(line, "findings", msg ? findings_json(plan, msg) : json_array());
	json_object_set_new(line, "unreadable", msg ? unreadable_json(msg) : json_array());
	if (msg && mw_msg_causes(msg))
		json_object_set_new(line, "causes", causes_json(msg));
	if (error)
		json_object_set_new(line, "error", ctl_json_text(mw_str(error)));
	ctl_json_line(line);
}

/* How often each rule was found, in the plan's order. */
static void print_rule_counts(const struct mw_plan *plan, const struct mw_msg *msg)
{
	size_t *count = calloc(plan->rules ? plan->rules : 1, sizeof(*count));
	const char *comma = "";

	if (!count) {
		ctl_output_lost();
		return;
	}
	for (size_t i = 0; i < mw_msg_findings(msg); i++)
		count[mw_msg_finding(msg, i)->rule]++;
	for (size_t i = 0; i < plan->rules; i++)
		if (count[i]) {
			printf("%s%s %zu", comma, plan->rule[i].name, count[i]);
			comma = ", ";
		}
	free(count);
}

static void print_text(const struct scan *scan, const char *path, const struct mw_msg *msg)
{
	const struct ctl *ctl = scan->ctl;
	const struct mw_plan *plan = mw_generation_plan(scan->gen);
	const bool *in = mw_msg_classes(msg);
	const char *space = "";
	size_t unread = 0;

	ctl_print_safe(mw_str(path));
	printf(": %s", ctl_style(ctl, CTL_YELLOW));
	for (size_t i = 0; i < plan->classes; i++)
		if (in[i]) {
			printf("%s%s", space, plan->cls[i].name);
			space = " ";
		}
	printf("%s%s  ", *space ? "" : "-", ctl_style(ctl, CTL_PLAIN));
	print_rule_counts(plan, msg);
	for (size_t i = 0; i < mw_msg_parts(msg); i++)
		unread += mw_msg_part(msg, i)->unread != NULL;
	if (unread)
		printf("  %s%zu unreadable%s", ctl_style(ctl, CTL_RED), unread, ctl_style(ctl, CTL_PLAIN));
	for (uint32_t i = 0; i < MW_CAUSES; i++)
		if (mw_msg_causes(msg) >> i & 1)
			printf("  %s%s%s", ctl_style(ctl, CTL_RED), mw_cause_name(i), ctl_style(ctl, CTL_PLAIN));
	putchar('\n');
}

static void scan_file(void *ctx, const char *path)
{
	struct scan *scan = ctx;
	struct mw_err err = {0};
	struct mw_msg *msg = offline_read(scan->gen, &scan->how, path, &err);
	bool whole = msg && offline_run(msg, path, NULL, NULL, &err) == 0;

	scan->done++;
	if (scan->progress && scan->done % 50 == 0)
		fprintf(stderr, "\r%zu scanned", scan->done);
	if (scan->json)
		print_json(scan, path, msg, whole ? NULL : err.text);
	else if (msg)
		print_text(scan, path, msg);
	if (!whole) {
		scan->failed++;
		ctl_fail("%s", err.text);
	}
	mw_msg_free(&msg);
}

int ctl_scan(struct ctl *ctl, int argc, char **argv)
{
	static const struct option longs[] = {{"json", no_argument, NULL, 'j'},
					      {"text", no_argument, NULL, 't'},
					      {"policy", required_argument, NULL, 'p'},
					      {NULL, 0, NULL, 0}};
	struct scan scan = {.ctl = ctl};
	const char *policy;
	int c;

	while ((c = getopt_long(argc, argv, "p:", longs, NULL)) != -1) {
		if (c == 'j')
			scan.json = true;
		else if (c == 't')
			scan.how.text = true;
		else if (c == 'p')
			ctl->policy = optarg;
		else
			return ctl_usage_alone("scan");
	}
	if (optind == argc)
		return ctl_usage("scan", "which files?");
	policy = ctl_policy(ctl);
	scan.gen = policy ? ctl_generation(ctl, policy, MW_GEN_OFFLINE) : NULL;
	if (!scan.gen)
		return CTL_FAILED;
	scan.progress = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO);
	for (int i = optind; i < argc; i++)
		scan.failed += ctl_walk(argv[i], scan_file, &scan);
	if (scan.progress)
		fprintf(stderr, "\r%zu scanned, %zu could not be read\n", scan.done, scan.failed);
	mw_generation_unref(&scan.gen);
	return scan.failed ? CTL_FAILED : CTL_OK;
}
