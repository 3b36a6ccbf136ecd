/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/sts_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

#define FILE_MAX (512 * 1024 * 1024) /* octets */
#define SUM_DIGITS 16

/* ---- a line --------------------------------------------------------------------------------------------------------------------- */

static bool sum(const char *p, size_t n, char ret[SUM_DIGITS + 1])
{
	unsigned char digest[EVP_MAX_MD_SIZE];

	if (EVP_Digest(p, n, digest, NULL, EVP_sha256(), NULL) != 1)
		return false;
	for (size_t i = 0; i < SUM_DIGITS / 2; i++)
		(void)snprintf(ret + 2 * i, 3, "%02x", digest[i]);
	return true;
}

/* Takes what stands before the next space, or the rest. */
static struct mw_str take_word(struct mw_str *s)
{
	const char *end = s->n ? memchr(s->p, ' ', s->n) : NULL;
	struct mw_str word = {.p = s->p, .n = end ? (size_t)(end - s->p) : s->n};

	*s = mw_str_behind(*s, end ? word.n + 1 : word.n);
	return word;
}

static bool take_time(struct mw_str *s, int64_t *ret)
{
	struct mw_str word = take_word(s);
	int64_t value = 0;

	if (word.n == 0 || word.n > 15)
		return false;
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] < '0' || word.p[i] > '9')
			return false;
		value = value * 10 + (word.p[i] - '0');
	}
	*ret = value;
	return true;
}

/* By way of the words of a policy, so that what comes from disk passes the same checks as what came from the web. */
static int read_policy(struct mw_str age, struct mw_str mode, struct mw_str mx, struct mw_sts_policy *ret, struct mw_err *err)
{
	struct mw_buf text = MW_BUF_INIT;
	int rc;

	mw_buf_puts(&text, "version:STSv1\nmax_age:");
	mw_buf_add(&text, age.p, age.n);
	mw_buf_puts(&text, "\nmode:");
	mw_buf_add(&text, mode.p, mode.n);
	if (!mw_str_eq(mx, "-")) {
		mw_buf_puts(&text, "\nmx:");
		for (size_t i = 0; i < mx.n; i++) {
			if (mx.p[i] == ',')
				mw_buf_puts(&text, "\nmx:");
			else
				mw_buf_putc(&text, mx.p[i]);
		}
	}
	rc = mw_buf_ok(&text) ? mw_sts_policy_parse(text.p, text.n, ret, err) : mw_fail_memory(err);
	mw_buf_free(&text);
	return rc;
}

static int read_line(struct mw_str s, struct mw_sts_kept *ret, struct mw_err *err)
{
	struct mw_sts_kept kept = {.fetched = 0};
	struct mw_str word, age, mode, mx;
	char record[MW_STS_ID_MAX + 16];
	int rc;

	if (!mw_str_eq(take_word(&s), "sts1") || !mw_name_take(take_word(&s), kept.domain))
		return mw_fail(err, -EINVAL, "no policy that was kept");
	word = take_word(&s);
	if (word.n == 0 || word.n > MW_STS_ID_MAX)
		return mw_fail(err, -EINVAL, "no policy that was kept");
	(void)snprintf(record, sizeof(record), "v=STSv1;id=%.*s", (int)word.n, word.p);
	if (mw_sts_record_parse(record, strlen(record), kept.id, err) < 0 || !take_time(&s, &kept.fetched))
		return mw_fail(err, -EINVAL, "no policy that was kept");
	age = take_word(&s);
	mode = take_word(&s);
	mx = take_word(&s);
	if (s.n > 0)
		return mw_fail(err, -EINVAL, "no policy that was kept");
	rc = read_policy(age, mode, mx, &kept.policy, err);
	if (rc == 0)
		*ret = kept;
	return rc;
}

int mw_sts_line_parse(const char *p, size_t n, struct mw_sts_kept *ret, struct mw_err *err)
{
	char right[SUM_DIGITS + 1];

	if (n <= SUM_DIGITS + 1 || p[n - SUM_DIGITS - 1] != ' ')
		return mw_fail(err, -EINVAL, "a line without its sum");
	if (!sum(p, n - SUM_DIGITS - 1, right))
		return mw_fail(err, -EIO, "libcrypto has no SHA-256");
	if (memcmp(p + n - SUM_DIGITS, right, SUM_DIGITS) != 0)
		return mw_fail(err, -EINVAL, "a line with a wrong sum");
	return read_line((struct mw_str){.p = p, .n = n - SUM_DIGITS - 1}, ret, err);
}

void mw_sts_line_add(struct mw_buf *out, const struct mw_sts_kept *kept)
{
	char digits[SUM_DIGITS + 1];
	size_t start = out->n;

	mw_buf_printf(out, "sts1 %s %s %" PRId64 " %" PRId64 " %s ", kept->domain, kept->id, kept->fetched, kept->policy.max_age,
		      mw_sts_mode_words[kept->policy.mode]);
	for (size_t i = 0; i < kept->policy.n_mx; i++)
		mw_buf_printf(out, "%s%s", i ? "," : "", kept->policy.mx[i]);
	if (kept->policy.n_mx == 0)
		mw_buf_putc(out, '-');
	if (!mw_buf_ok(out) || !sum(out->p + start, out->n - start, digits)) {
		out->failed = true;
		return;
	}
	mw_buf_printf(out, " %s\n", digits);
}

/* ---- the file ------------------------------------------------------------------------------------------------------------------- */

struct mw_sts_file {
	int fd;
	char *path, *beside;
	off_t size;
	size_t lines;
	bool torn; /* it ends within a line */
};

static int fail_path(struct mw_err *err, const char *path)
{
	int code = errno;

	if (code == EWOULDBLOCK)
		return mw_fail(err, -EBUSY, "%s: another process has it", path);
	return mw_fail(err, -code, "%s: %s%s", path, strerror(code),
		       code == ENOENT || code == EACCES
			   ? "; make its folder for the user of milward-lookup, or name another with `cache`"
			   : "");
}

static int open_locked(const char *path, int flags, struct mw_err *err)
{
	int fd = open(path, flags | O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return fail_path(err, path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int rc = fail_path(err, path);

		(void)close(fd);
		return rc;
	}
	return fd;
}

static int read_all(struct mw_sts_file *f, struct mw_buf *text, struct mw_err *err)
{
	char piece[65536];
	ssize_t n;

	while ((n = read(f->fd, piece, sizeof(piece))) != 0) {
		if (n < 0)
			return fail_path(err, f->path);
		if (text->n > FILE_MAX)
			return mw_fail(err, -EFBIG, "%s: more than %d octets", f->path, FILE_MAX);
		mw_buf_add(text, piece, (size_t)n);
	}
	f->size = (off_t)text->n;
	return mw_buf_ok(text) ? 0 : mw_fail_memory(err);
}

static int take_lines(struct mw_sts_file *f, struct mw_str text, mw_sts_file_take *take, void *ctx, size_t *bad,
		      struct mw_err *err)
{
	f->torn = text.n > 0 && text.p[text.n - 1] != '\n';
	while (text.n > 0) {
		struct mw_str line = mw_str_take_line(&text);
		struct mw_sts_kept kept;
		int rc;

		f->lines++;
		rc = mw_sts_line_parse(line.p, line.n, &kept, err);
		if (rc == -EINVAL) {
			++*bad;
			continue;
		}
		if (rc == 0) {
			rc = take(ctx, &kept, err);
			mw_sts_policy_clear(&kept.policy);
		}
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int open_file(struct mw_sts_file *f, const char *path, struct mw_err *err)
{
	struct stat st;

	if (asprintf(&f->path, "%s", path) < 0 || asprintf(&f->beside, "%s.new", path) < 0)
		return mw_fail_memory(err);
	f->fd = open_locked(path, 0, err);
	if (f->fd < 0)
		return f->fd;
	if (fstat(f->fd, &st) < 0)
		return fail_path(err, path);
	return S_ISREG(st.st_mode) ? 0 : mw_fail(err, -EINVAL, "%s: not a regular file", path);
}

int mw_sts_file_open(const char *path, mw_sts_file_take *take, void *ctx, size_t *bad, struct mw_sts_file **ret,
		     struct mw_err *err)
{
	struct mw_sts_file *f = malloc(sizeof(*f));
	struct mw_buf text = MW_BUF_INIT;
	int rc;

	if (!f)
		return mw_fail_memory(err);
	*f = (struct mw_sts_file){.fd = -1};
	*bad = 0;
	rc = open_file(f, path, err);
	if (rc == 0)
		rc = read_all(f, &text, err);
	if (rc == 0)
		rc = take_lines(f, (struct mw_str){.p = mw_buf_text(&text), .n = text.n}, take, ctx, bad, err);
	mw_buf_free(&text);
	if (rc < 0) {
		mw_sts_file_close(f);
		return rc;
	}
	*ret = f;
	return 0;
}

size_t mw_sts_file_lines(const struct mw_sts_file *f)
{
	return f->lines;
}

static bool write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno != EINTR)
			return false;
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
	return true;
}

int mw_sts_file_append(struct mw_sts_file *f, const struct mw_sts_kept *kept, struct mw_err *err)
{
	struct mw_buf line = MW_BUF_INIT;
	int rc = 0;

	if (f->torn)
		mw_buf_putc(&line, '\n');
	mw_sts_line_add(&line, kept);
	if (!mw_buf_ok(&line)) {
		rc = mw_fail_memory(err);
	} else if (!write_all(f->fd, line.p, line.n) || fdatasync(f->fd) < 0) {
		rc = fail_path(err, f->path);
		f->torn = ftruncate(f->fd, f->size) < 0 || f->torn;
	} else {
		f->size += (off_t)line.n;
		f->lines++;
		f->torn = false;
	}
	mw_buf_free(&line);
	return rc;
}

/* The folder remembers the new name only when it is synced itself. */
static int sync_folder(const char *path, struct mw_err *err)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == path ? strdup("/") : slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
	int fd, rc = 0;

	if (!folder)
		return mw_fail_memory(err);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		rc = fail_path(err, folder);
	if (fd >= 0)
		(void)close(fd);
	free(folder);
	return rc;
}

int mw_sts_file_replace(struct mw_sts_file *f, const struct mw_buf *text, size_t lines, struct mw_err *err)
{
	int fd, rc;

	if (unlink(f->beside) < 0 && errno != ENOENT)
		return fail_path(err, f->beside);
	fd = open_locked(f->beside, O_EXCL, err);
	if (fd < 0)
		return fd;
	if (!write_all(fd, mw_buf_text(text), text->n) || fsync(fd) < 0 || rename(f->beside, f->path) < 0) {
		rc = fail_path(err, f->beside);
		(void)unlink(f->beside);
		(void)close(fd);
		return rc;
	}
	(void)close(f->fd);
	f->fd = fd;
	f->size = (off_t)text->n;
	f->lines = lines;
	f->torn = false;
	return sync_folder(f->path, err);
}

void mw_sts_file_close(struct mw_sts_file *f)
{
	if (!f)
		return;
	if (f->fd >= 0)
		(void)close(f->fd);
	free(f->path);
	free(f->beside);
	free(f);
}
