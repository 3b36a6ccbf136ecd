/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/param.h"

/* The next piece up to a ";" that stands in neither quotes nor a comment; that is taken off, too. */
static struct mw_str take_piece(struct mw_str *rest)
{
	struct mw_str piece = {.p = rest->p, .n = 0};
	unsigned depth = 0;
	bool quoted = false;

	for (; piece.n < rest->n; piece.n++) {
		char c = rest->p[piece.n];

		if ((quoted || depth) && c == '\\' && piece.n + 1 < rest->n)
			piece.n++;
		else if (c == '"' && !depth)
			quoted = !quoted;
		else if (!quoted && c == '(')
			depth++;
		else if (!quoted && c == ')' && depth)
			depth--;
		else if (!quoted && !depth && c == ';')
			break;
	}
	*rest = mw_str_behind(*rest, piece.n < rest->n ? piece.n + 1 : piece.n);
	return piece;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Blanks and comments at the start. */
static struct mw_str without_comments(struct mw_str s)
{
	unsigned depth = 0;

	while (s.n && (depth || is_blank(s.p[0]) || s.p[0] == '(')) {
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

/* "name = value": its value, when it is that parameter. */
static bool is_param(struct mw_str piece, const char *name, struct mw_str *value)
{
	struct mw_str s = without_comments(piece), word = {.p = s.p, .n = 0};

	while (word.n < s.n && !is_blank(s.p[word.n]) && s.p[word.n] != '=' && s.p[word.n] != '(')
		word.n++;
	s = without_comments(mw_str_behind(s, word.n));
	if (!s.n || s.p[0] != '=' || !mw_str_caseeq(word, name))
		return false;
	*value = without_comments(mw_str_behind(s, 1));
	return true;
}

bool mw_param_get(struct mw_str value, const char *name, char *ret, size_t n)
{
	struct mw_str v;
	size_t kept = 0;
	bool quoted;

	(void)take_piece(&value); /* the type */
	while (value.n) {
		if (!is_param(take_piece(&value), name, &v))
			continue;
		quoted = v.n && v.p[0] == '"';
		for (size_t i = quoted; i < v.n && kept + 1 < n; i++) {
			if (quoted ? v.p[i] == '"' : is_blank(v.p[i]) || v.p[i] == '(')
				break;
			if (quoted && v.p[i] == '\\' && i + 1 < v.n)
				i++;
			ret[kept++] = v.p[i];
		}
		ret[kept] = '\0';
		return true;
	}
	return false;
}

void mw_param_drop(struct mw_str value, const char *const *names, struct mw_buf *out)
{
	struct mw_str piece = take_piece(&value), unused;

	mw_buf_add(out, piece.p, piece.n);
	while (value.n) {
		bool drop = false;

		piece = take_piece(&value);
		for (const char *const *name = names; *name; name++)
			drop = drop || is_param(piece, *name, &unused);
		if (drop || !without_comments(piece).n)
			continue;
		mw_buf_putc(out, ';');
		mw_buf_add(out, piece.p, piece.n);
	}
}
