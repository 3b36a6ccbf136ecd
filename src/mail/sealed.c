/* SPDX-License-Identifier: Apache-2.0 */
#include "mail/sealed.h"

#include <string.h>

#include "base/str.h"

#define HEAD 256u /* octets of the content that are looked at */

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n >= k && mw_str_caseeq((struct mw_str){.p = s + n - k, .n = k}, end);
}

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

/* Nothing but armour: text behind its end would leave in clear. */
static bool is_armour(struct mw_str head, struct mw_str data, enum mw_transfer transfer)
{
	static const struct mw_str begin = {.p = "-----BEGIN PGP MESSAGE-----", .n = 27},
				   end = {.p = "-----END PGP MESSAGE-----", .n = 25};

	head = mw_str_trim(head);
	if (head.n < begin.n || memcmp(head.p, begin.p, begin.n) != 0)
		return false;
	if (transfer == MW_TRANSFER_BASE64)
		return true;
	data = mw_str_trim(data);
	return data.n >= end.n && memcmp(data.p + data.n - end.n, end.p, end.n) == 0;
}

static bool is_version(const char *type, struct mw_str data)
{
	return strcmp(type, "application/pgp-encrypted") == 0 && mw_str_caseeq(mw_str_trim(data), "version: 1");
}

bool mw_sealed(const char *type, const char *name, struct mw_str data, enum mw_transfer transfer)
{
	bool smime = strcmp(type, "application/pkcs7-mime") == 0 || strcmp(type, "application/x-pkcs7-mime") == 0 ||
		     ends_with(name, ".p7m");
	struct mw_buf buf = MW_BUF_INIT;
	struct mw_str head;
	bool sealed;

	if (transfer == MW_TRANSFER_NONE) {
		head = (struct mw_str){.p = data.p, .n = data.n < HEAD ? data.n : HEAD};
	} else {
		(void)mw_transfer_decode(transfer, data, HEAD,
					 &buf); /* too long is expected, and without memory there is no seal */
		head = (struct mw_str){.p = mw_buf_text(&buf), .n = buf.n};
	}
	sealed = (smime && is_enveloped(head)) || is_armour(head, data, transfer) || is_version(type, head);
	mw_buf_free(&buf);
	return sealed;
}
