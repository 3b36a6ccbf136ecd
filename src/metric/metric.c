/* SPDX-License-Identifier: Apache-2.0 */
#include "metric/metric.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

void *mw_metrics_new(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? NULL : p;
}

/* ---- times ----------------------------------------------------------------------------------------------------------------------- */

/* The first bucket whose end is not below ns. */
static unsigned bucket_of(int64_t ns)
{
	uint64_t whole = ns > 0 ? ((uint64_t)ns - 1) / (uint64_t)MW_TIMES_FIRST : 0;
	unsigned i = whole ? 64 - (unsigned)__builtin_clzll(whole) : 0;

	return i < MW_TIMES_BUCKETS ? i : MW_TIMES_BUCKETS - 1;
}

void mw_times_add(struct mw_times *t, int64_t ns)
{
	uint64_t n = ns > 0 ? (uint64_t)ns : 0, longest = mw_counted(&t->longest);

	mw_count(&t->bucket[bucket_of(ns)]);
	mw_count_add(&t->sum, n);
	while (n > longest &&
	       !atomic_compare_exchange_weak_explicit(&t->longest, &longest, n, memory_order_relaxed, memory_order_relaxed))
		;
}

/* ---- text that others may read while it is written --------------------------------------------------------------------------------- */

void mw_text_write(mw_counter *to, const char *text, size_t n)
{
	for (size_t i = 0; i < n / 8; i++) {
		uint64_t word;

		memcpy(&word, text + 8 * i, 8);
		atomic_store_explicit(&to[i], word, memory_order_release);
	}
}

void mw_text_read(mw_counter *from, char *text, size_t n)
{
	for (size_t i = 0; i < n / 8; i++) {
		uint64_t word = atomic_load_explicit(&from[i], memory_order_acquire);

		memcpy(text + 8 * i, &word, 8);
	}
}

/* Values with a NUL behind each, in n octets of zeroes; the last ones are cut when they do not fit. */
static void join(char *to, size_t n, const char *const *value, size_t values)
{
	size_t used = 0;

	for (size_t i = 0; i < values && value[i]; i++) {
		size_t room = n - used - (values - i); /* each that follows has its NUL */
		size_t length = strnlen(value[i], room);

		memcpy(to + used, value[i], length);
		used += length + 1;
	}
}

/* ---- names ----------------------------------------------------------------------------------------------------------------------- */

/* Names and texts are rarely written: one lock for all. */
static pthread_mutex_t writing = PTHREAD_MUTEX_INITIALIZER;

static uint32_t hash_of(const char *text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < MW_NAMED_TEXT / 8; i++) {
		uint64_t word;

		memcpy(&word, text + 8 * i, 8);
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	return (uint32_t)h;
}

static bool is_same(struct mw_named_one *one, const char *text)
{
	for (size_t i = 0; i < MW_NAMED_TEXT / 8; i++) {
		uint64_t word;

		memcpy(&word, text + 8 * i, 8);
		if (atomic_load_explicit(&one->text[i], memory_order_relaxed) != word)
			return false;
	}
	return true;
}

static struct mw_named_one *find(struct mw_named *m, uint32_t hash, const char *text)
{
	for (uint32_t i = hash;; i++) {
		unsigned at = atomic_load_explicit(&m->slot[i % (2 * MW_NAMED_MOST)], memory_order_acquire);

		if (!at)
			return NULL;
		if (is_same(&m->one[at - 1], text))
			return &m->one[at - 1];
	}
}

/* In an order that a crash may end anywhere: a name that has no slot is found here, and gets one. */
static struct mw_named_one *add(struct mw_named *m, uint32_t most, uint32_t hash, const char *text)
{
	uint32_t used = atomic_load_explicit(&m->used, memory_order_relaxed), at = 1;

	if (used == 0) /* "other" */
		used = 1;
	while (at < used && !is_same(&m->one[at], text))
		at++;
	if (at == most)
		return &m->one[0];
	if (at == used) {
		mw_text_write(m->one[at].text, text, MW_NAMED_TEXT);
		atomic_store_explicit(&m->used, used + 1, memory_order_release);
	}
	while (atomic_load_explicit(&m->slot[hash % (2 * MW_NAMED_MOST)], memory_order_relaxed))
		hash++;
	atomic_store_explicit(&m->slot[hash % (2 * MW_NAMED_MOST)], (uint16_t)(at + 1), memory_order_release);
	return &m->one[at];
}

struct mw_named_one *mw_named(struct mw_named *m, uint32_t most, const char *a, const char *b)
{
	char text[MW_NAMED_TEXT] = {0};
	struct mw_named_one *one;
	uint32_t hash;

	join(text, sizeof(text), (const char *const[]){a, b}, 2);
	hash = hash_of(text);
	one = find(m, hash, text);
	if (one || atomic_load_explicit(&m->used, memory_order_relaxed) >= most)
		return one ? one : &m->one[0];
	(void)pthread_mutex_lock(&writing);
	one = find(m, hash, text);
	if (!one)
		one = add(m, most, hash, text);
	(void)pthread_mutex_unlock(&writing);
	return one;
}

/* ---- info ------------------------------------------------------------------------------------------------------------------------ */

void mw_info_set(struct mw_info *info, const char *a, const char *b, const char *c)
{
	char text[MW_INFO_TEXT] = {0};
	uint32_t version;

	join(text, sizeof(text), (const char *const[]){a, b, c}, 3);
	(void)pthread_mutex_lock(&writing);
	version = atomic_load_explicit(&info->version, memory_order_relaxed) | 1;
	atomic_store_explicit(&info->version, version, memory_order_relaxed);
	mw_text_write(info->text, text, sizeof(text));
	atomic_store_explicit(&info->version, version + 1, memory_order_release);
	(void)pthread_mutex_unlock(&writing);
}
