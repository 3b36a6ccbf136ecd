/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_clinical: any octets through extract-clinical, under two of its media types; what begins as DICOM is that. What comes out is
 * bounded by what went in.
 */
#include "tests/fuzz/extracting.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct mw_plugin mw_plugin_extract_clinical;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {"application/fhir+json", "application/dicom+json"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const struct mw_document doc = fx_document(data, size, types[i]);
		struct mw_sink sink = {.max = 200 * size + 65536};

		(void)fx_extract_with(fx_utf8_host(), &mw_plugin_extract_clinical, NULL, &doc, &sink);
		if (sink.n >= sink.max)
			abort();
		fs_reset(&sink);
	}
	return 0;
}
