/* SPDX-License-Identifier: Apache-2.0 */
#include "desk.h"

#include <errno.h>
#include <rnp/rnp_err.h>
#include <unistd.h>

int pgp_desk_open(struct pgp_desk *d)
{
	*d = (struct pgp_desk){.ffi = NULL};
	return pthread_mutex_init(&d->lock, NULL) == 0 ? 0 : -ENOMEM;
}

static void clear(struct pgp_desk *d)
{
	if (d->ffi)
		(void)rnp_ffi_destroy(d->ffi);
	d->ffi = NULL;
}

void pgp_desk_close(struct pgp_desk *d)
{
	clear(d);
	(void)pthread_mutex_destroy(&d->lock);
}

int pgp_desk_take(struct pgp_desk *d, int64_t now, rnp_ffi_t *ret)
{
	int r = 0;

	(void)pthread_mutex_lock(&d->lock);
	if (d->ffi && (d->pid != getpid() || (now > 0 && rnp_set_timestamp(d->ffi, (uint64_t)now) != RNP_SUCCESS)))
		clear(d);
	if (!d->ffi) {
		r = pgp_rnp_new(now, &d->ffi);
		d->pid = getpid();
	}
	if (r < 0) {
		(void)pthread_mutex_unlock(&d->lock);
		return r;
	}
	*ret = d->ffi;
	return 0;
}

void pgp_desk_give(struct pgp_desk *d)
{
	if (rnp_ffi_set_key_provider(d->ffi, NULL, NULL) != RNP_SUCCESS ||
	    rnp_unload_keys(d->ffi, RNP_KEY_UNLOAD_PUBLIC) != RNP_SUCCESS)
		clear(d);
	(void)pthread_mutex_unlock(&d->lock);
}

rnp_key_handle_t pgp_desk_key(struct pgp_desk *d, const struct pgp_cert *c)
{
	rnp_key_handle_t key = pgp_locate(d->ffi, c->key.fpr);
	bool secret = false;

	if (key && rnp_key_have_secret(key, &secret) == RNP_SUCCESS && secret)
		return key;
	(void)rnp_key_handle_destroy(key);
	return pgp_load(d->ffi, c, &key) == 0 ? key : NULL;
}
