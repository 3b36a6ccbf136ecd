/* SPDX-License-Identifier: Apache-2.0 */
/* milward-lookup: the one program of milward that asks strangers. Command line and user; then the service. */
#include "lookup/service.h"

int main(int argc, char **argv)
{
	static struct mw_lookup_options o;
	struct mw_lookup_policy *policy;
	struct mw_err err;
	int status = mw_lookup_options_parse(argc, argv, &o);

	if (status)
		return status - 1;
	status = mw_start_settle(&o.start);
	if (status)
		return status;
	status = (int)mw_lookup_policy_load(&o, &policy, &err);
	return status ? mw_start_refused(&o.start, status, "%s", err.text) : mw_service_run(&o, policy);
}
