/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wordtext: the text of one part of WordprocessingML or DrawingML, old or strict: paragraphs, tables, boxes, fields, what is hidden or
 * deleted, what stands beside pictures, the values of charts.
 */
#ifndef OFFICE_WORDTEXT_H
#define OFFICE_WORDTEXT_H

#include "office.h"
#include "text.h"

/* Ids of styles, each between two NUL. */
struct styles {
	struct buf ids;	 /* whose text is hidden, or too small to be seen */
	struct buf pale; /* whose text is white: hidden on white paper */
};

struct wordtext {
	struct office *office;
	const struct styles *styles; /* may be NULL */
	struct text text;
	bool unseen;	 /* all of it is */
	int mode;	 /* what text is now */
	size_t gone;	 /* deleted, or moved from here: how deep */
	bool run_hidden; /* the run in work */
	bool run_pale, run_coloured, run_shaded;
	bool paragraph_hidden, paragraph_pale, paragraph_shaded;
	bool coloured_paper;
	bool in_run, in_run_properties, in_paragraph_properties;
	size_t ruby;		    /* how deep in what is small above a text */
	size_t alternatives;	    /* how deep */
	size_t fallback;	    /* how deep in fallbacks */
	struct buf choice, instead; /* texts of both */
	struct buf base64;
	struct buf authors; /* of changes, those that were told, each between two line feeds */
};

int wordtext_read(struct office *, size_t entry, const struct styles *, bool unseen);
int styles_read(struct office *, size_t entry, struct styles *);
/* Adds a style that hides. */
int styles_add(struct styles *, struct mw_str id);
bool styles_hide(const struct styles *, struct mw_str id);
bool styles_pale(const struct styles *, struct mw_str id);
/* A colour, as RRGGBB, that is not told from white paper. */
bool colour_is_white(struct mw_str);
/* Of letters, in half points. */
bool size_is_unseen(struct mw_str);
void styles_free(struct styles *);
/* For a reader that has the octets of a part otherwise. */
extern const struct xml_events wordtext_events;
void wordtext_init(struct wordtext *, struct office *, const struct styles *, bool unseen);
/* Ends the text, and frees it. r: what the reading returned. */
int wordtext_end(struct wordtext *, int r);

#endif
