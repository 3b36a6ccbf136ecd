/* SPDX-License-Identifier: Apache-2.0 */
/* charset: octets in some charset to UTF-8. Labels of real mail are often missing or wrong. */
#include "mail/mime.h"

#include "base/str.h"
#include <errno.h>
#include <glib.h>
#include <iconv.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

/* What senders mean, where it is not what they say (WHATWG encoding standard, section 4.2). */
static const struct {
	const char *label, *meant;
} meant[] = {
	{"iso-8859-1", "windows-1252"}, {"latin1", "windows-1252"}, {"us-ascii", "windows-1252"},  {"ascii", "windows-1252"},
	{"iso-8859-9", "windows-1254"}, {"tis-620", "windows-874"},  {"gb2312", "gb18030"},	     {"gbk", "gb18030"},
	{"x-sjis", "cp932"},		{"shift_jis", "cp932"},	     {"ks_c_5601-1987", "cp949"},   {"euc-kr", "cp949"},
	{"unicode-1-1-utf-8", "utf-8"}, {"utf8", "utf-8"},	     {"iso-8859-8-i", "iso-8859-8"}, {"macintosh", "mac"},
};

static const char *charset_meant(const char *label)
{
	for (size_t i = 0; i < sizeof(meant) / sizeof(*meant); i++)
		if (mw_str_caseeq(mw_str(label), meant[i].label))
			return meant[i].meant;
	return label;
}

static const char *charset_of_bom(struct mw_str data, size_t *skip)
{
	*skip = 0;
	if (data.n >= 3 && memcmp(data.p, "\xef\xbb\xbf", 3) == 0) {
		*skip = 3;
		return "utf-8";
	}
	if (data.n >= 4 && memcmp(data.p, "\xff\xfe\0\0", 4) == 0) {
		*skip = 4;
		return "utf-32le";
	}
	if (data.n >= 2 && memcmp(data.p, "\xff\xfe", 2) == 0) {
		*skip = 2;
		return "utf-16le";
	}
	if (data.n >= 2 && memcmp(data.p, "\xfe\xff", 2) == 0) {
		*skip = 2;
		return "utf-16be";
	}
	return NULL;
}

/* Copies UTF-8; each octet that is none, and NUL as it is. */
static void add_utf8(struct mw_str data, struct mw_buf *out)
{
	while (data.n) {
		const char *end;
		bool valid = g_utf8_validate(data.p, (gssize)data.n, &end);
		size_t good = (size_t)(end - data.p);

		mw_buf_add(out, data.p, good);
		if (valid)
			return;
		/* g_utf8_validate() stops at NUL, which is a valid character of text all the same. */
		if (*end == '\0')
			mw_buf_putc(out, '\0');
		else
			mw_buf_puts(out, REPLACEMENT);
		data.p += good + 1;
		data.n -= good + 1;
	}
}

static void add_converted(iconv_t cd, struct mw_str data, struct mw_buf *out)
{
	char *in = (char *)(uintptr_t)data.p;
	size_t left = data.n;

	while (left && mw_buf_ok(out)) {
		char piece[8192];
		char *to = piece;
		size_t room = sizeof(piece);
		size_t r = iconv(cd, &in, &left, &to, &room);
		int why = r == (size_t)-1 ? errno : 0;

		mw_buf_add(out, piece, sizeof(piece) - room);
		if (why == E2BIG || why == 0)
			continue;
		/* EILSEQ, or EINVAL for a character that the end cuts: step over one octet. */
		mw_buf_puts(out, REPLACEMENT);
		in++;
		left--;
	}
}

int mw_charset_to_utf8(struct mw_str data, const char *label, struct mw_buf *out, bool *guessed)
{
	size_t skip;
	const char *bom = charset_of_bom(data, &skip);
	const char *name = bom ? bom : charset_meant(label);
	bool guess = false;
	iconv_t cd;

	data.p += skip;
	data.n -= skip;
	/* Valid UTF-8 is UTF-8, whatever the label says, unless the label names a multi-octet charset that also fits ASCII. */
	if (!*name || (!bom && mw_str_caseeq(mw_str(name), "windows-1252"))) {
		guess = *label == '\0';
		name = g_utf8_validate_len(data.p, data.n, NULL) ? "utf-8" : "windows-1252";
	}
	cd = mw_str_caseeq(mw_str(name), "utf-8") ? (iconv_t)-1 : iconv_open("UTF-8", name);
	if (cd == (iconv_t)-1) {
		guess = guess || !mw_str_caseeq(mw_str(name), "utf-8");
		add_utf8(data, out);
	} else {
		add_converted(cd, data, out);
		(void)iconv_close(cd);
	}
	if (guessed)
		*guessed = guess;
	return mw_buf_ok(out) ? 0 : -ENOMEM;
}
