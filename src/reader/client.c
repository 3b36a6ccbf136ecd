/* SPDX-License-Identifier: Apache-2.0 */
#include "reader/client.h"

#include "base/clock.h"
#include "reader/keeper.h"
#include "reader/wire.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Octets in a rare charset that a reader may ask to be converted in one go. */
#define CONVERT_MAX ((size_t)64 * 1024 * 1024)
/* What is said of a document beside its octets. A reader needs no more of a name. */
#define NAME_MAX_OCTETS 4096u

static int ended(struct mw_client *c, enum mw_reading_end end)
{
	c->reading->end = end;
	return 0;
}

/* ---- what comes ------------------------------------------------------------------------------------------------------------------ */

struct answer {
	struct mw_client *client;
	int result;
};

/* A reader that takes no answer is held to its time. */
static int send_packet(const struct mw_client *c, const char *p, size_t n)
{
	for (;;) {
		struct pollfd fd = {.fd = c->fd, .events = POLLOUT};
		ssize_t sent = send(c->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent >= 0)
			return 0;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		if (mw_clock_ms() >= c->until)
			return -ETIME;
		(void)poll(&fd, 1, 1000);
	}
}

static int send_converted(void *ctx, const char *utf8, size_t n)
{
	struct answer *a = ctx;
	const struct mw_frame size = {.kind = MW_FRAME_SIZE, .number = n};
	struct mw_buf head = MW_BUF_INIT;

	a->result = mw_frame_put(&head, &size);
	if (a->result == 0)
		a->result = send_packet(a->client, mw_buf_text(&head), head.n);
	mw_buf_free(&head);
	while (n && a->result == 0) {
		size_t some = n < MW_WIRE_PACKET ? n : MW_WIRE_PACKET;

		a->result = send_packet(a->client, utf8, some);
		utf8 += some;
		n -= some;
	}
	return 0;
}

/* Most charsets need files of the C library, which a reader has no way to. */
static int convert(struct mw_client *c, struct mw_err *err)
{
	struct answer a = {.client = c};
	int r = c->host->to_utf8((struct mw_str){.p = mw_buf_text(&c->octets), .n = c->octets.n}, c->label, send_converted, &a);

	mw_buf_free(&c->octets);
	if (r < 0 || a.result == -ENOMEM)
		return mw_fail_memory(err);
	if (a.result == -ETIME)
		return ended(c, MW_READING_LATE);
	return 1; /* when it is gone, that will be seen */
}

static int take_octets(struct mw_client *c, struct mw_str more, struct mw_err *err)
{
	if (more.n > CONVERT_MAX - c->octets.n)
		return ended(c, MW_READING_CRASHED);
	mw_buf_add(&c->octets, more.p, more.n);
	return mw_buf_ok(&c->octets) ? 1 : mw_fail_memory(err);
}

/* Of a member: NULL stands for what is not known. */
static int begin_member(const struct mw_client *c, const struct mw_frame *f)
{
	const struct mw_member member = {
	    .name = f->text, .type = f->name, .charset = f->charset, .packed = f->number, .flags = f->flags};

	return c->host->member(c->sink, &member);
}

static int into_sink(const struct mw_client *c, const struct mw_frame *f)
{
	switch (f->kind) {
	case MW_FRAME_TEXT:
		return c->host->sink_text(c->sink, f->text.p, f->text.n);
	case MW_FRAME_SECTION:
		return c->host->sink_section(c->sink, f->name);
	case MW_FRAME_HIDDEN:
		return c->host->sink_hidden(c->sink);
	case MW_FRAME_PAGE:
		return c->host->sink_page(c->sink);
	case MW_FRAME_UNREAD:
		return c->host->sink_unread(c->sink, f->name);
	case MW_FRAME_MEMBER:
		return begin_member(c, f);
	case MW_FRAME_DATA:
		return c->host->member_data(c->sink, f->text.p, f->text.n);
	case MW_FRAME_MEMBER_END:
		return c->host->member_end(c->sink, f->name);
	default:
		return -EPROTO;
	}
}

static int at_end(struct mw_client *c, const struct mw_frame *f)
{
	if (f->number == 0)
		return ended(c, MW_READING_DONE);
	c->reading->code = f->number < 4096 ? -(int)f->number : -EIO;
	(void)snprintf(c->reading->reason, sizeof(c->reading->reason), "%s", f->name ? f->name : "");
	return ended(c, MW_READING_FAILED);
}

static int at_crash(struct mw_client *c, uint64_t status)
{
	int s = (int)(status & 0xffff);

	c->reading->signal = WIFSIGNALED(s) ? WTERMSIG(s) : 0;
	return ended(c, MW_READING_CRASHED);
}

int mw_client_frame(struct mw_client *c, const struct mw_frame *f, struct mw_err *err)
{
	int r;

	c->taken = true;
	switch (f->kind) {
	case MW_FRAME_LABEL:
		(void)snprintf(c->label, sizeof(c->label), "%s", f->charset);
		mw_buf_clear(&c->octets);
		return 1;
	case MW_FRAME_OCTETS:
		return take_octets(c, f->text, err);
	case MW_FRAME_CONVERT:
		return convert(c, err);
	case MW_FRAME_END:
		return at_end(c, f);
	case MW_FRAME_GONE:
		return at_crash(c, f->number);
	default:
		r = into_sink(c, f);
		if (r == -EPROTO)
			return ended(c, MW_READING_CRASHED);
		return r < 0 ? ended(c, MW_READING_STOPPED) : 1;
	}
}

/* ---- the talk -------------------------------------------------------------------------------------------------------------------- */

static int send_request(struct mw_client *c, struct mw_err *err)
{
	const struct mw_document *doc = c->doc;
	int64_t left = c->until - mw_clock_ms();
	struct mw_frame f = {.kind = MW_FRAME_READ,
			     .number = left > 0 ? (uint64_t)left : 0,
			     .flags = c->module,
			     .name = doc->type,
			     .charset = doc->charset,
			     .text = {.p = doc->name, .n = strnlen(doc->name, NAME_MAX_OCTETS)}};
	struct mw_buf out = MW_BUF_INIT;
	int fd = mw_sealed_file(doc->data), r;

	if (fd < 0)
		return mw_fail(err, fd == -EPIPE ? -EIO : fd, "no file in memory: %s", strerror(-fd));
	r = mw_frame_put(&out, &f);
	if (r == 0)
		r = mw_send_with_fd(c->fd, mw_buf_text(&out), out.n, fd);
	(void)close(fd);
	mw_buf_free(&out);
	if (r == -ENOMEM)
		return mw_fail_memory(err);
	return r == -EPIPE || r == -ECONNRESET ? -EPIPE : r < 0 ? mw_fail(err, r, "no reader: %s", strerror(-r)) : 0;
}

/* As mw_client_frame(). */
static int take_packet(struct mw_client *c, struct mw_str packet, struct mw_err *err)
{
	struct mw_frame f;
	int r;

	do {
		r = mw_frame_take(&packet, &f);
		if (r <= 0)
			return r < 0 ? ended(c, MW_READING_CRASHED) : 1;
		r = mw_client_frame(c, &f, err);
	} while (r > 0);
	return r;
}

/* A reader whose keeper is alive does not go without a word of it. */
static int at_close(struct mw_client *c, struct mw_err *err)
{
	return c->taken ? mw_fail(err, -EIO, "the readers were ended from outside") : -EPIPE;
}

/* room: MW_WIRE_PACKET octets; *used: how many of them were written to. */
static int talk(struct mw_client *c, char *room, size_t *used, struct mw_err *err)
{
	int r = 1;

	while (r > 0) {
		ssize_t n;

		r = mw_wait_readable(c->fd, c->until);
		if (r == 0 || mw_clock_ms() >= c->until) /* also when it never stops to talk */
			return ended(c, MW_READING_LATE);
		n = recv(c->fd, room, MW_WIRE_PACKET, MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
			r = 1;
			continue;
		}
		if (n <= 0)
			return at_close(c, err);
		if ((size_t)n > MW_WIRE_PACKET)
			return ended(c, MW_READING_CRASHED);
		*used = *used < (size_t)n ? (size_t)n : *used;
		r = take_packet(c, (struct mw_str){.p = room, .n = (size_t)n}, err);
	}
	return r;
}

int mw_client_read(struct mw_client *c, int fd, struct mw_err *err)
{
	size_t used = 0;
	char *room;
	int r;

	c->fd = fd;
	c->until = mw_clock_ms() + c->reading->most;
	if (c->reading->until && c->reading->until < c->until)
		c->until = c->reading->until;
	r = send_request(c, err);
	if (r < 0)
		return r;
	room = malloc(MW_WIRE_PACKET);
	if (!room)
		return mw_fail_memory(err);
	r = talk(c, room, &used, err);
	explicit_bzero(room, used);
	free(room);
	mw_buf_free(&c->octets);
	return r;
}
