/* SPDX-License-Identifier: Apache-2.0 */
/* dns: any octets as the answer to a question of any type. The first octet is the type. */
#include "dns/packet.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[MW_DNS_TEXT_MAX], joined[4096];
	struct mw_dns_packet packet;
	struct mw_arena *arena;
	unsigned preference;
	size_t n;

	if (size < 1)
		return 0;
	arena = mw_arena_new(1 << 20);
	if (mw_dns_packet_read(arena, data + 1, size - 1, data[0], &packet, NULL) == 0) {
		if (strlen(packet.name) >= sizeof(text))
			abort();
		for (const char *p = packet.name; *p; p++)
			if (*p < '-' || *p > 'z')
				abort(); /* what a log line would show */
		if (packet.name[0] && !mw_dns_is_name(mw_str(packet.name)))
			abort(); /* what can be asked for again */
		for (size_t i = 0; i < packet.n; i++) {
			(void)mw_dns_record_mx(packet.record[i], &preference, text);
			(void)mw_dns_record_name(packet.record[i], text);
			(void)mw_dns_record_txt(packet.record[i], joined, sizeof(joined), &n);
		}
	}
	mw_arena_free(&arena);
	return 0;
}
