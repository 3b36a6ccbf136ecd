/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mime_bench: our MIME walk against GMime on the same messages in the same run.
 *     mime_bench FILE|FOLDER…            ratios: to find the parts, and to decode them too
 *     mime_bench --leaves FILE|FOLDER…   for tests: what we read, a line for each leaf: file, path, type, reason or "-",
 *                                        SHA-256 of its decoded octets without CR and without blanks and line ends around
 * GMime gets the octets as we do, without a copy, and decodes into a stream that drops them. Rounds take turns, the best counts.
 */
#define _XOPEN_SOURCE 700 /* nftw */
#include "mail/mime.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/str.h"

#include <ftw.h>
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROUNDS 5
#define FILE_MAX (256u * 1024u * 1024u)

struct message {
	const char *path;
	struct mw_str octets;
};

static struct {
	struct mw_arena *arena;
	struct message *v;
	size_t n, cap, octets;
} messages;

static void die(const char *what)
{
	fprintf(stderr, "mime_bench: %s\n", what);
	exit(1);
}

static double seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int message_add(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	struct mw_err err;
	struct message m;

	(void)st;
	(void)ftw;
	if (type != FTW_F)
		return 0;
	m.path = mw_arena_str(messages.arena, path);
	messages.v = mw_arena_grow(messages.arena, messages.v, &messages.cap, messages.n + 1, sizeof(*messages.v));
	if (!m.path || !messages.v || mw_file_read(messages.arena, path, FILE_MAX, &m.octets, &err) < 0)
		die(path);
	messages.v[messages.n++] = m;
	messages.octets += m.octets.n;
	return 0;
}

/* ---- ours ---------------------------------------------------------------------------------------------------------- */

static struct mw_mime *parse(struct mw_arena *a, const struct message *m)
{
	struct mw_limits limits = mw_limits_default();
	struct mw_mime *mime = NULL;
	struct mw_err err;

	if (!a || mw_mime_parse(a, m->octets, &limits, NULL, &mime, &err) < 0)
		die(m->path);
	return mime;
}

static void ours(const struct message *m, bool decode)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_mime *mime = parse(a, m);
	struct mw_buf data = MW_BUF_INIT;

	for (size_t i = 0; decode && i < mw_mime_leaves(mime); i++)
		if (mw_mime_decode(mime, i, FILE_MAX, &data) < 0)
			die(m->path);
	mw_buf_free(&data);
	mw_mime_free(&mime);
	mw_arena_free(&a);
}

static void print_leaves(const struct message *m)
{
	struct mw_arena *a = mw_arena_new(0);
	struct mw_mime *mime = parse(a, m);
	struct mw_buf data = MW_BUF_INIT;

	for (size_t i = 0; i < mw_mime_leaves(mime); i++) {
		const struct mw_leaf *l = mw_mime_leaf(mime, i);
		GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
		struct mw_str text;

		if (!sum || mw_mime_decode(mime, i, FILE_MAX, &data) < 0)
			die(m->path);
		text = mw_str_trim((struct mw_str){.p = mw_buf_text(&data), .n = data.n});
		for (size_t k = 0; k < text.n; k++)
			if (text.p[k] != '\r')
				g_checksum_update(sum, (const guchar *)text.p + k, 1);
		printf("%s\t%s\t%s\t%s\t%s\n", m->path, l->path, l->type, l->unread ? l->unread : "-",
		       g_checksum_get_string(sum));
		g_checksum_free(sum);
	}
	mw_buf_free(&data);
	mw_mime_free(&mime);
	mw_arena_free(&a);
}

/* ---- GMime's ------------------------------------------------------------------------------------------------------- */

static void decode_part(GMimeObject *parent, GMimeObject *part, gpointer sink)
{
	GMimeDataWrapper *content = GMIME_IS_PART(part) ? g_mime_part_get_content((GMimePart *)part) : NULL;

	(void)parent;
	if (content)
		(void)g_mime_data_wrapper_write_to_stream(content, sink);
}

static void theirs(const struct message *m, bool decode)
{
	GByteArray *bytes = g_byte_array_new_take((guint8 *)(uintptr_t)m->octets.p, m->octets.n);
	GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(bytes), *sink = g_mime_stream_null_new();
	GMimeMessage *message;
	GMimeParser *parser;

	g_mime_stream_mem_set_owner((GMimeStreamMem *)stream, FALSE);
	parser = g_mime_parser_new_with_stream(stream);
	g_mime_parser_set_persist_stream(parser, TRUE);
	message = g_mime_parser_construct_message(parser, NULL);
	if (message && decode)
		g_mime_message_foreach(message, decode_part, sink);
	if (message)
		g_object_unref(message);
	g_object_unref(parser);
	g_object_unref(stream);
	g_object_unref(sink);
	(void)g_byte_array_free(bytes, FALSE);
}

/* ---- both ---------------------------------------------------------------------------------------------------------- */

static double round_of(void (*reader)(const struct message *, bool), const struct message *v, size_t n, bool decode)
{
	double began = seconds();

	for (size_t i = 0; i < n; i++)
		reader(&v[i], decode);
	return seconds() - began;
}

static void compare(const char *name, const struct message *v, size_t n, size_t octets, bool decode)
{
	double us = 1e9, them = 1e9, mb = (double)octets / 1e6;

	for (int i = 0; i < ROUNDS; i++) {
		double a = round_of(ours, v, n, decode), b = round_of(theirs, v, n, decode);

		us = a < us ? a : us;
		them = b < them ? b : them;
	}
	printf("%-32s %8.1f MB/s %8.1f us each, GMime %8.1f MB/s, ratio %6.2f\n", name, mb / us, us * 1e6 / (double)n, mb / them,
	       them / us);
}

/* One multipart: a text, and an attachment that fills it up to n octets. */
static struct message made(size_t n, const char *encoding, const char *line)
{
	struct mw_buf b = MW_BUF_INIT;
	struct message m = {.path = "made"};

	mw_buf_printf(&b,
		      "From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
		      "Content-Type: multipart/mixed; boundary=\"=_1\"\r\n\r\n--=_1\r\n\r\nHello,\r\n\r\n--=_1\r\n"
		      "Content-Type: text/csv; name=a.csv\r\nContent-Transfer-Encoding: %s\r\n\r\n",
		      encoding);
	while (b.n < n)
		mw_buf_puts(&b, line);
	mw_buf_puts(&b, "--=_1--\r\n");
	m.octets.p = mw_buf_ok(&b) ? mw_arena_dup(messages.arena, b.p, b.n) : NULL;
	m.octets.n = b.n;
	if (!m.octets.p)
		die("out of memory");
	mw_buf_free(&b);
	return m;
}

static void compare_made(const char *name, size_t n, const char *encoding, const char *line)
{
	struct message m = made(n, encoding, line);

	compare(name, &m, 1, m.octets.n, true);
}

int main(int argc, char **argv)
{
	bool leaves = argc > 1 && strcmp(argv[1], "--leaves") == 0;

	if (argc < 2 + leaves)
		die("usage: mime_bench [--leaves] FILE|FOLDER…");
	mw_mime_init();
	messages.arena = mw_arena_new(0);
	if (!messages.arena)
		die("out of memory");
	for (int i = 1 + leaves; i < argc; i++)
		if (nftw(argv[i], message_add, 16, FTW_PHYS) != 0)
			die(argv[i]);
	for (size_t i = 0; leaves && i < messages.n; i++)
		print_leaves(&messages.v[i]);
	if (!leaves) {
		printf("%zu messages, %.1f MB\n", messages.n, (double)messages.octets / 1e6);
		compare("parts", messages.v, messages.n, messages.octets, false);
		compare("parts, decoded", messages.v, messages.n, messages.octets, true);
		compare_made("4 KB, quoted-printable", 4096, "quoted-printable",
			     "Caf=C3=A9 and other words of a common length=20\r\n");
		compare_made("10 MB, base64", 10000000, "base64",
			     "YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5emFi\r\n");
		compare_made("10 MB, quoted-printable", 10000000, "quoted-printable",
			     "Caf=C3=A9 and other words of a common length, and more of them up to the end=\r\n");
		compare_made("10 MB, 8bit", 10000000, "8bit", "Some words of a common length, and a few numbers: 4711\r\n");
	}
	mw_arena_free(&messages.arena);
	return 0;
}
