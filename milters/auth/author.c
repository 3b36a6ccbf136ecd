/* SPDX-License-Identifier: Apache-2.0 */
#include "author.h"

#include "milters/dkim/from.h"

#include <idn2.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MAILBOXES_MOST 16u /* of a field that are read; more are others' domains as well */

bool mw_author_field(const struct mw_field *f)
{
	size_t n = f->name.n;

	while (n && (f->name.p[n - 1] == ' ' || f->name.p[n - 1] == '\t'))
		n--; /* "From :" is From to many */
	return n == 4 && strncasecmp(f->name.p, "from", 4) == 0;
}

static bool is_ascii(const char *s)
{
	while (*s && (unsigned char)*s < 0x80)
		s++;
	return !*s;
}

/* U-labels become A-labels (RFC 8616). */
static bool to_alabels(const char *domain, char ret[MW_AUTH_NAME])
{
	char *ascii = NULL;
	size_t n;

	if (is_ascii(domain)) {
		n = strlen(domain);
		if (n < MW_AUTH_NAME)
			memcpy(ret, domain, n + 1);
		return n < MW_AUTH_NAME;
	}
	if (idn2_lookup_u8((const uint8_t *)domain, (uint8_t **)&ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return false;
	n = strlen(ascii);
	if (n < MW_AUTH_NAME)
		memcpy(ret, ascii, n + 1);
	idn2_free(ascii);
	return n && n < MW_AUTH_NAME;
}

static void add(struct mw_authors *a, const char *written)
{
	char domain[MW_AUTH_NAME];

	if (!to_alabels(written, domain)) {
		a->unreadable = true;
		return;
	}
	for (size_t i = 0; i < a->domains; i++)
		if (strcmp(a->domain[i], domain) == 0)
			return;
	if (a->domains == MW_AUTHORS_MOST)
		a->more = true;
	else
		memcpy(a->domain[a->domains++], domain, sizeof(domain));
}

void mw_authors_read(const struct mw_auth_mail *mail, struct mw_authors *ret)
{
	struct mw_dkim_from box[MAILBOXES_MOST];

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < mail->fields; i++) {
		const struct mw_field *f = &mail->field[i];
		size_t n;

		if (!mw_author_field(f))
			continue;
		ret->fields++;
		if (mw_dkim_from_list(f->value.p, f->value.n, box, MAILBOXES_MOST, &n) < 0)
			ret->unreadable = true;
		ret->mailboxes += n;
		for (size_t k = 0; k < n && k < MAILBOXES_MOST; k++)
			add(ret, box[k].domain);
		if (n > MAILBOXES_MOST)
			ret->more = true;
	}
}

bool mw_authors_one(const struct mw_authors *a)
{
	return a->fields == 1 && a->mailboxes == 1 && !a->unreadable && a->domains == 1;
}
