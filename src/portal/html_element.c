/* SPDX-License-Identifier: Apache-2.0 */
#include "html_element.h"

#include <stdlib.h>
#include <string.h>

#define WORD_MAX 32u /* octets of a value that is no text */

/* Sorted by name. */
/* clang-format off */
static const struct mw_html_element elements[] = {
    {"a", MW_HTML_KEPT | MW_HTML_FORMAT, MW_HTML_LINK, NULL},
    {"abbr", MW_HTML_KEPT, 0, NULL},
    {"acronym", MW_HTML_KEPT, 0, NULL},
    {"address", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"applet", MW_HTML_OUTSIDE, 0, NULL},
    {"area", MW_HTML_VOID, 0, NULL},
    {"article", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"aside", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"audio", MW_HTML_OUTSIDE, 0, NULL},
    {"b", MW_HTML_KEPT | MW_HTML_FORMAT, 0, NULL},
    {"base", MW_HTML_VOID, 0, NULL},
    {"basefont", MW_HTML_VOID, 0, NULL},
    {"bdi", MW_HTML_KEPT, 0, NULL},
    {"bdo", MW_HTML_KEPT, 0, NULL},
    {"bgsound", MW_HTML_VOID, 0, NULL},
    {"big", MW_HTML_KEPT | MW_HTML_FORMAT, 0, NULL},
    {"blockquote", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"body", MW_HTML_KEPT | MW_HTML_BLOCK, 0, "div"},
    {"br", MW_HTML_KEPT | MW_HTML_VOID, 0, NULL},
    {"caption", MW_HTML_KEPT | MW_HTML_BLOCK, MW_HTML_CAPTION, NULL},
    {"center", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"cite", MW_HTML_KEPT, 0, NULL},
    {"code", MW_HTML_KEPT | MW_HTML_FORMAT, 0, NULL},
    {"col", MW_HTML_KEPT | MW_HTML_VOID, 0, NULL},
    {"colgroup", MW_HTML_KEPT | MW_HTML_BLOCK, MW_HTML_CAPTION, NULL},
    {"datalist", MW_HTML_GONE, 0, NULL},
    {"dd", MW_HTML_KEPT | MW_HTML_BLOCK, MW_HTML_DD, NULL},
    {"del", MW_HTML_KEPT, 0, NULL},
    {"details", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"dfn", MW_HTML_KEPT, 0, NULL},
    {"dir", MW_HTML_KEPT | MW_HTML_BLOCK, MW_HTML_LIST, NULL},
    {"div", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"dl", MW_HTML_KEPT | MW_HTML_BLOCK, MW_HTML_DL, NULL},
    {"dt", MW_HTML_KEPT | MW_HTML_BLOCK, MW_HTML_DD, NULL},
    {"em", MW_HTML_KEPT | MW_HTML_FORMAT, 0, NULL},
    {"embed", MW_HTML_VOID | MW_HTML_OUTSIDE, 0, NULL},
    {"figcaption", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"figure", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"font", MW_HTML_KEPT | MW_HTML_FORMAT, 0, NULL},
    {"footer", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"frame", MW_HTML_VOID | MW_HTML_OUTSIDE, 0, NULL},
    {"h1", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"h2", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"h3", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"h4", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"h5", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"h6", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"header", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"hr", MW_HTML_KEPT | MW_HTML_BLOCK | MW_HTML_VOID, 0, NULL},
    {"i", MW_HTML_KEPT | MW_HTML_FORMAT, 0, NULL},
    {"iframe", MW_HTML_GONE | MW_HTML_RAW | MW_HTML_OUTSIDE, 0, NULL},
    {"img", MW_HTML_KEPT | MW_HTML_VOID, 0, NULL},
    {"input", MW_HTML_VOID, 0, NULL},
    {"ins", MW_HTML_KEPT, 0, NULL},
    {"kbd", MW_HTML_KEPT, 0, NULL},
    {"keygen", MW_HTML_VOID, 0, NULL},
    {"li", MW_HTML_KEPT | MW_HTML_BLOCK, MW_HTML_LI, NULL},
    {"link", MW_HTML_VOID, 0, NULL},
    {"listing", MW_HTML_KEPT | MW_HTML_BLOCK, 0, "pre"},
    {"main", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"mark", MW_HTML_KEPT, 0, NULL},
    {"math", MW_HTML_GONE | MW_HTML_DRAWING, 0, NULL},
    {"meta", MW_HTML_VOID, 0, NULL},
    {"nav", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"noembed", MW_HTML_GONE | MW_HTML_RAW, 0, NULL},
    {"noframes", MW_HTML_GONE | MW_HTML_RAW, 0, NULL},
    {"object", MW_HTML_OUTSIDE, 0, NULL},
    {"ol", MW_HTML_KEPT | MW_HTML_BLOCK, MW_HTML_LIST, NULL},
    {"p", MW_HTML_KEPT | MW_HTML_BLOCK, MW_HTML_P, NULL},
    {"param", MW_HTML_VOID, 0, NULL},
    {"pre", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"q", MW_HTML_KEPT, 0, NULL},
    {"rp", MW_HTML_KEPT, MW_HTML_RUBY, NULL},
    {"rt", MW_HTML_KEPT, MW_HTML_RUBY, NULL},
    {"ruby", MW_HTML_KEPT, 0, NULL},
    {"s", MW_HTML_KEPT | MW_HTML_FORMAT, 0, NULL},
    {"samp", MW_HTML_KEPT, 0, NULL},
    {"script", MW_HTML_GONE | MW_HTML_RAW, 0, NULL},
    {"section", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"small", MW_HTML_KEPT | MW_HTML_FORMAT, 0, NULL},
    {"source", MW_HTML_VOID, 0, NULL},
    {"span", MW_HTML_KEPT, 0, NULL},
    {"strike", MW_HTML_KEPT | MW_HTML_FORMAT, 0, NULL},
    {"strong", MW_HTML_KEPT | MW_HTML_FORMAT, 0, NULL},
    {"style", MW_HTML_GONE | MW_HTML_RAW, 0, NULL},
    {"sub", MW_HTML_KEPT, 0, NULL},
    {"summary", MW_HTML_KEPT | MW_HTML_BLOCK, 0, NULL},
    {"sup", MW_HTML_KEPT, 0, NULL},
    {"svg", MW_HTML_GONE | MW_HTML_DRAWING, 0, NULL},
    {"table", MW_HTML_KEPT | MW_HTML_BLOCK, MW_HTML_TABLE, NULL},
    {"tbody", MW_HTML_KEPT | MW_HTML_BLOCK, MW_HTML_ROWS, NULL},
    {"td", MW_HTML_KEPT | MW_HTML_BLOCK, MW_HTML_CELL, NULL},
    {"template", MW_HTML_GONE, 0, NULL},
    {"textarea", MW_HTML_SHOWN | MW_HTML_RAW, 0, NULL},
    {"tfoot", MW_HTML_KEPT | MW_HTML_BLOCK, MW_HTML_ROWS, NULL},
    {"th", MW_HTML_KEPT | MW_HTML_BLOCK, MW_HTML_CELL, NULL},
    {"thead", MW_HTML_KEPT | MW_HTML_BLOCK, MW_HTML_ROWS, NULL},
    {"time", MW_HTML_KEPT, 0, NULL},
    {"title", MW_HTML_GONE | MW_HTML_RAW, 0, NULL},
    {"tr", MW_HTML_KEPT | MW_HTML_BLOCK, MW_HTML_ROW, NULL},
    {"track", MW_HTML_VOID, 0, NULL},
    {"tt", MW_HTML_KEPT | MW_HTML_FORMAT, 0, NULL},
    {"u", MW_HTML_KEPT | MW_HTML_FORMAT, 0, NULL},
    {"ul", MW_HTML_KEPT | MW_HTML_BLOCK, MW_HTML_LIST, NULL},
    {"var", MW_HTML_KEPT, 0, NULL},
    {"video", MW_HTML_OUTSIDE, 0, NULL},
    {"wbr", MW_HTML_KEPT | MW_HTML_VOID, 0, NULL},
    {"xmp", MW_HTML_SHOWN | MW_HTML_RAW, 0, NULL},
};

/* Sorted by element; "" is any. */
static const struct {
	const char *element, *name;
	enum mw_html_value value;
} attributes[] = {
    {"", "align", MW_HTML_WORD},
    {"", "dir", MW_HTML_WORD},
    {"", "lang", MW_HTML_WORD},
    {"", "style", MW_HTML_STYLE},
    {"", "title", MW_HTML_ANY},
    {"a", "href", MW_HTML_HREF},
    {"body", "background", MW_HTML_AWAY},
    {"body", "bgcolor", MW_HTML_BACK},
    {"body", "text", MW_HTML_FRONT},
    {"br", "clear", MW_HTML_WORD},
    {"col", "span", MW_HTML_NUMBER},
    {"col", "width", MW_HTML_NUMBER},
    {"colgroup", "span", MW_HTML_NUMBER},
    {"colgroup", "width", MW_HTML_NUMBER},
    {"del", "datetime", MW_HTML_TIME},
    {"details", "open", MW_HTML_FLAG},
    {"font", "color", MW_HTML_COLOR},
    {"font", "face", MW_HTML_ANY},
    {"font", "size", MW_HTML_TIME},
    {"hr", "color", MW_HTML_COLOR},
    {"hr", "noshade", MW_HTML_FLAG},
    {"hr", "size", MW_HTML_NUMBER},
    {"hr", "width", MW_HTML_NUMBER},
    {"img", "alt", MW_HTML_ANY},
    {"img", "border", MW_HTML_NUMBER},
    {"img", "height", MW_HTML_NUMBER},
    {"img", "hspace", MW_HTML_NUMBER},
    {"img", "src", MW_HTML_SRC},
    {"img", "vspace", MW_HTML_NUMBER},
    {"img", "width", MW_HTML_NUMBER},
    {"ins", "datetime", MW_HTML_TIME},
    {"li", "type", MW_HTML_WORD},
    {"li", "value", MW_HTML_NUMBER},
    {"ol", "reversed", MW_HTML_FLAG},
    {"ol", "start", MW_HTML_NUMBER},
    {"ol", "type", MW_HTML_WORD},
    {"table", "background", MW_HTML_AWAY},
    {"table", "bgcolor", MW_HTML_COLOR},
    {"table", "border", MW_HTML_NUMBER},
    {"table", "cellpadding", MW_HTML_NUMBER},
    {"table", "cellspacing", MW_HTML_NUMBER},
    {"table", "height", MW_HTML_NUMBER},
    {"table", "summary", MW_HTML_ANY},
    {"table", "width", MW_HTML_NUMBER},
    {"tbody", "valign", MW_HTML_WORD},
    {"td", "abbr", MW_HTML_ANY},
    {"td", "background", MW_HTML_AWAY},
    {"td", "bgcolor", MW_HTML_COLOR},
    {"td", "colspan", MW_HTML_NUMBER},
    {"td", "height", MW_HTML_NUMBER},
    {"td", "nowrap", MW_HTML_FLAG},
    {"td", "rowspan", MW_HTML_NUMBER},
    {"td", "valign", MW_HTML_WORD},
    {"td", "width", MW_HTML_NUMBER},
    {"th", "abbr", MW_HTML_ANY},
    {"th", "background", MW_HTML_AWAY},
    {"th", "bgcolor", MW_HTML_COLOR},
    {"th", "colspan", MW_HTML_NUMBER},
    {"th", "height", MW_HTML_NUMBER},
    {"th", "nowrap", MW_HTML_FLAG},
    {"th", "rowspan", MW_HTML_NUMBER},
    {"th", "scope", MW_HTML_WORD},
    {"th", "valign", MW_HTML_WORD},
    {"th", "width", MW_HTML_NUMBER},
    {"time", "datetime", MW_HTML_TIME},
    {"tr", "background", MW_HTML_AWAY},
    {"tr", "bgcolor", MW_HTML_COLOR},
    {"tr", "height", MW_HTML_NUMBER},
    {"tr", "valign", MW_HTML_WORD},
    {"ul", "type", MW_HTML_WORD},
};
/* clang-format on */

static int compare(const void *key, const void *row)
{
	return strcmp(key, ((const struct mw_html_element *)row)->name);
}

const struct mw_html_element *mw_html_element(struct mw_str name)
{
	char lower[16];

	if (name.n == 0 || name.n >= sizeof(lower))
		return NULL;
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '\0')
			return NULL;
		lower[i] = mw_lower(name.p[i]);
	}
	lower[name.n] = '\0';
	return bsearch(lower, elements, sizeof(elements) / sizeof(*elements), sizeof(*elements), compare);
}

enum mw_html_value mw_html_attribute(const struct mw_html_element *e, struct mw_str name)
{
	for (size_t i = 0; i < sizeof(attributes) / sizeof(*attributes); i++)
		if ((!*attributes[i].element || strcmp(attributes[i].element, e->name) == 0) &&
		    mw_str_caseeq(name, attributes[i].name))
			return attributes[i].value;
	return MW_HTML_NO;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_wordly(char c)
{
	return is_digit(c) || (mw_lower(c) >= 'a' && mw_lower(c) <= 'z');
}

static bool is_number(struct mw_str s)
{
	size_t i = 0;

	while (i < s.n && is_digit(s.p[i]))
		i++;
	return i > 0 && i <= 4 && (i == s.n || (i + 1 == s.n && s.p[i] == '%'));
}

bool mw_html_fits(enum mw_html_value kind, struct mw_str s)
{
	if (s.n == 0 || s.n > WORD_MAX)
		return false;
	if (kind == MW_HTML_NUMBER)
		return is_number(s);
	if (kind == MW_HTML_COLOR && s.p[0] == '#')
		s = mw_str_behind(s, 1);
	for (size_t i = 0; i < s.n; i++)
		if (!is_wordly(s.p[i]) && !(kind == MW_HTML_WORD && s.p[i] == '-') &&
		    !(kind == MW_HTML_TIME && s.p[i] && strchr(":.+- ", s.p[i])))
			return false;
	return s.n > 0;
}
