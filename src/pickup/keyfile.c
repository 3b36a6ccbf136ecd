/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/keyfile.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MOST (256u << 10)
#define BASE64 44u /* characters of a key */

/* ---- parsing --------------------------------------------------------------------------------------------------------------------- */

static struct mw_str take_word(struct mw_str *s)
{
	struct mw_str w = {.p = s->p};

	while (w.n < s->n && s->p[w.n] != ' ' && s->p[w.n] != '\t')
		w.n++;
	*s = mw_str_trim(mw_str_behind(*s, w.n));
	return w;
}

static bool take_number(struct mw_str *s, uint64_t most, uint64_t *ret)
{
	struct mw_str w = take_word(s);
	uint64_t v = 0;

	for (size_t i = 0; i < w.n; i++) {
		if (w.p[i] < '0' || w.p[i] > '9' || v > (most - (uint64_t)(w.p[i] - '0')) / 10)
			return false;
		v = v * 10 + (uint64_t)(w.p[i] - '0');
	}
	*ret = v;
	return w.n > 0;
}

static bool take_octets(struct mw_str *s, unsigned char ret[MW_PICKUP_KEY])
{
	struct mw_str w = take_word(s);
	unsigned char out[BASE64];
	bool ok = w.n == BASE64 && w.p[BASE64 - 1] == '=' && w.p[BASE64 - 2] != '=' &&
		  EVP_DecodeBlock(out, (const unsigned char *)w.p, BASE64) == MW_PICKUP_KEY + 1;

	if (ok)
		memcpy(ret, out, MW_PICKUP_KEY);
	OPENSSL_cleanse(out, sizeof(out));
	return ok;
}

static const char *parse_line(struct mw_str line, struct mw_server_key *ret)
{
	uint64_t number, created;

	if (!take_number(&line, UINT32_MAX, &number) || number == 0)
		return "does not begin with a number from 1 on";
	if (!take_octets(&line, ret->octets))
		return "has no base64 of 32 octets behind the number";
	if (!take_number(&line, INT64_MAX / 2, &created) || line.n)
		return "does not end with a time in seconds";
	ret->number = (uint32_t)number;
	ret->created = (int64_t)created;
	return NULL;
}

int mw_keyfile_parse(struct mw_str text, struct mw_keyfile *ret, struct mw_err *err)
{
	struct mw_keyfile f = {.key = calloc(MW_PICKUP_KEYS, sizeof(*f.key))};
	const char *wrong = NULL;
	unsigned at = 0;

	if (!f.key)
		return mw_fail_memory(err);
	while (text.n && !wrong) {
		struct mw_str line = mw_str_trim(mw_str_take_line(&text));

		at++;
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (f.n == MW_PICKUP_KEYS)
			wrong = "is one key too many";
		else
			wrong = parse_line(line, &f.key[f.n]);
		if (!wrong && f.n && f.key[f.n].number <= f.key[f.n - 1].number)
			wrong = "has no higher number than the one before";
		f.n += !wrong;
	}
	if (wrong) {
		mw_keyfile_free(&f);
		return mw_fail(err, -EINVAL, "line %u %s", at, wrong);
	}
	*ret = f;
	return 0;
}

void mw_keyfile_free(struct mw_keyfile *f)
{
	if (f->key)
		OPENSSL_cleanse(f->key, MW_PICKUP_KEYS * sizeof(*f->key));
	free(f->key);
	*f = (struct mw_keyfile){.n = 0};
}

/* ---- reading --------------------------------------------------------------------------------------------------------------------- */

static int look_at(int fd, const char *path, struct stat *st, struct mw_err *err)
{
	if (fstat(fd, st) < 0)
		return mw_fail(err, -errno, "cannot read %s: %s", path, strerror(errno));
	if (!S_ISREG(st->st_mode))
		return mw_fail(err, -EINVAL, "%s: not a regular file", path);
	if (st->st_mode & (S_IRWXO | S_IWGRP))
		return mw_fail(err, -EACCES,
			       "%s: mode %04o: server keys are to be read by owner and group alone, and written by the owner",
			       path, (unsigned)(st->st_mode & 07777));
	if (st->st_uid != 0 && st->st_uid != geteuid() && geteuid() != 0)
		return mw_fail(err, -EACCES, "%s: belongs to neither root nor this user", path);
	if (st->st_size < 0 || st->st_size > (off_t)FILE_MOST)
		return mw_fail(err, -EFBIG, "%s: larger than %u octets", path, FILE_MOST);
	return 0;
}

static int read_fd(int fd, const char *path, struct stat *st, struct mw_keyfile *ret, struct mw_err *err)
{
	char *p;
	ssize_t n;
	int r = look_at(fd, path, st, err);

	if (r < 0)
		return r;
	p = malloc((size_t)st->st_size + 1);
	if (!p)
		return mw_fail_memory(err);
	do
		n = pread(fd, p, (size_t)st->st_size + 1, 0);
	while (n < 0 && errno == EINTR);
	if (n != st->st_size)
		r = mw_fail(err, n < 0 ? -errno : -EAGAIN, "cannot read %s: %s", path,
			    n < 0 ? strerror(errno) : "its size changed");
	if (r == 0) {
		r = mw_keyfile_parse((struct mw_str){.p = p, .n = (size_t)n}, ret, err);
		if (r < 0)
			mw_err_prefix(err, "%s", path);
	}
	if (r == 0 && ret->n == 0) {
		mw_keyfile_free(ret);
		r = mw_fail(err, -EINVAL, "%s: there is no key in it", path);
	}
	OPENSSL_cleanse(p, (size_t)st->st_size + 1);
	free(p);
	return r;
}

static int open_file(const char *path, struct mw_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd >= 0 ? fd : mw_fail(err, -errno, "cannot open %s: %s", path, strerror(errno));
}

int mw_keyfile_read(const char *path, struct mw_keyfile *ret, struct stat *st, struct mw_err *err)
{
	int fd = open_file(path, err), r;

	if (fd < 0)
		return fd;
	r = read_fd(fd, path, st, ret, err);
	(void)close(fd);
	return r;
}

/* ---- writing --------------------------------------------------------------------------------------------------------------------- */

static int sync_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, slash == path ? 1 : (size_t)(slash - path)) : strdup(".");
	int fd = dir ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	int r = !dir ? -ENOMEM : fd < 0 || fsync(fd) < 0 ? -errno : 0;

	if (fd >= 0)
		(void)close(fd);
	free(dir);
	return r;
}

static void print(const struct mw_keyfile *f, struct mw_buf *b)
{
	mw_buf_reserve(b, 200 + 100 * f->n);
	mw_buf_puts(
	    b,
	    "# Keys of milward's pickup portal: number, key, when it was made. Keep this file away from copies of the store.\n");
	for (size_t i = 0; i < f->n; i++) {
		char text[BASE64 + 1];

		(void)EVP_EncodeBlock((unsigned char *)text, f->key[i].octets, MW_PICKUP_KEY);
		mw_buf_printf(b, "%u %s %" PRId64 "\n", f->key[i].number, text, f->key[i].created);
		OPENSSL_cleanse(text, sizeof(text));
	}
}

/* The text into a new file, on disk, under the name fresh; then it is given to put(). */
static int write_new(const char *fresh, const struct mw_keyfile *f, const struct stat *like)
{
	struct mw_buf b = MW_BUF_INIT;
	int fd, r;

	print(f, &b);
	if (!mw_buf_ok(&b)) {
		mw_buf_free(&b);
		return -ENOMEM;
	}
	fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	r = fd < 0 ? -errno : mw_file_write_all(fd, b.p, b.n);
	if (r == 0 && like && (fchown(fd, like->st_uid, like->st_gid) < 0 || fchmod(fd, like->st_mode & 07777) < 0))
		r = -errno;
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (fd >= 0 && close(fd) < 0 && r == 0)
		r = -errno;
	if (fd >= 0 && r < 0)
		(void)unlink(fresh);
	mw_buf_free(&b);
	return r;
}

static int new_key(struct mw_server_key *k, uint32_t number, int64_t now)
{
	k->number = number;
	k->created = now;
	return RAND_priv_bytes(k->octets, MW_PICKUP_KEY) == 1 ? 0 : -EIO;
}

static char *name_beside(const char *path)
{
	size_t n = strlen(path);
	char *p = malloc(n + sizeof(".new"));

	if (p) {
		memcpy(p, path, n);
		memcpy(p + n, ".new", sizeof(".new"));
	}
	return p;
}

int mw_pickup_keys_make(const char *path, int64_t now, struct mw_err *err)
{
	struct mw_server_key key;
	struct mw_keyfile f = {.n = 1, .key = &key};
	char *fresh = name_beside(path);
	int r = fresh ? new_key(&key, 1, now) : -ENOMEM;

	if (r == 0 && access(path, F_OK) == 0)
		r = -EEXIST;
	if (r == 0)
		(void)unlink(fresh); /* of one that was killed */
	if (r == 0)
		r = write_new(fresh, &f, NULL);
	if (r == 0) {
		if (link(fresh, path) < 0)
			r = -errno;
		(void)unlink(fresh);
	}
	if (r == 0)
		r = sync_folder(path);
	OPENSSL_cleanse(&key, sizeof(key));
	free(fresh);
	return r == 0 ? 0 : mw_fail(err, r, "cannot make %s: %s", path, strerror(-r));
}

/* The file, for one that will replace it: nobody else does meanwhile. *fd keeps the lock. */
static int lock_file(const char *path, int *fd, struct stat *st, struct mw_keyfile *ret, struct mw_err *err)
{
	for (;;) {
		struct stat now;
		int r = *fd = open_file(path, err);

		if (r < 0)
			return r;
		if (flock(*fd, LOCK_EX) == 0 && fstat(*fd, st) == 0 && stat(path, &now) == 0 && st->st_ino == now.st_ino &&
		    st->st_dev == now.st_dev) {
			r = read_fd(*fd, path, st, ret, err);
			if (r < 0)
				(void)close(*fd);
			return r;
		}
		r = errno;
		(void)close(*fd);
		if (r == EINTR || access(path, F_OK) < 0)
			return mw_fail(err, -r, "cannot lock %s: %s", path, strerror(r));
	}
}

static int replace(const char *path, const struct mw_keyfile *f, const struct stat *like, struct mw_err *err)
{
	char *fresh = name_beside(path);
	int r = fresh ? 0 : -ENOMEM;

	if (r == 0)
		(void)unlink(fresh);
	if (r == 0)
		r = write_new(fresh, f, like);
	if (r == 0 && rename(fresh, path) < 0) {
		r = -errno;
		(void)unlink(fresh);
	}
	if (r == 0)
		r = sync_folder(path);
	free(fresh);
	return r == 0 ? 0 : mw_fail(err, r, "cannot replace %s: %s", path, strerror(-r));
}

int mw_pickup_keys_add(const char *path, int64_t now, uint32_t *number, struct mw_err *err)
{
	struct mw_keyfile f;
	struct stat st;
	uint32_t next;
	int fd, r = lock_file(path, &fd, &st, &f, err);

	if (r < 0)
		return r;
	next = f.key[f.n - 1].number + 1;
	if (f.n == MW_PICKUP_KEYS || next == 0)
		r = mw_fail(err, -EFBIG, "%s: there are too many keys in it", path);
	else if (new_key(&f.key[f.n++], next, now) < 0)
		r = mw_fail(err, -EIO, "cannot make a key: libcrypto fails");
	if (r == 0)
		r = replace(path, &f, &st, err);
	if (r == 0)
		*number = next;
	mw_keyfile_free(&f);
	(void)close(fd);
	return r;
}

int mw_pickup_keys_drop(const char *path, uint32_t oldest, int64_t after, int64_t now, size_t *dropped, struct mw_err *err)
{
	struct mw_keyfile f;
	struct stat st;
	size_t n = 0;
	int fd, r = lock_file(path, &fd, &st, &f, err);

	if (r < 0)
		return r;
	while (n + 1 < f.n && (!oldest || f.key[n].number < oldest) && f.key[n + 1].created <= now - after)
		n++;
	if (n) {
		memmove(f.key, f.key + n, (f.n - n) * sizeof(*f.key));
		f.n -= n;
		r = replace(path, &f, &st, err);
	}
	if (r == 0)
		*dropped = n;
	mw_keyfile_free(&f);
	(void)close(fd);
	return r;
}
