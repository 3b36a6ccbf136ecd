/* SPDX-License-Identifier: Apache-2.0 */
/* chores_world: a store, a clock, an MTA and a record for the chores of milward-portal, for tests. A failure ends the test. */
#ifndef TESTS_UNIT_CHORES_WORLD_H
#define TESTS_UNIT_CHORES_WORLD_H

#include "pickup_shelf.h"
#include "portal/chores.h"

#define DAY INT64_C(86400)

enum { WORLD_MAILS = 20 };

/* The MTA. */
struct mta {
	int answer; /* of the next letters */
	size_t n;
	char to[WORLD_MAILS][MW_PICKUP_ADDRESS], *text[WORLD_MAILS];
};

struct world {
	struct shelf shelf;
	struct mw_portal_conf conf;
	struct mw_templates *templates;
	struct mw_recorder *recorder;
	struct mw_chores chores;
	struct mta mta;
	char audit[100];
};

/* Of each test. */
int world_open(void **state);
int world_close(void **state);

/* The chores at that time, until nothing is left to do. */
void world_rounds(struct world *, int64_t now);
void world_forget_mails(struct mta *);
/* A message into the store, and its row. */
void world_put(struct world *, struct shelf_message *);
struct mw_pickup_row world_row(struct world *, const struct shelf_message *);
/* Records that have this text. */
unsigned world_recorded(const struct world *, const char *what);
void world_has(const char *text, const char *what);
void world_has_not(const char *text, const char *what);
/* Files of the store that have these octets. */
size_t world_in_files(const struct world *, const void *p, size_t n);
/* The key of the one message, as the server's wraps it. */
void world_wrapped(const struct world *, unsigned char ret[MW_PICKUP_WRAPPED]);
void world_sql(const struct world *, const char *text);

#endif
