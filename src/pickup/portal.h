/* SPDX-License-Identifier: Apache-2.0 */
/*
 * portal: the module when it is open in milward-seal. In the parent: the server's keys and the store. In a child that has left those:
 * templates, lists, and what it is given with each message. Private to the files that hand in.
 */
#ifndef MW_PICKUP_PORTAL_H
#define MW_PICKUP_PORTAL_H

#include "pickup/conf.h"
#include "pickup/people.h"
#include "pickup/pickup.h"
#include "pickup/record.h"
#include "pickup/templates.h"

struct portal {
	const struct mw_host *host;
	struct mw_self *self;
	const struct mw_portal_conf *conf;
	struct mw_recorder *recorder; /* as the store; NULL: there is no audit file */
	struct mw_pickup_keys *keys;  /* NULL in a child */
	struct mw_pickup *store;      /* of the parent; NULL before it is needed */
	struct mw_templates *templates;
	struct mw_people languages, passphrases;
	struct portal_charsets *charsets;
};

/* What goes between parent and child: plain data. */
struct portal_ticket {
	struct mw_pickup_ticket t;
	unsigned char secret[MW_PICKUP_SECRET];
	unsigned char key[MW_PICKUP_KEY];   /* of a new one; else zeros */
	char recalls[MW_PICKUP_MESSAGE_ID]; /* what it takes back; "" = nothing */
};
_Static_assert(sizeof(struct portal_ticket) <= MW_TICKET_MOST, "a ticket is larger than its room");

/* As in struct mw_custody. */
int portal_room(void *inst, const char *key, char *ticket, size_t *n, int *fd, struct mw_err *);
int portal_store(void *inst, const char *key, const struct mw_custody_work *, struct mw_str ticket, int fd, struct mw_err *);
int portal_noticed(void *inst, const char *key, const char *queue_id, int64_t now, struct mw_err *);
void portal_leave(void *inst);
int portal_pack(void *inst, const struct mw_custody_work *, char *ticket, size_t *n, struct mw_err *);
int portal_notice(void *inst, const struct mw_custody_work *, struct mw_str ticket, struct mw_err *);

/* Takes the ticket out of its octets. -EINVAL. */
int portal_ticket_take(struct mw_str octets, struct portal_ticket *, struct mw_err *);
/* Bits of proof that this recipient has to give. */
uint32_t portal_proof(const struct portal *, const char *recipient);

/* The C library reads a file for each charset, which a child may not: opened before. NULL: no memory. */
struct portal_charsets *portal_charsets_open(void);
void portal_charsets_close(struct portal_charsets *);

/* Message-ID of the notice, with its brackets: of the id and of the domain that notices come from, so that it is the same each time. */
#define PORTAL_MESSAGE_ID MW_PICKUP_MESSAGE_ID
void portal_message_id(const struct portal *, const unsigned char id[MW_PICKUP_ID], char ret[PORTAL_MESSAGE_ID]);

#endif
