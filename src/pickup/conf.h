/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf: the options of the portal, `load portal { … }` in the policy: of handing in, which milward-seal does, and of milward-portal,
 * which lets recipients read. One policy file tells both, so that they cannot differ.
 */
#ifndef MW_PICKUP_CONF_H
#define MW_PICKUP_CONF_H

#include <milward/plugin.h>

/* How a recipient proves who he is. Bits, as enum mw_pickup_proof of the store has them. */
enum mw_portal_proof { MW_PORTAL_CODE = 1, MW_PORTAL_PASSPHRASE = 2, MW_PORTAL_BOTH = 3 };

struct mw_portal_conf {
	/* the store */
	const char *store;     /* folder of the database and of the crates */
	const char *keys;      /* file of the server's keys */
	const char *audit;     /* file of records, NULL = none */
	const char *audit_key; /* file of the key that they are chained with, NULL = none */

	/* what recipients are told */
	const char *url;       /* of the portal, without "/" at its end */
	const char *site;      /* name of the site */
	const char *from;      /* address that notices come from */
	const char *templates; /* folder of the site's own, NULL = those that come with milward */
	const char *language;  /* of who is in no table: "en" */
	const char *languages; /* file: address or domain, and a language; NULL = none */

	/* life of a message, in seconds */
	int64_t expire, expire_min, expire_max;
	int64_t remind;	      /* after that time unread; 0 = never */
	int64_t remind_again; /* after that time behind the one before; 0 = not */
	int64_t reminders;    /* at most */
	bool receipts;	      /* to the sender */
	bool recall;	      /* by the sender */
	int64_t retain;	      /* how long it is known what became of a message, after its end */

	/* who may read */
	int64_t proof;		    /* enum mw_portal_proof */
	const char *passphrase_for; /* file of addresses and domains that need a passphrase, too; NULL = none */

	/* milward-portal */
	const char *listen, *socket_group, *socket_mode;
	const char *reentry;	    /* listener of the MTA that takes codes, reminders and receipts, and signs them */
	const char *submit;	    /* listener of the MTA that takes replies, and scans them */
	const char *reply_sender;   /* envelope sender of replies, NULL = from */
	uint64_t size, reply_size;  /* largest message, largest reply with its attachments */
	const char *client_address; /* header field in which the web server says who asks */
	int64_t idle, session;	    /* seconds that a session lives without a request, and at most */
	int64_t keep;		    /* seconds that a page stays in memory; 0 = not at all */
	int64_t sessions, workers, connections, per_client;
	uint64_t header_size, form_size;
	int64_t header_time, body_time, transfer_time; /* seconds */
	int64_t hsts;				       /* seconds; 0: the web server says it, or nobody */
	int64_t drain;				       /* seconds */
};

#endif
