/* SPDX-License-Identifier: Apache-2.0 */
#include "ocr.h"
#include "picture.h"
#include "told.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <allheaders.h>
#include <zlib.h>

#include "mail/mime.h"
#include "tests/unit/extracting.h"
#include "tests/unit/fakehost.h"

extern const struct mw_plugin mw_plugin_extract_image;

static _Alignas(16) char conf[256];

static void option(const char *name, const char *value)
{
	fh_opt(mw_plugin_extract_image.options, conf, name, value);
}

static int setup(void **state)
{
	(void)state;
	assert_true(mw_plugin_extract_image.conf_size <= sizeof(conf));
	return 0;
}

static int begin(void **state)
{
	(void)state;
	memset(conf, 0, sizeof(conf));
	fh_opts(mw_plugin_extract_image.options, conf);
	return 0;
}

static int end(void **state)
{
	(void)state;
	fh_opts_free();
	return 0;
}

/* Reads a picture with the options as they are; skips the test where there is no data to read with. The picture is freed. */
static int read_picture(l_uint8 *p, size_t n, struct mw_sink *sink, const char **reason)
{
	const struct mw_document doc = {.data = {.p = (const char *)p, .n = n}, .type = "image/png", .charset = "", .name = ""};
	int r = ex_open(&mw_plugin_extract_image, conf);

	if (r == -ENOENT)
		skip();
	assert_int_equal(r, 0);
	r = ex_extract(&doc, sink, reason);
	ex_close();
	free(p);
	return r;
}

/* Lines of text, black on white, as a screen has them. */
static struct Pix *draw(const char *a, const char *b)
{
	struct Pix *pix = pixCreate(1000, 400, 8), *wide;
	L_BMF *font = bmfCreate(NULL, 20);
	l_int32 width, over;

	assert_non_null(pix);
	assert_non_null(font);
	pixSetAll(pix);
	pixSetTextline(pix, font, a, 0, 120, 140, &width, &over);
	pixSetTextline(pix, font, b, 0, 120, 280, &width, &over);
	bmfDestroy(&font);
	wide = pixConvertTo32(pix);
	pixDestroy(&pix);
	assert_non_null(wide);
	return wide;
}

static l_uint8 *encode(struct Pix *pix, l_int32 format, size_t *n)
{
	l_uint8 *p = NULL;

	assert_int_equal(pixWriteMem(&p, n, pix, format), 0);
	return p;
}

static void test_formats(void **state)
{
	static const l_int32 formats[] = {IFF_PNG, IFF_JFIF_JPEG, IFF_TIFF_LZW, IFF_BMP, IFF_PNM, IFF_GIF};
	struct Pix *pix = draw("Patient Mary Miller", "SSN 219-09-9998");

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct Pix *grey = pixConvertTo8(pix, 0);
		struct mw_sink sink = {0};
		const char *reason;
		size_t n;
		l_uint8 *p = encode(formats[i] == IFF_GIF ? grey : pix, formats[i], &n);

		pixDestroy(&grey);
		assert_int_equal(read_picture(p, n, &sink, &reason), 0);
		assert_non_null(strstr(sink.p, "219-09-9998"));
		assert_non_null(strstr(sink.p, "Miller"));
		assert_null(strstr(sink.p, "== unread"));
		assert_int_equal(sink.pages, 1);
		fs_reset(&sink);
	}
	pixDestroy(&pix);
}

/* A picture of nothing, or of noise, is read by nobody. */
static void test_nothing(void **state)
{
	struct Pix *pix = pixCreate(200, 200, 8);
	struct mw_sink sink = {0};
	const char *reason;
	l_uint8 *p;
	size_t n;

	(void)state;
	pixSetAll(pix);
	p = encode(pix, IFF_PNG, &n);
	assert_int_equal(read_picture(p, n, &sink, &reason), 0);
	assert_string_equal(sink.p, "\n== unread image\n");
	fs_reset(&sink);
	pixDestroy(&pix);
}

static void test_limits(void **state)
{
	struct Pix *pix = draw("Patient Mary Miller", "SSN 219-09-9998"), *large;
	struct mw_sink sink = {0};
	const char *reason;
	l_uint8 *p;
	size_t n;

	(void)state;
	/* 3 megapixels, and one is allowed. */
	option("megapixels", "1");
	large = pixCreate(2000, 1500, 1);
	p = encode(large, IFF_PNG, &n);
	assert_int_equal(read_picture(p, n, &sink, &reason), 0);
	assert_string_equal(sink.p, "\n== unread limit\n");
	pixDestroy(&large);
	fs_reset(&sink);
	/* More pages than are counted. */
	sink.max_pages = 1;
	{
		struct Pixa *pages = pixaCreate(2);

		p = NULL;
		pixaAddPix(pages, pix, L_CLONE);
		pixaAddPix(pages, pix, L_CLONE);
		assert_int_equal(pixaWriteMemMultipageTiff(&p, &n, pages), 0);
		pixaDestroy(&pages);
		assert_int_equal(read_picture(p, n, &sink, &reason), -EFBIG);
		assert_string_equal(reason, "limit");
		assert_non_null(strstr(sink.p, "219-09-9998"));
	}
	fs_reset(&sink);
	pixDestroy(&pix);
}

static void test_pages(void **state)
{
	struct Pix *a = draw("Patient Mary Miller", "SSN 219-09-9998"), *b = draw("Second page", "MRN 4711");
	struct Pixa *pages = pixaCreate(2);
	struct mw_sink sink = {0};
	const char *reason;
	l_uint8 *p = NULL;
	size_t n;

	(void)state;
	pixaAddPix(pages, a, L_INSERT);
	pixaAddPix(pages, b, L_INSERT);
	assert_int_equal(pixaWriteMemMultipageTiff(&p, &n, pages), 0);
	assert_int_equal(read_picture(p, n, &sink, &reason), 0);
	assert_non_null(strstr(sink.p, "219-09-9998"));
	assert_non_null(strstr(sink.p, "4711"));
	assert_null(strstr(sink.p, "unread"));
	fs_reset(&sink);
	p = NULL;
	option("pages", "1");
	assert_int_equal(pixaWriteMemMultipageTiff(&p, &n, pages), 0);
	assert_int_equal(read_picture(p, n, &sink, &reason), 0);
	assert_non_null(strstr(sink.p, "219-09-9998"));
	assert_null(strstr(sink.p, "4711"));
	assert_non_null(strstr(sink.p, "== unread limit"));
	fs_reset(&sink);
	pixaDestroy(&pages);
}

static void test_damaged(void **state)
{
	struct Pix *pix = draw("Patient Mary Miller", "SSN 219-09-9998");
	struct mw_sink sink = {0};
	const char *reason;
	size_t n;
	l_uint8 *p = encode(pix, IFF_PNG, &n);

	(void)state;
	assert_int_equal(read_picture(p, 40, &sink, &reason), 0);
	assert_non_null(strstr(sink.p, "== unread damaged"));
	fs_reset(&sink);
	p = malloc(4);
	assert_non_null(p);
	memcpy(p, "none", 4);
	assert_int_equal(read_picture(p, 4, &sink, &reason), -ENOTSUP);
	assert_string_equal(reason, "image");
	fs_reset(&sink);
	pixDestroy(&pix);
}

/* ---- what stands beside pixels ---------------------------------------------------------------------------------------------------- */

static void told(const char *octets, size_t n, const char *text)
{
	struct mw_sink sink = {0};
	struct told t = {.host = ex_host(), .sink = &sink};
	struct picture p;

	assert_true(picture_begin(&p, (struct mw_str){.p = octets, .n = n}));
	assert_int_equal(told_read(&p, &t), 0);
	assert_string_equal(sink.p ? sink.p : "", text);
	fs_reset(&sink);
}
#define TOLD(octets, text) told((octets), sizeof(octets) - 1, (text))
#define PNG "\x89PNG\r\n\x1a\n"
#define CRC "\0\0\0\0"

static void test_told(void **state)
{
	char packed[200] = PNG "\0\0\0\0zTXtKey\0";
	uLongf n = 100;

	(void)state;
	TOLD(PNG "\0\0\0\013tEXtTitle\0M\xe4ry" CRC, "\f\n\n== hidden\nM\xc3\xa4ry\n");
	TOLD(PNG "\0\0\0\020iTXtT\0\0\0en\0Tit\0M\xc3\xa4ry" CRC, "\f\n\n== hidden\nM\xc3\xa4ry\n");
	TOLD(PNG "\0\0\0\004IDATtext" CRC, "");
	TOLD(PNG "\xff\xff\xff\xfftEXtT\0cut", "\f\n\n== hidden\ncut\n");
	assert_int_equal(compress((Bytef *)packed + 21, &n, (const Bytef *)"packed text", 11), Z_OK);
	packed[11] = (char)(n + 5);
	told(packed, 21 + n + 4, "\f\n\n== hidden\npacked text\n");
	TOLD("\xff\xd8\xff\xfe\0\011comment\xff\xe1\0\035Exif\0\0\1A name\0\1B\0i\0r\0t\0h\0s\0",
	     "\f\n\n== hidden\ncomment\nA name\nBirths\n");
	TOLD("\xff\xd8\xff\xda\0\002\xff\xfe\0\007later", "");
	TOLD("GIF89a\1\0\1\0\0\0\0!\xfe\004text\0", "\f\n\n== hidden\ntext\n");
	TOLD("RIFF\0\0\0\0WEBPXMP \006\0\0\0<name>", "\f\n\n== hidden\n<name>\n");
	TOLD("II*\0\010\0\0\0\1\0\016\1\2\0\7\0\0\0\032\0\0\0\0\0\0\0Person\0", "\f\n\n== hidden\nPerson\n");
	TOLD("MM\0*\0\0\0\010\0\1\1\016\0\2\0\0\0\3Ann\0\0\0\0\0", "\f\n\n== hidden\nAnn\n");
}

static void test_moves(void **state)
{
	static const char one[] = "GIF89a\1\0\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\1x\0;";
	static const char two[] = "GIF89a\1\0\1\0\0\0\0,\0\0\0\0\1\0\1\0\0\2\1x\0!\xf9\1a\0,\0\0\0\0\1\0\1\0\0\2\1x\0;";
	struct picture p;

	(void)state;
	assert_true(picture_begin(&p, (struct mw_str){.p = one, .n = sizeof(one) - 1}));
	assert_false(picture_moves(&p));
	assert_true(picture_begin(&p, (struct mw_str){.p = two, .n = sizeof(two) - 1}));
	assert_true(picture_moves(&p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_formats, begin, end),
	    cmocka_unit_test_setup_teardown(test_nothing, begin, end),
	    cmocka_unit_test_setup_teardown(test_limits, begin, end),
	    cmocka_unit_test_setup_teardown(test_pages, begin, end),
	    cmocka_unit_test_setup_teardown(test_damaged, begin, end),
	    cmocka_unit_test(test_told),
	    cmocka_unit_test(test_moves),
	};

	return cmocka_run_group_tests_name("extract-image", tests, setup, NULL);
}
