/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/multipart.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BOUNDARY_MAX 70u /* RFC 2046, 5.1.1 */

enum state { BEFORE, DELIMITED, HEAD, BODY, DONE };

struct mw_multipart {
	struct mw_multipart_events to;
	enum state state;
	char delimiter[BOUNDARY_MAX + 5]; /* CR LF "--" and the boundary */
	size_t delimiter_n;
	struct mw_buf hold; /* what came and is not told yet */
	size_t from;	    /* of hold */
	int failed;
};

static struct mw_str held(const struct mw_multipart *m)
{
	return (struct mw_str){.p = mw_buf_text(&m->hold) + m->from, .n = m->hold.n - m->from};
}

/* ---- fields --------------------------------------------------------------------------------------------------------------------------- */

/* The value of a parameter of a field, quoted or not; false: it is not there. Quotes within have been turned into %22 by browsers. */
static bool find_parameter(struct mw_str field, const char *name, struct mw_str *value)
{
	bool quoted = false;

	for (size_t i = 0; i < field.n; i++) {
		struct mw_str rest;
		const char *end;

		quoted = quoted != (field.p[i] == '"');
		if (quoted || field.p[i] != ';')
			continue;
		rest = mw_str_trim(mw_str_behind(field, i + 1));
		if (rest.n <= strlen(name) || rest.p[strlen(name)] != '=' ||
		    !mw_str_caseeq((struct mw_str){.p = rest.p, .n = strlen(name)}, name))
			continue;
		rest = mw_str_behind(rest, strlen(name) + 1);
		if (rest.n && rest.p[0] == '"') {
			rest = mw_str_behind(rest, 1);
			end = memchr(rest.p, '"', rest.n);
			if (!end)
				return false;
		} else {
			end = memchr(rest.p, ';', rest.n);
		}
		*value = (struct mw_str){.p = rest.p, .n = end ? (size_t)(end - rest.p) : rest.n};
		return true;
	}
	return false;
}

/* A line of a part's header; false: it is none. */
static bool read_field(struct mw_str line, struct mw_multipart_part *part, bool *disposed)
{
	const char *colon = memchr(line.p, ':', line.n);
	struct mw_str name, value;

	if (!colon)
		return false;
	name = (struct mw_str){.p = line.p, .n = (size_t)(colon - line.p)};
	value = mw_str_trim(mw_str_behind(line, name.n + 1));
	if (mw_str_caseeq(name, "Content-Type"))
		part->type = value;
	if (!mw_str_caseeq(name, "Content-Disposition"))
		return true;
	if (value.n < 9 || !mw_str_caseeq((struct mw_str){.p = value.p, .n = 9}, "form-data") || *disposed)
		return false;
	*disposed = find_parameter(value, "name", &part->name);
	part->is_file = find_parameter(value, "filename", &part->filename);
	return *disposed;
}

static int begin_part(struct mw_multipart *m, struct mw_str head)
{
	struct mw_multipart_part part = {.name = {.p = "", .n = 0}, .filename = {.p = "", .n = 0}, .type = {.p = "", .n = 0}};
	bool disposed = false;

	while (head.n)
		if (!read_field(mw_str_take_line(&head), &part, &disposed))
			return -EBADMSG;
	return disposed ? m->to.part(m->to.ctx, &part) : -EBADMSG;
}

/* ---- a step each: 1 = go on, 0 = more octets are needed --------------------------------------------------------------------------------- */

/* What stands before the next delimiter is of the part, or before the first one of nobody. */
static int up_to_delimiter(struct mw_multipart *m)
{
	struct mw_str s = held(m);
	const char *found = s.n ? memmem(s.p, s.n, m->delimiter, m->delimiter_n) : NULL;
	size_t n = found ? (size_t)(found - s.p) : s.n >= m->delimiter_n ? s.n - m->delimiter_n + 1 : 0;
	int r = n && m->state == BODY ? m->to.data(m->to.ctx, s.p, n) : 0;

	m->from += n;
	if (r < 0 || !found)
		return r;
	m->from += m->delimiter_n;
	m->state = DELIMITED;
	return 1;
}

static int behind_delimiter(struct mw_multipart *m)
{
	struct mw_str s = held(m);

	if (s.n < 2)
		return 0;
	m->from += 2;
	m->state = memcmp(s.p, "--", 2) == 0 ? DONE : HEAD;
	return m->state == HEAD && memcmp(s.p, "\r\n", 2) != 0 ? -EBADMSG : 1;
}

static int read_head(struct mw_multipart *m)
{
	struct mw_str s = held(m);
	const char *end = s.n ? memmem(s.p, s.n, "\r\n\r\n", 4) : NULL;
	size_t n = end ? (size_t)(end - s.p) : s.n;
	int r;

	if (n > MW_MULTIPART_HEAD || (s.n >= 2 && memcmp(s.p, "\r\n", 2) == 0)) /* too long, or empty */
		return -EBADMSG;
	if (!end)
		return 0;
	r = begin_part(m, (struct mw_str){.p = s.p, .n = n});
	m->from += n + 4;
	m->state = BODY;
	return r < 0 ? r : 1;
}

static int step(struct mw_multipart *m)
{
	switch (m->state) {
	case BEFORE:
	case BODY:
		return up_to_delimiter(m);
	case DELIMITED:
		return behind_delimiter(m);
	case HEAD:
		return read_head(m);
	case DONE:
		m->from = m->hold.n; /* what comes behind is nobody's */
		return 0;
	}
	return -EBADMSG;
}

int mw_multipart_new(struct mw_str type, const struct mw_multipart_events *to, struct mw_multipart **ret)
{
	static const char form[] = "multipart/form-data";
	size_t n = sizeof(form) - 1;
	struct mw_multipart *m;
	struct mw_str boundary;

	if (type.n <= n || !mw_str_caseeq((struct mw_str){.p = type.p, .n = n}, form) || !strchr("; \t", type.p[n]) ||
	    !find_parameter(type, "boundary", &boundary) || boundary.n == 0 || boundary.n > BOUNDARY_MAX ||
	    memchr(boundary.p, '\0', boundary.n))
		return -EBADMSG;
	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->to = *to;
	memcpy(m->delimiter, "\r\n--", 4);
	memcpy(m->delimiter + 4, boundary.p, boundary.n);
	m->delimiter_n = boundary.n + 4;
	mw_buf_puts(&m->hold, "\r\n"); /* the first delimiter stands at the very beginning */
	*ret = m;
	return 0;
}

int mw_multipart_more(struct mw_multipart *m, const char *p, size_t n)
{
	int r = 1;

	if (m->failed)
		return m->failed;
	mw_buf_add(&m->hold, p, n);
	while (r == 1 && mw_buf_ok(&m->hold))
		r = step(m);
	if (mw_buf_ok(&m->hold)) {
		struct mw_str rest = held(m);

		memmove(m->hold.p, rest.p, rest.n);
		mw_buf_cut(&m->hold, rest.n);
		m->from = 0;
	}
	m->failed = r < 0 ? r : mw_buf_ok(&m->hold) ? 0 : -ENOMEM;
	return m->failed;
}

bool mw_multipart_complete(const struct mw_multipart *m)
{
	return m->state == DONE && !m->failed;
}

void mw_multipart_free(struct mw_multipart **p)
{
	struct mw_multipart *m = *p;

	*p = NULL;
	if (!m)
		return;
	mw_buf_free(&m->hold);
	free(m);
}
