/* SPDX-License-Identifier: Apache-2.0 */
#include "clean.h"

#include "html_element.h"
#include "html_link.h"
#include "html_style.h"
#include "html_text.h"
#include "html_token.h"

#include <string.h>

#define AGAIN_MAX 1024u /* octets of tags that are written once more when one that is older ends */

struct open {
	const struct mw_html_element *element;
	size_t tag, tag_n; /* where its start tag stands in out */
};

struct clean {
	const struct mw_clean_site *site;
	struct mw_html_reader reader;
	struct mw_html_token token;
	struct mw_buf *out;
	struct mw_clean_found found;
	size_t limit; /* of out->n */
	struct open open[MW_CLEAN_DEPTH];
	size_t depth, deeper;		    /* deeper: elements that are open and lost their tags for it */
	const struct mw_html_element *gone; /* within this one nothing is shown */
	size_t gone_depth;
	struct mw_buf value, style, url; /* of the tag that is written */
	bool failed;			 /* one of these did, before it was cleared */
};

static const char *written_as(const struct mw_html_element *e)
{
	return e->as ? e->as : e->name;
}

/* ---- open elements -------------------------------------------------------------------------------------------------------------- */

static void pop(struct clean *c)
{
	mw_buf_puts(c->out, "</");
	mw_buf_puts(c->out, written_as(c->open[--c->depth].element));
	mw_buf_putc(c->out, '>');
}

static void pop_to(struct clean *c, size_t depth)
{
	while (c->depth > depth)
		pop(c);
}

/* Depth of the innermost element of these groups that is not outside of one of the others; MW_CLEAN_DEPTH = there is none. */
static size_t find_group(const struct clean *c, unsigned groups, unsigned within)
{
	for (size_t i = c->depth; i-- > 0;) {
		if (c->open[i].element->group & groups)
			return i;
		if (c->open[i].element->group & within)
			break;
	}
	return MW_CLEAN_DEPTH;
}

static void end_group(struct clean *c, unsigned groups, unsigned within)
{
	for (size_t i; (i = find_group(c, groups, within)) < MW_CLEAN_DEPTH;)
		pop_to(c, i);
}

/* What ends because this element begins. */
static void end_implied(struct clean *c, const struct mw_html_element *e)
{
	const unsigned cells = MW_HTML_CELL | MW_HTML_TABLE | MW_HTML_CAPTION;

	if (e->group & MW_HTML_LI)
		end_group(c, MW_HTML_LI, MW_HTML_LIST | cells);
	else if (e->group & MW_HTML_DD)
		end_group(c, MW_HTML_DD, MW_HTML_DL | cells);
	else if (e->group & MW_HTML_CELL)
		end_group(c, MW_HTML_CELL | MW_HTML_CAPTION, MW_HTML_ROW | MW_HTML_TABLE);
	else if (e->group & MW_HTML_ROW)
		end_group(c, MW_HTML_ROW | MW_HTML_CAPTION, MW_HTML_TABLE);
	else if (e->group & (MW_HTML_ROWS | MW_HTML_CAPTION))
		end_group(c, MW_HTML_ROWS | MW_HTML_ROW | MW_HTML_CAPTION, MW_HTML_TABLE);
	else if (e->group & MW_HTML_LINK)
		end_group(c, MW_HTML_LINK, cells);
	else if (e->group & MW_HTML_RUBY)
		end_group(c, MW_HTML_RUBY, cells);
	if (e->is & MW_HTML_BLOCK)
		end_group(c, MW_HTML_P, cells);
}

static void clear(struct clean *c, struct mw_buf *b)
{
	c->failed = c->failed || !mw_buf_ok(b);
	mw_buf_clear(b);
}

/* ---- attributes: each appends to out what may stay ------------------------------------------------------------------------------- */

static struct mw_str of(const struct mw_buf *b)
{
	return (struct mw_str){.p = mw_buf_text(b), .n = b->n};
}

static void put_attribute(struct clean *c, const char *name, struct mw_str value)
{
	mw_buf_putc(c->out, ' ');
	mw_buf_puts(c->out, name);
	mw_buf_puts(c->out, "=\"");
	mw_html_escape(c->out, value);
	mw_buf_putc(c->out, '"');
}

/* Of an attribute of the allow list. `html`: as written, with references. */
static void put_named(struct clean *c, struct mw_str name, struct mw_str html)
{
	mw_buf_putc(c->out, ' ');
	for (size_t i = 0; i < name.n; i++)
		mw_buf_putc(c->out, mw_lower(name.p[i]));
	mw_buf_puts(c->out, "=\"");
	mw_html_text(c->out, html);
	mw_buf_putc(c->out, '"');
}

static void add_style(struct clean *c, struct mw_str value)
{
	size_t before = c->style.n;

	if (before)
		mw_buf_putc(&c->style, ';');
	c->found.pictures += mw_html_style(value, &c->style);
	if (c->style.n == before + 1)
		mw_buf_cut(&c->style, before);
}

static void add_colour(struct clean *c, const char *property, struct mw_str value)
{
	if (!mw_html_fits(MW_HTML_COLOR, value))
		return;
	clear(c, &c->url);
	mw_buf_puts(&c->url, property);
	mw_buf_add(&c->url, value.p, value.n);
	add_style(c, of(&c->url));
}

static void put_link(struct clean *c, struct mw_str value)
{
	clear(c, &c->url);
	if (!mw_html_link(value, &c->url))
		return;
	put_attribute(c, "href", of(&c->url));
	mw_buf_puts(c->out, " target=\"_blank\" rel=\"noopener noreferrer nofollow\"");
}

static void put_value(struct clean *c, const struct mw_html_element *e, const struct mw_html_attribute *a)
{
	enum mw_html_value kind = mw_html_attribute(e, a->name);
	struct mw_str value;

	if (kind == MW_HTML_NO || kind == MW_HTML_SRC)
		return;
	clear(c, &c->value);
	mw_html_resolve(&c->value, a->value);
	value = of(&c->value);
	if (kind == MW_HTML_STYLE)
		add_style(c, value);
	else if (kind == MW_HTML_BACK)
		add_colour(c, "background-color:", value);
	else if (kind == MW_HTML_FRONT)
		add_colour(c, "color:", value);
	else if (kind == MW_HTML_AWAY)
		c->found.pictures++;
	else if (kind == MW_HTML_HREF)
		put_link(c, value);
	else if (kind == MW_HTML_FLAG)
		put_named(c, a->name, MW_STR_LIT(""));
	else if (kind == MW_HTML_ANY || mw_html_fits(kind, value))
		put_named(c, a->name, a->value);
}

/* The address of a picture of the message, to url. */
static bool find_picture(struct clean *c, struct mw_str value, struct mw_buf *url)
{
	struct mw_buf cid = MW_BUF_INIT;
	bool found = false;

	if (mw_html_cid(value, &cid))
		found = c->site->picture && c->site->picture(c->site->ctx, of(&cid), url) && url->n;
	else
		found = mw_html_data_picture(value, url);
	if (!mw_buf_ok(&cid))
		url->failed = true;
	mw_buf_free(&cid);
	return found;
}

/* src of <img>; *shown: there is a picture. false: nothing is left of the element. */
static bool put_picture(struct clean *c, bool *shown)
{
	const struct mw_str *src = mw_html_value(&c->token, "src"), *alt = mw_html_value(&c->token, "alt");

	clear(c, &c->value);
	clear(c, &c->url);
	if (src)
		mw_html_resolve(&c->value, *src);
	*shown = src && find_picture(c, of(&c->value), &c->url);
	if (*shown)
		put_attribute(c, "src", of(&c->url));
	else
		c->found.pictures += src != NULL || mw_html_value(&c->token, "srcset");
	clear(c, &c->value);
	if (alt)
		mw_html_resolve(&c->value, *alt);
	return *shown || c->value.n;
}

/* ---- tags ------------------------------------------------------------------------------------------------------------------------ */

/* Writes the start tag. false: nothing was written. */
static bool put_tag(struct clean *c, const struct mw_html_element *e)
{
	size_t start = c->out->n;
	bool is_picture = strcmp(e->name, "img") == 0, shown = false;

	clear(c, &c->style);
	mw_buf_putc(c->out, '<');
	mw_buf_puts(c->out, written_as(e));
	if (is_picture && !put_picture(c, &shown)) {
		mw_buf_cut(c->out, start);
		return false;
	}
	for (size_t i = 0; i < c->token.attributes; i++)
		if (!is_picture || shown || mw_str_caseeq(c->token.attribute[i].name, "alt"))
			put_value(c, e, &c->token.attribute[i]);
	if (c->style.n)
		put_attribute(c, "style", of(&c->style));
	mw_buf_putc(c->out, '>');
	return true;
}

static void put_start(struct clean *c, const struct mw_html_element *e)
{
	const unsigned in_table = MW_HTML_CELL | MW_HTML_ROW | MW_HTML_ROWS | MW_HTML_CAPTION;
	size_t start;

	if ((e->group & in_table) && find_group(c, MW_HTML_TABLE, 0) == MW_CLEAN_DEPTH)
		return;
	end_implied(c, e);
	if (c->depth == MW_CLEAN_DEPTH && !(e->is & MW_HTML_VOID)) {
		c->deeper++;
		return;
	}
	start = c->out->n;
	if (put_tag(c, e) && !(e->is & MW_HTML_VOID))
		c->open[c->depth++] = (struct open){.element = e, .tag = start, .tag_n = c->out->n - start};
}

/* The element at `at` ends, within blocks that go on: they are closed, and begun again behind it. */
static void end_within(struct clean *c, size_t at)
{
	struct open again[MW_CLEAN_DEPTH];
	size_t n = c->depth - at - 1, octets = 0;

	memcpy(again, &c->open[at + 1], n * sizeof(*again));
	for (size_t i = 0; i < n; i++)
		octets += again[i].tag_n;
	if (octets > AGAIN_MAX)
		return;
	pop_to(c, at);
	mw_buf_reserve(c->out, octets);
	for (size_t i = 0; i < n && mw_buf_ok(c->out); i++) {
		c->open[c->depth] = again[i];
		c->open[c->depth++].tag = c->out->n;
		mw_buf_add(c->out, c->out->p + again[i].tag, again[i].tag_n);
	}
}

static void put_end(struct clean *c, const struct mw_html_element *e)
{
	const unsigned part = MW_HTML_CELL | MW_HTML_ROW | MW_HTML_ROWS | MW_HTML_CAPTION;
	unsigned within = e->group & MW_HTML_TABLE ? 0
			  : e->group & part	   ? MW_HTML_TABLE
						   : MW_HTML_TABLE | MW_HTML_CELL | MW_HTML_CAPTION;
	bool blocks = false;

	if (c->deeper) {
		c->deeper--;
		return;
	}
	for (size_t i = c->depth; i-- > 0;) {
		if (c->open[i].element == e) {
			if (blocks && (e->is & MW_HTML_FORMAT))
				end_within(c, i);
			else if (!blocks || (e->is & MW_HTML_BLOCK))
				pop_to(c, i);
			return;
		}
		if (c->open[i].element->group & within)
			return;
		blocks = blocks || (c->open[i].element->is & MW_HTML_BLOCK);
	}
}

/* ---- what is not shown ------------------------------------------------------------------------------------------------------------ */

/* In a drawing: does this element end it, as the standard has it for what only HTML knows? */
static bool ends_drawing(const struct clean *c, const struct mw_html_element *e)
{
	return (c->gone->is & MW_HTML_DRAWING) && e && (e->is & MW_HTML_KEPT) && !(e->group & MW_HTML_LINK) &&
	       strcmp(e->name, "font") != 0;
}

/* Follows the element that is not shown to its end. */
static void follow_gone(struct clean *c, const struct mw_html_element *e)
{
	if (e == c->gone && !(c->token.slash && (e->is & MW_HTML_DRAWING)))
		c->gone_depth += c->token.kind == MW_HTML_OPEN ? 1 : (size_t)-1;
	else if (c->token.kind == MW_HTML_OPEN && e && (e->is & MW_HTML_RAW) && !(c->gone->is & MW_HTML_DRAWING))
		(void)mw_html_raw(&c->reader, c->token.text);
	if (c->gone_depth == 0)
		c->gone = NULL;
}

/* What of a text is within the limit, without half a character. */
static struct mw_str within_limit(struct clean *c, struct mw_str text)
{
	if (text.n <= c->limit - c->out->n)
		return text;
	c->found.cut = true;
	text.n = c->limit - c->out->n;
	while (text.n && ((unsigned char)text.p[text.n] & 0xc0) == 0x80)
		text.n--;
	return text;
}

static void put_raw(struct clean *c, const struct mw_html_element *e)
{
	static const struct mw_str pre = MW_STR_LIT("pre");
	struct mw_str text = mw_html_raw(&c->reader, c->token.text);

	if (!(e->is & MW_HTML_SHOWN))
		return;
	text = within_limit(c, text);
	c->token.attributes = 0;
	put_start(c, mw_html_element(pre));
	if (strcmp(e->name, "xmp") == 0)
		mw_html_escape(c->out, text);
	else
		mw_html_text(c->out, text);
	put_end(c, mw_html_element(pre));
}

static void on_start(struct clean *c, const struct mw_html_element *e)
{
	if (c->gone && ends_drawing(c, e))
		c->gone = NULL;
	if (c->gone) {
		follow_gone(c, e);
		return;
	}
	if (!e)
		return;
	if ((e->is & MW_HTML_OUTSIDE) &&
	    (mw_html_value(&c->token, "src") || mw_html_value(&c->token, "data") || mw_html_value(&c->token, "code")))
		c->found.others++;
	if (e->is & MW_HTML_RAW) {
		put_raw(c, e);
	} else if (e->is & MW_HTML_GONE) {
		if (c->token.slash && (e->is & MW_HTML_DRAWING))
			return;
		c->gone = e;
		c->gone_depth = 1;
	} else if (e->is & MW_HTML_KEPT) {
		put_start(c, e);
	}
}

static void on_end(struct clean *c, const struct mw_html_element *e)
{
	if (c->gone)
		follow_gone(c, e);
	else if (e && (e->is & MW_HTML_KEPT) && !(e->is & MW_HTML_VOID))
		put_end(c, e);
	else if (e && strcmp(e->name, "br") == 0)
		mw_buf_puts(c->out, "<br>"); /* "</br>" is one */
}

static void run(struct clean *c)
{
	while (mw_html_next(&c->reader, &c->token) != MW_HTML_END && mw_buf_ok(c->out)) {
		if (c->out->n >= c->limit) {
			c->found.cut = true;
			break;
		}
		if (c->token.kind == MW_HTML_OPEN)
			on_start(c, mw_html_element(c->token.text));
		else if (c->token.kind == MW_HTML_CLOSE)
			on_end(c, mw_html_element(c->token.text));
		else if (!c->gone)
			mw_html_text(c->out, within_limit(c, c->token.text));
	}
	pop_to(c, 0);
}

int mw_clean_html(struct mw_str html, const struct mw_clean_site *site, struct mw_buf *out, struct mw_clean_found *ret,
		  struct mw_err *err)
{
	struct clean c = {.site = site, .reader = {.s = html}, .out = out, .limit = out->n + site->max};
	bool ok;

	run(&c);
	ok = !c.failed && mw_buf_ok(out) && mw_buf_ok(&c.value) && mw_buf_ok(&c.style) && mw_buf_ok(&c.url);
	mw_buf_free(&c.value);
	mw_buf_free(&c.style);
	mw_buf_free(&c.url);
	if (!ok)
		return mw_fail_memory(err);
	*ret = c.found;
	return 0;
}
