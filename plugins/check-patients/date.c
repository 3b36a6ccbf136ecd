/* SPDX-License-Identifier: Apache-2.0 */
/* date: dates in a text, in every form that people and programs write. */
#include "normal.h"

#include <string.h>

#define YEAR_MIN 1850u
#define YEAR_MAX 2100u

/* The text in work, and where. */
struct look {
	const char *p;
	size_t n, at;
	enum patients_order order;
	unsigned year; /* now */
	uint32_t *ret;
	size_t found;
};

static bool is_digit(const struct look *l, size_t at)
{
	return at < l->n && l->p[at] >= '0' && l->p[at] <= '9';
}

static bool is_letter(const struct look *l, size_t at)
{
	return at < l->n && ((l->p[at] >= 'a' && l->p[at] <= 'z') || (l->p[at] >= 'A' && l->p[at] <= 'Z'));
}

static unsigned month_days(unsigned year, unsigned month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
		return 29;
	return days[month - 1];
}

/* Notes the date when the calendar has it. */
static bool add(struct look *l, unsigned year, unsigned month, unsigned day)
{
	uint32_t date = year * 10000 + month * 100 + day;

	if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1 || day > month_days(year, month))
		return false;
	for (size_t i = 0; i < l->found; i++)
		if (l->ret[i] == date)
			return true;
	if (l->found < PATIENTS_DATES)
		l->ret[l->found++] = date;
	return true;
}

/* The same for a year as it was written: two digits are the last such year that has been, and for ANY the one before. */
static bool add_year(struct look *l, unsigned year, size_t digits, unsigned month, unsigned day)
{
	unsigned century = l->year / 100 * 100;
	bool any;

	if (digits == 4)
		return add(l, year, month, day);
	if (century + year > l->year)
		century -= 100;
	any = add(l, century + year, month, day);
	if (l->order == PATIENTS_ANY)
		any |= add(l, century - 100 + year, month, day);
	return any;
}

/* A number of at most most digits at l->at; how many digits, 0: none, or more. */
static size_t take_number(struct look *l, size_t most, unsigned *value)
{
	size_t n = 0;
	unsigned v = 0;

	while (n < most && is_digit(l, l->at + n))
		v = v * 10 + (unsigned)(l->p[l->at + n++] - '0');
	if (n == 0 || is_digit(l, l->at + n))
		return 0;
	l->at += n;
	*value = v;
	return n;
}

/* A month's name, whole or three letters of it (and sept), with a dot or not; 0: none. */
static unsigned take_month(struct look *l)
{
	static const char *const name[] = {"january", "february", "march",     "april",	  "may",      "june",
					   "july",    "august",	  "september", "october", "november", "december"};
	size_t n = 0;

	while (is_letter(l, l->at + n))
		n++;
	for (unsigned m = 0; n >= 3 && m < 12; m++) {
		size_t same = 0;

		while (same < n && name[m][same] && (l->p[l->at + same] | 0x20) == name[m][same])
			same++;
		if (same != n || (n != 3 && name[m][n] && !(m == 8 && n == 4)))
			continue;
		l->at += n;
		if (l->at < l->n && l->p[l->at] == '.')
			l->at++;
		return m + 1;
	}
	return 0;
}

static void take_blanks(struct look *l, const char *also)
{
	while (l->at < l->n && l->p[l->at] &&
	       (l->p[l->at] == ' ' || l->p[l->at] == '\t' || l->p[l->at] == '\n' || strchr(also, l->p[l->at])))
		l->at++;
}

/* 1st, 2nd, 3rd, 4th */
static void take_ordinal(struct look *l)
{
	static const char *const end[] = {"st", "nd", "rd", "th"};

	for (size_t i = 0; i < 4; i++)
		if (is_letter(l, l->at) && is_letter(l, l->at + 1) && !is_letter(l, l->at + 2) &&
		    (l->p[l->at] | 0x20) == end[i][0] && (l->p[l->at + 1] | 0x20) == end[i][1]) {
			l->at += 2;
			return;
		}
}

/* March 4, 1961 */
static bool month_first(struct look *l)
{
	unsigned month = take_month(l), day, year;
	size_t digits;

	if (!month)
		return false;
	take_blanks(l, "");
	if (!take_number(l, 2, &day))
		return false;
	take_ordinal(l);
	take_blanks(l, ",");
	digits = take_number(l, 4, &year);
	return digits == 4 && add(l, year, month, day);
}

/* 4 March 1961, 04-MAR-61 */
static bool month_second(struct look *l)
{
	unsigned day, month, year;
	size_t digits;

	if (!take_number(l, 2, &day))
		return false;
	take_ordinal(l);
	take_blanks(l, "-/");
	month = take_month(l);
	if (!month)
		return false;
	take_blanks(l, "-/,");
	digits = take_number(l, 4, &year);
	return (digits == 2 || digits == 4) && add_year(l, year, digits, month, day);
}

static bool add_numbers(struct look *l, unsigned a, unsigned b, unsigned year, size_t digits)
{
	bool any;

	if (l->order == PATIENTS_DMY)
		return add_year(l, year, digits, b, a) || add_year(l, year, digits, a, b);
	any = add_year(l, year, digits, a, b);
	if (l->order == PATIENTS_ANY || !any)
		any |= add_year(l, year, digits, b, a);
	return any;
}

/* 1961-03-04, 3/4/1961, 4.3.61, 19610304 */
static bool numbers(struct look *l)
{
	unsigned a, b, c;
	size_t na, nb, nc;
	char sign;

	na = take_number(l, 8, &a);
	if (na == 8)
		return add(l, a / 10000, a / 100 % 100, a % 100);
	if ((na != 4 && na != 1 && na != 2) || l->at >= l->n)
		return false;
	sign = l->p[l->at++];
	if (sign != '-' && sign != '/' && sign != '.')
		return false;
	nb = take_number(l, 2, &b);
	if (!nb || l->at >= l->n || l->p[l->at++] != sign)
		return false;
	if (na == 4)
		return take_number(l, 2, &c) && add(l, a, b, c);
	nc = take_number(l, 4, &c);
	return (nc == 2 || nc == 4) && add_numbers(l, a, b, c, nc);
}

size_t patients_dates(const char *p, size_t n, enum patients_order order, unsigned year, uint32_t ret[PATIENTS_DATES])
{
	struct look l = {.p = p, .n = n, .order = order, .year = year, .ret = ret};
	size_t at = 0;

	while (at < n) {
		bool digit = is_digit(&l, at), word = is_letter(&l, at), found;

		l.at = at;
		found = digit ? numbers(&l) : word && month_first(&l);
		if (!found && digit) {
			l.at = at;
			found = month_second(&l);
		}
		if (found) {
			at = l.at;
			continue;
		}
		/* On behind the number or word: none begins inside of another. */
		do
			at++;
		while (at < n && ((digit && is_digit(&l, at)) || (word && is_letter(&l, at))));
	}
	return l.found;
}

void patients_date_text(uint32_t date, char text[8])
{
	for (size_t i = 8; i-- > 0; date /= 10)
		text[i] = (char)('0' + date % 10);
}
