/* SPDX-License-Identifier: Apache-2.0 */
#include "conf.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

void smime_date(int64_t when, char out[SMIME_DATE])
{
	time_t at = (time_t)when;
	struct tm tm;

	if (!gmtime_r(&at, &tm) || strftime(out, SMIME_DATE, "%Y-%m-%d", &tm) == 0)
		(void)snprintf(out, SMIME_DATE, "?");
}

bool smime_listed(const struct mw_list *list, const char *address)
{
	const char *at = strrchr(address, '@');

	for (size_t i = 0; i < list->n; i++)
		if (strcasecmp(list->v[i], address) == 0 || (at && strcasecmp(list->v[i], at + 1) == 0))
			return true;
	return false;
}
