/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/tag.h"

#include "mail/address.h"

#include <string.h>

#define END ".invalid"
#define START ".mw-"

/* Each letter once: more would be tried twice. */
static bool take_means(struct mw_str word, char *means)
{
	if (word.n == 0 || word.n >= sizeof(((struct mw_tag *)0)->means))
		return false;
	for (size_t i = 0; i < word.n; i++) {
		char c = mw_lower(word.p[i]);

		if (!strchr(MW_TAG_LETTERS, c) || memchr(means, c, i))
			return false;
		means[i] = c;
	}
	means[word.n] = '\0';
	return true;
}

static size_t last_dot(struct mw_str s)
{
	size_t i = s.n;

	while (i > 0 && s.p[i - 1] != '.')
		i--;
	return i;
}

static bool has_domain(struct mw_str s)
{
	const char *at = memrchr(s.p, '@', s.n);

	return at && at > s.p && at + 1 < s.p + s.n;
}

struct mw_tag mw_tag_parse(struct mw_str address)
{
	struct mw_tag ret = {.kind = MW_TAG_NONE, .address = address};
	const size_t end = sizeof(END) - 1, start = sizeof(START) - 1;
	struct mw_str word, before;
	size_t dot;

	if (!mw_address_is_tag(address))
		return ret;
	ret.kind = MW_TAG_OTHER;
	if (address.n <= end || !mw_str_caseeq(mw_str_behind(address, address.n - end), END))
		return ret;
	before = (struct mw_str){.p = address.p, .n = address.n - end};
	dot = last_dot(before);
	if (dot == 0)
		return ret;
	word = mw_str_behind(before, dot - 1);
	before.n = dot - 1;
	if (word.n <= start || !mw_str_caseeq((struct mw_str){.p = word.p, .n = start}, START) || !has_domain(before) ||
	    mw_address_is_tag(before))
		return ret;
	word = mw_str_behind(word, start);
	if (mw_str_caseeq(word, "open"))
		ret.kind = MW_TAG_OPEN;
	else if (mw_str_caseeq(word, "portal"))
		ret.kind = MW_TAG_PORTAL;
	else if (word.n > 4 && mw_str_caseeq((struct mw_str){.p = word.p, .n = 4}, "seal") &&
		 take_means(mw_str_behind(word, 4), ret.means))
		ret.kind = MW_TAG_SEAL;
	if (ret.kind != MW_TAG_OTHER)
		ret.address = before;
	else
		ret.means[0] = '\0';
	return ret;
}
