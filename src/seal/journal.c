/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/journal.h"

#include "match/digest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILES_MOST 16u /* of one journal: its age and size are that many steps */
#define FILE_NAME "journal.%010llu"
#define HEAD 54u /* octets of a line before the key: TIME, STATE and QUEUEID, each with a blank */
#define STATE_AT 11u
#define LINE_MOST (HEAD + MW_JOURNAL_KEY + MW_JOURNAL_DETAIL + 2u)

struct file {
	uint64_t number;
	int fd;
	uint64_t size;
	int64_t first; /* time of its first record */
	int64_t last;
	bool dirty;
	bool failed; /* to go to disk, once: the kernel says it only that time, and nobody knows what of it is there */
};

struct entry {
	uint64_t hash[2]; /* 0, 0: free */
	uint64_t file;	  /* its number */
	uint64_t at;	  /* of its line */
	bool done;
	char queue_id[MW_QUEUE_ID];
};

struct mw_journal {
	char *dir;
	int folder;
	int64_t keep;
	uint64_t most;
	unsigned char secret[2][16];
	size_t files;
	struct file file[FILES_MOST + 1]; /* the oldest first; the last one is written to */
	size_t entries, room;		  /* room: a power of two */
	struct entry *entry;
};

/* ---- what is known --------------------------------------------------------------------------------------------------------------- */

static void hash_key(const struct mw_journal *j, struct mw_str key, uint64_t hash[2])
{
	hash[0] = mw_siphash(j->secret[0], key);
	hash[1] = mw_siphash(j->secret[1], key) | 1; /* never free */
}

/* Where it is, or where it would be put. */
static size_t place(const struct entry *e, size_t room, const uint64_t hash[2])
{
	size_t i = (size_t)hash[0] & (room - 1);

	while (e[i].hash[1] && (e[i].hash[0] != hash[0] || e[i].hash[1] != hash[1]))
		i = (i + 1) & (room - 1);
	return i;
}

/* A table with what passes: with room for as many again, without what was of a file that is gone. */
static int rebuild(struct mw_journal *j, uint64_t oldest)
{
	size_t room = 64, n = 0;
	struct entry *fresh;

	while (room < 4 * (j->entries + 1))
		room *= 2;
	fresh = calloc(room, sizeof(*fresh));
	if (!fresh)
		return -ENOMEM;
	for (size_t i = 0; i < j->room; i++) {
		if (!j->entry[i].hash[1] || j->entry[i].file < oldest)
			continue;
		fresh[place(fresh, room, j->entry[i].hash)] = j->entry[i];
		n++;
	}
	free(j->entry);
	j->entry = fresh;
	j->room = room;
	j->entries = n;
	return 0;
}

static int put(struct mw_journal *j, const struct entry *e)
{
	size_t i;

	if (2 * (j->entries + 1) > j->room) {
		int r = rebuild(j, 0);

		if (r < 0)
			return r;
	}
	i = place(j->entry, j->room, e->hash);
	j->entries += !j->entry[i].hash[1];
	j->entry[i] = *e;
	return 0;
}

static struct entry *find(const struct mw_journal *j, const char *key)
{
	uint64_t hash[2];
	struct entry *e;

	hash_key(j, mw_str(key), hash);
	e = &j->entry[place(j->entry, j->room, hash)];
	return e->hash[1] ? e : NULL;
}

/* ---- files ----------------------------------------------------------------------------------------------------------------------- */

static void file_name(uint64_t number, char ret[32])
{
	(void)snprintf(ret, 32, FILE_NAME, (unsigned long long)number);
}

/* Of a line without its end: what stands before its detail, and behind its head. */
static struct mw_str key_of(struct mw_str line)
{
	struct mw_str key = mw_str_behind(line, HEAD);
	const char *tab = memchr(key.p, '\t', key.n);

	if (tab)
		key.n = (size_t)(tab - key.p);
	return key;
}

/* A line without its end, at its offset. False: it is none of ours. */
static bool take_line(struct mw_journal *j, struct file *f, struct mw_str line, uint64_t at)
{
	struct entry e = {.file = f->number, .at = at};
	int64_t when = 0;

	if (line.n <= HEAD || line.p[STATE_AT - 1] != ' ' || line.p[STATE_AT + 1] != ' ' || line.p[HEAD - 1] != ' ' ||
	    (line.p[STATE_AT] != 's' && line.p[STATE_AT] != 'd'))
		return false;
	for (size_t i = 0; i < STATE_AT - 1; i++) {
		if (line.p[i] < '0' || line.p[i] > '9')
			return false;
		when = when * 10 + (line.p[i] - '0');
	}
	f->first = f->first ? f->first : when;
	f->last = when;
	e.done = line.p[STATE_AT] == 'd';
	for (size_t i = 0; i < MW_QUEUE_ID - 1 && line.p[STATE_AT + 2 + i] != ' '; i++)
		e.queue_id[i] = line.p[STATE_AT + 2 + i];
	hash_key(j, key_of(line), e.hash);
	return put(j, &e) == 0;
}

/* Everything up to the last whole line; what a crash has left behind that is cut off, when we shall write here. */
static int file_read(struct mw_journal *j, struct file *f)
{
	struct stat st;
	struct mw_str rest;
	char *p;
	int r = fstat(f->fd, &st) < 0 ? -errno : 0;

	if (r < 0)
		return r;
	p = malloc((size_t)st.st_size + 1);
	if (!p)
		return -ENOMEM;
	if (pread(f->fd, p, (size_t)st.st_size, 0) != st.st_size) {
		free(p);
		return -EIO;
	}
	for (rest = (struct mw_str){.p = p, .n = (size_t)st.st_size}; rest.n;) {
		const char *lf = memchr(rest.p, '\n', rest.n);
		struct mw_str line = {.p = rest.p, .n = lf ? (size_t)(lf - rest.p) : 0};

		if (!lf)
			break;
		(void)take_line(j, f, line, (uint64_t)(rest.p - p));
		rest = mw_str_behind(rest, line.n + 1);
	}
	f->size = (uint64_t)(rest.p - p);
	free(p);
	return ftruncate(f->fd, (off_t)f->size) < 0 ? -errno : 0;
}

static int file_open(struct mw_journal *j, uint64_t number, int flags, struct file *ret)
{
	char name[32];
	struct file f = {.number = number};

	file_name(number, name);
	f.fd = openat(j->folder, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600);
	if (f.fd < 0)
		return -errno;
	*ret = f;
	return 0;
}

static void oldest_gone(struct mw_journal *j)
{
	char name[32];

	file_name(j->file[0].number, name);
	(void)unlinkat(j->folder, name, 0);
	(void)close(j->file[0].fd);
	memmove(&j->file[0], &j->file[1], (--j->files) * sizeof(j->file[0]));
	(void)rebuild(j, j->file[0].number); /* without memory they are remembered for longer */
}

static uint64_t octets(const struct mw_journal *j)
{
	uint64_t n = 0;

	for (size_t i = 0; i < j->files; i++)
		n += j->file[i].size;
	return n;
}

/* Never the one that is written to. */
static void expire(struct mw_journal *j, int64_t now)
{
	while (j->files > 1 && (j->files > FILES_MOST || octets(j) > j->most || j->file[0].last + j->keep < now))
		oldest_gone(j);
}

static int next_file(struct mw_journal *j, int64_t now)
{
	struct file f;
	int r;

	if (j->files > FILES_MOST)
		oldest_gone(j);
	r = file_open(j, j->files ? j->file[j->files - 1].number + 1 : 1, O_CREAT | O_EXCL, &f);
	if (r < 0)
		return r;
	/* Its name is to be there after a crash, too. */
	if (fsync(j->folder) < 0) {
		r = -errno;
		(void)close(f.fd);
		return r;
	}
	j->file[j->files++] = f;
	expire(j, now);
	return 0;
}

/* ---- opening --------------------------------------------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* The newest that there may be; those before them are removed. */
static int list_files(struct mw_journal *j, uint64_t *number, size_t *n)
{
	int fd = openat(j->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	size_t found = 0;

	if (!d)
		return -errno;
	while (found < 1000 && (e = readdir(d))) {
		unsigned long long v;
		char name[32];

		if (sscanf(e->d_name, "journal.%10llu", &v) != 1 || v == 0)
			continue;
		file_name(v, name);
		if (strcmp(name, e->d_name) == 0)
			number[found++] = v;
	}
	(void)closedir(d);
	qsort(number, found, sizeof(*number), by_number);
	*n = found;
	return 0;
}

static int load(struct mw_journal *j, int64_t now)
{
	uint64_t number[1000];
	size_t n = 0, from;
	int r = list_files(j, number, &n);

	from = n > FILES_MOST ? n - FILES_MOST : 0;
	for (size_t i = 0; i < from && r == 0; i++) {
		char name[32];

		file_name(number[i], name);
		(void)unlinkat(j->folder, name, 0);
	}
	for (size_t i = from; i < n && r == 0; i++) {
		r = file_open(j, number[i], 0, &j->file[j->files]);
		if (r == 0)
			r = file_read(j, &j->file[j->files++]);
	}
	if (r == 0 && j->files == 0)
		r = next_file(j, now);
	if (r == 0)
		expire(j, now);
	return r;
}

int mw_journal_open(const char *dir, int64_t keep, uint64_t most, int64_t now, struct mw_journal **ret, struct mw_err *err)
{
	struct mw_journal *j = calloc(1, sizeof(*j));
	int r;

	if (!j)
		return mw_fail_memory(err);
	j->folder = -1;
	j->dir = strdup(dir);
	mw_journal_set_limits(j, keep, most);
	r = j->dir && rebuild(j, 0) == 0 ? 0 : -ENOMEM;
	if (r == 0 && getrandom(j->secret, sizeof(j->secret), 0) != sizeof(j->secret))
		r = -EIO;
	if (r == 0)
		j->folder = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r == 0 && j->folder < 0)
		r = -errno;
	if (r == 0 && flock(j->folder, LOCK_EX | LOCK_NB) < 0)
		r = errno == EWOULDBLOCK ? -EBUSY : -errno;
	if (r == 0)
		r = load(j, now);
	if (r < 0) {
		mw_journal_close(&j);
		return r == -EBUSY ? mw_fail(err, r, "%s: another milward-seal works there", dir)
				   : mw_fail(err, r, "%s: journal: %s", dir, strerror(-r));
	}
	*ret = j;
	return 0;
}

void mw_journal_set_limits(struct mw_journal *j, int64_t keep, uint64_t most)
{
	j->keep = keep;
	j->most = most;
}

void mw_journal_close(struct mw_journal **jp)
{
	struct mw_journal *j = *jp;

	*jp = NULL;
	if (!j)
		return;
	for (size_t i = 0; i < j->files; i++)
		(void)close(j->file[i].fd);
	if (j->folder >= 0)
		(void)close(j->folder);
	free(j->entry);
	free(j->dir);
	free(j);
}

size_t mw_journal_count(const struct mw_journal *j)
{
	return j->entries;
}

/* ---- records --------------------------------------------------------------------------------------------------------------------- */

enum mw_fate mw_journal_look(const struct mw_journal *j, const char *key, char queue_id[MW_QUEUE_ID])
{
	const struct entry *e = find(j, key);

	if (!e)
		return MW_FATE_NEW;
	if (!e->done)
		return MW_FATE_STARTED;
	memcpy(queue_id, e->queue_id, MW_QUEUE_ID);
	return MW_FATE_DONE;
}

void mw_journal_detail(const struct mw_journal *j, const char *key, char ret[MW_JOURNAL_DETAIL])
{
	const struct entry *e = find(j, key);
	char text[LINE_MOST + 1];
	struct mw_str line = {.p = text};
	const char *end = NULL;
	size_t used;
	ssize_t n;

	ret[0] = '\0';
	for (size_t i = 0; e && i < j->files && !end; i++) {
		if (j->file[i].number != e->file)
			continue;
		n = pread(j->file[i].fd, text, sizeof(text), (off_t)e->at);
		end = n > 0 ? memchr(text, '\n', (size_t)n) : NULL;
	}
	if (!end)
		return;
	line.n = (size_t)(end - text);
	if (line.n <= HEAD || !mw_str_eq(key_of(line), key))
		return;
	used = HEAD + strlen(key) + 1; /* and the TAB */
	if (line.n > used && line.n - used < MW_JOURNAL_DETAIL)
		(void)snprintf(ret, MW_JOURNAL_DETAIL, "%.*s", (int)(line.n - used), text + used);
}

static int failed(const struct mw_journal *j, int code, struct mw_err *err)
{
	return mw_fail(err, code, "%s: journal: %s", j->dir, strerror(-code));
}

static int write_all(int fd, const char *p, size_t n, uint64_t at)
{
	size_t done = 0;

	while (done < n) {
		ssize_t w = pwrite(fd, p + done, n - done, (off_t)(at + done));

		if (w < 0 && errno != EINTR)
			return -errno;
		if (w > 0)
			done += (size_t)w;
	}
	return 0;
}

static int room_for(struct mw_journal *j, size_t n, int64_t now)
{
	const struct file *f = &j->file[j->files - 1];

	if (f->failed || f->size + n > j->most / FILES_MOST || (f->first && f->first + j->keep / (int64_t)FILES_MOST < now))
		return f->size ? next_file(j, now) : 0;
	expire(j, now);
	return 0;
}

/* Both come from a process that reads mail. */
static bool is_one_line(const char *s)
{
	while ((unsigned char)*s >= ' ' && *s != 0x7f)
		s++;
	return !*s;
}

static bool is_on_failed(const struct mw_journal *j, const struct entry *e)
{
	for (size_t i = 0; i < j->files; i++)
		if (j->file[i].number == e->file)
			return j->file[i].failed;
	return false;
}

/* Was it begun with this detail, or is it done? Then there is nothing to write. */
static bool is_begun(const struct mw_journal *j, const char *key, const char *detail)
{
	const struct entry *e = find(j, key);
	char was[MW_JOURNAL_DETAIL];

	if (!e || e->done)
		return e != NULL;
	if (is_on_failed(j, e))
		return false;
	mw_journal_detail(j, key, was);
	return strcmp(was, detail) == 0;
}

int mw_journal_begin(struct mw_journal *j, const char *key, const char *detail, int64_t now, struct mw_err *err)
{
	char line[LINE_MOST + 1];
	int n = snprintf(line, sizeof(line), "%010lld s %-*s %s%s%s\n", (long long)now, (int)MW_QUEUE_ID, "", key,
			 *detail ? "\t" : "", detail);
	struct entry e = {0};
	struct file *f;
	int r;

	if (n < 0 || (size_t)n >= sizeof(line) || strlen(key) >= MW_JOURNAL_KEY || strlen(detail) >= MW_JOURNAL_DETAIL)
		return failed(j, -ENAMETOOLONG, err);
	if (!is_one_line(key) || !is_one_line(detail))
		return failed(j, -EINVAL, err);
	if (is_begun(j, key, detail))
		return 0;
	r = room_for(j, (size_t)n, now);
	if (r < 0)
		return failed(j, r, err);
	f = &j->file[j->files - 1];
	r = write_all(f->fd, line, (size_t)n, f->size);
	e.file = f->number;
	e.at = f->size;
	hash_key(j, mw_str(key), e.hash);
	r = r < 0 ? r : put(j, &e);
	if (r < 0) { /* half a line would spoil the next */
		(void)!ftruncate(f->fd, (off_t)f->size);
		return failed(j, r, err);
	}
	f->size += (size_t)n;
	f->first = f->first ? f->first : now;
	f->last = now;
	f->dirty = true;
	return 0;
}

int mw_journal_done(struct mw_journal *j, const char *key, const char *queue_id, struct mw_err *err)
{
	struct entry *e = find(j, key);
	char mark[2 + MW_QUEUE_ID + 1];
	int r = -ENOENT;

	if (!e)
		return failed(j, r, err);
	if (!is_one_line(queue_id))
		return failed(j, -EINVAL, err);
	e->done = true;
	(void)snprintf(e->queue_id, sizeof(e->queue_id), "%s", queue_id);
	(void)snprintf(mark, sizeof(mark), "d %-*s", (int)MW_QUEUE_ID, e->queue_id);
	for (size_t i = 0; i < j->files; i++) {
		if (j->file[i].number != e->file)
			continue;
		r = write_all(j->file[i].fd, mark, sizeof(mark) - 1, e->at + STATE_AT);
		j->file[i].dirty = true;
	}
	return r < 0 ? failed(j, r, err) : 0;
}

int mw_journal_sync(struct mw_journal *j, struct mw_err *err)
{
	int r = 0;

	for (size_t i = 0; i < j->files; i++) {
		if (!j->file[i].dirty)
			continue;
		if (fdatasync(j->file[i].fd) == 0) {
			j->file[i].dirty = false;
		} else {
			r = -errno;
			j->file[i].failed = true;
		}
	}
	return r < 0 ? failed(j, r, err) : 0;
}
