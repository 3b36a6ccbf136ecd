/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp/post.h"

#include "smtp/address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int start(void *ctx)
{
	struct sockaddr_storage to;
	socklen_t n;
	int fd;

	if (mw_smtp_address(ctx, &to, &n, NULL) < 0)
		return -EINVAL;
	fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&to, n) < 0 && errno != EINPROGRESS) {
		int cause = errno;

		(void)close(fd);
		return -cause;
	}
	return fd;
}

static bool goes_on(void *ctx)
{
	(void)ctx;
	return true;
}

static bool over_ascii(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] > 127)
			return true;
	return false;
}

static struct mw_reentry *connection(const struct mw_post *p)
{
	struct mw_reentry *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->name = p->name;
	r->reply = p->reply_ms;
	r->connect = start;
	r->goes_on = goes_on;
	r->ctx = (void *)(uintptr_t)p->to;
	r->stream.fd = -1;
	return r;
}

int mw_post_send(const struct mw_post *p, const struct mw_mail *mail, char queue_id[MW_QUEUE_ID], struct mw_err *err)
{
	struct mw_lmtp_mail params = {
	    .ret = mw_str(""), .envid = mw_str(""), .utf8 = over_ascii(mw_str(p->sender)) || over_ascii(mw_str(p->recipient))};
	struct mw_envelope_out e = {.sender = mw_str(p->sender),
				    .recipient = mw_str(p->recipient),
				    .mail = &params,
				    .notify = mw_str(p->notify),
				    .orcpt = mw_str(""),
				    .eight_bit =
					over_ascii((struct mw_str){.p = mail->head.p, .n = mail->head.n}) || mail->fd >= 0};
	struct mw_reentry *r = connection(p);
	struct mw_answer a = {0};

	if (!r || !mw_buf_ok(&mail->head)) {
		free(r);
		return mw_fail_memory(err);
	}
	mw_reentry_send(r, &e, mail, &a, queue_id);
	mw_reentry_close(r);
	free(r);
	if (a.code == 250)
		return 0;
	return mw_fail(err, a.unknown ? -EINPROGRESS : a.code >= 500 ? -EPERM : -EAGAIN, "%s: %s", p->to, a.text);
}
