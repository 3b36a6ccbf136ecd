/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/day.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of(int year, int month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* n digits. -1: something else stands there. */
static int digits(const char *p, size_t n)
{
	int v = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		v = v * 10 + (p[i] - '0');
	}
	return v;
}

int32_t mw_day_parse(struct mw_str s)
{
	int year, month, day;

	if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-')
		return MW_DAY_NONE;
	year = digits(s.p, 4);
	month = digits(s.p + 5, 2);
	day = digits(s.p + 8, 2);
	if (year < 1900 || month < 1 || month > 12 || day < 1 || day > days_of(year, month))
		return MW_DAY_NONE;
	return year * 10000 + month * 100 + day;
}

const char *mw_day_print(int32_t day, char text[MW_DAY_TEXT])
{
	if (day == MW_DAY_NONE)
		(void)snprintf(text, MW_DAY_TEXT, "none");
	else
		(void)snprintf(text, MW_DAY_TEXT, "%04u-%02u-%02u", (unsigned)day / 10000 % 10000, (unsigned)day / 100 % 100,
			       (unsigned)day % 100);
	return text;
}

int32_t mw_day_today(void)
{
	time_t now = time(NULL);
	struct tm tm;

	if (now == (time_t)-1 || !localtime_r(&now, &tm) || tm.tm_year < 0 || tm.tm_year > 9999 - 1900)
		return MW_DAY_NONE;
	return (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}

int32_t mw_day_after(int32_t day, unsigned days)
{
	int y = day / 10000, m = day / 100 % 100, d = day % 100;

	if (day == MW_DAY_NONE)
		return day;
	for (; days && y <= 9999; days--)
		if (++d > days_of(y, m)) {
			d = 1;
			y += m == 12;
			m = m == 12 ? 1 : m + 1;
		}
	return y > 9999 ? 99991231 : y * 10000 + m * 100 + d;
}
