/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/crate_form.h"

#include "pickup/wrap.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FORM 1u

static const char magic[8] = "MWCRATE\n";

static void put_le(unsigned char *p, uint64_t v, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

static uint64_t get_le(const unsigned char *p, unsigned n)
{
	uint64_t v = 0;

	for (unsigned i = n; i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

static int damaged(struct mw_err *err, const char *what)
{
	return mw_fail(err, -EBADMSG, "damaged crate: %s", what);
}

void mw_crate_head_write(const unsigned char id[MW_PICKUP_ID], unsigned char ret[MW_CRATE_ENDS])
{
	memset(ret, 0, MW_CRATE_ENDS);
	memcpy(ret, magic, sizeof(magic));
	put_le(ret + 8, FORM, 4);
	memcpy(ret + 16, id, MW_PICKUP_ID);
}

int mw_crate_head_read(const unsigned char head[MW_CRATE_ENDS], unsigned char id[MW_PICKUP_ID], struct mw_err *err)
{
	uint64_t version = get_le(head + 8, 4);

	if (memcmp(head, magic, sizeof(magic)) != 0)
		return damaged(err, "it does not begin as one");
	if (version > FORM)
		return mw_fail(err, -EOPNOTSUPP, "crate of version %u, of a later milward; this one knows %u", (unsigned)version,
			       FORM);
	if (version != FORM || get_le(head + 12, 4) || get_le(head + 28, 4))
		return damaged(err, "its head is wrong");
	memcpy(id, head + 16, MW_PICKUP_ID);
	return 0;
}

void mw_crate_tail_write(const struct mw_crate_tail *t, unsigned char ret[MW_CRATE_ENDS])
{
	memset(ret, 0, MW_CRATE_ENDS);
	put_le(ret, t->objects, 4);
	put_le(ret + 8, t->index, 8);
	memcpy(ret + 24, magic, sizeof(magic));
}

int mw_crate_tail_read(const unsigned char tail[MW_CRATE_ENDS], uint64_t size, struct mw_crate_tail *ret, struct mw_err *err)
{
	struct mw_crate_tail t = {.objects = (uint32_t)get_le(tail, 4), .index = get_le(tail + 8, 8)};
	uint64_t room = size < 2 * MW_CRATE_ENDS ? 0 : size - MW_CRATE_ENDS; /* the index ends here */

	if (memcmp(tail + 24, magic, sizeof(magic)) != 0)
		return damaged(err, "its end is missing");
	if (get_le(tail + 4, 4) || get_le(tail + 16, 8) || t.objects == 0 || t.objects > MW_CRATE_OBJECTS)
		return damaged(err, "its tail is wrong");
	if (t.index < MW_CRATE_ENDS || t.index > room || room - t.index != mw_crate_stored(8ull * t.objects))
		return damaged(err, "its index is not where the tail says");
	*ret = t;
	return 0;
}

uint64_t mw_crate_chunks(uint64_t length)
{
	return length / MW_CRATE_CHUNK + 1;
}

uint64_t mw_crate_stored(uint64_t length)
{
	return length + mw_crate_chunks(length) * MW_CRATE_TAG;
}

int mw_crate_index_read(const unsigned char *index, const struct mw_crate_tail *t, struct mw_crate_place *ret, struct mw_err *err)
{
	uint64_t at = MW_CRATE_ENDS;

	/* in the file, object 0 comes behind the others */
	for (uint32_t i = 1; i <= t->objects; i++) {
		uint32_t number = i % t->objects;
		uint64_t length = get_le(index + 8ull * number, 8);

		if (length > MW_CRATE_OBJECT || mw_crate_stored(length) > t->index - at)
			return damaged(err, "an object is longer than the file");
		ret[number] = (struct mw_crate_place){.at = at, .length = length};
		at += mw_crate_stored(length);
	}
	return at == t->index ? 0 : damaged(err, "its objects do not fill it");
}

void mw_crate_index_write(const uint64_t *lengths, uint32_t objects, unsigned char *ret)
{
	for (uint32_t i = 0; i < objects; i++)
		put_le(ret + 8ull * i, lengths[i], 8);
}

int mw_crate_object_key(const unsigned char key[MW_PICKUP_KEY], const unsigned char id[MW_PICKUP_ID], uint32_t number,
			unsigned char ret[MW_PICKUP_KEY])
{
	char purpose[sizeof("milward crate object 4294967295")];

	(void)snprintf(purpose, sizeof(purpose), "milward crate object %u", number);
	return mw_pickup_derive(key, MW_PICKUP_KEY, id, MW_PICKUP_ID, purpose, ret, MW_PICKUP_KEY);
}

void mw_crate_nonce(uint64_t chunk, bool last, unsigned char ret[12])
{
	put_le(ret, chunk, 8);
	put_le(ret + 8, last, 4);
}
