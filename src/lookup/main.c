/* SPDX-License-Identifier: Apache-2.0 */
/* milward-lookup: the one program of milward that asks strangers. Command line and user; then the service. */
#include "base/user.h"
#include "lookup/service.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static struct mw_lookup_options o;
	struct mw_lookup_policy *policy;
	struct mw_err err;
	int status = mw_lookup_options_parse(argc, argv, &o);

	if (status)
		return status - 1;
	mw_log_open("milward-lookup", o.log_to, o.log_level);
	/* For good, before a word from outside is read. */
	if (o.user && mw_user_become(o.user, &err) < 0)
		return mw_lookup_no_start(&o, MW_LOOKUP_NO_USER, "%s", err.text);
	if (chdir("/"))
		return mw_lookup_no_start(&o, MW_LOOKUP_SYSTEM, "/: %s", strerror(errno));
	status = (int)mw_lookup_policy_load(&o, &policy, &err);
	return status ? mw_lookup_no_start(&o, status, "%s", err.text) : mw_service_run(&o, policy);
}
