/* SPDX-License-Identifier: Apache-2.0 */
#include "dmarc_record.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

enum tag {
	TAG_ADKIM,
	TAG_ASPF,
	TAG_FO,
	TAG_NP,
	TAG_P,
	TAG_PCT,
	TAG_PSD,
	TAG_RF,
	TAG_RI,
	TAG_RUA,
	TAG_RUF,
	TAG_SP,
	TAG_T,
	TAG_V,
	TAGS
};

static const char *const names[TAGS] = {"adkim", "aspf", "fo", "np", "p", "pct", "psd", "rf", "ri", "rua", "ruf", "sp", "t", "v"};

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static struct mw_str trim(const char *p, size_t n)
{
	while (n && is_space(p[0])) {
		p++;
		n--;
	}
	while (n && is_space(p[n - 1]))
		n--;
	return (struct mw_str){.p = p, .n = n};
}

static bool is(struct mw_str s, const char *word)
{
	return s.n == strlen(word) && strncasecmp(s.p, word, s.n) == 0;
}

/* Takes what stands in front of the next c, or all of it, off the text. */
static struct mw_str cut(struct mw_str *text, char c)
{
	const char *end = memchr(text->p, c, text->n);
	size_t n = end ? (size_t)(end - text->p) : text->n, skip = end ? n + 1 : n;
	struct mw_str piece = trim(text->p, n);

	text->p += skip;
	text->n -= skip;
	return piece;
}

/* ---- values ----------------------------------------------------------------------------------------------------------------- */

static bool read_policy(struct mw_str v, enum mw_dmarc_policy *ret)
{
	if (is(v, "none"))
		*ret = MW_DMARC_ASKS_NONE;
	else if (is(v, "quarantine"))
		*ret = MW_DMARC_ASKS_QUARANTINE;
	else if (is(v, "reject"))
		*ret = MW_DMARC_ASKS_REJECT;
	else
		return false;
	return true;
}

static bool read_choice(struct mw_str v, const char *yes, const char *no, bool *ret)
{
	if (!is(v, yes) && !is(v, no))
		return false;
	*ret = is(v, yes);
	return true;
}

static bool read_number(struct mw_str v, uint32_t most, uint32_t *ret)
{
	uint64_t x = 0;

	if (v.n == 0 || v.n > 10)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		if (!is_digit(v.p[i]))
			return false;
		x = x * 10 + (uint64_t)(v.p[i] - '0');
	}
	if (x > most)
		return false;
	*ret = (uint32_t)x;
	return true;
}

static bool read_fo(struct mw_str v, unsigned *ret)
{
	unsigned fo = 0;

	while (v.n) {
		struct mw_str one = cut(&v, ':');

		if (is(one, "0"))
			fo |= MW_DMARC_FO_ALL;
		else if (is(one, "1"))
			fo |= MW_DMARC_FO_ANY;
		else if (is(one, "d"))
			fo |= MW_DMARC_FO_DKIM;
		else if (is(one, "s"))
			fo |= MW_DMARC_FO_SPF;
		else
			return false;
	}
	if (fo)
		*ret = fo;
	return fo != 0;
}

static bool read_psd(struct mw_str v, char *ret)
{
	if (!is(v, "y") && !is(v, "n") && !is(v, "u"))
		return false;
	*ret = (char)(v.p[0] | 0x20);
	return true;
}

static bool read_pct(struct mw_str v, unsigned *ret)
{
	uint32_t pct;

	if (v.n > 3 || !read_number(v, 100, &pct))
		return false;
	*ret = pct;
	return true;
}

/* A list with one readable address at least. */
static bool read_addresses(struct mw_str v, struct mw_str *ret)
{
	char address[MW_DMARC_ADDRESS];
	struct mw_str rest = v;

	if (!mw_dmarc_address_next(&rest, address))
		return false;
	*ret = v;
	return true;
}

static bool read_value(enum tag tag, struct mw_str v, struct mw_dmarc_record *r)
{
	switch (tag) {
	case TAG_ADKIM:
		return read_choice(v, "s", "r", &r->adkim_strict);
	case TAG_ASPF:
		return read_choice(v, "s", "r", &r->aspf_strict);
	case TAG_FO:
		return read_fo(v, &r->fo);
	case TAG_NP:
		return read_policy(v, &r->np);
	case TAG_P:
		return read_policy(v, &r->p);
	case TAG_PCT:
		return read_pct(v, &r->pct);
	case TAG_PSD:
		return read_psd(v, &r->psd);
	case TAG_RI:
		return read_number(v, UINT32_MAX, &r->ri);
	case TAG_RUA:
		return read_addresses(v, &r->rua);
	case TAG_RUF:
		return read_addresses(v, &r->ruf);
	case TAG_SP:
		return read_policy(v, &r->sp);
	case TAG_T:
		return read_choice(v, "y", "n", &r->testing);
	default:
		return true; /* rf: there is but one format; v: is read */
	}
}

/* ---- the record ------------------------------------------------------------------------------------------------------------- */

/* "v=DMARC1", the version in capitals, and nothing in front of it: what begins otherwise is another record. */
static bool read_version(struct mw_str *text)
{
	struct mw_str first, name;

	if (text->n == 0 || is_space(text->p[0]))
		return false;
	first = cut(text, ';');
	name = cut(&first, '=');
	first = trim(first.p, first.n);
	return is(name, "v") && first.n == 6 && memcmp(first.p, "DMARC1", 6) == 0;
}

static enum tag find_tag(struct mw_str name)
{
	for (unsigned i = 0; i < TAGS; i++)
		if (is(name, names[i]))
			return (enum tag)i;
	return TAGS;
}

static bool decides(enum tag tag)
{
	return tag == TAG_P || tag == TAG_SP || tag == TAG_NP;
}

/* Reads the tags. false: one stands twice. *bad: what policies say is not readable. */
static bool read_tags(struct mw_str text, struct mw_dmarc_record *r, bool *bad)
{
	bool seen[TAGS] = {[TAG_V] = true};

	while (text.n) {
		struct mw_str value = cut(&text, ';'), name;
		bool equals = memchr(value.p, '=', value.n) != NULL;
		enum tag tag;

		name = cut(&value, '=');
		tag = equals ? find_tag(name) : TAGS;
		if (tag == TAGS)
			continue;
		if (seen[tag])
			return false;
		seen[tag] = true;
		if (read_value(tag, trim(value.p, value.n), r))
			continue;
		if (decides(tag))
			*bad = true;
		if (!r->defect)
			r->defect = names[tag];
	}
	return true;
}

int mw_dmarc_record_parse(const char *p, size_t n, struct mw_dmarc_record *ret, const char **why)
{
	struct mw_dmarc_record r = {.psd = 'u', .fo = MW_DMARC_FO_ALL, .pct = 100, .ri = 86400};
	struct mw_str text = {.p = p, .n = n};
	bool bad = false;

	if (n == 0 || !read_version(&text))
		return -ENOENT;
	if (n > MW_DMARC_RECORD_MAX) {
		*why = "the record is too long";
		return -EINVAL;
	}
	if (!read_tags(text, &r, &bad)) {
		*why = "the record has a tag twice";
		return -EINVAL;
	}
	if (bad || r.p == MW_DMARC_ASKS_NOTHING) {
		if (r.rua.n == 0) {
			*why = bad ? "the record's p, sp or np is none of none, quarantine and reject" : "the record has no p";
			return -EINVAL;
		}
		r.monitors = true;
		r.p = MW_DMARC_ASKS_NONE;
		r.sp = r.np = MW_DMARC_ASKS_NOTHING;
	}
	*ret = r;
	return 0;
}

/* ---- addresses for reports -------------------------------------------------------------------------------------------------- */

static int hex(char c)
{
	if (is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What may stand in an address that is put on a command line and into a header field by the site's own scripts. */
static bool is_plain(unsigned char c, bool domain)
{
	if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit((char)c) || c == '-' || c == '.' || c == '_')
		return true;
	return !domain && c && strchr("+=%~/", c);
}

static bool plain_address(const char *p, size_t n)
{
	const char *at = memchr(p, '@', n);
	size_t local = at ? (size_t)(at - p) : 0;

	if (!at || local == 0 || local > 64 || n - local - 1 == 0 || n - local - 1 > 253 || p[0] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (i != local && !is_plain((unsigned char)p[i], i > local))
			return false;
	return at[1] != '.' && at[1] != '-' && p[n - 1] != '.';
}

/* "mailto:ADDRESS" or "mailto:ADDRESS!10m", with %XX and without ?fields. */
static bool read_uri(struct mw_str uri, char address[MW_DMARC_ADDRESS])
{
	char out[MW_DMARC_ADDRESS];
	size_t n = 0;
	struct mw_str text = uri;

	if (uri.n < 7 || strncasecmp(uri.p, "mailto:", 7) != 0)
		return false;
	text.p += 7;
	text.n -= 7;
	text = cut(&text, '!'); /* a "!" of the address is %21 (RFC 7489 6.3) */
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '%') {
			if (text.n - i < 3 || hex(text.p[i + 1]) < 0 || hex(text.p[i + 2]) < 0)
				return false;
			c = (char)(hex(text.p[i + 1]) * 16 + hex(text.p[i + 2]));
			i += 2;
		}
		if (n + 1 >= sizeof(out))
			return false;
		out[n++] = c;
	}
	if (!plain_address(out, n))
		return false;
	memcpy(address, out, n);
	address[n] = '\0';
	return true;
}

bool mw_dmarc_address_next(struct mw_str *list, char address[MW_DMARC_ADDRESS])
{
	while (list->n)
		if (read_uri(cut(list, ','), address))
			return true;
	return false;
}
