/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/crate_form.h"
#include "pickup/private.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HASH 16u

/* What stands for the key in the database: of one size, whatever an address is like. */
static int hash_key(const char *key, unsigned char ret[HASH], struct mw_err *err)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	if (EVP_Digest(key, strlen(key), digest, &n, EVP_sha256(), NULL) != 1 || n < HASH)
		return mw_fail(err, -EIO, "libcrypto fails");
	memcpy(ret, digest, HASH);
	return 0;
}

/* ---- room ------------------------------------------------------------------------------------------------------------------------ */

static int read_ticket(struct mw_pickup *p, sqlite3_stmt *s, struct mw_pickup_ticket *t, struct mw_err *err)
{
	bool gone = sqlite3_column_type(s, 2) == SQLITE_NULL;

	t->noticed = sqlite3_column_int64(s, 11) != 0 || gone;
	if (!mw_db_blob(s, 0, t->lock.id, sizeof(t->lock.id)) || !mw_db_blob(s, 1, t->lock.check, sizeof(t->lock.check)) ||
	    (!gone && !mw_db_blob(s, 2, t->lock.wrapped, sizeof(t->lock.wrapped))) ||
	    (!t->noticed && !mw_db_blob(s, 3, t->lock.pending, sizeof(t->lock.pending))) ||
	    !mw_db_text(s, 10, t->language, sizeof(t->language)) || !mw_db_text(s, 12, t->queue_id, sizeof(t->queue_id)) ||
	    !mw_db_text(s, 13, t->origin_queue_id, sizeof(t->origin_queue_id)) ||
	    !mw_db_text(s, 14, t->origin_message_id, sizeof(t->origin_message_id)))
		return mw_db_damaged(&p->db, err);
	t->lock.number = (uint32_t)sqlite3_column_int64(s, 4);
	t->created = sqlite3_column_int64(s, 5);
	t->expires = sqlite3_column_int64(s, 6);
	t->size = (uint64_t)sqlite3_column_int64(s, 7);
	t->objects = (uint32_t)sqlite3_column_int64(s, 8);
	t->proof = (uint32_t)sqlite3_column_int64(s, 9);
	return 1;
}

static int new_file(struct mw_pickup *p, int *fd, struct mw_err *err)
{
	*fd = openat(p->crates, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (*fd < 0)
		return mw_fail(err, -errno, "%s/crates: cannot make a file without a name: %s", p->dir, strerror(errno));
	if (p->group && fchmod(*fd, 0660) < 0) {
		int code = -errno;

		(void)close(*fd);
		return mw_fail(err, code, "%s/crates: %s", p->dir, strerror(-code));
	}
	return 0;
}

int mw_pickup_room(struct mw_pickup *p, const char *key, struct mw_pickup_ticket *ret, int *fd, struct mw_err *err)
{
	struct mw_pickup_ticket t = {.size = 0};
	unsigned char hash[HASH];
	int r = hash_key(key, hash, err), file;

	if (r == 0)
		r = mw_db_query(&p->db, SQL_TICKET, DB_VALUES(DB_BLOB(hash, HASH)), err);
	if (r == 1) {
		r = read_ticket(p, p->db.stmt[SQL_TICKET], &t, err);
		mw_db_reset(&p->db, SQL_TICKET);
		if (r == 1 && (t.noticed || mw_pickup_crate_there(p, t.lock.id))) {
			*ret = t;
			return 1;
		}
		/* Nobody was told of it, and its crate is gone: it is handed in as if for the first time. */
		if (r == 1)
			r = mw_db_change(&p->db, SQL_UNSTORE, DB_VALUES(DB_BLOB(hash, HASH)), err);
		r = r < 0 ? r : 0;
	}
	if (r == 0)
		r = new_file(p, &file, err);
	if (r == 0)
		*fd = file;
	return r;
}

/* ---- store ----------------------------------------------------------------------------------------------------------------------- */

/* Who made the crate has read what a stranger sent: what he says of it is looked at. */
static int check_crate(const struct mw_pickup_ticket *t, int fd, struct mw_err *err)
{
	unsigned char end[MW_CRATE_ENDS], id[MW_PICKUP_ID];
	struct mw_crate_tail tail;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return mw_fail(err, -errno, "cannot look at a crate: %s", strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)(2 * MW_CRATE_ENDS) || (uint64_t)st.st_size != t->size ||
	    st.st_nlink != 0)
		return mw_fail(err, -EINVAL, "a crate is not what its ticket says");
	if (pread(fd, end, sizeof(end), 0) != (ssize_t)sizeof(end))
		return mw_fail(err, -EIO, "cannot read a crate");
	r = mw_crate_head_read(end, id, err);
	if (r == 0 && memcmp(id, t->lock.id, sizeof(id)) != 0)
		r = mw_fail(err, -EINVAL, "a crate is not what its ticket says");
	if (r == 0 && pread(fd, end, sizeof(end), st.st_size - (off_t)sizeof(end)) != (ssize_t)sizeof(end))
		r = mw_fail(err, -EIO, "cannot read a crate");
	if (r == 0)
		r = mw_crate_tail_read(end, t->size, &tail, err);
	if (r == 0 && tail.objects != t->objects)
		r = mw_fail(err, -EINVAL, "a crate is not what its ticket says");
	return r == -EBADMSG || r == -EOPNOTSUPP ? -EINVAL : r;
}

static int check_words(const struct mw_pickup_ticket *t, const char *sender, const char *recipient, struct mw_err *err)
{
	if (strlen(sender) >= MW_PICKUP_ADDRESS || strlen(recipient) >= MW_PICKUP_ADDRESS)
		return mw_fail(err, -EINVAL, "an address is longer than %u octets", MW_PICKUP_ADDRESS - 1);
	if (!memchr(t->language, '\0', sizeof(t->language)) || !memchr(t->origin_queue_id, '\0', sizeof(t->origin_queue_id)) ||
	    !memchr(t->origin_message_id, '\0', sizeof(t->origin_message_id)) || t->proof < MW_PROOF_CODE ||
	    t->proof > (MW_PROOF_CODE | MW_PROOF_PASSPHRASE) || t->expires <= t->created || t->created <= 0)
		return mw_fail(err, -EINVAL, "a ticket's values are not possible");
	return 0;
}

static int check_key(struct mw_pickup *p, uint32_t number, struct mw_err *err)
{
	unsigned char key[MW_PICKUP_KEY];
	int r = mw_pickup_keys_get(p->keys, number, key, err);

	explicit_bzero(key, sizeof(key));
	return r;
}

/* Gives the file its name, which is on disk when this returns 0. */
static int name_crate(struct mw_pickup *p, const char *path, int fd, struct mw_err *err)
{
	char self[32], dir[3] = {path[0], path[1], '\0'};
	int at, r = 0;

	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	if (fsync(fd) < 0 || linkat(AT_FDCWD, self, p->crates, path, AT_SYMLINK_FOLLOW) < 0)
		return mw_fail(err, -errno, "%s/crates: cannot keep a file: %s", p->dir, strerror(errno));
	at = openat(p->crates, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (at < 0 || fsync(at) < 0)
		r = -errno;
	if (at >= 0)
		(void)close(at);
	if (r < 0) {
		(void)unlinkat(p->crates, path, 0);
		return mw_fail(err, r, "%s/crates: cannot keep a file: %s", p->dir, strerror(-r));
	}
	return 0;
}

static int insert(struct mw_pickup *p, const unsigned char hash[HASH], const struct mw_pickup_ticket *t, const char *sender,
		  const char *recipient, struct mw_err *err)
{
	int r = mw_db_begin(&p->db, err);

	if (r < 0)
		return r;
	r = mw_db_change(&p->db, SQL_STORE,
			 DB_VALUES(DB_BLOB(t->lock.id, sizeof(t->lock.id)), DB_BLOB(hash, HASH), DB_INT(t->proof),
				   DB_TEXT(sender), DB_TEXT(recipient), DB_TEXT(t->language), DB_INT(t->size), DB_INT(t->objects),
				   DB_INT(t->created), DB_INT(t->expires), DB_BLOB(t->lock.check, sizeof(t->lock.check)),
				   DB_INT(t->lock.number), DB_BLOB(t->lock.wrapped, sizeof(t->lock.wrapped)),
				   DB_BLOB(t->lock.pending, sizeof(t->lock.pending)), DB_TEXT(t->origin_queue_id),
				   DB_TEXT(t->origin_message_id)),
			 err);
	if (r > 0)
		r = mw_pickup_event_add(p, sqlite3_last_insert_rowid(p->db.sqlite), MW_EVENT_STORED, NULL, t->created, err);
	return mw_db_end(&p->db, r, err);
}

int mw_pickup_store(struct mw_pickup *p, const char *key, const struct mw_pickup_ticket *t, const char *sender,
		    const char *recipient, int fd, struct mw_err *err)
{
	unsigned char hash[HASH];
	char path[MW_CRATE_PATH];
	int r = hash_key(key, hash, err);

	if (r == 0)
		r = check_words(t, sender, recipient, err);
	if (r == 0)
		r = check_crate(t, fd, err);
	if (r == 0)
		r = check_key(p, t->lock.number, err);
	if (r < 0)
		return r;
	mw_pickup_crate_path(t->lock.id, path);
	r = name_crate(p, path, fd, err);
	if (r < 0)
		return r;
	r = insert(p, hash, t, sender, recipient, err);
	/* After other failures SQLite may still come to know the row from its log, after a crash: a sweep removes the crate if not. */
	if (r == -EEXIST || r == -ENOSPC || r == -EBUSY)
		(void)unlinkat(p->crates, path, 0);
	return r;
}

/* ---- noticed --------------------------------------------------------------------------------------------------------------------- */

static int noticed(struct mw_pickup *p, const unsigned char hash[HASH], const char *queue_id, const char *message_id, int64_t now,
		   struct mw_err *err)
{
	int r = mw_db_query(&p->db, SQL_NUMBER_OF_KEY, DB_VALUES(DB_BLOB(hash, HASH)), err);
	int64_t number, before;

	if (r == 0)
		return mw_fail(err, -ENOENT, "%s: no message was stored for this recipient", p->db.name);
	if (r < 0)
		return r;
	number = sqlite3_column_int64(p->db.stmt[SQL_NUMBER_OF_KEY], 0);
	before = sqlite3_column_int64(p->db.stmt[SQL_NUMBER_OF_KEY], 1);
	mw_db_reset(&p->db, SQL_NUMBER_OF_KEY);
	if (before)
		return 0;
	r = mw_db_change(&p->db, SQL_NOTICED, DB_VALUES(DB_INT(now), DB_TEXT(queue_id), DB_TEXT(message_id), DB_INT(number)),
			 err);
	return r < 0 ? r : mw_pickup_event_add(p, number, MW_EVENT_NOTICED, queue_id, now, err);
}

int mw_pickup_noticed(struct mw_pickup *p, const char *key, const char *queue_id, const char *message_id, int64_t now,
		      struct mw_err *err)
{
	unsigned char hash[HASH];
	int r = hash_key(key, hash, err);

	if (r == 0 && (strlen(queue_id) >= MW_PICKUP_WORD || strlen(message_id) >= MW_PICKUP_MESSAGE_ID || now <= 0))
		r = mw_fail(err, -EINVAL, "a queue id or message id is too long");
	if (r == 0)
		r = mw_db_begin(&p->db, err);
	return r < 0 ? r : mw_db_end(&p->db, noticed(p, hash, queue_id, message_id, now, err), err);
}
