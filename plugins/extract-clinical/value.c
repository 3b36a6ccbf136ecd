/* SPDX-License-Identifier: Apache-2.0 */
#include "value.h"

static size_t leading_digits(struct mw_str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	return n;
}

void value_date(struct text *t, struct mw_str s)
{
	size_t digits;

	s = str_trim(s);
	digits = leading_digits(s);
	if ((digits != 8 && digits != 10 && digits != 12 && digits != 14) ||
	    (digits < s.n && !__builtin_strchr(".+-", s.p[digits])) ||
	    !(str_begins(s, "19") || str_begins(s, "20") || str_begins(s, "18"))) {
		text_str(t, s);
		return;
	}
	text_add(t, s.p, 4);
	text_putc(t, '-');
	text_add(t, s.p + 4, 2);
	text_putc(t, '-');
	text_add(t, s.p + 6, 2);
	for (size_t i = 8; i + 1 < digits; i += 2) {
		text_putc(t, i == 8 ? ' ' : ':');
		text_add(t, s.p + i, 2);
	}
}

void value_dates(struct text *t, struct mw_str s)
{
	struct mw_str first = str_cut(&s, '-');

	value_date(t, first);
	if (!s.p)
		return;
	text_puts(t, " to ");
	value_date(t, s);
}

void value_phone(struct text *t, struct mw_str s)
{
	s = str_trim(s);
	if (s.n != 10 || !str_digits(s)) {
		text_str(t, s);
		return;
	}
	text_add(t, s.p, 3);
	text_putc(t, '-');
	text_add(t, s.p + 3, 3);
	text_putc(t, '-');
	text_add(t, s.p + 6, 4);
}

void value_ssn(struct text *t, struct mw_str s)
{
	s = str_trim(s);
	if (s.n != 9 || !str_digits(s)) {
		text_str(t, s);
		return;
	}
	text_add(t, s.p, 3);
	text_putc(t, '-');
	text_add(t, s.p + 3, 2);
	text_putc(t, '-');
	text_add(t, s.p + 5, 4);
}

void value_icd(struct text *t, struct mw_str s)
{
	s = str_trim(s);
	if (s.n < 4 || s.n > 7 || s.p[0] < 'A' || s.p[0] > 'Z' || s.p[1] < '0' || s.p[1] > '9' || str_has(s, ".")) {
		text_str(t, s);
		return;
	}
	text_add(t, s.p, 3);
	text_putc(t, '.');
	text_str(t, str_from(s, 3));
}

/* A separator only where something of this value stands before it. */
static void add(struct text *t, size_t from, const char *separator, struct mw_str s)
{
	s = str_trim(s);
	if (s.n == 0)
		return;
	if (t->n > from)
		text_puts(t, separator);
	text_str(t, s);
}

static bool is_icd(struct mw_str s)
{
	return s.n >= 3 && s.n <= 8 && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= '0' && s.p[1] <= '9' &&
	       (s.n == 3 || s.p[3] == '.');
}

void value_code(struct text *t, struct mw_str code, struct mw_str words)
{
	size_t from = t->n;

	code = str_trim(code);
	words = str_trim(words);
	if (is_icd(code) || words.n == 0) {
		add(t, from, " ", code);
		add(t, from, " ", words);
		return;
	}
	add(t, from, " ", words);
	if (code.n == 0)
		return;
	text_puts(t, " (");
	text_str(t, code);
	text_putc(t, ')');
}

void value_name(struct text *t, const struct name *name)
{
	size_t from = t->n;

	add(t, from, " ", name->given);
	add(t, from, " ", name->middle);
	add(t, from, " ", name->family);
	add(t, from, " ", name->suffix);
}

static void add_zip(struct text *t, size_t from, struct mw_str zip)
{
	zip = str_trim(zip);
	if (zip.n == 9 && str_digits(zip)) {
		add(t, from, " ", (struct mw_str){.p = zip.p, .n = 5});
		text_putc(t, '-');
		text_str(t, str_from(zip, 5));
		return;
	}
	add(t, from, " ", zip);
}

void value_address(struct text *t, const struct address *a)
{
	size_t from = t->n;

	add(t, from, ", ", a->street);
	add(t, from, ", ", a->other);
	add(t, from, ", ", a->city);
	add(t, from, ", ", a->state);
	add_zip(t, from, a->zip);
	add(t, from, ", ", a->country);
}

const char *value_sex(struct mw_str s)
{
	if (str_is_word(s, "M") || str_is_word(s, "male"))
		return "M";
	if (str_is_word(s, "F") || str_is_word(s, "female"))
		return "F";
	return NULL;
}
