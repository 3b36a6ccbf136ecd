/* SPDX-License-Identifier: Apache-2.0 */
#include "numday.h"

#include <math.h>
#include <stdio.h>

#define DAY_MAX 2958466.0 /* the year 10000 */
#define SECONDS 86400

/* Days from 1970-01-01 as a date of the Gregorian calendar; eras of 400 years from a first of March on. */
static void civil(long days, long *year, unsigned *month, unsigned *day)
{
	long era, z = days + 719468;
	unsigned of_era, year_of_era, of_year, m;

	era = (z >= 0 ? z : z - 146096) / 146097;
	of_era = (unsigned)(z - era * 146097);
	year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	m = (5 * of_year + 2) / 153;
	*day = of_year - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = (long)year_of_era + era * 400 + (*month <= 2);
}

int numday_put(const struct numfmt *f, double value, bool from_1904, struct buf *to)
{
	char text[64];
	long days, rest, year;
	unsigned month, day;
	int r = 0;

	if (!(value >= 0 && value < DAY_MAX))
		return 1;
	days = (long)floor(value);
	rest = (long)floor((value - floor(value)) * SECONDS + 0.5);
	days += rest == SECONDS;
	rest %= SECONDS;
	if (f->day) {
		/* 1900 has a February 29 in these numbers: day 60. */
		civil(from_1904 ? days - 24107 : days < 60 ? days - 25568 : days - 25569, &year, &month, &day);
		(void)snprintf(text, sizeof(text), "%04ld-%02u-%02u", year, month, day);
		r = buf_word(to, text);
		if (r == 0 && f->time)
			r = buf_char(to, ' ');
	}
	if (r < 0 || !f->time)
		return r;
	if (!f->day && f->elapsed)
		rest += days * SECONDS;
	(void)snprintf(text, sizeof(text), f->seconds ? "%02ld:%02ld:%02ld" : "%02ld:%02ld", rest / 3600, rest / 60 % 60,
		       rest % 60);
	return buf_word(to, text);
}
