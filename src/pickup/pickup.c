/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/private.h"
#include "pickup/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static int system_failed(const struct mw_pickup *p, const char *what, struct mw_err *err)
{
	int code = -errno;

	return mw_fail(err, code, "%s/%s: %s", p->dir, what, strerror(-code));
}

/* Mode is for others of the folder's group where the folder is theirs, too, whatever the umask says. */
static int make_folder(struct mw_pickup *p, int at, const char *name, struct mw_err *err)
{
	if (mkdirat(at, name, 0700) < 0)
		return errno == EEXIST ? 0 : system_failed(p, name, err);
	if (p->group && fchmodat(at, name, 02770, 0) < 0)
		return system_failed(p, name, err);
	return 0;
}

static int make_crates(struct mw_pickup *p, struct mw_err *err)
{
	int r, fd;

	if (faccessat(p->folder, "crates/ff", F_OK, 0) == 0)
		return 0; /* it is made last */
	r = make_folder(p, p->folder, "crates", err);
	if (r < 0)
		return r;
	fd = openat(p->folder, "crates", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return system_failed(p, "crates", err);
	for (unsigned i = 0; i < 256 && r == 0; i++) {
		char name[3];

		(void)snprintf(name, sizeof(name), "%02x", i & 0xff);
		r = make_folder(p, fd, name, err);
	}
	if (r == 0 && (fsync(fd) < 0 || fsync(p->folder) < 0))
		r = system_failed(p, "crates", err);
	(void)close(fd);
	return r;
}

/* An empty file, for SQLite to fill, with the mode that its companions get, too. It is never opened here once it exists: closing it would
 * drop the locks that SQLite has on it in this process. */
static int make_database(struct mw_pickup *p, struct mw_err *err)
{
	int fd = openat(p->folder, DATABASE, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600), r = 0;

	if (fd < 0)
		return errno == EEXIST ? 0 : system_failed(p, DATABASE, err);
	if ((p->group && fchmod(fd, 0660) < 0) || fsync(p->folder) < 0)
		r = system_failed(p, DATABASE, err);
	(void)close(fd);
	return r;
}

static int open_folder(struct mw_pickup *p, struct mw_err *err)
{
	struct stat st;

	p->folder = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->folder < 0 || fstat(p->folder, &st) < 0)
		return mw_fail(err, -errno, "store %s: %s%s", p->dir, strerror(errno),
			       errno == ENOENT ? "; make this folder for the user of the portal, or name another with `store`"
					       : "");
	if (st.st_mode & S_IWOTH)
		return mw_fail(err, -EACCES, "%s: everybody may write there", p->dir);
	p->group = st.st_mode & S_IWGRP;
	return 0;
}

static int open_database(struct mw_pickup *p, bool create, struct mw_err *err)
{
	char *path = NULL;
	int r;

	if (faccessat(p->folder, DATABASE, F_OK, 0) < 0)
		return system_failed(p, DATABASE, err);
	if (asprintf(&path, "%s/%s", p->dir, DATABASE) < 0)
		return mw_fail_memory(err);
	r = mw_db_open(&p->db, path, err);
	free(path);
	if (r == 0)
		r = mw_schema_ready(&p->db, create, err);
	return r == 0 ? mw_db_prepare(&p->db, err) : r;
}

/* One process at a time makes a store. */
static int make_and_open(struct mw_pickup *p, struct mw_err *err)
{
	int lock = openat(p->folder, "pickup.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600), r = 0;

	if (lock < 0)
		return system_failed(p, "pickup.lock", err);
	if (p->group)
		(void)fchmod(lock, 0660); /* fails where another of the group has made it, and has done this */
	while (flock(lock, LOCK_EX) < 0 && r == 0)
		r = errno == EINTR ? 0 : system_failed(p, "pickup.lock", err);
	if (r == 0)
		r = make_crates(p, err);
	if (r == 0)
		r = make_database(p, err);
	if (r == 0)
		r = open_database(p, true, err);
	(void)close(lock);
	return r;
}

int mw_pickup_open(const char *dir, struct mw_pickup_keys *keys, bool create, struct mw_pickup **ret, struct mw_err *err)
{
	struct mw_pickup *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return mw_fail_memory(err);
	p->folder = p->crates = -1;
	p->keys = keys;
	p->dir = strdup(dir);
	r = p->dir ? open_folder(p, err) : mw_fail_memory(err);
	if (r == 0)
		r = create ? make_and_open(p, err) : open_database(p, false, err);
	if (r == 0) {
		p->crates = openat(p->folder, "crates", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (p->crates < 0)
			r = system_failed(p, "crates", err);
	}
	if (r < 0) {
		mw_pickup_close(&p);
		return r;
	}
	*ret = p;
	return 0;
}

void mw_pickup_close(struct mw_pickup **pp)
{
	struct mw_pickup *p = *pp;

	*pp = NULL;
	if (!p)
		return;
	mw_db_close(&p->db);
	if (p->crates >= 0)
		(void)close(p->crates);
	if (p->folder >= 0)
		(void)close(p->folder);
	free(p->dir);
	free(p);
}

void mw_pickup_crate_path(const unsigned char id[MW_PICKUP_ID], char ret[MW_CRATE_PATH])
{
	(void)snprintf(ret, 4, "%02x/", id[0]);
	mw_pickup_id_text(id, ret + 3);
}

int mw_pickup_unknown(const unsigned char id[MW_PICKUP_ID], struct mw_err *err)
{
	char text[MW_PICKUP_ID_TEXT];

	mw_pickup_id_text(id, text);
	return mw_fail(err, -ENOENT, "there is no message %s", text);
}
