/* SPDX-License-Identifier: Apache-2.0 */
/* names: the mail addresses that a certificate is for (RFC 8550 3, RFC 8398), and which address is the same as another. */
#ifndef SEAL_SMIME_NAMES_H
#define SEAL_SMIME_NAMES_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

#define NAMES_MAX 16u
#define NAMES_ADDRESS 320u /* with NUL */

struct names {
	size_t n;
	char *v[NAMES_MAX]; /* names_drop() */
};

/* rfc822Name and SmtpUTF8Mailbox of the subjectAltName; only where it has none the emailAddress of the subject. What is no address
 * (NUL, blanks, no @) is left out. 0 or -ENOMEM. */
int names_of(X509 *, struct names *);
void names_drop(struct names *);

/* address in the form that finds all spellings of it: ASCII in lower case. False: it is no address. */
bool names_key(const char *address, char key[NAMES_ADDRESS]);
/* Local parts octet by octet, domains without regard to case. */
bool names_equal(const char *a, const char *b);
/* Is the address one of them? Exactly; or without regard to case. */
bool names_have(const struct names *, const char *address);

#endif
