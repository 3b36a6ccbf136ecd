/* SPDX-License-Identifier: Apache-2.0 */
#include "give.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 65536u /* octets that wait before they go out */
#define SECTIONS_MAX 4096u
#define SECTION_NAME 320u

static int failed(struct out *o, int r)
{
	if (r < 0 && o->failed == 0)
		o->failed = r;
	return o->failed;
}

/* ---- sections ------------------------------------------------------------------------------------------------------------------- */

static size_t section_add(struct out *o, const char *name)
{
	char *copy = name ? strdup(name) : NULL;

	if (o->sections == o->cap) {
		size_t cap = o->cap * 2 + 8;
		struct out_section *more = realloc(o->section, cap * sizeof(*more));

		if (!more) {
			free(copy);
			return SIZE_MAX;
		}
		o->section = more;
		o->cap = cap;
	}
	if (name && !copy)
		return SIZE_MAX;
	o->section[o->sections] = (struct out_section){.name = copy, .last = '\n'};
	return o->sections++;
}

int give_begin(struct out *o, const struct mw_host *host, struct mw_sink *sink, uint64_t most)
{
	*o = (struct out){.host = host, .sink = sink, .prefix = "", .most = most};
	return section_add(o, NULL) == OUT_MAIN ? 0 : failed(o, -ENOMEM);
}

static void section_free(struct out_section *s)
{
	free(s->name);
	bytes_free(&s->seen);
	bytes_free(&s->hidden);
}

void give_free(struct out *o)
{
	for (size_t i = 0; i < o->sections; i++)
		section_free(&o->section[i]);
	free(o->section);
	*o = (struct out){0};
}

static size_t section_of(struct out *o, const char *name)
{
	size_t i = 1;

	while (i < o->sections && strcmp(o->section[i].name, name) != 0)
		i++;
	if (i < o->sections)
		return i;
	if (o->failed)
		return OUT_MAIN;
	if (o->sections >= SECTIONS_MAX) {
		(void)failed(o, -EFBIG);
		return OUT_MAIN;
	}
	i = section_add(o, name);
	if (i == SIZE_MAX) {
		(void)failed(o, -ENOMEM);
		return OUT_MAIN;
	}
	return i;
}

size_t give_section(struct out *o, const char *name)
{
	char full[SECTION_NAME];

	if (!*o->prefix)
		return section_of(o, name);
	(void)snprintf(full, sizeof(full), "%s %s", o->prefix, name);
	return section_of(o, full);
}

void give_within(struct out *o, const char *name)
{
	o->prefix = name ? name : "";
	o->base = name ? section_of(o, name) : OUT_MAIN;
	give_to(o, OUT_MAIN, false);
}

void give_to(struct out *o, size_t section, bool hide)
{
	o->now = section == OUT_MAIN ? o->base : section < o->sections ? section : o->base;
	o->hide = hide;
}

/* ---- to the sink ---------------------------------------------------------------------------------------------------------------- */

static int enter(struct out *o, size_t section)
{
	if (o->failed == 0 && o->at != section) {
		(void)failed(o, o->host->sink_section(o->sink, o->section[section].name));
		o->at = section;
	}
	return o->failed;
}

static int send(struct out *o, size_t section, struct bytes *b)
{
	if (b->n && enter(o, section) == 0)
		(void)failed(o, o->host->sink_text(o->sink, b->p, b->n));
	bytes_clear(b);
	return o->failed;
}

static int section_end(struct out *o, size_t i)
{
	struct out_section *s = &o->section[i];

	if (o->failed == 0 && s->hidden.n) {
		/* A line with a form feed: what is hidden is part of no paragraph that is seen. */
		const char *gap = !s->begun ? "\f\n" : s->last == '\n' ? "\f\n" : "\n\f\n";

		(void)failed(o, bytes_add(&s->seen, gap, strlen(gap)));
		(void)failed(o, bytes_add(&s->hidden, "\n", s->hidden.p[s->hidden.n - 1] != '\n'));
		if (send(o, i, &s->seen) == 0)
			(void)failed(o, o->host->sink_hidden(o->sink));
		o->held -= s->hidden.n < o->held ? s->hidden.n : o->held;
		return send(o, i, &s->hidden);
	}
	return send(o, i, &s->seen);
}

int give_end(struct out *o)
{
	for (size_t i = 0; i < o->sections; i++)
		(void)section_end(o, i);
	return o->failed;
}

/* ---- text ----------------------------------------------------------------------------------------------------------------------- */

static int text_hidden(struct out *o, struct out_section *s, const char *p, size_t n)
{
	if (n >= o->most || o->held >= o->most - n)
		return failed(o, -EFBIG);
	if (s->apart && s->hidden.n && s->hidden.p[s->hidden.n - 1] != '\n' && *p != '\n')
		(void)failed(o, bytes_add(&s->hidden, "\n", 1));
	s->apart = false;
	o->held += n + 1;
	return failed(o, bytes_add(&s->hidden, p, n));
}

int give_text(struct out *o, const char *p, size_t n)
{
	struct out_section *s;

	if (o->failed || n == 0)
		return o->failed;
	s = &o->section[o->now];
	if (o->hide)
		return text_hidden(o, s, p, n);
	s->apart = s->begun = true;
	s->last = p[n - 1];
	if (failed(o, bytes_add(&s->seen, p, n)) == 0 && s->seen.n >= PIECE)
		(void)send(o, o->now, &s->seen);
	return o->failed;
}

int give_puts(struct out *o, const char *text)
{
	return give_text(o, text, strlen(text));
}

int give_char(struct out *o, uint32_t c)
{
	char utf8[4];

	return give_text(o, utf8, bytes_encode(c, utf8));
}

int give_break(struct out *o)
{
	const struct out_section *s;

	if (o->failed)
		return o->failed;
	s = &o->section[o->now];
	if (o->hide)
		return s->hidden.n && s->hidden.p[s->hidden.n - 1] != '\n' ? give_text(o, "\n", 1) : 0;
	return s->last != '\n' ? give_text(o, "\n", 1) : 0;
}

int give_unread(struct out *o, const char *reason)
{
	if (enter(o, o->now) == 0)
		(void)failed(o, o->host->sink_unread(o->sink, reason));
	return o->failed;
}

int give_member(struct out *o, struct mw_str name, const char *type, struct mw_str data, uint32_t flags, const char *unread)
{
	const struct mw_member m = {.name = name, .type = type, .charset = "", .packed = data.n, .flags = flags};

	if (o->failed)
		return o->failed;
	if (failed(o, o->host->member(o->sink, &m)) == 0 && data.n)
		(void)failed(o, o->host->member_data(o->sink, data.p, data.n));
	if (o->failed == 0)
		(void)failed(o, o->host->member_end(o->sink, unread));
	return o->failed;
}
