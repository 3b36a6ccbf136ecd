/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/private.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <unistd.h>

int mw_pickup_lock_read(struct mw_pickup *p, const unsigned char id[MW_PICKUP_ID], struct mw_pickup_lock *ret, bool *has_key,
			struct mw_err *err)
{
	struct mw_pickup_lock l = {.number = 0};
	sqlite3_stmt *s = p->db.stmt[SQL_LOCK];
	int r = mw_db_query(&p->db, SQL_LOCK, DB_VALUES(DB_BLOB(id, MW_PICKUP_ID)), err);

	if (r <= 0)
		return r < 0 ? r : mw_pickup_unknown(id, err);
	memcpy(l.id, id, sizeof(l.id));
	l.number = (uint32_t)sqlite3_column_int64(s, 3);
	*has_key = sqlite3_column_type(s, 1) != SQLITE_NULL;
	r = mw_db_blob(s, 0, l.check, sizeof(l.check)) && (!*has_key || mw_db_blob(s, 1, l.wrapped, sizeof(l.wrapped)))
		? 0
		: mw_db_damaged(&p->db, err);
	mw_db_reset(&p->db, SQL_LOCK);
	if (r == 0)
		*ret = l;
	return r;
}

/* The link's row and lock, as they were at one moment. */
static int look(struct mw_pickup *p, const unsigned char id[MW_PICKUP_ID], const unsigned char secret[MW_PICKUP_SECRET],
		int64_t now, struct mw_pickup_row *row, struct mw_pickup_lock *lock, struct mw_err *err)
{
	static const struct mw_pickup_lock nobody; /* an unknown id takes as long as a wrong secret */
	bool has_key = false, fits;
	int r = mw_pickup_lock_read(p, id, lock, &has_key, err);

	if (r == -ENOENT)
		*lock = nobody;
	else if (r < 0)
		return r;
	fits = mw_pickup_lock_fits(lock, secret);
	if (r == -ENOENT)
		return r;
	if (!fits)
		return mw_fail(err, -EACCES, "that is not the link of this message");
	r = mw_pickup_row_find(p, id, row, err);
	if (r < 0)
		return r;
	if (!has_key || row->state > MW_PICKUP_READ || row->expires <= now)
		return mw_fail(err, -ESTALE, "the message is %s",
			       mw_pickup_state_name(row->state > MW_PICKUP_READ ? row->state : MW_PICKUP_EXPIRED));
	return 0;
}

int mw_pickup_check(struct mw_pickup *p, const unsigned char id[MW_PICKUP_ID], const unsigned char secret[MW_PICKUP_SECRET],
		    int64_t now, struct mw_pickup_row *row, struct mw_err *err)
{
	struct mw_pickup_lock lock;
	struct mw_pickup_row found;
	int r = look(p, id, secret, now, &found, &lock, err);

	if (row && (r == 0 || r == -ESTALE))
		*row = found;
	return r;
}

int mw_pickup_unlock(struct mw_pickup *p, const unsigned char id[MW_PICKUP_ID], const unsigned char secret[MW_PICKUP_SECRET],
		     int64_t now, unsigned char key[MW_PICKUP_KEY], struct mw_pickup_row *row, struct mw_err *err)
{
	struct mw_pickup_lock lock;
	struct mw_pickup_row found;
	int r = look(p, id, secret, now, &found, &lock, err);

	if (row && (r == 0 || r == -ESTALE))
		*row = found;
	return r == 0 ? mw_pickup_lock_open(p->keys, &lock, secret, key, err) : r;
}

int mw_pickup_crate(struct mw_pickup *p, const unsigned char id[MW_PICKUP_ID], int *fd, struct mw_err *err)
{
	char path[MW_CRATE_PATH];
	int file;

	mw_pickup_crate_path(id, path);
	file = openat(p->crates, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (file < 0)
		return mw_fail(err, -errno, "%s/crates/%s: %s", p->dir, path, strerror(errno));
	*fd = file;
	return 0;
}

bool mw_pickup_crate_there(struct mw_pickup *p, const unsigned char id[MW_PICKUP_ID])
{
	char path[MW_CRATE_PATH];

	mw_pickup_crate_path(id, path);
	return faccessat(p->crates, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}
