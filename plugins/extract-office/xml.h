/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml: events of a stream of XML. Elements are told by their local names, whatever the namespace: so a transitional and a strict
 * document read alike. Nothing is looked up outside, no entity is expanded, depth is bounded; time is linear.
 */
#ifndef OFFICE_XML_H
#define OFFICE_XML_H

#include "buf.h"

#include <libxml/parser.h>

#define XML_NAMES 512u /* power of two: names that are told apart without comparing them */

struct xml;

struct xml_name {
	const char *name; /* NULL ends */
	int id;		  /* > 0 */
};

/* What is done at each event; 0 or negative, which ends the reading. id: of the name, 0 = none of the names. Text between two events comes
 * at once, however it is written, unless it is very long. */
struct xml_events {
	const struct xml_name *names;
	int (*start)(void *ctx, struct xml *, int id);
	int (*end)(void *ctx, struct xml *, int id);
	int (*text)(void *ctx, struct xml *, const char *p, size_t n);
	int (*comment)(void *ctx, struct xml *, const char *p, size_t n); /* may be NULL */
};

struct xml {
	xmlParserCtxtPtr parser;
	const struct xml_events *events;
	void *ctx;
	int failed;   /* what an event returned */
	bool damaged; /* it is not well-formed, or has entities of its own */
	size_t depth;
	bool any;		    /* octets came */
	const char *name;	    /* of the element that begins */
	const char *space;	    /* its namespace; NULL = none */
	const xmlChar **attributes; /* of it: five pointers each */
	int n_attributes;
	struct buf value; /* of the attribute that was asked for last */
	struct buf text;  /* since the last event */
	struct {
		const void *name;
		int id;
	} known[XML_NAMES];
};

int xml_open(struct xml *, const struct xml_events *, void *ctx);
/* ctx is the struct xml: fits package_read(). */
int xml_piece(void *xml, const char *p, size_t n);
/* Ends the reading: 0, what an event returned, -EBADMSG when it was not well-formed to its end, -EFBIG when it is too deep. Nothing at all is
 * well-formed here: some programs write such parts. */
int xml_close(struct xml *);
/* In start(): the value of an attribute by its local name, "" when there is none; valid until the next call. */
struct mw_str xml_attribute(struct xml *, const char *local);
/* The value of LOCAL in the namespace of relationships (r:id), which an element may have beside a plain one. */
struct mw_str xml_related(struct xml *, const char *local);
/* The same, of attribute i < n_attributes. */
struct mw_str xml_attribute_at(struct xml *, int i, const char **local);
bool xml_has(const struct xml *, const char *local);
bool xml_is(struct mw_str, const char *word);
/* An attribute that is true when it is there: <w:vanish/>, w:val="1"; not "0", "false", "off". */
bool xml_on(struct xml *, const char *local);

#endif
