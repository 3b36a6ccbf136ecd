/* SPDX-License-Identifier: Apache-2.0 */
#include "pen.h"

#include <string.h>

void pen_init(struct pen *o, const struct mw_host *host, struct mw_sink *sink)
{
	*o = (struct pen){.host = host, .sink = sink};
}

static void tell_section(struct pen *o)
{
	o->pending = false;
	o->failed = o->host->sink_section(o->sink, o->section);
	if (o->failed == 0 && o->hidden)
		o->failed = o->host->sink_hidden(o->sink);
}

void pen_flush(struct pen *o)
{
	if (o->n && o->failed == 0 && o->tap)
		o->failed = o->tap(o->tap_ctx, o->buf, o->n);
	if (o->n && o->failed == 0 && !o->divert) {
		if (o->pending)
			tell_section(o);
		if (o->failed == 0)
			o->failed = o->host->sink_text(o->sink, o->buf, o->n);
	}
	o->n = 0;
}

void pen_section(struct pen *o, const char *name, bool hidden)
{
	if (o->hidden == hidden && (o->section == name || (name && o->section && strcmp(o->section, name) == 0)))
		return;
	pen_flush(o);
	o->section = name;
	o->hidden = hidden;
	o->pending = true;
}

static void add(struct pen *o, const char *p, size_t n)
{
	if (n > sizeof(o->buf) - o->n)
		pen_flush(o);
	memcpy(o->buf + o->n, p, n); /* n: one character, or a few of ours */
	o->n += n;
}

void pen_put(struct pen *o, const char *s)
{
	add(o, s, strlen(s));
}

size_t utf8_octets(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;
	size_t k = u[0] < 0x80			 ? 1
		   : u[0] >= 0xc2 && u[0] < 0xe0 ? 2
		   : u[0] >= 0xe0 && u[0] < 0xf0 ? 3
		   : u[0] >= 0xf0 && u[0] < 0xf5 ? 4
						 : 0;

	if (k > n)
		return 0;
	for (size_t i = 1; i < k; i++)
		if ((u[i] & 0xc0) != 0x80)
			return 0;
	if ((u[0] == 0xe0 && u[1] < 0xa0) || (u[0] == 0xed && u[1] > 0x9f) || (u[0] == 0xf0 && u[1] < 0x90) ||
	    (u[0] == 0xf4 && u[1] > 0x8f))
		return 0;
	return k;
}

static void add_clean(struct pen *o, struct mw_str s, bool lines)
{
	for (size_t i = 0, k; i < s.n && o->failed == 0; i += k) {
		unsigned char c = (unsigned char)s.p[i];

		k = utf8_octets(s.p + i, s.n - i);
		if (k == 0) {
			add(o, "\xef\xbf\xbd", 3);
			k = 1;
		} else if (k > 1) {
			add(o, s.p + i, k);
		} else if (c == '\r' && lines) {
			if (i + 1 == s.n || s.p[i + 1] != '\n')
				add(o, "\n", 1);
		} else if ((c < ' ' && !(lines && (c == '\n' || c == '\t'))) || c == 0x7f) {
			add(o, " ", 1);
		} else {
			add(o, s.p + i, 1);
		}
	}
}

void pen_text(struct pen *o, struct mw_str text)
{
	add_clean(o, text, true);
}

void pen_cell(struct pen *o, struct mw_str text)
{
	add_clean(o, text, false);
}

void pen_unread(struct pen *o, const char *reason)
{
	pen_flush(o);
	if (o->failed == 0)
		o->failed = o->host->sink_section(o->sink, NULL);
	if (o->failed == 0)
		o->failed = o->host->sink_unread(o->sink, reason);
	o->pending = o->section != NULL;
}
