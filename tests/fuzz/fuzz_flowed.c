/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_flowed: flowed text is joined: nothing is lost or added but blanks, marks of quotes and line ends, and it does not grow beyond its marks. */
#include "pickup/flowed.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* The next octet that is text, whatever joins lines. */
static bool next(struct mw_str *s, char *c)
{
	while (s->n && (*s->p == ' ' || *s->p == '>' || *s->p == '\n' || *s->p == '\r'))
		*s = mw_str_behind(*s, 1);
	if (!s->n)
		return false;
	*c = *s->p;
	*s = mw_str_behind(*s, 1);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct mw_str text = {.p = (const char *)data + (n > 0), .n = n ? n - 1 : 0}, in = text, out;
	struct mw_buf joined = MW_BUF_INIT;
	char a, b;

	if (n == 0)
		return 0;
	mw_flowed_join(text, data[0] & 1, &joined);
	must(mw_buf_ok(&joined) && joined.n <= 2 * text.n + 2);
	out = (struct mw_str){.p = joined.p, .n = joined.n};
	while (next(&in, &a))
		must(next(&out, &b) && a == b);
	must(!next(&out, &b));
	must(joined.n == 0 || joined.p[joined.n - 1] == '\n');
	mw_buf_free(&joined);
	return 0;
}
