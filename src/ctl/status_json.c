/* SPDX-License-Identifier: Apache-2.0 */
/* status_json: an instance as JSON: all that it told, and percentiles. */
#include "ctl/status.h"

#include <string.h>

static json_t *value_of(double v)
{
	return v == (double)(json_int_t)v && v < 9e15 && v > -9e15 ? json_integer((json_int_t)v) : json_real(v);
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
		(void)json_object_set_new(row, mw_buf_text(&name),
					  ctl_json_text((struct mw_str){.p = mw_buf_text(&text), .n = text.n}));
		mw_buf_free(&text);
		mw_buf_free(&name);
	}
	(void)json_object_set_new(row, "value", value_of(s->value));
	return row;
}

/* A sample without labels is a number; others are rows. */
static void add_sample(json_t *to, const struct mw_metric_sample *s)
{
	struct mw_buf name = MW_BUF_INIT;
	json_t *rows;

	mw_buf_add(&name, s->name.p, s->name.n);
	rows = json_object_get(to, mw_buf_text(&name));
	if (!s->labels) {
		(void)json_object_set_new(to, mw_buf_text(&name), value_of(s->value));
	} else if (rows) {
		(void)json_array_append_new(rows, labels_of(s));
	} else {
		rows = json_array();
		(void)json_array_append_new(rows, labels_of(s));
		(void)json_object_set_new(to, mw_buf_text(&name), rows);
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
		struct mw_buf count = MW_BUF_INIT;

		mw_buf_printf(&count, "%s_count", names[i]);
		if (ctl_told_has(&in->now, mw_buf_text(&count)))
			(void)json_object_set_new(to, "whole", times_of(in, names[i], (struct ctl_by){NULL, NULL}));
		mw_buf_free(&count);
	}
	for (size_t i = 0; ctl_told_has(&in->now, "milward_stage_seconds_count") && i < 3; i++)
		(void)json_object_set_new(to, stages[i],
					  times_of(in, "milward_stage_seconds", (struct ctl_by){"stage", stages[i]}));
	return to;
}

json_t *ctl_status_json(const struct ctl_instance *in)
{
	json_t *o = json_object(), *metrics = json_object();

	(void)json_object_set_new(o, "instance", ctl_json_text(mw_str(in->name)));
	(void)json_object_set_new(o, "socket", ctl_json_text(mw_str(in->socket)));
	(void)json_object_set_new(o, "answers", json_boolean(in->now.answers));
	if (!in->now.answers) {
		(void)json_object_set_new(o, "why", ctl_json_text(mw_str(in->now.why)));
		json_decref(metrics);
		return o;
	}
	if (in->before.samples)
		(void)json_object_set_new(o, "interval_seconds", json_real((double)(in->now.at - in->before.at) / 1000));
	(void)json_object_set_new(o, "latency", latency(in));
	for (size_t i = 0; i < in->now.samples; i++)
		if (!ends_with(in->now.sample[i].name, "_bucket"))
			add_sample(metrics, &in->now.sample[i]);
	(void)json_object_set_new(o, "metrics", metrics);
	return o;
}
