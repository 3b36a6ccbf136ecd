/* SPDX-License-Identifier: Apache-2.0 */
/*
 * html_token: HTML as a browser cuts it into text and tags (WHATWG HTML, 13.2.5), without a tree and in one pass (ADR 12, ADR 44).
 * Pure over (pointer, length); whatever it returns points into what it was given. Nothing fails: a tag that does not end is dropped
 * with all behind it, as browsers do; comments, declarations and instructions are passed over.
 */
#ifndef MW_PORTAL_HTML_TOKEN_H
#define MW_PORTAL_HTML_TOKEN_H

#include "base/str.h"

#define MW_HTML_ATTRIBUTES 48u /* of one tag that are read; further ones are as if they were not there */

struct mw_html_attribute {
	struct mw_str name, value; /* as written: references are not resolved */
};

enum mw_html_kind { MW_HTML_END = 0, MW_HTML_TEXT, MW_HTML_OPEN, MW_HTML_CLOSE };

struct mw_html_token {
	enum mw_html_kind kind;
	struct mw_str text; /* the text, or the tag's name as written */
	bool slash;	    /* it ends in "/>" */
	size_t attributes;
	struct mw_html_attribute attribute[MW_HTML_ATTRIBUTES]; /* of several with one name the first counts */
};

struct mw_html_reader {
	struct mw_str s;
	size_t at;
};

enum mw_html_kind mw_html_next(struct mw_html_reader *, struct mw_html_token *ret);
/* Behind a tag whose element holds no tags (<script>, <style>, <title> …): what it holds. Goes to its end tag, or to the end. */
struct mw_str mw_html_raw(struct mw_html_reader *, struct mw_str name);
/* The value of the attribute with this name (lower case); NULL when it is not there. */
const struct mw_str *mw_html_value(const struct mw_html_token *, const char *name);

#endif
