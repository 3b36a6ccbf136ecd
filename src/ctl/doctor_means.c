/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_means: has the MTA a way for each means that the policy counts on? Mail waits where it has none: no leak, but nobody is told why. */
#include "ctl/doctor.h"

#include "base/listen.h"

#include <string.h>

/* The path where milward-seal listens by the policies of this machine; NULL: none of them, or not at a path. */
static const char *seal_path(const struct doctor *d)
{
	for (size_t i = 0; i < d->policies.n; i++) {
		const struct mw_plan_module *seal = doctor_module(&d->policies.v[i], "seal");
		const char *const *listen = seal ? doctor_option(seal, "listen", MW_STR) : NULL;

		if (listen && *listen)
			return mw_unix_path(*listen);
	}
	return NULL;
}

/* Is the portal milward's own? */
static bool own_portal(const struct doctor *d)
{
	for (size_t i = 0; i < d->policies.n; i++)
		if (doctor_module(&d->policies.v[i], "portal"))
			return true;
	return false;
}

/* What was told to the MTA the last time, and this. */
static const char *add(struct doctor *d, const char *more)
{
	const char *again = doctor_fact(d, "again"), *config = doctor_fact(d, "config");

	return again ? doctor_text(d, "%s %s", again, more)
		     : doctor_text(d, "milward-%s add -c %s %s", d->mta, config ? config : "", more);
}

/* Where the milward listens that signs, by a policy of its own; without one, where the shipped one does. */
static const char *signer_path(const struct doctor *d)
{
	const struct doctor_policy *asked = doctor_asked(d);

	for (size_t i = 0; i < d->policies.n; i++) {
		const struct doctor_policy *p = &d->policies.v[i];

		if (p != asked && p->plan->listen && doctor_module(p, "dkim") && mw_unix_path(p->plan->listen))
			return mw_unix_path(p->plan->listen);
	}
	return strcmp(d->mta, "postfix") == 0 ? "/var/spool/postfix/milward/sign.sock" : "/run/milward/sign.sock";
}

/* Copies that come back from milward-seal are signed by a milward of their own. */
static const char *to_seal(struct doctor *d, const char *option, const char *path)
{
	bool told = doctor_fact(d, "signer");

	return doctor_text(d, "%s%s%s%s", option, path, told ? "" : " --signer ", told ? "" : signer_path(d));
}

static const char *to_portal(struct doctor *d)
{
	const char *path = seal_path(d);

	if (path && own_portal(d))
		return to_seal(d, "--portal unix:", path);
	return strcmp(d->mta, "postfix") == 0 ? "--portal '[portal.example]:25'" : "--portal '[portal.example]'";
}

/* What the MTA must be told beside what it knows: of all that is missing, since each `add` makes everything anew. */
static const char *missing(struct doctor *d, bool portal, bool seal)
{
	const char *path = seal_path(d), *more = portal ? to_portal(d) : "";

	if (seal && !(portal && path && own_portal(d))) /* with milward's own portal its socket is told already */
		more = doctor_text(d, "%s%s%s", more, *more ? " " : "",
				   to_seal(d, "--seal ", path ? path : "/run/milward/seal.sock"));
	return add(d, more);
}

void doctor_means(struct doctor *d)
{
	const struct doctor_policy *asked = doctor_asked(d);
	const struct mw_plan_module *route = asked ? doctor_module(asked, "route") : NULL;
	const bool *portal = route ? doctor_option(route, "portal", MW_BOOL) : NULL;
	const bool *seal = route ? doctor_option(route, "seal", MW_BOOL) : NULL;
	bool no_portal = portal && *portal && !doctor_fact(d, "portal"), no_seal = seal && *seal && !doctor_fact(d, "seal");

	if (!doctor_fact(d, "socket"))
		return; /* the MTA knows nothing of milward, which is a finding of its own */
	if (no_portal)
		doctor_find(d, DOCTOR_ERROR, "no-portal", asked->path, missing(d, no_portal, no_seal),
			    "the policy says `portal yes`, and the MTA knows no way to a portal: what should go there is told to "
			    "come back");
	if (no_seal)
		doctor_find(d, DOCTOR_ERROR, "no-seal", asked->path, missing(d, no_portal, no_seal),
			    "the policy says `seal yes`, and the MTA knows no way to milward-seal: what should be sealed is told "
			    "to come back");
}
