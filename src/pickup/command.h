/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command: `milwardctl -p POLICY portal list|show|recall|expire|passphrase|rekey|check`. They use the store as the daemons do, which may run
 * meanwhile; started by root, they become the owner of the store first, so that no file of root's is left in it. Exit status: 0 done, 1 not,
 * 2 there is no such message, 64 wrong usage.
 */
#ifndef MW_PICKUP_COMMAND_H
#define MW_PICKUP_COMMAND_H

#include "pickup/conf.h"
#include "pickup/record.h"

#include <jansson.h>
#include <stdio.h>
#include <sys/types.h>

/* struct mw_command's run. */
int mw_portal_list(const struct mw_host *, const void *conf, int argc, char **argv);
int mw_portal_show(const struct mw_host *, const void *conf, int argc, char **argv);
int mw_portal_recall(const struct mw_host *, const void *conf, int argc, char **argv);
int mw_portal_expire(const struct mw_host *, const void *conf, int argc, char **argv);
int mw_portal_passphrase(const struct mw_host *, const void *conf, int argc, char **argv);
int mw_portal_unlock(const struct mw_host *, const void *conf, int argc, char **argv);
int mw_portal_rekey(const struct mw_host *, const void *conf, int argc, char **argv);
int mw_portal_check(const struct mw_host *, const void *conf, int argc, char **argv);
/* For milwardctl doctor; argv[1]: the policy. */
int mw_portal_doctor(const struct mw_host *, const void *conf, int argc, char **argv);

/* ---- what they have in common ---------------------------------------------------------------------------------------------------- */

enum { MW_COMMAND_OK = 0, MW_COMMAND_FAILED = 1, MW_COMMAND_NONE = 2, MW_COMMAND_USAGE = 64 };

struct mw_command_work {
	const char *name; /* of the command */
	const struct mw_portal_conf *conf;
	struct mw_pickup_keys *keys; /* NULL unless asked for */
	struct mw_recorder *recorder;
	struct mw_pickup *store;
	int64_t now;
	char by[80]; /* who gave the command, for the records */
	uid_t root, owner;
	gid_t root_group, group;
	bool json, colour;
};

enum {
	MW_COMMAND_KEYS = 1,	/* the server's keys are read, by who started the command */
	MW_COMMAND_CHANGES = 2, /* what it does is recorded */
};
/* flags: of these. False: said why. mw_command_close() in both cases. */
bool mw_command_open(struct mw_command_work *, const char *name, const void *conf, unsigned flags);
/* For a moment who started the command again, for the file of keys; and back. False: said why. */
bool mw_command_as_root(struct mw_command_work *);
bool mw_command_as_owner(struct mw_command_work *);
void mw_command_close(struct mw_command_work *);
/* "milwardctl portal NAME: …" to standard error, and the status. */
int mw_command_fail(const struct mw_command_work *, const char *fmt, ...) MW_PRINTF(2, 3);
int mw_command_usage(const char *name, const char *args);
/* An option of a command, "--name"; exactly one of value and flag is set. */
struct mw_command_option {
	const char *name;
	const char **value;
	bool *flag;
};
/* Takes the options off, wherever they stand; operands are moved to argv[1] and on, and their number is returned. What is an id is never an
 * option: ids may begin with "-". rows end with name == NULL. -1: something is wrong with an option, and that has been said. */
int mw_command_options(const char *command, const struct mw_command_option *rows, int argc, char **argv);

#define MW_COMMAND_TIME 24u
/* "2026-11-22 03:25", "-" for 0; in this machine's time zone. For JSON: UTC as RFC 3339 has it, null for 0. */
void mw_command_time(int64_t at, char ret[MW_COMMAND_TIME]);
json_t *mw_command_json_time(int64_t at);
/* "2026-11-22", "2026-11-22T03:25" or with seconds, in this machine's time zone; or "7d", "12h", "30m": so long before now. */
bool mw_command_time_parse(const char *text, int64_t now, int64_t *ret);
/* What came from outside must not drive the terminal. */
void mw_command_text(FILE *, const char *);
json_t *mw_command_json_text(const char *);
const char *mw_command_size(uint64_t octets, char *room, size_t n);
/* A state, in its colour when that is wanted; padded to width. */
void mw_command_state(const struct mw_command_work *, const struct mw_pickup_row *, int width);
/* Is it locked now? */
bool mw_command_locked(const struct mw_command_work *, const struct mw_pickup_row *);
json_t *mw_command_json_row(const struct mw_command_work *, const struct mw_pickup_row *);
/* One line of JSON, and the reference. False: no memory, or it cannot be written. */
bool mw_command_json_put(json_t *);

#endif
