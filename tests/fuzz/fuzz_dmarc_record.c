/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_dmarc_record: any octets as the record of a domain. */
#include "milters/auth/dmarc_record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_addresses(struct mw_str list, const char *p, size_t n)
{
	char address[MW_DMARC_ADDRESS];
	size_t found = 0;

	check(list.n == 0 || (list.p >= p && list.p + list.n <= p + n));
	for (struct mw_str rest = list; mw_dmarc_address_next(&rest, address); found++) {
		const char *at = strchr(address, '@');

		check(at && at != address && !strchr(at + 1, '@') && strlen(address) < sizeof(address));
		for (const char *c = address; *c; c++)
			check(*c > ' ' && *c < 0x7f && !strchr("\"'`$|&;<>()\\*?[]{}!#", *c));
	}
	check(list.n == 0 || found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *why = NULL;
	struct mw_dmarc_record r = {.ri = 7};
	int e = mw_dmarc_record_parse(p, size, &r, &why);

	check((e == -EINVAL) == (why != NULL) && (e == 0 || r.ri == 7));
	if (e < 0)
		return 0;
	/* A record begins with its version, asks for something, and is the same with tags behind it that nobody knows. */
	check(size >= 8 && (data[0] | 0x20) == 'v' && r.p >= MW_DMARC_ASKS_NONE && r.p <= MW_DMARC_ASKS_REJECT && r.pct <= 100);
	check(!r.monitors || (r.p == MW_DMARC_ASKS_NONE && !r.sp && !r.np && r.rua.n));
	check((r.psd == 'y' || r.psd == 'n' || r.psd == 'u') && r.fo && r.fo < 16);
	check_addresses(r.rua, p, size);
	check_addresses(r.ruf, p, size);
	return 0;
}
