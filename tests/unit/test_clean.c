/* SPDX-License-Identifier: Apache-2.0 */
/* clean: HTML of strangers, what of it is shown and what is not. */
#include "portal/clean.h"
#include "portal/html_link.h"
#include "portal/html_style.h"
#include "tests/unit/strict_html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* The message has one picture, "in@msg". */
static bool picture(void *ctx, struct mw_str cid, struct mw_buf *url)
{
	(void)ctx;
	if (!mw_str_eq(cid, "in@msg"))
		return false;
	mw_buf_puts(url, "/read/ID/part/3");
	return true;
}

static struct mw_clean_found clean(const char *html, size_t n, size_t max, struct mw_buf *out)
{
	const struct mw_clean_site site = {.picture = picture, .max = max};
	struct mw_clean_found found;

	mw_buf_clear(out);
	assert_int_equal(mw_clean_html((struct mw_str){.p = html, .n = n}, &site, out, &found, NULL), 0);
	return found;
}

#define LINK " target=\"_blank\" rel=\"noopener noreferrer nofollow\""
#define FFFD "\xef\xbf\xbd"

static const struct {
	const char *in, *out;
	size_t pictures, others;
} rows[] = {
    {"", "", 0, 0},
    {"a<b>c</b>d", "a<b>c</b>d", 0, 0},
    /* text */
    {"1 < 2 > 3 & 4 \"5\" &copy; &lt;b&gt; &amp;amp;", "1 &lt; 2 &gt; 3 &amp; 4 &quot;5&quot; &copy; &lt;b&gt; &amp;amp;", 0, 0},
    {"&#60;script&#62; &#x3C;b&#x3e &#0; &#150; &#xD800; &#1; &#9999999999;",
     "&lt;script&gt; &lt;b&gt; " FFFD " \xe2\x80\x93 " FFFD "  " FFFD, 0, 0},
    {"&nbsp&amp&ltb &notaname &", "\xc2\xa0&amp;&lt;b &amp;notaname &amp;", 0, 0},
    {"a\x01\x7f\xc2\x85z\xff\xc0\xbc\xed\xa0\x80\r\nx\ry", "az" FFFD FFFD FFFD FFFD FFFD FFFD "\nx\ny", 0, 0},
    /* what ends what */
    {"<p>a<p>b<div>c", "<p>a</p><p>b</p><div>c</div>", 0, 0},
    {"<ul><li>a<li>b<ul><li>c</ul><li>d</ul>", "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>", 0, 0},
    {"<table><tr><td>a<td>b<tr><td>c</table>d", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>d", 0, 0},
    {"<td>a</td><tr>b", "ab", 0, 0},
    {"<table><tr><td></table></td></b></p></div>x", "<table><tr><td></td></tr></table>x", 0, 0},
    {"<div><table><tr><td></div>x</table>y</div>", "<div><table><tr><td>x</td></tr></table>y</div>", 0, 0},
    {"<b>a<i>b</b>c</i>d", "<b>a<i>b</i></b>cd", 0, 0},
    {"<b>a<div align=left>b</b>c</div>d", "<b>a<div align=\"left\">b</div></b><div align=\"left\">c</div>d", 0, 0},
    {"<span>a<div>b</span>c</div>d", "<span>a<div>bc</div>d</span>", 0, 0},
    {"<a href=http://a>b<a href=http://c>d", "<a href=\"http://a\"" LINK ">b</a><a href=\"http://c\"" LINK ">d</a>", 0, 0},
    {"<dl><dt>a<dd>b<dt>c</dl>", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>", 0, 0},
    {"a</br>b<br/>c<hr>d<wbr>", "a<br>b<br>c<hr>d<wbr>", 0, 0},
    /* what goes, with or without what it holds */
    {"<html><head><title>t</title><meta charset=utf-7><base href=//x><link rel=stylesheet href=//x></head><body>a</body></html>",
     "<div>a</div>", 0, 0},
    {"a<script>alert(1)</script>b<style>*{}</style>c<!--d--><!-->e<!--->f<!--g--!>h<![CDATA[i]]>j<?k?>l<!m>n", "abcefhjln", 0, 0},
    {"<form action=//x><input name=q><button formaction=javascript:1>a</button><select><option>b</select></form>c", "abc", 0, 0},
    {"<textarea><b>&lt;a</textarea>b<xmp><i>&lt;</xmp>c", "<pre>&lt;b&gt;&lt;a</pre>b<pre>&lt;i&gt;&amp;lt;</pre>c", 0, 0},
    {"<svg><a xlink:href=javascript:1><text>a</text></a></svg>b<math><mi>c</mi></math>d<svg/>e", "bde", 0, 0},
    {"<svg><desc><svg></svg></desc>a</svg>b<svg><p>c", "b<p>c</p>", 0, 0},
    {"<template><b>a</b><template></template>b<script></template></script></template>c", "c", 0, 0},
    {"<noscript><b>a</b></noscript><object data=//x><embed src=//y>b</object><iframe src=//z>c</iframe><video src=//v>d</video>",
     "<b>a</b>bd", 0, 4},
    {"<x-y onclick=1>a</x-y><o:p>b</o:p><blink>c</blink>", "abc", 0, 0},
    {"<!--[if mso]><b>a</b><![endif]-->b<![if !mso]>c<![endif]>", "bc", 0, 0},
    {"a<b", "a", 0, 0},
    {"a<b c='", "a", 0, 0},
    {"a<", "a&lt;", 0, 0},
    {"a</", "a&lt;/", 0, 0},
    {"a</>b</ x>c<3", "abc&lt;3", 0, 0},
    {"a<script>b", "a", 0, 0},
    /* attributes */
    {"<p ONCLICK=a title='x\"y<z&eacute;' class=c id=d data-x=1>a", "<p title=\"x&quot;y&lt;z&eacute;\">a</p>", 0, 0},
    {"<td/onclick=1><table/border=1 onload=2 width='50%' height=1px><tr><td colspan=2 rowspan=x nowrap>a",
     "<table border=\"1\" width=\"50%\"><tr><td colspan=\"2\" nowrap=\"\">a</td></tr></table>", 0, 0},
    {"<p title=a title=b align='\"><script>' dir=rtl>", "<p title=\"a\" dir=\"rtl\"></p>", 0, 0},
    {"<font face='A, B' color=#ff0000 size=+1>a</font>", "<font face=\"A, B\" color=\"#ff0000\" size=\"+1\">a</font>", 0, 0},
    {"<body bgcolor=#fff text=red background=//x style='color:blue'>a",
     "<div style=\"background-color:#fff;color:red;color:blue\">a</div>", 1, 0},
    /* pictures */
    {"<img src=cid:in@msg alt=a width=5><img src=cid:%69n@msg>",
     "<img src=\"/read/ID/part/3\" alt=\"a\" width=\"5\"><img src=\"/read/ID/part/3\">", 0, 0},
    {"<img src=http://x/a.png width=1 alt=b style='width:1px'><img src=//x><img srcset=//x><img src=cid:other>",
     "<img alt=\"b\">", 4, 0},
    {"<img src='data:image/png;base64,AA==' alt=''>", "<img src=\"data:image/png;base64,AA==\" alt=\"\">", 0, 0},
    {"<img src='data:image/svg+xml;base64,AA=='><img src='data:text/html,<b>'><img src='data:image/png,%3Csvg'>", "", 3, 0},
    {"<image src=x onerror=1>a<img/src=x/onerror=1>", "a", 1, 0},
    /* links */
    {"<a href='java\nscript:1'>a</a><a href=\"&#x6A;avascript&colon;1\">b</a><a href=/x>c</a><a href=#>d</a>",
     "<a>a</a><a>b</a><a>c</a><a>d</a>", 0, 0},
    {"<a href=' HTTPS://x.example/?a=1&b=\"2\"&copy=3 ' target=_top rel=opener ping=//x download>a</a>",
     "<a href=\"HTTPS://x.example/?a=1&amp;b=&quot;2&quot;&amp;copy=3\"" LINK ">a</a>", 0, 0},
    {"<a href=mailto:a@b.example?subject=c>a</a>", "<a href=\"mailto:a@b.example?subject=c\"" LINK ">a</a>", 0, 0},
};

static void cleans(void **state)
{
	struct mw_buf out = MW_BUF_INIT, again = MW_BUF_INIT;
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct mw_clean_found found = clean(rows[i].in, strlen(rows[i].in), 1u << 20, &out);

		assert_string_equal(mw_buf_text(&out), rows[i].out);
		if (found.pictures != rows[i].pictures || found.others != rows[i].others || found.cut)
			fail_msg("%s: %zu pictures, %zu others", rows[i].in, found.pictures, found.others);
		if (!strstr(rows[i].out, "/read/"))
			assert_null(strict_html(mw_buf_text(&out), out.n, &at));
		if (!strstr(rows[i].out, "/read/")) {
			(void)clean(mw_buf_text(&out), out.n, 1u << 20, &again);
			assert_string_equal(mw_buf_text(&again), rows[i].out);
		}
	}
	mw_buf_free(&out);
	mw_buf_free(&again);
}

static const struct {
	const char *in, *out;
	size_t pictures;
} styles[] = {
    {"", "", 0},
    {"color:red", "color:red", 0},
    {" COLOR : #FFF ; ; width:10.50PX", "color:#fff;width:10.50px", 0},
    {"font:bold 12px/1.5 'Segoe UI',\"Arial\",sans-serif", "font:bold 12px / 1.5 'Segoe UI' , 'Arial' , sans-serif", 0},
    {"margin:-.5em +2px 0 1.33333333em", "margin:-0.5em 2px 0 1.3333em", 0},
    {"color:rgb(1, 2,3);color:rgba(0 0 0 / 50%)", "color:rgb(1,2,3);color:rgba(0,0,0,50%)", 0},
    {"color:red!important;color:red ! important", "color:red !important;color:red !important", 0},
    {"/*x*/color/**/:/*;*/red", "color:red", 0},
    {"position:fixed;z-index:9;top:0;color:red", "color:red", 0},
    {"background:url(http://x)", "", 1},
    {"background:#fff URL( 'a;b)' ) no-repeat;color:red", "background:#fff no-repeat;color:red", 1},
    {"background-image:url(\"x;y\");list-style-image:url(data:a;b);color:red", "color:red", 2},
    {"width:expression(alert(1));color:red", "color:red", 0},
    {"width:calc(1px + 2px);color:var(--x);color:attr(x);color:blue", "color:blue", 0},
    {"color:\\72 ed;col\\6fr:red;color:green", "color:green", 0},
    {"font-family:'a<b';color:red", "color:red", 0},
    {"font-family:\"a;color:red", "", 0},
    {"color:red}body{color:blue};width:1px", "width:1px", 0},
    {"-moz-binding:url(x);behavior:url(y);@import url(z);color:red", "color:red", 3},
    {"color:url(", "", 1},
    {"color:rgb(1,2", "", 0},
    {"color:#12345;width:1234567px;width:1xx;color:&", "", 0},
    {"font-family:\xe5\xae\x8b;font-family:'\xe5\xae\x8b'", "font-family:'\xe5\xae\x8b'", 0},
};

static void styles_are_filtered(void **state)
{
	struct mw_buf out = MW_BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(styles) / sizeof(*styles); i++) {
		mw_buf_clear(&out);
		assert_int_equal(mw_html_style(mw_str(styles[i].in), &out), styles[i].pictures);
		assert_string_equal(mw_buf_text(&out), styles[i].out);
	}
	mw_buf_free(&out);
}

static void links_are_of_four_kinds(void **state)
{
	static const char *const good[] = {"http://a", "https://a/b?c#d", "mailto:a@b", "tel:+1-555",
					   "HtTp://a", "\x01 http://a\n", "ht\ttp://a"};
	static const char *const bad[] = {"",
					  "javascript:alert(1)",
					  "JaVaScRiPt:x",
					  " javascript:x",
					  "vbscript:x",
					  "data:text/html,x",
					  "file:///etc",
					  "http:",
					  "http:///",
					  "http://",
					  "http:\\\\a",
					  "https://?a",
					  "//a",
					  "/a",
					  "a",
					  "#a",
					  "ftp://a",
					  "blob:x",
					  "about:blank",
					  "cid:x",
					  "mailto:",
					  "http\x01://a",
					  "http://a\x02z"};
	struct mw_buf out = MW_BUF_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_true(mw_html_link(mw_str(good[i]), &out));
	mw_buf_clear(&out);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (mw_html_link(mw_str(bad[i]), &out) || out.n)
			fail_msg("%s", bad[i]);
	mw_buf_free(&out);
}

static char *repeat(const char *a, size_t times, const char *b, size_t times_b, size_t *n)
{
	size_t la = strlen(a), lb = strlen(b);
	char *p = malloc(la * times + lb * times_b + 1);

	assert_non_null(p);
	for (size_t i = 0; i < times; i++)
		memcpy(p + i * la, a, la);
	for (size_t i = 0; i < times_b; i++)
		memcpy(p + la * times + i * lb, b, lb);
	*n = la * times + lb * times_b;
	return p;
}

static double seconds(const char *a, size_t na, const char *b, size_t nb)
{
	struct mw_buf out = MW_BUF_INIT;
	struct timespec from, to;
	const char *wrong;
	size_t n, at;
	char *p = repeat(a, na, b, nb, &n);

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	(void)clean(p, n, 1u << 26, &out);
	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	wrong = strict_html(mw_buf_text(&out), out.n, &at);
	if (wrong)
		fail_msg("%s: %s", a, wrong);
	mw_buf_free(&out);
	free(p);
	return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* What other parsers need the square of the time for: hundreds of KB each, and none takes a second. */
static void time_is_linear(void **state)
{
	static const struct {
		const char *a;
		size_t na;
		const char *b;
		size_t nb;
	} hard[] = {
	    {"<b>", 100000, "</i>", 100000},
	    {"<div>", 100000, "<p>", 100000},
	    {"<b><div>", 50000, "</b>", 100000},
	    {"<p ", 1, "a=1 ", 100000},
	    {"<p ", 1, "a", 400000},
	    {"<!--", 100000, "-", 100000},
	    {"<![CDATA[", 50000, "]", 1},
	    {"<style>", 1, "</styl", 80000},
	    {"<svg>", 100000, "</svg>", 100000},
	    {"<table><tr><td>", 30000, "</p>", 1},
	    {"<a href=http://x>", 20000, "", 0},
	    {"<", 400000, "", 0},
	    {"&", 400000, "", 0},
	    {"&#", 1, "1", 400000},
	    {"<p style='", 1, "color:url(\"", 40000},
	    {"<p style='", 1, "/*", 200000},
	    {"<p style='", 1, "a:(", 100000},
	    {"<img src=cid:in@msg>", 20000, "", 0},
	    {"</p>", 100000, "", 0},
	    {"<li>", 100000, "", 0},
	    {"<font face='", 1, "\xff", 400000},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(hard) / sizeof(*hard); i++) {
		double s = seconds(hard[i].a, hard[i].na, hard[i].b, hard[i].nb);

		if (s > 1.0)
			fail_msg("%s … %s: %.1f s", hard[i].a, hard[i].b, s);
	}
}

static void the_end_is_cut(void **state)
{
	struct mw_buf out = MW_BUF_INIT;
	struct mw_clean_found found = clean("<p>abc<p>defghi\xc3\xa4j<p>", 20, 15, &out);

	(void)state;
	assert_true(found.cut);
	assert_string_equal(mw_buf_text(&out), "<p>abc</p><p>de</p>");
	mw_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(cleans),	      cmocka_unit_test(styles_are_filtered), cmocka_unit_test(links_are_of_four_kinds),
	    cmocka_unit_test(time_is_linear), cmocka_unit_test(the_end_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
