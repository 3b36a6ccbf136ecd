/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <errno.h>
#include <string.h>

#define DEPTH 96u /* objects and arrays in each other */

struct level {
	bool object;
	struct mw_str key;
};

struct json {
	struct mw_str s;
	size_t at;
	const struct json_events *events;
	void *ctx;
	struct text scratch;
	struct level level[DEPTH];
	size_t depth;
};

/* ---- tokens ---------------------------------------------------------------------------------------------------------------------- */

static size_t skip_space(struct mw_str s, size_t at)
{
	while (at < s.n && ((unsigned char)s.p[at] <= ' ' || s.p[at] == ','))
		at++;
	return at;
}

/* The end of the string whose quote is at `at`: its closing quote, or s.n. */
static size_t string_end(struct mw_str s, size_t at, bool *escaped)
{
	*escaped = false;
	for (at++; at < s.n && s.p[at] != '"'; at++)
		if (s.p[at] == '\\') {
			*escaped = true;
			at++;
		}
	return at < s.n ? at : s.n;
}

static bool is_literal(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '+' || c == '.';
}

static bool take_hex(struct mw_str s, size_t at, uint32_t *c)
{
	*c = 0;
	if (s.n < 4 || at > s.n - 4)
		return false;
	for (size_t i = at; i < at + 4; i++) {
		char x = s.p[i];
		int v = x >= '0' && x <= '9' ? x - '0' : (x | 32) >= 'a' && (x | 32) <= 'f' ? (x | 32) - 'a' + 10 : -1;

		if (v < 0)
			return false;
		*c = *c << 4 | (uint32_t)v;
	}
	return true;
}

/* \uD83D\uDE00 at the backslash; octets that it takes. */
static size_t put_unicode(struct text *t, struct mw_str s, size_t at)
{
	uint32_t c, low;

	if (!take_hex(s, at + 2, &c))
		return 2;
	if (c >= 0xd800 && c < 0xdc00 && at + 7 < s.n && s.p[at + 6] == '\\' && s.p[at + 7] == 'u' && take_hex(s, at + 8, &low) &&
	    low >= 0xdc00 && low < 0xe000) {
		text_putu(t, 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00));
		return 12;
	}
	text_putu(t, c);
	return 6;
}

static struct mw_str decode(struct text *t, struct mw_str s)
{
	static const char of[] = "nrtbf\"\\/", is[] = "\n\r\t  \"\\/";
	size_t from = 0;

	text_cut(t, 0);
	for (size_t i = 0; i < s.n;) {
		const char *at;

		if (s.p[i] != '\\' || i + 1 == s.n) {
			i++;
			continue;
		}
		text_add(t, s.p + from, i - from);
		at = s.p[i + 1] ? strchr(of, s.p[i + 1]) : NULL;
		if (s.p[i + 1] == 'u') {
			i += put_unicode(t, s, i);
		} else if (at) {
			text_putc(t, is[at - of]);
			i += 2;
		} else {
			i++; /* no escape: what stands behind it stays */
		}
		from = i;
	}
	text_add(t, s.p + from, s.n - from);
	return text_all(t);
}

/* ---- values ---------------------------------------------------------------------------------------------------------------------- */

static int json_push(struct json *j, struct mw_str key, bool object)
{
	if (j->depth == DEPTH)
		return -E2BIG;
	if (object)
		j->events->open(j->ctx, key, str_from(j->s, j->at));
	j->level[j->depth++] = (struct level){.object = object, .key = key};
	j->at++;
	return 0;
}

static void json_pop(struct json *j)
{
	if (j->level[--j->depth].object)
		j->events->close(j->ctx);
}

/* A value begins at j->at. */
static int read_value(struct json *j, struct mw_str key)
{
	size_t from = j->at, end;
	bool escaped;

	if (j->s.p[from] == '{' || j->s.p[from] == '[')
		return json_push(j, key, j->s.p[from] == '{');
	if (j->s.p[from] == '"') {
		struct mw_str value;

		end = string_end(j->s, from, &escaped);
		value = (struct mw_str){.p = j->s.p + from + 1, .n = end > from ? end - from - 1 : 0};
		j->events->value(j->ctx, key, escaped ? decode(&j->scratch, value) : value, !escaped);
		j->at = end < j->s.n ? end + 1 : end;
		return end < j->s.n ? 0 : -EINVAL;
	}
	for (end = from; end < j->s.n && is_literal(j->s.p[end]);)
		end++;
	if (end == from)
		return -EINVAL;
	j->at = end;
	if (end - from != 4 || memcmp(j->s.p + from, "null", 4) != 0)
		j->events->value(j->ctx, key, (struct mw_str){.p = j->s.p + from, .n = end - from}, true);
	return 0;
}

static int read_member(struct json *j)
{
	struct mw_str key;
	bool escaped;
	size_t end;

	if (j->s.p[j->at] != '"')
		return -EINVAL;
	end = string_end(j->s, j->at, &escaped);
	key = (struct mw_str){.p = j->s.p + j->at + 1, .n = end > j->at ? end - j->at - 1 : 0};
	j->at = skip_space(j->s, end < j->s.n ? end + 1 : end);
	if (j->at == j->s.n || j->s.p[j->at] != ':')
		return -EINVAL;
	j->at = skip_space(j->s, j->at + 1);
	return j->at < j->s.n ? read_value(j, key) : -EINVAL;
}

/* One step; the next octet is no blank. */
static int json_step(struct json *j)
{
	char c = j->s.p[j->at];

	if (j->depth == 0)
		return c == '{' || c == '[' ? read_value(j, str("")) : -EINVAL;
	if ((c == '}' && j->level[j->depth - 1].object) || (c == ']' && !j->level[j->depth - 1].object)) {
		json_pop(j);
		j->at++;
		return 0;
	}
	return j->level[j->depth - 1].object ? read_member(j) : read_value(j, j->level[j->depth - 1].key);
}

/* Behind what is wrong: the next line that begins an object. */
static void json_resume(struct json *j)
{
	while (j->depth)
		json_pop(j);
	while (j->at < j->s.n) {
		const char *end = memchr(j->s.p + j->at, '\n', j->s.n - j->at);

		j->at = end ? (size_t)(end - j->s.p) + 1 : j->s.n;
		if (j->at < j->s.n && j->s.p[j->at] == '{')
			return;
	}
}

int json_read(struct mw_str s, const struct json_events *events, void *ctx)
{
	struct json j = {.s = s, .events = events, .ctx = ctx};
	int worst = 0;

	if (str_begins(s, "\xef\xbb\xbf"))
		j.at = 3;
	while ((j.at = skip_space(s, j.at)) < s.n && !events->over(ctx)) {
		int r = json_step(&j);

		if (r < 0) {
			worst = worst == -E2BIG ? worst : r;
			json_resume(&j);
		}
	}
	if (j.depth && !worst)
		worst = -EINVAL;
	while (j.depth)
		json_pop(&j);
	if (j.scratch.failed)
		worst = -ENOMEM;
	text_wipe(&j.scratch);
	return worst;
}

struct mw_str json_peek(struct mw_str s, const char *key, size_t most)
{
	size_t depth = 0;
	bool escaped;

	s = str_first(s, most);
	for (size_t i = 0; i < s.n; i++) {
		struct mw_str name;
		size_t end;

		if (s.p[i] == '{' || s.p[i] == '[')
			depth++;
		else if ((s.p[i] == '}' || s.p[i] == ']') && --depth == 0)
			break;
		if (s.p[i] != '"')
			continue;
		end = string_end(s, i, &escaped);
		if (end == s.n)
			break;
		name = (struct mw_str){.p = s.p + i + 1, .n = end - i - 1};
		i = end;
		if (depth != 1 || !str_is(name, key))
			continue;
		i = skip_space(s, end + 1);
		i = i < s.n && s.p[i] == ':' ? skip_space(s, i + 1) : s.n;
		if (i >= s.n || s.p[i] != '"')
			break;
		end = string_end(s, i, &escaped);
		return (struct mw_str){.p = s.p + i + 1, .n = end - i - 1};
	}
	return str("");
}
