/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk: what a PDF holds beside the text of its pages, each kind into a section of its own. All walks stop when the sink has failed
 * or too many objects were looked at, and meet each object once, so that nothing in the file makes them go round.
 */
#ifndef EXTRACT_PDF_WALK_H
#define EXTRACT_PDF_WALK_H

#include "pen.h"
#include "pdf.h"

struct walk {
	struct pdf *pdf;
	struct pen *out;
};

static inline bool walk_over(const struct walk *w)
{
	return w->out->failed != 0 || w->pdf->limit;
}

/* walk.c: "LABEL: value" on a line of the section; nothing when the value is no text, or none. label: ASCII. */
void walk_value(struct walk *, const char *section, bool hidden, const char *label, qpdf_oh value);
/* fn for each value of a tree of names. */
void walk_names(struct walk *, qpdf_oh tree, void (*fn)(struct walk *, qpdf_oh value));

/* actions.c: addresses that it leads to, scripts. Also a dictionary of actions by event (/AA). */
void walk_action(struct walk *, qpdf_oh action);
void walk_events(struct walk *, qpdf_oh events);
void walk_script(struct walk *, qpdf_oh action);

/* files.c */
void walk_file(struct walk *, qpdf_oh specification);
void walk_files(struct walk *, qpdf_oh one_or_more);
/* A stream as a member NAME.EXTENSION. */
void walk_member(struct walk *, qpdf_oh stream, struct mw_str name, const char *type);
/* Octets as a member; packed: how many they were in the file. */
void walk_given(struct walk *, struct mw_str octets, uint64_t packed, struct mw_str name, const char *type);

/* fields.c: the form of the document; and a field that is in no form. */
void walk_form(struct walk *, qpdf_oh form);
void walk_field(struct walk *, qpdf_oh field);

/* notes.c: of a page: comments, links, attached files. */
void walk_notes(struct walk *, qpdf_oh page);

/* about.c: what is said of the document, and its bookmarks. */
void walk_about(struct walk *);
/* Names of layers, and what stands before the numbers of pages. */
void walk_names_given(struct walk *, qpdf_oh root);
/* What stands behind the end of the document: text, or a file. */
void walk_behind(struct walk *, struct mw_str file);
void walk_bookmarks(struct walk *, qpdf_oh outlines);

/* descriptions.c: root: of the structure. */
void walk_descriptions(struct walk *, struct mw_str file, qpdf_oh root);

/* All of it. */
void walk_document(struct walk *, struct mw_str file, size_t pages);

#endif
