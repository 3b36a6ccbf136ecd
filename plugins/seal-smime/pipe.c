/* SPDX-License-Identifier: Apache-2.0 */
#include "pipe.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

static int source_read(BIO *bio, char *p, int n)
{
	struct source *s = BIO_get_data(bio);
	size_t fits;

	if (n <= 0 || s->failed)
		return s->failed ? -1 : 0;
	if (s->at == s->n) {
		ssize_t got = s->get(s->ctx, s->buffer, sizeof(s->buffer));

		if (got < 0)
			s->failed = (int)got;
		if (got <= 0)
			return got < 0 ? -1 : 0;
		s->at = 0;
		s->n = (size_t)got;
	}
	fits = s->n - s->at < (size_t)n ? s->n - s->at : (size_t)n;
	memcpy(p, s->buffer + s->at, fits);
	s->at += fits;
	return (int)fits;
}

static int sink_write(BIO *bio, const char *p, int n)
{
	struct sink *s = BIO_get_data(bio);

	if (n <= 0 || s->failed)
		return s->failed ? -1 : 0;
	s->failed = s->put(s->ctx, p, (size_t)n);
	return s->failed ? -1 : n;
}

static long control(BIO *bio, int cmd, long num, void *ptr)
{
	(void)bio;
	(void)num;
	(void)ptr;
	return cmd == BIO_CTRL_FLUSH;
}

int pipes_new(struct pipes *ret)
{
	struct pipes p = {.source = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "source"),
			  .sink = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "sink")};

	if (!p.source || !p.sink || !BIO_meth_set_read(p.source, source_read) || !BIO_meth_set_ctrl(p.source, control) ||
	    !BIO_meth_set_write(p.sink, sink_write) || !BIO_meth_set_ctrl(p.sink, control)) {
		pipes_free(&p);
		return -ENOMEM;
	}
	*ret = p;
	return 0;
}

void pipes_free(struct pipes *p)
{
	BIO_meth_free(p->source);
	BIO_meth_free(p->sink);
	*p = (struct pipes){.source = NULL};
}

static BIO *pipe_new(const BIO_METHOD *method, void *data)
{
	BIO *bio = BIO_new(method);

	if (bio) {
		BIO_set_data(bio, data);
		BIO_set_init(bio, 1);
	}
	return bio;
}

BIO *pipe_source(const struct pipes *p, struct source *s)
{
	return pipe_new(p->source, s);
}

BIO *pipe_sink(const struct pipes *p, struct sink *s)
{
	return pipe_new(p->sink, s);
}

void segments_text(struct segments *s, const char *text, size_t n)
{
	s->v[s->n].text = text;
	s->v[s->n++].n = n;
}

void segments_range(struct segments *s, int fd, struct entity_range range)
{
	s->v[s->n].text = NULL;
	s->v[s->n].fd = fd;
	s->v[s->n++].range = range;
}

/* Of a file that has become shorter: -EIO. */
static ssize_t read_range(const struct segments *s, char *p, size_t n)
{
	uint64_t at = s->v[s->at].range.begin + s->taken;
	ssize_t r;

	do
		r = pread(s->v[s->at].fd, p, n, (off_t)at);
	while (r < 0 && errno == EINTR);
	if (r <= 0)
		return r < 0 ? -errno : -EIO;
	return r;
}

ssize_t segments_get(void *ctx, char *p, size_t n)
{
	struct segments *s = ctx;
	ssize_t r = 0;

	for (; s->at < s->n; s->at++, s->taken = 0) {
		uint64_t all = s->v[s->at].text ? s->v[s->at].n : s->v[s->at].range.end - s->v[s->at].range.begin;
		size_t fits = all - s->taken < n ? (size_t)(all - s->taken) : n;

		if (fits == 0)
			continue;
		if (s->v[s->at].text) {
			memcpy(p, s->v[s->at].text + s->taken, fits);
			r = (ssize_t)fits;
		} else {
			r = read_range(s, p, fits);
		}
		s->taken += r > 0 ? (uint64_t)r : 0;
		break;
	}
	return r;
}
