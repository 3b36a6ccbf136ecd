/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metric: what a daemon counts. Its counters are a struct of its own, whose members are of the types below, in memory that all of its
 * processes share (mw_metrics_new before they fork), so that the one that works may crash and the one that tells has everything.
 * Counting is one atomic addition, from any thread and process, and never fails. A table of rows says what the members are called.
 *
 * Names, labels and values are words of ours, numbers, and names that a policy gives: nothing of a message.
 */
#ifndef MW_METRIC_METRIC_H
#define MW_METRIC_METRIC_H

#include "base/buf.h"

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint64_t mw_counter;
typedef _Atomic int64_t mw_gauge;

static inline void mw_count(mw_counter *c)
{
	atomic_fetch_add_explicit(c, 1, memory_order_relaxed);
}
static inline void mw_count_add(mw_counter *c, uint64_t n)
{
	atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}
static inline uint64_t mw_counted(mw_counter *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}
static inline void mw_gauge_add(mw_gauge *g, int64_t n)
{
	atomic_fetch_add_explicit(g, n, memory_order_relaxed);
}
static inline void mw_gauge_set(mw_gauge *g, int64_t n)
{
	atomic_store_explicit(g, n, memory_order_relaxed);
}

/* How long something took. Buckets end at 0.1 ms and at twice that each; the last has all that took longer. */
#define MW_TIMES_BUCKETS 24u
#define MW_TIMES_FIRST INT64_C(100000) /* nanoseconds */
struct mw_times {
	mw_counter bucket[MW_TIMES_BUCKETS];
	mw_counter sum; /* nanoseconds */
	mw_counter longest;
};
void mw_times_add(struct mw_times *, int64_t ns);

/* Counters for names that are not known beforehand: MW_NAMED_MOST at most, and those beyond together, as "other". A name is up to two
 * labels' values. Names are added by one process at a time, by any of its threads, and stay. */
#define MW_NAMED_MOST 1024u
#define MW_NAMED_TEXT 96u /* octets of a name, with a NUL behind each value; a longer one is cut */
#define MW_NAMED_VALUES 2u
struct mw_named_one {
	mw_counter value[MW_NAMED_VALUES];
	mw_counter text[MW_NAMED_TEXT / 8];
};
struct mw_named {
	_Atomic uint32_t used;
	_Atomic uint16_t slot[2 * MW_NAMED_MOST]; /* by hash: index + 1, 0 = none */
	struct mw_named_one one[MW_NAMED_MOST];	  /* the first is "other" */
};
/* The counters of a name, which is added when it is not there and fewer than `most` are. b: second label's value, NULL = it has none. */
struct mw_named_one *mw_named(struct mw_named *, uint32_t most, const char *a, const char *b);

/* A few texts that change together, such as the policy that runs. Written by one process at a time, by any of its threads. */
#define MW_INFO_TEXT 512u
struct mw_info {
	_Atomic uint32_t version; /* odd: it is being written; 0: there is none yet */
	mw_counter text[MW_INFO_TEXT / 8];
};
void mw_info_set(struct mw_info *, const char *a, const char *b, const char *c);

enum mw_metric_type {
	MW_METRIC_COUNTER = 1, /* mw_counter, or an array of them by words */
	MW_METRIC_GAUGE,       /* mw_gauge */
	MW_METRIC_TIMES,       /* struct mw_times, or an array by words. Tells NAME, a histogram, and NAME_max */
	MW_METRIC_NAMED,       /* struct mw_named, counters */
	MW_METRIC_INFO,	       /* struct mw_info; 1 */
};
#define MW_METRIC_LABELS 3u

/* A family. With words of both labels an array has a row of the second's for each of the first's. */
struct mw_metric {
	const char *name; /* without "_total" and "_info"; NULL ends the rows */
	const char *help; /* one line */
	enum mw_metric_type type;
	size_t at; /* of the member in the struct */
	const char *label[MW_METRIC_LABELS];
	const char *const *word[2]; /* of the first two labels, NULL ends; "": not told. None for NAMED and INFO */
	uint32_t value;		    /* NAMED: which of its counters */
};

#define MW_METRIC(TYPE, st, member, metric, text, ...)                                                                           \
	{                                                                                                                        \
		.name = (metric), .help = (text), .type = MW_METRIC_##TYPE, .at = offsetof(st, member), __VA_ARGS__              \
	}

/* Text that others may read while it is written, n octets, a multiple of 8. Who sees one word sees what was stored before it, too. */
void mw_text_write(mw_counter *to, const char *text, size_t n);
void mw_text_read(mw_counter *from, char *text, size_t n);

/* Memory for a struct of that size, zeroed, that children share. NULL = none. Lives as long as the process. */
void *mw_metrics_new(size_t size);

enum mw_metric_format { MW_METRIC_TEXT, MW_METRIC_OPEN }; /* Prometheus' text format 0.0.4; OpenMetrics 1.0 without its "# EOF" */
/* Appends all families of rows. */
void mw_metrics_write(const struct mw_metric *rows, const void *base, enum mw_metric_format, struct mw_buf *);
/* The head of a family, and a sample, for those that have no row. A counter's name is without "_total". */
void mw_metric_head(struct mw_buf *, enum mw_metric_format, const char *name, const char *type, const char *help);

#endif
