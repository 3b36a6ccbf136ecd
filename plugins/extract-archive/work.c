/* SPDX-License-Identifier: Apache-2.0 */
#include "work.h"

#include <stdlib.h>
#include <string.h>

#define NAME_OCTETS 200u /* what is left out of the path of a part is text all the same */

void work_unread(struct work *w, const char *reason)
{
	if (!w->reason || strcmp(w->reason, "damaged") == 0)
		w->reason = reason;
}

struct naming {
	struct work *w;
	struct mw_member member;
};

static int begin_named(void *ctx, const char *utf8, size_t n)
{
	struct naming *naming = ctx;
	char *name = memchr(utf8, '\\', n) ? malloc(n) : NULL;
	int r;

	naming->member.name = (struct mw_str){.p = name ? name : utf8, .n = n};
	for (size_t i = 0; name && i < n; i++) /* Windows' way to divide folders */
		name[i] = utf8[i] == '\\' ? '/' : utf8[i];
	r = naming->w->host->member(naming->w->sink, &naming->member);
	free(name);
	return r;
}

int work_member(struct work *w, struct mw_str name, const char *charset, const char *type, uint64_t packed)
{
	struct naming naming = {.w = w, .member = {.type = type, .charset = "", .packed = packed}};
	int r = name.n > NAME_OCTETS ? work_line(w, name, charset) : 0;

	if (r < 0)
		return r;
	w->members++;
	if (name.n == 0)
		name = (struct mw_str){.p = "unnamed", .n = 7};
	return w->host->to_utf8(name, charset, begin_named, &naming);
}

int work_data(struct work *w, const char *p, size_t n)
{
	w->octets += n;
	return w->host->member_data(w->sink, p, n);
}

int work_small(struct work *w, struct mw_str name, const char *charset, const char *type, struct mw_str octets,
	       const char *unread)
{
	int r = work_member(w, name, charset, type, octets.n);

	if (r == 0 && octets.n)
		r = w->host->member_data(w->sink, octets.p, octets.n);
	return r == 0 ? w->host->member_end(w->sink, unread) : r;
}

static int put_line(void *ctx, const char *utf8, size_t n)
{
	struct work *w = ctx;
	int r = w->host->sink_text(w->sink, utf8, n);

	return r == 0 ? w->host->sink_text(w->sink, "\n", 1) : r;
}

int work_line(struct work *w, struct mw_str line, const char *charset)
{
	return line.n ? w->host->to_utf8(line, charset, put_line, w) : 0;
}

bool work_is_text(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < ' ' && !memchr("\t\n\v\f\r", c, 5)) || c == 0x7f)
			return false;
	}
	return s.n > 0;
}

int work_rest(struct work *w, const char *name, struct mw_str octets)
{
	const struct mw_str as = {.p = name, .n = strlen(name)};
	size_t zeros = 0;

	while (zeros < octets.n && octets.p[zeros] == '\0')
		zeros++;
	if (zeros == octets.n)
		return 0;
	return work_small(w, as, "", work_is_text(octets) ? "text/plain" : "", octets, NULL);
}
