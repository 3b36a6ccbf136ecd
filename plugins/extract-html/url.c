/* SPDX-License-Identifier: Apache-2.0 */
#include "url.h"

#include <string.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool begins(struct mw_str s, const char *word)
{
	size_t i = 0;

	while (word[i] && i < s.n && lower(s.p[i]) == word[i])
		i++;
	return !word[i];
}

static bool begins_one(struct mw_str s, const char *const *list)
{
	while (*list && !begins(s, *list))
		list++;
	return *list != NULL;
}

/* "data:text/html;base64,…": what is before the comma says so. */
static enum url data_kind(struct mw_str s)
{
	static const char *const seen_or_heard[] = {"data:image/", "data:font/", "data:audio/", "data:video/", NULL};

	if (begins_one(s, seen_or_heard))
		return URL_NOTHING;
	for (; s.n && s.p[0] != ','; s.p++, s.n--)
		if (begins(s, ";base64"))
			return URL_SEALED;
	return URL_TEXT;
}

enum url url_kind(struct mw_str s)
{
	static const char *const no_text[] = {"cid:", "javascript:", "mid:", NULL};

	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\n' || s.p[0] == '\r' || s.p[0] == '\f')) {
		s.p++;
		s.n--;
	}
	if (s.n < 2 || begins_one(s, no_text))
		return URL_NOTHING; /* "#" leads nowhere */
	return begins(s, "data:") ? data_kind(s) : URL_TEXT;
}
