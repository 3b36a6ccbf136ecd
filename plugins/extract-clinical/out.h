/* SPDX-License-Identifier: Apache-2.0 */
/*
 * out: where the fields of a record go: lines "name: value", rows of tables, and lines with a form feed between what belongs to
 * different patients. The first failure of the sink is kept, and nothing is written behind it.
 */
#ifndef EXTRACT_CLINICAL_OUT_H
#define EXTRACT_CLINICAL_OUT_H

#include "text.h"

struct out {
	const struct mw_host *host;
	struct mw_sink *sink;
	struct text line; /* what the sink has not got yet */
	struct text tmp;  /* a value in the making; free for whoever calls */
	int failed;	  /* 0 or negative */
	bool begun;	  /* something stands behind the last form feed */
	bool whole;	  /* nothing of what stands there was flushed, and nothing put first */
	size_t first;	  /* where it begins in the line */
	size_t cells;	  /* of the row in work */
	size_t files;	  /* members given */
};

/* "who what: value"; who may be empty. Line ends in the value are blanks. Nothing when the value is empty. */
void out_field(struct out *, const char *who, const char *what, struct mw_str value);
/* As that, at the start of the record while that has not gone: a person whom other parts of a mail know is known again by the date of
 * birth, which all notations have in common. */
void out_first(struct out *, const char *who, const char *what, struct mw_str value);
/* As out_field(), and the value keeps its lines. */
void out_lines(struct out *, const char *who, const char *what, struct mw_str value);
/* As that, and its lines may be rows. */
void out_rows(struct out *, const char *who, const char *what, struct mw_str value);
/* What is in o->tmp from `from` on, which it is cut to. */
void out_tmp(struct out *, const char *who, const char *what, size_t from);
void out_line(struct out *, struct mw_str);
void out_column(struct out *, struct mw_str);
void out_row_end(struct out *);
/* What follows is of somebody else. */
void out_feed(struct out *);
/* The sink gets all that was written. The first failure, or 0. */
int out_give(struct out *);
void out_mark(struct out *, const char *reason);
/* A file in base64 or in octets; its name is made of a number and the suffix for its type. */
void out_base64(struct out *, const char *type, struct mw_str data);
void out_file(struct out *, const char *type, struct mw_str data);
void out_wipe(struct out *);

#endif
