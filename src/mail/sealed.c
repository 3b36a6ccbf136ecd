/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/sealed.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"

#define HEAD 256u /* octets of the content that are looked at */

static bool holds(struct mw_str s, const char *octets, size_t n)
{
	return s.n >= n && memmem(s.p, s.n, octets, n) != NULL;
}

/* ContentInfo of RFC 5652: a sequence that begins with the object identifier of what it holds. */
static bool is_enveloped(struct mw_str head)
{
	/* 1.2.840.113549.1.7.3 enveloped-data, 1.2.840.113549.1.9.16.1.23 authenticated-enveloped-data */
	static const char enveloped[] = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03";
	static const char auth[] = "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17";

	if (head.n > 32)
		head.n = 32;
	return head.n && head.p[0] == 0x30 &&
	       (holds(head, enveloped, sizeof(enveloped) - 1) || holds(head, auth, sizeof(auth) - 1));
}

/* The length in front of a value: moves *at behind it. false: there is none, or it says more than there is. */
static bool take_length(struct mw_str s, size_t *at, size_t *ret)
{
	unsigned char first = (unsigned char)s.p[(*at)++];
	size_t octets = first & 0x80 ? first & 0x7fu : 0, n = octets ? 0 : first;

	if (octets > sizeof(n) || octets > s.n - *at)
		return false;
	while (octets--)
		n = n << 8 | (unsigned char)s.p[(*at)++];
	*ret = n;
	return n <= s.n - *at;
}

/* Octets of the first value in BER; 0 = it has no end. Those without a length end with the mark of an end, in all of their depth. */
static size_t value_octets(struct mw_str s)
{
	size_t at = 0, open = 0, n;

	do {
		if (s.n - at < 2)
			return 0;
		if (s.p[at] == 0 && s.p[at + 1] == 0 && open) {
			open--;
			at += 2;
			continue;
		}
		if ((s.p[at] & 0x1f) == 0x1f) /* CMS has no such tags */
			return 0;
		if ((unsigned char)s.p[++at] == 0x80) {
			if (!(s.p[at - 1] & 0x20))
				return 0;
			open++;
			at++;
			continue;
		}
		if (!take_length(s, &at, &n))
			return 0;
		at += n;
	} while (open);
	return at;
}

/* What follows the value would leave in clear. */
bool mw_is_whole_value(struct mw_str s)
{
	size_t n;

	if (s.n < 4 || s.p[0] != 0x30)
		return false;
	n = value_octets(s);
	return n && mw_str_trim((struct mw_str){.p = s.p + n, .n = s.n - n}).n == 0;
}

static struct mw_str take_line(struct mw_str *s)
{
	const char *lf = memchr(s->p, '\n', s->n);
	struct mw_str line = {.p = s->p, .n = lf ? (size_t)(lf - s->p) : s->n};

	s->p += line.n + (lf ? 1 : 0);
	s->n -= line.n + (lf ? 1 : 0);
	return mw_str_trim(line);
}

/* "Version: …" and the like (RFC 9580 6.2.2). */
static bool is_armour_field(struct mw_str line)
{
	static const char *const known[] = {"Version: ", "Comment: ", "MessageID: ", "Hash: ", "Charset: "};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (line.n > strlen(known[i]) && line.n <= 100 && memcmp(line.p, known[i], strlen(known[i])) == 0)
			return true;
	return false;
}

/* Fields, an empty line, and nothing but base64. */
static bool is_armour_body(struct mw_str s)
{
	struct mw_str line = take_line(&s);
	bool any = false;

	while (is_armour_field(line))
		line = take_line(&s);
	if (line.n)
		return false;
	while (s.n) {
		line = take_line(&s);
		for (size_t i = 0; i < line.n; i++)
			if (!mw_transfer_is_base64(line.p[i]))
				return false;
		any |= line.n > 0;
	}
	return any;
}

bool mw_is_armoured(struct mw_str s, const char *kind)
{
	char begin[64], end[64];
	size_t b = (size_t)snprintf(begin, sizeof(begin), "-----BEGIN PGP %s-----\n", kind) - 1;
	size_t e = (size_t)snprintf(end, sizeof(end), "-----END PGP %s-----", kind);
	struct mw_str first;

	s = mw_str_trim(s);
	if (s.n < b + e || memcmp(s.p, begin, b) != 0 || memcmp(s.p + s.n - e, end, e) != 0)
		return false;
	s.n -= e;
	first = take_line(&s);
	return first.n == b && is_armour_body(s);
}

/* All of a leaf, decoded. Without memory there is no seal. */
static bool is_sealed_whole(struct mw_str whole)
{
	return is_enveloped(whole) ? mw_is_whole_value(whole) : mw_is_armoured(whole, "MESSAGE");
}

static bool is_version(const char *type, struct mw_str data)
{
	return strcmp(type, "application/pgp-encrypted") == 0 && mw_str_caseeq(mw_str_trim(data), "version: 1");
}

bool mw_sealed(const char *type, struct mw_str data, enum mw_transfer transfer)
{
	static const char begin[] = "-----BEGIN PGP MESSAGE-----";
	struct mw_str head = {.p = data.p, .n = data.n < HEAD ? data.n : HEAD}, whole = data;
	bool all = data.n <= HEAD, sealed, worth;
	struct mw_buf buf = MW_BUF_INIT;

	if (transfer != MW_TRANSFER_NONE) {
		all = mw_transfer_decode(transfer, data, HEAD, &buf) == 0; /* too long is expected */
		head = (struct mw_str){.p = mw_buf_text(&buf), .n = buf.n};
	}
	sealed = all && is_version(type, head);
	worth = is_enveloped(head) || holds(head, begin, sizeof(begin) - 1);
	if (worth && transfer != MW_TRANSFER_NONE) {
		mw_buf_free(&buf);
		worth = mw_transfer_decode(transfer, data, UINT64_MAX, &buf) == 0;
		whole = (struct mw_str){.p = mw_buf_text(&buf), .n = buf.n};
	}
	sealed = sealed || (worth && is_sealed_whole(whole));
	mw_buf_free(&buf);
	return sealed;
}
