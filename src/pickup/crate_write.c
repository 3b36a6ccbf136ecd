/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/crate_form.h"
#include "pickup/gcm.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(MW_GCM_TAG == MW_CRATE_TAG, "a chunk's tag");
_Static_assert(MW_GCM_KEY == MW_PICKUP_KEY, "an object's key");

struct mw_crate_writer {
	int fd;
	int failed; /* negative: it cannot be ended */
	unsigned char id[MW_PICKUP_ID], key[MW_PICKUP_KEY], head[MW_CRATE_ENDS];
	uint64_t at;	  /* octets written */
	uint32_t objects; /* begun, and the manifest, which is still to come */
	uint64_t *lengths;
	size_t room;
	/* the object that is open */
	struct mw_gcm *gcm; /* NULL: none */
	uint64_t chunk;
	size_t filled;
	unsigned char plain[MW_CRATE_CHUNK], sealed[MW_CRATE_CHUNK + MW_CRATE_TAG];
};

static int failed(struct mw_crate_writer *w, int code, struct mw_err *err)
{
	w->failed = code;
	return code == -ENOMEM ? mw_fail_memory(err) : mw_fail(err, code, "cannot write a crate: %s", strerror(-code));
}

static int put(struct mw_crate_writer *w, const unsigned char *p, size_t n, struct mw_err *err)
{
	while (n) {
		ssize_t r = pwrite(w->fd, p, n, (off_t)w->at);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return failed(w, r < 0 ? -errno : -EIO, err);
		p += r;
		n -= (size_t)r;
		w->at += (uint64_t)r;
	}
	return 0;
}

int mw_crate_begin(int fd, const unsigned char id[MW_PICKUP_ID], const unsigned char key[MW_PICKUP_KEY],
		   struct mw_crate_writer **ret, struct mw_err *err)
{
	struct mw_crate_writer *w;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size != 0)
		return mw_fail(err, -EINVAL, "a crate is written into an empty file");
	w = calloc(1, sizeof(*w));
	if (!w)
		return mw_fail_memory(err);
	w->fd = fd;
	memcpy(w->id, id, sizeof(w->id));
	memcpy(w->key, key, sizeof(w->key));
	w->objects = 1;
	w->room = 16;
	w->lengths = calloc(w->room, sizeof(*w->lengths));
	mw_crate_head_write(id, w->head);
	r = w->lengths ? put(w, w->head, sizeof(w->head), err) : mw_fail_memory(err);
	if (r < 0) {
		mw_crate_writer_free(&w);
		return r;
	}
	*ret = w;
	return 0;
}

void mw_crate_writer_free(struct mw_crate_writer **wp)
{
	struct mw_crate_writer *w = *wp;

	*wp = NULL;
	if (!w)
		return;
	mw_gcm_free(&w->gcm);
	free(w->lengths);
	OPENSSL_cleanse(w, sizeof(*w));
	free(w);
}

static int put_chunk(struct mw_crate_writer *w, const unsigned char *p, size_t n, bool last, struct mw_err *err)
{
	unsigned char nonce[MW_GCM_NONCE];
	int r;

	mw_crate_nonce(w->chunk++, last, nonce);
	r = mw_gcm_seal_piece(w->gcm, nonce, w->head, sizeof(w->head), p, n, w->sealed);
	return r < 0 ? failed(w, r, err) : put(w, w->sealed, n + MW_CRATE_TAG, err);
}

static int open_object(struct mw_crate_writer *w, uint32_t number, struct mw_err *err)
{
	unsigned char key[MW_PICKUP_KEY];
	int r = mw_crate_object_key(w->key, w->id, number, key);

	w->gcm = r == 0 ? mw_gcm_new(key) : NULL;
	OPENSSL_cleanse(key, sizeof(key));
	if (!w->gcm)
		return failed(w, -EIO, err);
	w->chunk = 0;
	w->filled = 0;
	return 0;
}

/* Its last chunk, which may be empty. */
static int close_object(struct mw_crate_writer *w, struct mw_err *err)
{
	int r = put_chunk(w, w->plain, w->filled, true, err);

	mw_gcm_free(&w->gcm);
	OPENSSL_cleanse(w->plain, w->filled);
	return r;
}

int mw_crate_object(struct mw_crate_writer *w, uint32_t *number, struct mw_err *err)
{
	int r;

	if (w->failed)
		return failed(w, w->failed, err);
	if (w->objects == MW_CRATE_OBJECTS)
		return mw_fail(err, -E2BIG, "more than %u objects in a crate", MW_CRATE_OBJECTS);
	if (w->objects == w->room) {
		uint64_t *more = reallocarray(w->lengths, w->room * 2, sizeof(*more));

		if (!more)
			return failed(w, -ENOMEM, err);
		w->lengths = more;
		w->room *= 2;
	}
	r = w->gcm ? close_object(w, err) : 0;
	if (r == 0)
		r = open_object(w, w->objects, err);
	if (r < 0)
		return r;
	w->lengths[w->objects] = 0;
	*number = w->objects++;
	return 0;
}

static int add(struct mw_crate_writer *w, const unsigned char *p, size_t n, struct mw_err *err)
{
	while (n) {
		size_t take = MW_CRATE_CHUNK - w->filled < n ? MW_CRATE_CHUNK - w->filled : n;
		int r = 0;

		if (take == MW_CRATE_CHUNK) {
			r = put_chunk(w, p, take, false, err);
		} else {
			memcpy(w->plain + w->filled, p, take);
			w->filled += take;
			if (w->filled == MW_CRATE_CHUNK) {
				r = put_chunk(w, w->plain, w->filled, false, err);
				w->filled = 0;
			}
		}
		if (r < 0)
			return r;
		p += take;
		n -= take;
	}
	return 0;
}

int mw_crate_write(struct mw_crate_writer *w, const void *p, size_t n, struct mw_err *err)
{
	uint64_t *length = &w->lengths[w->objects - 1];

	if (w->failed)
		return failed(w, w->failed, err);
	if (!w->gcm)
		return failed(w, -EINVAL, err);
	if (n > MW_CRATE_OBJECT - *length)
		return failed(w, -EFBIG, err);
	*length += n;
	return add(w, p, n, err);
}

static int put_object(struct mw_crate_writer *w, uint32_t number, const unsigned char *p, size_t n, struct mw_err *err)
{
	int r = open_object(w, number, err);

	if (r == 0)
		r = add(w, p, n, err);
	return r == 0 ? close_object(w, err) : r;
}

static int put_index(struct mw_crate_writer *w, struct mw_err *err)
{
	size_t n = 8 * (size_t)w->objects;
	unsigned char *index = malloc(n);
	int r;

	if (!index)
		return failed(w, -ENOMEM, err);
	mw_crate_index_write(w->lengths, w->objects, index);
	r = put_object(w, MW_CRATE_INDEX, index, n, err);
	free(index);
	return r;
}

int mw_crate_end(struct mw_crate_writer *w, const void *manifest, size_t n, uint64_t *size, uint32_t *objects, struct mw_err *err)
{
	struct mw_crate_tail tail = {.objects = w->objects};
	unsigned char octets[MW_CRATE_ENDS];
	int r;

	if (w->failed)
		return failed(w, w->failed, err);
	if (n > MW_CRATE_MANIFEST)
		return failed(w, -EFBIG, err);
	r = w->gcm ? close_object(w, err) : 0;
	if (r == 0)
		r = put_object(w, 0, manifest, n, err);
	if (r < 0)
		return r;
	w->lengths[0] = n;
	tail.index = w->at;
	r = put_index(w, err);
	mw_crate_tail_write(&tail, octets);
	if (r == 0)
		r = put(w, octets, sizeof(octets), err);
	if (r == 0 && fsync(w->fd) < 0)
		r = failed(w, -errno, err);
	if (r < 0)
		return r;
	w->failed = -EINVAL; /* it has ended */
	*size = w->at;
	*objects = w->objects;
	return 0;
}
