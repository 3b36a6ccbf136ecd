/* SPDX-License-Identifier: Apache-2.0 */
/* milward-portal: where recipients with a browser and no key read their messages. Command line and user; then the service. */
#include "base/user.h"
#include "portal/service.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct mw_portal_options o;
	struct mw_err err;
	int status = mw_portal_options_parse(argc, argv, &o);

	if (status)
		return status - 1;
	mw_log_open("milward-portal", o.log_to, o.log_level);
	/* For good, before a word from outside is read. */
	if (o.user && mw_user_become(o.user, &err) < 0)
		return mw_portal_no_start(&o, MW_PORTAL_NO_USER, "%s", err.text);
	if (chdir("/"))
		return mw_portal_no_start(&o, MW_PORTAL_SYSTEM, "/: %s", strerror(errno));
	return mw_portal_run(&o);
}
