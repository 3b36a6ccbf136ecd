/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_pasted: any octets as a text with files in it, as a card, and as a file of a Macintosh. What is found stands in the text, in order,
 * and nothing grows beyond what its encoding can. */
#include "mail/macfile.h"
#include "mail/pasted.h"

#include <errno.h>
#include <stdlib.h>

#define OUT_MAX 4096u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void is_within(struct mw_str s, struct mw_str all)
{
	must(s.n == 0 || (s.p >= all.p && s.n <= all.n && s.p - all.p <= (ptrdiff_t)(all.n - s.n)));
}

static void decode(const struct mw_pasted *f)
{
	struct mw_buf out = MW_BUF_INIT;
	int r = mw_transfer_decode(f->transfer, f->data, OUT_MAX, &out);

	must((r == 0 || out.n == OUT_MAX) && out.n <= OUT_MAX);
	mw_buf_free(&out);
}

static void read_text(struct mw_str text)
{
	struct mw_str rest = text;
	struct mw_pasted f;

	while (mw_pasted_next(&rest, &f)) {
		is_within(f.data, text);
		is_within(f.name, text);
		is_within(rest, text);
		must(f.data.n > 0 && f.data.p + f.data.n <= rest.p);
		decode(&f);
	}
	must(rest.n == 0);
}

static void read_card(struct mw_str text)
{
	struct mw_buf line = MW_BUF_INIT;
	struct mw_pasted f;

	while (mw_pasted_property(&text, &line, &f)) {
		is_within(f.data, (struct mw_str){.p = line.p, .n = line.n});
		is_within(f.name, (struct mw_str){.p = line.p, .n = line.n});
		decode(&f);
	}
	must(text.n == 0);
	mw_buf_free(&line);
}

static void check_file(const struct mw_macfile *f, struct mw_str all)
{
	is_within(f->name, all);
	is_within(f->comment, all);
	is_within(f->data, all);
	is_within(f->resource, all);
}

static void read_mac(struct mw_str octets)
{
	struct mw_buf out = MW_BUF_INIT;
	struct mw_macfile f;
	int r;

	if (mw_macfile_read(octets, &f))
		check_file(&f, octets);
	r = mw_binhex_decode(octets, OUT_MAX, &out);
	must(out.n <= OUT_MAX && (r != -EFBIG || out.n == OUT_MAX));
	if (mw_binhex_read((struct mw_str){.p = mw_buf_text(&out), .n = out.n}, &f))
		check_file(&f, (struct mw_str){.p = out.p, .n = out.n});
	mw_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct mw_str s = {.p = (const char *)data, .n = size};

	read_text(s);
	read_card(s);
	read_mac(s);
	return 0;
}
