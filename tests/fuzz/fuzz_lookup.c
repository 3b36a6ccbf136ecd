/* SPDX-License-Identifier: Apache-2.0 */
/* lookup: octets as what clients send, as a table of partners, as a copy of the cache, and as what is in it. The first octet chooses. */
#include "lookup/cache.h"
#include "lookup/dane.h"
#include "lookup/partners.h"
#include "lookup/socketmap.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void questions(const char *p, size_t n)
{
	struct mw_request r;
	struct mw_dest d;
	size_t used;

	while (mw_socketmap_take(p, n, &r, &used) == MW_TAKE_ONE) {
		if (used > n || used == 0)
			abort();
		if (mw_dest_parse(r.key, &d) && (strlen(d.key) >= sizeof(d.key) || strpbrk(d.key, " \t\r\n,")))
			abort();
		p += used;
		n -= used;
	}
}

static void ignore(void *ctx, unsigned line, const char *text)
{
	(void)ctx;
	(void)line;
	(void)text;
}

static void partners(const char *p, size_t n)
{
	struct mw_partners *table;

	if (mw_partners_parse((struct mw_str){.p = p, .n = n}, ignore, NULL, &table, NULL) == 0)
		mw_partners_free(&table);
}

static void copy(const char *p, size_t n)
{
	struct mw_cache *cache = mw_cache_new(100, 1 << 20);

	(void)mw_cache_read(cache, (struct mw_str){.p = p, .n = n}, 0, 1800000000, NULL);
	mw_cache_free(&cache);
}

static void finding(const char *p, size_t n)
{
	const char *names[MW_MX_MAX];
	struct mw_dane_finding f;

	if (mw_dane_unpack(p, n, names, &f))
		for (size_t i = 0; i < f.n; i++)
			if (strlen(f.host[i]) > n)
				abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(const char *, size_t) = {questions, partners, copy, finding};

	if (size < 1)
		return 0;
	readers[data[0] % 4]((const char *)data + 1, size - 1);
	return 0;
}
