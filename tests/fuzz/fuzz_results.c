/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_results: Authentication-Results of strangers: reading, and whose it is. */
#include "../../milters/auth/results.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		__builtin_trap();
}

static bool is_terminated(const char *p, size_t size)
{
	return memchr(p, '\0', size) != NULL;
}

static void fuzz_rest(struct mw_results_reader *r)
{
	struct mw_results_item item;
	size_t n = 0;

	while (mw_results_next(r, &item) > 0) {
		check(++n <= MW_RESULTS_MOST && item.method[0] && item.result[0] && item.n <= MW_RESULTS_PROPERTIES);
		for (size_t i = 0; i < item.n; i++)
			check(item.property[i].type[0] && is_terminated(item.property[i].value, sizeof(item.property[i].value)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char id[MW_AUTH_NAME], *p = malloc(size ? size : 1);
	struct mw_results_reader r;
	unsigned instance;

	if (!p)
		return 0;
	memcpy(p, data, size);
	if (mw_results_begin(&r, p, size, id) == 0) {
		check(is_terminated(id, sizeof(id)));
		/* Whatever is read as an id, that host has its fields removed. (One that is cut to size is no host's name.) */
		check(strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789.-") != strlen(id) || strlen(id) > 250 || !*id ||
		      id[strlen(id) - 1] == '.' || mw_results_claims(p, size, id));
		fuzz_rest(&r);
	}
	if (mw_results_begin_arc(&r, p, size, &instance, id) == 0)
		fuzz_rest(&r);
	(void)mw_results_claims(p, size, "mx.clinic.example");
	free(p);
	return 0;
}
