/* SPDX-License-Identifier: Apache-2.0 */
/* fhir_names: what members of resources are called. What is not here is called by its place: Encounter.class. */
#include "fhir.h"

#include <string.h>

struct row {
	const char *resource; /* "" = any */
	const char *key, *label;
};

static const struct row labels[] = {
    {"Patient", "birthDate", "Date of birth"},
    {"Patient", "gender", "Sex"},
    {"Patient", "deceasedDateTime", "Date of death"},
    {"Patient", "maritalStatus", "Marital status"},
    {"Patient", "language", "Language"},
    {"Patient", "generalPractitioner", "Primary care provider"},
    {"Patient", "managingOrganization", "Managing organization"},
    {"Person", "birthDate", "Date of birth"},
    {"Person", "gender", "Sex"},
    {"RelatedPerson", "relationship", "Relationship"},
    {"RelatedPerson", "birthDate", "Related person date of birth"},
    {"RelatedPerson", "gender", "Related person sex"},
    {"Practitioner", "birthDate", "Provider birth"},
    {"Practitioner", "gender", "Provider gender"},
    {"Condition", "code", "Diagnosis"},
    {"Condition", "bodySite", "Body site"},
    {"Condition", "severity", "Severity"},
    {"Condition", "onsetDateTime", "Diagnosis onset"},
    {"Condition", "clinicalStatus", "Diagnosis status"},
    {"Observation", "code", "Test"},
    {"Observation", "interpretation", "Interpretation"},
    {"Observation", "low", "Normal from"},
    {"Observation", "high", "Normal to"},
    {"MedicationRequest", "medicationCodeableConcept", "Medication"},
    {"MedicationOrder", "medicationCodeableConcept", "Medication"},
    {"MedicationStatement", "medicationCodeableConcept", "Medication"},
    {"MedicationDispense", "medicationCodeableConcept", "Medication"},
    {"MedicationAdministration", "medicationCodeableConcept", "Medication"},
    {"Medication", "code", "Medication"},
    {"Procedure", "code", "Procedure"},
    {"ServiceRequest", "code", "Order"},
    {"ProcedureRequest", "code", "Order"},
    {"AllergyIntolerance", "code", "Allergy"},
    {"AllergyIntolerance", "substance", "Allergy"},
    {"AllergyIntolerance", "manifestation", "Allergy reaction"},
    {"Immunization", "vaccineCode", "Vaccine"},
    {"DiagnosticReport", "code", "Diagnostic report"},
    {"DiagnosticReport", "conclusion", "Conclusion"},
    {"DiagnosticReport", "conclusionCode", "Diagnosis"},
    {"Encounter", "type", "Visit type"},
    {"Encounter", "class", "Visit class"},
    {"Encounter", "period", "Visit date"},
    {"Encounter", "diagnosis", "Diagnosis"},
    {"Coverage", "subscriberId", "Subscriber ID"},
    {"Coverage", "dependent", "Dependent number"},
    {"Coverage", "identifier", "Member ID"},
    {"Claim", "diagnosisCodeableConcept", "Diagnosis"},
    {"Claim", "procedureCodeableConcept", "Procedure"},
    {"Claim", "productOrService", "Service"},
    {"ExplanationOfBenefit", "diagnosisCodeableConcept", "Diagnosis"},
    {"ExplanationOfBenefit", "procedureCodeableConcept", "Procedure"},
    {"ExplanationOfBenefit", "productOrService", "Service"},
    {"FamilyMemberHistory", "condition", "Family history"},
    {"FamilyMemberHistory", "code", "Family history"},
    {"FamilyMemberHistory", "name", "Relative"},
    {"CarePlan", "detail", "Care plan activity"},
    {"Goal", "description", "Goal"},
    {"Device", "udiCarrier", "Device UDI"},
    {"", "reasonCode", "Reason"},
    {"", "reasonCodeableConcept", "Reason"},
    {"", "reason", "Reason"},
    {"", "birthDate", "Date of birth"},
    {"", "bodySite", "Body site"},
    {"", "doseQuantity", "Dose"},
    {"", "doseAndRate", "Dose"},
    {"", "patientInstruction", "Instructions"},
    {"", "additionalInstruction", "Instructions"},
    {"", "note", "Note"},
    {"", "comment", "Note"},
    {"", "div", "Narrative"},
    {"", "title", "Title"},
    {"", "description", "Description"},
    {"", "dosageInstruction", "Dosage"},
    {"", "dosage", "Dosage"},
    {"", "servicedDate", "Date of service"},
    {"", "servicedPeriod", "Date of service"},
    {"", "billablePeriod", "Date of service"},
    {"", "effectiveDateTime", "Observed on"},
    {"", "performedDateTime", "Performed on"},
    {"", "performedPeriod", "Performed on"},
    {"", "occurrenceDateTime", "Given on"},
    {"", "authoredOn", "Ordered on"},
    {"", "issued", "Issued on"},
    {"", "subject", "Patient"},
    {"", "patient", "Patient"},
    {"", "beneficiary", "Patient"},
    {"", "subscriber", "Subscriber"},
    {"", "policyHolder", "Policy holder"},
    {"", "performer", "Performing provider"},
    {"", "practitioner", "Provider"},
    {"", "asserter", "Asserting provider"},
    {"", "recorder", "Recording provider"},
    {"", "requester", "Ordering provider"},
    {"", "prescriber", "Prescriber, provider"},
    {"", "author", "Author, provider"},
    {"", "individual", "Provider"},
    {"", "provider", "Provider"},
    {"", "actor", "Provider"},
    {"", "agent", "Provider"},
    {"", "resultsInterpreter", "Interpreting provider"},
    {"", "serviceProvider", "Service provider"},
    {"", "organization", "Organization"},
    {"", "insurer", "Insurer"},
    {"", "payor", "Payer"},
    {"", "identifier", "ID"},
};

/* Who members are about, and resources. */
static const char *const persons[][2] = {
    {"Patient", "Patient"},
    {"HumanPatient", "Patient"},
    {"Person", "Person"},
    {"RelatedPerson", "Related person"},
    {"Practitioner", "Provider"},
    {"PractitionerRole", "Provider"},
    {"Organization", "Organization"},
    {"InsurancePlan", "Plan"},
    {"Location", "Location"},
    {"HealthcareService", "Service"},
    {"Device", "Device"},
    {"Group", "Group"},
    {"CareTeam", "Care team, provider"},
    {"Endpoint", "Endpoint"},
};

static const char *const plumbing[] = {
    "resourceType", "system", "url",  "use",	      "versionId", "lastUpdated",    "profile",
    "fullUrl",	    "linkId", "rank", "userSelected", "xmlns",	   "schemaLocation",
};

static const char *const ids[][2] = {
    {"MR", "MRN"},
    {"SS", "SSN"},
    {"SB", "SSN"},
    {"DL", "Driver's license"},
    {"PPN", "Passport number"},
    {"MC", "Medicare number"},
    {"MA", "Medicaid ID"},
    {"AN", "Patient account"},
    {"VN", "Visit number"},
    {"MB", "Member ID"},
    {"SN", "Subscriber ID"},
    {"NPI", "Provider NPI"},
    {"TAX", "Tax ID"},
    {"EN", "Employer number"},
    {"ACSN", "Accession"},
    {"JHN", "Jurisdictional health number"},
};
static const char *const systems[][2] = {
    {"us-ssn", "SSN"},
    {"2.16.840.1.113883.4.1", "SSN"},
    {"us-npi", "Provider NPI"},
    {"2.16.840.1.113883.4.6", "Provider NPI"},
    {"us-mbi", "Medicare MBI"},
    {"us-medicare", "Medicare number"},
    {"mrn", "MRN"},
};

const char *fhir_who(struct mw_str resource)
{
	for (size_t i = 0; i < sizeof(persons) / sizeof(persons[0]); i++)
		if (str_is(resource, persons[i][0]))
			return persons[i][1];
	return NULL;
}

const char *fhir_label(const char *resource, struct mw_str key)
{
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (str_is(key, labels[i].key) && (!*labels[i].resource || strcmp(labels[i].resource, resource) == 0))
			return labels[i].label;
	return NULL;
}

bool fhir_is_plumbing(struct mw_str key)
{
	for (size_t i = 0; i < sizeof(plumbing) / sizeof(plumbing[0]); i++)
		if (str_is(key, plumbing[i]))
			return true;
	return false;
}

const char *fhir_id(struct mw_str code, struct mw_str system)
{
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (str_is_word(code, ids[i][0]))
			return ids[i][1];
	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++) {
		size_t n = strlen(systems[i][0]);

		if (system.n >= n && str_is_word(str_from(system, system.n - n), systems[i][0]))
			return systems[i][1];
	}
	return NULL;
}
