/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xls_private: what the files of the XLS reader share: xls.c reads what holds for the whole workbook, xls_sheet.c a sheet.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_XLS_PRIVATE_H
#define PLUGINS_EXTRACT_LEGACY_XLS_PRIVATE_H

#include "biff.h"
#include "xls.h"

#define XLS_ROWS 65536u
#define XLS_COLUMNS 256u

/* Strings of the whole workbook, one behind another. */
struct xls_strings {
	struct bytes text;
	size_t *end; /* where each ends */
	size_t n, cap;
};

struct xls {
	struct mw_str stream;
	struct out *out;
	struct biff_text text;
	bool from_1904, encrypted, damaged;
	struct xls_strings shared; /* SST */
	uint8_t *used;		   /* of each of these: a cell shows it */
	struct xls_strings format; /* codes, in the order of the file */
	uint16_t *format_of;	   /* by number: 1 + index of its code; 65536 of them */
	uint16_t *xf;		   /* format of each cell style */
	size_t xfs, xf_cap;
	uint64_t budget; /* octets of records that sheets may still have: two sheets may say that they are in one place */
	uint32_t string_row, string_col; /* cell of a formula whose text follows */
	bool string_due;
	int failed;
};

int xls_failed(struct xls *, int code);
bool xls_string_add(struct xls *, struct xls_strings *);
/* NUL does not stand behind it. */
struct mw_str xls_string(const struct xls_strings *, size_t i);

/* Texts of a record that is not read for itself, hidden, into a section. */
void xls_other(struct xls *, size_t section, const struct biff_record *);

/* The sheet that begins at `at`. hidden: all of it is. */
void xls_sheet_read(struct xls *, size_t at, size_t section, bool hidden);

#endif
