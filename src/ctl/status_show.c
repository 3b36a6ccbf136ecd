/* SPDX-License-Identifier: Apache-2.0 */
/* status_show: an instance for a person. */
#include "ctl/status.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_RULES 10u

struct show {
	const struct ctl *ctl;
	const struct ctl_instance *in;
	const struct ctl_told *t;
	bool all;
};

static const struct ctl_by any = {NULL, NULL};

static double sum(const struct show *s, const char *name)
{
	return ctl_told_sum(s->t, name, any, any);
}

static double by(const struct show *s, const char *name, const char *label, const char *value)
{
	return ctl_told_sum(s->t, name, (struct ctl_by){label, value}, any);
}

/* How many came each second since the time before; "" the first time. */
static void print_rate(const struct show *s, const char *name)
{
	double seconds = (double)(s->in->now.at - s->in->before.at) / 1000;
	double more = sum(s, name) - ctl_told_sum(&s->in->before, name, any, any);

	if (s->in->before.samples && seconds > 0 && more >= 0)
		printf(" %s(%.1f/s)%s", ctl_style(s->ctl, CTL_CYAN), more / seconds, ctl_style(s->ctl, CTL_PLAIN));
}

static void head(const struct show *s, const char *name)
{
	printf("  %s%-11s%s", ctl_style(s->ctl, CTL_DIM), name, ctl_style(s->ctl, CTL_PLAIN));
}

/* `word` in a colour that says that somebody should look, when n is not 0. */
static void print_bad(const struct show *s, double n, const char *before, const char *word, enum ctl_style style)
{
	printf("%s%s%.0f %s%s", before, n > 0 ? ctl_style(s->ctl, style) : "", n, word,
	       n > 0 ? ctl_style(s->ctl, CTL_PLAIN) : "");
}

static void print_octets(double n)
{
	static const char *const unit[] = {"B", "KB", "MB", "GB", "TB"};
	size_t i = 0;

	for (; n >= 1024 && i + 1 < sizeof(unit) / sizeof(*unit); i++)
		n /= 1024;
	printf("%.*f %s", i && n < 100 ? 1 : 0, n, unit[i]);
}

static void print_ago(double seconds)
{
	if (seconds < 120)
		printf("%.0f s", seconds);
	else if (seconds < 7200)
		printf("%.0f min", seconds / 60);
	else if (seconds < 172800)
		printf("%.0f h", seconds / 3600);
	else
		printf("%.0f days", seconds / 86400);
}

/* What another process told, and its memory. */
static void print_told(struct mw_buf *text)
{
	ctl_print_safe((struct mw_str){.p = mw_buf_text(text), .n = text->n});
	if (!mw_buf_ok(text))
		ctl_output_lost();
	mw_buf_free(text);
}

static void print_label(const struct show *s, const char *name, const char *label)
{
	struct mw_buf text = MW_BUF_INIT;

	ctl_told_label(s->t, name, label, &text);
	print_told(&text);
}

static void print_time(double when)
{
	time_t at = when >= 0 && when < 1e11 ? (time_t)when : 0;
	struct tm tm;
	char text[32] = "?";

	if (at && localtime_r(&at, &tm))
		(void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
	printf("%s", text);
}

/* ---- of every daemon -------------------------------------------------------------------------------------------------------------- */

static void show_policy(const struct show *s)
{
	struct mw_buf mode = MW_BUF_INIT;

	ctl_told_label(s->t, "milward_policy_info", "mode", &mode);
	head(s, "policy");
	print_label(s, "milward_policy_info", "file");
	printf(", digest ");
	print_label(s, "milward_policy_info", "digest");
	printf(", loaded ");
	print_time(sum(s, "milward_policy_loaded_timestamp_seconds"));
	printf(", %.0f reloads", by(s, "milward_reloads_total", "result", "ok"));
	if (strcmp(mw_buf_text(&mode), "observe") == 0)
		printf(", %smode observe%s", ctl_style(s->ctl, CTL_YELLOW), ctl_style(s->ctl, CTL_PLAIN));
	if (ctl_told_has(s->t, "milward_policy_info") && sum(s, "milward_policy_last_reload_successful") < 1)
		printf("\n%13s%sthe last reload failed: this is not the policy on disk%s", "", ctl_style(s->ctl, CTL_RED),
		       ctl_style(s->ctl, CTL_PLAIN));
	printf("\n");
	if (!mw_buf_ok(&mode))
		ctl_output_lost();
	mw_buf_free(&mode);
}

static void show_process(const struct show *s)
{
	if (!ctl_told_has(s->t, "process_resident_memory_bytes"))
		return;
	head(s, "process");
	print_octets(sum(s, "process_resident_memory_bytes"));
	printf(" of memory, %.0f threads, %.0f descriptors, %.1f s of processor", sum(s, "process_threads"),
	       sum(s, "process_open_fds"), sum(s, "process_cpu_seconds_total"));
	print_bad(s, by(s, "milward_log_lines_total", "level", "error"), "; log: ", "errors", CTL_YELLOW);
	printf(", %.0f warnings\n", by(s, "milward_log_lines_total", "level", "warning"));
}

static void print_seconds(double t)
{
	if (t >= 9.9995)
		printf("%8.1f s ", t);
	else if (t >= 0.9995)
		printf("%8.2f s ", t);
	else if (t < 0.0009995)
		printf("%8.0f us", t * 1e6);
	else
		printf("%8.1f ms", t * 1000);
}

static void show_times(const struct show *s, const char *what, const char *name, struct ctl_by of)
{
	struct ctl_times t = ctl_told_times(s->t, s->in->before.samples ? &s->in->before : NULL, name, of);

	printf("    %-9s", what);
	print_seconds(t.p50);
	print_seconds(t.p90);
	print_seconds(t.p99);
	print_seconds(t.max);
	printf("%9.0f\n", t.count);
}

static void show_times_head(const struct show *s)
{
	head(s, "latency");
	printf("%10s%11s%11s%11s%9s\n", "p50", "p90", "p99", "max", "count");
}

/* ---- what has names --------------------------------------------------------------------------------------------------------------- */

struct named {
	const struct mw_metric_sample *sample;
	double n;
};

static int most_first(const void *a, const void *b)
{
	const struct named *x = a, *y = b;

	if (x->n != y->n)
		return x->n > y->n ? -1 : 1;
	return x->sample < y->sample ? -1 : 1;
}

/* Samples of a family, the largest first; those of 0 are left out. The caller frees. */
static struct named *collect(const struct show *s, const char *name, size_t *n)
{
	struct named *v = calloc(s->t->samples + 1, sizeof(*v));

	*n = 0;
	for (size_t i = 0; v && i < s->t->samples; i++)
		if (mw_str_eq(s->t->sample[i].name, name) && (s->all || s->t->sample[i].value > 0))
			v[(*n)++] = (struct named){&s->t->sample[i], s->t->sample[i].value};
	if (v)
		qsort(v, *n, sizeof(*v), most_first);
	else
		ctl_output_lost();
	return v;
}

static void print_value(const struct mw_metric_sample *sample, const char *label)
{
	struct mw_buf text = MW_BUF_INIT;

	(void)mw_metric_value(sample, label, &text);
	print_told(&text);
}

/* One line: "tls(verified) 20, pass 3"; nothing at all when there is nothing. */
static void show_line(const struct show *s, const char *what, const char *name, const char *label, enum ctl_style style)
{
	size_t n;
	struct named *v = collect(s, name, &n);

	for (size_t i = 0; i < n; i++) {
		if (i == 0)
			head(s, what);
		printf("%s%s", i ? ", " : "", v[i].n > 0 ? ctl_style(s->ctl, style) : "");
		print_value(v[i].sample, label);
		printf(" %.0f%s", v[i].n, v[i].n > 0 ? ctl_style(s->ctl, CTL_PLAIN) : "");
		if (mw_str_eq(mw_metric_word(v[i].sample, "mode"), "observe"))
			printf(" (observed)");
	}
	if (n)
		printf("\n");
	free(v);
}

static void show_rules(const struct show *s)
{
	size_t n, most;
	struct named *v = collect(s, "milward_rule_findings_total", &n);

	most = s->all || n < FIRST_RULES ? n : FIRST_RULES;
	for (size_t i = 0; i < most; i++) {
		struct mw_str rule = mw_metric_word(v[i].sample, "rule"), shadow = mw_metric_word(v[i].sample, "shadow");
		double messages = 0;

		for (size_t k = 0; k < s->t->samples; k++)
			if (mw_str_eq(s->t->sample[k].name, "milward_rule_messages_total") &&
			    mw_str_same(mw_metric_word(&s->t->sample[k], "rule"), rule) &&
			    mw_str_same(mw_metric_word(&s->t->sample[k], "shadow"), shadow))
				messages += s->t->sample[k].value;
		head(s, i ? "" : "rules");
		print_value(v[i].sample, "rule");
		printf(" %.0f in %.0f message%s%s\n", v[i].n, messages, messages == 1 ? "" : "s",
		       mw_str_eq(shadow, "yes") ? " (in shadow)" : "");
	}
	if (most < n) {
		head(s, "");
		printf("%s%zu more: --all%s\n", ctl_style(s->ctl, CTL_DIM), n - most, ctl_style(s->ctl, CTL_PLAIN));
	}
	free(v);
}

static void show_caches(const struct show *s)
{
	bool any_yet = false;

	for (size_t i = 0; i < s->t->samples; i++) {
		const struct mw_metric_sample *one = &s->t->sample[i];
		struct mw_buf name = MW_BUF_INIT;
		double hit, all;

		if (!mw_str_eq(one->name, "milward_cache_lookups_total") || !mw_metric_value(one, "cache", &name))
			continue;
		hit = ctl_told_sum(s->t, "milward_cache_lookups_total", (struct ctl_by){"cache", mw_buf_text(&name)},
				   (struct ctl_by){"result", "hit"});
		all = by(s, "milward_cache_lookups_total", "cache", mw_buf_text(&name));
		/* Once for both results: at the first that has counted something. */
		if (all > 0 && (mw_str_eq(mw_metric_word(one, "result"), "hit") ? hit > 0 : hit == 0)) {
			if (any_yet)
				printf(", ");
			else
				head(s, "caches");
			ctl_print_safe((struct mw_str){.p = mw_buf_text(&name), .n = name.n});
			printf(" %.1f %% of %.0f", 100 * hit / all, all);
			any_yet = true;
		}
		if (!mw_buf_ok(&name))
			ctl_output_lost();
		mw_buf_free(&name);
	}
	if (any_yet)
		printf("\n");
}

/* ---- of each ---------------------------------------------------------------------------------------------------------------------- */

static void show_worker(const struct show *s)
{
	bool up = sum(s, "milward_worker_up") > 0;

	head(s, "worker");
	printf("%s%s%s, %.0f started", ctl_style(s->ctl, up ? CTL_GREEN : CTL_RED),
	       up ? "serves the MTA" : "there is none: the MTA defers mail", ctl_style(s->ctl, CTL_PLAIN),
	       sum(s, "milward_worker_starts_total"));
	print_bad(s, by(s, "milward_worker_ends_total", "how", "signal"), ", ", "crashed", CTL_RED);
	print_bad(s, by(s, "milward_worker_ends_total", "how", "stuck"), ", ", "stuck", CTL_RED);
	printf(", %.0f ended\n", by(s, "milward_worker_ends_total", "how", "error"));
}

static void show_queue(const struct show *s)
{
	double judging = sum(s, "milward_messages_judging"), limit = sum(s, "milward_messages_judging_limit");

	head(s, "sessions");
	printf("%.0f open, %.0f since the start", sum(s, "milward_sessions_open"), sum(s, "milward_sessions_total"));
	print_rate(s, "milward_sessions_total");
	print_bad(s, sum(s, "milward_sessions_refused_total"), ", ", "refused", CTL_RED);
	printf("\n");
	head(s, "work");
	printf("%.0f messages open, %s%.0f of %.0f judged%s", sum(s, "milward_messages_open"),
	       limit > 0 && judging >= limit ? ctl_style(s->ctl, CTL_YELLOW) : "", judging, limit,
	       limit > 0 && judging >= limit ? ctl_style(s->ctl, CTL_PLAIN) : "");
	print_bad(s, sum(s, "milward_messages_waiting"), ", ", "waiting", CTL_YELLOW);
	printf("\n");
}

static void show_messages(const struct show *s)
{
	static const char *const outcomes[] = {"pass", "route", "hold", "tempfail", "refuse"};

	head(s, "messages");
	printf("%.0f", sum(s, "milward_messages_total"));
	print_rate(s, "milward_messages_total");
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(*outcomes); i++)
		printf("%s %s %.0f", i ? "," : ":", outcomes[i], by(s, "milward_messages_total", "outcome", outcomes[i]));
	printf("; ");
	print_octets(sum(s, "milward_message_bytes_total"));
	printf("\n");
	head(s, "");
	print_bad(s, sum(s, "milward_messages_unjudged_total"), "", "not judged", CTL_YELLOW);
	print_bad(s, sum(s, "milward_edit_failures_total"), ", ", "edits failed", CTL_YELLOW);
	printf(", %.0f aborted by the client\n", sum(s, "milward_messages_aborted_total"));
}

static void show_milward(const struct show *s)
{
	show_worker(s);
	show_queue(s);
	show_messages(s);
	show_times_head(s);
	show_times(s, "whole", "milward_message_seconds", any);
	show_times(s, "waiting", "milward_stage_seconds", (struct ctl_by){"stage", "waiting"});
	show_times(s, "reading", "milward_stage_seconds", (struct ctl_by){"stage", "reading"});
	show_times(s, "scanning", "milward_stage_seconds", (struct ctl_by){"stage", "scanning"});
	show_line(s, "recipients", "milward_recipients_total", "route", CTL_PLAIN);
	show_line(s, "causes", "milward_causes_total", "cause", CTL_YELLOW);
	show_line(s, "classes", "milward_class_messages_total", "class", CTL_PLAIN);
	show_rules(s);
	head(s, "readers");
	printf("%.0f documents read", by(s, "milward_documents_total", "result", "read"));
	print_bad(s, by(s, "milward_documents_total", "result", "crashed"), ", ", "crashed", CTL_YELLOW);
	print_bad(s, by(s, "milward_documents_total", "result", "late"), ", ", "late", CTL_YELLOW);
	printf(", keepers started %.0f times\n", sum(s, "milward_reader_starts_total"));
}

static void show_seal(const struct show *s)
{
	static const char *const answers[] = {"sent", "deferred", "refused"};

	head(s, "sessions");
	printf("%.0f of %.0f open, %.0f since the start", sum(s, "milward_seal_connections_open"),
	       sum(s, "milward_seal_connections_limit"), sum(s, "milward_seal_connections_total"));
	print_rate(s, "milward_seal_connections_total");
	print_bad(s, sum(s, "milward_seal_children_crashed_total"), ", ", "crashed", CTL_RED);
	printf("; %.0f copies in the journal\n", sum(s, "milward_seal_journal_copies"));
	for (size_t i = 0; i < 3; i++) {
		head(s, i ? "" : "recipients");
		printf("%s %.0f", answers[i], by(s, "milward_seal_recipients_total", "answer", answers[i]));
		for (size_t k = 0; k < 5; k++) {
			static const char *const means[] = {"smime", "openpgp", "portal", "open", "none"};
			double n = ctl_told_sum(s->t, "milward_seal_recipients_total", (struct ctl_by){"answer", answers[i]},
						(struct ctl_by){"means", means[k]});

			if (n > 0)
				printf(", %s %.0f", means[k], n);
		}
		printf("\n");
	}
	show_times_head(s);
	show_times(s, "recipient", "milward_seal_recipient_seconds", any);
}

static void show_lookup(const struct show *s)
{
	head(s, "sessions");
	printf("%.0f open, %.0f since the start\n", sum(s, "milward_lookup_connections_open"),
	       sum(s, "milward_lookup_connections_total"));
	head(s, "questions");
	printf("%.0f", sum(s, "milward_lookup_questions_total"));
	print_rate(s, "milward_lookup_questions_total");
	printf(": ok %.0f, notfound %.0f", by(s, "milward_lookup_questions_total", "answer", "ok"),
	       by(s, "milward_lookup_questions_total", "answer", "notfound"));
	print_bad(s, by(s, "milward_lookup_questions_total", "answer", "temp"), ", ", "not known now", CTL_YELLOW);
	print_bad(s, by(s, "milward_lookup_questions_total", "answer", "perm"), ", ", "wrong", CTL_YELLOW);
	printf("\n");
	show_times_head(s);
	show_times(s, "question", "milward_lookup_question_seconds", any);
}

static void show_portal(const struct show *s)
{
	head(s, "sessions");
	printf("%.0f people can read, %.0f requests now", sum(s, "milward_portal_sessions_open"),
	       sum(s, "milward_portal_requests_open"));
	print_bad(s, sum(s, "milward_portal_connections_cut_total"), ", ", "connections cut", CTL_PLAIN);
	printf("\n");
	head(s, "requests");
	printf("%.0f", sum(s, "milward_portal_requests_total"));
	print_rate(s, "milward_portal_requests_total");
	printf(": 2xx %.0f, 3xx %.0f, 4xx %.0f", by(s, "milward_portal_requests_total", "code", "2xx"),
	       by(s, "milward_portal_requests_total", "code", "3xx"), by(s, "milward_portal_requests_total", "code", "4xx"));
	print_bad(s, by(s, "milward_portal_requests_total", "code", "5xx"), ", ", "5xx", CTL_RED);
	printf("\n");
	show_times_head(s);
	show_times(s, "request", "milward_portal_request_seconds", any);
}

void ctl_status_show(const struct ctl *ctl, const struct ctl_instance *in, const struct ctl_show *how)
{
	const struct show s = {.ctl = ctl, .in = in, .t = &in->now, .all = how->all};

	printf("%s", ctl_style(ctl, CTL_BOLD));
	ctl_print_safe(mw_str(in->name));
	printf("%s  ", ctl_style(ctl, CTL_PLAIN));
	if (!in->now.answers) {
		printf("%sdoes not answer%s: ", ctl_style(ctl, CTL_RED), ctl_style(ctl, CTL_PLAIN));
		ctl_print_safe(mw_str(in->now.why));
		printf(" (");
		ctl_print_safe(mw_str(in->socket));
		printf(")\n");
		return;
	}
	printf("%sruns%s since ", ctl_style(ctl, CTL_GREEN), ctl_style(ctl, CTL_PLAIN));
	print_time(sum(&s, "milward_start_time_seconds"));
	printf(" (");
	print_ago((double)time(NULL) - sum(&s, "milward_start_time_seconds"));
	printf("), version ");
	print_label(&s, "milward_build_info", "version");
	printf("\n");
	show_policy(&s);
	if (ctl_told_has(s.t, "milward_worker_up"))
		show_milward(&s);
	if (ctl_told_has(s.t, "milward_seal_connections_limit"))
		show_seal(&s);
	if (ctl_told_has(s.t, "milward_lookup_connections_open"))
		show_lookup(&s);
	if (ctl_told_has(s.t, "milward_portal_sessions_open"))
		show_portal(&s);
	show_caches(&s);
	show_process(&s);
}
