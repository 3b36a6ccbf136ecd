/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/cache.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define VALUE_MAX 65536u
#define FILE_MAX (256u * 1024u * 1024u)
#define SKEW 60		 /* seconds by which the day's clock may have been corrected */
#define LONGEST 31622400 /* seconds: a year, longer than any record of DNS should be believed */
#define MAGIC "milward-lookup 1 "

struct entry {
	struct mw_str key, value; /* in the same piece of memory */
	uint32_t seed;
	bool lasting;
	int64_t until;		     /* by mw_cache_clock() */
	struct entry *older, *newer; /* by use */
};

struct mw_cache {
	GHashTable *table; /* entry -> itself */
	struct entry *oldest, *newest;
	size_t most, octets, used;
	uint32_t seed;
	bool dirty;
};

int64_t mw_cache_clock(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Keys are names that strangers choose: without a seed they could choose such that meet in one slot. */
static guint entry_hash(gconstpointer p)
{
	const struct entry *e = p;
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ e->seed;

	for (size_t i = 0; i < e->key.n; i++)
		h = (h ^ (unsigned char)e->key.p[i]) * UINT64_C(0x100000001b3);
	h ^= h >> 32;
	h = (h ^ e->seed) * UINT64_C(0x9e3779b97f4a7c15);
	return (guint)(h >> 32);
}

static gboolean entry_equal(gconstpointer a, gconstpointer b)
{
	return mw_str_same(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

struct mw_cache *mw_cache_new(size_t most, size_t octets)
{
	struct mw_cache *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->most = most;
	c->octets = octets;
	if (getrandom(&c->seed, sizeof(c->seed), 0) != (ssize_t)sizeof(c->seed))
		c->seed = (uint32_t)mw_cache_clock();
	c->table = g_hash_table_new(entry_hash, entry_equal);
	return c;
}

static size_t entry_size(const struct entry *e)
{
	return sizeof(*e) + e->key.n + e->value.n;
}

static void unlink_entry(struct mw_cache *c, struct entry *e)
{
	*(e->older ? &e->older->newer : &c->oldest) = e->newer;
	*(e->newer ? &e->newer->older : &c->newest) = e->older;
}

static void link_newest(struct mw_cache *c, struct entry *e)
{
	e->older = c->newest;
	e->newer = NULL;
	*(c->newest ? &c->newest->newer : &c->oldest) = e;
	c->newest = e;
}

static void drop(struct mw_cache *c, struct entry *e)
{
	(void)g_hash_table_remove(c->table, e);
	unlink_entry(c, e);
	c->used -= entry_size(e);
	free(e);
}

void mw_cache_free(struct mw_cache **c)
{
	if (!*c)
		return;
	while ((*c)->oldest)
		drop(*c, (*c)->oldest);
	g_hash_table_destroy((*c)->table);
	free(*c);
	*c = NULL;
}

size_t mw_cache_count(const struct mw_cache *c)
{
	return g_hash_table_size(c->table);
}

bool mw_cache_is_dirty(const struct mw_cache *c)
{
	return c->dirty;
}

static struct entry *find(struct mw_cache *c, struct mw_str key)
{
	const struct entry wanted = {.key = key, .seed = c->seed};

	return g_hash_table_lookup(c->table, &wanted);
}

bool mw_cache_get(struct mw_cache *c, struct mw_str key, int64_t now, struct mw_str *value, int64_t *left)
{
	struct entry *e = find(c, key);

	if (!e)
		return false;
	if (e->until <= now) {
		drop(c, e);
		return false;
	}
	unlink_entry(c, e);
	link_newest(c, e);
	*value = e->value;
	*left = (e->until - now + 999) / 1000;
	return true;
}

int mw_cache_put(struct mw_cache *c, struct mw_str key, struct mw_str value, int64_t now, int64_t seconds, bool lasting)
{
	struct entry *e = find(c, key);
	char *p;

	if (e)
		drop(c, e);
	if (key.n == 0 || key.n > VALUE_MAX || value.n > VALUE_MAX || seconds <= 0)
		return -EINVAL;
	seconds = seconds < LONGEST ? seconds : LONGEST;
	e = malloc(sizeof(*e) + key.n + value.n);
	if (!e)
		return -ENOMEM;
	p = (char *)(e + 1);
	memcpy(p, key.p, key.n);
	if (value.n)
		memcpy(p + key.n, value.p, value.n);
	*e = (struct entry){.key = {.p = p, .n = key.n},
			    .value = {.p = p + key.n, .n = value.n},
			    .seed = c->seed,
			    .lasting = lasting,
			    .until = now + seconds * 1000};
	link_newest(c, e);
	c->used += entry_size(e);
	(void)g_hash_table_add(c->table, e);
	while (c->oldest != e && (g_hash_table_size(c->table) > c->most || c->used > c->octets))
		drop(c, c->oldest);
	c->dirty = c->dirty || lasting;
	return 0;
}

/* ---- on disk: MAGIC, the SHA-256 of what follows, LF; for each entry "UNTIL SINCE KEYLENGTH VALUELENGTH\n" KEY VALUE "\n" ------- */
#define DIGEST 64u

static void digest(const char *p, size_t n, char ret[DIGEST + 1])
{
	char *hex = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)p, n);

	(void)snprintf(ret, DIGEST + 1, "%s", hex);
	g_free(hex);
}

void mw_cache_write(struct mw_cache *c, int64_t now, int64_t wall, struct mw_buf *b)
{
	size_t start = sizeof(MAGIC) - 1 + DIGEST + 1;
	char hex[DIGEST + 1];

	mw_buf_clear(b);
	mw_buf_reserve(b, start + c->used);
	mw_buf_printf(b, "%s%*s\n", MAGIC, (int)DIGEST, "");
	for (const struct entry *e = c->oldest; e; e = e->newer) {
		if (!e->lasting || e->until <= now)
			continue;
		mw_buf_printf(b, "%lld %lld %zu %zu\n", (long long)(wall + (e->until - now) / 1000), (long long)wall, e->key.n,
			      e->value.n);
		mw_buf_add(b, e->key.p, e->key.n);
		mw_buf_add(b, e->value.p, e->value.n);
		mw_buf_putc(b, '\n');
	}
	if (!mw_buf_ok(b))
		return;
	digest(b->p + start, b->n - start, hex);
	memcpy(b->p + sizeof(MAGIC) - 1, hex, DIGEST);
	c->dirty = false;
}

static bool take_number(struct mw_str *line, int64_t *ret)
{
	int64_t v = 0;
	size_t i = 0;

	while (i < line->n && line->p[i] >= '0' && line->p[i] <= '9' && i < 18)
		v = v * 10 + (line->p[i++] - '0');
	if (i == 0 || (i < line->n && line->p[i] != ' '))
		return false;
	*line = mw_str_behind(*line, i < line->n ? i + 1 : i);
	*ret = v;
	return true;
}

static bool take_entry(struct mw_cache *c, struct mw_str *copy, int64_t now, int64_t wall)
{
	struct mw_str line = mw_str_take_line(copy);
	int64_t until, since, key, value, left;

	if (!take_number(&line, &until) || !take_number(&line, &since) || !take_number(&line, &key) ||
	    !take_number(&line, &value) || line.n || key < 1 || key > (int64_t)VALUE_MAX || value > (int64_t)VALUE_MAX ||
	    (int64_t)copy->n < key + value + 1 || copy->p[key + value] != '\n')
		return false;
	left = until - wall < until - since ? until - wall : until - since;
	if (left > 0 && since <= wall + SKEW)
		(void)mw_cache_put(c, (struct mw_str){.p = copy->p, .n = (size_t)key},
				   (struct mw_str){.p = copy->p + key, .n = (size_t)value}, now, left, true);
	*copy = mw_str_behind(*copy, (size_t)(key + value) + 1);
	return true;
}

int mw_cache_read(struct mw_cache *c, struct mw_str copy, int64_t now, int64_t wall, struct mw_err *err)
{
	size_t head = sizeof(MAGIC) - 1;
	char hex[DIGEST + 1];

	if (copy.n == 0)
		return 0;
	if (copy.n < head + DIGEST + 1 || memcmp(copy.p, MAGIC, head) != 0 || copy.p[head + DIGEST] != '\n')
		return mw_fail(err, -EBADMSG, "it is no copy of this version");
	digest(copy.p + head + DIGEST + 1, copy.n - head - DIGEST - 1, hex);
	if (memcmp(hex, copy.p + head, DIGEST) != 0)
		return mw_fail(err, -EBADMSG, "it is damaged");
	copy = mw_str_behind(copy, head + DIGEST + 1);
	while (copy.n)
		if (!take_entry(c, &copy, now, wall))
			return mw_fail(err, -EBADMSG, "it is damaged");
	c->dirty = false;
	return 0;
}

int mw_cache_load(struct mw_cache *c, const char *path, struct mw_err *err)
{
	struct mw_arena *arena = mw_arena_new(0);
	struct mw_str copy = {.p = "", .n = 0};
	int r;

	if (!arena)
		return mw_fail_memory(err);
	r = access(path, F_OK) && errno == ENOENT ? 0 : mw_file_read(arena, path, FILE_MAX, &copy, err);
	if (!r) {
		r = mw_cache_read(c, copy, mw_cache_clock(), (int64_t)time(NULL), err);
		if (r)
			mw_err_prefix(err, "%s", path);
	}
	mw_arena_free(&arena);
	return r;
}

/* No fsync: what a power cut leaves is whole or is noticed, and nothing is lost but answers that can be had again. */
static int replace(const char *path, const char *fresh, const struct mw_buf *b, struct mw_err *err)
{
	int fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600), r;

	if (fd < 0)
		return mw_fail(err, -errno, "%s: %s", fresh, strerror(errno));
	r = mw_file_write_all(fd, b->p, b->n);
	if (close(fd) && !r)
		r = -errno;
	if (!r && rename(fresh, path))
		r = -errno;
	if (!r)
		return 0;
	(void)unlink(fresh);
	return mw_fail(err, r, "%s: %s", path, strerror(-r));
}

int mw_cache_save(struct mw_cache *c, const char *path, struct mw_err *err)
{
	struct mw_buf b = MW_BUF_INIT;
	char *fresh = NULL;
	int r;

	mw_cache_write(c, mw_cache_clock(), (int64_t)time(NULL), &b);
	if (!mw_buf_ok(&b) || asprintf(&fresh, "%s.new", path) < 0) {
		r = mw_fail_memory(err);
	} else {
		r = replace(path, fresh, &b, err);
		free(fresh);
	}
	if (r)
		c->dirty = true;
	mw_buf_free(&b);
	return r;
}
