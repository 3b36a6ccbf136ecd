/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/extracting.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "build_archive.h"
#include "mail/mime.h"

extern const struct mw_plugin mw_plugin_extract_archive;

static int setup(void **state)
{
	(void)state;
	return ex_open(&mw_plugin_extract_archive, NULL);
}

static int extract(const struct mw_buf *b, const char *type, const char *name, struct mw_sink *sink, const char **reason)
{
	const struct mw_document doc = {.data = {.p = mw_buf_text(b), .n = b->n}, .type = type, .charset = "", .name = name};

	return ex_extract(&doc, sink, reason);
}

/* What comes of the octets, with the reason that the document has. Frees them. */
static void gives_as(struct mw_buf *b, const char *type, const char *name, const char *reason, const char *text)
{
	struct mw_sink sink = {0};
	const char *why;
	int r = extract(b, type, name, &sink, &why);

	assert_string_equal(sink.p ? sink.p : "", text);
	if (reason)
		assert_string_equal(why ? why : "none", reason);
	else
		assert_null(why);
	assert_int_equal(r, reason ? -EBADMSG : 0);
	fs_reset(&sink);
	mw_buf_free(b);
}

static void gives(struct mw_buf *b, const char *reason, const char *text)
{
	gives_as(b, "application/octet-stream", "file", reason, text);
}

/* Of a transcript that may hold NUL. */
static bool has(const struct mw_sink *sink, const char *text)
{
	return memmem(sink->p, sink->n, text, strlen(text)) != NULL;
}

#define MEMBER(name, data) "\n== /" name "  \n" data "\n== end\n"
#define UNREAD(name, data, why) "\n== /" name "  \n" data "\n== end " why "\n"
#define LINK(name, target) "\n== /" name " text/plain \n" target "\n== end\n"

/* ---- formats of libarchive --------------------------------------------------------------------------------------------------------- */

static void test_formats(void **state)
{
	static const int formats[] = {ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, ARCHIVE_FORMAT_TAR_USTAR,
				      ARCHIVE_FORMAT_7ZIP,	 ARCHIVE_FORMAT_CPIO_SVR4_NOCRC,     ARCHIVE_FORMAT_CPIO_POSIX,
				      ARCHIVE_FORMAT_ISO9660};
	static const char ar[] = "!<arch>\n"
				 "a.txt/          0           0     0     100644  4         `\none\n"
				 "b.txt/          0           0     0     100644  4         `\ntwo\n";
	struct mw_buf of_ar = MW_BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		struct mw_buf b = MW_BUF_INIT;

		build_two(&b, formats[i], ARCHIVE_FILTER_NONE);
		gives(&b, NULL, MEMBER("a.txt", "one\n") MEMBER("b.txt", "two\n"));
	}
	mw_buf_puts(&of_ar, ar);
	gives(&of_ar, NULL, MEMBER("a.txt", "one\n") MEMBER("b.txt", "two\n"));
}

static void test_packed_tar(void **state)
{
	static const int filters[] = {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2,    ARCHIVE_FILTER_XZ,	 ARCHIVE_FILTER_ZSTD,
				      ARCHIVE_FILTER_LZ4,  ARCHIVE_FILTER_COMPRESS, ARCHIVE_FILTER_LZIP, ARCHIVE_FILTER_LZMA};

	(void)state;
	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++) {
		struct mw_buf b = MW_BUF_INIT;

		build_two(&b, ARCHIVE_FORMAT_TAR_GNUTAR, filters[i]);
		gives_as(&b, "application/x-lzma", "x.tar.lzma", NULL, MEMBER("a.txt", "one\n") MEMBER("b.txt", "two\n"));
		build_raw(&b, filters[i], "text\n");
		gives_as(&b, "application/x-lzma", "report.csv.LZMA", NULL, MEMBER("report.csv", "text\n"));
	}
}

/* Names, links and folders of a tar. */
static void test_kinds(void **state)
{
	struct mw_buf b = MW_BUF_INIT;

	(void)state;
	build_kinds(&b);
	gives(&b, NULL,
	      "f\xc3\xbcr/\n" MEMBER("f\xc3\xbcr/a.txt", "one\n") LINK("soft", "target of it") LINK("hard", "f\xc3\xbcr/a.txt")
		  MEMBER("caf\xc3\xa9", "x"));
}

static void test_one_behind_the_other(void **state)
{
	static const int filters[] = {ARCHIVE_FILTER_NONE, ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_XZ};

	(void)state;
	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++) {
		struct mw_buf b = MW_BUF_INIT;

		build_two(&b, ARCHIVE_FORMAT_TAR_USTAR, filters[i]);
		build_two(&b, ARCHIVE_FORMAT_TAR_USTAR, filters[i]);
		gives(&b, NULL,
		      MEMBER("a.txt", "one\n") MEMBER("b.txt", "two\n") MEMBER("a.txt", "one\n") MEMBER("b.txt", "two\n"));
	}
}

static void test_behind(void **state)
{
	static const int formats[] = {ARCHIVE_FORMAT_7ZIP, ARCHIVE_FORMAT_CPIO_SVR4_NOCRC};
	struct mw_buf b = MW_BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(*formats); i++) {
		build_two(&b, formats[i], ARCHIVE_FILTER_NONE);
		mw_buf_puts(&b, "and more");
		gives(&b, NULL,
		      MEMBER("a.txt", "one\n") MEMBER("b.txt", "two\n") "\n== /behind-members text/plain \nand more\n== end\n");
	}
	build_raw(&b, ARCHIVE_FILTER_GZIP, "text");
	mw_buf_add(&b, "\0\0\0\0", 4);
	gives_as(&b, "application/gzip", "a.gz", NULL, MEMBER("a", "text"));
	build_raw(&b, ARCHIVE_FILTER_GZIP, "text");
	build_raw(&b, ARCHIVE_FILTER_GZIP, " and text");
	mw_buf_puts(&b, "and more");
	gives_as(&b, "application/gzip", "a.gz", NULL,
		 MEMBER("a", "text and text") "\n== /behind-members text/plain \nand more\n== end\n");
}

/* The last octets are missing: the text is there, and what it lacks is known. */
static void test_beginning(void **state)
{
	struct mw_buf b = MW_BUF_INIT;

	(void)state;
	build_raw(&b, ARCHIVE_FILTER_GZIP, "a short text that is cut");
	mw_buf_cut(&b, b.n - 4);
	gives_as(&b, "application/gzip", "a.gz", "damaged", UNREAD("a", "a short text that is cut", "damaged"));
	build_raw(&b, ARCHIVE_FILTER_XZ, "a short text that is cut");
	mw_buf_cut(&b, b.n - 20);
	gives_as(&b, "application/x-xz", "a.xz", "damaged", UNREAD("a", "a short text that is cut", "damaged"));
}

/* RFC 1952: texts in the header of a packed file. Nothing is packed in it, as one stored block. */
static void test_gzip_header(void **state)
{
	static const char gzip[] =
	    "\x1f\x8b\x08\x1c\0\0\0\0\0\x03\x02\0zzname.txt\0a comment\0\x01\x02\0\xfd\xffhi\xac\x2a\x93\xd8\x02\0\0";
	struct mw_buf b = MW_BUF_INIT;

	(void)state;
	mw_buf_add(&b, gzip, sizeof(gzip));
	gives_as(&b, "application/gzip", "a.gz", NULL, MEMBER("name.txt", "hi") "a comment\n");
}

/* ---- zips --------------------------------------------------------------------------------------------------------------------------- */

static const struct build_file one = {.name = "a.txt", .data = "one\n"}, two = {.name = "b.txt", .data = "two\n"},
			       other = {.name = "c.txt", .data = "three\n"};

static void test_zip(void **state)
{
	const struct build_file files[] = {
	    one,
	    {.name = "dir/", .data = ""},
	    {.name = "win\\dows", .data = "x"},
	    {.name = "dir/link", .data = "the target", .made_by = 3 << 8, .attributes = 0xa1ffu << 16},
	    {.name = "w\x94rter", .data = "x"},
	    {.name = "w\xc3\xb6rter", .data = "x", .flags = 0x800, .comment = "of the file"},
	    {.name = "?", .data = "x", .extra = "\x75\x70\x07\0\x01\xb0\xc2\x64\x64\xc3\xb6", .extra_n = 11},
	};
	struct mw_buf b = MW_BUF_INIT;

	(void)state;
	build_zip(&b, files, sizeof(files) / sizeof(*files));
	gives(&b, NULL,
	      MEMBER("a.txt", "one\n") "dir/\n" MEMBER("win/dows", "x") LINK("dir/link", "the target")
		  MEMBER("w\xc3\xb6rter", "x") "of the file\n" MEMBER("w\xc3\xb6rter", "x") MEMBER("\xc3\xb6", "x"));
}

static void test_zip_methods(void **state)
{
	/* Deflate; Shrink, which nobody here knows; Deflate64, and where it is none, or is not what was packed. */
	const struct build_file packed[] = {
	    {.name = "a",
	     .data = "\x4b\x4c\x4a\x06\0",
	     .n = 5,
	     .method = 8,
	     .lies = 1,
	     .packed = 5,
	     .size = 3,
	     .crc = 0x352441c2},
	    {.name = "b", .data = "\x4b\x4c\x4a\x06\0", .n = 5, .method = 8, .lies = 1, .packed = 5, .size = 3, .crc = 1},
	    {.name = "c", .data = "????", .method = 1},
	    {.name = "d", .data = "????", .flags = 1},
	    {.name = "e", .data = "one", .lies = 1, .packed = 3, .size = 4},
	    {.name = "f",
	     .data = "\x4b\x4c\x4a\x06\0",
	     .n = 5,
	     .method = 9,
	     .lies = 1,
	     .packed = 5,
	     .size = 3,
	     .crc = 0x352441c2},
	    {.name = "g", .data = "\x4b\x4c\x4a\x06\0", .n = 5, .method = 9, .lies = 1, .packed = 5, .size = 3, .crc = 1},
	    {.name = "h", .data = "\xff", .method = 9},
	};
	struct mw_buf b = MW_BUF_INIT;

	(void)state;
	build_zip(&b, packed, sizeof(packed) / sizeof(*packed));
	gives(&b, NULL,
	      MEMBER("a", "abc") UNREAD("b", "abc", "damaged") UNREAD("c", "", "unknown-format") UNREAD("d", "", "encrypted")
		  UNREAD("e", "one", "damaged") MEMBER("f", "abc") UNREAD("g", "abc", "damaged") UNREAD("h", "", "damaged"));
}

/* What the directory does not know, and what stands around. */
static void test_zip_unlisted(void **state)
{
	struct mw_buf b = MW_BUF_INIT;
	size_t first, directory;

	(void)state;
	mw_buf_puts(&b, "before it\n");
	first = build_local(&b, &one);
	(void)build_local(&b, &other);
	mw_buf_puts(&b, "\1\2\3");
	directory = b.n;
	build_central(&b, &one, first);
	build_end(&b, directory, 1, "comment of all");
	(void)build_local(&b, &two);
	mw_buf_puts(&b, "behind it");
	gives(&b, NULL,
	      "\n== /before-members text/plain \nbefore it\n\n== end\n" MEMBER("a.txt", "one\n") MEMBER("c.txt", "three\n")
		  MEMBER("between-members", "\1\2\3") "comment of all\n" MEMBER(
		      "b.txt", "two\n") "\n== /behind-members text/plain \nbehind it\n== end\n");
}

/* A program in front, and offsets that do not know of it. */
static void test_zip_shifted(void **state)
{
	struct mw_buf zip = MW_BUF_INIT, b = MW_BUF_INIT;
	const struct build_file files[] = {one, two};

	(void)state;
	build_zip(&zip, files, 2);
	mw_buf_puts(&b, "MZ and so on");
	mw_buf_add(&b, zip.p, zip.n);
	mw_buf_free(&zip);
	gives(&b, NULL,
	      "\n== /before-members text/plain \nMZ and so on\n== end\n" MEMBER("a.txt", "one\n") MEMBER("b.txt", "two\n"));
}

/* The two headers of a file say different things: both are read. */
static void test_zip_two_views(void **state)
{
	static const struct {
		struct build_file local, central;
		const char *text;
	} rows[] = {
	    {{.name = "a.txt", .data = "one\n"},
	     {.name = "z.txt", .data = "one\n"},
	     MEMBER("z.txt", "one\n") MEMBER("a.txt", "one\n")},
	    {{.name = "a.txt", .data = "one\n", .flags = 1},
	     {.name = "a.txt", .data = "one\n"},
	     MEMBER("a.txt", "one\n") UNREAD("a.txt", "", "encrypted")},
	    {{.name = "a.txt", .data = "one\n"},
	     {.name = "a.txt", .data = "one\n", .flags = 1},
	     UNREAD("a.txt", "", "encrypted") MEMBER("a.txt", "one\n")},
	    {{.name = "a.txt",
	      .data = "\x4b\x4c\x4a\x06\0",
	      .n = 5,
	      .method = 8,
	      .lies = 1,
	      .packed = 5,
	      .size = 3,
	      .crc = 0x352441c2},
	     {.name = "a.txt", .data = "KLJ\6", .n = 4},
	     MEMBER("a.txt", "KLJ\6") MEMBER("a.txt", "abc")},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct mw_buf b = MW_BUF_INIT;
		size_t header = build_local(&b, &rows[i].local), directory = b.n;

		build_central(&b, &rows[i].central, header);
		build_end(&b, directory, 1, "");
		gives(&b, NULL, rows[i].text);
	}
}

/* A reader of streams stops at the descriptor; to the directory, what follows is of the same file. */
static void test_zip_hidden_in_file(void **state)
{
	const struct build_file stream = {.name = "a.txt", .data = "one\n", .flags = 8, .lies = 1};
	struct build_file whole = {.name = "a.txt", .flags = 8};
	struct mw_buf b = MW_BUF_INIT, data = MW_BUF_INIT;
	size_t header, octets, directory;
	struct mw_sink sink = {0};
	const char *why;

	(void)state;
	header = build_local(&b, &stream);
	octets = b.n - 4;
	build_descriptor(&b, &one);
	(void)build_local(&b, &other);
	directory = b.n;
	mw_buf_add(&data, b.p + octets, directory - octets);
	whole.data = data.p;
	whole.n = data.n;
	build_central(&b, &whole, header);
	build_end(&b, directory, 1, "");
	assert_int_equal(extract(&b, "application/zip", "a.zip", &sink, &why), 0);
	assert_true(has(&sink, MEMBER("c.txt", "three\n")));
	assert_true(has(&sink, MEMBER("a.txt", "one\n")));
	fs_reset(&sink);
	mw_buf_free(&b);
	mw_buf_free(&data);
}

/* The packed octets end long before their number. */
static void test_zip_hidden_behind_end(void **state)
{
	struct build_file file = {.name = "a.txt", .method = 8, .lies = 1, .size = 3, .crc = 0x352441c2};
	struct mw_buf b = MW_BUF_INIT, data = MW_BUF_INIT;

	(void)state;
	mw_buf_add(&data, "\x4b\x4c\x4a\x06\0", 5);
	(void)build_local(&data, &other);
	file.data = data.p;
	file.n = data.n;
	file.packed = (uint32_t)data.n;
	build_zip(&b, &file, 1);
	gives(&b, NULL, UNREAD("a.txt", "abc", "damaged") MEMBER("c.txt", "three\n"));
	mw_buf_free(&data);
}

/* The comment of one archive holds the directory of another. */
static void test_zip_two_directories(void **state)
{
	struct mw_buf b = MW_BUF_INIT, second = MW_BUF_INIT;
	size_t first = build_local(&b, &one), at = build_local(&b, &two), directory = b.n;

	(void)state;
	build_central(&b, &one, first);
	build_central(&second, &two, at);
	build_end(&second, 0, 1, "");
	mw_buf_cut(&second, second.n - 22);
	mw_buf_add(&b, "PK\005\006\0\0\0\0\1\0\1\0", 12);
	for (unsigned int i = 0; i < 4; i++)
		mw_buf_putc(&b, (char)((b.n - directory - 12) >> 8 * i & 0)); /* a size that is wrong: the offset leads there */
	for (unsigned int i = 0; i < 4; i++)
		mw_buf_putc(&b, (char)(directory >> 8 * i & 0xff));
	mw_buf_putc(&b, (char)(second.n + 22));
	mw_buf_putc(&b, 0);
	directory = b.n;
	mw_buf_add(&b, second.p, second.n);
	build_end(&b, directory, 1, "");
	mw_buf_free(&second);
	{
		struct mw_sink sink = {0};
		const char *why;

		assert_int_equal(extract(&b, "application/zip", "a.zip", &sink, &why), 0);
		assert_true(has(&sink, MEMBER("a.txt", "one\n")));
		assert_true(has(&sink, MEMBER("b.txt", "two\n")));
		fs_reset(&sink);
	}
	mw_buf_free(&b);
}

static void test_zip_damaged(void **state)
{
	const struct build_file files[] = {one, two};
	const struct build_file away = {.name = "a.txt", .data = "one\n", .disk = 3},
				masked = {.name = "m", .data = "?", .flags = 0x2001};
	struct mw_buf b = MW_BUF_INIT;
	struct mw_sink sink = {0};
	const char *why;
	size_t directory;

	(void)state;
	build_zip(&b, files, 2);
	mw_buf_cut(&b, 44); /* within the second file's header */
	gives(&b, "damaged", MEMBER("a.txt", "one\n") MEMBER("behind-members", "PK\3\4\x14"));
	build_zip(&b, files, 2);
	mw_buf_cut(&b, 76); /* the second file lacks two octets */
	gives(&b, "damaged", MEMBER("a.txt", "one\n") UNREAD("b.txt", "tw", "damaged"));
	directory = b.n;
	build_central(&b, &away, 0);
	build_end(&b, directory, 1, "");
	gives(&b, "damaged", UNREAD("a.txt", "", "damaged"));
	build_zip(&b, &masked, 1);
	gives(&b, "encrypted", UNREAD("m", "", "encrypted"));
	/* The directory is encrypted, and its key stands before it. */
	(void)build_local(&b, &two);
	directory = b.n;
	mw_buf_add(&b, "PK\006\010\4\0\0\0????\1\2\3", 15);
	build_end(&b, directory, 1, "");
	assert_int_equal(extract(&b, "application/zip", "a.zip", &sink, &why), -EBADMSG);
	assert_string_equal(why, "encrypted");
	assert_true(has(&sink, MEMBER("b.txt", "two\n")));
	fs_reset(&sink);
	mw_buf_free(&b);
}

/* ---- RAR ---------------------------------------------------------------------------------------------------------------------------- */

static void test_rar(void **state)
{
	static const char key[] = "\x02\x01\0";
	struct mw_buf b = MW_BUF_INIT;

	(void)state;
	build_rar5(&b, 0);
	build_rar5_file(&b, 3, "CMT", "a comment", "", 0);
	build_rar5_file(&b, 2, "a.txt", "one\n", "", 0);
	build_rar5_file(&b, 2, "k.txt", "????", key, 3);
	build_rar5_file(&b, 2, "b.txt", "two\n", "", 0);
	build_rar5_end(&b);
	mw_buf_puts(&b, "behind it");
	gives(&b, NULL,
	      MEMBER("a.txt", "one\n") UNREAD("k.txt", "", "encrypted")
		  MEMBER("b.txt", "two\n") "a comment\n\n== /behind-members text/plain \nbehind it\n== end\n");
	build_rar5(&b, 1);
	build_rar5_file(&b, 2, "a.txt", "one\n", "", 0);
	build_rar5_end(&b);
	gives(&b, "damaged", MEMBER("a.txt", "one\n"));
}

/* ---- limits and what is no archive --------------------------------------------------------------------------------------------------- */

static void test_no_archive(void **state)
{
	static const int filters[] = {ARCHIVE_FILTER_GZIP, ARCHIVE_FILTER_BZIP2, ARCHIVE_FILTER_XZ, ARCHIVE_FILTER_ZSTD};
	struct mw_buf b = MW_BUF_INIT;
	struct mw_sink sink = {0};
	const char *why;

	(void)state;
	gives_as(&b, "application/zip", "a.zip", NULL, "");
	mw_buf_puts(&b, "a text with a wrong label\n");
	gives_as(&b, "application/zip", "a.zip", "unknown-format", "a text with a wrong label\n");
	mw_buf_puts(&b, "MZ\1\2");
	gives_as(&b, "application/x-executable", "a.exe", "unknown-format", "");
	mw_buf_add(&b, "\x1f\x9d\x1e\x42", 4);
	gives_as(&b, "application/x-compress", "a.Z", "damaged", "");
	/* What cannot be unpacked is not taken for empty. */
	for (size_t i = 0; i < sizeof(filters) / sizeof(*filters); i++) {
		build_raw(&b, filters[i], "");
		gives_as(&b, "application/x-octets", "a", NULL, "");
		build_raw(&b, filters[i], "");
		mw_buf_cut(&b, b.n - 3);
		gives_as(&b, "application/x-octets", "a", "damaged", UNREAD("a", "", "damaged"));
		build_raw(&b, filters[i], "some text");
		b.p[b.n / 2] ^= 0x55;
		b.p[b.n / 2 - 1] ^= 0x55;
		assert_int_equal(extract(&b, "application/x-octets", "a", &sink, &why) < 0 || has(&sink, "== end damaged"), 1);
		fs_reset(&sink);
		mw_buf_free(&b);
	}
}

/* What the sink says is obeyed at once. */
static void test_sink_is_full(void **state)
{
	const struct build_file files[] = {one, two};
	const struct {
		int format;
		size_t max, max_members;
	} rows[] = {{0, 20, 0}, {ARCHIVE_FORMAT_7ZIP, 20, 0}, {0, 0, 1}, {ARCHIVE_FORMAT_7ZIP, 0, 1}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct mw_sink sink = {.max = rows[i].max, .max_members = rows[i].max_members};
		struct mw_buf b = MW_BUF_INIT;
		const char *why;

		if (rows[i].format)
			build_two(&b, rows[i].format, ARCHIVE_FILTER_NONE);
		else
			build_zip(&b, files, 2);
		assert_int_equal(extract(&b, "application/zip", "a", &sink, &why), -EFBIG);
		assert_string_equal(why, "limit");
		assert_null(strstr(sink.p, "two"));
		sink.in_member = false;
		fs_reset(&sink);
		mw_buf_free(&b);
	}
}

/* LZMA says how much memory it wants. */
static void test_hungry(void **state)
{
	const struct build_file file = {.name = "a", .data = "\x09\x04\5\0\x5d\0\0\0\x20\0\0\0", .n = 12, .method = 14};
	struct mw_buf b = MW_BUF_INIT;

	(void)state;
	build_zip(&b, &file, 1);
	gives(&b, NULL, UNREAD("a", "", "limit"));
	mw_buf_add(&b, "\x5d\0\0\0\x20\xff\xff\xff\xff\xff\xff\xff\xff\0\0\0", 16);
	gives_as(&b, "application/x-lzma", "a.lzma", "limit", "");
}

/* What the policy says of it holds. */
static void test_dictionary(void **state)
{
	static const char lzma[] =
	    "\x5d\x00\x00\x10\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00\x37\x9b\x88\xcc\xfb\xd7\x07\xff\xff\xfb\xc5\x40\x00";
	const uint64_t small = 65536;
	struct mw_buf b = MW_BUF_INIT;

	(void)state;
	mw_buf_add(&b, lzma, sizeof(lzma) - 1);
	gives_as(&b, "application/x-lzma", "a.lzma", NULL, MEMBER("a", "one\n"));
	ex_close();
	assert_int_equal(ex_open(&mw_plugin_extract_archive, &small), 0);
	mw_buf_add(&b, lzma, sizeof(lzma) - 1);
	gives_as(&b, "application/x-lzma", "a.lzma", "limit", "");
	ex_close();
	assert_int_equal(ex_open(&mw_plugin_extract_archive, NULL), 0);
}

/* Zeros look like the end of a tar: they are not unpacked for ever. */
static void test_padding(void **state)
{
	struct mw_buf b = MW_BUF_INIT;

	(void)state;
	build_zeros(&b, ARCHIVE_FILTER_GZIP, 256u << 20);
	gives_as(&b, "application/gzip", "a.gz", "limit", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_formats),
	    cmocka_unit_test(test_packed_tar),
	    cmocka_unit_test(test_kinds),
	    cmocka_unit_test(test_one_behind_the_other),
	    cmocka_unit_test(test_behind),
	    cmocka_unit_test(test_beginning),
	    cmocka_unit_test(test_gzip_header),
	    cmocka_unit_test(test_zip),
	    cmocka_unit_test(test_zip_methods),
	    cmocka_unit_test(test_zip_unlisted),
	    cmocka_unit_test(test_zip_shifted),
	    cmocka_unit_test(test_zip_two_views),
	    cmocka_unit_test(test_zip_hidden_in_file),
	    cmocka_unit_test(test_zip_hidden_behind_end),
	    cmocka_unit_test(test_zip_two_directories),
	    cmocka_unit_test(test_zip_damaged),
	    cmocka_unit_test(test_rar),
	    cmocka_unit_test(test_no_archive),
	    cmocka_unit_test(test_sink_is_full),
	    cmocka_unit_test(test_hungry),
	    cmocka_unit_test(test_dictionary),
	    cmocka_unit_test(test_padding),
	};

	return cmocka_run_group_tests(tests, setup, ex_teardown);
}
