/* SPDX-License-Identifier: Apache-2.0 */
#include "test_package.h"

#include "tests/unit/extracting.h"

#include <archive.h>
#include <archive_entry.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ROOM 65536u

extern const struct mw_plugin mw_plugin_extract_office;

static unsigned nibble(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

/* "hex:1f2a" as octets, anything else as it is. */
static size_t octets(const char *text, char *to)
{
	size_t n = strlen(text);

	if (strncmp(text, "hex:", 4) != 0) {
		memcpy(to, text, n);
		return n;
	}
	for (size_t i = 4; i + 1 < n; i += 2)
		to[(i - 4) / 2] = (char)(nibble(text[i]) << 4 | nibble(text[i + 1]));
	return (n - 4) / 2;
}

size_t pack(const struct file file[FILES_MAX], char *to, size_t room)
{
	struct archive *a = archive_write_new();
	size_t used = 0;

	assert_non_null(a);
	assert_int_equal(archive_write_set_format_zip(a), ARCHIVE_OK);
	assert_int_equal(archive_write_open_memory(a, to, room, &used), ARCHIVE_OK);
	for (size_t i = 0; i < FILES_MAX && file[i].name; i++) {
		struct archive_entry *e = archive_entry_new();
		char *data = malloc(strlen(file[i].text) + 1);
		size_t n;

		assert_non_null(e);
		assert_non_null(data);
		n = octets(file[i].text, data);
		archive_entry_set_pathname(e, file[i].name);
		archive_entry_set_filetype(e, AE_IFREG);
		archive_entry_set_perm(e, 0644);
		archive_entry_set_size(e, (la_int64_t)n);
		assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
		assert_int_equal(archive_write_data(a, data, n), n);
		free(data);
		archive_entry_free(e);
	}
	assert_int_equal(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	return used;
}

void read_document(const char *p, size_t n, struct mw_sink *sink, const char **reason)
{
	const struct mw_document doc = {.data = {.p = p, .n = n}, .type = "application/zip", .charset = "", .name = ""};
	int r = ex_once(&mw_plugin_extract_office, &doc, sink, reason);

	assert_int_equal(r < 0, *reason != NULL);
}

void judge_sample(const struct sample *s)
{
	char *zip = malloc(ROOM);
	struct mw_sink sink = {0};
	const char *reason;

	assert_non_null(zip);
	read_document(zip, pack(s->file, zip, ROOM), &sink, &reason);
	free(zip);
	if ((reason != NULL) != (s->reason != NULL) || (reason && strcmp(reason, s->reason) != 0))
		fail_msg("%s: reason %s", s->title, reason ? reason : "none");
	for (size_t i = 0; s->want[i]; i++)
		if (!sink.p || !strstr(sink.p, s->want[i]))
			fail_msg("%s: no \"%s\" in \"%s\"", s->title, s->want[i], sink.p ? sink.p : "");
	for (size_t i = 0; s->not_want[i]; i++)
		if (sink.p && strstr(sink.p, s->not_want[i]))
			fail_msg("%s: \"%s\" in \"%s\"", s->title, s->not_want[i], sink.p);
	fs_reset(&sink);
}
