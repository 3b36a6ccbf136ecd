/* SPDX-License-Identifier: Apache-2.0 */
/* field: what a request's header and its form say. Pure over (pointer, length); nothing here keeps anything. */
#ifndef MW_PORTAL_FIELD_H
#define MW_PORTAL_FIELD_H

#include "base/arena.h"
#include "base/str.h"

#define MW_FIELDS 16u	    /* of a form */
#define MW_FIELD_CLIENT 64u /* text of an address */

struct mw_fields {
	struct {
		struct mw_str name, value;
	} field[MW_FIELDS];
	size_t n;
};

/* application/x-www-form-urlencoded, decoded into the arena. -EBADMSG: not of that form, or a name comes twice; -E2BIG: too many; -ENOMEM. */
int mw_fields_parse(struct mw_arena *, struct mw_str form, struct mw_fields *ret);
/* "" when it is not there. */
struct mw_str mw_fields_get(const struct mw_fields *, const char *name);

/* The value of a cookie in a Cookie field (RFC 6265); "" when there is none, or two of that name. */
struct mw_str mw_field_cookie(struct mw_str header, const char *name);
/* The media type of a Content-Type field, without parameters. */
struct mw_str mw_field_type(struct mw_str header);
/* The language that Accept-Language (RFC 9110) would rather have: the n-th from 0; "" past the end. */
struct mw_str mw_field_language(struct mw_str header, size_t n);

/* Who asked, as the proxy that spoke to us says: the last address of X-Forwarded-For or X-Real-IP, or the last for= of Forwarded (RFC 7239).
 * IPv6 addresses without their last 64 bits (one customer). False when there is no address: ret is "" then. */
bool mw_field_forwarded(const char *field, struct mw_str value, char ret[MW_FIELD_CLIENT]);

#endif
