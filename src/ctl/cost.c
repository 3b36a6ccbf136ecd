/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/cost.h"

#include "base/str.h"
#include "ctl/offline.h"
#include "ctl/walk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OWN_TEXTS 250u
#define OWN_LINES 60u /* of each: some 4 KB */
#define FINDINGS_MAX 1000000u

struct cost {
	struct ctl *ctl;
	struct mw_generation *gen;
	const struct mw_ruleset *set;
	struct mw_scratch *scratch;
	struct mw_cost *v; /* of the rules, then of the search for where to look */
	size_t rules, texts, failed;
	uint64_t octets, time;
};

/* Mail as people write it; a # is any digit. */
static const char *const lines[] = {
    "Hi Karen, thanks for getting back to me so quickly.",
    "I will be in the office on Monday ##/##/20## from 9:## until noon.",
    "Please call me at (###) ###-#### or write to jo.smith##@example.org.",
    "The invoice no. ###### over $ #,###.## was paid on March ##, 20##.",
    "",
    "On Tue, 1# Jun 20## at 1#:##, Pat Jones <pat@example.com> wrote:",
    "> could you have a look at ticket #####-## before the meeting?",
    "> See https://www.example.com/projects/####/index.html?id=########",
    "Name,Account,Amount,Due",
    "Miller,########,###.##,20##-##-##",
    "Our new address is ### Main Street, Springfield, IL #####.",
    "The results of the second quarter are better than we had expected, and the team has every reason to be proud of them.",
    "Let me know if anything is unclear, or if you need more time for it.",
    "Kind regards,",
    "Jo Smith, Accounting, Example Inc., phone ###-###-####, fax ###-###-####",
};

static uint64_t now(void)
{
	struct timespec ts;

	return clock_gettime(CLOCK_MONOTONIC, &ts) < 0 ? 0 : (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void scan_text(struct cost *c, struct mw_str text, uint32_t zone)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_findings found = {.max = FINDINGS_MAX};
	struct mw_folded folded;
	uint64_t began = now();
	size_t rule;
	int r = a ? mw_fold(a, text, &folded) : -ENOMEM;

	if (r == 0)
		r = mw_ruleset_scan(c->set, c->scratch, &folded, a, 0, zone, &found, &rule);
	c->time += now() - began;
	if (r < 0 && r != -EAGAIN && r != -EFBIG)
		c->failed++;
	c->texts++;
	c->octets += text.n;
	mw_arena_free(&a);
}

static void scan_message(void *ctx, const char *path)
{
	struct cost *c = ctx;
	const struct offline how = {0};
	struct mw_err err = {0};
	struct mw_msg *msg = offline_read(c->gen, &how, path, &err);

	if (!msg) {
		c->failed++;
		ctl_fail("%s", err.text);
		return;
	}
	if (offline_run(msg, path, NULL, NULL, &err) < 0) {
		c->failed++;
		ctl_fail("%s", err.text);
	}
	for (size_t i = 0; i < mw_msg_parts(msg); i++)
		scan_text(c, mw_msg_part(msg, i)->text, mw_msg_part(msg, i)->zone);
	mw_msg_free(&msg);
}

/* The same texts at each run, so that two of them can be compared. */
static void scan_own(struct cost *c)
{
	uint32_t seed = 1;

	for (size_t i = 0; i < OWN_TEXTS; i++) {
		struct mw_buf text = MW_BUF_INIT;

		for (size_t k = 0; k < OWN_LINES; k++) {
			seed = seed * 1103515245u + 12345u;
			for (const char *p = lines[(seed >> 16) % (sizeof(lines) / sizeof(*lines))]; *p; p++) {
				seed = *p == '#' ? seed * 1103515245u + 12345u : seed;
				mw_buf_putc(&text, *p == '#' ? (char)('0' + (seed >> 16) % 10) : *p);
			}
			mw_buf_putc(&text, '\n');
		}
		if (mw_buf_ok(&text))
			scan_text(c, (struct mw_str){.p = mw_buf_text(&text), .n = text.n}, MW_ZONE_BODY);
		else
			c->failed++;
		mw_buf_free(&text);
	}
}

/* ---- the report --------------------------------------------------------------------------------------------------- */

static double per_megabyte(const struct cost *c, double value)
{
	return c->octets ? value * 1e6 / (double)c->octets : 0;
}

static double share(const struct cost *c, uint64_t time)
{
	return c->time ? (double)time / (double)c->time : 0;
}

/* What is not in a rule: lists of words, context, zones, folding. */
static uint64_t rest(const struct cost *c)
{
	uint64_t sum = 0;

	for (size_t i = 0; i <= c->rules; i++)
		sum += c->v[i].time;
	return c->time > sum ? c->time - sum : 0;
}

static int by_time(const void *a, const void *b, void *v)
{
	const struct mw_cost *cost = v;
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	if (cost[x].time != cost[y].time)
		return cost[x].time > cost[y].time ? -1 : 1;
	return (x > y) - (x < y);
}

static void print_row(const struct cost *c, const char *name, const struct mw_cost *v, const char *how)
{
	printf("%10.1f  %5.1f%%  %9.0f  %8llu  %s%s\n", per_megabyte(c, (double)v->time / 1e3), 100 * share(c, v->time),
	       per_megabyte(c, (double)v->looks), (unsigned long long)v->matches, name, how);
}

static void print_text(const struct cost *c, const uint32_t *order)
{
	const struct mw_cost other = {.time = rest(c)}, all = {.time = c->time};

	printf("%zu texts, %.1f MB, %.1f us for 4 KB\n", c->texts, (double)c->octets / 1e6,
	       per_megabyte(c, (double)c->time / 1e3) * 4096 / 1e6);
	printf("%10s  %6s  %9s  %8s  %s\n", "us/MB", "share", "looks/MB", "matches", "rule");
	for (size_t i = 0; i < c->rules; i++) {
		const struct mw_rule *r = mw_ruleset_rule(c->set, order[i]);

		if (r->pattern.n)
			print_row(c, r->name, &c->v[order[i]],
				  mw_ruleset_everywhere(c->set, order[i])
				      ? "  (everywhere: nothing rare is in all of its matches)"
				      : "");
	}
	print_row(c, "finding where to look", &c->v[c->rules], "");
	print_row(c, "lists of words, context, zones", &other, "");
	print_row(c, "all", &all, "");
}

static void print_json_row(const struct cost *c, json_t *row, const struct mw_cost *v)
{
	json_object_set_new(row, "us_per_mb", json_real(per_megabyte(c, (double)v->time / 1e3)));
	json_object_set_new(row, "share", json_real(share(c, v->time)));
	json_object_set_new(row, "looks", json_integer((json_int_t)v->looks));
	json_object_set_new(row, "matches", json_integer((json_int_t)v->matches));
	ctl_json_line(row);
}

static void print_json(const struct cost *c, const uint32_t *order)
{
	const struct mw_cost other = {.time = rest(c)}, all = {.time = c->time};

	for (size_t i = 0; i < c->rules; i++) {
		const struct mw_rule *r = mw_ruleset_rule(c->set, order[i]);

		if (r->pattern.n)
			print_json_row(
			    c, json_pack("{s:s, s:b}", "rule", r->name, "everywhere", mw_ruleset_everywhere(c->set, order[i])),
			    &c->v[order[i]]);
	}
	print_json_row(c, json_pack("{s:s}", "part", "where"), &c->v[c->rules]);
	print_json_row(c, json_pack("{s:s}", "part", "rest"), &other);
	print_json_row(
	    c, json_pack("{s:s, s:I, s:I}", "part", "all", "texts", (json_int_t)c->texts, "octets", (json_int_t)c->octets), &all);
}

static int report(const struct cost *c, bool json)
{
	uint32_t *order = calloc(c->rules + 1, sizeof(*order));

	if (!order)
		return ctl_fail("out of memory");
	for (uint32_t i = 0; i < c->rules; i++)
		order[i] = i;
	qsort_r(order, c->rules, sizeof(*order), by_time, c->v);
	if (json)
		print_json(c, order);
	else
		print_text(c, order);
	free(order);
	return c->failed ? CTL_FAILED : CTL_OK;
}

int ctl_cost(struct ctl *ctl, bool json, char **message, int n)
{
	static const unsigned char key[32];
	struct cost c = {.ctl = ctl};
	const char *policy = ctl_policy(ctl);
	int r;

	c.gen = policy ? ctl_generation(ctl, policy, MW_GEN_OFFLINE) : NULL;
	if (!c.gen)
		return CTL_FAILED;
	c.set = mw_generation_rules(c.gen);
	c.rules = mw_ruleset_rules(c.set);
	c.v = calloc(c.rules + 1, sizeof(*c.v));
	c.scratch = mw_scratch_new(c.set, key);
	if (c.v && c.scratch) {
		mw_scratch_cost(c.scratch, c.v);
		for (int i = 0; i < n; i++)
			c.failed += ctl_walk(message[i], scan_message, &c);
		if (n == 0)
			scan_own(&c);
		r = report(&c, json);
	} else {
		r = ctl_fail("out of memory");
	}
	mw_scratch_free(&c.scratch);
	free(c.v);
	mw_generation_unref(&c.gen);
	return r;
}
