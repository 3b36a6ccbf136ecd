/* SPDX-License-Identifier: Apache-2.0 */
#include "ring.h"

#include "file.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A key of one domain, where the path of a key holds %. */
struct kid {
	char *domain;
	struct mw_dkim_key key;
};

/* The keys of one row of the key table: one, or one a domain. */
struct holder {
	struct mw_dkim_key key;
	size_t kids;
	struct kid *kid; /* sorted by domain */
};

struct mw_dkim_ring {
	char *key_path, *sign_path;
	struct mw_dkim_keytable keys;
	struct mw_dkim_signtable signs;
	struct holder *holder; /* one a row of keys */
};

/* ---- paths with % -----------------------------------------------------------------------------------------------------------
 */

/* The text with every % replaced. malloc'ed; NULL = no memory. */
static char *substitute(const char *text, const char *domain)
{
	size_t n = 0, d = strlen(domain);
	char *made, *to;

	for (const char *p = text; *p; p++)
		n += *p == '%' ? d : 1;
	made = to = malloc(n + 1);
	for (const char *p = text; made && *p; p++) {
		if (*p == '%') {
			memcpy(to, domain, d);
			to += d;
		} else {
			*to++ = *p;
		}
	}
	if (made)
		*to = '\0';
	return made;
}

/* A glob(3) pattern: % becomes *, everything else stands for itself. */
static char *pattern_of(const char *template)
{
	char *made = malloc(2 * strlen(template) + 1), *to = made;

	for (const char *p = template; made && *p; p++) {
		if (strchr("*?[]\\", *p))
			*to++ = '\\';
		*to++ = *p == '%' ? '*' : *p;
	}
	if (made)
		*to = '\0';
	return made;
}

/* The domain that makes path out of template, NULL when none does (or no memory, which ends the same: no key). */
static char *domain_in(const char *template, const char *path)
{
	size_t marks = 0, fixed = strlen(template), begin = strcspn(template, "%"), n = strlen(path);
	char *domain, *check;
	bool same;

	for (const char *p = template; *p; p++)
		marks += *p == '%';
	fixed -= marks;
	if (n <= fixed || (n - fixed) % marks != 0 || n < begin + (n - fixed) / marks)
		return NULL;
	domain = strndup(path + begin, (n - fixed) / marks);
	if (!domain)
		return NULL;
	check = substitute(template, domain);
	same = check && strcmp(check, path) == 0;
	free(check);
	if (!same) {
		free(domain);
		return NULL;
	}
	for (char *p = domain; *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return domain;
}

static int kid_order(const void *a, const void *b)
{
	return strcmp(((const struct kid *)a)->domain, ((const struct kid *)b)->domain);
}

static int load_kids(const struct mw_host *host, const char *what, const char *template, const glob_t *found, struct holder *h,
		     struct mw_err *err)
{
	h->kid = calloc(found->gl_pathc ? found->gl_pathc : 1, sizeof(*h->kid));
	if (!h->kid)
		return host->fail(err, -ENOMEM, "no memory");
	for (size_t i = 0; i < found->gl_pathc; i++) {
		struct kid *kid = &h->kid[h->kids];
		int r;

		kid->domain = domain_in(template, found->gl_pathv[i]);
		if (!kid->domain)
			continue;
		h->kids++;
		r = mw_dkim_key_load(host, what, found->gl_pathv[i], &kid->key, err);
		if (r < 0)
			return r;
	}
	if (h->kids == 0)
		return host->fail(err, -ENOENT, "%s: no file %s for any domain in the place of %%", what, template);
	qsort(h->kid, h->kids, sizeof(*h->kid), kid_order);
	return 0;
}

static int load_family(const struct mw_host *host, const char *what, const char *template, struct holder *h, struct mw_err *err)
{
	char *pattern = pattern_of(template);
	glob_t found = {0};
	int r;

	if (!pattern)
		return host->fail(err, -ENOMEM, "no memory");
	r = glob(pattern, GLOB_ERR, NULL, &found);
	if (r == 0 || r == GLOB_NOMATCH)
		r = load_kids(host, what, template, &found, h, err);
	else
		r = host->fail(err, -EIO, "%s: cannot list %s", what, pattern);
	globfree(&found);
	free(pattern);
	return r;
}

/* ---- opening ----------------------------------------------------------------------------------------------------------------
 */

static bool is_path(const char *key)
{
	return key[0] == '/' || strncmp(key, "./", 2) == 0 || strncmp(key, "../", 3) == 0;
}

static int load_row(const struct mw_host *host, const struct mw_dkim_ring *ring, const struct mw_dkim_keyrow *row,
		    struct holder *h, struct mw_err *err)
{
	bool literal = strcmp(row->domain, "%") != 0;
	char what[400], *path, *named;
	int r;

	(void)snprintf(what, sizeof(what), "%s:%zu: private key", ring->key_path, row->line);
	if (!is_path(row->key))
		return mw_dkim_key_parse(host, what, row->key, &h->key, err);
	path = mw_dkim_file_beside(ring->key_path, row->key);
	named = path && literal ? substitute(path, row->domain) : NULL;
	if (!path || (literal && !named))
		r = host->fail(err, -ENOMEM, "no memory");
	else if (literal || !strchr(path, '%'))
		r = mw_dkim_key_load(host, what, literal ? named : path, &h->key, err);
	else
		r = load_family(host, what, path, h, err);
	free(named);
	free(path);
	return r;
}

static int load_keys(const struct mw_host *host, struct mw_dkim_ring *ring, const char **weak, struct mw_err *err)
{
	ring->holder = calloc(ring->keys.rows ? ring->keys.rows : 1, sizeof(*ring->holder));
	if (!ring->holder)
		return host->fail(err, -ENOMEM, "no memory");
	for (size_t i = 0; i < ring->keys.rows; i++) {
		struct holder *h = &ring->holder[i];
		int r = load_row(host, ring, &ring->keys.row[i], h, err), bits = MW_DKIM_RSA_WEAK;

		if (r < 0)
			return r;
		if (h->key.pkey && !h->key.ed25519)
			bits = h->key.bits;
		for (size_t k = 0; k < h->kids; k++)
			if (!h->kid[k].key.ed25519 && h->kid[k].key.bits < bits)
				bits = h->kid[k].key.bits;
		if (bits < MW_DKIM_RSA_WEAK)
			*weak = ring->keys.row[i].name;
	}
	return 0;
}

/* Every key that is named outright must be there. */
static int check_names(const struct mw_host *host, const struct mw_dkim_ring *ring, struct mw_err *err)
{
	for (size_t i = 0; i < ring->signs.rows; i++) {
		const struct mw_dkim_signrow *row = &ring->signs.row[i];

		if (strcmp(row->name, "%") != 0 && !mw_dkim_keytable_find(&ring->keys, row->name))
			return host->fail(err, -ENOKEY, "%s:%zu: no key \"%s\" in %s", ring->sign_path, row->line, row->name,
					  ring->key_path);
	}
	return 0;
}

static int read_tables(const struct mw_host *host, const char *key_table, const char *signing_table, struct mw_dkim_ring *ring,
		       struct mw_err *err)
{
	bool refile;
	char *text;
	size_t n;
	int r;

	r = mw_dkim_file_spec(host, key_table, &ring->key_path, &refile, err);
	if (r == 0 && refile)
		r = host->fail(err, -EINVAL,
			       "key-table %s: names of keys are no patterns; write it without refile:", ring->key_path);
	if (r == 0)
		r = mw_dkim_file_spec(host, signing_table, &ring->sign_path, &refile, err);
	if (r == 0)
		r = mw_dkim_file_read(host, "key-table", ring->key_path, MW_DKIM_TABLE_MAX, &text, &n, err);
	if (r == 0)
		r = mw_dkim_keytable_parse(host, ring->key_path, text, n, &ring->keys, err);
	if (r == 0)
		r = mw_dkim_file_read(host, "signing-table", ring->sign_path, MW_DKIM_TABLE_MAX, &text, &n, err);
	if (r == 0)
		r = mw_dkim_signtable_parse(host, ring->sign_path, refile, text, n, &ring->signs, err);
	return r;
}

int mw_dkim_ring_open(const struct mw_host *host, const char *key_table, const char *signing_table, struct mw_dkim_ring **ret,
		      const char **weak, struct mw_err *err)
{
	struct mw_dkim_ring *ring = calloc(1, sizeof(*ring));
	const char *found = NULL;
	int r;

	if (!ring)
		return host->fail(err, -ENOMEM, "no memory");
	r = read_tables(host, key_table, signing_table, ring, err);
	if (r == 0)
		r = load_keys(host, ring, &found, err);
	if (r == 0)
		r = check_names(host, ring, err);
	if (r < 0) {
		mw_dkim_ring_free(ring);
		return r;
	}
	*weak = found;
	*ret = ring;
	return 0;
}

void mw_dkim_ring_free(struct mw_dkim_ring *ring)
{
	if (!ring)
		return;
	for (size_t i = 0; ring->holder && i < ring->keys.rows; i++) {
		struct holder *h = &ring->holder[i];

		for (size_t k = 0; k < h->kids; k++) {
			free(h->kid[k].domain);
			mw_dkim_key_free(&h->kid[k].key);
		}
		free(h->kid);
		mw_dkim_key_free(&h->key);
	}
	free(ring->holder);
	mw_dkim_keytable_free(&ring->keys);
	mw_dkim_signtable_free(&ring->signs);
	free(ring->key_path);
	free(ring->sign_path);
	free(ring);
}

const struct mw_dkim_key *mw_dkim_ring_sample(const struct mw_dkim_ring *ring, bool ed25519)
{
	for (size_t i = 0; i < ring->keys.rows; i++) {
		const struct holder *h = &ring->holder[i];

		if (h->key.pkey && h->key.ed25519 == ed25519)
			return &h->key;
		for (size_t k = 0; k < h->kids; k++)
			if (h->kid[k].key.ed25519 == ed25519)
				return &h->kid[k].key;
	}
	return NULL;
}

int mw_dkim_ring_each(const struct mw_dkim_ring *ring, mw_dkim_each *fn, void *ctx)
{
	int r = 0;

	for (size_t i = 0; i < ring->keys.rows && r == 0; i++) {
		const struct mw_dkim_keyrow *row = &ring->keys.row[i];
		const struct holder *h = &ring->holder[i];

		/* A key for whatever domain: of which there is mail, only the mail tells. */
		if (h->key.pkey && strcmp(row->domain, "%") != 0)
			r = fn(ctx, row->domain, row->selector, &h->key);
		for (size_t k = 0; k < h->kids && r == 0; k++)
			r = fn(ctx, h->kid[k].domain, row->selector, &h->kid[k].key);
	}
	return r;
}

/* ---- one message ------------------------------------------------------------------------------------------------------------
 */

static int kid_search(const void *domain, const void *kid)
{
	return strcmp(domain, ((const struct kid *)kid)->domain);
}

/* i= must be in d= or below it; OpenDKIM leaves it out otherwise. */
static bool signer_fits(const char *signer, const char *domain)
{
	const char *at = strrchr(signer, '@'), *host = at ? at + 1 : signer;
	size_t n = strlen(host), d = strlen(domain);

	return n >= d && strcasecmp(host + n - d, domain) == 0 && (n == d || host[n - d - 1] == '.');
}

static void set_signer(struct mw_dkim_use *use, const char *signer, const char *domain)
{
	char *made = signer ? substitute(signer, domain) : NULL;

	use->signer[0] = '\0';
	/* A signer without @ is a domain: i=@domain. */
	if (made && signer_fits(made, use->domain) && strlen(made) + 2 <= sizeof(use->signer))
		(void)snprintf(use->signer, sizeof(use->signer), "%s%s", strchr(made, '@') ? "" : "@", made);
	free(made);
}

static int resolve(const struct mw_dkim_ring *ring, const struct mw_host *host, const struct mw_dkim_signrow *row,
		   const struct mw_dkim_from *from, struct mw_dkim_use *use, struct mw_err *err)
{
	const char *name = strcmp(row->name, "%") == 0 ? from->domain : row->name;
	const struct mw_dkim_keyrow *key = mw_dkim_keytable_find(&ring->keys, name);
	const struct holder *h = key ? &ring->holder[key - ring->keys.row] : NULL;
	const struct kid *kid = NULL;

	if (h && h->kids)
		kid = bsearch(from->domain, h->kid, h->kids, sizeof(*h->kid), kid_search);
	if (!h || (h->kids && !kid))
		return host->fail(err, -ENOKEY, "%s:%zu: no key for the author's domain in %s", ring->sign_path, row->line,
				  ring->key_path);
	use->key = kid ? &kid->key : &h->key;
	use->selector = key->selector;
	use->domain = strcmp(key->domain, "%") == 0 ? from->domain : key->domain;
	set_signer(use, row->signer, from->domain);
	return 0;
}

int mw_dkim_ring_find(const struct mw_dkim_ring *ring, const struct mw_host *host, const struct mw_dkim_from *from, bool multiple,
		      struct mw_dkim_use *ret, size_t max, struct mw_err *err)
{
	const struct mw_dkim_signrow *row[MW_DKIM_SIGNATURES_MAX];
	size_t n = mw_dkim_signtable_find(&ring->signs, from->local, from->domain, multiple, row, MW_DKIM_SIGNATURES_MAX),
	       made = 0;

	if (n > MW_DKIM_SIGNATURES_MAX || n > max)
		return host->fail(err, -E2BIG, "%s: more than %d rows match one author", ring->sign_path, MW_DKIM_SIGNATURES_MAX);
	for (size_t i = 0; i < n; i++) {
		bool again = false;
		int r = resolve(ring, host, row[i], from, &ret[made], err);

		if (r < 0)
			return r;
		/* Two rows that lead to one key would sign twice for nothing. */
		for (size_t k = 0; k < made; k++)
			again = again || (ret[k].key == ret[made].key && strcmp(ret[k].domain, ret[made].domain) == 0);
		if (!again)
			made++;
	}
	return (int)made;
}
