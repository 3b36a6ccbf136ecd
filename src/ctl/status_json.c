/* SPDX-License-Identifier: Apache-2.0 */
/* status_json: an instance as JSON: all that it told, and percentiles. */
#include "ctl/status.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static void put(json_t *to, const char *name, json_t *value)
{
	if (json_object_set_new(to, name, value) < 0)
		ctl_output_lost();
}

static void append(json_t *to, json_t *value)
{
	if (json_array_append_new(to, value) < 0)
		ctl_output_lost();
}

/* JSON has no words for what is no number, or has no end. */
static json_t *value_of(double v)
{
	if (!isfinite(v))
		return json_null();
	return v < 9e15 && v > -9e15 && v == (double)(json_int_t)v ? json_integer((json_int_t)v) : json_real(v);
}

static bool ends_with(struct mw_str s, const char *end)
{
	size_t n = strlen(end);

	return s.n >= n && memcmp(s.p + s.n - n, end, n) == 0;
}

static json_t *labels_of(const struct mw_metric_sample *s)
{
	json_t *row = json_object();

	for (size_t i = 0; i < s->labels; i++) {
		struct mw_buf text = MW_BUF_INIT, name = MW_BUF_INIT;

		mw_buf_add(&name, s->label[i].name.p, s->label[i].name.n);
		(void)mw_metric_value(s, mw_buf_text(&name), &text);
		put(row, mw_buf_text(&name), ctl_json_text((struct mw_str){.p = mw_buf_text(&text), .n = text.n}));
		if (!mw_buf_ok(&name) || !mw_buf_ok(&text))
			ctl_output_lost();
		mw_buf_free(&text);
		mw_buf_free(&name);
	}
	put(row, "value", value_of(s->value));
	return row;
}

/* A sample without labels is a number; others are rows. */
static void add_sample(json_t *to, const struct mw_metric_sample *s)
{
	struct mw_buf name = MW_BUF_INIT;
	json_t *rows;

	mw_buf_add(&name, s->name.p, s->name.n);
	if (!mw_buf_ok(&name))
		ctl_output_lost();
	rows = json_object_get(to, mw_buf_text(&name));
	if (!s->labels) {
		put(to, mw_buf_text(&name), value_of(s->value));
	} else if (rows) {
		append(rows, labels_of(s));
	} else {
		rows = json_array();
		append(rows, labels_of(s));
		put(to, mw_buf_text(&name), rows);
	}
	mw_buf_free(&name);
}

static json_t *times_of(const struct ctl_instance *in, const char *name, struct ctl_by by)
{
	struct ctl_times t = ctl_told_times(&in->now, in->before.samples ? &in->before : NULL, name, by);

	return json_pack("{s:f,s:f,s:f,s:f,s:f}", "count", t.count, "p50", t.p50, "p90", t.p90, "p99", t.p99, "max", t.max);
}

static json_t *latency(const struct ctl_instance *in)
{
	static const char *const names[] = {"milward_message_seconds", "milward_seal_recipient_seconds",
					    "milward_lookup_question_seconds", "milward_portal_request_seconds"};
	static const char *const stages[] = {"waiting", "reading", "scanning"};
	json_t *to = json_object();

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char count[128];

		(void)snprintf(count, sizeof(count), "%s_count", names[i]);
		if (ctl_told_has(&in->now, count))
			put(to, "whole", times_of(in, names[i], (struct ctl_by){NULL, NULL}));
	}
	for (size_t i = 0; ctl_told_has(&in->now, "milward_stage_seconds_count") && i < 3; i++)
		put(to, stages[i], times_of(in, "milward_stage_seconds", (struct ctl_by){"stage", stages[i]}));
	return to;
}

json_t *ctl_status_json(const struct ctl_instance *in)
{
	json_t *o = json_object(), *metrics = json_object();

	put(o, "instance", ctl_json_text(mw_str(in->name)));
	put(o, "socket", ctl_json_text(mw_str(in->socket)));
	put(o, "answers", json_boolean(in->now.answers));
	if (!in->now.answers) {
		put(o, "why", ctl_json_text(mw_str(in->now.why)));
		json_decref(metrics);
		return o;
	}
	if (in->before.samples)
		put(o, "interval_seconds", json_real((double)(in->now.at - in->before.at) / 1000));
	put(o, "latency", latency(in));
	for (size_t i = 0; i < in->now.samples; i++)
		if (!ends_with(in->now.sample[i].name, "_bucket"))
			add_sample(metrics, &in->now.sample[i]);
	put(o, "metrics", metrics);
	return o;
}
