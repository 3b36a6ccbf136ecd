/* SPDX-License-Identifier: Apache-2.0 */
/* html_element: what the sanitiser (clean.h) knows of the elements of HTML and of their attributes: the allow list. */
#ifndef MW_PORTAL_HTML_ELEMENT_H
#define MW_PORTAL_HTML_ELEMENT_H

#include "base/str.h"

enum mw_html_is {
	/* What becomes of it. None of these: its tags go, what it holds stays. */
	MW_HTML_KEPT = 0x1,
	MW_HTML_GONE = 0x2,    /* with all that it holds */
	MW_HTML_SHOWN = 0x4,   /* it holds text and no tags: that is shown as <pre> */
	MW_HTML_DRAWING = 0x8, /* GONE, and another language until HTML begins in it */
	/* How it is read. */
	MW_HTML_VOID = 0x10, /* it has no end tag */
	MW_HTML_RAW = 0x20,  /* it holds no tags */
	MW_HTML_BLOCK = 0x40,
	MW_HTML_FORMAT = 0x80,	 /* may end within blocks that go on */
	MW_HTML_OUTSIDE = 0x100, /* it shows what is not in the message */
};

/* Which elements end which others without a tag. */
enum mw_html_group {
	MW_HTML_P = 0x1,
	MW_HTML_LI = 0x2,
	MW_HTML_LIST = 0x4,
	MW_HTML_DD = 0x8,
	MW_HTML_DL = 0x10,
	MW_HTML_CELL = 0x20,
	MW_HTML_ROW = 0x40,
	MW_HTML_ROWS = 0x80,
	MW_HTML_CAPTION = 0x100,
	MW_HTML_TABLE = 0x200,
	MW_HTML_LINK = 0x400,
	MW_HTML_RUBY = 0x800,
};

struct mw_html_element {
	const char *name;
	unsigned is;	/* enum mw_html_is */
	unsigned group; /* enum mw_html_group */
	const char *as; /* the element that it becomes; NULL: as it is */
};

/* What a value has to be. */
enum mw_html_value {
	MW_HTML_NO = 0,
	MW_HTML_ANY,	/* text */
	MW_HTML_FLAG,	/* is written without a value */
	MW_HTML_NUMBER, /* digits, "%" behind them or not */
	MW_HTML_WORD,	/* letters, digits and "-" */
	MW_HTML_COLOR,	/* a word, "#" before it or not */
	MW_HTML_TIME,	/* digits and letters, and ":", ".", "+", "-", blank */
	MW_HTML_STYLE,
	MW_HTML_HREF,
	MW_HTML_SRC,
	MW_HTML_BACK,  /* a colour that becomes a style: of the page, */
	MW_HTML_FRONT, /* and of its text */
	MW_HTML_AWAY,  /* a picture behind the element: none is shown */
};

/* NULL: nobody knows it. */
const struct mw_html_element *mw_html_element(struct mw_str name);
/* What the attribute of this element has to be; NO: it goes. */
enum mw_html_value mw_html_attribute(const struct mw_html_element *, struct mw_str name);
/* Does the value, resolved, say what it has to? Of NUMBER, WORD, COLOR and TIME. */
bool mw_html_fits(enum mw_html_value, struct mw_str value);

#endif
