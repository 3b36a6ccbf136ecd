/* SPDX-License-Identifier: Apache-2.0 */
/*
 * office: one document in work, whatever its kind, and what the readers of its parts have in common.
 *
 * Functions return 0 or a negative errno that ends the reading of the document: -ENOMEM, -EIO and -EFBIG of the sink, or -EFBIG of
 * the bounds here. A part that is damaged or encrypted ends nothing: it is noted, and 0 is returned.
 */
#ifndef OFFICE_OFFICE_H
#define OFFICE_OFFICE_H

#include "stream.h"
#include "relation.h"
#include "xml.h"

struct office {
	const struct mw_host *host;
	struct mw_sink *sink;
	const struct mw_document *doc;
	struct package package;
	uint64_t unpacked; /* octets that the package may have, at most */
	struct types types;
	struct stream out;
	struct buf links;   /* targets of links, a line each */
	struct buf other;   /* text that no reader sees and that belongs to no section */
	bool archive;	    /* the package is no document: all of it is files inside */
	const char *reason; /* why something could not be read; NULL */
};

/* Reads one part. `unread` of the section in work is set when it is damaged or encrypted. */
int office_parse(struct office *, size_t entry, const struct xml_events *, void *ctx);
/* Reads octets that are no entry of a package. */
int office_parse_octets(struct office *, struct mw_str, const struct xml_events *, void *ctx);
/* Judges what a reading returned: what ends nothing is noted. */
int office_judge(struct office *, int r);
/* The relations of an entry; free them, whatever is returned. */
int office_relations(struct office *, size_t entry, struct relations *);
/* An entry as a file inside the document; type may be "". */
int office_member(struct office *, size_t entry, const char *type);
/* The same of text that is base64. */
int office_base64(struct office *, struct mw_str encoded);
/* Line by line into o->other. */
int office_other(struct office *, const char *p, size_t n);
/* Text of elements of a part that is not known, into the hidden section "other". */
int office_unknown(struct office *, size_t entry);
/* Whatever no reader has taken: texts into "other", other files as members. Then links. */
int office_rest(struct office *);

/* Title, author and the like: docProps/core.xml, app.xml, custom.xml. */
int properties_read(struct office *, size_t entry);
/* Did a person name a picture or shape so? "Picture 3", "image1.png" and "Shape;54;p13" are names by programs. */
bool name_is_given(struct mw_str);
/* A number in decimal; more when it is none. */
size_t number_of(struct mw_str, size_t more);
/* Texts in quotes of a formula, unseen, into the section in work. */
int formula_texts(struct office *, struct mw_str formula);
/* Kinds of documents. entry: the main part. */
int word_read(struct office *, size_t entry);
int book_read(struct office *, size_t entry);
int slides_read(struct office *, size_t entry);
int visio_read(struct office *, size_t entry);
int xps_read(struct office *, size_t entry);
/* A document in one file of XML, and its reading. */
bool flat_is(struct mw_str data);
int flat_read(struct office *);
bool epub_is(const struct office *);
int epub_read(struct office *);
/* A part of relation `kind`, which is a drawing of any sort, with what it shows: charts, diagrams. Into the section in work. */
int drawing_read(struct office *, size_t entry, bool unseen);
/* All that is related to a part and is drawn in it. */
int drawings_read(struct office *, struct relations *, bool unseen);

/* What a reading that looks at no text and no end does there. */
int xml_no_end(void *ctx, struct xml *, int id);
int xml_no_text(void *ctx, struct xml *, const char *p, size_t n);

#endif
