/* SPDX-License-Identifier: Apache-2.0 */
/* `milwardctl portal rekey`: a new server key, to which all messages are moved while they are handed in and read. */
#include "pickup/command.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BATCH 200u
#define IN_WORK 3600 /* seconds after which nobody hands in under the key before */

struct rekey {
	struct mw_command_work *w;
	bool finish; /* no new key */
	uint32_t number, oldest;
	uint64_t moved;
	size_t dropped;
};

/* Recorded first: what cannot be recorded is not done. */
static int new_key(struct rekey *k, struct mw_err *err)
{
	struct mw_command_work *w = k->w;
	unsigned char key[MW_PICKUP_KEY];
	char detail[160];
	int r;

	mw_pickup_keys_newest(w->keys, &k->number, key);
	explicit_bzero(key, sizeof(key));
	if (k->finish)
		return 0;
	(void)snprintf(detail, sizeof(detail), "key %" PRIu32 " %s", k->number + 1, w->by);
	r = mw_record(w->recorder, "rekeyed", NULL, NULL, detail, err);
	if (r < 0)
		return r;
	if (!mw_command_as_root(w))
		return -EPERM;
	r = mw_pickup_keys_add(w->conf->keys, w->now, &k->number, err);
	if (r == 0)
		r = mw_pickup_keys_reread(w->keys, err);
	return mw_command_as_owner(w) ? r : -EPERM;
}

static int move(struct rekey *k, struct mw_err *err)
{
	struct mw_pickup_total total = {0};
	bool progress = isatty(STDERR_FILENO) && !k->w->json;
	size_t done = BATCH;
	uint64_t all;
	int r = mw_pickup_total(k->w->store, &total, err);

	all = total.messages[MW_PICKUP_STORED] + total.messages[MW_PICKUP_WAITING] + total.messages[MW_PICKUP_READ];
	/* Messages that cannot be moved do not keep the others from it. */
	while (done > 0 && (r == 0 || r == -ENOKEY || r == -EBADMSG)) {
		done = 0;
		r = mw_pickup_rewrap(k->w->store, BATCH, &done, err);
		k->moved += done;
		if (progress && done)
			fprintf(stderr, "\r%" PRIu64 " of %" PRIu64 " messages moved to key %" PRIu32, k->moved, all, k->number);
	}
	if (progress)
		fputc('\n', stderr);
	return r;
}

/* One that a message needs stays, and one that a hand-in may be at work with. */
static int drop(struct rekey *k, struct mw_err *err)
{
	struct mw_command_work *w = k->w;
	char detail[160];
	size_t had = mw_pickup_keys_count(w->keys);
	int r = mw_pickup_oldest_key(w->store, &k->oldest, err);

	if (r < 0 || had < 2)
		return r;
	if (!mw_command_as_root(w))
		return -EPERM;
	r = mw_pickup_keys_drop(w->conf->keys, k->oldest, IN_WORK, w->now, &k->dropped, err);
	if (!mw_command_as_owner(w))
		return -EPERM;
	if (r < 0 || k->dropped == 0)
		return r;
	(void)snprintf(detail, sizeof(detail), "%zu before key %" PRIu32 " %s", k->dropped, k->oldest ? k->oldest : k->number,
		       w->by);
	r = mw_pickup_checkpoint(w->store, err); /* what they had wrapped stands in no log either */
	return r < 0 && r != -EBUSY ? r : mw_record(w->recorder, "keys-dropped", NULL, NULL, detail, err);
}

static int report(const struct rekey *k, size_t keys)
{
	if (k->w->json)
		return mw_command_json_put(json_pack("{s:b, s:I, s:I, s:I, s:I}", "new", (int)!k->finish, "key",
						     (json_int_t)k->number, "moved", (json_int_t)k->moved, "dropped",
						     (json_int_t)k->dropped, "keys", (json_int_t)keys))
			   ? MW_COMMAND_OK
			   : MW_COMMAND_FAILED;
	if (!k->finish)
		printf("key %" PRIu32 " is new\n", k->number);
	printf("%" PRIu64 " messages moved to it; keys dropped: %zu; keys in the file: %zu\n", k->moved, k->dropped, keys);
	if (keys > 1)
		printf("keys that hand-ins may be at work with stay for an hour: run `portal rekey --finish` then\n");
	return fflush(stdout) == 0 ? MW_COMMAND_OK : MW_COMMAND_FAILED;
}

static int rekey(struct rekey *k)
{
	struct mw_err err = {0};
	int r = new_key(k, &err);

	r = r < 0 ? r : move(k, &err);
	r = r < 0 ? r : drop(k, &err);
	if (r == 0 && k->dropped)
		r = mw_command_as_root(k->w) ? mw_pickup_keys_reread(k->w->keys, &err) : -EPERM;
	if (r < 0)
		return err.code ? mw_command_fail(k->w, "%s", err.text) : MW_COMMAND_FAILED;
	return report(k, mw_pickup_keys_count(k->w->keys));
}

/* Does a message wait that needs a key which is not here? Then the file is lost, and another one would make it worse. */
static bool keys_are_missed(const struct mw_portal_conf *conf)
{
	struct mw_command_work w = {0};
	struct mw_err err = {0};
	uint32_t oldest = 0;
	bool missed = true;

	if (mw_command_open(&w, "rekey", conf, 0)) {
		if (mw_pickup_oldest_key(w.store, &oldest, &err) < 0)
			(void)mw_command_fail(&w, "%s", err.text);
		else if (oldest)
			(void)mw_command_fail(&w, "%s is gone, and messages wait that need its keys: bring it back", conf->keys);
		else
			missed = false;
	}
	mw_command_close(&w);
	return !mw_command_as_root(&w) || missed;
}

/* Whose the file is: the daemons', whoever makes it. They make the store when they start, and are "milward" where there is such a user. */
static bool daemons_user(const struct mw_portal_conf *conf, uid_t *user, gid_t *group)
{
	const struct passwd *pw;
	struct stat st;

	*user = geteuid();
	*group = getegid();
	if (stat(conf->store, &st) == 0) {
		*user = st.st_uid;
		*group = st.st_gid;
		return true;
	}
	if (errno != ENOENT)
		return false;
	pw = getpwnam("milward");
	if (pw) {
		*user = pw->pw_uid;
		*group = pw->pw_gid;
	}
	return true;
}

/* A site that begins has no key. -1: made; 0: there is one; else an exit status. */
static int first_key(struct rekey *k, const struct mw_portal_conf *conf)
{
	struct mw_command_work w = {.name = "rekey"};
	struct mw_err err = {0};
	char database[4096];
	uid_t user;
	gid_t group;

	if (k->finish || access(conf->keys, F_OK) == 0 || errno != ENOENT)
		return 0;
	if (!daemons_user(conf, &user, &group) ||
	    snprintf(database, sizeof(database), "%s/pickup.db", conf->store) >= (int)sizeof(database))
		return mw_command_fail(&w, "%s: %s", conf->store, strerror(errno));
	if (access(database, F_OK) == 0 && keys_are_missed(conf))
		return MW_COMMAND_FAILED;
	if (mw_pickup_keys_make(conf->keys, (int64_t)time(NULL), &err) < 0)
		return mw_command_fail(&w, "%s", err.text);
	if (geteuid() == 0 && chown(conf->keys, user, group) < 0)
		return mw_command_fail(&w, "%s: %s", conf->keys, strerror(errno));
	printf("%s: made, with key 1\n", conf->keys);
	return -1;
}

int mw_portal_rekey(const struct mw_host *host, const void *conf, int argc, char **argv)
{
	struct mw_command_work w = {0};
	struct rekey k = {.w = &w};
	const struct mw_command_option rows[] = {{"json", .flag = &w.json}, {"finish", .flag = &k.finish}, {0}};
	int status = MW_COMMAND_FAILED, r;

	(void)host;
	if (mw_command_options("rekey", rows, argc, argv) != 0)
		return mw_command_usage("rekey", "[--finish] [--json]");
	r = conf ? first_key(&k, conf) : 0;
	if (r == 0 && mw_command_open(&w, "rekey", conf, MW_COMMAND_KEYS | MW_COMMAND_CHANGES))
		status = rekey(&k);
	else if (r < 0)
		status = fflush(stdout) == 0 ? MW_COMMAND_OK : MW_COMMAND_FAILED;
	mw_command_close(&w);
	return status;
}
