/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session: people who have shown who they are. Sessions live in the memory of this process, and end with it; a session is of one message,
 * and has its key, and pages that were just made of it. The token in the person's cookie is kept as a hash. Thread safe.
 */
#ifndef MW_PORTAL_SESSION_H
#define MW_PORTAL_SESSION_H

#include "base/err.h"
#include "pickup/keys.h"
#include "pickup/link.h"
#include "portal/kept.h"

#define MW_SESSION_TOKEN 65u /* text of a token, with the terminator */
#define MW_SESSION_CSRF 33u
#define MW_SESSION_ONCE 17u /* text that names a form that is sent once, with the terminator */

struct mw_session {
	unsigned char id[MW_PICKUP_ID];
	unsigned char key[MW_PICKUP_KEY]; /* of the message's crate */
	char csrf[MW_SESSION_CSRF];	  /* what this person's forms carry */
};

struct mw_sessions;

/* most: sessions at a time; idle, longest: seconds. Caller frees. */
int mw_sessions_new(size_t most, int64_t idle, int64_t longest, struct mw_sessions **ret, struct mw_err *);
void mw_sessions_free(struct mw_sessions **); /* accepts NULL, sets NULL; wipes */
/* Others from now on, for the sessions that there are, too. */
void mw_sessions_set_times(struct mw_sessions *, int64_t idle, int64_t longest);
/* now: of mw_clock_ms(). -EAGAIN: there are too many; -EIO: no random octets. A message has 16 at most: one more ends that of them which is
 * idle for longest. */
int mw_sessions_begin(struct mw_sessions *, const unsigned char id[MW_PICKUP_ID], const unsigned char key[MW_PICKUP_KEY],
		      int64_t now, char token[MW_SESSION_TOKEN], struct mw_err *);
/* The session of that message and token; it is not idle then. The caller wipes what he got. */
bool mw_sessions_find(struct mw_sessions *, const unsigned char id[MW_PICKUP_ID], struct mw_str token, int64_t now,
		      struct mw_session *ret);
/* Keeps a page of that session, one of MW_KEPT_PAGES, in place of the one that was there; counted once more. */
void mw_sessions_keep(struct mw_sessions *, const unsigned char id[MW_PICKUP_ID], struct mw_str token, unsigned page,
		      struct mw_kept *);
/* The page; the session is not idle then. The caller unrefs. NULL: there is none, or no such session. */
struct mw_kept *mw_sessions_kept(struct mw_sessions *, const unsigned char id[MW_PICKUP_ID], struct mw_str token, int64_t now,
				 unsigned page);
void mw_sessions_end(struct mw_sessions *, const unsigned char id[MW_PICKUP_ID], struct mw_str token);
/* A reply, in a form of that name ("": it has none), is on its way until the end is told. While another one of this message is, this waits. 1: go
 * on; 0: the form of that name was sent before; -ENOENT: the session has ended. */
int mw_sessions_reply(struct mw_sessions *, const unsigned char id[MW_PICKUP_ID], struct mw_str token, struct mw_str once);
void mw_sessions_replied(struct mw_sessions *, const unsigned char id[MW_PICKUP_ID], struct mw_str token, struct mw_str once,
			 bool sent);
/* All of a message: it was recalled, or has expired. */
void mw_sessions_end_all(struct mw_sessions *, const unsigned char id[MW_PICKUP_ID]);
/* Wipes those that are idle for too long, or too old, and pages whose time is over. How many sessions are left. */
size_t mw_sessions_sweep(struct mw_sessions *, int64_t now);

#endif
