/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow: text as a browser lays it out: runs of white space are one blank, blocks begin on a line of their own, cells of a row are
 * divided by tabs, rows by line ends. What divides is written only when text follows, so nothing begins or ends with it.
 */
#ifndef EXTRACT_HTML_FLOW_H
#define EXTRACT_HTML_FLOW_H

#include <stdbool.h>
#include <stddef.h>

struct flow {
	/* Takes valid UTF-8, whole characters; 0 or negative, which ends all. */
	int (*put)(void *ctx, const char *p, size_t n);
	void *ctx;
	int failed; /* what put() said */
	/* Private. */
	unsigned lines, tabs;	 /* due before the next text */
	bool space;		 /* likewise */
	bool begun;		 /* some text is there */
	bool fresh;		 /* in a cell that has no text yet: its first block needs no line of its own */
	bool later_cell;	 /* the row has a cell */
	bool row_text;		 /* the row has text */
	unsigned pre;		 /* depth of elements that keep white space */
	char last;		 /* octet of text */
	struct spelled *spelled; /* may be NULL; spelled.h */
	size_t n;
	char buf[4096];
};

void flow_init(struct flow *, int (*put)(void *ctx, const char *p, size_t n), void *ctx);
void flow_text(struct flow *, const char *p, size_t n);
void flow_block(struct flow *); /* a block begins or ends */
void flow_line(struct flow *);	/* <br> */
void flow_row(struct flow *);	/* a row or a table begins or ends */
void flow_cell(struct flow *);	/* a cell begins */
void flow_pre(struct flow *, bool end);
/* Would more text stand right behind a digit, a hyphen, or what may be one beyond ASCII? */
bool flow_at_number(const struct flow *);
/* Writes what is held back; 0 or what put() said. Wipes. */
int flow_end(struct flow *);

#endif
