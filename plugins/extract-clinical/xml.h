/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml: elements and text of an XML document, by libxml2's push parser, without a tree. No DTD is loaded, no entity but those of XML
 * itself is known, nothing is fetched. What stands before the octet that is wrong was told.
 */
#ifndef EXTRACT_CLINICAL_XML_H
#define EXTRACT_CLINICAL_XML_H

#include "text.h"

#define XML_DEPTH 200u
#define XML_ATTRIBUTES 24u

struct xml_attribute {
	struct mw_str name, value; /* without prefix */
};

struct xml_element {
	struct mw_str name; /* without prefix */
	struct mw_str ns;   /* the address of its namespace, "" = none */
	size_t n;
	struct xml_attribute attribute[XML_ATTRIBUTES];
};

struct xml_events {
	void (*open)(void *ctx, const struct xml_element *);
	void (*text)(void *ctx, struct mw_str);
	void (*close)(void *ctx, struct mw_str name);
	bool (*over)(void *ctx);
};

/* 0; -EINVAL: not all of it is XML; -E2BIG: nested too deeply; -ENOMEM. */
int xml_read(struct mw_str utf8, const struct xml_events *, void *ctx);
/* The value of an attribute, "" when there is none. */
struct mw_str xml_get(const struct xml_element *, const char *name);
/* The name of the first element without its prefix, "" when this is no XML. */
struct mw_str xml_root(struct mw_str utf8);

#endif
