/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dns: look-ups with DNSSEC on the event loop of the caller, by libunbound. One thread: whoever runs the loop. Answers are copies that
 * say what they are worth: secure, insecure, or none at all and why. What is in an answer was written by strangers; names in it are
 * given as text in which every octet that no host name has is written as \DDD.
 */
#ifndef MW_DNS_DNS_H
#define MW_DNS_DNS_H

#include "base/err.h"
#include "dns/packet.h"

struct event_base;
struct mw_dns;
struct mw_dns_query;

struct mw_dns_stub {
	const char *zone;   /* "clinic.example" */
	const char *server; /* "192.0.2.1", "192.0.2.1@5353" */
};

struct mw_dns_options {
	struct event_base *base; /* borrowed, outlives it */
	/* Addresses, "@PORT" behind them when it is not 53. None: those of /etc/resolv.conf. The one word "recurse": ask the servers of
	 * the world, from the root. */
	struct mw_list resolvers;
	const char *trust_anchor;	 /* file with DS or DNSKEY records; NULL: MW_DNS_ROOT_KEY */
	const struct mw_dns_stub *stubs; /* zones that another server knows */
	size_t n_stubs;
	int64_t timeout; /* milliseconds for a question, 0: 10 seconds */
	unsigned most;	 /* questions at a time, 0: 4096 */
};

/* Checks the words and the file. Nothing is asked yet. */
int mw_dns_new(const struct mw_dns_options *, struct mw_dns **ret, struct mw_err *);
/* Questions under way are forgotten, their callbacks are not called. Not from a callback. Sets *d to NULL; accepts NULL. */
void mw_dns_free(struct mw_dns **d);

enum mw_dns_status {
	MW_DNS_ANSWER = 0, /* an answer: records, none of that type, or no such name (rcode) */
	MW_DNS_BOGUS,	   /* DNSSEC proves it wrong */
	MW_DNS_TIMEOUT,	   /* nobody answered in time */
	MW_DNS_FAILED,	   /* SERVFAIL, REFUSED, an answer that cannot be read, no memory … */
};

struct mw_dns_answer {
	enum mw_dns_status status;
	bool secure;		     /* with MW_DNS_ANSWER: all of it, also that something does not exist, is proved by DNSSEC */
	struct mw_dns_packet packet; /* with MW_DNS_ANSWER, else empty */
	const char *why;	     /* one line for a person, when it is no answer; "" else */
};

/* The answer is gone when this returns; so is the query. Questions may be asked and cancelled here. */
typedef void mw_dns_done(void *ctx, const struct mw_dns_answer *);

/*
 * name: a domain name as text, at most MW_DNS_NAME_MAX octets, a dot at its end or not; type: MW_DNS_A … . done is called exactly once
 * from the loop, never before this returns, unless the query is cancelled. ret (may be NULL) is valid until then.
 * -EINVAL: no such name can be; -EBUSY: too many at a time; -ENOMEM.
 */
int mw_dns_ask(struct mw_dns *, const char *name, unsigned type, mw_dns_done *done, void *ctx, struct mw_dns_query **ret,
	       struct mw_err *);
/* The same with any name, as mw_dns_is_name() has it. */
int mw_dns_ask_any(struct mw_dns *, const char *name, unsigned type, mw_dns_done *done, void *ctx, struct mw_dns_query **ret,
		   struct mw_err *);
/* done will not be called. Accepts NULL. */
void mw_dns_cancel(struct mw_dns_query *);

#endif
