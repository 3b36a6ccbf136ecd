/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_answer: any octets as what milward-lookup's map dns answers. */
#include "milters/auth/dns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_records a = {.n = 77};
	void *memory = NULL;
	int64_t ms = -1;
	size_t octets = 0;
	int r = mw_dns_answer_read((struct mw_str){(const char *)data, size}, &a, &ms, &memory);

	check((r == 0) == (ms >= 0) && (r == 0 || (r == -EBADMSG && a.n == 77 && !memory)));
	if (r)
		return 0;
	check(ms >= 1000 && ms <= 86400000 && strlen(a.name) < MW_RESOLVER_NAME_MAX);
	check(a.status == MW_RECORDS_ANSWER || (a.n == 0 && !a.secure && !a.rcode && !memory));
	for (size_t i = 0; i < a.n; i++) {
		char *copy = malloc(a.record[i].n + 1);

		check(copy != NULL);
		memcpy(copy, a.record[i].p, a.record[i].n); /* all of it is there */
		free(copy);
		octets += a.record[i].n;
	}
	check(octets <= size);
	free(memory);
	return 0;
}
