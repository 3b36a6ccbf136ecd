/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extract-html: what a reader of an HTML part sees, and behind it what the part carries unseen: titles, alternative texts, link
 * targets, comments. libxml2's push parser calls back; nothing is kept but the text and a stack of what is open.
 */
#include <milward/plugin.h>

#include <errno.h>
#include <libxml/HTMLparser.h>
#include <stdlib.h>
#include <string.h>

#define PIECE 4096
#define HIDDEN_MAX (4u * 1024u * 1024u) /* octets of unseen text that are kept until the end */

struct state {
	const struct mw_host *host;
	struct mw_sink *sink;
	char *hidden;
	size_t hidden_n, hidden_cap;
	unsigned skip; /* open elements whose content no one reads */
	char last;     /* last octet put out, 0 at the start */
	int failed;
};

struct instance {
	const struct mw_host *host;
};

static bool is_one_of(const char *name, const char *const *list)
{
	for (; *list; list++)
		if (strcmp(name, *list) == 0)
			return true;
	return false;
}

/* Elements that a browser starts on a line of their own (HTML, rendering section). */
static const char *const lines[] = {"address", "article", "aside",  "blockquote", "body",   "br",    "caption", "center", "dd",   "div",
				    "dl",      "dt",      "fieldset", "figure",    "footer", "form",  "h1",	 "h2",	   "h3",   "h4",
				    "h5",      "h6",	  "header", "hr",	  "li",	    "main",  "nav",	 "ol",	   "option", "p",
				    "pre",     "section", "select", "table",	  "tbody",  "tfoot", "thead",	 "title",  "tr",   "ul",
				    NULL};
static const char *const cells[] = {"td", "th", NULL};
static const char *const unread[] = {"script", "style", "template", NULL};
/* Attributes that carry text or data. */
static const char *const carriers[] = {"alt", "title", "href", "src", "content", "value", "placeholder", "aria-label", "summary", "label", NULL};

static void put(struct state *s, const char *p, size_t n)
{
	if (!n || s->failed)
		return;
	s->failed = s->host->sink_text(s->sink, p, n);
	s->last = p[n - 1];
}

static void hide(struct state *s, const char *p, size_t n)
{
	if (s->failed || n > HIDDEN_MAX)
		return;
	if (s->hidden_n + n + 1 > s->hidden_cap) {
		size_t cap = (s->hidden_cap + n + 1) * 2;
		char *more = realloc(s->hidden, cap);

		if (!more) {
			s->failed = -ENOMEM;
			return;
		}
		s->hidden = more;
		s->hidden_cap = cap;
	}
	memcpy(s->hidden + s->hidden_n, p, n);
	s->hidden_n += n;
	s->hidden[s->hidden_n++] = '\n';
	if (s->hidden_n > HIDDEN_MAX) /* more than a person writes: the limit is named, not swallowed */
		s->failed = -EFBIG;
}

static void break_line(struct state *s)
{
	if (s->last && s->last != '\n')
		put(s, "\n", 1);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

/* Runs of white space are one blank, as a browser shows them. */
static void on_text(void *ctx, const xmlChar *text, int length)
{
	struct state *s = ctx;
	const char *p = (const char *)text;
	size_t n = length > 0 ? (size_t)length : 0, from = 0;

	if (s->skip)
		return;
	for (size_t i = 0; i < n; i++) {
		if (!is_blank(p[i]))
			continue;
		put(s, p + from, i - from);
		from = i + 1;
		if (s->last && s->last != ' ' && s->last != '\n' && s->last != '\t')
			put(s, " ", 1);
	}
	put(s, p + from, n - from);
}

static void on_start(void *ctx, const xmlChar *element, const xmlChar **attribute)
{
	struct state *s = ctx;
	const char *name = (const char *)element;

	if (is_one_of(name, unread))
		s->skip++;
	else if (is_one_of(name, lines))
		break_line(s);
	else if (is_one_of(name, cells) && s->last && s->last != '\n')
		put(s, "\t", 1);
	for (; attribute && attribute[0]; attribute += 2)
		if (attribute[1] && is_one_of((const char *)attribute[0], carriers))
			hide(s, (const char *)attribute[1], strlen((const char *)attribute[1]));
}

static void on_end(void *ctx, const xmlChar *element)
{
	struct state *s = ctx;
	const char *name = (const char *)element;

	if (is_one_of(name, unread) && s->skip)
		s->skip--;
	else if (is_one_of(name, lines))
		break_line(s);
}

static void on_comment(void *ctx, const xmlChar *text)
{
	hide(ctx, (const char *)text, strlen((const char *)text));
}

static int parse(struct state *s, struct mw_str data, const char *charset)
{
	htmlSAXHandler sax = {.startElement = on_start,
			      .endElement = on_end,
			      .characters = on_text,
			      .cdataBlock = on_text,
			      .ignorableWhitespace = on_text,
			      .comment = on_comment};
	xmlCharEncoding encoding = *charset ? xmlParseCharEncoding(charset) : XML_CHAR_ENCODING_NONE;
	htmlParserCtxtPtr parser;

	if (encoding == XML_CHAR_ENCODING_ERROR)
		encoding = XML_CHAR_ENCODING_NONE;
	parser = htmlCreatePushParserCtxt(&sax, s, NULL, 0, NULL, encoding);
	if (!parser)
		return -ENOMEM;
	(void)htmlCtxtUseOptions(parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET);
	for (size_t at = 0; at < data.n && !s->failed; at += PIECE) {
		size_t n = data.n - at < PIECE ? data.n - at : PIECE;

		(void)htmlParseChunk(parser, data.p + at, (int)n, 0); /* what is broken is recovered from */
	}
	(void)htmlParseChunk(parser, NULL, 0, 1);
	if (parser->myDoc)
		xmlFreeDoc(parser->myDoc);
	htmlFreeParserCtxt(parser);
	return s->failed;
}

static int extract(void *inst, struct mw_str data, const char *type, const char *charset, struct mw_sink *sink, const char **reason,
		   struct mw_err *err)
{
	const struct instance *self = inst;
	struct state s = {.host = self->host, .sink = sink};
	int r = parse(&s, data, charset);

	(void)type;
	if (r == 0 && s.hidden_n) {
		break_line(&s);
		put(&s, s.hidden, s.hidden_n);
		r = s.failed;
	}
	free(s.hidden);
	if (r == -EFBIG)
		*reason = "limit";
	else if (r < 0)
		*reason = "damaged";
	return r < 0 ? self->host->fail(err, r, "HTML could not be read to its end") : 0;
}

static int open_module(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct instance *i = calloc(1, sizeof(*i));

	(void)self;
	(void)conf;
	if (!i)
		return host->fail(err, -ENOMEM, "out of memory");
	xmlInitParser(); /* once, before threads use it */
	i->host = host;
	*inst = i;
	return 0;
}

static const char *const types[] = {"text/html", "application/xhtml+xml", NULL};

MW_PLUGIN(extract_html, "extract-html", .kind = MW_KIND_EXTRACTOR, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "text of HTML parts: what is seen, then what is hidden", .types = types,
	  .hooks = {.open = open_module, .close = free, .extract = extract});
