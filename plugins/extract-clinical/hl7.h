/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hl7: HL7 version 2 in its classic form (ER7): messages, batches, with or without the framing of MLLP. Separators and the escape
 * character are those of the header segment. Pure over the text; linear.
 */
#ifndef EXTRACT_CLINICAL_HL7_H
#define EXTRACT_CLINICAL_HL7_H

#include "out.h"

bool hl7_begins(struct mw_str);
void hl7_read(struct mw_str utf8, struct out *);

/* What a field holds, which says how it is written out. */
enum hl7_kind {
	HL7_TEXT,
	HL7_NAME,     /* XPN: family^given^middle^suffix^prefix^degree */
	HL7_PROVIDER, /* XCN: number, and a name behind it */
	HL7_ADDRESS,  /* XAD */
	HL7_PHONE,    /* XTN */
	HL7_ID,	      /* CX: number^^^who gave it^kind */
	HL7_CODE,     /* CWE: code^text^system^code^text^system */
	HL7_DIAGNOSIS,
	HL7_DATE,
	HL7_FIRST, /* the first component says it all */
	HL7_SEX,
	HL7_SSN,
};

struct hl7_field {
	unsigned char n;
	unsigned char kind; /* enum hl7_kind */
	const char *name;
};

struct hl7_segment {
	const char *name;
	size_t fields;
	const struct hl7_field *field;
};

/* NULL = a segment without names. */
const struct hl7_segment *hl7_segment(struct mw_str name);
const struct hl7_field *hl7_field(const struct hl7_segment *, size_t n);

#endif
