/* SPDX-License-Identifier: Apache-2.0 */
#include "codepage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REPLACEMENT 0xfffdu

/* Pages that the host knows by another name than "cpNUMBER". */
static const struct {
	unsigned number;
	const char *label;
} labels[] = {
    {874, "windows-874"},
    {932, "shift_jis"},
    {936, "gbk"},
    {949, "euc-kr"},
    {950, "big5"},
    {1361, "johab"},
    {10000, "macintosh"},
    {10001, "shift_jis"},
    {10002, "big5"},
    {10003, "euc-kr"},
    {10006, "macgreek"},
    {10007, "maccyrillic"},
    {10008, "gbk"},
    {10029, "maccentraleurope"},
    {10079, "maciceland"},
    {10081, "macturkish"},
    {20866, "koi8-r"},
    {20936, "gbk"},
    {21866, "koi8-u"},
    {28591, "iso-8859-1"},
    {28592, "iso-8859-2"},
    {28595, "iso-8859-5"},
    {28605, "iso-8859-15"},
    {32768, "macintosh"},
    {32769, "windows-1252"},
    {50220, "iso-2022-jp"},
    {51932, "euc-jp"},
    {51949, "euc-kr"},
    {54936, "gb18030"},
    {65001, "utf-8"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void label_of(unsigned number, char label[32])
{
	for (size_t i = 0; i < COUNT(labels); i++)
		if (labels[i].number == number) {
			(void)snprintf(label, 32, "%s", labels[i].label);
			return;
		}
	if (number >= 1250 && number <= 1258)
		(void)snprintf(label, 32, "windows-%u", number);
	else if (number >= 437 && number <= 1125)
		(void)snprintf(label, 32, "cp%u", number);
	else
		(void)snprintf(label, 32, "windows-1252");
}

bool codepage_is_single(unsigned number)
{
	static const unsigned wide[] = {932,   936,   949,   950,   1361,  10001, 10002, 10003,
					10008, 20936, 50220, 51932, 51949, 54936, 65001};

	for (size_t i = 0; i < COUNT(wide); i++)
		if (wide[i] == number)
			return false;
	return true;
}

static uint32_t first_char(const char *p, size_t n)
{
	const unsigned char *u = (const unsigned char *)p;

	if (n == 0)
		return REPLACEMENT;
	if (u[0] < 0x80)
		return u[0];
	if (u[0] < 0xe0 && n >= 2)
		return (uint32_t)(u[0] & 0x1f) << 6 | (u[1] & 0x3f);
	if (u[0] < 0xf0 && n >= 3)
		return (uint32_t)(u[0] & 0xf) << 12 | (uint32_t)(u[1] & 0x3f) << 6 | (u[2] & 0x3f);
	return REPLACEMENT;
}

/* The host's text of all octets, a line each. */
static int fill(void *ctx, const char *p, size_t n)
{
	struct codepage *page = ctx;
	const char *end = p + n;

	for (size_t i = 0; i < 128; i++) {
		const char *line = memchr(p, '\n', (size_t)(end - p));

		page->high[i] = first_char(p, line ? (size_t)(line - p) : (size_t)(end - p));
		p = line ? line + 1 : end;
	}
	return 0;
}

const uint32_t *codepage_table(struct codepages *c, unsigned number)
{
	char octets[256], label[32];
	struct codepage *page;

	number = number ? number : 1252;
	for (size_t i = 0; i < CODEPAGES; i++)
		if (c->table[i].number == number)
			return c->table[i].high;
	page = &c->table[c->next++ % CODEPAGES];
	page->number = 0;
	label_of(number, label);
	for (size_t i = 0; i < 128; i++) {
		octets[i * 2] = (char)(0x80 + i);
		octets[i * 2 + 1] = '\n';
	}
	if (c->host->to_utf8((struct mw_str){.p = octets, .n = sizeof(octets)}, label, fill, page) < 0)
		return NULL;
	page->number = number;
	return page->high;
}

static int keep(void *ctx, const char *p, size_t n)
{
	/* Without the blank in front: with it no run begins with what looks like a byte order mark. */
	return n ? bytes_add(ctx, p + 1, n - 1) : 0;
}

int codepage_text(struct codepages *c, unsigned number, const char *p, size_t n, struct bytes *to)
{
	struct bytes marked = {0};
	char label[32];
	int r = 0;

	if (codepage_is_single(number)) {
		const uint32_t *high = codepage_table(c, number);

		for (size_t i = 0; high && i < n && r == 0; i++)
			r = bytes_char(to, (unsigned char)p[i] < 0x80 ? (uint32_t)p[i] : high[(unsigned char)p[i] - 0x80]);
		return high ? r : -ENOMEM;
	}
	label_of(number, label);
	r = bytes_add(&marked, " ", 1);
	if (r == 0)
		r = bytes_add(&marked, p, n);
	if (r == 0)
		r = c->host->to_utf8((struct mw_str){.p = marked.p, .n = marked.n}, label, keep, to);
	bytes_free(&marked);
	return r;
}

unsigned codepage_of_charset(unsigned charset)
{
	static const struct {
		unsigned charset, number;
	} rows[] = {
	    {0, 1252},	 {77, 10000}, {128, 932},  {129, 949},	{130, 1361}, {134, 936}, {136, 950},  {161, 1253}, {162, 1254},
	    {163, 1258}, {177, 1255}, {178, 1256}, {186, 1257}, {204, 1251}, {222, 874}, {238, 1250}, {254, 437},  {255, 850},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		if (rows[i].charset == charset)
			return rows[i].number;
	return 0;
}
