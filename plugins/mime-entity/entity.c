/* SPDX-License-Identifier: Apache-2.0 */
#include "entity.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

int entity_file(int fd, struct entity_range *range)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < 0)
		return -EINVAL;
	*range = (struct entity_range){.begin = 0, .end = (uint64_t)st.st_size};
	return 0;
}

/* ---- reading the head ------------------------------------------------------------------------------------------------------------ */

/* Where the empty line is in p[0, n): offset of its first octet, *after behind it. SIZE_MAX: not there. from: a line begins there. */
static size_t empty_line(const char *p, size_t n, size_t *from, size_t *after)
{
	while (*from < n) {
		const char *lf = memchr(p + *from, '\n', n - *from);
		size_t end = lf ? (size_t)(lf - p) : n, len;

		if (!lf)
			return SIZE_MAX;
		len = end - *from;
		if (len == 0 || (len == 1 && p[*from] == '\r')) {
			*after = end + 1;
			return *from;
		}
		*from = end + 1;
	}
	return SIZE_MAX;
}

static ssize_t read_at(int fd, char *p, size_t n, uint64_t at)
{
	ssize_t r;

	do
		r = pread(fd, p, n, (off_t)at);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

/* Fills e with the head; its text is malloc'ed. */
static int read_head(int fd, struct entity_range range, struct entity *e)
{
	uint64_t all = range.end - range.begin;
	size_t room = 8192, n = 0, line = 0, after = 0, end;

	e->head = malloc(room);
	while (e->head) {
		size_t want = all - n < room - n ? (size_t)(all - n) : room - n;
		ssize_t r = want ? read_at(fd, e->head + n, want, range.begin + n) : 0;
		char *more;

		if (r < 0)
			return (int)r;
		n += (size_t)r;
		end = empty_line(e->head, n, &line, &after);
		if (end != SIZE_MAX || r == 0 || n == all) {
			e->head_n = end == SIZE_MAX ? n : end;
			e->body = (struct entity_range){.begin = range.begin + (end == SIZE_MAX ? n : after), .end = range.end};
			return 0;
		}
		if (room >= ENTITY_HEAD_MAX)
			return -E2BIG;
		room *= 2;
		more = realloc(e->head, room);
		if (!more)
			return -ENOMEM;
		e->head = more;
	}
	return -ENOMEM;
}

static int check_fields(const struct entity *e)
{
	struct mw_str rest = {.p = e->head, .n = e->head_n};
	struct mw_field f;

	while (entity_field(&rest, &f))
		;
	return rest.n ? -EBADMSG : 0;
}

int entity_load(int fd, struct entity_range range, struct entity *ret)
{
	struct entity e = {.head = NULL};
	int r = range.begin <= range.end ? read_head(fd, range, &e) : -EINVAL;

	if (r == 0)
		r = check_fields(&e);
	if (r < 0) {
		free(e.head);
		return r;
	}
	*ret = e;
	return 0;
}

void entity_free(struct entity *e)
{
	free(e->head);
	*e = (struct entity){.head = NULL};
}

/* ---- fields ---------------------------------------------------------------------------------------------------------------------- */

/* Behind the line end; n when there is none. */
static size_t line_end(const char *p, size_t n, size_t from)
{
	const char *lf = memchr(p + from, '\n', n - from);

	return lf ? (size_t)(lf - p) + 1 : n;
}

bool entity_field(struct mw_str *rest, struct mw_field *f)
{
	const char *p = rest->p;
	size_t n = 0, colon, end;

	while (n < rest->n && p[n] > ' ' && p[n] <= '~' && p[n] != ':')
		n++;
	colon = n;
	while (colon < rest->n && (p[colon] == ' ' || p[colon] == '\t'))
		colon++;
	if (n == 0 || colon == rest->n || p[colon] != ':')
		return false;
	end = line_end(p, rest->n, colon);
	while (end < rest->n && (p[end] == ' ' || p[end] == '\t'))
		end = line_end(p, rest->n, end);
	*f = (struct mw_field){.name = {.p = p, .n = n}, .value = {.p = p + colon + 1, .n = end - colon - 1}};
	rest->p += end;
	rest->n -= end;
	while (f->value.n && (f->value.p[f->value.n - 1] == '\n' || f->value.p[f->value.n - 1] == '\r'))
		f->value.n--;
	return true;
}

int entity_find(const struct entity *e, const char *name, struct mw_str *value)
{
	struct mw_str rest = {.p = e->head, .n = e->head_n};
	size_t n = strlen(name);
	struct mw_field f;
	int found = 0;

	while (entity_field(&rest, &f)) {
		if (f.name.n != n || strncasecmp(f.name.p, name, n) != 0)
			continue;
		if (found++)
			return -EBADMSG;
		*value = f.value;
	}
	return found;
}
