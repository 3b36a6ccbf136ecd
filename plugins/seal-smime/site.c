/* SPDX-License-Identifier: Apache-2.0 */
#include "site.h"

#include "ocsp.h"
#include "socketmap.h"
#include "usable.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOOK_MS 1000	  /* between looks at whether a folder has other files */
#define THOROUGH_MS 30000 /* ... and whether a file has other octets */
#define HOLDS 3600	  /* seconds that what was found of a certificate holds at most */
#define HOLDS_UNKNOWN 30

/* ---- what there is --------------------------------------------------------------------------------------------------------------- */

/* Under `reading`. */
static int read_folders(struct site *s, bool thorough, struct mw_err *err)
{
	struct index *index, *old;
	bool changed = s->index == NULL;
	int r = 0;

	for (size_t i = 0; r == 0 && i < INDEX_FOLDERS; i++)
		r = folder_read(s->host, s->self, &s->folder[i], thorough, &changed, err);
	if (r < 0 || !changed)
		return r;
	r = index_new(s->folder, &index);
	if (r < 0)
		return s->host->fail(err, r, "no memory for the index of certificates");
	(void)pthread_mutex_lock(&s->lock);
	old = s->index;
	s->index = index;
	(void)pthread_mutex_unlock(&s->lock);
	index_unref(old);
	return 0;
}

int site_open(struct site *s, const struct mw_host *host, struct mw_self *self, const struct smime_conf *conf, struct mw_err *err)
{
	int r;

	*s = (struct site){.host = host, .self = self, .conf = conf};
	s->folder[INDEX_CERTIFICATES] = (struct folder){.what = "certificates", .path = conf->certificates};
	s->folder[INDEX_STORE] = (struct folder){.what = "store", .path = conf->store};
	s->folder[INDEX_ANCHORS] = (struct folder){.what = "anchors", .path = conf->anchors};
	s->folder[INDEX_CRLS] = (struct folder){.what = "crls", .path = conf->crls};
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_mutex_init(&s->reading, NULL);
	r = read_folders(s, true, err);
	if (r == 0 && conf->anchors && s->index->trust.anchors == 0)
		r = host->fail(err, -EINVAL, "anchors: there is no certificate in %s", conf->anchors);
	s->due = socketmap_clock() + LOOK_MS;
	s->thorough = socketmap_clock() + THOROUGH_MS;
	return r;
}

void site_close(struct site *s)
{
	index_unref(s->index);
	for (size_t i = 0; i < INDEX_FOLDERS; i++)
		folder_free(&s->folder[i]);
	(void)pthread_mutex_destroy(&s->lock);
	(void)pthread_mutex_destroy(&s->reading);
}

static bool is_due(struct site *s, bool *thorough)
{
	int64_t now = socketmap_clock();
	bool due;

	(void)pthread_mutex_lock(&s->lock);
	due = now >= s->due;
	*thorough = now >= s->thorough;
	if (due)
		s->due = now + LOOK_MS;
	if (due && *thorough)
		s->thorough = now + THOROUGH_MS;
	(void)pthread_mutex_unlock(&s->lock);
	return due;
}

void site_refresh(struct site *s)
{
	struct mw_err err = {0};
	bool thorough;

	/* Whoever comes while another reads goes on with what is known. */
	if (!is_due(s, &thorough) || pthread_mutex_trylock(&s->reading) != 0)
		return;
	if (read_folders(s, thorough, &err) == 0) {
		s->failed = false;
	} else if (!s->failed) {
		s->failed = true;
		s->host->log(s->self, NULL, MW_ERROR, "certificates", "%s; what was read before stays in use", err.text);
	}
	(void)pthread_mutex_unlock(&s->reading);
}

struct index *site_index(struct site *s)
{
	struct index *ix;

	(void)pthread_mutex_lock(&s->lock);
	ix = index_ref(s->index);
	(void)pthread_mutex_unlock(&s->lock);
	return ix;
}

/* ---- what it is worth ------------------------------------------------------------------------------------------------------------ */

int site_trusts(struct site *s, const struct index *ix, X509 *x, STACK_OF(X509) * by, int64_t now, int64_t *until,
		char why[SMIME_WHY])
{
	int64_t how = s->conf->revocation;
	bool lists = how == SMIME_REVOCATION_CRL || how == SMIME_REVOCATION_ANY;
	STACK_OF(X509) *chain = NULL;
	enum trust_found found = trust_chain(&ix->trust, x, by, now, lists, &chain, why);
	int r = found == TRUST_GOOD;

	if (found == TRUST_NO_CRL && how == SMIME_REVOCATION_ANY) {
		found = trust_chain(&ix->trust, x, by, now, false, &chain, why);
		r = found == TRUST_GOOD ? ocsp_chain(s->conf->lookup, &ix->trust, chain, now, until, why) : 0;
	} else if (r == 1 && how == SMIME_REVOCATION_OCSP) {
		r = ocsp_chain(s->conf->lookup, &ix->trust, chain, now, until, why);
	}
	if (r == 1) {
		int64_t end = trust_until(&ix->trust, chain, now);

		*until = end < *until ? end : *until;
	}
	sk_X509_pop_free(chain, X509_free);
	return r;
}

static void judge(struct site *s, const struct index *ix, const struct index_cert *c, int64_t now, struct index_found *f)
{
	int64_t when;

	*f = (struct index_found){.from = now, .until = now + HOLDS};
	if (!usable_now(c->x, USABLE_TO_ENCRYPT, now, f->why)) {
		if (c->not_before > now && c->not_before < f->until)
			f->until = c->not_before - 1;
		return;
	}
	f->able = 1;
	if (c->from == INDEX_STORE || s->conf->verify)
		f->able = site_trusts(s, ix, c->x, NULL, now, &f->until, f->why);
	if (f->able < 0)
		f->until = now + HOLDS_UNKNOWN;
	if (usable_time(X509_get0_notAfter(c->x), &when) && when < f->until)
		f->until = when;
}

void site_judge(struct site *s, struct index *ix, struct index_cert *c, int64_t now, struct index_found *f)
{
	bool known;

	(void)pthread_mutex_lock(&s->lock);
	known = c->found.from <= now && now <= c->found.until;
	if (known)
		*f = c->found;
	(void)pthread_mutex_unlock(&s->lock);
	if (known)
		return;
	judge(s, ix, c, now, f);
	(void)pthread_mutex_lock(&s->lock);
	c->found = *f;
	(void)pthread_mutex_unlock(&s->lock);
}

static void why_none(const struct index *ix, const char *address, char why[2 * SMIME_WHY])
{
	const char *unread = index_why(ix, address);

	if (unread)
		(void)snprintf(why, 2 * SMIME_WHY, "its certificate: cannot be read: %s", unread);
	else
		(void)snprintf(why, 2 * SMIME_WHY, "there is no certificate for it");
}

int site_choose(struct site *s, struct index *ix, const char *address, int64_t now, const struct index_cert **cert,
		char why[2 * SMIME_WHY])
{
	const struct index_entry *entry[INDEX_SAME];
	ssize_t n = index_find(ix, address, entry, INDEX_SAME);
	int64_t begin = socketmap_clock();
	size_t at = 0, told = 0;
	int able = 0;

	if (n < 0)
		(void)snprintf(why, 2 * SMIME_WHY,
			       "there are certificates for several spellings of its local part, and none for this one");
	else if (n == 0)
		why_none(ix, address, why);
	for (ssize_t i = 0; i < n; i++) {
		struct index_cert *c = &ix->cert[entry[i]->cert];
		struct index_found f;

		if (able < 0 && socketmap_clock() - begin >= OCSP_WAIT_MS)
			break; /* each of them may take as long */
		site_judge(s, ix, c, now, &f);
		if (f.able > 0) {
			*cert = c;
			return 1;
		}
		able = f.able < 0 ? f.able : able;
		if (told < 3 && at < 2 * SMIME_WHY)
			at += (size_t)snprintf(why + at, 2 * SMIME_WHY - at, "%s%s",
					       told ? "; another: " : "its certificate: ", f.why);
		told++;
	}
	return able;
}
