/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_crate: crates and key files from a damaged disk. The first octet chooses: c, a crate as it is; d, how a crate that is made here is
 * damaged (three octets each: where, and what is put there), which must be found or do no harm; i, tail and index as if they had been
 * opened; k, a file of server keys. */
#include "pickup/crate_form.h"
#include "pickup/keyfile.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const unsigned char id[MW_PICKUP_ID] = "id of a mail";
static const unsigned char key[MW_PICKUP_KEY] = "a key that only this test knows";
static const char text[] = "what a patient reads";

static void must(bool holds)
{
	if (!holds)
		abort();
}

static int make_file(const void *p, size_t n)
{
	int fd = memfd_create("crate", MFD_CLOEXEC);

	must(fd >= 0 && write(fd, p, n) == (ssize_t)n);
	return fd;
}

/* Reads all there is. True: it was whole. */
static bool read_crate(int fd, bool ours)
{
	struct mw_crate *c = NULL;
	struct mw_err err = {0};
	bool whole = mw_crate_open(fd, id, key, &c, &err) == 0;

	must(whole || (err.code < 0 && err.text[0]));
	for (uint32_t i = 0; whole && i < mw_crate_count(c); i++) {
		char *p = NULL;
		size_t size = 0;

		whole = mw_crate_read_all(c, i, 1u << 20, &p, &size, &err) == 0;
		must(!whole || size == mw_crate_length(c, i));
		must(!whole || !ours || i != 1 || (size == sizeof(text) && memcmp(p, text, size) == 0));
		free(p);
	}
	mw_crate_close(&c);
	return whole;
}

static size_t make_crate(unsigned char *ret, size_t room)
{
	struct mw_crate_writer *w = NULL;
	uint32_t number, objects;
	uint64_t size = 0;
	int fd = make_file("", 0);

	must(mw_crate_begin(fd, id, key, &w, NULL) == 0 && mw_crate_object(w, &number, NULL) == 0 &&
	     mw_crate_write(w, text, sizeof(text), NULL) == 0 && mw_crate_end(w, "{}", 2, &size, &objects, NULL) == 0);
	mw_crate_writer_free(&w);
	must(size <= room && pread(fd, ret, room, 0) == (ssize_t)size);
	(void)close(fd);
	return (size_t)size;
}

static void fuzz_damage(const uint8_t *data, size_t n)
{
	unsigned char whole[512], p[512];
	size_t size = make_crate(whole, sizeof(whole));

	memcpy(p, whole, size);
	for (; n >= 3; data += 3, n -= 3)
		p[(data[0] | (size_t)data[1] << 8) % size] = data[2];
	must(read_crate(make_file(p, size), true) == (memcmp(p, whole, size) == 0));
}

static void fuzz_index(const uint8_t *data, size_t n)
{
	struct mw_crate_place place[256];
	struct mw_crate_tail tail;
	uint64_t size = 0, at = MW_CRATE_ENDS;

	if (n < MW_CRATE_ENDS + 8)
		return;
	for (unsigned i = 0; i < 8; i++)
		size = size << 8 | data[i];
	if (mw_crate_tail_read(data + 8, size, &tail, NULL) < 0)
		return;
	data += MW_CRATE_ENDS + 8;
	n -= MW_CRATE_ENDS + 8;
	if (tail.objects > 256 || n < 8 * (size_t)tail.objects || mw_crate_index_read(data, &tail, place, NULL) < 0)
		return;
	for (uint32_t i = 1; i <= tail.objects; i++) {
		const struct mw_crate_place *o = &place[i % tail.objects];

		must(o->at == at && mw_crate_stored(o->length) <= tail.index - at);
		at += mw_crate_stored(o->length);
	}
	must(at == tail.index && tail.index < size);
}

static void fuzz_keys(const uint8_t *data, size_t n)
{
	struct mw_keyfile f = {.n = 0};
	struct mw_err err = {0};

	if (mw_keyfile_parse((struct mw_str){.p = (const char *)data, .n = n}, &f, &err) < 0) {
		must(err.text[0]);
		return;
	}
	for (size_t i = 0; i < f.n; i++)
		must(f.key[i].number > 0 && f.key[i].created >= 0 && (i == 0 || f.key[i].number > f.key[i - 1].number));
	mw_keyfile_free(&f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (n == 0 || n > 1u << 20)
		return 0;
	switch (data[0]) {
	case 'c':
		(void)read_crate(make_file(data + 1, n - 1), false);
		break;
	case 'd':
		fuzz_damage(data + 1, n - 1);
		break;
	case 'i':
		fuzz_index(data + 1, n - 1);
		break;
	case 'k':
		fuzz_keys(data + 1, n - 1);
		break;
	default:
		break;
	}
	return 0;
}
