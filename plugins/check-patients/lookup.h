/* SPDX-License-Identifier: Apache-2.0 */
/* lookup: is what a rule matched somebody of the index? Pure but for the MACs; (octets) are folded text of a mail. */
#ifndef PATIENTS_LOOKUP_H
#define PATIENTS_LOOKUP_H

#include "index.h"

/* Two or more words of the text are a patient's given and family name, in any order, initials and one middle name aside. */
bool patients_has_name(const struct patients_index *, struct patients_mac *, const char *p, size_t n);
/* The same, and a date of the text is the birth date of one of that name. */
bool patients_has_name_dob(const struct patients_index *, struct patients_mac *, const char *p, size_t n, unsigned year);
/* A date of the text is somebody's birth date. */
bool patients_has_dob(const struct patients_index *, struct patients_mac *, const char *p, size_t n, unsigned year);
/* The text, or what stands behind its last blank, colon, "#" or "=", is somebody's number of that kind. */
bool patients_has_number(const struct patients_index *, struct patients_mac *, enum patients_kind, const char *p, size_t n);

#endif
