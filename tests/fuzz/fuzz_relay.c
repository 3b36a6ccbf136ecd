/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_relay: Received fields of a relay. */
#include "../../milters/auth/relay.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_relay_hop hop;
	unsigned char raw[16];
	char *p = malloc(size ? size : 1);

	if (!p)
		return 0;
	memcpy(p, data, size);
	if (mw_relay_parse(p, size, &hop) == 0) {
		check(inet_pton(strchr(hop.address, ':') ? AF_INET6 : AF_INET, hop.address, raw) == 1);
		check(strlen(hop.helo) < MW_AUTH_NAME && !strpbrk(hop.helo, " \t\r\n()\\\"<>@"));
	}
	free(p);
	return 0;
}
