/* SPDX-License-Identifier: Apache-2.0 */
/* milward-lookup: the one program of milward that asks strangers. Command line and user; then the service. */
#include "lookup/service.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

/* For good, before a word from outside is read. */
static int become(const struct mw_lookup_options *o)
{
	const struct passwd *pw = getpwnam(o->user);

	if (!pw)
		return mw_lookup_no_start(o, MW_LOOKUP_NO_USER, "--user %s: there is no such user", o->user);
	if (geteuid() == pw->pw_uid && getegid() == pw->pw_gid)
		return MW_LOOKUP_OK;
	if (initgroups(o->user, pw->pw_gid) || setgid(pw->pw_gid) || setuid(pw->pw_uid))
		return mw_lookup_no_start(o, MW_LOOKUP_NO_USER, "--user %s: start as root, or leave --user out", o->user);
	if (pw->pw_uid != 0 && setuid(0) == 0)
		return mw_lookup_no_start(o, MW_LOOKUP_SYSTEM, "--user %s: root could be taken back", o->user);
	return MW_LOOKUP_OK;
}

int main(int argc, char **argv)
{
	static struct mw_lookup_options o;
	struct mw_lookup_policy *policy;
	struct mw_err err;
	int status = mw_lookup_options_parse(argc, argv, &o);

	if (status)
		return status - 1;
	mw_log_open("milward-lookup", o.log_to, o.log_level);
	if (o.user)
		status = become(&o);
	if (status)
		return status;
	if (chdir("/"))
		return mw_lookup_no_start(&o, MW_LOOKUP_SYSTEM, "/: %s", strerror(errno));
	status = (int)mw_lookup_policy_load(&o, &policy, &err);
	return status ? mw_lookup_no_start(&o, status, "%s", err.text) : mw_service_run(&o, policy);
}
