/* SPDX-License-Identifier: Apache-2.0 */
#include "csv.h"

#include <errno.h>
#include <string.h>

struct reader {
	const char *p;
	size_t n, at;
	bool last;
	char delimiter;
	char *room;
	size_t used;
	struct patients_row *row;
};

enum end { END_FIELD, END_ROW, END_MORE };

/* What stands at r->at behind a field. */
static enum end field_end(struct reader *r)
{
	if (r->at == r->n)
		return r->last ? END_ROW : END_MORE;
	if (r->p[r->at] == r->delimiter) {
		r->at++;
		return END_FIELD;
	}
	if (r->p[r->at] == '\r') {
		if (r->at + 1 == r->n && !r->last)
			return END_MORE;
		r->at += r->at + 1 < r->n && r->p[r->at + 1] == '\n';
	}
	r->at++;
	r->row->lines++;
	return END_ROW;
}

static bool ends_field(const struct reader *r, char c)
{
	return c == r->delimiter || c == '\n' || c == '\r';
}

static enum end plain_field(struct reader *r, struct mw_str *field)
{
	size_t begin = r->at;

	while (r->at < r->n && !ends_field(r, r->p[r->at]))
		r->at++;
	*field = (struct mw_str){.p = r->p + begin, .n = r->at - begin};
	return field_end(r);
}

/* In quotes: a doubled one is one, and what stands behind the last one up to the delimiter belongs to the field as it is. */
static int quoted_field(struct reader *r, struct mw_str *field, enum end *end)
{
	char *to = r->room + r->used;
	size_t n = 0;

	r->at++;
	for (;; r->at++) {
		if (r->at == r->n) {
			*end = END_MORE;
			return r->last ? -EINVAL : 0;
		}
		if (r->p[r->at] == '"') {
			if (r->at + 1 == r->n && !r->last) {
				*end = END_MORE;
				return 0;
			}
			r->at++;
			if (r->at == r->n || r->p[r->at] != '"')
				break;
		}
		r->row->lines += r->p[r->at] == '\n';
		to[n++] = r->p[r->at];
	}
	while (r->at < r->n && !ends_field(r, r->p[r->at]))
		to[n++] = r->p[r->at++];
	*field = (struct mw_str){.p = to, .n = n};
	r->used += n;
	*end = field_end(r);
	return 0;
}

ssize_t patients_csv_row(const char *p, size_t n, bool last, char delimiter, char *room, struct patients_row *row)
{
	struct reader r = {.p = p, .n = n, .last = last, .delimiter = delimiter, .room = room, .row = row};
	enum end end = END_FIELD;

	row->n = 0;
	row->lines = 0;
	while (end == END_FIELD) {
		struct mw_str *field = row->field + row->n;
		int rc = 0;

		if (row->n == PATIENTS_CSV_FIELDS)
			return -E2BIG;
		if (r.at < n && p[r.at] == '"')
			rc = quoted_field(&r, field, &end);
		else
			end = plain_field(&r, field);
		if (rc < 0)
			return rc;
		row->n++;
	}
	return end == END_MORE ? 0 : (ssize_t)r.at;
}

char patients_csv_delimiter(const char *p, size_t n)
{
	static const char sign[] = {',', ';', '\t', '|'};
	size_t count[sizeof(sign)] = {0}, best = 0;
	bool quoted = false;

	for (size_t i = 0; i < n && (quoted || (p[i] != '\n' && p[i] != '\r')); i++) {
		quoted ^= p[i] == '"';
		for (size_t k = 0; k < sizeof(sign) && !quoted; k++)
			count[k] += p[i] == sign[k];
	}
	for (size_t k = 1; k < sizeof(sign); k++)
		if (count[k] > count[best])
			best = k;
	return sign[best];
}
