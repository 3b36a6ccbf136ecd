/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/lexer.h"

#include "base/buf.h"

#include <stdio.h>
#include <string.h>

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_name(char c)
{
	return is_letter(c) || is_digit(c) || c == '_' || c == '.' || c == '-';
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The octet `ahead` of here, NUL at the end. */
static char look(const struct mw_lexer *l, size_t ahead)
{
	return ahead < l->n - l->at ? l->text[l->at + ahead] : '\0';
}

static struct mw_place place_at(const struct mw_lexer *l, size_t at, size_t length)
{
	return (struct mw_place){.source = l->source,
				 .line = l->line,
				 .column = (uint32_t)(at - l->line_start + 1),
				 .length = (uint32_t)(length ? length : 1)};
}

static const char *keep(struct mw_lexer *l, const char *p, size_t n)
{
	const char *copy = mw_arena_dup(l->arena, p, n);

	if (copy)
		return copy;
	l->diags->no_memory = true;
	l->at = l->n; /* nothing more can be read */
	return "";
}

static void check_utf8(struct mw_lexer *l)
{
	while (l->at < l->n) {
		size_t len = mw_utf8_length(l->text + l->at, l->n - l->at);

		if (len == 0) {
			mw_diag_add(l->diags, MW_DIAG_ERROR, place_at(l, l->at, 1), "policies are written in UTF-8",
				    "octet 0x%02x is not UTF-8", (unsigned char)l->text[l->at]);
			l->n = 0;
			l->bad = true;
			break;
		}
		if (l->text[l->at] == '\n') {
			l->line++;
			l->line_start = l->at + 1;
		}
		l->at += len;
	}
	l->at = l->line_start = 0;
	l->line = 1;
}

void mw_lexer_init(struct mw_lexer *l, struct mw_diags *d, struct mw_arena *arena, uint32_t source)
{
	*l = (struct mw_lexer){.diags = d,
			       .arena = arena,
			       .source = source,
			       .text = d->source[source].text,
			       .n = d->source[source].n,
			       .line = 1,
			       .first = true};
	check_utf8(l);
	if (l->n >= 3 && memcmp(l->text, "\xef\xbb\xbf", 3) == 0) /* byte order mark */
		l->at = 3;
}

void mw_lexer_init_text(struct mw_lexer *l, struct mw_diags *d, struct mw_arena *arena, const char *text)
{
	*l = (struct mw_lexer){
	    .diags = d, .arena = arena, .source = UINT32_MAX, .text = text, .n = strlen(text), .line = 1, .first = true};
}

static void skip_blanks(struct mw_lexer *l)
{
	while (l->at < l->n) {
		char c = l->text[l->at];

		if (c == '\n') {
			l->line++;
			l->line_start = l->at + 1;
			l->first = true;
		} else if (c == '#') {
			while (l->at < l->n && l->text[l->at] != '\n')
				l->at++;
			continue;
		} else if (!is_blank(c)) {
			break;
		}
		l->at++;
	}
}

static bool is_socket(char c)
{
	return (unsigned char)c > 0x20 && c != 0x7f && c != ';' && c != '#';
}

/* unix:/run/x and inet:8891@host: a name, a colon, and all up to a blank or the end of the statement. */
static void lex_socket(struct mw_lexer *l, struct mw_token *t, size_t start)
{
	while (is_socket(look(l, 0)))
		l->at++;
	t->kind = MW_TOK_SOCKET;
	t->n = l->at - start;
	t->text = keep(l, l->text + start, t->n);
}

/* A tab and the ends of lines are blanks. */
static bool is_control(char c)
{
	return ((unsigned char)c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
}

/* What is no token. Letters of another alphabet are one mistake, with the name around them, and so are control characters in a row. */
static void lex_unknown(struct mw_lexer *l, size_t start)
{
	unsigned char c = (unsigned char)look(l, 0);

	l->at++;
	while (c >= 0x80 && ((unsigned char)look(l, 0) >= 0x80 || is_name(look(l, 0))))
		l->at++;
	while (is_control((char)c) && l->at < l->n && is_control(look(l, 0)))
		l->at++;
	if (c < 0x20 || c == 0x7f)
		mw_diag_add(l->diags, MW_DIAG_ERROR, place_at(l, start, 1), NULL, "control character 0x%02x", c);
	else
		mw_diag_add(l->diags, MW_DIAG_ERROR, place_at(l, start, l->at - start),
			    c >= 0x80 ? "outside of strings and comments there is only ASCII" : NULL, "unexpected \"%.*s\"",
			    (int)(l->at - start < MW_NAME_MAX ? l->at - start : MW_NAME_MAX), l->text + start);
}

static void lex_name(struct mw_lexer *l, struct mw_token *t)
{
	size_t start = l->at;

	while (is_name(look(l, 0)))
		l->at++;
	if (look(l, 0) == ':') {
		lex_socket(l, t, start);
		return;
	}
	if ((unsigned char)look(l, 0) >= 0x80) {
		lex_unknown(l, start);
		return;
	}
	t->n = l->at - start;
	if (t->n > MW_NAME_MAX) {
		mw_diag_add(l->diags, MW_DIAG_ERROR, place_at(l, start, t->n), NULL, "a name is longer than %u octets",
			    MW_NAME_MAX);
		return;
	}
	t->kind = MW_TOK_NAME;
	t->text = keep(l, l->text + start, t->n);
}

static void bad_number(struct mw_lexer *l, size_t start, const char *hint)
{
	mw_diag_add(l->diags, MW_DIAG_ERROR, place_at(l, start, l->at - start), hint, "bad number \"%.*s\"",
		    (int)(l->at - start < MW_NAME_MAX ? l->at - start : MW_NAME_MAX), l->text + start);
}

static unsigned size_shift(char c)
{
	return c == 'K' ? 10 : c == 'M' ? 20 : c == 'G' ? 30 : 0;
}

static void lex_number(struct mw_lexer *l, struct mw_token *t)
{
	size_t start = l->at;
	bool negative = look(l, 0) == '-', large = false;
	uint64_t v = 0;
	unsigned shift;

	l->at += negative;
	while (is_digit(look(l, 0))) {
		uint64_t digit = (uint64_t)(l->text[l->at++] - '0');

		large = large || v > (INT64_MAX - digit) / 10;
		v = large ? 0 : v * 10 + digit;
	}
	shift = size_shift(look(l, 0));
	l->at += shift != 0;
	if (is_name(look(l, 0))) {
		while (is_name(look(l, 0)))
			l->at++;
		bad_number(l, start, "numbers: 12; sizes: 64K, 25M, 1G; times: 30 seconds");
		return;
	}
	if (large || v > (uint64_t)INT64_MAX >> shift) {
		bad_number(l, start, "it is too large");
		return;
	}
	t->kind = MW_TOK_NUMBER;
	t->size = shift != 0;
	t->number = (int64_t)(v << shift) * (negative ? -1 : 1);
}

static int hex(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* One escape; here is the backslash. False when it is wrong, which is reported. */
static bool lex_escape(struct mw_lexer *l, struct mw_buf *out)
{
	size_t start = l->at;
	char c = look(l, 1);
	int high, low;

	l->at += 2;
	switch (c) {
	case '"':
	case '\\':
		mw_buf_putc(out, c);
		return true;
	case 'n':
		mw_buf_putc(out, '\n');
		return true;
	case 't':
		mw_buf_putc(out, '\t');
		return true;
	case 'r':
		mw_buf_putc(out, '\r');
		return true;
	case 'x':
		high = hex(look(l, 0));
		low = high < 0 ? -1 : hex(look(l, 1));
		if (low < 0 || high * 16 + low == 0)
			break;
		l->at += 2;
		mw_buf_putc(out, (char)(high * 16 + low));
		return true;
	default:
		break;
	}
	mw_diag_add(l->diags, MW_DIAG_ERROR, place_at(l, start, 2), "there are \\\" \\\\ \\n \\t \\r and \\x01 to \\xff",
		    "unknown escape in a string");
	return false;
}

static void lex_string(struct mw_lexer *l, struct mw_token *t)
{
	struct mw_buf out = MW_BUF_INIT;
	size_t start = l->at++;
	bool ok = true;

	while (look(l, 0) != '"') {
		if (l->at >= l->n || look(l, 0) == '\n' || (look(l, 0) == '\\' && (l->n - l->at < 2 || look(l, 1) == '\n'))) {
			l->at += look(l, 0) == '\\';
			mw_diag_add(l->diags, MW_DIAG_ERROR, place_at(l, start, 1), "a string ends on its line, with \"",
				    "the string that begins here does not end");
			mw_buf_free(&out);
			return;
		}
		if (look(l, 0) == '\\') {
			ok = lex_escape(l, &out) && ok;
		} else if (look(l, 0) == '\0') {
			mw_diag_add(l->diags, MW_DIAG_ERROR, place_at(l, l->at++, 1), NULL, "a string cannot hold NUL");
			ok = false;
		} else {
			mw_buf_putc(&out, l->text[l->at++]);
		}
	}
	l->at++;
	if (!mw_buf_ok(&out)) {
		l->diags->no_memory = true;
		ok = false;
	}
	if (ok) {
		t->kind = MW_TOK_STRING;
		t->n = out.n;
		t->text = keep(l, mw_buf_text(&out), out.n);
	}
	mw_buf_free(&out);
}

static bool lex_flags(struct mw_lexer *l, struct mw_token *t)
{
	bool ok = true;

	for (; is_letter(look(l, 0)); l->at++) {
		if (look(l, 0) == 'i') {
			t->caseless = true;
		} else if (look(l, 0) == 'x') {
			t->extended = true;
		} else {
			mw_diag_add(l->diags, MW_DIAG_ERROR, place_at(l, l->at, 1),
				    "there are i (letters of both cases) and x (blanks do not count)",
				    "unknown flag \"%c\" of a pattern", look(l, 0));
			ok = false;
		}
	}
	return ok;
}

/* The pattern is handed on as it is written, `\/` included: PCRE2 reads it as a slash, and columns stay true. */
static void lex_regex(struct mw_lexer *l, struct mw_token *t)
{
	size_t start = l->at++, begin = l->at;

	while (look(l, 0) != '/') {
		if (look(l, 0) == '\\' && look(l, 1) != '\n')
			l->at++;
		if (l->at >= l->n || look(l, 0) == '\n' || look(l, 0) == '\0') {
			mw_diag_add(l->diags, MW_DIAG_ERROR, place_at(l, start, 1), "a pattern ends on its line, with /",
				    "the pattern that begins here does not end");
			return;
		}
		l->at++;
	}
	t->n = l->at++ - begin;
	if (!lex_flags(l, t))
		return;
	if (t->n == 0) {
		mw_diag_add(l->diags, MW_DIAG_ERROR, place_at(l, start, 2), "a comment begins with #", "a pattern is empty");
		return;
	}
	t->kind = MW_TOK_REGEX;
	t->text = keep(l, l->text + begin, t->n);
}

static void lex_table(struct mw_lexer *l, struct mw_token *t)
{
	size_t start = l->at++;

	while (is_name(look(l, 0)))
		l->at++;
	t->n = l->at - start - 1;
	if (look(l, 0) != '>' || t->n > MW_NAME_MAX) {
		mw_diag_add(l->diags, MW_DIAG_ERROR, place_at(l, start, l->at - start), "a table is written <name>",
			    "bad name of a table");
		l->at += look(l, 0) == '>';
		return;
	}
	l->at++;
	t->kind = MW_TOK_TABLE;
	t->text = keep(l, l->text + start + 1, t->n);
}

static enum mw_tok single(char c)
{
	switch (c) {
	case ',':
		return MW_TOK_COMMA;
	case ';':
		return MW_TOK_SEMICOLON;
	case '(':
		return MW_TOK_OPEN;
	case ')':
		return MW_TOK_CLOSE;
	case '{':
		return MW_TOK_BLOCK;
	case '}':
		return MW_TOK_ENDBLOCK;
	case '=':
		return MW_TOK_EQ;
	default:
		return MW_TOK_END;
	}
}

static void lex_sign(struct mw_lexer *l, struct mw_token *t)
{
	char c = look(l, 0), next = look(l, 1);

	t->kind = single(c);
	if (t->kind != MW_TOK_END) {
		l->at++;
	} else if (c == '<' || c == '>') {
		t->kind = c == '<' ? (next == '=' ? MW_TOK_LE : MW_TOK_LT) : (next == '=' ? MW_TOK_GE : MW_TOK_GT);
		l->at += next == '=' ? 2 : 1;
	} else if (c == '!' && next == '=') {
		t->kind = MW_TOK_NE;
		l->at += 2;
	} else {
		t->kind = MW_TOK_BAD;
		lex_unknown(l, l->at);
	}
}

void mw_lexer_next(struct mw_lexer *l, struct mw_token *t)
{
	size_t start;
	char c;

	skip_blanks(l);
	start = l->at;
	*t = (struct mw_token){.kind = MW_TOK_BAD, .first = l->first, .text = "", .place = place_at(l, start, 1)};
	l->first = false;
	if (l->at >= l->n) {
		t->kind = MW_TOK_END;
		t->first = true;
		return;
	}
	c = look(l, 0);
	if (is_letter(c))
		lex_name(l, t);
	else if (is_digit(c) || (c == '-' && is_digit(look(l, 1))))
		lex_number(l, t);
	else if (c == '"')
		lex_string(l, t);
	else if (c == '/')
		lex_regex(l, t);
	else if (c == '<' && (is_letter(look(l, 1)) || look(l, 1) == '>'))
		lex_table(l, t);
	else
		lex_sign(l, t);
	t->place = place_at(l, start, l->at - start);
}

const char *mw_token_shown(struct mw_diags *d, const struct mw_token *t)
{
	static const char *const signs[] = {
	    [MW_TOK_COMMA] = "\",\"", [MW_TOK_SEMICOLON] = "\";\"", [MW_TOK_OPEN] = "\"(\"", [MW_TOK_CLOSE] = "\")\"",
	    [MW_TOK_BLOCK] = "\"{\"", [MW_TOK_ENDBLOCK] = "\"}\"",  [MW_TOK_EQ] = "\"=\"",   [MW_TOK_NE] = "\"!=\"",
	    [MW_TOK_LT] = "\"<\"",    [MW_TOK_LE] = "\"<=\"",	    [MW_TOK_GT] = "\">\"",   [MW_TOK_GE] = "\">=\""};
	const char *s;

	switch (t->kind) {
	case MW_TOK_END:
		return "the end of the file";
	case MW_TOK_BAD:
		return "this";
	case MW_TOK_NAME:
	case MW_TOK_SOCKET:
		s = mw_arena_printf(d->arena, "\"%s\"", t->text);
		break;
	case MW_TOK_STRING:
		return "a text in quotes";
	case MW_TOK_NUMBER:
		return "a number";
	case MW_TOK_REGEX:
		return "a pattern";
	case MW_TOK_TABLE:
		s = mw_arena_printf(d->arena, "<%s>", t->text);
		break;
	default:
		return signs[t->kind];
	}
	if (!s)
		d->no_memory = true;
	return s ? s : "this";
}
