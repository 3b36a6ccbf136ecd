/* SPDX-License-Identifier: Apache-2.0 */
/* find: the key of an address. The site's folder goes first, as the site's own word; where it has no key that may be used, the address's
 * domain is asked. Copies of one key count as one: what any of them says, a revocation too, holds. */
#include "file.h"
#include "openpgp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CANDIDATES 64u /* keys of one address that are looked at */

struct candidate {
	const struct pgp_cert *cert;
	struct pgp_cert *own; /* NULL, or the merged copy */
	bool by_name, used;
};

struct candidates {
	size_t n;
	struct candidate v[CANDIDATES];
};

bool openpgp_lower(const char *address, char to[OPENPGP_ADDRESS])
{
	size_t n = strlen(address);

	if (n >= OPENPGP_ADDRESS)
		return false;
	for (size_t i = 0; i <= n; i++)
		to[i] = address[i] >= 'A' && address[i] <= 'Z' ? (char)(address[i] - 'A' + 'a') : address[i];
	return true;
}

/* ---- candidates ------------------------------------------------------------------------------------------------------------------ */

static int add(struct candidates *list, const struct pgp_cert *c, bool by_name)
{
	struct pgp_cert *merged = NULL;

	for (size_t i = 0; i < list->n; i++) {
		struct candidate *old = &list->v[i];
		int r;

		if (memcmp(old->cert->key.fpr, c->key.fpr, PGP_FPR) != 0)
			continue;
		r = pgp_cert_merge(old->cert, c, &merged);
		if (r < 0)
			return r;
		pgp_cert_free(&old->own);
		old->cert = old->own = merged;
		old->by_name |= by_name;
		return 0;
	}
	if (list->n < CANDIDATES)
		list->v[list->n++] = (struct candidate){.cert = c, .by_name = by_name};
	return 0;
}

static void drop(struct candidates *list)
{
	for (size_t i = 0; i < list->n; i++)
		pgp_cert_free(&list->v[i].own);
}

/* Newest first: 1, or 0 with the cause of the newest. A file's name is the site's word where no user id of the key has one. */
static int judge(struct candidates *list, const char *address, int64_t now, struct pgp_use *use, char why[PGP_WHY])
{
	char this[PGP_WHY];
	bool first = true;

	for (;;) {
		struct candidate *best = NULL;
		int r;

		for (size_t i = 0; i < list->n; i++)
			if (!list->v[i].used && (!best || list->v[i].cert->key.made > best->cert->key.made))
				best = &list->v[i];
		if (!best)
			return 0;
		best->used = true;
		r = pgp_judge(best->cert, best->by_name && !pgp_cert_has(best->cert, address) ? NULL : address, now, use, this);
		if (r != 0)
			return r;
		if (first)
			memcpy(why, this, PGP_WHY);
		first = false;
	}
}

/* ---- the domain's directory ------------------------------------------------------------------------------------------------------ */

static void keep_those_of(const char *address, struct pgp_cert **list, size_t *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++)
		if (!list[i]->secret && pgp_cert_has(list[i], address))
			list[kept++] = list[i];
		else
			pgp_cert_free(&list[i]);
	*n = kept;
}

static void say_unread(char *why, int r, bool others)
{
	const char *text = r == -EPFNOSUPPORT ? "is of a version that is not supported"
			   : r == -EFBIG      ? "is too large, or has too many parts"
			   : r < 0	      ? "cannot be read"
			   : others	      ? "has no user id of this address"
					      : NULL;

	if (text)
		(void)snprintf(why, PGP_WHY, "the OpenPGP key that its domain publishes %s", text);
}

int openpgp_wkd_certs(struct openpgp *o, const char *address, struct pgp_cert ***list, size_t *n, char *why, struct mw_err *err)
{
	char failed[PGP_WKD_WHY], *octets = NULL;
	bool others;
	size_t size = 0;
	int r = pgp_wkd_ask(o->wkd, address, &octets, &size, failed);

	if (r < 0)
		return o->host->fail(err, r, "the Web Key Directory of the recipient's domain cannot be asked: %s", failed);
	if (r == 0)
		return 0;
	r = pgp_certs_read(octets, size, list, n);
	free(octets);
	if (r == -ENOMEM)
		return o->host->fail(err, r, "out of memory");
	others = *n > 0;
	keep_those_of(address, *list, n);
	if (*n == 0 && why)
		say_unread(why, r, others);
	return *n > 0;
}

static void free_list(struct pgp_cert **list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pgp_cert_free(&list[i]);
	free(list);
}

/* ---- all ------------------------------------------------------------------------------------------------------------------------- */

static int fail(const struct openpgp *o, int r, struct mw_err *err)
{
	return o->host->fail(err, r, "its OpenPGP keys cannot be looked at: %s", strerror(-r));
}

/* 0 with why, "" = there is no key at all. */
static int find_in_wkd(struct openpgp *o, struct candidates *list, const char *address, int64_t now, struct pgp_use *use,
		       char why[PGP_WHY], struct mw_err *err)
{
	struct pgp_cert **cert = NULL;
	size_t n = 0;
	int r = openpgp_wkd_certs(o, address, &cert, &n, why[0] ? NULL : why, err);

	for (size_t i = 0; i < list->n; i++)
		list->v[i].used = false;
	for (size_t i = 0; r > 0 && i < n; i++) {
		int added = add(list, cert[i], false);

		if (added < 0)
			r = fail(o, added, err);
	}
	if (r > 0) {
		r = judge(list, address, now, use, why);
		if (r < 0)
			r = fail(o, r, err);
	}
	drop(list);
	list->n = 0;
	free_list(cert, n);
	return r;
}

static int find(struct openpgp *o, const struct pgp_shelf *shelf, const char *address, int64_t now, struct pgp_use *use,
		struct mw_err *err)
{
	const struct pgp_entry *entry;
	struct candidates list = {.n = 0};
	char why[PGP_WHY] = "";
	size_t n = shelf ? pgp_shelf_find(shelf, address, &entry) : 0;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = add(&list, entry[i].cert, entry[i].by_name);
	if (r == 0)
		r = judge(&list, address, now, use, why);
	if (r < 0)
		r = fail(o, r, err);
	if (r == 0 && n == 0 && shelf && pgp_shelf_bad_of(shelf, address))
		(void)snprintf(why, sizeof(why), "the file of its OpenPGP key is of no use: %s",
			       pgp_shelf_bad_of(shelf, address));
	if (r == 0 && o->wkd)
		r = find_in_wkd(o, &list, address, now, use, why, err);
	drop(&list);
	if (r == 0 && err)
		(void)o->host->fail(err, -ENOENT, "%s",
				    why[0]   ? why
				    : o->wkd ? "neither the site nor its domain has an OpenPGP key for it"
					     : "there is no OpenPGP key for it");
	return r;
}

int openpgp_find(struct openpgp *o, const char *address, int64_t now, struct pgp_use *use, struct mw_err *err)
{
	char lower[OPENPGP_ADDRESS];
	struct pgp_shelf *shelf = NULL;
	int r = 0;

	if (!openpgp_lower(address, lower)) {
		(void)o->host->fail(err, -EINVAL, "its address is too long");
		return 0;
	}
	if (o->store)
		r = pgp_store_look(o->store, &shelf, err);
	if (r == 0)
		r = find(o, shelf, lower, now, use, err);
	pgp_shelf_drop(&shelf);
	return r;
}
