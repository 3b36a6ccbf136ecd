/* SPDX-License-Identifier: Apache-2.0 */
/* report_month: where the days of a month begin, in the time zone that the report is in. Days of 23 and 25 hours are days. */
#include "report.h"

#include <errno.h>
#include <string.h>
#include <time.h>

static bool month_of(const char *text, int *year, int *month)
{
	static const char form[] = "dddd-dd";

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
			return false;
	*year = (text[0] - '0') * 1000 + (text[1] - '0') * 100 + (text[2] - '0') * 10 + text[3] - '0';
	*month = (text[5] - '0') * 10 + text[6] - '0';
	return *year >= 1970 && *month >= 1 && *month <= 12;
}

static void month_before(struct tm now, int *year, int *month)
{
	*year = now.tm_mon == 0 ? now.tm_year + 1899 : now.tm_year + 1900;
	*month = now.tm_mon == 0 ? 12 : now.tm_mon;
}

static int days_of(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static int64_t midnight(const struct mw_report_month *m, int day)
{
	struct tm tm = {.tm_year = m->year - 1900, .tm_mon = m->month - 1, .tm_mday = day, .tm_isdst = -1};

	return (int64_t)(m->utc ? timegm(&tm) : mktime(&tm));
}

/* "CET (UTC+01:00)"; what it is in the middle of the month. */
static void name_zone(struct mw_report_month *m)
{
	time_t middle = (time_t)m->edge[14];
	struct tm tm;
	long minutes;

	if (m->utc || !localtime_r(&middle, &tm) || (tm.tm_gmtoff == 0 && strcmp(tm.tm_zone, "UTC") == 0)) {
		(void)snprintf(m->zone, sizeof(m->zone), "UTC");
		return;
	}
	minutes = tm.tm_gmtoff / 60;
	(void)snprintf(m->zone, sizeof(m->zone), "%.24s (UTC%c%02ld:%02ld)", tm.tm_zone, minutes < 0 ? '-' : '+',
		       (minutes < 0 ? -minutes : minutes) / 60, (minutes < 0 ? -minutes : minutes) % 60);
}

int mw_report_month_set(struct mw_report_month *m, const char *text, bool utc)
{
	struct mw_report_month made = {.utc = utc};

	tzset();
	if (strcmp(text, "last") == 0) {
		time_t now = time(NULL);
		struct tm tm;

		if (utc ? !gmtime_r(&now, &tm) : !localtime_r(&now, &tm))
			return -EINVAL;
		month_before(tm, &made.year, &made.month);
	} else if (!month_of(text, &made.year, &made.month)) {
		return -EINVAL;
	}
	(void)snprintf(made.name, sizeof(made.name), "%04d-%02d", made.year % 10000, made.month % 100);
	made.days = days_of(made.year, made.month);
	for (int d = 0; d <= made.days; d++) {
		time_t at = (time_t)(made.edge[d] = midnight(&made, d + 1));
		struct tm tm;

		if (!gmtime_r(&at, &tm) || strftime(made.stamp[d], sizeof(made.stamp[d]), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
			return -EINVAL;
	}
	name_zone(&made);
	*m = made;
	return 0;
}

int mw_report_month_day(const struct mw_report_month *m, const char *stamp)
{
	int low = 0, high = m->days;

	if (memcmp(stamp, m->stamp[0], 19) < 0)
		return -1;
	if (memcmp(stamp, m->stamp[m->days], 19) >= 0)
		return -2;
	while (high - low > 1) {
		int middle = (low + high) / 2;

		if (memcmp(stamp, m->stamp[middle], 19) < 0)
			high = middle;
		else
			low = middle;
	}
	return low;
}

int mw_report_month_day_at(const struct mw_report_month *m, int64_t when)
{
	int day = 0;

	if (when < m->edge[0])
		return -1;
	while (day < m->days && when >= m->edge[day + 1])
		day++;
	return day < m->days ? day : -2;
}
