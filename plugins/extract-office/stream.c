/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

#include <errno.h>
#include <string.h>

#define PIECE 32768u /* octets that go to the sink at once */

/* The part itself needs no telling, other sections only when there is something in them. */
static int stream_begin(struct stream *o)
{
	int r = 0;

	if (!o->begun)
		r = o->host->sink_section(o->sink, o->name.n ? o->name.p : NULL);
	o->begun = true;
	o->stopped |= r < 0;
	return r;
}

static int stream_give(struct stream *o, const char *p, size_t n)
{
	int r = o->host->sink_text(o->sink, p, n);

	o->stopped |= r < 0;
	return r;
}

static int stream_flush(struct stream *o)
{
	int r = o->seen.n ? stream_begin(o) : 0;

	buf_mend(&o->seen);
	if (r == 0 && o->seen.n)
		r = stream_give(o, o->seen.p, o->seen.n);
	o->seen.n = 0;
	return r;
}

/* Ends the section in work. */
static int stream_finish(struct stream *o)
{
	int r = stream_flush(o);

	if (r == 0 && o->held.n) {
		r = stream_begin(o);
		buf_mend(&o->held);
		/* A line with a form feed: what is unseen is part of no paragraph, and stands at no end of the text. */
		if (r == 0)
			r = stream_give(o, "\f\n", 2);
		if (r == 0 && !o->hidden)
			r = o->host->sink_hidden(o->sink);
		if (r == 0)
			r = stream_give(o, o->held.p, o->held.n);
	}
	o->held.n = 0;
	return r;
}

int stream_section(struct stream *o, const char *name)
{
	int r;

	name = name ? name : "";
	if (strlen(name) == o->name.n && (o->name.n == 0 || memcmp(name, o->name.p, o->name.n) == 0))
		return 0;
	r = stream_finish(o);
	o->begun = o->any = o->hidden = o->feed = false;
	o->name.n = 0;
	if (r == 0)
		r = buf_word(&o->name, name);
	return r == 0 ? buf_terminate(&o->name) : r;
}

int stream_hide(struct stream *o)
{
	int r;

	if (o->hidden)
		return 0;
	r = stream_flush(o);
	if (r == 0)
		r = stream_begin(o);
	o->hidden = true;
	return r == 0 ? o->host->sink_hidden(o->sink) : r;
}

int stream_put(struct stream *o, bool unseen, const char *p, size_t n)
{
	int r = 0;

	if (n == 0)
		return 0;
	if (unseen && !o->hidden)
		return buf_add(&o->held, p, n);
	if (o->feed && o->any)
		r = buf_add(&o->seen, "\f\n", 2);
	o->feed = false;
	o->any = true;
	if (r == 0)
		r = buf_add(&o->seen, p, n);
	return r == 0 && o->seen.n >= PIECE ? stream_flush(o) : r;
}

void stream_feed(struct stream *o)
{
	o->feed = true;
}

int stream_unread(struct stream *o, const char *reason)
{
	int r = stream_begin(o);

	return r == 0 ? o->host->sink_unread(o->sink, reason) : r;
}

int stream_end(struct stream *o)
{
	return stream_finish(o);
}

void stream_rescue(struct stream *o)
{
	if (!o->stopped)
		(void)stream_finish(o);
}

void stream_free(struct stream *o)
{
	buf_free(&o->name);
	buf_free(&o->seen);
	buf_free(&o->held);
}
