/* SPDX-License-Identifier: Apache-2.0 */
/* when: times of MAPI as text. */
#ifndef PLUGINS_MAPI_WHEN_H
#define PLUGINS_MAPI_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAPI_WHEN_MAX 32u

/* FILETIME (tenths of microseconds since 1601) as "1970-01-31 23:59:59", or without the time when it is midnight. False: it stands
 * for "none", or is beyond the year 9999. */
bool mapi_when(uint64_t filetime, char to[MAPI_WHEN_MAX]);
/* The other way round, for the dates that TNEF has in words of 16 bits: year, month, day, hour, minute, second. 0 = no date. */
uint64_t mapi_filetime(const uint16_t part[6]);

#endif
