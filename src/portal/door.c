/* SPDX-License-Identifier: Apache-2.0 */
#include "portal/door.h"

#include "base/clock.h"
#include "base/log.h"
#include "pickup/prove.h"
#include "portal/pages.h"
#include "portal/portal.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#define FORM_AGE 43200 /* seconds: a page may stay open over night */

/* What a link leads to. */
struct door {
	unsigned char id[MW_PICKUP_ID], secret[MW_PICKUP_SECRET];
	char text[MW_PICKUP_ID_TEXT]; /* of the id, for the log */
	struct mw_pickup_row row;
};

static void forget(struct door *d)
{
	OPENSSL_cleanse(d->secret, sizeof(d->secret));
}

/* It ended by somebody's doing, which is not told. */
static bool recalled(const struct mw_request *r, const struct door *d)
{
	return d->row.state == MW_PICKUP_RECALLED || (d->row.state != MW_PICKUP_EXPIRED && d->row.expires > r->now);
}

/* Of a link that is right. */
static void expired(struct mw_request *r, const struct door *d)
{
	struct mw_values *v = mw_page_values(r);

	if (v)
		mw_values_date(v, "expires", d->row.expires);
	mw_page(r, 410, "expired.html", v);
}

/* False: there is an answer. */
static bool find(struct mw_request *r, struct door *d)
{
	struct mw_err err = {0};
	int found;

	if (!mw_pickup_link_parse(r->arg[0], d->id, d->secret)) {
		mw_page_gone(r);
		return false;
	}
	mw_pickup_id_text(d->id, d->text);
	found = mw_pickup_check(r->store, d->id, d->secret, r->now, &d->row, &err);
	if (found == 0 && d->row.locked_until > r->now)
		found = -EACCES;
	/* A page that tells nothing is in the browser's language, too, as for a link that leads nowhere. */
	if (found == 0 || (found == -ESTALE && !recalled(r, d)))
		mw_page_language(r, d->row.language);
	if (found == -ENOENT || found == -EACCES || (found == -ESTALE && recalled(r, d))) {
		mw_page_gone(r);
	} else if (found == -ESTALE) {
		expired(r, d);
	} else if (found < 0) {
		mw_log(MW_ERROR, NULL, "store", "%s", err.text);
		mw_page_later(r);
	}
	if (found < 0)
		forget(d);
	return found == 0;
}

/* The values that pages with a form of this door have. NULL: no memory. */
static struct mw_values *values(struct mw_request *r, const struct door *d, const char *purpose)
{
	struct mw_values *v = mw_page_values(r);
	char csrf[MW_SECRET_FORM];

	if (!v || !mw_secret_form(r->portal->form_key, purpose, r->arg[0], r->now, csrf))
		return NULL;
	mw_values_set(v, "link", r->arg[0]);
	mw_values_puts(v, "csrf", csrf);
	mw_values_flag(v, "code", d->row.proof & MW_PROOF_CODE);
	mw_values_flag(v, "passphrase", d->row.proof & MW_PROOF_PASSPHRASE);
	return v;
}

void mw_door_show(struct mw_request *r)
{
	struct door d;

	if (!find(r, &d))
		return;
	forget(&d);
	mw_page(r, 200, "link.html", values(r, &d, "ask"));
}
