/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_check_us: every check on any octets, exactly as long as they are. What a check takes must still be taken without its blanks. */
#include <milward/plugin.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct mw_plugin mw_plugin_check_us;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char bare[64];
	size_t n = 0;

	if (size > sizeof(bare))
		return 0;
	for (size_t i = 0; i < size; i++)
		if (data[i] != ' ')
			bare[n++] = (char)data[i];
	for (const struct mw_check *c = mw_plugin_check_us.checks; c->name; c++) {
		bool valid = c->valid(NULL, (const char *)data, size);

		/* A blank parts the fields of a date, and a state from its code. */
		if (valid && strcmp(c->name, "date") && strcmp(c->name, "us-zip") && !c->valid(NULL, bare, n))
			abort();
	}
	return 0;
}
