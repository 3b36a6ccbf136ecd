/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_limit: sizes and times that must fit together, of the MTA and of the policy. */
#include "ctl/doctor.h"

#include "mail/limits.h"

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

/* The policy's own limit of what comes in. */
static const char *set_limit(struct doctor *d, const char *policy, uint64_t size)
{
	return doctor_text(d, "sed -i '/^limit[ \\t]*size[ \\t]/d' '%s' && echo 'limit size %" PRIu64 "' >>'%s'", policy, size,
			   policy);
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

/* What is let in, the service behind must take, too. On Sendmail the policy says what: the MTA's limit has to leave room for what comes back. */
static void look_at_size(struct doctor *d, const struct doctor_policy *p, const char *name, const struct doctor_policy *asked)
{
	const struct mw_plan_module *m = doctor_module(p, name);
	const uint64_t *size = m ? doctor_option(m, "size", MW_SIZE) : NULL;
	const char *limit = doctor_fact(d, "size");
	uint64_t most = limit ? strtoull(limit, NULL, 10) : 0;
	bool by_policy = asked && strcmp(d->mta, "sendmail") == 0;

	if (by_policy)
		most = asked->plan->limits.max[MW_LIMIT_SIZE];
	if (size && (most == 0 || most > *size))
		doctor_find(d, DOCTOR_WARNING, "size-limit", p->path,
			    by_policy ? set_limit(d, asked->path, *size) : set_size(d, *size),
			    "messages of %s%" PRIu64 "%s are taken, and %s takes them only up to %" PRIu64 ": larger ones bounce",
			    most ? "up to " : "any size: ", most, most ? " octets" : " is no limit", name, *size);
}

/* Base64 of base64, with its line ends, and what else a sealed copy has around it. */
static uint64_t sealed_size(uint64_t size)
{
	return size + size / 5 * 2 + 65536;
}

/* Sendmail has one limit for all listeners, so what comes back from milward-seal must fit into it, too. (Postfix has none at that one.) The policy's own
 * limit holds for what comes in. */
static void look_at_growth(struct doctor *d, const struct doctor_policy *asked)
{
	const char *limit = doctor_fact(d, "size");
	uint64_t most = limit ? strtoull(limit, NULL, 10) : 0, in = asked->plan->limits.max[MW_LIMIT_SIZE];

	if (strcmp(d->mta, "sendmail") != 0 || most == 0 || most >= sealed_size(in))
		return;
	doctor_find(
	    d, DOCTOR_WARNING, "size-growth", asked->path, set_size(d, sealed_size(in)),
	    "Sendmail takes messages of %s octets, also back from milward-seal, and sealed ones are larger by two fifths: they "
	    "bounce. Let Sendmail take more, and the policy say what is let in: limit size %" PRIu64,
	    limit, in < most ? in : most);
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
			look_at_size(d, &d->policies.v[i], "seal", asked);
		if (doctor_fact(d, "portal"))
			look_at_size(d, &d->policies.v[i], "portal", asked);
	}
	if (!asked)
		return;
	if (doctor_fact(d, "seal"))
		look_at_growth(d, asked);
	reading = (int64_t)asked->plan->limits.max[MW_LIMIT_READING];
	look_at_time(d, asked, "content-timeout", reading + (wait ? *wait : 0),
		     "work on a document and a wait for milward-lookup");
	look_at_time(d, asked, "command-timeout", wait ? *wait : 0, "a wait for milward-lookup");
}
