/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor: what the parts of `milwardctl doctor` share. Each part looks at one thing and adds findings; none changes anything. What MTAs
 * are is known to the scripts milward-postfix and milward-sendmail alone, and what is in a module's files to the module: they are run,
 * and what they print are findings and facts (doctor_records()).
 */
#ifndef MW_CTL_DOCTOR_H
#define MW_CTL_DOCTOR_H

#include "ctl/ctl.h"

#include <sys/types.h>

enum doctor_severity { DOCTOR_NOTE = 0, DOCTOR_WARNING, DOCTOR_ERROR };

/* All strings are the arena's. */
struct doctor_finding {
	enum doctor_severity severity;
	const char *id, *where, *text;
	const char *fix; /* a command; a record for DNS when dns is set; "" when only a person can mend it */
	bool dns;
};
struct doctor_fact {
	const char *name, *value, *more;
};
struct doctor_policy {
	const char *path;
	const char *name; /* of its instance: outbound, of outbound.policy */
	struct mw_generation *gen;
	const struct mw_plan *plan;
};

struct doctor {
	struct ctl *ctl;
	struct mw_arena *arena;
	bool lost; /* no memory for something that was found */
	const char *mta, *config, *cf, *programs;
	struct {
		struct doctor_finding *v;
		size_t n, cap;
	} findings;
	struct {
		struct doctor_fact *v;
		size_t n, cap;
	} facts;
	struct {
		struct doctor_policy *v;
		size_t n, cap;
	} policies;
	struct {
		const char **v;
		size_t n, cap;
	} ignored; /* ids */
};

/* Adds a finding. fix may be NULL. */
void doctor_find(struct doctor *, enum doctor_severity, const char *id, const char *where, const char *fix, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));
/* The same, whose fix is a record to publish. */
void doctor_find_dns(struct doctor *, enum doctor_severity, const char *id, const char *where, const char *fix, const char *fmt,
		     ...) __attribute__((format(printf, 6, 7)));
/* Text in the arena; "" and lost when there is no memory. */
const char *doctor_text(struct doctor *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Room for one more in a list of the arena; NULL and lost when there is none. */
#define DOCTOR_ADD(d, list) doctor_room((d), (void **)&(list).v, &(list).n, &(list).cap, sizeof(*(list).v))
void *doctor_room(struct doctor *, void **v, size_t *n, size_t *cap, size_t size);

/* The first fact of a name, NULL: there is none. */
const char *doctor_fact(const struct doctor *, const char *name);
void doctor_add_fact(struct doctor *, const char *name, const char *value, const char *more);
/* Runs fn in a process of its own, with what it prints to standard output read as records: a line each, fields with tabs between them.
 *   error|warning|note ID WHERE TEXT FIX
 *   fact NAME VALUE [MORE]
 * 0: it ended with 0. Positive: its exit status. Negative: it could not be run, or ended by a signal. said: what it wrote to standard
 * error, its last line, in the arena. */
int doctor_records(struct doctor *, int (*fn)(void *ctx), void *ctx, const char **said);

/* An option of a module by its name and type: where its value is; NULL: it has none of that kind. */
const void *doctor_option(const struct mw_plan_module *, const char *name, uint32_t type);
/* The module of a policy by its name; NULL: it does not load it. */
const struct mw_plan_module *doctor_module(const struct doctor_policy *, const char *name);
/* The policy whose milward the MTA asks; NULL: none of them. */
const struct doctor_policy *doctor_asked(const struct doctor *);

/* The parts. */
void doctor_mta(struct doctor *);
void doctor_policies(struct doctor *, size_t n, char *const *path);
void doctor_modules(struct doctor *);
void doctor_certificates(struct doctor *);
void doctor_aliases(struct doctor *);
void doctor_sockets(struct doctor *);
void doctor_limits(struct doctor *);
void doctor_means(struct doctor *);
void doctor_disk(struct doctor *);
void doctor_clock(struct doctor *);
void doctor_resolver(struct doctor *);
void doctor_dns(struct doctor *);

#endif
