/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x12: ASC X12 interchanges of health care: 270/271, 276/277, 278, 820, 834, 835, 837; other sets by the names of their segments.
 * Separators are those of the ISA segment. Pure over the text; linear.
 */
#ifndef EXTRACT_CLINICAL_X12_H
#define EXTRACT_CLINICAL_X12_H

#include "out.h"

bool x12_begins(struct mw_str);
void x12_read(struct mw_str utf8, struct out *);

/* Whom a code of an entity means. */
struct x12_entity {
	const char *code, *who;
	bool person; /* patient, member: who is not a provider or a company */
};
const struct x12_entity *x12_entity(struct mw_str code);

/* An element with a meaning of its own; what: NULL ends. */
struct x12_element {
	const char *place; /* SV103 */
	const char *what;
};
const char *x12_element(const char *place);
/* What a number, a date or a code in HI is called by its qualifier; NULL = by its place. */
const char *x12_reference(struct mw_str qualifier);
const char *x12_date(struct mw_str qualifier);
const char *x12_health(struct mw_str qualifier);
const char *x12_contact(struct mw_str qualifier);
const char *x12_id(struct mw_str qualifier);

#endif
