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

static int64_t within(const struct mw_portal_conf *c, int64_t seconds)
{
	return seconds < c->expire_min ? c->expire_min : seconds > c->expire_max ? c->expire_max : seconds;
}

/* What the policy asked for (milters/route): of several values the least; 0: nothing. Tags and this field come from the milter alone. */
static int64_t asked_of(const struct mw_header *h)
{
	const struct mw_field *f;
	int64_t least = 0;

	for (size_t from = 0; (f = mw_header_find(h, "X-Milward-Expire", &from)) != NULL;) {
		struct mw_str value = mw_str_trim(f->value);
		int64_t n = 0;

		for (size_t i = 0; i < value.n && n >= 0; i++)
			n = value.p[i] < '0' || value.p[i] > '9' || i >= 10 ? -1 : n * 10 + (value.p[i] - '0');
		if (n > 0 && (!least || n < least))
			least = n;
	}
	return least;
}

int64_t mw_expires_at(const struct mw_portal_conf *c, const struct mw_header *h, int64_t now)
{
	int64_t asked = asked_of(h), most = asked ? within(c, asked) : c->expire_max, at = date_of(h, "Expires");

	at = at ? at : date_of(h, "Expiry-Date");
	if (!at)
		return now + (asked ? most : c->expire);
	at = now + within(c, at - now);
	return at > now + most ? now + most : at;
}
