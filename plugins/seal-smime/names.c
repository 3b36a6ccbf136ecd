/* SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* One @ at least, nothing that ends a line or a word, printable but for UTF-8. */
static bool is_address(const char *p, size_t n)
{
	size_t at = n;

	if (n == 0 || n >= NAMES_ADDRESS)
		return false;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)p[i] <= ' ' || p[i] == 0x7f)
			return false;
		if (p[i] == '@')
			at = i;
	}
	return at > 0 && at + 1 < n;
}

static int add(struct names *names, const ASN1_STRING *s)
{
	const char *p = (const char *)ASN1_STRING_get0_data(s);
	int n = ASN1_STRING_length(s);

	if (names->n == NAMES_MAX || n <= 0 || !is_address(p, (size_t)n))
		return 0;
	names->v[names->n] = strndup(p, (size_t)n);
	if (!names->v[names->n])
		return -ENOMEM;
	names->n++;
	return 0;
}

/* *any: there is a name of mail, an odd one too: then the subject does not count. */
static int add_alternative(struct names *names, X509 *x, bool *any)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	int r = 0;

	for (int i = 0; r == 0 && i < sk_GENERAL_NAME_num(all); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(all, i);

		if (g->type == GEN_EMAIL) {
			*any = true;
			r = add(names, g->d.rfc822Name);
		} else if (g->type == GEN_OTHERNAME && OBJ_obj2nid(g->d.otherName->type_id) == NID_id_on_SmtpUTF8Mailbox &&
			   g->d.otherName->value->type == V_ASN1_UTF8STRING) {
			*any = true;
			r = add(names, g->d.otherName->value->value.utf8string);
		}
	}
	GENERAL_NAMES_free(all);
	ERR_clear_error();
	return r;
}

int names_of(X509 *x, struct names *ret)
{
	struct names names = {.n = 0};
	bool any = false;
	int r = add_alternative(&names, x, &any), at = -1;
	X509_NAME *subject = X509_get_subject_name(x);

	while (r == 0 && !any && (at = X509_NAME_get_index_by_NID(subject, NID_pkcs9_emailAddress, at)) >= 0)
		r = add(&names, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	if (r < 0) {
		names_drop(&names);
		return r;
	}
	*ret = names;
	return 0;
}

void names_drop(struct names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->v[i]);
	names->n = 0;
}

bool names_key(const char *address, char key[NAMES_ADDRESS])
{
	size_t n = strlen(address);

	if (!is_address(address, n))
		return false;
	for (size_t i = 0; i <= n; i++)
		key[i] = (char)(address[i] >= 'A' && address[i] <= 'Z' ? address[i] + ('a' - 'A') : address[i]);
	return true;
}

bool names_equal(const char *a, const char *b)
{
	const char *x = strrchr(a, '@'), *y = strrchr(b, '@');

	return x && y && x - a == y - b && memcmp(a, b, (size_t)(x - a)) == 0 && strcasecmp(x, y) == 0;
}

bool names_have(const struct names *names, const char *address)
{
	char key[NAMES_ADDRESS], other[NAMES_ADDRESS];

	if (!names_key(address, key))
		return false;
	for (size_t i = 0; i < names->n; i++)
		if (names_key(names->v[i], other) && strcmp(key, other) == 0)
			return true;
	return false;
}
