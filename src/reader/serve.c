/* SPDX-License-Identifier: Apache-2.0 */
/* serve: a reader. It waits for documents and reads them one by one; milward ends it by closing the socket. */
#include "reader/inside.h"
#include "reader/keeper.h"
#include "reader/wire.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* Milward ends us when the time is over, and notes it; a program that we wait for is given up after that. */
#define GRACE_MS 1000
#define IDLE_MS 10000

/* The document as a part of our memory. */
static int map_document(int fd, struct mw_str *ret)
{
	off_t size = lseek(fd, 0, SEEK_END); /* fstat() of a newer C library looks like stat(), which is not for us */
	void *p;

	if (size < 0)
		return -errno;
	*ret = (struct mw_str){.p = "", .n = 0};
	if (size == 0)
		return 0;
	p = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return -errno;
	*ret = (struct mw_str){.p = p, .n = (size_t)size};
	return 0;
}

static int put_end(struct mw_sink *sink, int code, const char *reason)
{
	struct mw_frame f = {.kind = MW_FRAME_END, .number = (uint64_t) - (int64_t)code, .name = code < 0 ? reason : NULL};

	if (f.name && strlen(f.name) > 64)
		f.name = NULL;
	(void)mw_sink_put(sink, &f);
	return mw_sink_flush(sink);
}

/* A NUL behind what is no terminated text in the frame. */
static char *name_of(struct mw_str s)
{
	char *name = malloc(s.n + 1);

	if (!name)
		return NULL;
	memcpy(name, s.p, s.n);
	name[s.n] = '\0';
	return name;
}

static void read_document(const struct mw_sandbox *box, const struct mw_self *modules, size_t n, const struct mw_frame *f,
			  int document, struct mw_sink *sink)
{
	struct mw_document doc = {.type = f->name, .charset = f->charset};
	char *name = name_of(f->text);
	const char *reason = NULL;
	struct mw_err err = {0};
	int r;

	if (f->kind != MW_FRAME_READ || f->flags >= n || document < 0 || !name || map_document(document, &doc.data) < 0)
		_exit(2);
	(void)close(document);
	if (mw_sandbox_bound(box, doc.data.n, (int64_t)f->number, !sink->module) < 0)
		_exit(2);
	doc.name = name;
	sink->module = &modules[f->flags];
	sink->until = mw_clock_ms() + (int64_t)f->number + GRACE_MS;
	r = sink->module->plugin->hooks.extract(sink->module->inst, &doc, sink, &reason, &err);
	if (doc.data.n)
		(void)munmap((void *)(uintptr_t)doc.data.p, doc.data.n);
	free(name);
	if (put_end(sink, r < 0 ? r : 0, reason) < 0)
		_exit(0);
}

/* The next request; false: none will come. A reader that has read does not wait for long: what it read is still in its memory. */
static bool next_request(const struct mw_sink *sink, char *room, struct mw_str *packet, int *document)
{
	bool closing = false;

	for (;;) {
		int r = mw_wait_readable(sink->fd, closing ? 1 : sink->module ? mw_clock_ms() + IDLE_MS : 0);

		if (r == 0 && closing)
			return false;
		if (r == 0) {
			/* From here on milward cannot send, and looks for another reader; what it has sent just now is read. */
			closing = shutdown(sink->fd, SHUT_RD) == 0;
			continue;
		}
		r = r > 0 ? mw_receive_with_fd(sink->fd, room, MW_WIRE_PACKET, document) : r;
		if (r == -EAGAIN)
			continue;
		*packet = (struct mw_str){.p = room, .n = r > 0 ? (size_t)r : 0};
		return r > 0;
	}
}

_Noreturn void mw_serve(const struct mw_sandbox *box, const struct mw_self *modules, size_t n, int fd)
{
	static char in[MW_WIRE_PACKET], out[MW_WIRE_PACKET];
	struct mw_sink sink = {.fd = fd, .null = box->null, .packet = out};
	struct mw_str packet;
	struct mw_frame f;
	int document;

	while (next_request(&sink, in, &packet, &document) && mw_frame_take(&packet, &f) == 1) {
		mw_sink_use(&sink);
		read_document(box, modules, n, &f, document, &sink);
	}
	_exit(0);
}
