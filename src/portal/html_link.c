/* SPDX-License-Identifier: Apache-2.0 */
#include "html_link.h"

#include <string.h>

static bool begins(struct mw_str s, const char *word)
{
	size_t n = strlen(word);

	return s.n >= n && mw_str_caseeq((struct mw_str){.p = s.p, .n = n}, word);
}

/* Without octets up to the blank at both ends: the URL standard takes them for nothing. */
static struct mw_str trim(struct mw_str s)
{
	while (s.n && (unsigned char)s.p[0] <= ' ')
		s = mw_str_behind(s, 1);
	while (s.n && (unsigned char)s.p[s.n - 1] <= ' ')
		s.n--;
	return s;
}

static bool is_line_end(char c)
{
	return c == '\n' || c == '\r' || c == '\t';
}

/* Is that a link that we let through? It has no line ends. */
static bool is_good(struct mw_str s)
{
	static const char *const web[] = {"http://", "https://"}, *const other[] = {"mailto:", "tel:"};

	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(web[i]);

		if (begins(s, web[i]) && s.n > n && !strchr("/\\?#", s.p[n]))
			return true;
		if (begins(s, other[i]) && s.n > strlen(other[i]))
			return true;
	}
	return false;
}

bool mw_html_link(struct mw_str url, struct mw_buf *to)
{
	size_t start = to->n;

	url = trim(url);
	if (url.n > MW_HTML_LINK_MAX)
		return false;
	for (size_t i = 0; i < url.n; i++)
		if (!is_line_end(url.p[i]))
			mw_buf_putc(to, url.p[i]);
	if (mw_buf_ok(to) && to->n > start && is_good((struct mw_str){.p = to->p + start, .n = to->n - start}))
		return true;
	mw_buf_cut(to, start);
	return false;
}

static int hex(char c)
{
	c = mw_lower(c);
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool mw_html_cid(struct mw_str url, struct mw_buf *to)
{
	size_t start = to->n;

	url = trim(url);
	if (!begins(url, "cid:") || url.n > MW_HTML_LINK_MAX)
		return false;
	for (size_t i = 4; i < url.n; i++) {
		int high = i + 2 < url.n && url.p[i] == '%' ? hex(url.p[i + 1]) : -1, low = high < 0 ? -1 : hex(url.p[i + 2]);
		char c = url.p[i];

		if (low >= 0) {
			c = (char)(high << 4 | low);
			i += 2;
		}
		if ((unsigned char)c <= ' ' || c == 0x7f) {
			mw_buf_cut(to, start);
			return false;
		}
		mw_buf_putc(to, c);
	}
	return to->n > start;
}

bool mw_html_data_picture(struct mw_str url, struct mw_buf *to)
{
	static const char *const kinds[] = {"data:image/png;base64,", "data:image/jpeg;base64,", "data:image/gif;base64,",
					    "data:image/webp;base64,", "data:image/jpg;base64,"};
	size_t start = to->n, kind = 0;

	url = trim(url);
	while (kind < sizeof(kinds) / sizeof(*kinds) && !begins(url, kinds[kind]))
		kind++;
	if (kind == sizeof(kinds) / sizeof(*kinds) || url.n > MW_HTML_DATA_MAX)
		return false;
	mw_buf_puts(to, kinds[kind]);
	for (size_t i = strlen(kinds[kind]); i < url.n; i++) {
		char c = url.p[i], l = mw_lower(c);

		if (is_line_end(c) || c == ' ')
			continue;
		if (!(l >= 'a' && l <= 'z') && !(c >= '0' && c <= '9') && c != '+' && c != '/' && c != '=') {
			mw_buf_cut(to, start);
			return false;
		}
		mw_buf_putc(to, c);
	}
	return true;
}
