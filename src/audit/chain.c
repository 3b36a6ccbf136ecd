/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/chain.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char mw_audit_zero[MW_AUDIT_HEX + 1] = "0000000000000000000000000000000000000000000000000000000000000000";

static int key_check(const struct mw_host *host, int fd, const char *path, struct mw_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return host->fail(err, -errno, "key %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return host->fail(err, -EINVAL, "key %s is not a regular file", path);
	if (st.st_uid != geteuid() && st.st_uid != 0 && geteuid() != 0) /* root verifies with the daemon's key */
		return host->fail(err, -EPERM, "key %s belongs to user %lu: run chown %lu %s", path, (unsigned long)st.st_uid,
				  (unsigned long)geteuid(), path);
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return host->fail(err, -EPERM, "key %s is open to others (mode %04o): run chmod 600 %s", path,
				  (unsigned)(st.st_mode & 07777), path);
	if (st.st_size < MW_AUDIT_KEY_MIN || st.st_size > MW_AUDIT_KEY_MAX)
		return host->fail(err, -EINVAL, "key %s has %lld octets, not %d to %d", path, (long long)st.st_size,
				  MW_AUDIT_KEY_MIN, MW_AUDIT_KEY_MAX);
	return 0;
}

int mw_audit_chain_open(const struct mw_host *host, const char *path, struct mw_audit_chain *ret, struct mw_err *err)
{
	ssize_t n;
	int fd, r;

	ret->key_n = 0;
	if (!path)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return host->fail(err, -errno, "cannot open key %s: %s", path, strerror(errno));
	r = key_check(host, fd, path, err);
	if (r == 0) {
		n = read(fd, ret->key, sizeof(ret->key));
		if (n < MW_AUDIT_KEY_MIN)
			r = host->fail(err, -EIO, "cannot read key %s", path);
		else
			ret->key_n = (size_t)n;
	}
	(void)close(fd);
	return r;
}

void mw_audit_chain_wipe(struct mw_audit_chain *c)
{
	explicit_bzero(c, sizeof(*c));
}

bool mw_audit_chain_same(const struct mw_audit_chain *a, const struct mw_audit_chain *b)
{
	return a->key_n == b->key_n && CRYPTO_memcmp(a->key, b->key, a->key_n) == 0;
}

int mw_audit_chain_digest(const struct mw_audit_chain *c, const void *p, size_t n, char hex[MW_AUDIT_HEX + 1])
{
	static const char digit[] = "0123456789abcdef";
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned size = 0;
	bool good;

	if (c->key_n)
		good = HMAC(EVP_sha256(), c->key, (int)c->key_n, p, n, md, &size) != NULL;
	else
		good = EVP_Digest(p, n, md, &size, EVP_sha256(), NULL) == 1;
	if (!good || size * 2 != MW_AUDIT_HEX) {
		ERR_clear_error();
		return -ENOMEM;
	}
	for (unsigned i = 0; i < size; i++) {
		hex[2 * i] = digit[md[i] >> 4];
		hex[2 * i + 1] = digit[md[i] & 15];
	}
	hex[MW_AUDIT_HEX] = '\0';
	return 0;
}
