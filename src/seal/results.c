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

static struct mw_str without_dots(struct mw_str s)
{
	while (s.n && s.p[s.n - 1] == '.')
		s.n--;
	return s;
}

/* With a final dot or without: it is one name to who takes it for one of DNS. */
static bool same_name(struct mw_str a, struct mw_str b)
{
	return mw_str_casesame(without_dots(a), without_dots(b));
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
	return same_name(word, mw_str(author));
}

bool mw_results_of_sealer(struct mw_str value)
{
	return names_it(value, "smime") || names_it(value, "openpgp");
}

/* ---- who wrote it ---------------------------------------------------------------------------------------------------------------- */

/* The octets of an address that all read in the same way: one "@", and nothing that divides addresses or hides a part of one. */
static bool is_address(struct mw_str s)
{
	size_t ats = 0;

	for (size_t i = 0; i < s.n; i++) {
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f ||
		    memchr("\"(),:;<>[\\]", s.p[i], sizeof("\"(),:;<>[\\]") - 1))
			return false;
		ats += s.p[i] == '@';
	}
	return ats == 1 && s.p[0] != '@' && s.p[s.n - 1] != '@';
}

/* The octet behind what begins at from: a string in quotes, a comment, or an octet that stands for itself. Beyond the end of s: it does
 * not end. */
static size_t behind_word(struct mw_str s, size_t from)
{
	const char end = s.p[from] == '"' ? '"' : ')';
	size_t depth = 1, i = from + 1;

	if (s.p[from] != '"' && s.p[from] != '(')
		return i;
	for (; i < s.n && depth; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == end)
			depth--;
		else if (end == ')' && s.p[i] == '(')
			depth++;
	}
	return depth ? s.n + 1 : i;
}

/* "name <address>": a name in quotes or a comment may say anything; one that stands bare nothing that begins or ends an address, but
 * for the address itself, which many programs write twice. */
void mw_results_author(struct mw_str value, char *ret, size_t n)
{
	struct mw_str v = mw_str_trim(value), name, address = v;
	const char *open = v.n ? memrchr(v.p, '<', v.n) : NULL;

	ret[0] = '\0';
	if (open) {
		name = mw_str_trim((struct mw_str){.p = v.p, .n = (size_t)(open - v.p)});
		address = mw_str_behind(v, (size_t)(open - v.p) + 1);
		if (!address.n || address.p[--address.n] != '>')
			return;
		if (mw_str_casesame(name, address))
			name.n = 0;
		for (size_t i = 0; i < name.n; i = behind_word(name, i))
			if (memchr(",:;<>@)", name.p[i], sizeof(",:;<>@)") - 1) || behind_word(name, i) > name.n)
				return;
	}
	if (address.n >= n || !is_address(address))
		return;
	memcpy(ret, address.p, address.n);
	ret[address.n] = '\0';
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
