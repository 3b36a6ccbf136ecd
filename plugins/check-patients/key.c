/* SPDX-License-Identifier: Apache-2.0 */
#include "key.h"

#include "write.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEX (2 * PATIENTS_KEY_OCTETS)

struct patients_mac {
	EVP_MAC_CTX *ctx;
};

/* ---- the file ---------------------------------------------------------------------------------------------------- */
static int file_check(const struct mw_host *host, const char *path, const struct stat *st, struct mw_err *err)
{
	if (!S_ISREG(st->st_mode))
		return host->fail(err, -EINVAL, "the key %s is not a regular file", path);
	if (st->st_uid != geteuid() && st->st_uid != 0 && geteuid() != 0)
		return host->fail(err, -EPERM, "the key %s belongs to user %lu: run chown %lu %s", path,
				  (unsigned long)st->st_uid, (unsigned long)geteuid(), path);
	if (st->st_mode & (S_IRWXG | S_IRWXO))
		return host->fail(err, -EPERM, "the key %s is open to others (mode %04o): run chmod 600 %s", path,
				  (unsigned)(st->st_mode & 07777), path);
	return 0;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool key_parse(const char *text, size_t n, unsigned char *key)
{
	if (n != HEX && !(n == HEX + 1 && text[HEX] == '\n'))
		return false;
	for (size_t i = 0; i < PATIENTS_KEY_OCTETS; i++) {
		int high = digit_value(text[2 * i]), low = digit_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		key[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

static int key_read_fd(const struct mw_host *host, int fd, const char *path, unsigned char *key, struct mw_err *err)
{
	char text[HEX + 2];
	struct stat st;
	ssize_t n;
	int r;

	if (fstat(fd, &st) < 0)
		return host->fail(err, -errno, "cannot look at the key %s: %s", path, strerror(errno));
	r = file_check(host, path, &st, err);
	if (r < 0)
		return r;
	n = pread(fd, text, sizeof(text), 0);
	if (n < 0)
		r = host->fail(err, -errno, "cannot read the key %s: %s", path, strerror(errno));
	else if (!key_parse(text, (size_t)n, key))
		r = host->fail(err, -EINVAL, "the key %s does not hold %d hexadecimal digits: make one with --new-key", path,
			       HEX);
	explicit_bzero(text, sizeof(text));
	return r;
}

int patients_key_read(const struct mw_host *host, const char *path, unsigned char key[PATIENTS_KEY_OCTETS], struct mw_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), r;

	if (fd < 0 && errno == EACCES)
		return host->fail(err, -EACCES, "cannot open the key %s: %s; it must belong to user %lu", path, strerror(EACCES),
				  (unsigned long)geteuid());
	if (fd < 0)
		return host->fail(err, -errno, "cannot open the key %s: %s", path, strerror(errno));
	r = key_read_fd(host, fd, path, key, err);
	(void)close(fd);
	return r;
}

static int key_write(const struct mw_host *host, int fd, const char *path, const char text[HEX + 1], struct mw_err *err)
{
	ssize_t n = write(fd, text, HEX + 1);
	int r = n < 0 ? -errno : n == HEX + 1 ? 0 : -ENOSPC;

	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0)
		r = patients_sync_folder(path);
	return r < 0 ? host->fail(err, r, "cannot write the key %s: %s", path, strerror(-r)) : 0;
}

int patients_key_new(const struct mw_host *host, const char *path, struct mw_err *err)
{
	static const char digit[] = "0123456789abcdef";
	unsigned char key[PATIENTS_KEY_OCTETS];
	char text[HEX + 1];
	int fd, r = 0;

	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return host->fail(err, -EIO, "no random octets for a key: %s", strerror(errno));
	for (size_t i = 0; i < sizeof(key); i++) {
		text[2 * i] = digit[key[i] >> 4];
		text[2 * i + 1] = digit[key[i] & 15];
	}
	text[HEX] = '\n';
	explicit_bzero(key, sizeof(key));
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 && errno == EEXIST)
		r = host->fail(err, -EEXIST, "the key %s is there already; another one would make every index of it useless",
			       path);
	else if (fd < 0)
		r = host->fail(err, -errno, "cannot make the key %s: %s", path, strerror(errno));
	else
		r = key_write(host, fd, path, text, err);
	explicit_bzero(text, sizeof(text));
	if (fd >= 0)
		(void)close(fd);
	if (fd >= 0 && r < 0)
		(void)unlink(path);
	return r;
}

/* ---- MACs -------------------------------------------------------------------------------------------------------- */
struct patients_mac *patients_mac_new(const unsigned char key[PATIENTS_KEY_OCTETS])
{
	char digest[] = "SHA256";
	const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
				     OSSL_PARAM_construct_end()};
	struct patients_mac *m = calloc(1, sizeof(*m));
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);

	if (m && hmac)
		m->ctx = EVP_MAC_CTX_new(hmac);
	EVP_MAC_free(hmac);
	if (m && (!m->ctx || !EVP_MAC_init(m->ctx, key, PATIENTS_KEY_OCTETS, params)))
		patients_mac_free(&m);
	return m;
}

void patients_mac_free(struct patients_mac **m)
{
	if (!*m)
		return;
	EVP_MAC_CTX_free((*m)->ctx);
	free(*m);
	*m = NULL;
}

bool patients_mac_begin(struct patients_mac *m, unsigned char purpose)
{
	return EVP_MAC_init(m->ctx, NULL, 0, NULL) && EVP_MAC_update(m->ctx, &purpose, 1);
}

bool patients_mac_add(struct patients_mac *m, const void *p, size_t n)
{
	return EVP_MAC_update(m->ctx, p, n);
}

bool patients_mac_end(struct patients_mac *m, unsigned char mac[PATIENTS_MAC])
{
	size_t n = 0;

	return EVP_MAC_final(m->ctx, mac, &n, PATIENTS_MAC) && n == PATIENTS_MAC;
}

bool patients_mac_entry(struct patients_mac *m, enum patients_kind kind, const char *p, size_t n, uint64_t *entry)
{
	unsigned char mac[PATIENTS_MAC];

	if (!patients_mac_begin(m, (unsigned char)kind) || !patients_mac_add(m, p, n) || !patients_mac_end(m, mac))
		return false;
	*entry = patients_get64(mac);
	return true;
}
