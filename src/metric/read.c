/* SPDX-License-Identifier: Apache-2.0 */
#include "metric/read.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_MOST 63u

static bool is_name(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || (!first && c >= '0' && c <= '9');
}

static struct mw_str take_name(struct mw_str *s)
{
	struct mw_str name = {.p = s->p, .n = 0};

	while (name.n < s->n && is_name(s->p[name.n], name.n == 0))
		name.n++;
	*s = mw_str_behind(*s, name.n);
	return name;
}

static bool take_octet(struct mw_str *s, char c)
{
	if (!s->n || *s->p != c)
		return false;
	*s = mw_str_behind(*s, 1);
	return true;
}

/* Behind the opening quote, to behind the closing one. */
static bool take_value(struct mw_str *s, struct mw_str *value)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->p[i] == '\\') {
			i++;
		} else if (s->p[i] == '"') {
			*value = (struct mw_str){.p = s->p, .n = i};
			*s = mw_str_behind(*s, i + 1);
			return true;
		}
	}
	return false;
}

/* Behind "{", to behind "}". */
static bool take_labels(struct mw_str *s, struct mw_metric_sample *ret)
{
	while (!take_octet(s, '}')) {
		struct mw_str name = take_name(s), value;

		if (!name.n || !take_octet(s, '=') || !take_octet(s, '"') || !take_value(s, &value) ||
		    ret->labels == MW_METRIC_SAMPLE_LABELS)
			return false;
		ret->label[ret->labels].name = name;
		ret->label[ret->labels++].value = value;
		if (!take_octet(s, ',') && !(s->n && *s->p == '}'))
			return false;
	}
	return true;
}

/* To the end of the line: a number, and perhaps when it was so. */
static bool take_number(struct mw_str s, double *ret)
{
	char text[NUMBER_MOST + 1], *end;
	const char *blank = memchr(s.p, ' ', s.n);
	size_t n = blank ? (size_t)(blank - s.p) : s.n;

	if (n == 0 || n > NUMBER_MOST)
		return false;
	memcpy(text, s.p, n);
	text[n] = '\0';
	*ret = strtod(text, &end);
	return end == text + n;
}

static bool read_line(struct mw_str line, struct mw_metric_sample *ret)
{
	ret->labels = 0;
	ret->name = take_name(&line);
	if (!ret->name.n || (take_octet(&line, '{') && !take_labels(&line, ret)) || !take_octet(&line, ' '))
		return false;
	return take_number(line, &ret->value);
}

int mw_metric_take(struct mw_str *text, struct mw_metric_sample *ret)
{
	while (text->n) {
		struct mw_str line = mw_str_take_line(text);

		if (!line.n || *line.p == '#')
			continue;
		return read_line(line, ret) ? 1 : -EINVAL;
	}
	return 0;
}

struct mw_str mw_metric_word(const struct mw_metric_sample *s, const char *label)
{
	for (size_t i = 0; i < s->labels; i++)
		if (mw_str_eq(s->label[i].name, label))
			return s->label[i].value;
	return mw_str("");
}

bool mw_metric_value(const struct mw_metric_sample *s, const char *label, struct mw_buf *ret)
{
	for (size_t i = 0; i < s->labels; i++) {
		struct mw_str v = s->label[i].value;

		if (!mw_str_eq(s->label[i].name, label))
			continue;
		for (size_t k = 0; k < v.n; k++) {
			bool escaped = v.p[k] == '\\' && k + 1 < v.n;

			k += escaped;
			mw_buf_putc(ret, escaped && v.p[k] == 'n' ? '\n' : v.p[k]);
		}
		return true;
	}
	return false;
}
