/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status: the counters of a daemon and the socket where they are told (milward-metrics(7)). Made before the daemon forks or starts
 * threads; the process that made it takes turns.
 */
#ifndef MW_METRIC_STATUS_H
#define MW_METRIC_STATUS_H

#include "base/err.h"
#include "base/start.h"
#include "metric/metric.h"

/* What every daemon counts: its own struct begins with this. */
struct mw_common {
	mw_gauge started; /* seconds since 1970, as all times here */
	struct mw_info build, policy;
	mw_gauge loaded, last_good;
	mw_counter reloads[2];	 /* ok, failed */
	mw_counter log_lines[2]; /* error, warning */
};

struct mw_status;

struct mw_status_conf {
	const struct mw_start *start;
	const struct mw_metric *rows; /* of the daemon's own; borrowed */
	size_t size;		      /* of its struct */
	/* Called before the counters are told: for those that somebody else counts. NULL = none is. */
	void (*refresh)(void *ctx);
	void *ctx;
};

/* Counters at 0, and the socket of start->status. Where that says nothing and the usual folder does not let us, there is none, which is
 * logged. Caller frees. MW_EXIT_OK; MW_EXIT_SYSTEM; MW_EXIT_CREATE: the socket that was asked for cannot be. */
enum mw_exit mw_status_new(const struct mw_status_conf *, struct mw_status **ret, struct mw_err *);
void *mw_status_counters(const struct mw_status *); /* the daemon's struct; as long as the process */
/* Readable: take a turn. -1: there is no socket. */
int mw_status_fd(const struct mw_status *);
void mw_status_turn(struct mw_status *);
/* Of a unix socket, for a sandbox that must let its name be removed; NULL: it is none. */
const char *mw_status_path(const struct mw_status *);
/* Whose process_… are told. At first our own. */
void mw_status_process(struct mw_status *, long pid);
/* In a child: gives up the socket, which is the parent's. The counters stay. Accepts NULL. */
void mw_status_leave(struct mw_status *);
void mw_status_free(struct mw_status **); /* accepts NULL, sets NULL */

/* The policy that runs from now on. */
void mw_common_policy(struct mw_common *, const char *file, const char *digest, bool observe);
/* A reload succeeded, or failed so that the old policy runs on. */
void mw_common_reload(struct mw_common *, bool good);

/* The folder for runtime files that the service manager made, or MW_STATUS_FOLDER. false: it does not fit. */
#define MW_STATUS_FOLDER "/run/milward"
bool mw_status_folder(char *path, size_t size);

#endif
