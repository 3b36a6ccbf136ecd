/* SPDX-License-Identifier: Apache-2.0 */
/*
 * program: the policy of a daemon, read at its start and at every reload. What is wrong in the policy goes to the log, line by line: this
 * is the one part of the engine that logs by itself, because only daemons call it.
 */
#ifndef MW_ENGINE_PROGRAM_H
#define MW_ENGINE_PROGRAM_H

#include "base/start.h"
#include "engine/generation.h"

/* flags: MW_GEN_…. MW_EXIT_OK; or what the exit status would be, with err, and nothing is made. With MW_GEN_SERVICE no warnings are
 * logged: they are about mail, and milward tells of them. The caller unrefs. */
enum mw_exit mw_program_policy(struct mw_loader *, const struct mw_start *, unsigned flags, struct mw_generation **ret,
			       struct mw_err *);
/* The options of a program of that name, as mw_generation_service() finds and checks them, with the same results as above. */
enum mw_exit mw_program_options(const struct mw_generation *, struct mw_loader *, const struct mw_start *, const char *name,
				size_t size, const void **ret, struct mw_err *);

#endif
