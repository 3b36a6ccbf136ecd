/* SPDX-License-Identifier: Apache-2.0 */
/* command: `milwardctl auth MSG`, which explains what the checks find. */
#ifndef MW_AUTH_COMMAND_H
#define MW_AUTH_COMMAND_H

#include <milward/plugin.h>

#define MW_AUTH_COMMAND_ARGS "[--ip A] [--helo H] [--from F] [--records FILE|--lookup SOCKET] [--json] MSG"
/* As mw_command.run. */
int mw_auth_command(const struct mw_host *, const void *conf, int argc, char **argv);

#endif
