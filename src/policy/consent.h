/* SPDX-License-Identifier: Apache-2.0 */
/*
 * consent: which patients accept plain mail: who recorded it, since when, until when. A file of one consent a line:
 *
 *   # address               recorded by      from        until        for senders        note
 *   jones@patient.example   "M. Adams, RN"   2026-03-01  2027-03-01
 *   smith@mail.example      adams            2026-01-15  none         for dr.lee@clinic.example, .labs.clinic.example  "form 12"
 *
 * A table of them is immutable once it is read, and lives in an arena.
 */
#ifndef MW_POLICY_CONSENT_H
#define MW_POLICY_CONSENT_H

#include "policy/day.h"
#include "policy/diag.h"

#define MW_CONSENT_TEXT 200u  /* octets of who recorded it */
#define MW_CONSENT_NOTE 1000u /* octets of a note */

struct mw_consent_row {
	struct mw_str address;
	const char *by;
	int32_t from, until; /* both days count; until MW_DAY_NONE = without an end */
	size_t senders;
	const struct mw_str *sender; /* entries as of a table; none: for every sender */
	const char *name;	     /* of its table */
	const char *note;	     /* "" when there is none. It may tell of a patient: never log it */
	struct mw_place place;
	const char *where;		   /* "tables/consents:12" */
	const struct mw_consent_row *next; /* of the same address, in the order of the file */
};

struct mw_consents;
enum mw_consent_state {
	MW_CONSENT_NONE = 0, /* nobody has recorded one */
	MW_CONSENT_ENDED,
	MW_CONSENT_FUTURE,
	MW_CONSENT_SENDER, /* it is for other senders */
	MW_CONSENT_GIVEN,
};

/* Reads a source into a new table. What is wrong becomes diagnostics at its place, and the table is not to be used then. NULL
 * = no memory, which diags know, too. */
struct mw_consents *mw_consents_read(struct mw_arena *, struct mw_diags *, const char *name, uint32_t source);
const char *mw_consents_name(const struct mw_consents *);
size_t mw_consents_count(const struct mw_consents *);
const struct mw_consent_row *mw_consents_row(const struct mw_consents *, size_t i);
/* The address is compared ASCII case-insensitive, as in tables. ret: the consent that counts, or the one that comes nearest to it; is left
 * alone when there is none. */
enum mw_consent_state mw_consents_find(const struct mw_consents *, struct mw_str address, struct mw_str sender, struct mw_days,
				       const struct mw_consent_row **ret);
/* Of one row. */
enum mw_consent_state mw_consent_state(const struct mw_consent_row *, struct mw_str sender, struct mw_days);

#endif
