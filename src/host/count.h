/* SPDX-License-Identifier: Apache-2.0 */
/* count: what happened since the service started: in memory that supervisor and workers share. Written from all threads, one atomic addition
 * an event; told on the status socket (milward-metrics(7)), and logged on request and at the end. */
#ifndef MW_HOST_COUNT_H
#define MW_HOST_COUNT_H

#include "engine/engine.h"
#include "metric/status.h"

enum mw_worker_end { MW_ENDED_SIGNAL = 0, MW_ENDED_STUCK, MW_ENDED_ERROR, MW_WORKER_ENDS };
enum mw_unjudged {
	MW_UNJUDGED_BUSY = 0, /* waited too long for its turn */
	MW_UNJUDGED_RESERVED, /* a client named a tag domain */
	MW_UNJUDGED_BROKEN,   /* no memory, a changed session */
	MW_UNJUDGED
};
enum mw_stage { MW_STAGE_WAITING = 0, MW_STAGE_READING, MW_STAGE_SCANNING, MW_STAGES };
enum { MW_DOCUMENT_READ = 0, MW_DOCUMENT_CRASHED, MW_DOCUMENT_LATE, MW_DOCUMENTS };
enum { MW_ENFORCED = 0, MW_OBSERVED, MW_MODES };

#define MW_IN_WORK 256u
#define MW_IN_WORK_ID 32u

struct mw_counts {
	struct mw_common common;
	/* of the supervisor */
	mw_gauge worker_up;
	mw_counter worker_starts, worker_ends[MW_WORKER_ENDS];
	/* of the worker */
	mw_gauge sessions_open, messages_open, waiting, judging, judging_limit;
	mw_counter sessions, sessions_refused;	      /* refused: the MTA lacks what we need */
	mw_counter messages[MW_MODES][MW_REFUSE + 1]; /* judged, by mode and enum mw_effect */
	mw_counter unjudged[MW_UNJUDGED], aborted, octets;
	mw_counter edit_failed; /* the MTA went away during the edits */
	mw_counter cause[MW_CAUSES], documents[MW_DOCUMENTS], reader_starts;
	struct mw_times message, stage[MW_STAGES];
	struct mw_named route, class, rule, cache;
	struct mw_in_work {
		_Atomic bool taken;
		mw_counter queue_id[MW_IN_WORK_ID / 8]; /* text with its NUL */
	} in_work[MW_IN_WORK]; /* messages that are judged now: for the log, when the worker ends by them */
};
#define MW_COUNT_ROUTES 64u
#define MW_COUNT_CLASSES 128u
#define MW_COUNT_RULES MW_NAMED_MOST
#define MW_COUNT_CACHES 64u

extern const struct mw_metric mw_count_rows[];
/* Before the rows are used: the names of causes. */
void mw_count_init(void);
/* A message is judged, under this id. NULL: so many are that it is not kept. mw_count_judged() must follow; accepts NULL. */
struct mw_in_work *mw_count_judge(struct mw_counts *, const char *queue_id);
void mw_count_judged(struct mw_in_work *);
/* No worker is there: what it had in work is gone, which is logged. */
void mw_count_no_worker(struct mw_counts *);
/* Names of the plan, so that they are told before something happens to them. */
void mw_count_plan(struct mw_counts *, const struct mw_plan *);
/* What became of a message that was judged. Nanoseconds: from its end to its outcome, and of these for its turn. */
void mw_count_message(struct mw_counts *, const struct mw_plan *, struct mw_msg *, int64_t ns, int64_t waited);
/* Has what modules and readers do counted. */
void mw_count_attach(struct mw_counts *, struct mw_loader *);

struct mw_daemon;
/* A few lines, event `counts`. */
void mw_counts_log(struct mw_daemon *);

#endif
