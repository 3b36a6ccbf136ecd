/* SPDX-License-Identifier: Apache-2.0 */
/* milward-portal: where recipients with a browser and no key read their messages. Command line and user; then the service. */
#include "portal/service.h"

int main(int argc, char **argv)
{
	struct mw_portal_options o;
	int status = mw_portal_options_parse(argc, argv, &o);

	if (status)
		return status - 1;
	status = mw_start_settle(&o.start);
	return status ? status : mw_portal_run(&o);
}
