/* SPDX-License-Identifier: Apache-2.0 */
/* keep: certificates from signed mail, in the store. What it gets may come from a process that a message has taken over: nothing of it
 * is believed but what leads to an anchor. */
#include "harvest.h"
#include "usable.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define KEPT_MOST 4 /* certificates of an address: one that is renewed overlaps its successor */

bool harvest_name(const char *address, char name[256])
{
	char key[NAMES_ADDRESS];
	size_t n = 0;

	if (!names_key(address, key))
		return false;
	for (const char *p = key; *p; p++) {
		bool plain = (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || strchr("@-_+=", *p) || (*p == '.' && n);

		if (n + 3 + sizeof(".pem") > 256)
			return false;
		if (plain)
			name[n++] = *p;
		else
			n += (size_t)snprintf(name + n, 256 - n, "%%%02X", (unsigned char)*p);
	}
	(void)strcpy(name + n, ".pem");
	return true;
}

/* ---- what is kept ---------------------------------------------------------------------------------------------------------------- */

/* The first certificate of the file is the new one. */
static X509 *new_one(struct smime *s, const struct certfile *f, const char *address, int64_t now, char why[SMIME_WHY])
{
	X509 *x = sk_X509_value(f->certs, 0); /* NULL when there is none */
	struct index *ix = site_index(&s->site);
	int64_t until = INT64_MAX;
	struct names names;
	bool own = false, good;

	(void)snprintf(why, SMIME_WHY, "it is not of its address");
	if (x && names_of(x, &names) == 0) {
		own = names_have(&names, address);
		names_drop(&names);
	}
	good = own && usable_now(x, USABLE_TO_ENCRYPT, now, why) && site_trusts(&s->site, ix, x, f->certs, now, &until, why) == 1;
	index_unref(ix);
	return good ? x : NULL;
}

/* Those which are in the store already, and still of use. */
static bool write_old(BIO *bio, const struct certfile *old, X509 *fresh, int64_t now)
{
	char why[SMIME_WHY];
	int n = 1;

	for (int i = 0; i < sk_X509_num(old->certs); i++) {
		X509 *x = sk_X509_value(old->certs, i);
		bool ca = X509_get_extension_flags(x) & EXFLAG_CA;

		if (X509_cmp(x, fresh) == 0 || (!ca && (n == KEPT_MOST || !usable_now(x, USABLE_TO_ENCRYPT, now, why))))
			continue;
		n += !ca;
		if (PEM_write_bio_X509(bio, x) != 1)
			return false;
	}
	return true;
}

static bool has(const struct certfile *f, X509 *x)
{
	for (int i = 0; i < sk_X509_num(f->certs); i++)
		if (X509_cmp(sk_X509_value(f->certs, i), x) == 0)
			return true;
	return false;
}

static BIO *text_of(const char *address, const struct certfile *f, X509 *x, const struct certfile *old, int64_t now)
{
	BIO *bio = BIO_new(BIO_s_mem());
	bool good = bio &&
		    BIO_printf(bio, "address: %s\n%s", address, f->gcm || old->gcm ? "capabilities: aes256-gcm\n" : "") > 0 &&
		    PEM_write_bio_X509(bio, x) == 1 && (!old->certs || write_old(bio, old, x, now));

	for (int i = 1; good && i < sk_X509_num(f->certs); i++) {
		X509 *issuer = sk_X509_value(f->certs, i);

		if ((X509_get_extension_flags(issuer) & EXFLAG_CA) && (!old->certs || !has(old, issuer)))
			good = PEM_write_bio_X509(bio, issuer) == 1;
	}
	if (good)
		return bio;
	BIO_free(bio);
	return NULL;
}

/* ---- the file -------------------------------------------------------------------------------------------------------------------- */

static int read_old(int dir, const char *name, struct certfile *old)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), r = 0;
	struct stat st;
	char *text = NULL;
	ssize_t n = 0;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < 0 || st.st_size > (off_t)(8 * HARVEST_MAX))
		r = -EINVAL;
	if (r == 0)
		text = malloc((size_t)st.st_size + 1);
	if (r == 0 && text)
		n = read(fd, text, (size_t)st.st_size);
	if (r == 0)
		r = !text ? -ENOMEM : n < 0 ? -errno : certfile_parse(text, (size_t)n, old);
	free(text);
	(void)close(fd);
	return r;
}

int harvest_write(int dir, const char *name, const char *p, size_t n)
{
	char other[64];
	int fd, r = 0;

	(void)snprintf(other, sizeof(other), ".new-%ld", (long)getpid());
	(void)unlinkat(dir, other, 0);
	fd = openat(dir, other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0)
		return -errno;
	for (size_t at = 0; r == 0 && at < n;) {
		ssize_t k = write(fd, p + at, n - at);

		if (k < 0 && errno != EINTR)
			r = -errno;
		at += k > 0 ? (size_t)k : 0;
	}
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	(void)close(fd);
	if (r == 0 && renameat(dir, other, dir, name) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir, other, 0);
	return r;
}

/* Is there nothing new in it? */
static bool is_known(const struct certfile *f, const struct certfile *old, X509 *x)
{
	return old->certs && has(old, x) && (!f->gcm || old->gcm);
}

static int store(struct smime *s, const struct certfile *f, X509 *x, const char *address, int64_t now, struct mw_err *err)
{
	int dir = open(s->conf->store, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	struct certfile old = {.certs = NULL};
	BIO *bio = NULL;
	char name[256], *p;
	long n;

	if (dir < 0)
		return s->host->fail(err, -errno, "store: cannot open %s: %s", s->conf->store, strerror(errno));
	if (!harvest_name(address, name))
		r = -ENAMETOOLONG;
	if (r == 0)
		r = read_old(dir, name, &old);
	if (r == 0 && !is_known(f, &old, x)) {
		bio = text_of(address, f, x, &old, now);
		n = bio ? BIO_get_mem_data(bio, &p) : -1;
		r = n < 0 ? -ENOMEM : harvest_write(dir, name, p, (size_t)n);
	}
	BIO_free(bio);
	if (old.certs)
		certfile_free(&old);
	(void)close(dir);
	return r < 0 ? s->host->fail(err, r, "store: cannot write a certificate in %s: %s", s->conf->store, strerror(-r)) : 0;
}

/* The address that the text begins with. */
static bool address_of(struct mw_str key, char address[NAMES_ADDRESS])
{
	static const char begin[] = "address: ";
	size_t k = sizeof(begin) - 1;
	const char *lf = memchr(key.p, '\n', key.n);
	size_t n = lf ? (size_t)(lf - key.p) : 0;
	char folded[NAMES_ADDRESS];

	if (n <= k || n - k >= NAMES_ADDRESS || memcmp(key.p, begin, k) != 0 || memchr(key.p, '\0', n))
		return false;
	memcpy(address, key.p + k, n - k);
	address[n - k] = '\0';
	return names_key(address, folded);
}

int harvest_keep(struct smime *s, struct mw_str key, int64_t now, struct mw_err *err)
{
	char address[NAMES_ADDRESS], why[SMIME_WHY] = "";
	struct certfile f;
	X509 *x;
	int r;

	if (!s->conf->store)
		return s->host->fail(err, -EINVAL, "there is no store");
	if (key.n == 0 || key.n > HARVEST_MAX || !address_of(key, address))
		return s->host->fail(err, -EBADMSG, "what is to be kept is no certificate of an address");
	r = certfile_parse(key.p, key.n, &f);
	if (r < 0)
		return s->host->fail(err, r, "no memory");
	x = new_one(s, &f, address, now, why);
	r = x ? store(s, &f, x, address, now, err)
	      : s->host->fail(err, -EPERM, "a certificate that came by mail cannot be used: %s", why);
	certfile_free(&f);
	ERR_clear_error();
	return r;
}

int smime_keep(void *inst, struct mw_str key, struct mw_err *err)
{
	struct smime *s = inst;

	site_refresh(&s->site);
	return harvest_keep(s, key, (int64_t)time(NULL), err);
}
