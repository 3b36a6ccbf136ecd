/* SPDX-License-Identifier: Apache-2.0 */
/* secret: random text, and tokens that forms carry so that another site cannot send them. */
#ifndef MW_PORTAL_SECRET_H
#define MW_PORTAL_SECRET_H

#include "base/str.h"

#define MW_SECRET_KEY 32u
#define MW_SECRET_FORM 49u /* text of a form's token, with the terminator */

/* Hexadecimal digits: size - 1 of them, an even number, and the terminator. False: no random octets. */
bool mw_secret_text(char *ret, size_t size);
/* A token for a form about `subject`, made at `now` (seconds). key: of this process, random. False: no memory. */
bool mw_secret_form(const unsigned char key[MW_SECRET_KEY], const char *purpose, struct mw_str subject, int64_t now,
		    char ret[MW_SECRET_FORM]);
/* Whether text is one that is not older than age seconds. Constant time over the token. */
bool mw_secret_form_good(const unsigned char key[MW_SECRET_KEY], const char *purpose, struct mw_str subject, int64_t now,
			 int64_t age, struct mw_str text);

#endif
