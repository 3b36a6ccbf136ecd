/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/results.h"

#include <string.h>
#include <strings.h>

/* Blanks, folds and comments at the start. */
static struct mw_str without_comments(struct mw_str s)
{
	unsigned depth = 0;

	while (s.n && (depth || memchr(" \t\r\n(", s.p[0], sizeof(" \t\r\n(") - 1))) {
		if (depth && s.p[0] == '\\' && s.n > 1)
			s = mw_str_behind(s, 1);
		else if (s.p[0] == '(')
			depth++;
		else if (s.p[0] == ')')
			depth--;
		s = mw_str_behind(s, 1);
	}
	return s;
}

static bool names_it(struct mw_str s, const char *author)
{
	size_t n = strlen(author);

	for (; s.n >= n; s = mw_str_behind(s, 1))
		if (mw_str_caseeq((struct mw_str){.p = s.p, .n = n}, author))
			return true;
	return false;
}

bool mw_results_is_by(struct mw_str value, const char *author)
{
	struct mw_str s = without_comments(value), word = s;
	bool quoted = s.n && s.p[0] == '"';

	if (!s.n)
		return names_it(value, author);
	if (quoted) {
		const char *end;

		word = mw_str_behind(s, 1);
		end = memchr(word.p, '"', word.n);
		/* An escape in it, or no end: it may be read in several ways. */
		if (!end || memchr(word.p, '\\', (size_t)(end - word.p)))
			return names_it(value, author);
		word.n = (size_t)(end - word.p);
	} else {
		word.n = 0;
		while (word.n < s.n && !memchr(" \t\r\n;(/", s.p[word.n], sizeof(" \t\r\n;(/") - 1))
			word.n++;
	}
	return mw_str_caseeq(word, author);
}

bool mw_results_of_sealer(struct mw_str value)
{
	return names_it(value, "smime") || names_it(value, "openpgp");
}

/* ---- ours ------------------------------------------------------------------------------------------------------------------------ */

const char *mw_result_word(const struct mw_result *r, const char *from)
{
	if (!r->opened)
		return "none";
	switch (r->found.signature) {
	case MW_SIGNATURE_GOOD:
		/* RFC 7281 3.1: a signature of somebody else says nothing of who wrote it. */
		return *from && strcasecmp(from, r->found.signer) == 0 ? "pass" : "policy";
	case MW_SIGNATURE_UNKNOWN:
		return "neutral";
	case MW_SIGNATURE_BAD:
		return "fail";
	default:
		return "none";
	}
}

/* In a comment: printable ASCII without what would end it. */
static void put_comment(struct mw_buf *out, const char *text)
{
	for (; *text; text++)
		mw_buf_putc(out, *text < ' ' || *text > '~' || strchr("()\\", *text) ? ' ' : *text);
}

static void put_one(struct mw_buf *out, const struct mw_result *r, const char *from)
{
	bool smime = strcmp(r->method, "smime") == 0;
	const char *word = mw_result_word(r, from);
	const struct mw_opened *o = &r->found;

	mw_buf_printf(out, ";\r\n\t%s%s=%s (", smime ? "" : "x-", r->method, word);
	if (!r->opened) {
		mw_buf_puts(out, "not opened: ");
		put_comment(out, r->why);
	} else {
		mw_buf_puts(out, o->decrypted ? "decrypted" : "not encrypted");
		if (o->signature == MW_UNSIGNED)
			mw_buf_puts(out, ", not signed");
		else if (strcmp(word, "policy") == 0)
			mw_buf_puts(out, ", signed by another address than From");
		if (o->why[0]) {
			mw_buf_puts(out, ", ");
			put_comment(out, o->why);
		}
	}
	mw_buf_putc(out, ')');
	if (!r->opened || !o->signer[0])
		return;
	mw_buf_printf(out, "\r\n\tbody.%s-identifier=\"", smime ? "smime" : "x-openpgp");
	for (const char *p = o->signer; *p; p++)
		if (*p > ' ' && *p <= '~' && *p != '"' && *p != '\\')
			mw_buf_putc(out, *p);
	mw_buf_putc(out, '"');
}

void mw_results_put(struct mw_buf *out, const char *author, const struct mw_result *r, size_t n, const char *from)
{
	mw_buf_printf(out, "Authentication-Results: %s", author);
	for (size_t i = 0; i < n; i++)
		put_one(out, &r[i], from);
	if (n == 0)
		mw_buf_puts(out, "; none");
	mw_buf_puts(out, "\r\n");
}
