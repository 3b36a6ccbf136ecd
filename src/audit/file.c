/* SPDX-License-Identifier: Apache-2.0 */
#include "audit/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "audit/scan.h"

#define LOCK_WAIT_US (5 * 1000000)
#define LOCK_STEP_US 500
#define LOCK_DOOR ((off_t)1 << 60) /* no file is as long */
#define TORN_SHOWN 2048		   /* octets of a torn record that are kept in its note */

/* ---- notes ------------------------------------------------------------------------------------------------------------------
 */

int mw_audit_file_note(struct mw_audit_file *f, const char *kind, const char *fmt, ...)
{
	struct mw_audit_note *note = calloc(1, sizeof(*note)), **last = &f->note;
	va_list ap;
	int n = -1;

	va_start(ap, fmt);
	if (note)
		n = vasprintf(&note->members, fmt, ap);
	va_end(ap);
	if (n < 0) {
		free(note);
		return -ENOMEM;
	}
	note->kind = kind;
	while (*last)
		last = &(*last)->next;
	*last = note;
	return 0;
}

void mw_audit_file_noted(struct mw_audit_file *f)
{
	while (f->note) {
		struct mw_audit_note *next = f->note->next;

		free(f->note->members);
		free(f->note);
		f->note = next;
	}
}

int mw_audit_file_notes(const struct mw_audit_file *f, struct mw_audit_text *text, uint64_t *seq, char hash[MW_AUDIT_HEX + 1])
{
	for (const struct mw_audit_note *note = f->note; note; note = note->next) {
		struct mw_str members = {.p = note->members, .n = strlen(note->members)};
		int r = mw_audit_record_add(text, f->chain, *seq + 1, note->kind, members, hash, hash);

		if (r < 0)
			return r;
		(*seq)++;
	}
	return 0;
}

/* ---- opening ----------------------------------------------------------------------------------------------------------------
 */

static int check_folder(const struct mw_audit_file *f, struct mw_err *err)
{
	char copy[PATH_MAX];
	struct stat st;
	const char *dir;

	if (snprintf(copy, sizeof(copy), "%s", f->path) >= (int)sizeof(copy))
		return f->host->fail(err, -ENAMETOOLONG, "audit file %s: the path is too long", f->path);
	dir = dirname(copy);
	if (stat(dir, &st) < 0)
		return f->host->fail(err, -errno, "audit file %s: cannot look at folder %s: %s", f->path, dir, strerror(errno));
	if (st.st_mode & S_IWOTH)
		return f->host->fail(err, -EPERM, "audit file %s: everybody may write into its folder: run chmod o-w %s", f->path,
				     dir);
	return 0;
}

/* The entry of a new file in its folder must survive a power failure too. */
static int sync_folder(const char *path)
{
	char copy[PATH_MAX];
	int fd, r = 0;

	(void)snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0)
		r = -errno;
	(void)close(fd);
	return r;
}

/* Two handles of one process are not each other's: OFD locks. A process that is killed leaves none behind. A child of fork(2) shares its
 * parent's handles and locks: it must open the file itself. */
static int wait_for(const struct mw_audit_file *f, const char *path, int fd, struct flock range, int64_t *waited,
		    struct mw_err *err)
{
	while (fcntl(fd, F_OFD_SETLK, &range) < 0) {
		struct timespec nap = {.tv_nsec = LOCK_STEP_US * 1000};

		if (!f->shared)
			return f->host->fail(err, -EBUSY, "audit file %s is in use by another process; give each its own file",
					     path);
		if (*waited >= LOCK_WAIT_US)
			return f->host->fail(err, -EBUSY, "audit file %s: another process has been writing for %d seconds", path,
					     LOCK_WAIT_US / 1000000);
		(void)nanosleep(&nap, NULL);
		*waited += LOCK_STEP_US;
	}
	return 0;
}

/* Behind what is locked stands a door: who waits for the file holds it, so that a process that writes without a pause lets others in. */
static int lock(const struct mw_audit_file *f, const char *path, int fd, struct mw_err *err)
{
	struct flock all = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = LOCK_DOOR};
	struct flock door = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_DOOR, .l_len = 1};
	int64_t waited = 0;
	int r = wait_for(f, path, fd, door, &waited, err);

	if (r < 0)
		return r;
	r = wait_for(f, path, fd, all, &waited, err);
	door.l_type = F_UNLCK;
	(void)fcntl(fd, F_OFD_SETLK, &door);
	return r;
}

static void unlock(int fd)
{
	struct flock all = {.l_type = F_UNLCK, .l_whence = SEEK_SET};

	(void)fcntl(fd, F_OFD_SETLK, &all);
}

/* Opens or creates one of both files. */
static int open_file(const struct mw_audit_file *f, const char *path, int *ret, struct mw_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0640), r = 0;
	struct stat st;

	if (fd < 0)
		return f->host->fail(err, -errno, "cannot open audit file %s: %s", path, strerror(errno));
	if (fstat(fd, &st) < 0)
		r = f->host->fail(err, -errno, "audit file %s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		r = f->host->fail(err, -EINVAL, "audit file %s is not a regular file", path);
	else if (st.st_mode & S_IWOTH)
		r = f->host->fail(err, -EPERM, "audit file %s may be written by everybody: run chmod o-w %s", path, path);
	else if (st.st_uid != geteuid() && st.st_uid != 0)
		r = f->host->fail(err, -EPERM, "audit file %s belongs to user %lu: run chown %lu %s", path,
				  (unsigned long)st.st_uid, (unsigned long)geteuid(), path);
	else if (st.st_size == 0 && sync_folder(path) < 0)
		r = f->host->fail(err, -EIO, "audit file %s: cannot sync its folder", path);
	if (r < 0)
		(void)close(fd);
	else
		*ret = fd;
	return r;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The file of records: the lock of a shared one is that of its head. */
static int open_records(const struct mw_audit_file *f, int *ret, struct mw_err *err)
{
	int fd, r = open_file(f, f->path, &fd, err);

	if (r == 0 && !f->shared) {
		r = lock(f, f->path, fd, err);
		if (r < 0)
			(void)close(fd);
	}
	if (r == 0)
		*ret = fd;
	return r;
}

/* The head, locked; again when somebody put another file in its place while we waited. */
static int open_head(struct mw_audit_file *f, struct mw_err *err)
{
	struct stat ours, there;
	int fd, r;

	for (int i = 0; i < 100; i++) {
		r = open_file(f, f->head_path, &fd, err);
		if (r < 0)
			return r;
		r = lock(f, f->head_path, fd, err);
		if (r == 0 && fstat(fd, &ours) == 0 && stat(f->head_path, &there) == 0 && same_file(&ours, &there)) {
			f->head_fd = fd;
			f->entered = true;
			return 0;
		}
		(void)close(fd);
		if (r < 0)
			return r;
	}
	return f->host->fail(err, -EBUSY, "%s is replaced again and again", f->head_path);
}

/* 1 read, 0 there is none yet. */
static int read_head(struct mw_audit_file *f, struct mw_err *err)
{
	int r = mw_audit_head_read(f->head_fd, f->chain, &f->head);

	if (r == -EBADMSG)
		return f->host->fail(err, r,
				     "%s is damaged or was written with another key: move it and %s away to begin a new chain",
				     f->head_path, f->path);
	return r < 0 ? f->host->fail(err, r, "cannot read %s: %s", f->head_path, strerror(-r)) : r;
}

/* ---- where the chain stands ---------------------------------------------------------------------------------------------------
 */

/* What stands behind the last good record and has no line end: a crash cut it short. It was never acknowledged. */
static int cut_torn(struct mw_audit_file *f, uint64_t from, uint64_t size, struct mw_err *err)
{
	char *text = malloc(TORN_SHOWN + 1), hex[MW_AUDIT_HEX + 1], shown[TORN_SHOWN + 1];
	ssize_t n;
	int r;

	if (!text)
		return f->host->fail(err, -ENOMEM, "no memory");
	n = pread(f->fd, text, TORN_SHOWN, (off_t)from);
	if (n < 0)
		n = 0;
	for (ssize_t i = 0; i < n; i++)
		shown[i] = text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\' ? '?' : text[i];
	shown[n] = '\0';
	r = mw_audit_chain_digest(f->chain, text, (size_t)n, hex);
	if (r == 0)
		r = mw_audit_file_note(f, "torn", "\"octets\":%" PRIu64 ",\"digest\":\"%s\",\"text\":\"%s\"", size - from, hex,
				       shown);
	free(text);
	if (r < 0)
		return f->host->fail(err, r, "no memory");
	if (ftruncate(f->fd, (off_t)from) < 0)
		return f->host->fail(err, -errno, "audit file %s: cannot take away a torn record: %s", f->path, strerror(errno));
	f->head.end = from;
	return 0;
}

/* Something that is no record of this chain stands at the end: it is evidence, and stays. The next record begins a line. */
static int keep_damage(struct mw_audit_file *f, uint64_t size, const char *why, struct mw_err *err)
{
	char last = '\n';
	int r;

	if (size && pread(f->fd, &last, 1, (off_t)size - 1) != 1)
		return f->host->fail(err, -EIO, "audit file %s: cannot read its end", f->path);
	if (last != '\n') {
		if (pwrite(f->fd, "\n", 1, (off_t)size) != 1)
			return f->host->fail(err, -EIO, "audit file %s: cannot end its last line", f->path);
		size++;
	}
	f->head.end = size;
	r = mw_audit_file_note(f, "gap", "\"reason\":\"%s\",\"after\":%" PRIu64, why, f->head.seq);
	return r < 0 ? f->host->fail(err, r, "no memory") : 0;
}

/* Where the record of the head ends in this file: where the head says, or, when the head was written for an older file, somewhere
 * else. Without a head the first record is believed. 1 found, 0 not. */
static int find_end(struct mw_audit_file *f, struct mw_audit_scan *scan, bool anchored, struct mw_audit_head *end)
{
	int r = anchored ? mw_audit_scan_at(scan, &f->head) : 0;

	*end = f->head;
	if (r == 0)
		r = mw_audit_scan_find(scan, anchored ? &f->head : NULL, end);
	return r > 0 ? mw_audit_scan_forward(scan, end) : r;
}

/* Goes to the last good record of a file that is not empty, and notes what stands behind it or is missing. */
static int locate(struct mw_audit_file *f, uint64_t size, bool anchored, struct mw_err *err)
{
	struct mw_audit_scan scan = {.fd = f->fd, .chain = f->chain, .size = size};
	struct mw_audit_head end;
	int r = find_end(f, &scan, anchored, &end);

	if (r < 0)
		return f->host->fail(err, r, "audit file %s: cannot read it: %s", f->path, strerror(-r));
	if (r == 0 && anchored)
		return keep_damage(f, size, "missing", err);
	if (r == 0)
		return f->host->fail(err, -EBADMSG, "audit file %s does not begin with a record%s: move it away", f->path,
				     f->chain->key_n ? " of this key" : "");
	f->head = end;
	if (end.end < size && scan.line_end)
		r = keep_damage(f, size, "damaged", err);
	else if (end.end < size)
		r = cut_torn(f, end.end, size, err);
	if (r < 0)
		return r;
	if (!anchored && mw_audit_file_note(f, "gap", "\"reason\":\"head\",\"after\":%" PRIu64, f->head.seq) < 0)
		return f->host->fail(err, -ENOMEM, "no memory");
	return 0;
}

/* Takes over an open file and finds where the chain stands in it. anchored: f->head is the end of the chain, from the head file
 * or from this process. On failure the file is closed. */
static int adopt(struct mw_audit_file *f, int fd, bool anchored, struct mw_err *err)
{
	struct stat st;
	int r = 0;

	f->fd = fd;
	if (fstat(fd, &st) < 0) {
		r = f->host->fail(err, -errno, "audit file %s: %s", f->path, strerror(errno));
	} else if (st.st_size > 0) {
		r = locate(f, (uint64_t)st.st_size, anchored, err);
	} else {
		f->head.end = 0;
		if (f->head.seq && mw_audit_file_note(f, "continue", "\"after\":%" PRIu64, f->head.seq) < 0)
			r = f->host->fail(err, -ENOMEM, "no memory");
	}
	if (r < 0) {
		(void)close(fd);
		f->fd = -1;
	}
	return r;
}

/* Into the other slot than the last one, whoever wrote that: a crash in the middle of it leaves the last one whole. */
static int write_head(struct mw_audit_file *f, struct mw_err *err)
{
	struct mw_audit_head head = f->head;
	int r;

	head.slot ^= 1;
	r = mw_audit_head_write(f->head_fd, f->chain, &head);
	if (r < 0)
		return f->host->fail(err, r, "cannot write %s: %s", f->head_path, strerror(-r));
	f->head.slot = head.slot;
	return 0;
}

int mw_audit_file_open(struct mw_audit_file *f, const struct mw_host *host, const char *path, const struct mw_audit_chain *chain,
		       bool shared, struct mw_err *err)
{
	bool fresh;
	int fd, r;

	*f = (struct mw_audit_file){.host = host, .chain = chain, .shared = shared, .fd = -1, .head_fd = -1};
	memcpy(f->head.hash, mw_audit_zero, sizeof(f->head.hash));
	f->head.slot = 1; /* so the first one is 0 */
	f->path = strdup(path);
	if (!f->path || asprintf(&f->head_path, "%s.head", path) < 0) {
		f->head_path = NULL;
		mw_audit_file_close(f);
		return host->fail(err, -ENOMEM, "no memory");
	}
	r = check_folder(f, err);
	if (r == 0)
		r = open_head(f, err);
	if (r == 0)
		r = read_head(f, err);
	fresh = r == 0;
	if (r >= 0)
		r = open_records(f, &fd, err);
	if (r == 0)
		r = adopt(f, fd, !fresh, err);
	/* A crash right behind the first record must not look as if somebody had taken the head away. */
	if (r == 0 && fresh)
		r = write_head(f, err);
	if (r < 0)
		mw_audit_file_close(f);
	return r;
}

int mw_audit_file_enter(struct mw_audit_file *f, struct mw_err *err)
{
	struct stat ours, there;
	int r;

	if (!f->shared)
		return 0;
	/* Who has opened it is inside; before the door stands perhaps somebody who waits for it to leave. */
	r = f->entered ? 0 : lock(f, f->head_path, f->head_fd, err);
	if (r < 0)
		return r;
	f->entered = true;
	if (fstat(f->head_fd, &ours) < 0 || stat(f->head_path, &there) < 0 || !same_file(&ours, &there)) {
		r = f->host->fail(err, -ESTALE, "%s is gone, or another file: put it back, or restart all that write into %s",
				  f->head_path, f->path);
	} else {
		r = read_head(f, err);
		if (r == 0)
			r = f->host->fail(err, -EBADMSG, "%s is empty: move it and %s away to begin a new chain", f->head_path,
					  f->path);
	}
	if (r < 0)
		mw_audit_file_leave(f);
	return r < 0 ? r : 0;
}

void mw_audit_file_leave(struct mw_audit_file *f)
{
	if (f->shared && f->head_fd >= 0)
		unlock(f->head_fd);
	f->entered = false;
}

void mw_audit_file_close(struct mw_audit_file *f)
{
	if (f->fd >= 0)
		(void)close(f->fd);
	if (f->head_fd >= 0)
		(void)close(f->head_fd);
	mw_audit_file_noted(f);
	free(f->path);
	free(f->head_path);
	*f = (struct mw_audit_file){.fd = -1, .head_fd = -1};
}

/* ---- writing ----------------------------------------------------------------------------------------------------------------
 */

static int write_all(int fd, const char *p, size_t n, uint64_t at)
{
	while (n) {
		ssize_t r = pwrite(fd, p, n, (off_t)at);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return r < 0 ? -errno : -ENOSPC;
		p += r;
		n -= (size_t)r;
		at += (uint64_t)r;
	}
	return 0;
}

int mw_audit_file_append(struct mw_audit_file *f, const struct mw_audit_text *text, bool sync, uint64_t seq, const char *hash,
			 struct mw_err *err)
{
	struct mw_audit_head head = {.seq = seq, .end = f->head.end + text->n, .slot = f->head.slot};
	int r = write_all(f->fd, text->p, text->n, f->head.end);

	if (r == 0 && sync && fdatasync(f->fd) < 0)
		r = -errno;
	if (r < 0) {
		/* Nothing of it was acknowledged, nothing of it stays. If that fails too, the next one finds a file of a wrong
		 * size. */
		if (ftruncate(f->fd, (off_t)f->head.end) == 0 && sync)
			(void)fdatasync(f->fd);
		return f->host->fail(err, r, "cannot write audit file %s: %s", f->path, strerror(-r));
	}
	memcpy(head.hash, hash, sizeof(head.hash));
	f->head = head;
	return write_head(f, err);
}

int mw_audit_file_reserve(struct mw_audit_file *f, uint64_t octets, struct mw_err *err)
{
	int r;

	do
		r = fallocate(f->fd, FALLOC_FL_KEEP_SIZE, (off_t)f->head.end, (off_t)octets) < 0 ? -errno : 0;
	while (r == -EINTR);
	if (r == 0 || r == -EOPNOTSUPP || r == -ENOSYS)
		return 0;
	return f->host->fail(err, r, "no room for records in audit file %s: %s", f->path, strerror(-r));
}

/* The old file, renamed away, gets a last record, so that it is whole without its head. A failure takes nothing from the chain.
 */
static void end_old(struct mw_audit_file *f, bool sync)
{
	static const struct mw_str none = {.p = "", .n = 0};
	char hash[MW_AUDIT_HEX + 1];
	struct mw_audit_text text = {0};
	struct mw_err err = {0};

	if (mw_audit_record_add(&text, f->chain, f->head.seq + 1, "end", none, f->head.hash, hash) == 0)
		(void)mw_audit_file_append(f, &text, sync, f->head.seq + 1, hash, &err);
	mw_audit_text_free(&text);
}

int mw_audit_file_renew(struct mw_audit_file *f, bool sync, const char **why, struct mw_err *err)
{
	struct stat at_path, ours;
	bool here = stat(f->path, &at_path) == 0, open = f->fd >= 0 && fstat(f->fd, &ours) == 0;
	bool same = here && open && same_file(&at_path, &ours);
	bool gone_on = f->shared && here && at_path.st_size > 0; /* another process has ended the old one */
	int fd, r;

	if (same && (uint64_t)ours.st_size == f->head.end)
		return 0;
	if (same) {
		*why = "somebody else changed its size";
		(void)close(f->fd); /* and its lock */
		f->fd = -1;
	}
	/* The new one first: when it cannot be opened, the old one has not ended. */
	r = check_folder(f, err);
	if (r == 0)
		r = open_records(f, &fd, err);
	if (r < 0)
		return r;
	if (!same) {
		*why = !open ? "it was not open" : ours.st_nlink == 0 ? "it was removed" : "it was moved away";
		if (open && !gone_on && ours.st_nlink > 0 && (uint64_t)ours.st_size == f->head.end)
			end_old(f, sync);
		if (open)
			(void)close(f->fd);
	}
	r = adopt(f, fd, true, err);
	return r < 0 ? r : 1;
}
