/* SPDX-License-Identifier: Apache-2.0 */
/* status_told: values out of samples. */
#include "ctl/status.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool fits(const struct mw_metric_sample *s, struct ctl_by by)
{
	return !by.label || mw_str_eq(mw_metric_word(s, by.label), by.value);
}

double ctl_told_sum(const struct ctl_told *t, const char *name, struct ctl_by a, struct ctl_by b)
{
	double sum = 0;

	for (size_t i = 0; i < t->samples; i++)
		if (mw_str_eq(t->sample[i].name, name) && fits(&t->sample[i], a) && fits(&t->sample[i], b))
			sum += t->sample[i].value;
	return sum;
}

static const struct mw_metric_sample *first_of(const struct ctl_told *t, const char *name)
{
	for (size_t i = 0; i < t->samples; i++)
		if (mw_str_eq(t->sample[i].name, name))
			return &t->sample[i];
	return NULL;
}

bool ctl_told_has(const struct ctl_told *t, const char *name)
{
	return first_of(t, name) != NULL;
}

void ctl_told_label(const struct ctl_told *t, const char *name, const char *label, struct mw_buf *ret)
{
	const struct mw_metric_sample *s = first_of(t, name);

	if (s)
		(void)mw_metric_value(s, label, ret);
}

/* ---- histograms -------------------------------------------------------------------------------------------------------------------- */

struct buckets {
	size_t n;
	double end[CTL_BUCKETS], count[CTL_BUCKETS]; /* count: of what took no longer than end */
};

static void read_buckets(const struct ctl_told *t, const char *name, struct ctl_by by, struct buckets *b)
{
	size_t length = strlen(name);

	b->n = 0;
	for (size_t i = 0; t && i < t->samples && b->n < CTL_BUCKETS; i++) {
		const struct mw_metric_sample *s = &t->sample[i];
		struct mw_str le = mw_metric_word(s, "le");
		char text[32];

		if (s->name.n != length + 7 || memcmp(s->name.p, name, length) != 0 ||
		    memcmp(s->name.p + length, "_bucket", 7) != 0 || !fits(s, by) || !le.n || le.n >= sizeof(text))
			continue;
		memcpy(text, le.p, le.n);
		text[le.n] = '\0';
		b->end[b->n] = strtod(text, NULL);
		b->count[b->n++] = s->value;
	}
}

/* Where in its bucket it stands is not known: as if they lay there evenly, as Prometheus' histogram_quantile() has it. */
static double quantile(const struct buckets *b, double q, double max)
{
	double rank = q * b->count[b->n - 1];
	size_t i = 0;
	double from, before, guess;

	while (i + 1 < b->n && b->count[i] < rank)
		i++;
	from = i ? b->end[i - 1] : 0;
	before = i ? b->count[i - 1] : 0;
	if (isinf(b->end[i]))
		return max > from ? max : from;
	guess = b->count[i] > before ? from + (b->end[i] - from) * (rank - before) / (b->count[i] - before) : b->end[i];
	return max > 0 && guess > max ? max : guess;
}

/* The end of the last bucket that something is in. */
static double last_end(const struct buckets *b)
{
	size_t i = b->n - 1;

	while (i > 0 && b->count[i - 1] >= b->count[b->n - 1])
		i--;
	return isinf(b->end[i]) && i ? b->end[i - 1] : b->end[i];
}

struct ctl_times ctl_told_times(const struct ctl_told *now, const struct ctl_told *before, const char *name, struct ctl_by by)
{
	struct ctl_times ret = {0};
	struct buckets b, was;
	char max[128];

	read_buckets(now, name, by, &b);
	read_buckets(before, name, by, &was);
	if (!b.n)
		return ret;
	(void)snprintf(max, sizeof(max), "%s_max", name);
	ret.max = ctl_told_sum(now, max, by, (struct ctl_by){NULL, NULL});
	if (was.n == b.n && was.count[b.n - 1] <= b.count[b.n - 1]) {
		for (size_t i = 0; i < b.n; i++)
			b.count[i] -= was.count[i];
		ret.max = ret.max < last_end(&b) ? ret.max : last_end(&b);
	}
	ret.count = b.count[b.n - 1];
	if (ret.count <= 0)
		return (struct ctl_times){0};
	ret.p50 = quantile(&b, 0.5, ret.max);
	ret.p90 = quantile(&b, 0.9, ret.max);
	ret.p99 = quantile(&b, 0.99, ret.max);
	return ret;
}
