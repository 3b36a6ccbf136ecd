/* SPDX-License-Identifier: Apache-2.0 */
#include "stream.h"

#include <string.h>

static bool get(void *ctx, void *buf, size_t n, size_t *got)
{
	ssize_t r = entity_get(ctx, buf, n);

	*got = r > 0 ? (size_t)r : 0;
	return r >= 0;
}

rnp_result_t pgp_input(rnp_input_t *ret, struct entity_reader *reader)
{
	return rnp_input_from_callback(ret, get, NULL, reader);
}

/* A bare LF is an end of line as well: text is signed and encrypted with either. */
static bool put(void *ctx, const void *buf, size_t n)
{
	struct pgp_sink *s = ctx;
	const char *p = buf, *end = p + n, *lf;

	s->n += n;
	if (s->max && s->n > s->max) {
		s->full = true;
		return false;
	}
	while (p < end) {
		lf = memchr(p, '\n', (size_t)(end - p));
		if (!lf)
			lf = end;
		if (lf > p) {
			s->cr = lf[-1] == '\r';
			if (entity_put(&s->writer, p, (size_t)(lf - p)) < 0)
				return false;
		}
		if (lf < end && entity_put_text(&s->writer, s->cr ? "\n" : "\r\n") < 0)
			return false;
		if (lf < end)
			s->cr = false;
		p = lf + 1;
	}
	return true;
}

rnp_result_t pgp_output(rnp_output_t *ret, struct pgp_sink *sink)
{
	return rnp_output_to_callback(ret, put, NULL, sink);
}
