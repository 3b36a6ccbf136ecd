/* SPDX-License-Identifier: Apache-2.0 */
/* date: a day that a calendar has: 3/4/1961, 03-04-61, 1961-03-04, 19610304, March 4, 1961, 4 Mar 1961, 04-MAR-1961. */
#include "check_us.h"

#include <string.h>

#define FIELDS 3

/* A number with how it was written, or the name of a month. */
struct field {
	unsigned value;
	size_t digits; /* 0: a month's name */
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return lower(c) >= 'a' && lower(c) <= 'z';
}

/* Month of a name of at least three letters ("mar", "sept", "march"), 0 = none. */
static unsigned month_of(const char *p, size_t n)
{
	static const char *const name[] = {"january", "february", "march",     "april",	  "may",      "june",
					   "july",    "august",	  "september", "october", "november", "december"};

	for (unsigned m = 0; m < 12; m++) {
		size_t i = 0;

		while (i < n && name[m][i] && name[m][i] == lower(p[i]))
			i++;
		if (i == n && n >= 3)
			return m + 1;
	}
	return 0;
}

/* What stands behind a day: 1st, 2nd, 3rd, 4th, 4th of March. */
static bool is_filler(const char *p, size_t n)
{
	char s[3] = {n == 2 ? lower(p[0]) : '\0', n == 2 ? lower(p[1]) : '\0', '\0'};

	return !strcmp(s, "st") || !strcmp(s, "nd") || !strcmp(s, "rd") || !strcmp(s, "th") || !strcmp(s, "of");
}

/* Splits into numbers and a month's name; -1: something else is in it. */
static int fields_of(const char *p, size_t n, struct field *f)
{
	int fields = 0;

	for (size_t i = 0, start; i < n;) {
		unsigned v = 0;

		start = i;
		if (!is_digit(p[i]) && !is_letter(p[i])) {
			if (!memchr(" \t\r\n/-.,", p[i], 8))
				return -1;
			i++;
			continue;
		}
		if (is_digit(p[i])) {
			for (; i < n && is_digit(p[i]) && i - start < 5; i++)
				v = v * 10 + (unsigned)(p[i] - '0');
			if (fields == FIELDS || i - start > 4)
				return -1;
			f[fields++] = (struct field){.value = v, .digits = i - start};
			continue;
		}
		while (i < n && is_letter(p[i]))
			i++;
		if (fields && f[fields - 1].digits && is_filler(p + start, i - start))
			continue;
		v = month_of(p + start, i - start);
		if (fields == FIELDS || !v)
			return -1;
		f[fields++] = (struct field){.value = v};
	}
	return fields;
}

static bool is_day(unsigned year, unsigned month, unsigned day)
{
	static const unsigned days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1] + (month == 2 && leap);
}

/* Two digits: either century will do, and 2000 is the leap one. */
static bool year_of(const struct field *f, unsigned *year)
{
	*year = f->digits == 2 ? 2000 + f->value : f->value;
	return f->digits == 2 || (f->digits == 4 && f->value >= 1850 && f->value <= 2100);
}

static bool is_number(const struct field *f)
{
	return f->digits == 1 || f->digits == 2;
}

/* 19610304, as programs write it. */
static bool is_compact(const char *p, size_t n)
{
	unsigned v[3] = {0};

	if (n != 8)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned *f = v + (i < 4 ? 0 : i < 6 ? 1 : 2);

		if (!is_digit(p[i]))
			return false;
		*f = *f * 10 + (unsigned)(p[i] - '0');
	}
	return v[0] >= 1850 && v[0] <= 2100 && is_day(v[0], v[1], v[2]);
}

bool check_us_date(const char *p, size_t n)
{
	struct field f[FIELDS];
	unsigned year;

	if (is_compact(p, n))
		return true;
	if (fields_of(p, n, f) != FIELDS)
		return false;
	if (!f[0].digits) /* March 4, 1961 */
		return is_number(f + 1) && year_of(f + 2, &year) && is_day(year, f[0].value, f[1].value);
	if (!f[1].digits) /* 4 March 1961 */
		return is_number(f) && year_of(f + 2, &year) && is_day(year, f[1].value, f[0].value);
	if (f[0].digits == 4) /* 1961-03-04 */
		return year_of(f, &year) && is_number(f + 1) && is_number(f + 2) && is_day(year, f[1].value, f[2].value);
	/* 3/4/1961: month first as in the US, or day first. */
	return is_number(f) && is_number(f + 1) && f[2].digits && year_of(f + 2, &year) &&
	       (is_day(year, f[0].value, f[1].value) || is_day(year, f[1].value, f[0].value));
}
