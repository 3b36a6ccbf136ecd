/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include "tests/unit/fakehost.h"
#include "tool.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct mw_host testing_host;
void *testing_inst;
struct pdf_file testing_file;
struct mw_sink testing_sink;
const char *testing_reason;

int testing_read(struct mw_str data)
{
	/* The exact size, so that a sanitizer sees one octet too many. */
	char *copy = malloc(data.n ? data.n : 1);
	const struct mw_document doc = {.data = {.p = copy, .n = data.n}, .type = "application/pdf", .charset = "", .name = ""};
	struct mw_err err = {.code = 0};
	int r;

	assert_non_null(copy);
	memcpy(copy, data.p, data.n);
	fs_reset(&testing_sink);
	testing_reason = NULL;
	r = mw_plugin_extract_pdf.hooks.extract(testing_inst, &doc, &testing_sink, &testing_reason, &err);
	if (r < 0)
		assert_true(err.code == r && *err.text);
	free(copy);
	return r;
}

const char *testing_text(void)
{
	return testing_sink.p ? testing_sink.p : "";
}

void testing_has(const char *what)
{
	if (!strstr(testing_text(), what))
		fail_msg("not there: %s\nin: %s", what, testing_text());
}

void testing_has_not(const char *what)
{
	if (strstr(testing_text(), what))
		fail_msg("is there: %s\nin: %s", what, testing_text());
}

struct mw_str testing_page(const struct testing_place *v, size_t n)
{
	static char contents[16384];
	size_t at = 0;

	for (size_t i = 0; i < n; i++)
		at += (size_t)snprintf(contents + at, sizeof(contents) - at, "BT /F 10 Tf %d %d Td (%s) Tj ET\n", v[i].x,
				       792 - v[i].y, v[i].words);
	pdf_file_page(&testing_file, "", FONT, contents);
	return pdf_file_end(&testing_file, "");
}

int testing_setup(void **state)
{
	struct testing_conf conf = {MW_PDFTOTEXT, 1u << 28, 8, 2};

	(void)state;
	testing_host = (struct mw_host){FS_HOST, .fail = fh_host()->fail};
	return mw_plugin_extract_pdf.hooks.open(&testing_host, NULL, &conf, &testing_inst, NULL);
}

int testing_teardown(void **state)
{
	(void)state;
	fs_reset(&testing_sink);
	mw_plugin_extract_pdf.hooks.close(testing_inst);
	return 0;
}

bool testing_possible(void)
{
	bool there = access(MW_PDFTOTEXT, X_OK) == 0;

	if (!there)
		(void)fprintf(stderr, "no %s\n", MW_PDFTOTEXT);
	return there;
}
