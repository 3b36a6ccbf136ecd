/* SPDX-License-Identifier: Apache-2.0 */
/* command: milwardctl seal-smime list, show, add, remove. */
#ifndef SEAL_SMIME_COMMAND_H
#define SEAL_SMIME_COMMAND_H

#include "conf.h"

int smime_command_list(const struct mw_host *, const void *conf, int argc, char **argv);
int smime_command_show(const struct mw_host *, const void *conf, int argc, char **argv);
int smime_command_add(const struct mw_host *, const void *conf, int argc, char **argv);
int smime_command_remove(const struct mw_host *, const void *conf, int argc, char **argv);
/* doctor.c: the site's own keys that end soon. */
int smime_command_doctor(const struct mw_host *, const void *conf, int argc, char **argv);

#endif
