/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_rtf: any octets behind "{\rtf1" through the RTF reader: it returns 0, and gives little more than there is. */
#include "tests/fuzz/extracting.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct mw_plugin mw_plugin_extract_legacy;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char head[] = "{\\rtf1";
	const size_t n = sizeof(head) - 1 + size;
	struct mw_sink sink = {0};
	struct mw_document doc;
	char *text = malloc(n);

	if (!text)
		abort();
	memcpy(text, head, sizeof(head) - 1);
	if (size)
		memcpy(text + sizeof(head) - 1, data, size);
	doc = fx_document(text, n, "application/msword");
	if (fx_extract(&mw_plugin_extract_legacy, &doc, &sink) != 0)
		abort();
	/* A member has a name, a type and an end; all else comes out of the input, "&" as five octets. */
	if (sink.n > 6 * n + 96 * (sink.members + 8))
		abort();
	fs_reset(&sink);
	free(text);
	return 0;
}
