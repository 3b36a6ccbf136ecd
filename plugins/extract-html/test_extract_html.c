/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/extracting.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

extern const struct mw_plugin mw_plugin_extract_html;

/* Where it begins is seen by the form feed that stands there. */
static int sink_hidden(struct mw_sink *s)
{
	assert_false(s->hidden);
	assert_true(s->n >= 2 && memcmp(s->p + s->n - 2, "\f\n", 2) == 0);
	s->hidden = true;
	return 0;
}

static int setup(void **state)
{
	(void)state;
	ex_host()->sink_hidden = sink_hidden;
	return ex_open(&mw_plugin_extract_html, NULL);
}

static int extract_as(const char *type, const char *p, size_t n, const char *charset, struct mw_sink *sink, const char **reason)
{
	const struct mw_document doc = {.data = {.p = p, .n = n}, .type = type, .charset = charset, .name = ""};

	return ex_extract(&doc, sink, reason);
}

static int extract(const char *p, size_t n, const char *charset, struct mw_sink *sink, const char **reason)
{
	return extract_as("text/html", p, n, charset, sink, reason);
}

struct row {
	const char *html, *text;
};

/* Words and lines as they are shown. */
static const struct row layout[] = {
    {"", ""},
    {"plain", "plain"},
    {"  a \r\n\t b  ", "a b"},
    {"<p>a</p><p>b</p>", "a\nb"},
    {"a<br>b<br/>c", "a\nb\nc"},
    {"<b>123</b>-45-6789", "123-45-6789"},
    {"1<i>2</i>3<!-- x -->-4<span\n>5</span>-67<wbr>89", "123-45-6789\n\f\nx"},
    {"a <b> b</b> c", "a b c"},
    {"a<b> </b>b", "a b"},
    {"<div><div>a</div></div><div>b</div>", "a\nb"},
    {"<ul><li>a<li>b</ul>c", "a\nb\nc"},
    {"<H1>a</H1>b", "a\nb"},
    {"<pre>a  b\n c</pre>d", "a  b\n c\nd"},
    {"x<hr>y", "x\ny"},
};

/* Cells by tabs, rows by lines, whatever is inside of the cells. */
static const struct row tables[] = {
    {"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>e", "a\tb\nc\td\ne"},
    {"<table>\n<tr>\n<th>Name\n<th>SSN\n<tr>\n<td>x\n<td>1\n</table>", "Name\tSSN\nx\t1"},
    {"<table><tr><td><p>a</p></td><td><div>b</div></td></tr></table>", "a\tb"},
    {"<table><tr><td>a</td><td></td><td><br></td><td>d</td></tr></table>", "a\t\t\td"},
    {"<table><tr><td>a<p>b</td><td>c</td></tr></table>", "a\nb\tc"},
    {"x<table><tr><td></td><td>b</td></tr></table>", "x\n\tb"},
    {"<table><tr><td>a<table><tr><td>b</td><td>c</td></tr></table></td><td>d</td></tr></table>", "a\nb\tc\nd"},
};

/* Tags that browsers do not heed where they stand cut no number. */
static const struct row stray[] = {
    {"219</body>-09-99</html><html><body>98", "219-09-9998"},
    {"219-<td>09<caption>-</tr>99</select>98</div>", "219-09-9998"},
    {"219-09-99<table>98<tr><td>1</table>", "219-09-9998\n1"},
    {"219<table><tr><td>1</table>", "219\n1"},
    {"219</p>-09<br>-</h1>9998", "219\n-09\n-9998"},
    {"a</body>b</div>1</html>c", "a\nb\n1\nc"}, /* where there is no number, who knows */
    {"<table><tr><td>1<td>2</table>", "1\t2"},
    {"1</script>2", "12"},
};

/* A digit in each cell, as on a form; or in blocks that stand side by side. */
static const struct row spelled[] = {
    {"<table><tr><td>SSN:<td>2<td>1<td>9<td>0<td>9<td>9<td>9<td>9<td>8<td>x</table>",
     "SSN:\t2\t1\t9\t0\t9\t9\t9\t9\t8\tx\n\f\nSSN: 219099998"},
    {"<div>SSN</div><div>219</div><div>-</div><div>09</div><div>-</div><div>9998</div>",
     "SSN\n219\n-\n09\n-\n9998\n\f\nSSN 219-09-9998"},
    {"<table><tr><td>219<td>09<td>9998<td>12<td>34<td>56</table>", "219\t09\t9998\t12\t34\t56"},
    {"<table><tr><td>1<td>2<td>3<td>4<td>5<tr><td>a<td>1<td>2</table>", "1\t2\t3\t4\t5\na\t1\t2"},
};

/* Text of style sheets, and text that is written backwards. */
static const struct row styled[] = {
    {"<style>a:after { color: red; Content : '219' \"-0\\39\" '-\\000039 998' ; top: 1 } b { content: none }</style>SSN",
     "SSN\n\f\n219-09-9998"},
    {"<style>content-x: '1'; content</style>", ""},
    {"<bdo dir=rtl>8999</bdo>x<bdo dir=ltr>1</bdo>", "\xe2\x80\xae"
						     "8999\xe2\x80\xacx1\xe2\x80\xac"},
    {"<b style='unicode-bidi: BIDI-override; direction:rtl'>8999</b>", "\xe2\x80\xae"
								       "8999"},
};

static const struct row entities[] = {
    {"1&ic;2&InvisibleTimes;3&af;4&NegativeThinSpace;5", "1\xe2\x81\xa3"
							 "2\xe2\x81\xa2"
							 "3\xe2\x81\xa1"
							 "4\xe2\x80\x8b"
							 "5"},
    {"&Sopf;&sscr;&Nfr; &xfrq; &Sopfx &xyfr;", "SsN &xfrq; &Sopfx &xyfr;"},
    {"&lt;&amp;&gt;&quot;&apos;&copy;", "<&>\"'\xc2\xa9"},
    {"&#49;&#x32;&#X33;&#52", "1234"},
    {"1&shy;2&nbsp;3&ndash;4", "1\xc2\xad"
			       "2\xc2\xa0"
			       "3\xe2\x80\x93"
			       "4"},
    {"123&hyphen;45&period;6&Tab;7", "123\xe2\x80\x90"
				     "45.6 7"},
    {"&nbspx &ampx &eacutex", "\xc2\xa0x &x \xc3\xa9x"},
    {"&nosuch; & &; &# &#x; &#0;.", "&nosuch; & &; &# &#x; \xef\xbf\xbd."},
    {"&#128;&#x93;&#xd800;&#x110000;&#99999999999;", "\xe2\x82\xac\xe2\x80\x9c\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"a&#10;b", "a b"},
};

#define OF_16 "iVBORw0KGgoAAAAN"
#define ROW "{\"ssn\":\"219-09-9998\"},"

/* What is no text, and what may look like it. */
static const struct row odd[] = {
    {"a<script>var x = '<p>1</p>';</script>b<style>p { }</style>c", "abc\n\f\n1"},
    /* Strings of programs: those that may be a person's words, and no others. */
    {"<script>rows = [['Ada Mayo', \"219-09-9998\"], ['Bo', 'MRN\\x207001234']]; x.on('click', f);</script>a",
     "a\n\f\nAda Mayo\n219-09-9998\nBo\nMRN 7001234"},
    {"<script>document.write(\"<td>Ada</td><td>219\\u00b7 7</td>\")</script>a", "a\n\f\nAda\t219\xc2\xb7 7"},
    {"<script>`a ${b}\nc`; // it's one\n/* it's */ x = y / 2; z = 'n 1'</script>a", "a\n\f\na ${b} c\nn 1"},
    {"<script>x.replace(/['\"/]/g, 'n 1'); '\\x'; '\\ud83d\\ude00 2'</script>a", "a\n\f\nn 1\n\xf0\x9f\x98\x80 2"},
    {"<a onclick=\"show('MRN 7001234')\" href=\"javascript:f('n 1')\">a</a>", "a\n\f\nMRN 7001234\nn 1"},
    {"<!DOCTYPE html [<!ENTITY n 'Ada'>]>a<v:textpath string=\"Ada Mayo\"/>",
     "]>a\n\f\nDOCTYPE html [\nENTITY n 'Ada'\nAda Mayo"},
    {"<script>'never ended 1\n'Ada'</script>a", "a\n\f\nnever ended 1\nAda"},
    {"<script>x('a\\\r\nb 1\\\nc'); y = 'it'</script>a", "a\n\f\nab 1c"},
    /* What is packed for a program: data, but not tables. */
    {"<script>'" OF_16 OF_16 OF_16 OF_16 OF_16 OF_16 OF_16 OF_16 OF_16 OF_16 OF_16 OF_16 OF_16 OF_16 "'</script>a", "a"},
    {"<script>'" ROW ROW ROW ROW ROW ROW ROW ROW ROW ROW ROW "'</script>a",
     "a\n\f\n" ROW ROW ROW ROW ROW ROW ROW ROW ROW ROW ROW},
    {"<script>a</scripty>b</SCRIPT >c", "c"},
    {"219<script><!-- <script>1</script>2--></script>-09", "219-09"},
    {"<script><!-- x --><script></script>2</script>", "2"},
    {"a<svg><style>.x{}<b>219</b></style></svg>b", "ab\n\f\n.x{}219"},
    {"<textarea><b 219-09>x</textarea>", "x\n\f\n<b 219-09>x"},
    {"<xmp>a<xmp>&lt;</xmp>c", "a\n<\nc\n\f\na<xmp>&lt;"},
    {"<style/>a", "\f\na"}, /* "/" ends no element of HTML */
    {"<script type=\"application/ld+json\">{\"name\": \"J\"}</script>a", "a\n\f\n{\"name\": \"J\"}"},
    {"a<style>b 1<i>2</i>3", "a\n\f\nb 123"}, /* never closed */
    {"1 < 2 <3 a<", "1 < 2 <3 a<"},
    {"a</>b</ c>d<!x>e<?y?>f", "abdef\n\f\nc\nx\ny?"},
    {"<!DOCTYPE html PUBLIC \"-//W3C//DTD\">a", "a"},
    {"<![CDATA[a<b]]>c", "a<bc"},
    {"a<![endif]>b", "ab\n\f\n[endif]"},
    {"a<!-->b<!--->c<!---->d<!--e--!>f", "abcdf\n\f\ne"},
    {"a<!-- 1<b>2</b>3 > -- x --> b", "a b\n\f\n123 > -- x"},
    {"a<!-- b <p>c", "a\n\f\nb\nc"},
    {"a<b c", "a\n\f\nc"},
    {"a<b title='x", "a\n\f\ntitle='x"},
};

/* Hidden elements leave no trace in what is seen. */
static const struct row hidden[] = {
    {"219<span style='display:none'>x</span>-09-9998", "219-09-9998\n\f\nx"},
    {"219<span style='display:/* ; */none'>x</span>-09<i style='display&#58;n&#x6f;ne'>y</i>-9998", "219-09-9998\n\f\nx\ny"},
    {"dia<i hidden>x</i>betes", "diabetes\n\f\nx"},
    {"a<span STYLE=\"color: red; Visibility : Hidden\">x<b>y</b></span>b", "ab\n\f\nxy"},
    {"a<div style=font-size:0px>x<div>y</div>z</div>b", "ab\n\f\nx\ny\nz"},
    {"a<u style='opacity:0.0'>x</u>b<u style='opacity:0.5;font-size:0.9em;max-display:none'>y</u>", "aby\n\f\nx"},
    {"a<p hidden>x<p>b", "a\nb\n\f\nx"},
    {"a<img hidden>b<br style='display:none'>c", "abc"},
    {"219-<template>9</template>09<iframe>9</iframe>-9998<noembed>9</noembed>", "219-09-9998\n\f\n9\n9\n9"},
    {"a<b hidden>x", "a\n\f\nx"},
    {"a</b><b hidden/>x", "a\n\f\nx"},
    {"219<i hidden>x<i/>y</i>z</i>-09-9998", "219-09-9998\n\f\nxyz"},
    {"219<style/>x</style>-09<script src=x />y</script>-9998", "219-09-9998\n\f\nx\ny"},
    {"<!-- <b hidden>x</b> -->a", "a\n\f\nx"},
    {"a<span hidden>x<table><tr><td>y</td></tr></table></span>b", "ab\n\f\nx\ny"},
};

/* Styles that hide (h) and that do not (s): "a<i style=...>x</i>b". */
static const struct {
	char hides;
	const char *style;
} styles[] = {
    {'h', "display:none"},
    {'h', " Display : NONE "},
    {'h', "color:red;display:none;margin:0"},
    {'h', "display:none!important"},
    {'h', "display: none ! important"},
    {'h', "display:none !important; display:block"},
    {'h', "display:block;display:none"},
    {'h', "display:none;display:nonsense"}, /* what CSS does not take changes nothing */
    {'h', "display:/* ; */none"},
    {'h', "/**/display/**/:/**/none/**/"},
    {'h', "d\\69splay:n\\6f ne"},
    {'h', "display&#58;n&#x6f;ne"},
    {'h', "background:url(a;b);display:none"},
    {'h', "content:';';display:none"},
    {'h', "nonsense;display:none"},
    {'h', "visibility:hidden"},
    {'h', "visibility:collapse"},
    {'h', "font-size:0"},
    {'h', "font-size:0.0em"},
    {'h', "font-size:.0px"},
    {'h', "opacity:0%"},
    {'s', ""},
    {'s', "display"},
    {'s', ":none"},
    {'s', "display:none;display:inline"},
    {'s', "display:block!important;display:none"},
    {'s', "dis play:none"},
    {'s', "dis/**/play:none"},
    {'s', "no/**/ne:none"},
    {'s', "display:no ne"},
    {'s', "display:nonesuch"},
    {'s', "display:none such"},
    {'s', "display\\3anone"},
    {'s', "background:url(x;display:none;)"},
    {'s', "content:';display:none'"},
    {'s', "a{;display:none}"},
    {'s', "max-display:none"},
    {'s', "/* display:none */"},
    {'s', "/* display:none"},
    {'s', "font-size:0.1px"},
    {'s', "font-size:0 px"},
    {'s', "font-size:0apples"},
    {'s', "font-size:."},
    {'s', "font-size:0;font-size:small"},
    {'s', "opacity:0px"},
    {'s', "opacity:0.5"},
    {'s', "\\"},
};

static void test_styles(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(styles) / sizeof(*styles); i++) {
		struct mw_sink sink = {0};
		const char *reason = NULL;
		char html[200];

		(void)snprintf(html, sizeof(html), "a<i style=\"%s\">x</i>b", styles[i].style);
		assert_int_equal(extract(html, strlen(html), "utf-8", &sink, &reason), 0);
		if (strcmp(sink.p, styles[i].hides == 'h' ? "ab\n\f\nx" : "axb") != 0)
			fail_msg("%s gives \"%s\"", html, sink.p);
		free(sink.p);
	}
	{ /* however much stands in front of it */
		struct mw_sink sink = {0};
		const char *reason = NULL;
		char *html = malloc(20100);
		size_t n;

		assert_non_null(html);
		n = (size_t)sprintf(html, "a<i style='");
		for (unsigned k = 0; k < 2000; k++)
			n += (size_t)sprintf(html + n, "color:red;");
		n += (size_t)sprintf(html + n, "display:none'>x</i>b");
		assert_int_equal(extract(html, n, "utf-8", &sink, &reason), 0);
		assert_string_equal(sink.p, "ab\n\f\nx");
		free(sink.p);
		free(html);
	}
}

/* Unseen but carried. */
static const struct row unseen[] = {
    {"<title>T &amp; U</title>a", "a\n\f\nT & U"},
    {"a<img alt='x&quot;y' src=cid:1>b", "ab\n\f\nx\"y"},
    {"<a href=\"mailto:bob@valid.test?subject=SSN%20219-09-9998&amp;body=x\">a</a>",
     "a\n\f\nmailto:bob@valid.test?subject=SSN 219-09-9998&body=x"},
    {"<a href='https://x.test/?a=1&copy=2&id=%E2%82%AC%ff%00%4'>a</a>",
     "a\n\f\nhttps://x.test/?a=1&copy=2&id=\xe2\x82\xac%ff%00%4"},
    {"<a href='#'>a</a><a href=' CID:x'>b</a><img src='data:image/png;base64,YWJj'>", "ab"},
    {"<a href='DATA:text/html,219%2D09'>a</a>", "a\n\f\nDATA:text/html,219-09"},
    {"<input VALUE=1 placeholder = '2'  aria-label=3 disabled data-id=4>", "\f\n1\n2\n3\n4"},
    {"<p title=a/>b", "b\n\f\na/"},
    {"<iframe srcdoc='&lt;p>SSN 219-09-9998&lt;/p>'></iframe>a", "a\n\f\n<p>SSN 219-09-9998</p>"},
    {"<a download='219-09-9998.pdf' href=x>a</a>", "a\n\f\n219-09-9998.pdf"},
    {"<p =title=x>b", "b"},
    {"<p title=\"a > b\">c", "c\n\f\na > b"},
    {"<meta name=author content='Dr. X'>c", "c\n\f\nDr. X"},
    {"<o:p>&nbsp;</o:p>a", "\xc2\xa0"
			   "a"},
};

/* In XML a tag may end its own element. */
static const struct row xhtml[] = {
    {"a<b hidden=\"hidden\"/>x", "ax"},
    {"<style/>a", "a"},
    {"219<span style=\"display:none\">x<span/>y</span>-09-9998", "219-09-9998\n\f\nxy"},
    {"219<script src=\"x\"/>-09<script>y</script>-9998", "219-09-9998"},
};

static void check_rows(const char *type, const struct row *row, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct mw_sink sink = {0};
		const char *reason = NULL, *got;

		assert_int_equal(extract_as(type, row[i].html, strlen(row[i].html), "utf-8", &sink, &reason), 0);
		got = sink.p ? sink.p : "";
		if (strcmp(got, row[i].text) != 0)
			fail_msg("%s\n gives \"%s\"\n   not \"%s\"", row[i].html, got, row[i].text);
		free(sink.p);
	}
}

#define TEST_ROWS(name, type)                                                                                                    \
	static void test_##name(void **state)                                                                                    \
	{                                                                                                                        \
		(void)state;                                                                                                     \
		check_rows(type, name, sizeof(name) / sizeof(*name));                                                            \
	}
TEST_ROWS(layout, "text/html")
TEST_ROWS(tables, "text/html")
TEST_ROWS(stray, "text/html")
TEST_ROWS(spelled, "text/html")
TEST_ROWS(styled, "text/html")
TEST_ROWS(entities, "text/html")
TEST_ROWS(odd, "text/html")
TEST_ROWS(hidden, "text/html")
TEST_ROWS(unseen, "text/html")
TEST_ROWS(xhtml, "application/xhtml+xml")

static void test_charset(void **state)
{
	static const struct {
		const char *html;
		size_t n;
		const char *label, *text;
	} row[] = {
	    {"caf\xe9", 4, "iso-8859-1", "caf\xc3\xa9"},
	    {"caf\xc3\xa9", 5, "", "caf\xc3\xa9"},
	    {"caf\xe9 1", 6, "utf-8", "caf\xef\xbf\xbd 1"}, /* a stray octet ends nothing */
	    {"<meta charset=koi8-r>\xd0", 22, "", "\xd0\xbf"},
	    {"<META http-equiv=x content='text/html; CHARSET = koi8-r'>\xd0", 58, "us-ascii",
	     "\xd0\xbf\n\f\ntext/html; CHARSET = koi8-r"},
	    {"<meta charset=koi8-r>\xd0", 22, "iso-8859-1", "\xc3\x90"}, /* the label of the part goes first */
	    {"<meta charset=UTF-7>+ADI-", 25, "iso-8859-1",
	     "+ADI-\n2 +ADI-"}, /* unless ASCII means something else in the other */
	    {"<meta charset=UTF-7>+ADI-", 25, "utf-7", "2 +ADI-"},
	    {"\xff\xfe<\0b\0>\0x\0", 10, "utf-8", "x"},
	    {"<\0b\0>\0x\0", 8, "utf-8", "x"},
	    {"1\0002\0003", 5, "utf-8", "123"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		struct mw_sink sink = {0};
		const char *reason = NULL;

		assert_int_equal(extract(row[i].html, row[i].n, row[i].label, &sink, &reason), 0);
		if (!sink.p || strcmp(sink.p, row[i].text) != 0)
			fail_msg("row %zu: \"%s\"", i, sink.p ? sink.p : "");
		free(sink.p);
	}
}

/* A document in the link itself is not read, and the host is told; the text of the part is there all the same. */
static void test_sealed(void **state)
{
	static const char *const html[] = {"<a href='data:text/html;base64,YWJj'>x</a>",
					   "<!-- <a href=\" Data:;charset=x;BASE64,YWJj\"> -->x"};

	(void)state;
	for (size_t i = 0; i < sizeof(html) / sizeof(*html); i++) {
		struct mw_sink sink = {0};
		const char *reason = NULL;

		assert_int_equal(extract(html[i], strlen(html[i]), "", &sink, &reason), -ENOTSUP);
		assert_string_equal(reason, "unknown-format");
		assert_string_equal(sink.p, "x");
		free(sink.p);
	}
}

static void test_limit(void **state)
{
	static const char html[] = "<p title=unseen>some text</p>";

	(void)state;
	for (size_t max = 1; max < 16; max++) {
		struct mw_sink sink = {.max = max};
		const char *reason = NULL;

		assert_int_equal(extract(html, sizeof(html) - 1, "", &sink, &reason), -EFBIG);
		assert_string_equal(reason, "limit");
		free(sink.p);
	}
}

static void extract_many(const char *piece, size_t times, const char *more)
{
	size_t n = strlen(piece), m = strlen(more);
	char *html = malloc((n + m) * times);
	struct mw_sink sink = {0};
	const char *reason = NULL;

	assert_non_null(html);
	for (size_t i = 0; i < times; i++) {
		memcpy(html + i * n, piece, n);
		memcpy(html + times * n + i * m, more, m);
	}
	assert_int_equal(extract(html, (n + m) * times, "utf-8", &sink, &reason), 0);
	free(html);
	free(sink.p);
}

/* Documents that cost a tree builder, or a careless scanner, the square of their length. */
static void test_linear(void **state)
{
	static const struct {
		const char *piece, *more;
	} row[] = {
	    {"<b>", "</i>"},
	    {"<div>", "<body>"},
	    {"<p><li><table><td>", ""},
	    {"<!--", ""},
	    {"<a b='", ""},
	    {"<a b=\"", ""},
	    {"<", ""},
	    {"&", ""},
	    {"&#1", ""},
	    {"</", ""},
	    {"<![CDATA[", ""},
	    {"<style>", ""},
	    {"<script></scrip", ""},
	    {"<script><!--<script>", ""},
	    {"<style>content:'", ""},
	    {"<td>1", ""},
	    {"</td>1", ""},
	    {"<td>", ""},
	    {"<br>", ""},
	    {"<a a ", ""},
	    {"<a href='%", ""},
	    {"<!-- > ", ""},
	    {"<pre>\n", ""},
	    {"<p title=x>", ""},
	    {"<b hidden>", ""},
	    {"<p hidden>", "</p>"},
	    {"<i style='display:none'>x</i>", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++) {
		/* What is not linear takes very long with as many; no clock is needed to see it. */
		extract_many(row[i].piece, 20000, row[i].more);
	}
	extract_many("<![CDATA[>", 500000, "");
}

static void test_old_host(void **state)
{
	struct mw_host old = *ex_host();
	struct mw_err err = {0};
	void *none = NULL;

	(void)state;
	old.size = offsetof(struct mw_host, to_utf8);
	assert_int_equal(mw_plugin_extract_html.hooks.open(&old, NULL, NULL, &none, &err), -ENOSYS);
	assert_null(none);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_layout),   cmocka_unit_test(test_tables), cmocka_unit_test(test_stray),
	    cmocka_unit_test(test_spelled),  cmocka_unit_test(test_styled), cmocka_unit_test(test_entities),
	    cmocka_unit_test(test_odd),	     cmocka_unit_test(test_hidden), cmocka_unit_test(test_styles),
	    cmocka_unit_test(test_unseen),   cmocka_unit_test(test_xhtml),  cmocka_unit_test(test_charset),
	    cmocka_unit_test(test_sealed),   cmocka_unit_test(test_limit),  cmocka_unit_test(test_linear),
	    cmocka_unit_test(test_old_host),
	};

	return cmocka_run_group_tests_name("extract-html", tests, setup, ex_teardown);
}
