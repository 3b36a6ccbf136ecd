/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BATCH 256

/* ---- crates without rows --------------------------------------------------------------------------------------------------------- */

/* 1: removed. */
static int sweep_file(struct mw_pickup *p, int folder, const char *name, unsigned step, int64_t before, int64_t now,
		      struct mw_err *err)
{
	unsigned char id[MW_PICKUP_ID];
	struct mw_pickup_row row;
	struct stat st;
	int r;

	if (!mw_pickup_id_parse((struct mw_str){.p = name, .n = strlen(name)}, id) || id[0] != step)
		return 0; /* somebody else's */
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : mw_fail(err, -errno, "%s/crates/%02x/%s: %s", p->dir, step, name, strerror(errno));
	/* when it got its name: a crate that was long in the making is as young as its row */
	if (st.st_ctim.tv_sec > before)
		return 0;
	r = mw_pickup_row_find(p, id, &row, err);
	if (r == 0 && row.ended) {
		r = mw_pickup_crate_remove(p, id, row.number, now, err);
		return r < 0 ? r : 1;
	}
	if (r != -ENOENT)
		return r;
	if (unlinkat(folder, name, 0) < 0 && errno != ENOENT)
		return mw_fail(err, -errno, "%s/crates/%02x/%s: %s", p->dir, step, name, strerror(errno));
	return 1;
}

/* A failure that the next one would meet, too, after as long a wait. */
static bool is_of_all(int r)
{
	return r == -ENOMEM || r == -EBUSY;
}

static int sweep_files(struct mw_pickup *p, unsigned step, int64_t before, int64_t now, struct mw_pickup_swept *swept,
		       struct mw_err *err)
{
	char name[3];
	const struct dirent *e;
	DIR *d;
	int fd, one = 0, r = 0;

	(void)snprintf(name, sizeof(name), "%02x", step & 0xff);
	fd = openat(p->crates, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = fd < 0 ? NULL : fdopendir(fd);
	if (!d) {
		r = mw_fail(err, -errno, "%s/crates/%s: %s", p->dir, name, strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return r;
	}
	while (!is_of_all(one) && (e = readdir(d))) {
		one = sweep_file(p, fd, e->d_name, step, before, now, r < 0 ? NULL : err);

		swept->crates += one == 1;
		r = r < 0 || one > 0 ? r : one;
	}
	(void)closedir(d);
	return r;
}

/* ---- rows without crates --------------------------------------------------------------------------------------------------------- */

struct one {
	int64_t number, ended;
	unsigned char id[MW_PICKUP_ID];
};

static int read_rows(struct mw_pickup *p, const void *from, size_t from_n, const unsigned char *to, int64_t before,
		     struct one *rows, size_t *n, struct mw_err *err)
{
	sqlite3_stmt *s = p->db.stmt[SQL_STEP_ROWS];
	int r =
	    mw_db_query(&p->db, SQL_STEP_ROWS, DB_VALUES(DB_BLOB(from, from_n), DB_BLOB(to, MW_PICKUP_ID), DB_INT(before)), err);

	*n = 0;
	for (; r == 1 && *n < BATCH; r = mw_db_step(&p->db, s, err)) {
		struct one *one = &rows[*n];

		one->number = sqlite3_column_int64(s, 0);
		one->ended = sqlite3_column_int64(s, 2);
		if (!mw_db_blob(s, 1, one->id, sizeof(one->id))) {
			r = mw_db_damaged(&p->db, err);
			break;
		}
		++*n;
	}
	mw_db_reset(&p->db, SQL_STEP_ROWS);
	return r < 0 ? r : 0;
}

/* 1: it is noted as lost. */
static int lose(struct mw_pickup *p, const struct one *one, int64_t now, struct mw_err *err)
{
	int r = mw_db_begin(&p->db, err);

	if (r < 0)
		return r;
	r = mw_db_change(&p->db, SQL_LOST, DB_VALUES(DB_INT(now), DB_INT(one->number)), err);
	if (r > 0) {
		r = mw_pickup_event_add(p, one->number, MW_EVENT_LOST, NULL, now, err);
		r = r < 0 ? r : 1;
	}
	return mw_db_end(&p->db, r, err);
}

static int sweep_row(struct mw_pickup *p, const struct one *one, int64_t now, struct mw_pickup_swept *swept, struct mw_err *err)
{
	int r = 0;

	if (one->ended) {
		r = mw_pickup_crate_remove(p, one->id, one->number, now, err);
		swept->ended += r == 0;
	} else if (!mw_pickup_crate_there(p, one->id)) {
		r = lose(p, one, now, err);
		swept->missing += r == 1;
	}
	return r < 0 ? r : 0;
}

static int sweep_rows(struct mw_pickup *p, unsigned step, int64_t before, int64_t now, struct mw_pickup_swept *swept,
		      struct mw_err *err)
{
	unsigned char first = (unsigned char)step, last[MW_PICKUP_ID], from[MW_PICKUP_ID];
	struct one *rows = calloc(BATCH, sizeof(*rows));
	size_t n = BATCH;
	int bad = 0, one = 0, r;

	if (!rows)
		return mw_fail_memory(err);
	memset(last, 0xff, sizeof(last));
	last[0] = first;
	/* its first octet alone comes before all ids that begin with it */
	r = read_rows(p, &first, 1, last, before, rows, &n, err);
	while (r == 0 && n) {
		for (size_t i = 0; i < n && !is_of_all(one); i++) {
			one = sweep_row(p, &rows[i], now, swept, bad < 0 ? NULL : err);
			bad = bad < 0 ? bad : one;
		}
		memcpy(from, rows[n - 1].id, sizeof(from));
		if (n < BATCH || is_of_all(one))
			break;
		r = read_rows(p, from, sizeof(from), last, before, rows, &n, err);
	}
	free(rows);
	return r < 0 ? r : bad;
}

int mw_pickup_sweep(struct mw_pickup *p, unsigned step, int64_t grace, int64_t now, struct mw_pickup_swept *ret,
		    struct mw_err *err)
{
	struct mw_pickup_swept swept = {.crates = 0};
	int files, rows;

	if (step > 255)
		return mw_fail(err, -EINVAL, "there are 256 folders of crates");
	files = sweep_files(p, step, now - grace, now, &swept, err);
	rows = sweep_rows(p, step, now - grace, now, &swept, files < 0 ? NULL : err);
	*ret = swept;
	return files < 0 ? files : rows;
}

/* ---- server keys ----------------------------------------------------------------------------------------------------------------- */

struct old {
	int64_t number;
	bool pending;
	struct mw_pickup_lock lock;
};

/* Where a round is: rows up to this key, and this number of it, were looked at. */
struct place {
	int64_t key, number;
};

static int read_old(struct mw_pickup *p, uint32_t newest, const struct place *at, uint32_t most, struct old *old, size_t *n,
		    struct mw_err *err)
{
	sqlite3_stmt *s = p->db.stmt[SQL_OLD_KEYS];
	int r =
	    mw_db_query(&p->db, SQL_OLD_KEYS, DB_VALUES(DB_INT(newest), DB_INT(at->key), DB_INT(at->number), DB_INT(most)), err);

	*n = 0;
	for (; r == 1 && *n < most; r = mw_db_step(&p->db, s, err)) {
		struct old *o = &old[*n];

		o->pending = sqlite3_column_type(s, 3) != SQLITE_NULL;
		o->lock.number = (uint32_t)sqlite3_column_int64(s, 4);
		o->number = sqlite3_column_int64(s, 5);
		if (!mw_db_blob(s, 0, o->lock.id, sizeof(o->lock.id)) ||
		    !mw_db_blob(s, 1, o->lock.check, sizeof(o->lock.check)) ||
		    !mw_db_blob(s, 2, o->lock.wrapped, sizeof(o->lock.wrapped)) ||
		    (o->pending && !mw_db_blob(s, 3, o->lock.pending, sizeof(o->lock.pending)))) {
			r = mw_db_damaged(&p->db, err);
			break;
		}
		++*n;
	}
	mw_db_reset(&p->db, SQL_OLD_KEYS);
	return r < 0 ? r : 0;
}

static int rewrap_one(struct mw_pickup *p, struct old *o, struct mw_err *err)
{
	uint32_t was = o->lock.number;
	int r = mw_pickup_lock_renew(p->keys, &o->lock, o->pending, err);

	if (r <= 0)
		return r;
	return mw_db_change(&p->db, SQL_REWRAP,
			    DB_VALUES(DB_INT(o->lock.number), DB_BLOB(o->lock.wrapped, sizeof(o->lock.wrapped)),
				      o->pending ? DB_BLOB(o->lock.pending, sizeof(o->lock.pending)) : DB_NULL, DB_INT(o->number),
				      DB_INT(was)),
			    err);
}

/* How many of these rows; at: behind the last one, and behind all of a key that is lost. */
static int rewrap_some(struct mw_pickup *p, struct old *old, size_t n, struct place *at, int *bad, struct mw_err *err)
{
	int done = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t key = old[i].lock.number;
		int r;

		if (key == at->key && at->number == INT64_MAX)
			continue;
		r = rewrap_one(p, &old[i], err);
		*at = (struct place){.key = key, .number = r == -ENOKEY ? INT64_MAX : old[i].number};
		if (r == -ENOKEY || r == -EBADMSG)
			*bad = r;
		else if (r < 0)
			return r;
		else
			done += r;
	}
	return done;
}

/* A row that cannot be wrapped keeps no other one from it, however many there are: bad is why, 0 for none. */
static int rewrap(struct mw_pickup *p, uint32_t newest, uint32_t most, struct old *old, int *bad, struct mw_err *err)
{
	struct place at = {.key = 0};
	size_t n = 0;
	int done = 0, r;

	do {
		uint32_t room = most - (uint32_t)done;

		r = read_old(p, newest, &at, room, old, &n, err);
		if (r == 0)
			r = rewrap_some(p, old, n, &at, bad, err);
		done += r > 0 ? r : 0;
	} while (r >= 0 && n && (uint32_t)done < most);
	return r < 0 ? r : done;
}

int mw_pickup_rewrap(struct mw_pickup *p, uint32_t batch, size_t *done, struct mw_err *err)
{
	unsigned char key[MW_PICKUP_KEY];
	uint32_t newest;
	struct old *old;
	int bad = 0, r;

	if (batch == 0 || batch > 100000)
		return mw_fail(err, -EINVAL, "%u rows cannot be wrapped at once", batch);
	old = calloc(batch, sizeof(*old));
	if (!old)
		return mw_fail_memory(err);
	mw_pickup_keys_newest(p->keys, &newest, key);
	explicit_bzero(key, sizeof(key));
	r = mw_db_begin(&p->db, err);
	if (r == 0)
		r = mw_db_end(&p->db, rewrap(p, newest, batch, old, &bad, err), err);
	explicit_bzero(old, batch * sizeof(*old));
	free(old);
	if (r < 0)
		return r;
	*done = (size_t)r;
	return bad;
}

int mw_pickup_oldest_key(struct mw_pickup *p, uint32_t *number, struct mw_err *err)
{
	int r = mw_db_query(&p->db, SQL_OLDEST_KEY, DB_NO_VALUES, err);

	if (r < 0)
		return r;
	*number = r == 1 ? (uint32_t)sqlite3_column_int64(p->db.stmt[SQL_OLDEST_KEY], 0) : 0;
	mw_db_reset(&p->db, SQL_OLDEST_KEY);
	return 0;
}

int mw_pickup_checkpoint(struct mw_pickup *p, struct mw_err *err)
{
	int code = sqlite3_wal_checkpoint_v2(p->db.sqlite, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

	return code == SQLITE_OK ? 0 : mw_db_fail(&p->db, code, err);
}

bool mw_pickup_logged(const struct mw_pickup *p)
{
	struct stat st;

	return fstatat(p->folder, DATABASE "-wal", &st, AT_SYMLINK_NOFOLLOW) < 0 ? errno != ENOENT : st.st_size > 0;
}
