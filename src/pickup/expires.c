/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/expires.h"

#include "base/str.h"

#include <gmime/gmime.h>
#include <string.h>

#define DATE_MOST 100u

/* 0: there is none. */
static int64_t date_of(const struct mw_header *h, const char *name)
{
	const struct mw_field *f = mw_header_find(h, name, NULL);
	struct mw_str value = f ? mw_str_trim(f->value) : (struct mw_str){0};
	char text[DATE_MOST];
	GDateTime *date;
	int64_t at = 0;

	if (value.n == 0 || value.n >= sizeof(text))
		return 0;
	memcpy(text, value.p, value.n);
	text[value.n] = '\0';
	date = g_mime_utils_header_decode_date(text);
	if (date) {
		at = g_date_time_to_unix(date);
		g_date_time_unref(date);
	}
	return at > 0 ? at : 0;
}

int64_t mw_expires_at(const struct mw_portal_conf *c, const struct mw_header *h, int64_t now)
{
	int64_t at = date_of(h, "Expires");

	at = at ? at : date_of(h, "Expiry-Date");
	if (!at)
		return now + c->expire;
	if (at < now + c->expire_min)
		return now + c->expire_min;
	return at > now + c->expire_max ? now + c->expire_max : at;
}
