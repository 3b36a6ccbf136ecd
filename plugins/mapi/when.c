/* SPDX-License-Identifier: Apache-2.0 */
#include "when.h"

#include <stdio.h>

#define SECOND UINT64_C(10000000)
#define DAY (86400 * SECOND)
#define NONE UINT64_C(0x0cb34557a3dd4000) /* 4501-01-01, Outlook's "none" */
#define DAYS_400 146097u		  /* days in 400 years */

/* Days since 1601-01-01, which begins a period of 400 years. The year is counted from March, so that the leap day is its last. */
static uint32_t day_number(uint32_t year, uint32_t month, uint32_t day)
{
	uint32_t y = year - 1600 - (month < 3), m = (month + 9) % 12;

	return y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 306;
}

/* The same back. */
static void civil(uint32_t days, uint32_t *year, uint32_t *month, uint32_t *day)
{
	uint32_t z = days + 306, era = z / DAYS_400, doe = z % DAYS_400;
	uint32_t yoe = (doe - doe / 1460 + doe / 36524 - doe / (DAYS_400 - 1)) / 365;
	uint32_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), m = (5 * doy + 2) / 153;

	*day = doy - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = 1600 + era * 400 + yoe + (*month < 3);
}

bool mapi_when(uint64_t filetime, char to[MAPI_WHEN_MAX])
{
	uint64_t days = filetime / DAY;
	uint32_t second = (uint32_t)(filetime % DAY / SECOND), year, month, day;

	if (filetime == 0 || filetime == NONE || days > 3067670) /* 9999-12-31 */
		return false;
	civil((uint32_t)days, &year, &month, &day);
	if (second)
		(void)snprintf(to, MAPI_WHEN_MAX, "%04u-%02u-%02u %02u:%02u:%02u", year, month, day, second / 3600,
			       second / 60 % 60, second % 60);
	else
		(void)snprintf(to, MAPI_WHEN_MAX, "%04u-%02u-%02u", year, month, day);
	return true;
}

uint64_t mapi_filetime(const uint16_t part[6])
{
	if (part[0] < 1601 || part[0] > 9999 || part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > 31)
		return 0;
	return day_number(part[0], part[1], part[2]) * DAY +
	       ((uint64_t)part[3] * 3600 + (uint64_t)part[4] * 60 + part[5]) * SECOND;
}
