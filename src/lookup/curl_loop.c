/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/curl_loop.h"

#include <errno.h>
#include <stdlib.h>

struct mw_curl_loop {
	struct event_base *base;
	CURLM *multi;
	struct event *timer;
	mw_curl_ended *ended;
};

static void tell_ended(struct mw_curl_loop *loop)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(loop->multi, &left)) != NULL) {
		CURL *easy = message->easy_handle;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		(void)curl_multi_remove_handle(loop->multi, easy); /* message is gone with it */
		loop->ended(easy, code);
	}
}

static void act(struct mw_curl_loop *loop, curl_socket_t fd, int what)
{
	int running;

	(void)curl_multi_socket_action(loop->multi, fd, what, &running);
	tell_ended(loop);
}

static void on_socket(evutil_socket_t fd, short what, void *ctx)
{
	act(ctx, fd, ((what & EV_READ) ? CURL_CSELECT_IN : 0) | ((what & EV_WRITE) ? CURL_CSELECT_OUT : 0));
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	act(ctx, CURL_SOCKET_TIMEOUT, 0);
}

/* What libcurl waits for at a socket; `held` is the event that stands for it. A failure ends the transfer. */
static int watch_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *held)
{
	struct mw_curl_loop *loop = ctx;
	struct event *event = held;
	short flags = EV_PERSIST;

	(void)easy;
	if (event)
		event_free(event);
	(void)curl_multi_assign(loop->multi, fd, NULL);
	if (what == CURL_POLL_REMOVE)
		return 0;
	if (what & CURL_POLL_IN)
		flags |= EV_READ;
	if (what & CURL_POLL_OUT)
		flags |= EV_WRITE;
	event = event_new(loop->base, fd, flags, on_socket, loop);
	if (!event || event_add(event, NULL) != 0 || curl_multi_assign(loop->multi, fd, event) != CURLM_OK) {
		if (event)
			event_free(event);
		return -1;
	}
	return 0;
}

static int set_timer(CURLM *multi, long ms, void *ctx)
{
	const struct timeval after = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
	struct mw_curl_loop *loop = ctx;

	(void)multi;
	return (ms < 0 ? evtimer_del(loop->timer) : evtimer_add(loop->timer, &after)) == 0 ? 0 : -1;
}

int mw_curl_loop_new(struct event_base *base, mw_curl_ended *ended, struct mw_curl_loop **ret, struct mw_err *err)
{
	struct mw_curl_loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return mw_fail_memory(err);
	*loop = (struct mw_curl_loop){.base = base, .ended = ended};
	loop->multi = curl_multi_init();
	loop->timer = evtimer_new(base, on_timer, loop);
	if (!loop->multi || !loop->timer || curl_multi_setopt(loop->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) != CURLM_OK ||
	    curl_multi_setopt(loop->multi, CURLMOPT_SOCKETDATA, loop) != CURLM_OK ||
	    curl_multi_setopt(loop->multi, CURLMOPT_TIMERFUNCTION, set_timer) != CURLM_OK ||
	    curl_multi_setopt(loop->multi, CURLMOPT_TIMERDATA, loop) != CURLM_OK) {
		mw_curl_loop_free(&loop);
		return mw_fail_memory(err);
	}
	*ret = loop;
	return 0;
}

void mw_curl_loop_free(struct mw_curl_loop **loop)
{
	struct mw_curl_loop *l = *loop;

	if (!l)
		return;
	(void)curl_multi_cleanup(l->multi);
	if (l->timer)
		event_free(l->timer);
	free(l);
	*loop = NULL;
}

int mw_curl_loop_add(struct mw_curl_loop *loop, CURL *easy, struct mw_err *err)
{
	CURLMcode code = curl_multi_add_handle(loop->multi, easy);

	return code == CURLM_OK ? 0 : mw_fail(err, -EIO, "libcurl: %s", curl_multi_strerror(code));
}

void mw_curl_loop_remove(struct mw_curl_loop *loop, CURL *easy)
{
	(void)curl_multi_remove_handle(loop->multi, easy);
}
