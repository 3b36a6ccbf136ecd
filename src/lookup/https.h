/* SPDX-License-Identifier: Apache-2.0 */
/*
 * https: fetches from strangers' web servers, on the loop of the caller (libcurl's multi interface). The certificate is checked against
 * the authorities of the system (or ca_file) and the host's name, TLS is 1.2 or later, redirects are answers like any other, and nothing
 * of the environment counts: no proxy, no .netrc, no cookies. Addresses come from mw_dns alone; those of this host and of private
 * networks are refused unless allow_private is set. Each fetch has a bound in octets and in time, each host and the whole have one in
 * number; what is over it waits its turn within its time.
 */
#ifndef MW_LOOKUP_HTTPS_H
#define MW_LOOKUP_HTTPS_H

#include <event2/event.h>
#include <stdint.h>

#include "base/err.h"

struct mw_dns;
struct mw_https;

struct mw_https_options {
	struct event_base *base; /* borrowed, as dns; both outlive it */
	struct mw_dns *dns;
	const char *ca_file;   /* PEM; NULL: the system's */
	uint16_t port;	       /* where https is; 0: 443. Another one is for tests */
	bool allow_private;    /* loopback, link-local and private addresses too */
	unsigned most;	       /* fetches at a time, 0: 32 */
	unsigned most_a_host;  /* of them from one host, 0: 4 */
	unsigned most_waiting; /* those beside, 0: 1024; more are refused at once */
	int64_t timeout;       /* milliseconds that no fetch may be over, 0: what each asks for */
};

int mw_https_new(const struct mw_https_options *, struct mw_https **ret, struct mw_err *);
/* What is under way ends with -ECANCELED. Sets *h to NULL; accepts NULL. */
void mw_https_free(struct mw_https **h);

struct mw_https_request {
	const char *url;       /* https://…; a port of its own only with plain */
	bool plain;	       /* http:// too, and ports 80, 443 and from 1024 */
	const char *type;      /* media type that an answer of 200 must have; NULL: any */
	size_t max;	       /* octets of an answer */
	int64_t timeout;       /* milliseconds for all of it, the wait for its turn included */
	const char *post_type; /* with it the request is a POST of these octets */
	struct mw_str post;
};

/* How a fetch ended. */
enum mw_https_end {
	MW_HTTPS_ANSWER = 0, /* an answer of status 200 within all bounds */
	MW_HTTPS_STATUS,     /* another status, below 500 */
	MW_HTTPS_REFUSED,    /* an answer that is not taken: too large, another media type */
	MW_HTTPS_NO_HOST,    /* DNS knows no address of the host */
	MW_HTTPS_UNTRUSTED,  /* the certificate does not hold */
	MW_HTTPS_FORBIDDEN,  /* an address or a URL that is not asked */
	MW_HTTPS_FAILED,     /* may go better later: DNS, connection, time, status 500 and above, memory, stopping */
};

struct mw_https_reply {
	enum mw_https_end end;
	long status;	    /* 0: none */
	struct mw_str body; /* with MW_HTTPS_ANSWER; valid during the call */
	const char *why;    /* one line for a person, else; valid during the call */
};

typedef void mw_https_done(void *ctx, const struct mw_https_reply *);

/* Calls done exactly once, never before it returns, unless it fails. All of the request is copied. */
int mw_https_fetch(struct mw_https *, const struct mw_https_request *, mw_https_done *done, void *ctx, struct mw_err *);

#endif
