/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include "certfile.h"
#include "milters/dkim/file.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_FILE_MAX 262144u
#define KEYS_MAX 10000u

static void key_free(struct key *k)
{
	EVP_PKEY_free(k->pkey);
	X509_free(k->cert);
	sk_X509_pop_free(k->issuers, X509_free);
	free(k->address);
}

void keys_free(struct keys *keys)
{
	for (size_t i = 0; i < keys->n; i++)
		key_free(&keys->v[i]);
	free(keys->v);
	*keys = (struct keys){.n = 0};
}

/* A key with a passphrase must not make OpenSSL ask for it on the terminal. */
static int no_passphrase(char *buf, int size, int rwflag, void *u)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	(void)u;
	return -1;
}

static EVP_PKEY *key_of(const char *text, size_t n)
{
	BIO *bio = BIO_new_mem_buf(text, (int)n);
	EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;

	BIO_free(bio);
	ERR_clear_error();
	return pkey;
}

/* Takes the certificates of f: the key's own, and the others. */
static bool split_certs(struct key *k, struct certfile *f)
{
	for (int i = 0; !k->cert && i < sk_X509_num(f->certs); i++)
		if (X509_check_private_key(sk_X509_value(f->certs, i), k->pkey) == 1)
			k->cert = sk_X509_delete(f->certs, i);
	ERR_clear_error();
	k->issuers = f->certs;
	f->certs = NULL;
	return k->cert != NULL;
}

static int read_key(const struct mw_host *host, const char *what, const char *path, const char *certificate, struct key *k,
		    struct mw_err *err)
{
	char *text = NULL, *other = NULL;
	struct certfile f = {.certs = NULL};
	size_t n = 0, other_n = 0;
	int r = mw_dkim_file_read_private(host, what, path, KEY_FILE_MAX, &text, &n, err), id;

	if (r < 0)
		return r;
	k->pkey = key_of(text, n);
	if (certificate)
		r = mw_dkim_file_read(host, what, certificate, KEY_FILE_MAX, &other, &other_n, err);
	if (r == 0)
		r = certfile_parse(other ? other : text, other ? other_n : n, &f);
	explicit_bzero(text, n);
	free(text);
	free(other);
	if (r == -ENOMEM)
		return host->fail(err, r, "no memory");
	if (r < 0)
		return r;
	id = k->pkey ? EVP_PKEY_get_base_id(k->pkey) : EVP_PKEY_NONE;
	if (id == EVP_PKEY_NONE)
		r = host->fail(err, -EINVAL, "%s: %s holds no private key in PEM form that opens without a passphrase", what,
			       path);
	else if (id != EVP_PKEY_RSA && id != EVP_PKEY_EC)
		r = host->fail(err, -EINVAL, "%s: the key in %s is neither RSA nor EC", what, path);
	else if (!split_certs(k, &f))
		r = host->fail(err, -EINVAL, "%s: the certificate of the key %s is not in %s", what, path,
			       certificate ? certificate : "the same file");
	certfile_free(&f);
	return r;
}

static int add_key(struct keys *keys, struct key *k)
{
	struct key *v = keys->n < KEYS_MAX ? realloc(keys->v, (keys->n + 1) * sizeof(*v)) : NULL;

	if (!v)
		return keys->n < KEYS_MAX ? -ENOMEM : -E2BIG;
	keys->v = v;
	keys->v[keys->n++] = *k;
	return 0;
}

/* "alice@clinic.example.pem" */
static int name_address(const struct mw_host *host, const char *what, const char *path, const char *name, struct key *k,
			struct mw_err *err)
{
	static const char suffix[] = ".pem";
	size_t n = strlen(name), cut = sizeof(suffix) - 1;
	char key[NAMES_ADDRESS];

	if (n > cut && strcmp(name + n - cut, suffix) == 0)
		n -= cut;
	k->address = strndup(name, n);
	if (!k->address)
		return host->fail(err, -ENOMEM, "no memory");
	return names_key(k->address, key) ? 0 : host->fail(err, -EINVAL, "%s: the name of %s is no address", what, path);
}

static int add_file(const struct mw_host *host, const char *what, const char *folder, const char *name, bool signers,
		    struct keys *keys, struct mw_err *err)
{
	struct key k = {.pkey = NULL};
	char *path;
	int r;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return host->fail(err, -ENOMEM, "no memory");
	r = read_key(host, what, path, NULL, &k, err);
	if (r == 0 && signers)
		r = name_address(host, what, path, name, &k, err);
	if (r == 0) {
		r = add_key(keys, &k);
		if (r < 0)
			(void)host->fail(err, r, "%s: %s: %s", what, path, r == -E2BIG ? "there are too many keys" : "no memory");
	}
	if (r < 0)
		key_free(&k);
	free(path);
	return r;
}

int keys_read(const struct mw_host *host, const char *what, const char *path, bool signers, struct keys *ret, struct mw_err *err)
{
	DIR *dir = opendir(path);
	struct keys keys = {.n = 0};
	const struct dirent *e;
	int r = 0;

	if (!dir)
		return host->fail(err, -errno, "%s: cannot open %s: %s", what, path, strerror(errno));
	while (r == 0 && (e = readdir(dir)) != NULL)
		if (e->d_name[0] != '.')
			r = add_file(host, what, path, e->d_name, signers, &keys, err);
	(void)closedir(dir);
	if (r == 0 && keys.n == 0)
		r = host->fail(err, -ENOENT, "%s: there is no key in %s", what, path);
	if (r < 0)
		keys_free(&keys);
	else
		*ret = keys;
	return r;
}

int keys_read_one(const struct mw_host *host, const char *what, const char *path, const char *certificate, struct keys *ret,
		  struct mw_err *err)
{
	struct keys keys = {.n = 0};
	struct key k = {.pkey = NULL};
	int r = read_key(host, what, path, certificate, &k, err);

	if (r == 0 && add_key(&keys, &k) < 0)
		r = host->fail(err, -ENOMEM, "no memory");
	if (r < 0)
		key_free(&k);
	else
		*ret = keys;
	return r;
}

const struct key *keys_find(const struct keys *keys, const char *address)
{
	char key[NAMES_ADDRESS], other[NAMES_ADDRESS];

	if (!names_key(address, key))
		return NULL;
	for (size_t i = 0; i < keys->n; i++)
		if (keys->v[i].address && names_key(keys->v[i].address, other) && strcmp(key, other) == 0)
			return &keys->v[i];
	return NULL;
}
