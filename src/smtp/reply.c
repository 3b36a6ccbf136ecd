/* SPDX-License-Identifier: Apache-2.0 */
#include "smtp/reply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

int mw_reply_line(struct mw_str line, unsigned *code, bool *more, struct mw_str *text)
{
	if (line.n < 3 || line.p[0] < '2' || line.p[0] > '5' || !is_digit(line.p[1]) || !is_digit(line.p[2]) ||
	    (line.n > 3 && line.p[3] != ' ' && line.p[3] != '-'))
		return -EBADMSG;
	*code = (unsigned)(line.p[0] - '0') * 100 + (unsigned)(line.p[1] - '0') * 10 + (unsigned)(line.p[2] - '0');
	*more = line.n > 3 && line.p[3] == '-';
	*text = mw_str_behind(line, line.n > 3 ? 4 : 3);
	return 0;
}

/* Octets of an enhanced status at the start of s (RFC 3463), 0 = there is none. */
static size_t status_length(struct mw_str s)
{
	size_t i = 0;

	for (int part = 0; part < 3; part++) {
		size_t from = i;

		while (i < s.n && i - from < 4 && is_digit(s.p[i]))
			i++;
		if (i == from || i - from > 3 || (part == 0 && i - from > 1))
			return 0;
		if (part < 2 && (i == s.n || s.p[i++] != '.'))
			return 0;
	}
	return i == s.n || s.p[i] == ' ' ? i : 0;
}

static struct mw_str without_status(struct mw_str s)
{
	return mw_str_trim(mw_str_behind(s, status_length(s)));
}

static bool is_id(char c)
{
	return is_digit(c) || (mw_lower(c) >= 'a' && mw_lower(c) <= 'z') || c == '-' || c == '.' || c == '_';
}

static struct mw_str find(struct mw_str s, const char *what)
{
	size_t n = strlen(what);

	for (; s.n >= n; s = mw_str_behind(s, 1))
		if (memcmp(s.p, what, n) == 0)
			return mw_str_behind(s, n);
	return (struct mw_str){0};
}

void mw_reply_queue_id(struct mw_str text, char ret[MW_QUEUE_ID])
{
	struct mw_str id = find(text, "queued as ");
	size_t n = 0;

	if (!id.n) {
		id = without_status(text);
		if (!find(id, " Message accepted").p)
			id.n = 0;
	}
	while (n < id.n && n < MW_QUEUE_ID - 1 && is_id(id.p[n]))
		n++;
	if (n)
		memcpy(ret, id.p, n);
	else
		ret[n++] = '-';
	ret[n] = '\0';
}

static void make_printable(char *p)
{
	for (; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

void mw_answer_set(struct mw_answer *a, unsigned code, const char *status, const char *fmt, ...)
{
	int n = snprintf(a->text, sizeof(a->text), "%s ", status);
	va_list ap;

	a->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(a->text + n, sizeof(a->text) - (size_t)n, fmt, ap);
	va_end(ap);
	make_printable(a->text);
}

void mw_answer_pass(struct mw_answer *a, unsigned code, struct mw_str text, const char *prefix)
{
	bool lasting = code >= 500 && code <= 599 && code != 521;
	size_t n = status_length(text);
	char status[12];

	if (!lasting && (code < 400 || code > 499 || code == 421))
		code = 451;
	code = lasting || code <= 499 ? code : 451;
	if (n && text.p[0] == (lasting ? '5' : '4'))
		(void)snprintf(status, sizeof(status), "%.*s", (int)n, text.p);
	else
		(void)snprintf(status, sizeof(status), "%s", lasting ? "5.0.0" : "4.0.0");
	text = without_status(text);
	mw_answer_set(a, code, status, "%s%.*s", prefix, (int)(text.n < 300 ? text.n : 300), text.p);
}
