/* SPDX-License-Identifier: Apache-2.0 */
/* `milwardctl portal check`: do rows, files and keys fit together? */
#include "pickup/command.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SHOWN 50u  /* findings that are told of one by one */
#define GRACE 3600 /* seconds: a file without a row may be one that is being handed in */
#define LATE 900   /* seconds: what ended or expired is removed by then, when the daemon runs */

struct check {
	struct mw_command_work *w;
	bool repair;
	uint64_t messages, files, findings, repaired;
};

static void finding(struct check *c, const char *fmt, ...) MW_PRINTF(2, 3);
static void finding(struct check *c, const char *fmt, ...)
{
	va_list ap;

	if (c->findings++ >= SHOWN || c->w->json)
		return;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/* ---- who may read it ------------------------------------------------------------------------------------------------------------- */

static void check_mode(struct check *c, const char *path, bool may_miss)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		if (!may_miss)
			finding(c, "%s: %s", path, strerror(errno));
	} else if (st.st_mode & (S_IRWXO)) {
		finding(c, "%s is open to everybody (mode %04o): run chmod o= %s", path, (unsigned)(st.st_mode & 07777), path);
	} else if (st.st_uid != c->w->owner) {
		finding(c, "%s belongs to user %lu, not to that of the store, %lu", path, (unsigned long)st.st_uid,
			(unsigned long)c->w->owner);
	}
}

static void check_modes(struct check *c)
{
	static const char *const name[] = {"", "/pickup.db", "/pickup.db-wal", "/pickup.db-shm", "/crates"};
	char path[4096];

	for (size_t i = 0; i < sizeof(name) / sizeof(*name); i++)
		if (snprintf(path, sizeof(path), "%s%s", c->w->conf->store, name[i]) < (int)sizeof(path))
			check_mode(c, path, i == 2 || i == 3);
}

/* ---- rows ---------------------------------------------------------------------------------------------------------------------------- */

static void check_crate(struct check *c, const struct mw_pickup_row *row, const char *id)
{
	struct mw_err err = {0};
	struct stat st;
	int fd;

	if (mw_pickup_crate(c->w->store, row->id, &fd, &err) < 0) {
		struct mw_pickup_row again;

		/* it may have ended meanwhile */
		if (mw_pickup_find(c->w->store, row->id, &again, NULL) == 0 && !again.ended)
			finding(c, "%s: %s", id, err.text);
		return;
	}
	if (fstat(fd, &st) < 0 || (uint64_t)st.st_size != row->size)
		finding(c, "%s: its file has %lld octets, not %" PRIu64, id, (long long)st.st_size, row->size);
	(void)close(fd);
}

static void check_key(struct check *c, const struct mw_pickup_row *row, const char *id)
{
	unsigned char key[MW_PICKUP_KEY];
	struct mw_err err = {0};

	if (mw_pickup_keys_get(c->w->keys, row->key, key, &err) < 0)
		finding(c, "%s: %s", id, err.text);
	explicit_bzero(key, sizeof(key));
}

static int check_row(void *ctx, const struct mw_pickup_row *row)
{
	struct check *c = ctx;
	char id[MW_PICKUP_ID_TEXT];

	c->messages++;
	mw_pickup_id_text(row->id, id);
	if (!row->ended) {
		check_crate(c, row, id);
		check_key(c, row, id);
		if (row->expires + LATE < c->w->now)
			finding(c, "%s: should have expired: does milward-portal run?", id);
	} else if (!row->removed && row->ended + LATE < c->w->now) {
		finding(c, "%s: has ended, and its file is not removed: does milward-portal run?", id);
	}
	return 0;
}

/* ---- files --------------------------------------------------------------------------------------------------------------------------- */

static void check_file(struct check *c, int folder, const char *name)
{
	unsigned char id[MW_PICKUP_ID];
	struct mw_pickup_row row;
	struct stat st;

	c->files++;
	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_mtime + GRACE > c->w->now)
		return;
	if (!mw_pickup_id_parse((struct mw_str){.p = name, .n = strlen(name)}, id) || strlen(name) != MW_PICKUP_ID_TEXT - 1)
		finding(c, "a file that is no message is among the crates");
	else if (mw_pickup_find(c->w->store, id, &row, NULL) == -ENOENT)
		finding(c, "%s: a file without a row: `portal check --repair` or milward-portal removes it", name);
}

static void check_folder(struct check *c, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	if (!dir) {
		if (errno != ENOENT)
			finding(c, "%s: %s", path, strerror(errno));
		return;
	}
	while ((e = readdir(dir)))
		if (e->d_name[0] != '.')
			check_file(c, dirfd(dir), e->d_name);
	(void)closedir(dir);
}

static void check_files(struct check *c)
{
	char path[4096];
	DIR *dir;
	struct dirent *e;

	if (snprintf(path, sizeof(path), "%s/crates", c->w->conf->store) >= (int)sizeof(path))
		return;
	dir = opendir(path);
	if (!dir)
		return; /* said with the modes */
	while ((e = readdir(dir))) {
		char folder[4400];

		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(folder, sizeof(folder), "%s/%s", path, e->d_name);
		check_folder(c, folder);
	}
	(void)closedir(dir);
}

/* ---- the command --------------------------------------------------------------------------------------------------------------------- */

static int finish_one(void *ctx, const struct mw_pickup_row *row)
{
	struct check *c = ctx;
	struct mw_err err = {0};

	if (mw_pickup_end(c->w->store, row->id, row->state, NULL, MW_MAIL_NONE, c->w->now, NULL, &err) < 0)
		(void)mw_command_fail(c->w, "%s", err.text);
	else
		c->repaired++;
	return 0;
}

static int repair(struct check *c, struct mw_err *err)
{
	struct mw_pickup_filter ended = {.unremoved = true};
	int r = mw_pickup_each(c->w->store, &ended, finish_one, c, err);

	for (unsigned step = 0; step < 256 && r == 0; step++) {
		struct mw_pickup_swept swept = {0};
		int one = mw_pickup_sweep(c->w->store, step, GRACE, c->w->now, &swept, err);

		c->repaired += swept.crates + swept.ended;
		if (one == -EBUSY || one == -ENOMEM)
			return one;
		if (one < 0)
			finding(c, "%s", err->text);
	}
	if (r == 0)
		r = mw_pickup_checkpoint(c->w->store, err);
	return r == -EBUSY ? 0 : r;
}

static int check(struct check *c)
{
	struct mw_pickup_filter all = {0};
	struct mw_err err = {0};
	int r = c->repair ? repair(c, &err) : 0;

	check_modes(c);
	if (r == 0)
		r = mw_pickup_each(c->w->store, &all, check_row, c, &err);
	if (r < 0)
		return mw_command_fail(c->w, "%s", err.text);
	check_files(c);
	if (c->w->json)
		(void)mw_command_json_put(json_pack("{s:I, s:I, s:I, s:I, s:I}", "messages", (json_int_t)c->messages, "files",
						    (json_int_t)c->files, "keys", (json_int_t)mw_pickup_keys_count(c->w->keys),
						    "repaired", (json_int_t)c->repaired, "findings", (json_int_t)c->findings));
	else
		printf("messages: %" PRIu64 ", files: %" PRIu64 ", keys: %zu, repaired: %" PRIu64 ", findings: %" PRIu64 "\n",
		       c->messages, c->files, mw_pickup_keys_count(c->w->keys), c->repaired, c->findings);
	return fflush(stdout) == 0 && c->findings == 0 ? MW_COMMAND_OK : MW_COMMAND_FAILED;
}

int mw_portal_check(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	struct mw_command_work w = {0};
	struct check c = {.w = &w};
	const struct mw_command_option rows[] = {{"json", .flag = &w.json}, {"repair", .flag = &c.repair}, {0}};
	int status = MW_COMMAND_FAILED;

	(void)host;
	if (mw_command_options("check", rows, argc, argv) != 0)
		return mw_command_usage("check", "[--repair] [--json]");
	if (mw_command_open(&w, "check", conf, MW_COMMAND_KEYS | (c.repair ? MW_COMMAND_CHANGES : 0u)))
		status = check(&c);
	mw_command_close(&w);
	return status;
}
