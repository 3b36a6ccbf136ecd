/* SPDX-License-Identifier: Apache-2.0 */
#include "index.h"

#include "usable.h"

#include <errno.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

static const enum index_folder of_people[] = {INDEX_CERTIFICATES, INDEX_STORE};

static void index_free(struct index *ix)
{
	for (size_t i = 0; i < ix->certs; i++) {
		X509_free(ix->cert[i].x);
		names_drop(&ix->cert[i].names);
	}
	for (size_t i = 0; i < ix->files; i++)
		free(ix->file[i]);
	for (size_t i = 0; i < ix->entries; i++)
		free(ix->entry[i].key);
	for (size_t i = 0; i < ix->unreads; i++)
		free(ix->unread[i].key);
	free(ix->unread);
	trust_free(&ix->trust);
	free(ix->cert);
	free(ix->entry);
	free(ix->file);
	free(ix);
}

struct index *index_ref(struct index *ix)
{
	atomic_fetch_add_explicit(&ix->refs, 1, memory_order_relaxed);
	return ix;
}

void index_unref(struct index *ix)
{
	if (ix && atomic_fetch_sub_explicit(&ix->refs, 1, memory_order_acq_rel) == 1)
		index_free(ix);
}

/* ---- building -------------------------------------------------------------------------------------------------------------------- */

static int add_cert(struct index *ix, X509 *x, const struct folder_file *f, enum index_folder from)
{
	struct index_cert *c = &ix->cert[ix->certs];
	bool issuer = X509_get_extension_flags(x) & EXFLAG_CA;
	int r;

	r = issuer ? trust_add_issuer(&ix->trust, x) : 0;
	if (r == 0)
		r = names_of(x, &c->names);
	if (r < 0)
		return r;
	/* One that has an address all the same, as `openssl req -x509` makes them, is passed over with that cause. */
	if (issuer && c->names.n == 0)
		return 0;
	if (!X509_up_ref(x)) {
		names_drop(&c->names);
		return -ENOMEM;
	}
	c->x = x;
	c->from = from;
	c->gcm = from == INDEX_STORE && f->file.gcm;
	c->found.until = INT64_MIN;
	if (!usable_time(X509_get0_notBefore(x), &c->not_before))
		c->not_before = INT64_MIN;
	ix->certs++;
	return 0;
}

/* Is it named by the address that it would be for: ann@x.example.pem? */
static int add_unread(struct index *ix, const struct folder_file *f)
{
	static const char *const ends[] = {".pem", ".crt", ".cer", ".der"};
	size_t n = strlen(f->name);
	char address[NAMES_ADDRESS], key[NAMES_ADDRESS];

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (n > 4 && strcmp(f->name + n - 4, ends[i]) == 0) {
			n -= 4;
			break;
		}
	if (n >= sizeof(address))
		return 0;
	memcpy(address, f->name, n);
	address[n] = '\0';
	if (!names_key(address, key))
		return 0;
	ix->unread[ix->unreads].key = strdup(key);
	if (!ix->unread[ix->unreads].key)
		return -ENOMEM;
	ix->unread[ix->unreads++].why = f->file.certs && f->file.why ? f->file.why : "it cannot be read";
	return 0;
}

static int add_file(struct index *ix, const struct folder_file *f, enum index_folder from)
{
	size_t first = ix->certs;
	int r = 0;

	if (from == INDEX_CERTIFICATES && (!f->file.certs || sk_X509_num(f->file.certs) == 0))
		r = add_unread(ix, f);
	if (!f->file.certs || r < 0)
		return r;
	ix->file[ix->files] = strdup(f->name);
	if (!ix->file[ix->files])
		return -ENOMEM;
	ix->files++;
	for (int i = 0; r == 0 && i < sk_X509_num(f->file.certs); i++)
		r = add_cert(ix, sk_X509_value(f->file.certs, i), f, from);
	for (size_t i = first; i < ix->certs; i++)
		ix->cert[i].file = ix->file[ix->files - 1];
	return r;
}

static int add_people(struct index *ix, const struct folder folder[INDEX_FOLDERS])
{
	size_t certs = 0, files = 0;
	int r = 0;

	for (size_t k = 0; k < 2; k++) {
		const struct folder *f = &folder[of_people[k]];

		files += f->n;
		for (size_t i = 0; i < f->n; i++)
			certs += f->v[i].file.certs ? (size_t)sk_X509_num(f->v[i].file.certs) : 0;
	}
	ix->cert = calloc(certs + 1, sizeof(*ix->cert));
	ix->file = calloc(files + 1, sizeof(*ix->file));
	ix->unread = calloc(folder[INDEX_CERTIFICATES].n + 1, sizeof(*ix->unread));
	if (!ix->cert || !ix->file || !ix->unread)
		return -ENOMEM;
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; r == 0 && i < folder[of_people[k]].n; i++)
			r = add_file(ix, &folder[of_people[k]].v[i], of_people[k]);
	return r;
}

static int by_unread(const void *a, const void *b)
{
	const struct index_unread *x = a, *y = b;

	return strcmp(x->key, y->key);
}

static int add_trust(struct index *ix, const struct folder *anchors, const struct folder *crls)
{
	int r = 0;

	for (size_t i = 0; i < anchors->n; i++) {
		const struct certfile *f = &anchors->v[i].file;

		for (int k = 0; r == 0 && f->certs && k < sk_X509_num(f->certs); k++)
			r = trust_add_anchor(&ix->trust, sk_X509_value(f->certs, k));
	}
	for (size_t i = 0; i < crls->n; i++) {
		const struct certfile *f = &crls->v[i].file;

		for (int k = 0; r == 0 && f->certs && k < sk_X509_CRL_num(f->crls); k++)
			r = trust_add_crl(&ix->trust, sk_X509_CRL_value(f->crls, k));
	}
	return r;
}

/* qsort() has no context: what decides is in the entry. */
struct sorted {
	struct index_entry e;
	int64_t not_before;
};

static int by_key(const void *a, const void *b)
{
	const struct sorted *x = a, *y = b;
	int r = strcmp(x->e.key, y->e.key);

	if (r)
		return r;
	if (x->not_before != y->not_before)
		return x->not_before > y->not_before ? -1 : 1;
	return x->e.cert < y->e.cert ? -1 : 1;
}

/* One for each name; *n is set as far as there are. */
static int fill_entries(const struct index *ix, struct sorted *v, size_t *n)
{
	char key[NAMES_ADDRESS];

	for (size_t i = 0; i < ix->certs; i++)
		for (size_t k = 0; k < ix->cert[i].names.n; k++) {
			const char *address = ix->cert[i].names.v[k];

			if (!names_key(address, key))
				continue;
			v[*n] = (struct sorted){.e = {.cert = i, .address = address, .key = strdup(key)},
						.not_before = ix->cert[i].not_before};
			if (!v[(*n)++].e.key)
				return -ENOMEM;
		}
	return 0;
}

static int add_entries(struct index *ix)
{
	struct sorted *v;
	size_t n = 0;
	int r;

	for (size_t i = 0; i < ix->certs; i++)
		n += ix->cert[i].names.n;
	v = calloc(n + 1, sizeof(*v));
	ix->entry = calloc(n + 1, sizeof(*ix->entry));
	if (!v || !ix->entry) {
		free(v);
		return -ENOMEM;
	}
	r = fill_entries(ix, v, &ix->entries);
	if (r == 0)
		qsort(v, ix->entries, sizeof(*v), by_key);
	for (size_t i = 0; i < ix->entries; i++)
		ix->entry[i] = v[i].e;
	free(v);
	return r;
}

int index_new(const struct folder folder[INDEX_FOLDERS], struct index **ret)
{
	struct index *ix = calloc(1, sizeof(*ix));
	int r;

	if (!ix)
		return -ENOMEM;
	atomic_init(&ix->refs, 1);
	r = trust_new(&ix->trust);
	if (r == 0)
		r = add_people(ix, folder);
	if (r == 0 && ix->unreads)
		qsort(ix->unread, ix->unreads, sizeof(*ix->unread), by_unread);
	if (r == 0)
		r = add_trust(ix, &folder[INDEX_ANCHORS], &folder[INDEX_CRLS]);
	if (r == 0)
		r = add_entries(ix);
	if (r < 0) {
		index_free(ix);
		return r;
	}
	*ret = ix;
	return 0;
}

/* ---- looking up ------------------------------------------------------------------------------------------------------------------ */

/* The first entry with this key, or where it would be. */
static size_t lower_bound(const struct index *ix, const char *key)
{
	size_t low = 0, high = ix->entries;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(ix->entry[mid].key, key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

ssize_t index_find(const struct index *ix, const char *address, const struct index_entry *found[], size_t max)
{
	char key[NAMES_ADDRESS];
	size_t first, last, n = 0;
	bool exact = false, several = false;

	if (!names_key(address, key))
		return 0;
	first = last = lower_bound(ix, key);
	while (last < ix->entries && strcmp(ix->entry[last].key, key) == 0) {
		exact = exact || names_equal(ix->entry[last].address, address);
		several = several || !names_equal(ix->entry[last].address, ix->entry[first].address);
		last++;
	}
	if (several && !exact)
		return -ENOTUNIQ;
	for (size_t i = first; i < last && n < max; i++)
		if (!exact || names_equal(ix->entry[i].address, address))
			found[n++] = &ix->entry[i];
	return (ssize_t)n;
}

const char *index_why(const struct index *ix, const char *address)
{
	char key[NAMES_ADDRESS];
	const struct index_unread wanted = {.key = key}, *found = NULL;

	if (ix->unreads && names_key(address, key))
		found = bsearch(&wanted, ix->unread, ix->unreads, sizeof(wanted), by_unread);
	return found ? found->why : NULL;
}
