/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relation: what a part of an OPC package has to do with others (its .rels), and the content types of parts.
 */
#ifndef OFFICE_RELATION_H
#define OFFICE_RELATION_H

#include "package.h"

struct relation {
	char *id;
	char *kind;   /* the last word of its type: "header", "worksheet" */
	size_t entry; /* NO_ENTRY: outside, or missing */
	bool done;    /* followed already */
};

struct relations {
	struct relation *v;
	size_t n, cap;
	size_t *sorted; /* indexes by id */
};

/* The relations of the part PART, "" = of the package. Targets outside are added to `links`, a line each. Without a .rels there are
 * none. 0, -ENOMEM, or what package_read() and xml_close() return: what could be read is there then. */
int relations_read(struct package *, const char *part, struct relations *, struct buf *links);
void relations_free(struct relations *);
/* The entry that an id leads to, or NO_ENTRY. */
size_t relation_target(const struct relations *, struct mw_str id);

/* Content types: sorted by name. */
struct type_row {
	char *name; /* of a part; or of a suffix, with the dot */
	char *type; /* lower case */
};
struct types {
	struct type_row *v;
	size_t n, cap;
};
int types_read(struct package *, struct types *);
/* "" when there is none. */
const char *types_of(const struct types *, const char *name);
void types_free(struct types *);

/* Both for relations and for what links in texts lead to: %XX as octets. */
int buf_url(struct buf *, struct mw_str url);
/* What NAME means in the folder of BASE: "word/document.xml" + "../a/b.png" is "a/b.png". NULL = no memory. */
char *path_join(const char *base, struct mw_str name);

#endif
