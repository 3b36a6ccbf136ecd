/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/pasted.h"

#include <string.h>

#include "base/str.h"
#include "mail/unwrap.h"
#include "mail/uu.h"
#include "mail/yenc.h"

/* Base64 is broken into lines of this length and more; who pastes less pastes no file. */
#define LINE_LEAST 60u
#define BASE64_LEAST 120u
#define URI_LEAST 32u

static bool begins(struct mw_str s, const char *word)
{
	size_t n = strlen(word);

	return s.n >= n && memcmp(s.p, word, n) == 0;
}

/* ---- BinHex -------------------------------------------------------------------------------------------------------- */

/* From "(This file must be converted with BinHex 4.0)" to the colon that ends the data. */
static bool binhex_at(struct mw_str text, struct mw_str *file)
{
	struct mw_str rest = text;
	const char *end;

	if (!begins(text, "(This file must be converted with BinHex"))
		return false;
	(void)mw_str_take_line(&rest);
	while (rest.n && (rest.p[0] == '\r' || rest.p[0] == '\n' || rest.p[0] == ' '))
		rest = mw_str_behind(rest, 1);
	if (rest.n < 2 || rest.p[0] != ':')
		return false;
	end = memchr(rest.p + 1, ':', rest.n - 1);
	*file = (struct mw_str){.p = text.p, .n = end ? (size_t)(end - text.p) + 1 : text.n};
	return true;
}

/* ---- base64 -------------------------------------------------------------------------------------------------------- */

/* All of the line, but for padding at its end. */
static bool is_base64(struct mw_str line)
{
	while (line.n && line.p[line.n - 1] == '=')
		line.n--;
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] == '=' || !mw_transfer_is_base64(line.p[i]))
			return false;
	return line.n > 0;
}

/* A line without the marks of quoting before it, and blanks around; none of these is a letter. */
static struct mw_str take_bare_line(struct mw_str *s)
{
	struct mw_str line = mw_str_trim(mw_str_take_line(s));

	while (line.n && (line.p[0] == '>' || line.p[0] == ' '))
		line = mw_str_behind(line, 1);
	return line;
}

/* Lines of the same length, and one at the end that is not longer. */
static bool base64_at(struct mw_str text, struct mw_str *file)
{
	struct mw_str rest = text, line = take_bare_line(&rest), behind;
	size_t length = line.n, n;

	if (length < LINE_LEAST || !is_base64(line))
		return false;
	for (behind = rest; line.n == length && line.p[length - 1] != '=' && rest.n; behind = rest) {
		line = take_bare_line(&rest);
		if (line.n == 0 || line.n > length || !is_base64(line))
			break;
	}
	n = text.n - behind.n;
	*file = (struct mw_str){.p = text.p, .n = n};
	return n >= BASE64_LEAST;
}

/* Letters of base64 at the start of s. */
static size_t letters(struct mw_str s)
{
	size_t n = 0;

	while (n < s.n && mw_transfer_is_base64(s.p[n]))
		n++;
	return n;
}

/* "data:text/csv;base64,TmFt…" in a line: *file is what is behind the comma. The first that is long enough; who has several in one line
 * has a page, and no text. */
static bool data_uri_in(struct mw_str line, struct mw_str *file)
{
	static const char mark[] = ";base64,";
	const char *at;

	while (line.n >= URI_LEAST && (at = memmem(line.p, line.n, mark, sizeof(mark) - 1)) != NULL) {
		line = mw_str_behind(line, (size_t)(at - line.p) + sizeof(mark) - 1);
		*file = (struct mw_str){.p = line.p, .n = letters(line)};
		if (file->n >= URI_LEAST)
			return true;
		line = mw_str_behind(line, file->n);
	}
	return false;
}

/* ---- any ----------------------------------------------------------------------------------------------------------- */

static bool file_at(struct mw_str text, struct mw_pasted *f)
{
	*f = (struct mw_pasted){.type = "", .name = MW_STR_LIT("")};
	switch (text.p[0]) {
	case 'b':
		f->transfer = MW_TRANSFER_UU;
		if (mw_uu_at(text, &f->data, &f->name))
			return true;
		break;
	case '=':
		f->transfer = MW_TRANSFER_YENC;
		return mw_yenc_at(text, &f->data, &f->name, &f->piece);
	case '(':
		f->type = "application/mac-binhex40";
		return binhex_at(text, &f->data);
	default:
		break;
	}
	f->transfer = MW_TRANSFER_BASE64;
	f->guess = true;
	return base64_at(text, &f->data);
}

bool mw_pasted_next(struct mw_str *text, struct mw_pasted *ret)
{
	struct mw_str uri;

	while (text->n) {
		if (file_at(*text, ret)) {
			*text = mw_str_behind(*text, ret->data.n);
			return true;
		}
		if (data_uri_in(mw_str_take_line(text), &uri)) {
			*ret = (struct mw_pasted){
			    .data = uri, .transfer = MW_TRANSFER_BASE64, .name = MW_STR_LIT(""), .type = "", .guess = true};
			return true;
		}
	}
	return false;
}

/* ---- properties of calendars and cards ------------------------------------------------------------------------------- */

static bool begins_with(struct mw_str s, const char *word)
{
	size_t n = strlen(word);

	return s.n >= n && mw_str_caseeq((struct mw_str){.p = s.p, .n = n}, word);
}

/* Takes the next parameter off the start of *s, which begins with its ';'. False: there is none. */
static bool take_param(struct mw_str *s, struct mw_str *ret)
{
	bool quoted = false;
	size_t n = 1;

	if (s->n == 0 || s->p[0] != ';')
		return false;
	while (n < s->n && (quoted || (s->p[n] != ';' && s->p[n] != ':')))
		quoted ^= s->p[n++] == '"';
	*ret = (struct mw_str){.p = s->p + 1, .n = n - 1};
	*s = mw_str_behind(*s, n);
	return true;
}

static struct mw_str param_value(struct mw_str param, const char *name)
{
	struct mw_str value = mw_str_behind(param, strlen(name));

	if (value.n >= 2 && value.p[0] == '"' && value.p[value.n - 1] == '"')
		value = (struct mw_str){.p = value.p + 1, .n = value.n - 2};
	return value;
}

/* "data:image/png;base64,": what is behind it. */
static bool take_data_uri(struct mw_str *value)
{
	const char *comma = begins_with(*value, "data:") ? memchr(value->p, ',', value->n) : NULL;
	size_t n = comma ? (size_t)(comma - value->p) : 0;

	if (n <= 7 || !begins_with(mw_str_behind(*value, n - 7), ";base64"))
		return false;
	*value = mw_str_behind(*value, n + 1);
	return true;
}

/* A whole property, on one line. */
static bool property_of(struct mw_str s, struct mw_pasted *f)
{
	static const char *const names[] = {
	    "FILENAME=", "X-FILENAME=", "X-ORACLE-FILENAME=", "X-EVOLUTION-CALDAV-ATTACHMENT-NAME="};
	struct mw_str param;
	bool encoded = false;
	size_t n = 0;

	*f = (struct mw_pasted){.type = "", .name = MW_STR_LIT(""), .transfer = MW_TRANSFER_BASE64};
	while (n < s.n && s.p[n] != ':' && s.p[n] != ';')
		n++;
	s = mw_str_behind(s, n);
	while (take_param(&s, &param)) {
		encoded |= mw_str_caseeq(param, "ENCODING=BASE64") || mw_str_caseeq(param, "ENCODING=B") ||
			   mw_str_caseeq(param, "BASE64");
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (begins_with(param, names[i]))
				f->name = param_value(param, names[i]);
	}
	if (s.n == 0)
		return false;
	f->data = mw_str_behind(s, 1);
	return (take_data_uri(&f->data) || encoded) && mw_str_trim(f->data).n;
}

/* Old cards do not always begin with a blank the lines by which base64 goes on. */
static void add_base64_lines(struct mw_str *text, struct mw_buf *line)
{
	struct mw_str next = *text, more;

	while (next.n && is_base64(mw_str_trim(more = mw_str_take_line(&next)))) {
		mw_buf_add(line, more.p, more.n);
		*text = next;
	}
}

bool mw_pasted_property(struct mw_str *text, struct mw_buf *line, struct mw_pasted *ret)
{
	while (text->n && mw_buf_ok(line)) {
		mw_buf_clear(line);
		mw_unfold_line(text, line);
		if (!property_of((struct mw_str){.p = mw_buf_text(line), .n = line->n}, ret))
			continue;
		add_base64_lines(text, line);
		return mw_buf_ok(line) && property_of((struct mw_str){.p = mw_buf_text(line), .n = line->n}, ret);
	}
	return false;
}
