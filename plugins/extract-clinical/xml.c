/* SPDX-License-Identifier: Apache-2.0 */
#include "xml.h"

#include <errno.h>
#include <libxml/parser.h>
#include <string.h>

#define PIECE 65536u

struct xml {
	const struct xml_events *events;
	void *ctx;
	size_t depth, deepest;
	xmlParserCtxtPtr parser;
	bool deep;
};

static struct mw_str name_of(const xmlChar *s)
{
	return str(s ? (const char *)s : "");
}

static void on_open(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int nsn, const xmlChar **ns, int n,
		    int defaulted, const xmlChar **attributes)
{
	struct xml *x = ctx;
	struct xml_element e = {.name = name_of(name), .ns = name_of(uri)};

	(void)prefix;
	(void)nsn;
	(void)ns;
	(void)defaulted;
	if (++x->depth > XML_DEPTH) {
		x->deep = true;
		xmlStopParser(x->parser);
		return;
	}
	for (int i = 0; i < n && e.n < XML_ATTRIBUTES; i++) {
		const xmlChar **a = attributes + (size_t)i * 5;

		e.attribute[e.n++] = (struct xml_attribute){
		    .name = name_of(a[0]), .value = {.p = (const char *)a[3], .n = a[4] > a[3] ? (size_t)(a[4] - a[3]) : 0}};
	}
	x->events->open(x->ctx, &e);
	if (x->events->over(x->ctx))
		xmlStopParser(x->parser);
}

static void on_close(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct xml *x = ctx;

	(void)prefix;
	(void)uri;
	if (x->depth == 0)
		return;
	if (x->depth-- <= XML_DEPTH)
		x->events->close(x->ctx, name_of(name));
}

static void on_text(void *ctx, const xmlChar *p, int n)
{
	struct xml *x = ctx;

	if (n > 0 && x->depth)
		x->events->text(x->ctx, (struct mw_str){.p = (const char *)p, .n = (size_t)n});
}

/* &name; that a DTD would say: what it is nobody knows here. */
static void on_reference(void *ctx, const xmlChar *name)
{
	(void)name;
	on_text(ctx, (const xmlChar *)" ", 1);
}

static void on_error(void *ctx, const char *fmt, ...)
{
	(void)ctx;
	(void)fmt;
}

static void on_structured(void *ctx, xmlErrorPtr e)
{
	(void)ctx;
	(void)e;
}

static xmlSAXHandler handler(void)
{
	return (xmlSAXHandler){
	    .initialized = XML_SAX2_MAGIC,
	    .startElementNs = on_open,
	    .endElementNs = on_close,
	    .characters = on_text,
	    .cdataBlock = on_text,
	    .ignorableWhitespace = on_text,
	    .reference = on_reference,
	    .error = on_error,
	    .warning = on_error,
	    .fatalError = on_error,
	    .serror = on_structured,
	};
}

int xml_read(struct mw_str s, const struct xml_events *events, void *ctx)
{
	xmlSAXHandler sax = handler();
	struct xml x = {.events = events, .ctx = ctx};
	int r = 0;

	/* With data of its own libxml2 does not look up entities that it has read: none is expanded. */
	x.parser = xmlCreatePushParserCtxt(&sax, &x, NULL, 0, NULL);
	if (!x.parser)
		return -ENOMEM;
	(void)xmlCtxtUseOptions(x.parser, XML_PARSE_NONET | XML_PARSE_IGNORE_ENC | XML_PARSE_RECOVER);
	for (size_t at = 0; at < s.n && r == 0; at += PIECE) {
		size_t n = s.n - at < PIECE ? s.n - at : PIECE;

		r = xmlParseChunk(x.parser, s.p + at, (int)n, at + n == s.n);
	}
	r = x.parser->errNo == XML_ERR_NO_MEMORY ? -ENOMEM : x.deep ? -E2BIG : x.parser->wellFormed && r == 0 ? 0 : -EINVAL;
	for (; x.depth > 0; x.depth--)
		if (x.depth <= XML_DEPTH)
			events->close(ctx, str(""));
	xmlFreeDoc(x.parser->myDoc); /* of a DTD that is inside */
	xmlFreeParserCtxt(x.parser);
	return r;
}

struct mw_str xml_get(const struct xml_element *e, const char *name)
{
	for (size_t i = 0; i < e->n; i++)
		if (str_is(e->attribute[i].name, name))
			return e->attribute[i].value;
	return str("");
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

/* Behind the declaration or the comment at `at`; s.n when it does not end. */
static size_t skip_declaration(struct mw_str s, size_t at)
{
	const char *end = str_begins(str_from(s, at), "<!--") ? memmem(s.p + at, s.n - at, "-->", 3) : NULL;
	size_t depth = 0;

	if (end)
		return (size_t)(end - s.p) + 3;
	for (; at < s.n; at++) {
		if (s.p[at] == '[' || s.p[at] == '<')
			depth++;
		else if ((s.p[at] == ']' || s.p[at] == '>') && --depth == 0)
			return at + 1;
	}
	return s.n;
}

struct mw_str xml_root(struct mw_str s)
{
	size_t at = 0, from;

	if (str_begins(s, "\xef\xbb\xbf"))
		at = 3;
	for (;;) {
		while (at < s.n && (unsigned char)s.p[at] <= ' ')
			at++;
		if (at + 1 >= s.n || s.p[at] != '<')
			return str("");
		if (s.p[at + 1] != '?' && s.p[at + 1] != '!')
			break;
		at = skip_declaration(s, at);
	}
	for (from = ++at; at < s.n && (is_name(s.p[at]) || s.p[at] == ':'); at++)
		if (s.p[at] == ':')
			from = at + 1;
	return (struct mw_str){.p = s.p + from, .n = at - from};
}
