/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status: what daemons tell of themselves on their status sockets, for milwardctl status. One source: the text that Prometheus reads, too
 * (milward-metrics(7)).
 */
#ifndef MW_CTL_STATUS_H
#define MW_CTL_STATUS_H

#include "ctl/ctl.h"
#include "metric/read.h"

/* What a daemon told at one time. */
struct ctl_told {
	bool answers;
	char why[200]; /* it does not */
	struct mw_buf text;
	struct mw_metric_sample *sample; /* point into text */
	size_t samples;
	int64_t at; /* monotonic milliseconds */
};

struct ctl_instance {
	char *name;   /* "milward.outbound"; of a socket that has no such name, its path */
	char *socket; /* as mw_listen_open() takes it */
	struct ctl_told now;
	struct ctl_told before; /* the time before, when it is watched; samples == 0: there was none */
};

/* status_ask.c: asks, and waits for some seconds at most. told is empty, or is emptied. */
void ctl_status_ask(const char *socket, struct ctl_told *told);
void ctl_told_free(struct ctl_told *);

/* status_told.c: values. */
struct ctl_by {
	const char *label, *value;
};
/* Sum of the samples of that name with these labels; label NULL: any. 0 when there are none. */
double ctl_told_sum(const struct ctl_told *, const char *name, struct ctl_by, struct ctl_by);
bool ctl_told_has(const struct ctl_told *, const char *name);
/* A label of the first sample of that name, unescaped; "" when there is none. */
void ctl_told_label(const struct ctl_told *, const char *name, const char *label, struct mw_buf *);

#define CTL_BUCKETS 64u
/* A histogram; with `before` of what came since then. Seconds. */
struct ctl_times {
	double count, p50, p90, p99, max;
};
struct ctl_times ctl_told_times(const struct ctl_told *now, const struct ctl_told *before, const char *name, struct ctl_by);

/* status_show.c, status_json.c */
struct ctl_show {
	bool all; /* rules and routes that have counted nothing, too, and more than the first ones */
};
void ctl_status_show(const struct ctl *, const struct ctl_instance *, const struct ctl_show *);
/* NULL = no memory. */
json_t *ctl_status_json(const struct ctl_instance *);

#endif
