/* SPDX-License-Identifier: Apache-2.0 */
/* script: what the elements of an NCPDP SCRIPT message in XML hold: patient, prescriber, pharmacy, medication. */
#include "fhir.h"
#include "value.h"

#include <stdio.h>

#define LABEL 160u

/* Whom elements are about; those that treat are named as such. */
static const char *const parties[][2] = {
    {"Patient", "Patient"},
    {"Prescriber", "Prescribing provider"},
    {"Pharmacy", "Pharmacy, provider"},
    {"Pharmacist", "Pharmacist, provider"},
    {"Supervisor", "Supervising provider"},
    {"FollowUpPrescriber", "Follow-up provider"},
    {"Provider", "Provider"},
    {"Facility", "Facility"},
    {"BenefitsCoordination", "Insured"},
    {"MandatoryAgent", "Agent, provider"},
    {"PrescriberAgent", "Agent, provider"},
    {"Observation", "Observation"},
};

static const char *const names[][2] = {
    {"DrugDescription", "Medication"},
    {"SigText", "Medication instructions"},
    {"CardholderID", "Member ID"},
    {"PBMMemberID", "Member ID"},
    {"GroupID", "Group number"},
    {"MedicalRecordIdentificationNumberEHR", "MRN"},
    {"SSN", "SSN"},
    {"SocialSecurity", "SSN"},
    {"NPI", "NPI"},
    {"DEANumber", "DEA"},
    {"PayerName", "Payer"},
    {"BusinessName", ""},
    {"ElectronicMail", "email"},
    {"Gender", "sex"},
    {"Note", "Note"},
    {"PrescriberOrderNumber", "Order number"},
    {"RxReferenceNumber", "Rx number"},
    {"NumberOfRefills", "Refills"},
    {"LastName", "last name"},
};

static void opened(struct tree *t, struct frame *f)
{
	struct mw_str key = tree_key(t, f);

	for (size_t i = 0; i < sizeof(parties) / sizeof(parties[0]); i++)
		if (str_is(key, parties[i][0]))
			f->who = parties[i][1];
	if (str_begins(key, "Medication"))
		f->who = "";
	if (f == t->frame)
		out_feed(t->o);
}

static bool is_patient(const struct frame *f)
{
	return str_is(str(f->who), "Patient");
}

static void put_name(struct tree *t, struct frame *f)
{
	struct text v = {0};

	value_name(&v, &(struct name){.given = tree_get(t, f, "FirstName"),
				      .middle = tree_get(t, f, "MiddleName"),
				      .family = tree_get(t, f, "LastName"),
				      .suffix = tree_get(t, f, "Suffix")});
	out_field(t->o, f->who, is_patient(f) || str_is(str(f->who), "Insured") ? "name" : "", text_all(&v));
	out_field(t->o, f->who, "title", tree_get(t, f, "Prefix"));
	text_wipe(&v);
}

static void put_address(struct tree *t, struct frame *f)
{
	struct mw_str state = tree_get(t, f, "StateProvince"), zip = tree_get(t, f, "PostalCode"),
		      line = tree_get(t, f, "AddressLine1");
	struct text v = {0};

	value_address(&v, &(struct address){.street = line.n ? line : tree_get(t, f, "Address1"),
					    .other = tree_get(t, f, "AddressLine2"),
					    .city = tree_get(t, f, "City"),
					    .state = state.n ? state : tree_get(t, f, "State"),
					    .zip = zip.n ? zip : tree_get(t, f, "ZipCode"),
					    .country = tree_get(t, f, "CountryCode")});
	out_field(t->o, f->who, is_patient(f) ? "home address" : "address", text_all(&v));
	text_wipe(&v);
}

static const char *name_of(struct mw_str key)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is(key, names[i][0]))
			return names[i][1];
	return NULL;
}

static bool says_nothing(struct mw_str key)
{
	return str_is(key, "Date") || str_is(key, "DateTime") || str_is(key, "Number") || str_is(key, "Value") ||
	       str_is(key, "Code") || str_is(key, "Description") || str_is(key, "Qualifier");
}

/* "Patient DateOfBirth": a value whose name says nothing has that of the element around it. */
static void put_leaf(struct tree *t, struct frame *f, const struct leaf *l)
{
	struct mw_str key = leaf_key(t, l), value = leaf_value(t, l);
	struct text v = {0};
	const char *known = name_of(key);
	char label[LABEL];

	if (fhir_is_plumbing(key) || str_begins(key, "xsi"))
		return;
	if (says_nothing(key))
		key = tree_key(t, f);
	if (str_is(key, "DateOfBirth"))
		known = "date of birth";
	if (str_has(key, "Telephone"))
		known = "phone";
	if (str_is(key, "Primary") || str_is(key, "Diagnosis") || str_is(key, "Secondary"))
		known = "Diagnosis";
	(void)snprintf(label, sizeof(label), "%.*s", STR_SHOWN(key, 100));
	if (known && str_is(str(known), "phone"))
		value_phone(&v, value);
	else if (str_has(key, "Date"))
		value_date(&v, value);
	else
		text_str(&v, value);
	out_lines(t->o, f->who, known ? known : label, text_all(&v));
	text_wipe(&v);
}

/* Diagnosis: a code, and its words. */
static bool put_diagnosis(struct tree *t, struct frame *f)
{
	struct text v = {0};

	if (!tree_has(t, f, "Code") || !tree_has(t, f, "Description"))
		return false;
	value_icd(&v, tree_get(t, f, "Code"));
	text_join(&v, " ", tree_get(t, f, "Description"));
	out_field(t->o, "", str_is(tree_key(t, f), "Primary") || str_is(tree_key(t, f), "Secondary") ? "Diagnosis" : "Code",
		  text_all(&v));
	text_wipe(&v);
	return true;
}

static void closing(struct tree *t, struct frame *f)
{
	if (f->leaves == 0)
		return;
	if (tree_has(t, f, "LastName") || tree_has(t, f, "FirstName"))
		put_name(t, f);
	else if (tree_has(t, f, "City") || tree_has(t, f, "AddressLine1"))
		put_address(t, f);
	else if (!put_diagnosis(t, f))
		for (size_t i = 0; i < f->leaves; i++)
			put_leaf(t, f, tree_at(t, f, i));
}

const struct tree_kind script_kind = {.opened = opened, .closing = closing};
