/* SPDX-License-Identifier: Apache-2.0 */
#include "xml.h"

#include <errno.h>
#include <string.h>

#define DEPTH_MAX 2048u
#define TEXT_MAX 65536u /* octets of text that wait for the next event */

/* ---- names ------------------------------------------------------------------------------------------------------------------------ */

/* Names are unique pointers of the parser's dictionary: each is compared once. */
static int name_id(struct xml *x, const char *name)
{
	size_t at = ((uintptr_t)name >> 2) & (XML_NAMES - 1);

	if (x->known[at].name != name) {
		const struct xml_name *row = x->events->names;

		while (row->name && strcmp(row->name, name) != 0)
			row++;
		x->known[at].name = name;
		x->known[at].id = row->name ? row->id : 0;
	}
	return x->known[at].id;
}

/* ---- attributes ------------------------------------------------------------------------------------------------------------------- */

struct mw_str xml_attribute_at(struct xml *x, int i, const char **local)
{
	const char *p = (const char *)x->attributes[5 * i + 3], *end = (const char *)x->attributes[5 * i + 4];

	*local = (const char *)x->attributes[5 * i];
	if (!memchr(p, '&', (size_t)(end - p)))
		return (struct mw_str){.p = p, .n = (size_t)(end - p)};
	x->value.n = 0;
	while (p < end) {
		const char *amp = memchr(p, '&', (size_t)(end - p));
		size_t n = (size_t)((amp ? amp + 1 : end) - p);

		if (buf_add(&x->value, p, n) < 0) {
			x->failed = -ENOMEM;
			return (struct mw_str){.p = "", .n = 0};
		}
		p += n;
		/* The parser leaves an ampersand as a reference. */
		if (amp && end - p >= 4 && memcmp(p, "#38;", 4) == 0)
			p += 4;
	}
	return buf_str(&x->value);
}

struct mw_str xml_attribute(struct xml *x, const char *local)
{
	for (int i = 0; i < x->n_attributes; i++)
		if (strcmp((const char *)x->attributes[5 * i], local) == 0)
			return xml_attribute_at(x, i, &local);
	return (struct mw_str){.p = "", .n = 0};
}

struct mw_str xml_related(struct xml *x, const char *local)
{
	for (int i = 0; i < x->n_attributes; i++) {
		const char *space = (const char *)x->attributes[5 * i + 2];

		if (strcmp((const char *)x->attributes[5 * i], local) == 0 && space && strstr(space, "/relationships"))
			return xml_attribute_at(x, i, &local);
	}
	return (struct mw_str){.p = "", .n = 0};
}

bool xml_has(const struct xml *x, const char *local)
{
	for (int i = 0; i < x->n_attributes; i++)
		if (strcmp((const char *)x->attributes[5 * i], local) == 0)
			return true;
	return false;
}

bool xml_is(struct mw_str s, const char *word)
{
	return s.n == strlen(word) && memcmp(s.p, word, s.n) == 0;
}

bool xml_on(struct xml *x, const char *local)
{
	struct mw_str v = xml_attribute(x, local);

	return !xml_is(v, "0") && !xml_is(v, "false") && !xml_is(v, "off");
}

/* ---- events ----------------------------------------------------------------------------------------------------------------------- */

static void xml_stop(struct xml *x, int r)
{
	if (x->failed == 0)
		x->failed = r;
	xmlStopParser(x->parser);
}

/* The parser gives a text in pieces: at each reference, at CDATA, where its own buffer ends. A number must not fall apart there. */
static void text_flush(struct xml *x)
{
	int r = x->failed || x->text.n == 0 ? 0 : x->events->text(x->ctx, x, x->text.p, x->text.n);

	x->text.n = 0;
	if (r < 0)
		xml_stop(x, r);
}

static void on_start(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_spaces,
		     const xmlChar **spaces, int n, int n_default, const xmlChar **attributes)
{
	struct xml *x = ctx;
	int r;

	(void)prefix;
	(void)n_spaces;
	(void)spaces;
	(void)n_default;
	text_flush(x);
	if (x->failed)
		return;
	if (++x->depth > DEPTH_MAX) {
		xml_stop(x, -EFBIG);
		return;
	}
	x->name = (const char *)name;
	x->space = (const char *)uri;
	x->attributes = attributes;
	x->n_attributes = n;
	r = x->events->start(x->ctx, x, name_id(x, (const char *)name));
	x->n_attributes = 0;
	if (r < 0 || x->failed)
		xml_stop(x, r);
}

static void on_end(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct xml *x = ctx;
	int r;

	(void)prefix;
	(void)uri;
	text_flush(x);
	if (x->failed)
		return;
	x->depth -= x->depth > 0;
	r = x->events->end(x->ctx, x, name_id(x, (const char *)name));
	if (r < 0)
		xml_stop(x, r);
}

static void on_text(void *ctx, const xmlChar *p, int n)
{
	struct xml *x = ctx;
	int r = x->failed ? 0 : buf_add(&x->text, (const char *)p, (size_t)n);

	if (r < 0)
		xml_stop(x, r);
	else if (x->text.n >= TEXT_MAX)
		text_flush(x);
}

static void on_comment(void *ctx, const xmlChar *text)
{
	struct xml *x = ctx;
	const char *p = (const char *)text;
	int r;

	text_flush(x);
	r = x->failed || !x->events->comment ? 0 : x->events->comment(x->ctx, x, p, strlen(p));
	if (r < 0)
		xml_stop(x, r);
}

/* What an entity stands for is not read: so it is said that something is missing. */
static void on_reference(void *ctx, const xmlChar *name)
{
	(void)name;
	((struct xml *)ctx)->damaged = true;
}

static void on_entity(void *ctx, const xmlChar *name, int type, const xmlChar *public_id, const xmlChar *system_id,
		      xmlChar *content)
{
	(void)name;
	(void)type;
	(void)public_id;
	(void)system_id;
	(void)content;
	((struct xml *)ctx)->damaged = true;
}

static void on_error(void *ctx, xmlErrorPtr e)
{
	if (e->level >= XML_ERR_ERROR && e->domain != XML_FROM_NAMESPACE)
		((struct xml *)ctx)->damaged = true;
}

int xml_open(struct xml *x, const struct xml_events *events, void *ctx)
{
	xmlSAXHandler sax = {
	    .initialized = XML_SAX2_MAGIC,
	    .startElementNs = on_start,
	    .endElementNs = on_end,
	    .characters = on_text,
	    .ignorableWhitespace = on_text,
	    .cdataBlock = on_text,
	    .comment = on_comment,
	    .reference = on_reference,
	    .entityDecl = on_entity,
	    .serror = on_error,
	};

	*x = (struct xml){.events = events, .ctx = ctx};
	x->parser = xmlCreatePushParserCtxt(&sax, x, NULL, 0, NULL);
	if (!x->parser)
		return -ENOMEM;
	(void)xmlCtxtUseOptions(x->parser, XML_PARSE_NONET | XML_PARSE_RECOVER);
	return 0;
}

int xml_piece(void *ctx, const char *p, size_t n)
{
	struct xml *x = ctx;

	x->any |= n > 0;
	while (n && x->failed == 0) {
		int part = n > 1 << 20 ? 1 << 20 : (int)n;

		if (xmlParseChunk(x->parser, p, part, 0) == XML_ERR_NO_MEMORY)
			xml_stop(x, -ENOMEM);
		p += part;
		n -= (size_t)part;
	}
	return x->failed;
}

int xml_close(struct xml *x)
{
	int r;

	if (x->any && x->failed == 0 && xmlParseChunk(x->parser, "", 0, 1) == XML_ERR_NO_MEMORY)
		x->failed = -ENOMEM;
	text_flush(x);
	r = x->failed ? x->failed : x->any && (x->damaged || !x->parser->wellFormed) ? -EBADMSG : 0;
	/* The parser makes one when it sees entities declared. */
	if (x->parser->myDoc)
		xmlFreeDoc(x->parser->myDoc);
	x->parser->myDoc = NULL;
	xmlFreeParserCtxt(x->parser);
	buf_free(&x->value);
	buf_free(&x->text);
	return r;
}
