/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_office: any octets through the extractor of office documents. What is no ZIP file is taken as the XML of the main part of each
 * kind of document, in a ZIP file without compression, so that a fuzzer need not know about checksums.
 */
#include "tests/fuzz/extracting.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

extern const struct mw_plugin mw_plugin_extract_office;

#define NAME_MAX_OCTETS 64u

static void run(const void *p, size_t n)
{
	const struct mw_document doc = fx_document(p, n, "application/zip");
	struct mw_sink sink = {.max = (size_t)1 << 20, .max_pages = 100, .max_members = 100};

	(void)fx_extract_with(fx_utf8_host(), &mw_plugin_extract_office, NULL, &doc, &sink);
	fs_reset(&sink);
}

static char *put(char *to, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*to++ = (char)(i < sizeof(v) ? v >> 8 * i & 0xff : 0);
	return to;
}

static uint32_t crc_of(const uint8_t *p, size_t n)
{
	uint32_t c = UINT32_MAX;

	for (size_t i = 0; i < n; i++) {
		c ^= p[i];
		for (int k = 0; k < 8; k++)
			c = c & 1 ? c >> 1 ^ 0xedb88320u : c >> 1;
	}
	return ~c;
}

/* One stored entry, and its line of the directory. */
static void run_as(const char *name, const uint8_t *data, size_t size)
{
	size_t len = strlen(name);
	char *zip = malloc(size + 2 * NAME_MAX_OCTETS + 256), *p = zip, *directory;
	uint32_t crc = crc_of(data, size);

	if (!zip)
		return;
	p = put(p, 0x04034b50, 4);
	p = put(put(put(p, 20, 2), 0, 8), crc, 4);
	p = put(put(put(p, size, 4), size, 4), len, 4);
	memcpy(p, name, len);
	memcpy(p + len, data, size);
	p += len + size;
	directory = p;
	p = put(p, 0x02014b50, 4);
	p = put(put(put(p, 0x00140014, 4), 0, 8), crc, 4);
	p = put(put(put(p, size, 4), size, 4), len, 2);
	p = put(p, 0, 16);
	memcpy(p, name, len);
	p += len;
	{
		uint64_t n = (uint64_t)(p - directory);

		p = put(put(p, 0x06054b50, 4), 0, 4);
		p = put(put(p, 0x00010001, 4), n, 4);
		p = put(put(p, (uint64_t)(directory - zip), 4), 0, 2);
	}
	run(zip, (size_t)(p - zip));
	free(zip);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"word/document.xml", "xl/workbook.xml", "ppt/presentation.xml", "content.xml"};

	run(data, size);
	if (size >= 2 && data[0] == 'P' && data[1] == 'K')
		return 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		run_as(names[i], data, size);
	return 0;
}
