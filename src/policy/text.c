/* SPDX-License-Identifier: Apache-2.0 */
/* text: values as the policy would write them. */
#include "policy/text.h"

#include <string.h>

void mw_text_quote(const char *text, struct mw_buf *out)
{
	mw_buf_putc(out, '"');
	for (; text && *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			mw_buf_printf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			mw_buf_printf(out, "\\x%02x", c);
		else
			mw_buf_putc(out, (char)c);
	}
	mw_buf_putc(out, '"');
}

void mw_text_list(const char *const *v, size_t n, struct mw_buf *out)
{
	for (size_t i = 0; i < n; i++) {
		mw_buf_puts(out, i ? ", " : "");
		mw_text_quote(v[i], out);
	}
}

const char *mw_word_name(const struct mw_word *words, int64_t value)
{
	for (; words && words->name; words++)
		if (words->value == value)
			return words->name;
	return NULL;
}

static void print_number(const struct mw_opt *row, int64_t n, struct mw_buf *out)
{
	const char *word = row->type == MW_WORD ? mw_word_name(row->words, n) : NULL;

	if (word)
		mw_buf_puts(out, word);
	else
		mw_buf_printf(out, "%lld%s", (long long)n, row->type == MW_TIME ? " seconds" : "");
}

void mw_text_value(const struct mw_opt *row, const void *base, struct mw_buf *out)
{
	const char *at = (const char *)base + row->offset, *text;
	struct mw_list list;
	int64_t n;
	bool yes;

	switch (row->type) {
	case MW_BOOL:
		memcpy(&yes, at, sizeof(yes));
		mw_buf_puts(out, yes ? "yes" : "no");
		break;
	case MW_STR:
	case MW_PATH:
		memcpy(&text, at, sizeof(text));
		mw_text_quote(text, out);
		break;
	case MW_LIST:
		memcpy(&list, at, sizeof(list));
		mw_text_list(list.v, list.n, out);
		break;
	default:
		memcpy(&n, at, sizeof(n));
		print_number(row, n, out);
		break;
	}
}
