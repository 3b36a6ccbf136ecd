/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prefilter-hs: rows of octets are found by libhs (Hyperscan or Vectorscan). Each row becomes an expression of character classes
 * of a fixed length, so every expression compiles, and the end that libhs tells gives the place where the row begins.
 */
#include "cache.h"

#include <errno.h>
#include <hs.h>
#include <stdlib.h>
#include <string.h>

struct conf {
	const char *cache; /* NULL = none */
};

struct inst {
	const struct mw_host *host;
	struct mw_self *self;
	const char *cache;
	bool usable; /* this processor can run it */
};

struct database {
	hs_database_t *hs;
	size_t n;
	uint8_t *length; /* of each row */
};

struct scratch {
	hs_scratch_t *hs;
};

/* Expressions of rows, as libhs wants them. */
struct expressions {
	char *text;
	size_t text_n, cap;
	size_t *at; /* where each begins */
	unsigned *flags, *id;
	size_t n;
};

static int no_memory(const struct inst *in, struct mw_err *err)
{
	return in->host->fail(err, -ENOMEM, "out of memory");
}

/* ---- expressions ------------------------------------------------------------------------------------------------------------
 */

static bool text_add(struct expressions *e, const char *s)
{
	size_t n = strlen(s);

	if (e->cap - e->text_n < n + 1) {
		size_t cap = (e->cap + n + 1) * 2;
		char *p = realloc(e->text, cap);

		if (!p)
			return false;
		e->text = p;
		e->cap = cap;
	}
	memcpy(e->text + e->text_n, s, n + 1);
	e->text_n += n;
	return true;
}

static bool has(const struct mw_octets *set, unsigned c)
{
	return set->bit[c / 64] >> (c % 64) & 1;
}

/* [\x30-\x39\x61] */
static bool class_add(struct expressions *e, const struct mw_octets *set)
{
	static const char hex[] = "0123456789abcdef";
	bool ok = text_add(e, "[");

	for (unsigned c = 0, to; c < 256 && ok; c = to + 1) {
		for (to = c; to < 255 && has(set, c) && has(set, to + 1); to++)
			;
		if (has(set, c)) {
			const char range[] = {'\\', 'x', hex[c >> 4],  hex[c & 15],  '-',
					      '\\', 'x', hex[to >> 4], hex[to & 15], '\0'};

			ok = text_add(e, range);
		}
	}
	return ok && text_add(e, "]");
}

static void expressions_free(struct expressions *e)
{
	free(e->text);
	free(e->at);
	free(e->flags);
	free(e->id);
}

static bool expressions_make(struct expressions *e, const struct mw_row *rows, size_t n)
{
	bool ok;

	e->n = n;
	e->at = calloc(n, sizeof(*e->at));
	e->flags = calloc(n, sizeof(*e->flags));
	e->id = calloc(n, sizeof(*e->id));
	ok = e->at && e->flags && e->id;
	for (size_t i = 0; i < n && ok; i++) {
		e->at[i] = e->text_n;
		e->id[i] = (unsigned)i;
		e->flags[i] = HS_FLAG_DOTALL;
		for (size_t k = 0; k < rows[i].n && ok; k++)
			ok = class_add(e, &rows[i].set[k]);
		e->text_n++; /* the terminator stays */
	}
	return ok;
}

/* What a database depends on. */
static bool key_make(const struct expressions *e, unsigned char key[CACHE_DIGEST])
{
	struct {
		unsigned char rows[CACHE_DIGEST];
		char version[64];
		hs_platform_info_t platform;
	} all;

	memset(&all, 0, sizeof(all));
	(void)strncpy(all.version, hs_version(), sizeof(all.version) - 1);
	return hs_populate_platform(&all.platform) == HS_SUCCESS && cache_digest(e->text, e->text_n, all.rows) &&
	       cache_digest(&all, sizeof(all), key);
}

/* ---- databases --------------------------------------------------------------------------------------------------------------
 */

static int compile(const struct inst *in, const struct expressions *e, hs_database_t **ret, struct mw_err *err)
{
	const char **v = calloc(e->n, sizeof(*v));
	hs_compile_error_t *why = NULL;
	int r = 0;

	if (!v)
		return no_memory(in, err);
	for (size_t i = 0; i < e->n; i++)
		v[i] = e->text + e->at[i];
	if (hs_compile_multi(v, e->flags, e->id, (unsigned)e->n, HS_MODE_BLOCK, NULL, ret, &why) != HS_SUCCESS)
		r = in->host->fail(err, -EINVAL, "libhs does not compile: %.200s", why ? why->message : "no memory");
	hs_free_compile_error(why);
	free(v);
	return r;
}

static int load(const struct inst *in, const unsigned char key[CACHE_DIGEST], hs_database_t **ret, struct mw_err *err)
{
	char *p;
	size_t n;
	int r = cache_load(in->cache, key, &p, &n, in->host, err);

	if (r < 0)
		return r;
	if (hs_deserialize_database(p, n, ret) != HS_SUCCESS)
		r = in->host->fail(err, -EBADMSG, "libhs does not take %s", in->cache);
	free(p);
	return r;
}

static int store(const struct inst *in, const unsigned char key[CACHE_DIGEST], const hs_database_t *db, struct mw_err *err)
{
	char *p = NULL;
	size_t n = 0;
	int r;

	if (hs_serialize_database(db, &p, &n) != HS_SUCCESS)
		return in->host->fail(err, -ENOMEM, "libhs gives nothing to keep");
	r = cache_store(in->cache, key, p, n, in->host, err);
	free(p);
	return r;
}

/* From the cache, or compiled and then kept. What is wrong with the cache is said, and does no harm. */
static int obtain(const struct inst *in, const struct expressions *e, hs_database_t **ret, struct mw_err *err)
{
	unsigned char key[CACHE_DIGEST];
	struct mw_err why = {0};
	int r;

	if (!in->cache)
		return compile(in, e, ret, err);
	if (!key_make(e, key))
		return in->host->fail(err, -EIO, "no digest of the rules");
	r = load(in, key, ret, &why);
	in->host->cached(in->self, r == 0);
	if (r == 0)
		return 0;
	if (r != -ENOENT)
		in->host->log(in->self, NULL, r == -ESTALE ? MW_INFO : MW_WARNING, "rebuilt", "%s: compiled anew", why.text);
	if (compile(in, e, ret, err) < 0)
		return -EINVAL;
	if (store(in, key, *ret, &why) < 0)
		in->host->log(in->self, NULL, MW_WARNING, "uncached", "%s", why.text);
	return 0;
}

static void hs_drop(void *db)
{
	struct database *d = db;

	if (!d)
		return;
	hs_free_database(d->hs);
	free(d->length);
	free(d);
}

static int hs_make(void *inst, const struct mw_row *rows, size_t n, void **db, struct mw_err *err)
{
	const struct inst *in = inst;
	struct expressions e = {0};
	struct database *d;
	int r;

	if (!in->usable)
		return in->host->fail(err, -ENOTSUP, "this processor lacks what libhs needs");
	d = calloc(1, sizeof(*d));
	if (d)
		d->length = calloc(n, 1);
	if (!d || !d->length || !expressions_make(&e, rows, n))
		r = no_memory(in, err);
	else
		r = obtain(in, &e, &d->hs, err);
	for (size_t i = 0; i < n && r == 0; i++)
		d->length[i] = (uint8_t)rows[i].n;
	if (r == 0) {
		d->n = n;
		*db = d;
	} else {
		hs_drop(d);
	}
	expressions_free(&e);
	return r;
}

/* ---- looking ----------------------------------------------------------------------------------------------------------------
 */

static int hs_scratch_new(const void *db, void **scratch)
{
	const struct database *d = db;
	struct scratch *s = calloc(1, sizeof(*s));

	if (!s || hs_alloc_scratch(d->hs, &s->hs) != HS_SUCCESS) {
		free(s);
		return -ENOMEM;
	}
	*scratch = s;
	return 0;
}

static void hs_scratch_free(void *scratch)
{
	struct scratch *s = scratch;

	if (!s)
		return;
	(void)hs_free_scratch(s->hs);
	free(s);
}

struct looking {
	const struct database *db;
	bool (*hit)(void *ctx, uint32_t row, size_t at);
	void *ctx;
};

static int matched(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *ctx)
{
	const struct looking *l = ctx;

	(void)from;
	(void)flags;
	if (id >= l->db->n || to < l->db->length[id])
		return 0;
	return l->hit(l->ctx, id, (size_t)to - l->db->length[id]) ? 0 : 1;
}

static int hs_look(const void *db, void *scratch, const char *p, size_t n, bool (*hit)(void *, uint32_t, size_t), void *ctx)
{
	const struct database *d = db;
	struct scratch *s = scratch;
	struct looking l = {.db = d, .hit = hit, .ctx = ctx};
	hs_error_t r = n <= UINT32_MAX ? hs_scan(d->hs, p, (unsigned)n, 0, s->hs, matched, &l) : HS_INVALID;

	return r == HS_SUCCESS || r == HS_SCAN_TERMINATED ? 0 : -EIO;
}

/* ---- module -----------------------------------------------------------------------------------------------------------------
 */

static int hs_open(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	const struct conf *c = conf;
	struct inst *in = calloc(1, sizeof(*in));

	if (!in)
		return host->fail(err, -ENOMEM, "out of memory");
	*in = (struct inst){.host = host, .self = self, .cache = c->cache && *c->cache ? c->cache : NULL};
	in->usable = hs_valid_platform() == HS_SUCCESS;
	*inst = in;
	return 0;
}

static void hs_close(void *inst)
{
	free(inst);
}

static const struct mw_opt options[] = {
    MW_OPT(PATH, struct conf, cache, "cache", .help = "file that keeps what was compiled; its folder must be ours alone"),
    {.name = NULL},
};

static const struct mw_prefilter prefilter = {
    .make = hs_make,
    .drop = hs_drop,
    .scratch_new = hs_scratch_new,
    .scratch_free = hs_scratch_free,
    .look = hs_look,
};

MW_PLUGIN(prefilter_hs, "prefilter-hs", .kind = MW_KIND_PREFILTER, .version = "1",
	  .summary = "finds where rules must look by libhs (Hyperscan, Vectorscan)", .licence = "Apache-2.0",
	  .powers = MW_POWER_STORE, .options = options, .conf_size = sizeof(struct conf), .prefilter = &prefilter,
	  .hooks = {.open = hs_open, .close = hs_close});
