/* SPDX-License-Identifier: Apache-2.0 */
/* command: milwardctl index. */
#ifndef PATIENTS_COMMAND_H
#define PATIENTS_COMMAND_H

#include <milward/plugin.h>

struct patients_conf {
	const char *index, *key;
};

int patients_index_command(const struct mw_host *, const void *conf, int argc, char **argv);

#endif
