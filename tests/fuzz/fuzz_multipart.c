/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_multipart: a form with files, its Content-Type in the first line. In one piece or in pieces, the same comes out; and no more than came
 * in. Names of files in it are made safe, and stay so. */
#include "portal/filename.h"
#include "portal/multipart.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at_name(struct mw_str name)
{
	struct mw_buf once = MW_BUF_INIT, twice = MW_BUF_INIT, field = MW_BUF_INIT;

	mw_filename_safe(name, &once);
	mw_filename_safe((struct mw_str){.p = once.p, .n = once.n}, &twice);
	mw_filename_disposition(false, (struct mw_str){.p = once.p, .n = once.n}, &field);
	if (once.n == 0 || once.n > MW_FILENAME_MAX || once.p[0] == '.' || strpbrk(once.p, "/\\\r\n\"<>") ||
	    strlen(once.p) != once.n)
		abort();
	if (strcmp(once.p, mw_buf_text(&twice)) != 0)
		abort();
	for (size_t i = 0; i < field.n; i++)
		if (field.p[i] < ' ' || field.p[i] == 0x7f)
			abort();
	mw_buf_free(&once);
	mw_buf_free(&twice);
	mw_buf_free(&field);
}

static int on_part(void *ctx, const struct mw_multipart_part *p)
{
	mw_buf_puts(ctx, "\n");
	mw_buf_add(ctx, p->name.p, p->name.n);
	mw_buf_add(ctx, p->filename.p, p->filename.n);
	mw_buf_add(ctx, p->type.p, p->type.n);
	look_at_name(p->filename);
	return 0;
}

static int on_data(void *ctx, const char *p, size_t n)
{
	mw_buf_add(ctx, p, n);
	return 0;
}

static int read_form(struct mw_str type, struct mw_str form, size_t piece, struct mw_buf *seen, bool *complete)
{
	const struct mw_multipart_events events = {.part = on_part, .data = on_data, .ctx = seen};
	struct mw_multipart *m = NULL;
	int r = mw_multipart_new(type, &events, &m);

	for (size_t i = 0; r == 0 && i < form.n; i += piece)
		r = mw_multipart_more(m, form.p + i, form.n - i < piece ? form.n - i : piece);
	*complete = r == 0 && mw_multipart_complete(m);
	mw_multipart_free(&m);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_str rest = {.p = (const char *)data, .n = size}, type = mw_str_take_line(&rest);
	struct mw_buf whole = MW_BUF_INIT, pieces = MW_BUF_INIT;
	bool complete[2];
	int r[2];

	r[0] = read_form(type, rest, size + 1, &whole, &complete[0]);
	r[1] = read_form(type, rest, 3, &pieces, &complete[1]);
	if (r[0] != r[1] || complete[0] != complete[1] || whole.n > size)
		abort();
	if (complete[0] && (whole.n != pieces.n || (whole.n && memcmp(whole.p, pieces.p, whole.n) != 0)))
		abort();
	mw_buf_free(&whole);
	mw_buf_free(&pieces);
	return 0;
}
