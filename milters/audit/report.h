/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report: a month of the audit file as numbers: `milwardctl report --month 2026-11`.
 *
 * Records are read once, verified, and counted; memory does not grow with their number. What was counted becomes one JSON object (the
 * model), from which text, JSON and HTML are made, so that they cannot differ. No content: what records do not have cannot be told.
 */
#ifndef MW_AUDIT_REPORT_H
#define MW_AUDIT_REPORT_H

#include "report_table.h"
#include "verify.h"

#include <jansson.h>
#include <stdio.h>

#define REPORT_DAYS 31
#define REPORT_KEYS 8 /* most key files */

/* What becomes of a recipient's copy: where the route leads, in the order in which it is shown. */
enum mw_report_way {
	WAY_PASS,
	WAY_TLS,
	WAY_VERIFIED,
	WAY_SMIME,
	WAY_OPENPGP,
	WAY_PORTAL,
	WAY_OTHER,
	WAY_HOLD,
	WAY_REFUSE,
	WAY_LATER,
	WAY_NONE,
	WAYS
};
/* Names as the model has them. */
extern const char *const mw_report_way_name[WAYS];

/* Columns of tables that count recipients by way: COL_N is what they are sorted by. */
enum { COL_N, COL_WAY };
_Static_assert(COL_WAY + WAYS <= REPORT_COLUMNS, "a column for each way");

/* ---- the month ----------------------------------------------------------------------------------------------------------------- */

struct mw_report_month {
	char name[16]; /* "2026-11" */
	int year, month, days;
	int64_t edge[REPORT_DAYS + 1];	 /* seconds of the epoch: where each day begins, and where the last ends */
	char stamp[REPORT_DAYS + 1][24]; /* the same, as records have it, to seconds */
	char zone[64];			 /* "UTC", "CET (UTC+01:00)" */
	bool utc;
};

/* text: "2026-11" or "last". utc: else the time zone of the machine (TZ). 0, or -EINVAL. */
int mw_report_month_set(struct mw_report_month *, const char *text, bool utc);
/* Day from 0, by a time as records have it (19 characters are looked at), or by seconds; -1 before the month, -2 behind it. */
int mw_report_month_day(const struct mw_report_month *, const char *stamp);
int mw_report_month_day_at(const struct mw_report_month *, int64_t when);

/* ---- what was counted ---------------------------------------------------------------------------------------------------------- */

enum { PICKED_1H, PICKED_1D, PICKED_3D, PICKED_7D, PICKED_LATER, PICKED };

struct mw_report_portal {
	uint64_t handed_in, picked_up, expired_unread, recalled, in_time[PICKED];
	struct mw_report_table steps, seen; /* seen: id -> when it was handed in, whether it was read */
};

/* Copies that milward-seal gave back to the MTA: what became of what was promised. */
struct mw_report_handed {
	uint64_t again;			    /* records of retries that had nothing left to do */
	struct mw_report_table means, seen; /* means -> copies; seen: message and recipient, each counted once */
};

struct mw_report_count {
	const struct mw_report_month *month;
	uint64_t early, late; /* records outside of the month */
	uint64_t unread;      /* records whose members cannot be read */
	uint64_t messages, recipients, observed, local, octets, in_class, refused_before;
	uint64_t outcome[WAYS], way[WAYS];
	uint64_t day_messages[REPORT_DAYS], day_way[REPORT_DAYS][WAYS], day_class[REPORT_DAYS][WAYS], day_any[REPORT_DAYS];
	uint64_t class_way[WAYS]; /* recipients of messages in a class */
	struct mw_report_table classes, rules, shadow, unreadable, routes, lines, causes, domains, senders, departments, consents,
	    attested, policies, events;
	struct mw_report_portal portal;
	struct mw_report_handed handed;
	const struct mw_report_table *department_of; /* address or @domain -> name; NULL */
};

/* 0 or -ENOMEM; mw_report_count_free() in each case. */
int mw_report_count_init(struct mw_report_count *, const struct mw_report_month *);
void mw_report_count_free(struct mw_report_count *);
/* For struct mw_audit_verify: ctx is a mw_report_count. */
int mw_report_count_record(void *ctx, const char *line, size_t n, const struct mw_audit_record *);
/* Names of departments: "ADDRESS NAME" or "@DOMAIN NAME" a line. 0, or negative errno, *line the line it is about (0: the file). */
int mw_report_departments(struct mw_report_table *, const char *file, unsigned *line);

/* ---- where it comes from ------------------------------------------------------------------------------------------------------- */

struct mw_report_files {
	size_t n;
	char *const *path;
	size_t keys;
	const char *const *key;
	bool progress; /* on standard error */
};

/* Sorts the files into chains, verifies each and counts its records. *ret: a JSON array, an object a chain. 0 all are intact, 1 not,
 * negative: nothing can be said (printed to standard error). */
int mw_report_chains(const struct mw_host *, const struct mw_report_files *, struct mw_report_count *, json_t **ret);

/* ---- the MTA's log ------------------------------------------------------------------------------------------------------------- */

struct mw_report_mail;
/* NULL: no memory. */
struct mw_report_mail *mw_report_mail_new(const struct mw_report_month *);
void mw_report_mail_free(struct mw_report_mail *);
/* One line, without its LF. 0 or -ENOMEM. */
int mw_report_mail_line(struct mw_report_mail *, const char *line, size_t n);
/* 0 or negative errno. */
int mw_report_mail_read(struct mw_report_mail *, const char *file);
/* JSON object, new reference; NULL: no memory. */
json_t *mw_report_mail_model(const struct mw_report_mail *);

/* ---- what it becomes ----------------------------------------------------------------------------------------------------------- */

struct mw_report_options {
	const char *site;
	size_t top;
	bool addresses; /* senders are named */
};

/* A string; octets of what is no UTF-8 (a name may have been cut) become "?". */
json_t *mw_report_string(const char *);
/* What was made when nothing that belongs to it failed (r is 0); else NULL: a report that lacks something is none. */
json_t *mw_report_whole(json_t *made, int r);
/* chains and mail are taken over; mail may be NULL. NULL: no memory. */
json_t *mw_report_model(const struct mw_report_count *, const struct mw_report_options *, json_t *chains, json_t *mail);
void mw_report_text(const json_t *model, FILE *out);
void mw_report_html(const json_t *model, FILE *out);

#endif
