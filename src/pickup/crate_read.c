/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/crate_form.h"
#include "pickup/gcm.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct mw_crate {
	int fd;
	unsigned char id[MW_PICKUP_ID], key[MW_PICKUP_KEY], head[MW_CRATE_ENDS];
	struct mw_crate_tail tail;
	struct mw_crate_place *place;
};

struct mw_crate_object {
	const struct mw_crate *crate;
	struct mw_gcm *gcm;
	struct mw_crate_place place;
	uint64_t have; /* the chunk in plain; UINT64_MAX: none */
	size_t used;   /* octets of plain that were ever written */
	unsigned char plain[MW_CRATE_CHUNK], sealed[MW_CRATE_CHUNK + MW_CRATE_TAG];
};

/* Exactly n octets. */
static int take(int fd, unsigned char *p, size_t n, uint64_t at, struct mw_err *err)
{
	while (n) {
		ssize_t r = pread(fd, p, n, (off_t)at);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return mw_fail(err, -errno, "cannot read a crate: %s", strerror(errno));
		if (r == 0)
			return mw_fail(err, -EBADMSG, "damaged crate: it was cut");
		p += r;
		n -= (size_t)r;
		at += (uint64_t)r;
	}
	return 0;
}

/* ---- objects --------------------------------------------------------------------------------------------------------------------- */

static int object_new(const struct mw_crate *c, uint32_t number, struct mw_crate_place place, struct mw_crate_object **ret,
		      struct mw_err *err)
{
	struct mw_crate_object *o = malloc(sizeof(*o));
	unsigned char key[MW_PICKUP_KEY];

	if (!o)
		return mw_fail_memory(err);
	o->crate = c;
	o->place = place;
	o->have = UINT64_MAX;
	o->used = 0;
	o->gcm = mw_crate_object_key(c->key, c->id, number, key) == 0 ? mw_gcm_new(key) : NULL;
	OPENSSL_cleanse(key, sizeof(key));
	if (!o->gcm) {
		free(o);
		return mw_fail(err, -EIO, "cannot read a crate: libcrypto fails");
	}
	*ret = o;
	return 0;
}

void mw_crate_put(struct mw_crate_object **op)
{
	struct mw_crate_object *o = *op;

	*op = NULL;
	if (!o)
		return;
	mw_gcm_free(&o->gcm);
	OPENSSL_cleanse(o->plain, o->used);
	free(o);
}

int mw_crate_get(const struct mw_crate *c, uint32_t number, struct mw_crate_object **ret, struct mw_err *err)
{
	if (number >= c->tail.objects)
		return mw_fail(err, -ENOENT, "there is no object %u in the crate", number);
	return object_new(c, number, c->place[number], ret, err);
}

static size_t chunk_size(const struct mw_crate_object *o, uint64_t chunk)
{
	uint64_t left = o->place.length - chunk * MW_CRATE_CHUNK;

	return left < MW_CRATE_CHUNK ? (size_t)left : MW_CRATE_CHUNK;
}

/* chunk < mw_crate_chunks(length) */
static int open_chunk(struct mw_crate_object *o, uint64_t chunk, unsigned char *to, struct mw_err *err)
{
	const struct mw_crate *c = o->crate;
	size_t n = chunk_size(o, chunk);
	unsigned char nonce[MW_GCM_NONCE];
	int r = take(c->fd, o->sealed, n + MW_CRATE_TAG, o->place.at + chunk * (MW_CRATE_CHUNK + MW_CRATE_TAG), err);

	if (r < 0)
		return r;
	mw_crate_nonce(chunk, n < MW_CRATE_CHUNK, nonce);
	r = mw_gcm_open_piece(o->gcm, nonce, c->head, sizeof(c->head), o->sealed, n + MW_CRATE_TAG, to);
	if (r == -EBADMSG)
		return mw_fail(err, r, "damaged crate: a chunk does not open");
	return r < 0 ? mw_fail(err, r, "cannot read a crate: libcrypto fails") : 0;
}

/* n <= what is left of the chunk from `from` on. */
static int read_chunk(struct mw_crate_object *o, uint64_t chunk, size_t from, unsigned char *p, size_t n, struct mw_err *err)
{
	int r;

	if (o->have == chunk) {
		memcpy(p, o->plain + from, n);
		return 0;
	}
	if (n == chunk_size(o, chunk)) /* all of it: where it is wanted */
		return open_chunk(o, chunk, p, err);
	o->have = UINT64_MAX;
	if (o->used < chunk_size(o, chunk))
		o->used = chunk_size(o, chunk);
	r = open_chunk(o, chunk, o->plain, err);
	if (r < 0)
		return r;
	o->have = chunk;
	memcpy(p, o->plain + from, n);
	return 0;
}

ssize_t mw_crate_read(struct mw_crate_object *o, uint64_t offset, void *p, size_t n, struct mw_err *err)
{
	unsigned char *to = p;
	size_t done = 0;

	if (offset >= o->place.length) /* an empty last chunk has only its tag to tell that the object ends here */
		return o->place.length % MW_CRATE_CHUNK ? 0 : open_chunk(o, mw_crate_chunks(o->place.length) - 1, o->plain, err);
	if (n > o->place.length - offset)
		n = (size_t)(o->place.length - offset);
	n = n > SSIZE_MAX ? SSIZE_MAX : n;
	while (done < n) {
		uint64_t chunk = (offset + done) / MW_CRATE_CHUNK;
		size_t from = (size_t)((offset + done) % MW_CRATE_CHUNK);
		size_t part = chunk_size(o, chunk) - from < n - done ? chunk_size(o, chunk) - from : n - done;
		int r = read_chunk(o, chunk, from, to + done, part, err);

		if (r < 0) {
			OPENSSL_cleanse(to, done);
			return r;
		}
		done += part;
	}
	return (ssize_t)done;
}

/* ---- the crate ------------------------------------------------------------------------------------------------------------------- */

static int read_ends(struct mw_crate *c, const unsigned char id[MW_PICKUP_ID], struct mw_err *err)
{
	unsigned char tail[MW_CRATE_ENDS];
	struct stat st;
	int r;

	if (fstat(c->fd, &st) < 0)
		return mw_fail(err, -errno, "cannot read a crate: %s", strerror(errno));
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)(2 * MW_CRATE_ENDS))
		return mw_fail(err, -EBADMSG, "damaged crate: it is too short");
	r = take(c->fd, c->head, sizeof(c->head), 0, err);
	if (r == 0)
		r = mw_crate_head_read(c->head, c->id, err);
	if (r == 0 && memcmp(c->id, id, MW_PICKUP_ID) != 0)
		r = mw_fail(err, -EBADMSG, "damaged crate: it is another message's");
	if (r == 0)
		r = take(c->fd, tail, sizeof(tail), (uint64_t)st.st_size - MW_CRATE_ENDS, err);
	return r == 0 ? mw_crate_tail_read(tail, (uint64_t)st.st_size, &c->tail, err) : r;
}

/* The index's length is the tail's word, which nobody has signed: that it ends there is looked at, too. */
static int read_index(struct mw_crate *c, struct mw_err *err)
{
	struct mw_crate_place place = {.at = c->tail.index, .length = 8ull * c->tail.objects};
	unsigned char *index = malloc((size_t)place.length);
	struct mw_crate_object *o = NULL;
	int r;

	c->place = calloc(c->tail.objects, sizeof(*c->place));
	r = index && c->place ? object_new(c, MW_CRATE_INDEX, place, &o, err) : mw_fail_memory(err);
	if (r == 0)
		r = (int)mw_crate_read(o, 0, index, (size_t)place.length, err);
	if (r > 0)
		r = (int)mw_crate_read(o, place.length, NULL, 0, err);
	if (r == -EBADMSG)
		(void)mw_fail(err, r, "damaged crate, or another key's: its index does not open");
	if (r == 0)
		r = mw_crate_index_read(index, &c->tail, c->place, err);
	mw_crate_put(&o);
	free(index);
	return r;
}

int mw_crate_open(int fd, const unsigned char id[MW_PICKUP_ID], const unsigned char key[MW_PICKUP_KEY], struct mw_crate **ret,
		  struct mw_err *err)
{
	struct mw_crate *c = calloc(1, sizeof(*c));
	int r;

	if (!c) {
		(void)close(fd);
		return mw_fail_memory(err);
	}
	c->fd = fd;
	memcpy(c->key, key, sizeof(c->key));
	r = read_ends(c, id, err);
	if (r == 0)
		r = read_index(c, err);
	if (r < 0) {
		mw_crate_close(&c);
		return r;
	}
	*ret = c;
	return 0;
}

void mw_crate_close(struct mw_crate **cp)
{
	struct mw_crate *c = *cp;

	*cp = NULL;
	if (!c)
		return;
	(void)close(c->fd);
	free(c->place);
	OPENSSL_cleanse(c, sizeof(*c));
	free(c);
}

uint32_t mw_crate_count(const struct mw_crate *c)
{
	return c->tail.objects;
}

uint64_t mw_crate_length(const struct mw_crate *c, uint32_t number)
{
	return number < c->tail.objects ? c->place[number].length : 0;
}

int mw_crate_read_all(const struct mw_crate *c, uint32_t number, size_t max, char **ret, size_t *n, struct mw_err *err)
{
	uint64_t length = mw_crate_length(c, number);
	struct mw_crate_object *o;
	char *p;
	int r = mw_crate_get(c, number, &o, err);

	if (r < 0)
		return r;
	if (length > max || length >= SIZE_MAX) {
		mw_crate_put(&o);
		return mw_fail(err, -EFBIG, "object %u of the crate is larger than %zu octets", number, max);
	}
	p = malloc((size_t)length + 1);
	if (!p)
		r = mw_fail_memory(err);
	for (uint64_t at = 0; r == 0;) {
		ssize_t got = mw_crate_read(o, at, p + at, (size_t)(length - at), err);

		if (got < 0)
			r = (int)got;
		else
			at += (uint64_t)got;
		if (got == 0)
			break;
	}
	mw_crate_put(&o);
	if (r < 0) {
		free(p);
		return r;
	}
	p[length] = '\0';
	*ret = p;
	*n = (size_t)length;
	return 0;
}
