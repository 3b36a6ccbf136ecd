/* SPDX-License-Identifier: Apache-2.0 */
/* day: dates of the calendar as numbers: 20260301. They compare as they follow each other. Pure, but for mw_day_today(). */
#ifndef MW_POLICY_DAY_H
#define MW_POLICY_DAY_H

#include <milward/plugin.h>

#define MW_DAY_NONE 0 /* no date: before all others */
#define MW_DAY_TEXT 11

/* What day it is, for what begins and ends. A clock that jumps back must not bring to life what has ended: so `latest` is the last
 * day that was ever seen, and `today` what the clock says now. */
struct mw_days {
	int32_t today, latest;
};

/* "2026-03-01", as ISO 8601 writes it, from 1900 to 9999. MW_DAY_NONE: it is no date of the calendar. */
int32_t mw_day_parse(struct mw_str);
/* Writes it to text; "none" for MW_DAY_NONE. Returns text. */
const char *mw_day_print(int32_t day, char text[MW_DAY_TEXT]);
/* By the clock, in the time zone of this process. MW_DAY_NONE: the clock cannot be read, or tells no year of four digits. */
int32_t mw_day_today(void);
/* So many days later, at most 100,000. */
int32_t mw_day_after(int32_t day, unsigned days);

#endif
