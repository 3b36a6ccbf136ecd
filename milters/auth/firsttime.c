/* SPDX-License-Identifier: Apache-2.0 */
#include "firsttime.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WAYS 8u /* slots that a domain can be in */
#define BUCKETS (MW_FIRSTTIME_DOMAINS / WAYS)
#define AGAIN 1440u /* minutes after which it is noted that a domain was seen once more */
#define MAGIC "MWSEEN1\n"

struct head {
	char magic[8];
	uint32_t order; /* octets of another machine are not read */
	uint32_t domains;
	unsigned char key[32];
	unsigned char spare[16];
};

struct slot {
	uint64_t tag;	      /* 0 = empty */
	uint32_t first, last; /* minutes since 1970 */
};

struct mw_firsttime {
	int fd;
	int64_t fresh;
	unsigned char key[32];
};

static const off_t file_size = (off_t)(sizeof(struct head) + MW_FIRSTTIME_DOMAINS * sizeof(struct slot));

static bool write_all(int fd, const void *p, size_t n)
{
	return write(fd, p, n) == (ssize_t)n;
}

/* Makes it beside its name, whole, and then gives it the name: a file of another that was as quick stays. */
static int make(const char *path)
{
	struct head head = {.magic = MAGIC, .order = 0x01020304, .domains = MW_FIRSTTIME_DOMAINS};
	size_t n = strlen(path) + sizeof(".XXXXXX");
	char *beside = malloc(n);
	int fd, r = 0;

	if (!beside)
		return -ENOMEM;
	(void)snprintf(beside, n, "%s.XXXXXX", path);
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0) {
		r = -errno;
		free(beside);
		return r;
	}
	if (RAND_bytes(head.key, sizeof(head.key)) != 1)
		r = -EIO;
	if (r == 0)
		r = -posix_fallocate(fd, 0, file_size);
	if (r == 0 && (!write_all(fd, &head, sizeof(head)) || fsync(fd) < 0))
		r = errno ? -errno : -EIO;
	if (r == 0 && link(beside, path) < 0 && errno != EEXIST)
		r = -errno;
	(void)unlink(beside);
	(void)close(fd);
	free(beside);
	return r;
}

static int open_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW), r;

	if (fd >= 0 || errno != ENOENT)
		return fd >= 0 ? fd : -errno;
	r = make(path);
	if (r < 0)
		return r;
	fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	return fd >= 0 ? fd : -errno;
}

static bool is_whole(int fd, struct head *head)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == file_size &&
	       pread(fd, head, sizeof(*head), 0) == (ssize_t)sizeof(*head) && memcmp(head->magic, MAGIC, 8) == 0 &&
	       head->order == 0x01020304 && head->domains == MW_FIRSTTIME_DOMAINS;
}

int mw_firsttime_open(const struct mw_host *host, const char *path, int64_t fresh, struct mw_firsttime **ret, struct mw_err *err)
{
	struct mw_firsttime *f = calloc(1, sizeof(*f));
	struct head head;

	if (!f)
		return host->fail(err, -ENOMEM, "out of memory");
	f->fresh = fresh;
	f->fd = open_file(path);
	if (f->fd < 0) {
		int r = f->fd;

		free(f);
		return host->fail(err, r, "%s: %s", path, strerror(-r));
	}
	if (!is_whole(f->fd, &head)) {
		mw_firsttime_close(&f);
		return host->fail(err, -EINVAL, "%s: this is no file of domains that were seen, or it is damaged: remove it",
				  path);
	}
	memcpy(f->key, head.key, sizeof(f->key));
	*ret = f;
	return 0;
}

void mw_firsttime_close(struct mw_firsttime **fp)
{
	if (!*fp)
		return;
	(void)close((*fp)->fd);
	free(*fp);
	*fp = NULL;
}

/* The domain's slot in its bucket; else the one to take: an empty one, or that of the domain not seen for the longest time. */
static size_t choose(const struct slot bucket[WAYS], uint64_t tag, bool *known)
{
	size_t best = 0;

	for (size_t i = 0; i < WAYS; i++) {
		*known = bucket[i].tag == tag;
		if (*known)
			return i;
		if (bucket[best].tag && (!bucket[i].tag || bucket[i].last < bucket[best].last))
			best = i;
	}
	return best;
}

static int is_fresh(const struct mw_firsttime *f, const struct slot *s, int64_t now)
{
	int64_t age = now - (int64_t)s->first * 60;

	return age > -60 && age < f->fresh; /* what is of tomorrow was noted when the clock was wrong */
}

int mw_firsttime_see(struct mw_firsttime *f, const char *domain, int64_t now)
{
	uint32_t minute = (uint32_t)(now / 60), place;
	unsigned char digest[EVP_MAX_MD_SIZE];
	struct slot bucket[WAYS], *s;
	bool known;
	uint64_t tag;
	off_t at;

	if (!HMAC(EVP_sha256(), f->key, (int)sizeof(f->key), (const unsigned char *)domain, strlen(domain), digest, NULL))
		return -EIO;
	memcpy(&tag, digest, sizeof(tag));
	memcpy(&place, digest + sizeof(tag), sizeof(place));
	tag |= 1;
	at = (off_t)(sizeof(struct head) + (place % BUCKETS) * sizeof(bucket));
	if (pread(f->fd, bucket, sizeof(bucket), at) != (ssize_t)sizeof(bucket))
		return -EIO;
	s = &bucket[choose(bucket, tag, &known)];
	if (!known)
		*s = (struct slot){.tag = tag, .first = minute};
	else if (minute - s->last < AGAIN) /* a clock that was set back is far ahead here, and is noted */
		return is_fresh(f, s, now);
	s->last = minute;
	if (pwrite(f->fd, s, sizeof(*s), at + (off_t)((size_t)(s - bucket) * sizeof(*s))) != (ssize_t)sizeof(*s))
		return -EIO;
	return is_fresh(f, s, now);
}
