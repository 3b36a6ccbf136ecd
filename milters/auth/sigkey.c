/* SPDX-License-Identifier: Apache-2.0 */
#include "sigkey.h"

#include "taglist.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NAME_ROOM (2 * MW_AUTH_NAME + 16)

static bool has_member(const struct mw_str *list, const char *a, const char *b)
{
	struct mw_str rest = *list, member;

	while (mw_tag_member(&rest, &member))
		if (mw_tag_is(&member, a) || (b && mw_tag_is(&member, b)))
			return true;
	return false;
}

static enum mw_auth_word refuse(const char **why, const char *text)
{
	*why = text;
	return MW_AUTH_PERMERROR;
}

static enum mw_auth_word read_key(const struct mw_taglist *tags, struct mw_sigkey *key, bool *revoked, const char **why)
{
	const struct mw_str *p = mw_taglist_get(tags, "p");
	ptrdiff_t n;

	if (!p)
		return refuse(why, "the key record has no key (p=)");
	*revoked = p->n == 0;
	if (*revoked)
		return refuse(why, "the key is revoked");
	n = mw_tag_base64(*p, key->octets, sizeof(key->octets));
	if (n == -EFBIG)
		return refuse(why, "the key is too long");
	if (n <= 0)
		return refuse(why, "the key (p=) is no base64");
	if (key->ed25519 && n != 32)
		return refuse(why, "the key (p=) is not of 32 octets");
	key->n = (size_t)n;
	return MW_AUTH_PASS;
}

enum mw_auth_word mw_sigkey_parse(struct mw_str record, struct mw_sigkey *ret, bool *revoked, const char **why)
{
	const struct mw_str *k, *h, *s, *t, *v;
	struct mw_sigkey key = {0};
	struct mw_taglist tags;
	const char *what;
	enum mw_auth_word word;

	*revoked = false;
	if (record.n > MW_SIGKEY_RECORD_MAX)
		return refuse(why, "the key record is too long");
	if (mw_taglist_parse(record, &tags, &what) < 0)
		return refuse(why, "the key record is no list of tags");
	v = mw_taglist_get(&tags, "v");
	if (v && (!mw_tag_is(v, "DKIM1") || v != &tags.tag[0].value))
		return refuse(why, "the key record has a version (v=) that is not known, or has it not in front");
	k = mw_taglist_get(&tags, "k");
	key.ed25519 = k && mw_tag_is(k, "ed25519");
	if (k && !key.ed25519 && !mw_tag_is(k, "rsa"))
		return refuse(why, "the key record is of a kind (k=) that is not known");
	h = mw_taglist_get(&tags, "h");
	if (h && !has_member(h, "sha256", NULL))
		return refuse(why, "the key record does not allow sha256 (h=)");
	s = mw_taglist_get(&tags, "s");
	if (s && !has_member(s, "email", "*"))
		return refuse(why, "the key is not for mail (s=)");
	t = mw_taglist_get(&tags, "t");
	key.testing = t && has_member(t, "y", NULL);
	key.no_subdomain = t && has_member(t, "s", NULL);
	word = read_key(&tags, &key, revoked, why);
	if (word == MW_AUTH_PASS)
		*ret = key;
	return word;
}

static void key_name(char to[NAME_ROOM], const char *selector, const char *domain)
{
	(void)snprintf(to, NAME_ROOM, "%s._domainkey.%s", selector, domain);
}

void mw_sigkey_want(const struct mw_resolver *resolver, const char *selector, const char *domain)
{
	char name[NAME_ROOM];

	key_name(name, selector, domain);
	if (strlen(name) <= 253)
		resolver->want(resolver->ctx, name, MW_RR_TXT);
}

/* The strings of TXT without the length in front of each; cut at room. */
static size_t joined(struct mw_str rdata, char *to, size_t room)
{
	size_t n = 0;

	while (rdata.n > 0) {
		size_t length = (unsigned char)rdata.p[0];

		rdata.p++;
		rdata.n--;
		if (length > rdata.n)
			length = rdata.n;
		if (length > room - n)
			length = room - n;
		memcpy(to + n, rdata.p, length);
		n += length;
		rdata.p += length;
		rdata.n -= length;
		if (n == room)
			break;
	}
	return n;
}

/* A domain whose every name has a TXT record (a wildcard for SPF) still has keys. */
static bool looks_like_key(struct mw_str text)
{
	struct mw_taglist tags;
	const char *why;

	return mw_taglist_parse(text, &tags, &why) == 0 && mw_taglist_get(&tags, "p");
}

static enum mw_auth_word choose(const struct mw_records *records, struct mw_sigkey *ret, bool *revoked, const char **why)
{
	char text[MW_SIGKEY_RECORD_MAX + 1];
	struct mw_str record = {.p = text};
	size_t found = 0, at = 0;

	if (records->n == 0)
		return refuse(why, "there is no key in DNS");
	for (size_t i = 0; i < records->n && records->n > 1; i++) {
		record.n = joined(records->record[i], text, sizeof(text));
		if (!looks_like_key(record))
			continue;
		at = i;
		found++;
	}
	if (records->n > 1 && found != 1)
		return refuse(why, found ? "there are several keys in DNS" : "there is no key in DNS, but other records");
	record.n = joined(records->record[at], text, sizeof(text));
	return mw_sigkey_parse(record, ret, revoked, why);
}

enum mw_auth_word mw_sigkey_get(const struct mw_resolver *resolver, const char *selector, const char *domain,
				struct mw_sigkey *ret, bool *revoked, const char **why)
{
	struct mw_records records;
	char name[NAME_ROOM];
	enum mw_auth_word word;
	int r;

	*revoked = false;
	key_name(name, selector, domain);
	r = resolver->get(resolver->ctx, name, MW_RR_TXT, &records);
	if (r == -EINVAL)
		return refuse(why, "the name of the key is too long");
	*why = "no memory";
	if (r < 0)
		return MW_AUTH_TEMPERROR;
	switch (records.status) {
	case MW_RECORDS_ANSWER:
		word = choose(&records, ret, revoked, why);
		if (word == MW_AUTH_PASS)
			ret->secure = records.secure;
		return word;
	case MW_RECORDS_BOGUS:
		*why = "DNSSEC proves the answer for the key wrong";
		return MW_AUTH_TEMPERROR;
	case MW_RECORDS_TIMEOUT:
		*why = "DNS did not answer for the key in time";
		return MW_AUTH_TEMPERROR;
	case MW_RECORDS_FAILED:
		break;
	}
	*why = "DNS failed for the key";
	return MW_AUTH_TEMPERROR;
}
