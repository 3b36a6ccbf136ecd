/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_smime: any octets as a CMS value. */
#include "tests/fuzz/extracting.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct mw_plugin mw_plugin_extract_smime;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_document doc = fx_document(data, size, "application/pkcs7-mime");
	struct mw_sink sink = {.max = 1 << 20};

	doc.name = "report.pdf.p7m";
	(void)fx_extract(&mw_plugin_extract_smime, &doc, &sink);
	fs_reset(&sink);
	return 0;
}
