/* SPDX-License-Identifier: Apache-2.0 */
/* milward-seal: the delivery agent that encrypts mail to keys of its recipients, and opens mail that came encrypted to the site. */
#include "seal/agent.h"

static const struct mw_start_line line = {
    .program = "milward-seal",
    .policy = "the policy; its line `load seal { … }` has the options of the agent",
    .test = "load the policy, open its sealers and keys, say what is wrong, and exit",
    .log = "where to log (stderr)",
    .signals = "Signals: HUP reload, TERM or INT stop when the messages in work are done.",
};

int main(int argc, char **argv)
{
	struct mw_start start;
	int status = mw_start_parse(&line, argc, argv, &start, NULL);

	if (status)
		return status - 1;
	status = mw_start_settle(&start);
	return status ? status : mw_agent_run(&start);
}
