/* SPDX-License-Identifier: Apache-2.0 */
/* curl_loop: libcurl's multi-socket interface on a libevent base. */
#ifndef MW_LOOKUP_CURL_LOOP_H
#define MW_LOOKUP_CURL_LOOP_H

#include <curl/curl.h>
#include <event2/event.h>

#include "base/err.h"

struct mw_curl_loop;

/* A transfer has ended; never called before mw_curl_loop_add() returns. The handle is off the loop again. */
typedef void mw_curl_ended(CURL *easy, CURLcode code);

int mw_curl_loop_new(struct event_base *, mw_curl_ended *, struct mw_curl_loop **ret, struct mw_err *);
/* All handles must be off it. Sets *loop to NULL; accepts NULL. */
void mw_curl_loop_free(struct mw_curl_loop **loop);
int mw_curl_loop_add(struct mw_curl_loop *, CURL *easy, struct mw_err *);
/* Ends a transfer without mw_curl_ended. Not from a callback of libcurl. */
void mw_curl_loop_remove(struct mw_curl_loop *, CURL *easy);

#endif
