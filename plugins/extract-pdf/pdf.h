/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf: the objects of a PDF, by libqpdf, which finds what a damaged file still has, and decrypts what opens without a password. Its
 * C functions catch what its C++ throws. Handles are kept on a stack: pdf_mark() before, pdf_drop() behind.
 */
#ifndef EXTRACT_PDF_PDF_H
#define EXTRACT_PDF_PDF_H

#include <milward/plugin.h>
#include <qpdf/qpdf-c.h>

struct pdf {
	qpdf_data q;
	qpdf_oh *handle;
	size_t handles, handle_cap;
	uint64_t *seen; /* numbers of objects, a bit each */
	size_t seen_words;
	size_t looked; /* objects that were asked for */
	bool damaged;  /* something could not be had */
	bool limit;    /* there was too much of it */
};

#define PDF_DEPTH 32u	    /* of trees in it; files that people make have fewer than ten */
#define PDF_LOOKED 4000000u /* objects that are looked at, of all kinds */

/* 0, -ENOMEM, or -EACCES or -EBADMSG with a word of MW_UNREADABLE_WORDS. */
int pdf_open(struct pdf *, struct mw_str data, const char **reason);
void pdf_close(struct pdf *); /* also what was not opened, when it is all zero */

/* Does it end as one does? Else it was cut off. */
bool pdf_is_whole(struct mw_str file);
/* Where the last table of its objects is, 0 when its end does not say. */
size_t pdf_table(struct mw_str file);

size_t pdf_mark(const struct pdf *);
void pdf_drop(struct pdf *, size_t mark);

qpdf_oh pdf_root(struct pdf *);
qpdf_oh pdf_trailer(struct pdf *);
qpdf_oh pdf_page(struct pdf *, size_t i);
/* Generation 0. */
qpdf_oh pdf_number_object(struct pdf *, unsigned number);
/* As it is written in a file. */
qpdf_oh pdf_parse(struct pdf *, const char *object);
/* Of a dictionary or a stream; a null object when it has no such key, or is neither. */
qpdf_oh pdf_get(struct pdf *, qpdf_oh, const char *key);
/* What the page says, or one of the nodes above it. */
qpdf_oh pdf_inherited(struct pdf *, qpdf_oh page, const char *key);
qpdf_oh pdf_item(struct pdf *, qpdf_oh array, size_t i);
size_t pdf_items(struct pdf *, qpdf_oh); /* 0 when it is no array */
/* The values of a dictionary: how many, and the first of them; pdf->handle[*first + i] until the stack is dropped below. */
size_t pdf_values(struct pdf *, qpdf_oh, size_t *first);
bool pdf_is_null(struct pdf *, qpdf_oh);
bool pdf_is_dictionary(struct pdf *, qpdf_oh);
bool pdf_is_stream(struct pdf *, qpdf_oh);
bool pdf_is_name(struct pdf *, qpdf_oh, const char *name); /* with its "/" */
long long pdf_number(struct pdf *, qpdf_oh);		   /* 0 when it is none */
/* A string or a name as UTF-8, "" when it is neither; valid until the next call. */
struct mw_str pdf_text(struct pdf *, qpdf_oh);
/* Has this object not been here before? Notes it. One that stands inside another has no number, and is always new. */
bool pdf_first(struct pdf *, qpdf_oh);
/* All are new again. */
void pdf_forget(struct pdf *);
/* A string, or the octets of a stream, at most `most`: for free(). NULL when it is neither or there is no memory. */
char *pdf_octets(struct pdf *, qpdf_oh, size_t most, size_t *n);

#endif
