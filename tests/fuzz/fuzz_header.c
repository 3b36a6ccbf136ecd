/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_header: any octets as a header. Fields and body cover all of it in order; every value decodes to valid UTF-8 on one line. */
#include "mail/header.h"

#include <stdlib.h>
#include <string.h>

#include <glib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_str raw = {.p = (const char *)data, .n = size}, body;
	struct mw_arena *a = mw_arena_new(0);
	struct mw_header h = {0};
	const char *at = raw.p;

	if (!a || mw_header_parse(a, raw, &h, &body) < 0)
		abort();
	for (size_t i = 0; i < h.n; i++) {
		const struct mw_field *f = &h.v[i];
		const char *text = mw_header_decode(a, f->value);

		if (f->name.n == 0 || f->name.p < at || f->value.p <= f->name.p || f->value.p + f->value.n > raw.p + raw.n)
			abort();
		if (!text || !g_utf8_validate(text, -1, NULL))
			abort();
		at = f->value.p + f->value.n;
	}
	if (body.p < at || body.p + body.n != raw.p + raw.n)
		abort();
	mw_arena_free(&a);
	return 0;
}
