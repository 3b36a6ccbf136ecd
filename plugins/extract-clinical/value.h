/* SPDX-License-Identifier: Apache-2.0 */
/* value: dates, names, addresses and numbers of records as people write them. All of them add to a text. Pure. */
#ifndef EXTRACT_CLINICAL_VALUE_H
#define EXTRACT_CLINICAL_VALUE_H

#include "text.h"

struct name {
	struct mw_str given, middle, family, suffix;
};

struct address {
	struct mw_str street, other, city, state, zip, country;
};

/* 19700312, 197003121530+0100, 1970: as 1970-03-12 15:30; what is none of these as it is. */
void value_date(struct text *, struct mw_str);
/* 19700312-19700401 */
void value_dates(struct text *, struct mw_str);
/* Ten digits in groups; all else as it is. */
void value_phone(struct text *, struct mw_str);
/* Nine digits in groups; all else as it is. */
void value_ssn(struct text *, struct mw_str);
/* I10, E119: with the point that X12 leaves out. */
void value_icd(struct text *, struct mw_str);
/* "I10 Essential hypertension", and of other lists "Glucose (2345-7)": the words stand where a reader looks. */
void value_code(struct text *, struct mw_str code, struct mw_str words);
/* John Q Doe Jr */
void value_name(struct text *, const struct name *);
/* 12 Main St, Apt 2, Springfield, IL 62704 */
void value_address(struct text *, const struct address *);
const char *value_sex(struct mw_str);

#endif
