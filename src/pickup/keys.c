/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/keys.h"

#include "pickup/keyfile.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct mw_pickup_keys {
	pthread_mutex_t mutex;
	char *path;
	struct mw_keyfile file;
	struct stat was; /* the file that it is from */
};

int mw_pickup_keys_open(const char *path, struct mw_pickup_keys **ret, struct mw_err *err)
{
	struct mw_pickup_keys *k = calloc(1, sizeof(*k));
	int r;

	if (!k)
		return mw_fail_memory(err);
	if (pthread_mutex_init(&k->mutex, NULL) != 0) {
		free(k);
		return mw_fail_memory(err);
	}
	k->path = strdup(path);
	r = k->path ? mw_keyfile_read(path, &k->file, &k->was, err) : mw_fail_memory(err);
	if (r < 0) {
		mw_pickup_keys_close(&k);
		return r;
	}
	*ret = k;
	return 0;
}

void mw_pickup_keys_close(struct mw_pickup_keys **kp)
{
	struct mw_pickup_keys *k = *kp;

	*kp = NULL;
	if (!k)
		return;
	mw_keyfile_free(&k->file);
	free(k->path);
	(void)pthread_mutex_destroy(&k->mutex);
	free(k);
}

int mw_pickup_keys_reread(struct mw_pickup_keys *k, struct mw_err *err)
{
	struct mw_keyfile fresh, old;
	struct stat st;
	int r = mw_keyfile_read(k->path, &fresh, &st, err);

	if (r < 0)
		return r;
	(void)pthread_mutex_lock(&k->mutex);
	old = k->file;
	k->file = fresh;
	k->was = st;
	(void)pthread_mutex_unlock(&k->mutex);
	mw_keyfile_free(&old);
	return 0;
}

/* Has the file been replaced since? Keys are added by a new file. */
static bool is_replaced(struct mw_pickup_keys *k)
{
	struct stat st;
	bool other;

	if (stat(k->path, &st) < 0)
		return false;
	(void)pthread_mutex_lock(&k->mutex);
	other = st.st_ino != k->was.st_ino || st.st_dev != k->was.st_dev || st.st_mtim.tv_sec != k->was.st_mtim.tv_sec ||
		st.st_mtim.tv_nsec != k->was.st_mtim.tv_nsec;
	(void)pthread_mutex_unlock(&k->mutex);
	return other;
}

void mw_pickup_keys_newest(struct mw_pickup_keys *k, uint32_t *number, unsigned char ret[MW_PICKUP_KEY])
{
	const struct mw_server_key *key;

	/* An old key that somebody still wraps by would be dropped one day, and what was wrapped with it. */
	if (is_replaced(k))
		(void)mw_pickup_keys_reread(k, NULL);
	(void)pthread_mutex_lock(&k->mutex);
	key = &k->file.key[k->file.n - 1];
	*number = key->number;
	memcpy(ret, key->octets, MW_PICKUP_KEY);
	(void)pthread_mutex_unlock(&k->mutex);
}

static bool look(struct mw_pickup_keys *k, uint32_t number, unsigned char ret[MW_PICKUP_KEY])
{
	bool found = false;

	(void)pthread_mutex_lock(&k->mutex);
	for (size_t i = k->file.n; i-- > 0 && !found;) {
		found = k->file.key[i].number == number;
		if (found)
			memcpy(ret, k->file.key[i].octets, MW_PICKUP_KEY);
	}
	(void)pthread_mutex_unlock(&k->mutex);
	return found;
}

int mw_pickup_keys_get(struct mw_pickup_keys *k, uint32_t number, unsigned char ret[MW_PICKUP_KEY], struct mw_err *err)
{
	if (look(k, number, ret) || (mw_pickup_keys_reread(k, NULL) == 0 && look(k, number, ret)))
		return 0;
	return mw_fail(err, -ENOKEY, "%s: there is no server key %u", k->path, number);
}

size_t mw_pickup_keys_count(struct mw_pickup_keys *k)
{
	size_t n;

	(void)pthread_mutex_lock(&k->mutex);
	n = k->file.n;
	(void)pthread_mutex_unlock(&k->mutex);
	return n;
}
