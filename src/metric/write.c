/* SPDX-License-Identifier: Apache-2.0 */
/* write: counters as text, in the two formats that Prometheus reads. */
#include "metric/metric.h"

#include "base/utf8.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct out {
	struct mw_buf *b;
	enum mw_metric_format format;
	const struct mw_metric *row;
	const char *base;
};

static void put_escaped(struct mw_buf *b, const char *text)
{
	for (; *text; text++) {
		if (*text == '\\' || *text == '"')
			mw_buf_putc(b, '\\');
		if (*text == '\n')
			mw_buf_puts(b, "\\n");
		else
			mw_buf_putc(b, (unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
	}
}

static bool is_utf8(const char *text)
{
	size_t n = strlen(text), step;

	for (; n; text += step, n -= step) {
		step = mw_utf8_step(text, n);
		if (!step)
			return false;
	}
	return true;
}

/* {a="x",b="y"}; more: a label that is written already. */
static void put_labels(const struct out *o, const char *const *value, const char *more)
{
	bool any = false;

	for (size_t i = 0; i < MW_METRIC_LABELS && o->row->label[i] && value[i]; i++) {
		mw_buf_printf(o->b, "%c%s=\"", any ? ',' : '{', o->row->label[i]);
		put_escaped(o->b, is_utf8(value[i]) ? value[i] : "?");
		mw_buf_putc(o->b, '"');
		any = true;
	}
	if (more)
		mw_buf_printf(o->b, "%c%s", any ? ',' : '{', more);
	if (any || more)
		mw_buf_putc(o->b, '}');
}

static const char *unit_of(const char *name)
{
	size_t n = strlen(name);

	return n > 8 && strcmp(name + n - 8, "_seconds") == 0 ? "seconds"
	       : n > 6 && strcmp(name + n - 6, "_bytes") == 0 ? "bytes"
							      : NULL;
}

void mw_metric_head(struct mw_buf *b, enum mw_metric_format format, const char *name, const char *type, const char *help)
{
	bool open = format == MW_METRIC_OPEN, counter = strcmp(type, "counter") == 0, info = strcmp(type, "info") == 0;
	const char *suffix = open ? "" : counter ? "_total" : info ? "_info" : "";
	const char *unit = open ? unit_of(name) : NULL;

	mw_buf_printf(b, "# HELP %s%s ", name, suffix);
	put_escaped(b, help);
	mw_buf_printf(b, "\n# TYPE %s%s %s\n", name, suffix, info && !open ? "gauge" : type);
	if (unit)
		mw_buf_printf(b, "# UNIT %s %s\n", name, unit);
}

static void put_seconds(struct mw_buf *b, uint64_t ns)
{
	mw_buf_printf(b, "%" PRIu64 ".%09" PRIu64, ns / 1000000000, ns % 1000000000);
}

/* ---- one sample, of each type ------------------------------------------------------------------------------------------------------ */

static void put_counter(const struct out *o, const char *const *value, mw_counter *c)
{
	mw_buf_printf(o->b, "%s_total", o->row->name);
	put_labels(o, value, NULL);
	mw_buf_printf(o->b, " %" PRIu64 "\n", mw_counted(c));
}

static void put_gauge(const struct out *o, const char *const *value, mw_gauge *g)
{
	mw_buf_puts(o->b, o->row->name);
	put_labels(o, value, NULL);
	mw_buf_printf(o->b, " %" PRId64 "\n", atomic_load_explicit(g, memory_order_relaxed));
}

/* The count is that of the buckets as they were read: they agree, whatever is counted meanwhile. */
static void put_times(const struct out *o, const char *const *value, struct mw_times *t)
{
	uint64_t count = 0, end = (uint64_t)MW_TIMES_FIRST;
	char le[32];

	for (unsigned i = 0; i < MW_TIMES_BUCKETS; i++, end *= 2) {
		count += mw_counted(&t->bucket[i]);
		if (i + 1 < MW_TIMES_BUCKETS)
			(void)snprintf(le, sizeof(le), "le=\"%" PRIu64 ".%04" PRIu64 "\"", end / 1000000000,
				       end % 1000000000 / 100000);
		mw_buf_printf(o->b, "%s_bucket", o->row->name);
		put_labels(o, value, i + 1 < MW_TIMES_BUCKETS ? le : "le=\"+Inf\"");
		mw_buf_printf(o->b, " %" PRIu64 "\n", count);
	}
	mw_buf_printf(o->b, "%s_sum", o->row->name);
	put_labels(o, value, NULL);
	mw_buf_putc(o->b, ' ');
	put_seconds(o->b, mw_counted(&t->sum));
	mw_buf_printf(o->b, "\n%s_count", o->row->name);
	put_labels(o, value, NULL);
	mw_buf_printf(o->b, " %" PRIu64 "\n", count);
}

static void put_longest(const struct out *o, const char *const *value, struct mw_times *t)
{
	mw_buf_printf(o->b, "%s_max", o->row->name);
	put_labels(o, value, NULL);
	mw_buf_putc(o->b, ' ');
	put_seconds(o->b, mw_counted(&t->longest));
	mw_buf_putc(o->b, '\n');
}

/* ---- a family ---------------------------------------------------------------------------------------------------------------------- */

static size_t words(const char *const *word)
{
	size_t n = 0;

	while (word && word[n])
		n++;
	return word ? n : 1;
}

/* Its samples: one a combination of words. */
static void put_all(const struct out *o, bool longest)
{
	const struct mw_metric *row = o->row;
	size_t n0 = words(row->word[0]), n1 = words(row->word[1]);
	char *at = (char *)(uintptr_t)o->base + row->at;

	for (size_t i = 0; i < n0 * n1; i++) {
		const char *value[MW_METRIC_LABELS] = {row->word[0] ? row->word[0][i / n1] : NULL,
						       row->word[1] ? row->word[1][i % n1] : NULL};

		if ((value[0] && !*value[0]) || (value[1] && !*value[1]))
			continue;
		if (row->type == MW_METRIC_COUNTER)
			put_counter(o, value, (mw_counter *)(void *)at + i);
		else if (row->type == MW_METRIC_GAUGE)
			put_gauge(o, value, (mw_gauge *)(void *)at + i);
		else if (longest)
			put_longest(o, value, (struct mw_times *)(void *)at + i);
		else
			put_times(o, value, (struct mw_times *)(void *)at + i);
	}
}

/* Texts that were joined, as they were before. */
static void split(char *text, size_t n, const char **value)
{
	text[n - 1] = '\0';
	for (size_t i = 0, at = 0; i < MW_METRIC_LABELS && at < n; i++) {
		value[i] = text + at;
		at += strlen(text + at) + 1;
	}
}

static void put_named(const struct out *o)
{
	struct mw_named *m = (void *)((char *)(uintptr_t)o->base + o->row->at);
	uint32_t used = atomic_load_explicit(&m->used, memory_order_acquire), which = o->row->value % MW_NAMED_VALUES;
	char text[MW_NAMED_TEXT];

	for (uint32_t i = 1; i < used && i < MW_NAMED_MOST; i++) {
		const char *value[MW_METRIC_LABELS] = {NULL};

		mw_text_read(m->one[i].text, text, sizeof(text));
		split(text, sizeof(text), value);
		put_counter(o, value, &m->one[i].value[which]);
	}
	if (mw_counted(&m->one[0].value[which])) /* both labels, so that all samples have the same */
		put_counter(o, (const char *const[MW_METRIC_LABELS]){"other", "other"}, &m->one[0].value[which]);
}

static void put_info(const struct out *o)
{
	struct mw_info *info = (void *)((char *)(uintptr_t)o->base + o->row->at);
	const char *value[MW_METRIC_LABELS] = {NULL};
	char text[MW_INFO_TEXT];
	uint32_t before, after;
	unsigned tries = 0;

	do {
		before = atomic_load_explicit(&info->version, memory_order_acquire);
		mw_text_read(info->text, text, sizeof(text));
		after = atomic_load_explicit(&info->version, memory_order_relaxed);
	} while ((before & 1 || before != after) && ++tries < 100);
	if (!before || before & 1 || before != after)
		return;
	split(text, sizeof(text), value);
	mw_buf_printf(o->b, "%s_info", o->row->name);
	put_labels(o, value, NULL);
	mw_buf_puts(o->b, " 1\n");
}

static void put_family(const struct out *o)
{
	static const char *const types[] = {[MW_METRIC_COUNTER] = "counter",
					    [MW_METRIC_GAUGE] = "gauge",
					    [MW_METRIC_TIMES] = "histogram",
					    [MW_METRIC_NAMED] = "counter",
					    [MW_METRIC_INFO] = "info"};
	const struct mw_metric *row = o->row;
	char longest[128];

	mw_metric_head(o->b, o->format, row->name, types[row->type], row->help);
	if (row->type == MW_METRIC_NAMED)
		put_named(o);
	else if (row->type == MW_METRIC_INFO)
		put_info(o);
	else
		put_all(o, false);
	if (row->type != MW_METRIC_TIMES)
		return;
	(void)snprintf(longest, sizeof(longest), "%s_max", row->name);
	mw_metric_head(o->b, o->format, longest, "gauge", "The longest of these, since the start.");
	put_all(o, true);
}

void mw_metrics_write(const struct mw_metric *rows, const void *base, enum mw_metric_format format, struct mw_buf *b)
{
	struct out o = {.b = b, .format = format, .base = base};

	for (o.row = rows; o.row->name; o.row++)
		put_family(&o);
}
