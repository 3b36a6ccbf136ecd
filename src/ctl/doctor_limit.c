/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_limit: sizes and times that must fit together, of the MTA and of the policy. */
#include "ctl/doctor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MARGIN 10 /* seconds */

/* A number with the unit of an MTA; -1: it is none. */
static int64_t seconds_of(const char *text)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'\0', 1}, {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	char *end;
	int64_t n = strtoll(text, &end, 10);

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]) && end > text && n >= 0 && n < 1000000; i++)
		if (*end == units[i].unit && (!*end || !end[1]))
			return n * units[i].seconds;
	return -1;
}

static const char *set_size(struct doctor *d, uint64_t size)
{
	const char *config = doctor_fact(d, "config");

	if (strcmp(d->mta, "postfix") == 0)
		return doctor_text(d, "postconf -c %s -e message_size_limit=%" PRIu64 " && postfix -c %s reload", config, size,
				   config);
	return doctor_text(
	    d, "sed -i \"/^FEATURE(\\`milward'/i define(\\`confMAX_MESSAGE_SIZE', \\`%" PRIu64 "')dnl\" %s/sendmail.mc && %s",
	    size, config, doctor_fact(d, "again") ? doctor_fact(d, "again") : "");
}

/* What the MTA takes, the service behind it must take, too. */
static void look_at_size(struct doctor *d, const struct doctor_policy *p, const char *name)
{
	const struct mw_plan_module *m = doctor_module(p, name);
	const uint64_t *size = m ? doctor_option(m, "size", MW_SIZE) : NULL;
	const char *limit = doctor_fact(d, "size");
	uint64_t most = limit ? strtoull(limit, NULL, 10) : 0;

	if (size && (most == 0 || most > *size))
		doctor_find(d, DOCTOR_WARNING, "size-limit", p->path, set_size(d, *size),
			    "the MTA takes messages of %s%s, and %s only up to %" PRIu64
			    ": larger ones are taken and then bounce",
			    most ? limit : "any size", most ? " octets" : "", name, *size);
}

/* The MTA must wait longer than milward may take, or mail is asked to come back again and again. */
static void look_at_time(struct doctor *d, const struct doctor_policy *p, const char *fact, int64_t needed, const char *what)
{
	const char *text = doctor_fact(d, fact), *again = doctor_fact(d, "again");

	if (text && seconds_of(text) >= 0 && seconds_of(text) < needed + MARGIN)
		doctor_find(d, DOCTOR_WARNING, "milter-time", p->path, again,
			    "the MTA gives milward %s (%s), and the policy allows %s of %" PRId64 " seconds", text, fact, what,
			    needed);
}

void doctor_limits(struct doctor *d)
{
	const struct doctor_policy *asked = doctor_asked(d);
	const struct mw_plan_module *route = asked ? doctor_module(asked, "route") : NULL;
	const char *const *lookup = route ? doctor_option(route, "lookup", MW_PATH) : NULL;
	const int64_t *wait = lookup && *lookup ? doctor_option(route, "lookup-wait", MW_TIME) : NULL;
	int64_t reading;

	for (size_t i = 0; i < d->policies.n; i++) {
		if (doctor_fact(d, "seal"))
			look_at_size(d, &d->policies.v[i], "seal");
		if (doctor_fact(d, "portal"))
			look_at_size(d, &d->policies.v[i], "portal");
	}
	if (!asked)
		return;
	reading = (int64_t)asked->plan->limits.max[MW_LIMIT_READING];
	look_at_time(d, asked, "content-timeout", reading + (wait ? *wait : 0),
		     "work on a document and a wait for milward-lookup");
	look_at_time(d, asked, "command-timeout", wait ? *wait : 0, "a wait for milward-lookup");
}
