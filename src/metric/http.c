/* SPDX-License-Identifier: Apache-2.0 */
#include "metric/http.h"

#include <string.h>

/* The header and the empty line behind it; false: it has not ended. Lines may end with LF alone. */
static bool header_of(struct mw_str in, struct mw_str *header, struct mw_str *body)
{
	struct mw_str rest = in;

	while (rest.n && memchr(rest.p, '\n', rest.n)) {
		struct mw_str line = mw_str_take_line(&rest);

		if (line.n)
			continue;
		*header = (struct mw_str){.p = in.p, .n = in.n - rest.n};
		*body = rest;
		return true;
	}
	return false;
}

static bool begins(struct mw_str s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && memcmp(s.p, with, n) == 0;
}

static struct mw_str take_word(struct mw_str *s)
{
	const char *blank = memchr(s->p, ' ', s->n);
	struct mw_str word = {.p = s->p, .n = blank ? (size_t)(blank - s->p) : s->n};

	*s = mw_str_behind(*s, blank ? word.n + 1 : word.n);
	return word;
}

/* The value of a field, "" when there is none. */
static struct mw_str field(struct mw_str header, const char *name)
{
	while (header.n) {
		struct mw_str line = mw_str_take_line(&header);
		const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;

		if (colon && mw_str_caseeq((struct mw_str){.p = line.p, .n = (size_t)(colon - line.p)}, name))
			return mw_str_trim(mw_str_behind(line, (size_t)(colon - line.p) + 1));
	}
	return mw_str("");
}

enum mw_http mw_http_request(struct mw_str in)
{
	struct mw_str header, body, line, method, target, accept;
	const char *query;

	if (!header_of(in, &header, &body))
		return in.n < MW_HTTP_REQUEST ? MW_HTTP_MORE : MW_HTTP_TOO_LARGE;
	line = mw_str_take_line(&header);
	method = take_word(&line);
	target = take_word(&line);
	if (!method.n || !begins(target, "/") || !begins(line, "HTTP/1."))
		return MW_HTTP_BAD;
	if (!mw_str_eq(method, "GET"))
		return MW_HTTP_METHOD;
	query = memchr(target.p, '?', target.n);
	if (query)
		target.n = (size_t)(query - target.p);
	if (!mw_str_eq(target, "/metrics"))
		return MW_HTTP_NOT_FOUND;
	accept = field(header, "Accept");
	return accept.n && memmem(accept.p, accept.n, "application/openmetrics-text", 28) ? MW_HTTP_OPEN : MW_HTTP_TEXT;
}

bool mw_http_answer(struct mw_str in, struct mw_str *body)
{
	struct mw_str header, rest, line, length;
	size_t n = 0;

	if (!header_of(in, &header, &rest))
		return false;
	line = mw_str_take_line(&header);
	if (!begins(line, "HTTP/1.") || !begins(mw_str_behind(line, line.n < 8 ? line.n : 8), " 200 "))
		return false;
	length = field(header, "Content-Length");
	if (!length.n || length.n > 9)
		return false;
	for (size_t i = 0; i < length.n; i++) {
		if (length.p[i] < '0' || length.p[i] > '9')
			return false;
		n = n * 10 + (size_t)(length.p[i] - '0');
	}
	if (n != rest.n)
		return false;
	*body = rest;
	return true;
}
