/* SPDX-License-Identifier: Apache-2.0 */
/*
 * example: a whole checker. A rule finds what looks like a number of the site's records, and asks here whether it is one:
 *     check example-record
 * The numbers of this site have seven digits, of which the last one is the sum of the others modulo ten.
 */
#include <milward/plugin.h>

/* Any thread, any octets: of what the rule's pattern has matched. */
static bool valid_record(const void *inst, const char *p, size_t n)
{
	int sum = 0, last = 0, digits = 0;

	(void)inst;
	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			continue;
		sum += last;
		last = p[i] - '0';
		digits++;
	}
	return digits == 7 && sum % 10 == last;
}

static const struct mw_check checks[] = {
    {"example-record", "record number of this site: seven digits with their check digit", valid_record, 0},
    {0},
};

MW_PLUGIN(example, "example", .kind = MW_KIND_CHECKER, .version = "1.0", .licence = "Apache-2.0",
	  .summary = "checks record numbers of this site", .checks = checks);
