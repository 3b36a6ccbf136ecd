/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_template: templates with values. The first octet chooses page or mail; up to the first octet 0 stands a value, then the template,
 * which can include itself. What is not of the template comes out escaped. */
#include "pickup/template.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static int same(void *ctx, struct mw_str name, struct mw_template_source *ret, struct mw_err *err)
{
	(void)name;
	(void)err;
	*ret = *(const struct mw_template_source *)ctx;
	return 0;
}

/* A value by itself: nothing of it can be markup or begin a line. */
static void one_value(const struct mw_values *v, enum mw_template_kind kind, struct mw_arena *a)
{
	struct mw_template_source source = {.text = MW_STR_LIT("{{a}}"), .file = "a"};
	const struct mw_template *t;
	struct mw_buf out = MW_BUF_INIT;

	must(mw_template_parse(a, kind, &source, NULL, NULL, &t, NULL) == 0);
	must(mw_template_fill(t, v, SIZE_MAX, &out, NULL) == 0);
	if (out.n && kind == MW_TEMPLATE_PAGE)
		must(!memchr(out.p, '<', out.n) && !memchr(out.p, '"', out.n) && !memchr(out.p, '\'', out.n));
	else if (out.n)
		must(!memchr(out.p, '\n', out.n) && !memchr(out.p, '\r', out.n));
	must(!out.n || !memchr(out.p, 0, out.n));
	mw_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *p = (const char *)data, *zero = n ? memchr(p + 1, 0, n - 1) : NULL;
	struct mw_template_source source = {.file = "fuzz"};
	const struct mw_template *t = NULL;
	struct mw_buf out = MW_BUF_INIT;
	enum mw_template_kind kind;
	struct mw_values *v, *item;
	struct mw_arena *a;
	struct mw_err err = {0};

	if (!zero)
		return 0;
	a = mw_arena_new(64u << 20);
	must(a != NULL);
	kind = *p & 1 ? MW_TEMPLATE_PAGE : MW_TEMPLATE_MAIL;
	v = mw_values_new(a);
	mw_values_set(v, "a", (struct mw_str){.p = p + 1, .n = (size_t)(zero - p - 1)});
	mw_values_flag(v, "f", true);
	for (int i = 0; i < 3; i++) {
		item = mw_values_item(v, "l");
		mw_values_number(item, "n", i);
	}
	one_value(v, kind, a);
	source.text = (struct mw_str){.p = zero + 1, .n = n - (size_t)(zero + 1 - p)};
	if (mw_template_parse(a, kind, &source, same, &source, &t, &err) < 0)
		must(err.text[0] != '\0');
	else if (mw_template_fill(t, v, 1u << 20, &out, &err) < 0)
		must(err.text[0] != '\0');
	mw_buf_free(&out);
	mw_arena_free(&a);
	return 0;
}
