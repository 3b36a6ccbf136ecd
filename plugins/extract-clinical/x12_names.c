/* SPDX-License-Identifier: Apache-2.0 */
/* x12_names: what entities, qualifiers and elements are called. What is not here is called by its place: HSD04. */
#include "x12.h"

#include <string.h>

struct word {
	const char *code, *what;
};

static const struct x12_entity entities[] = {
    {"IL", "Subscriber", true},
    {"QC", "Patient", true},
    {"74", "Member", true},
    {"70", "Prior member", true},
    {"03", "Dependent", true},
    {"QD", "Responsible party", true},
    {"S1", "Parent", true},
    {"GD", "Guardian", true},
    {"LR", "Legal representative", true},
    {"E1", "Legal representative", true},
    {"EI", "Executor", true},
    {"EXS", "Ex-spouse", true},
    {"31", "Member mailing address", true},
    {"36", "Employer", false},
    {"M8", "School", false},
    {"85", "Billing provider", false},
    {"87", "Pay-to provider", false},
    {"82", "Rendering provider", false},
    {"DN", "Referring provider", false},
    {"P3", "Primary care provider", false},
    {"77", "Service facility", false},
    {"DQ", "Supervising provider", false},
    {"DK", "Ordering provider", false},
    {"71", "Attending provider", false},
    {"72", "Operating physician", false},
    {"73", "Other physician", false},
    {"ZZ", "Operating physician", false},
    {"1P", "Provider", false},
    {"FA", "Facility", false},
    {"SJ", "Service provider", false},
    {"QB", "Purchased service provider", false},
    {"PW", "Pick-up address", false},
    {"45", "Drop-off address", false},
    {"AY", "Clearinghouse", false},
    {"PR", "Payer", false},
    {"PE", "Payee", false},
    {"41", "Submitter", false},
    {"40", "Receiver", false},
    {"P5", "Plan sponsor", false},
    {"IN", "Insurer", false},
    {"Y2", "Managed care organization", false},
    {"TV", "Administrator", false},
    {"BO", "Broker", false},
    {"X3", "Utilization review", false},
    {"2B", "Administrator", false},
    {"GP", "Gateway provider", false},
    {"PRP", "Primary payer", false},
    {"SEP", "Secondary payer", false},
    {"TTP", "Tertiary payer", false},
    {"TT", "Transfer to", false},
    {"P4", "Prior insurer", false},
};

static const struct word references[] = {
    {"SY", "SSN"},
    {"EA", "MRN"},
    {"0F", "subscriber ID"},
    {"1W", "member ID"},
    {"1L", "group number"},
    {"6P", "group number"},
    {"IG", "insurance policy"},
    {"23", "member number"},
    {"3H", "case number"},
    {"F6", "Medicare number"},
    {"NQ", "Medicaid ID"},
    {"Q4", "prior member ID"},
    {"D9", "claim number"},
    {"F8", "payer claim number"},
    {"9F", "referral number"},
    {"G1", "prior authorization number"},
    {"XZ", "Rx number"},
    {"EJ", "patient account"},
    {"EI", "tax ID"},
    {"TJ", "tax ID"},
    {"HPI", "provider NPI"},
    {"1C", "Medicare provider number"},
    {"1D", "Medicaid provider number"},
    {"G2", "provider number"},
    {"0B", "license number"},
    {"1G", "UPIN"},
    {"LU", "location number"},
    {"6R", "line number"},
    {"EV", "receiver number"},
    {"F2", "version"},
    {"2U", "payer ID"},
    {"38", "master policy number"},
    {"DX", "department"},
    {"17", "client category"},
    {"ZZ", "other number"},
    {"Y4", "agency claim number"},
    {"LX", "study number"},
    {"P4", "project"},
    {"BLT", "bill type"},
    {"1K", "payer claim number"},
    {"CE", "class of contract"},
    {"18", "plan number"},
    {"M7", "medical assistance category"},
    {"SY1", "SSN"},
    {"HJ", "identity card number"},
    {"49", "family unit number"},
    {"4N", "special payment number"},
    {"X4", "CLIA number"},
};

static const struct word dates[] = {
    {"472", "Date of service"},
    {"150", "Service begins"},
    {"151", "Service ends"},
    {"434", "Statement dates"},
    {"435", "Admitted on"},
    {"096", "Discharged on"},
    {"232", "Claim begins"},
    {"233", "Claim ends"},
    {"431", "Onset of illness"},
    {"454", "Initial treatment"},
    {"304", "Last visit"},
    {"453", "Acute symptoms"},
    {"439", "Accident on"},
    {"484", "Last menstrual period"},
    {"455", "Last x-ray"},
    {"471", "Prescription"},
    {"314", "Disability"},
    {"360", "Disability begins"},
    {"361", "Disability ends"},
    {"297", "Last worked"},
    {"296", "Return to work"},
    {"090", "Care begins"},
    {"091", "Care ends"},
    {"050", "Received"},
    {"573", "Claim paid"},
    {"011", "Shipped"},
    {"739", "Last test"},
    {"738", "Last hemoglobin test"},
    {"348", "Coverage begins"},
    {"349", "Coverage ends"},
    {"356", "Eligibility begins"},
    {"357", "Eligibility ends"},
    {"291", "Plan"},
    {"292", "Benefit"},
    {"307", "Eligibility"},
    {"346", "Plan begins"},
    {"347", "Plan ends"},
    {"303", "Maintenance effective"},
    {"336", "Employment begins"},
    {"337", "Employment ends"},
    {"338", "Medicare begins"},
    {"339", "Medicare ends"},
    {"405", "Production"},
    {"442", "Date of death"},
    {"AAH", "Event"},
    {"193", "Period begins"},
    {"194", "Period ends"},
    {"582", "Report"},
    {"102", "Issued"},
    {"452", "Appliance placed"},
    {"007", "Effective"},
    {"382", "Enrolled"},
};

static const struct word healths[] = {
    {"ABK", "Diagnosis"},
    {"BK", "Diagnosis"},
    {"ABF", "Diagnosis"},
    {"BF", "Diagnosis"},
    {"ABJ", "Admitting diagnosis"},
    {"BJ", "Admitting diagnosis"},
    {"APR", "Reason for visit diagnosis"},
    {"PR", "Reason for visit diagnosis"},
    {"ABN", "External cause diagnosis"},
    {"BN", "External cause diagnosis"},
    {"BBR", "Procedure"},
    {"BR", "Procedure"},
    {"BBQ", "Procedure"},
    {"BQ", "Procedure"},
    {"BP", "Anesthesia procedure code"},
    {"BO", "Anesthesia procedure code"},
    {"BE", "Value"},
    {"BG", "Condition"},
    {"BH", "Occurrence"},
    {"BI", "Occurrence span"},
    {"DR", "DRG"},
    {"TC", "Treatment"},
};

static const struct word contacts[] = {
    {"TE", "phone"}, {"HP", "home phone"}, {"WP", "work phone"}, {"CP", "cell phone"}, {"EM", "email"},
    {"FX", "fax"},   {"EX", "extension"},  {"UR", "web page"},	 {"AP", "phone"},      {"BN", "phone"},
};

static const struct word ids[] = {
    {"MI", "member ID"},
    {"XX", "NPI"},
    {"34", "SSN"},
    {"SY", "SSN"},
    {"24", "tax ID"},
    {"FI", "tax ID"},
    {"PI", "payer ID"},
    {"HN", "Medicare number"},
    {"MR", "Medicaid ID"},
    {"C", "member ID"},
    {"C1", "member ID"},
    {"II", "health ID"},
    {"46", "ETIN"},
    {"XV", "plan ID"},
    {"N", "member ID"},
    {"EI", "employee ID"},
    {"ZZ", "ID"},
    {"PC", "provider number"},
    {"BD", "provider number"},
    {"BS", "provider number"},
    {"MC", "Medicaid provider number"},
    {"PP", "pharmacy number"},
    {"SV", "service provider number"},
};

static const struct x12_element elements[] = {
    {"ISA06", "Interchange sender"},
    {"ISA08", "Interchange receiver"},
    {"GS02", "Sender"},
    {"GS03", "Receiver"},
    {"ST01", "Transaction"},
    {"BHT03", "Transaction number"},
    {"CLM01", "Patient account"},
    {"CLM02", "Claim amount"},
    {"CLM05", "Place of service"},
    {"CLP01", "Patient account"},
    {"CLP02", "Claim status"},
    {"CLP03", "Claim amount"},
    {"CLP04", "Claim paid"},
    {"CLP05", "Patient responsibility"},
    {"CLP06", "Claim filing"},
    {"CLP07", "Payer claim number"},
    {"CLP08", "Place of service"},
    {"SBR01", "Payer sequence"},
    {"SBR02", "Relationship"},
    {"SBR03", "Group number"},
    {"SBR04", "Group name"},
    {"SBR09", "Claim filing"},
    {"PAT01", "Relationship"},
    {"PAT06", "Date of death"},
    {"PAT08", "Weight"},
    {"NTE02", "Note"},
    {"MSG01", "Message"},
    {"INS02", "Relationship"},
    {"INS03", "Maintenance"},
    {"INS04", "Maintenance reason"},
    {"INS12", "Date of death"},
    {"HLH02", "Height"},
    {"HLH03", "Weight"},
    {"HD03", "Insurance line"},
    {"HD04", "Plan"},
    {"HD05", "Coverage level"},
    {"EB01", "Benefit"},
    {"EB03", "Service type"},
    {"EB04", "Insurance type"},
    {"EB05", "Plan"},
    {"EB07", "Benefit amount"},
    {"EQ01", "Service type"},
    {"STC01", "Claim status"},
    {"STC12", "Claim status note"},
    {"LIN03", "Drug code"},
    {"CTP04", "Drug quantity"},
    {"SV101", "Procedure code"},
    {"SV102", "Charge"},
    {"SV201", "Revenue code"},
    {"SV202", "Procedure code"},
    {"SV203", "Charge"},
    {"SV301", "Procedure code"},
    {"SV302", "Charge"},
    {"SV501", "Procedure code"},
    {"SVC01", "Procedure code"},
    {"SVC02", "Charge"},
    {"SVC03", "Paid"},
    {"SVC06", "Procedure code"},
    {"SVD02", "Paid"},
    {"SVD03", "Procedure code"},
    {"BPR02", "Payment"},
    {"TRN02", "Trace number"},
    {"TOO02", "Tooth"},
    {"UM03", "Service type"},
    {"HCR01", "Certification"},
    {"HCR02", "Certification number"},
    {"MEA03", "Measurement"},
    {"K301", "Note"},
    {"LUI02", "Language"},
    {"DSB03", "Disability"},
    {"PRV03", "Provider specialty"},
    {"AMT02", "Amount"},
    {"QTY02", "Quantity"},
    {"CR103", "Transport reason"},
    {"CR109", "Transport purpose"},
    {"CR110", "Stretcher purpose"},
    {"PWK06", "Attachment number"},
    {"PWK07", "Attachment"},
    {"CRC03", "Condition"},
};

#define FIND(rows, code) find((rows), sizeof(rows) / sizeof((rows)[0]), (code))

static const char *find(const struct word *rows, size_t n, struct mw_str code)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(code, rows[i].code))
			return rows[i].what;
	return NULL;
}

const struct x12_entity *x12_entity(struct mw_str code)
{
	for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
		if (str_is(code, entities[i].code))
			return entities + i;
	return NULL;
}

const char *x12_element(const char *place)
{
	for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]); i++)
		if (strcmp(elements[i].place, place) == 0)
			return elements[i].what;
	return NULL;
}

const char *x12_reference(struct mw_str qualifier)
{
	return FIND(references, qualifier);
}

const char *x12_date(struct mw_str qualifier)
{
	return FIND(dates, qualifier);
}

const char *x12_health(struct mw_str qualifier)
{
	return FIND(healths, qualifier);
}

const char *x12_contact(struct mw_str qualifier)
{
	return FIND(contacts, qualifier);
}

const char *x12_id(struct mw_str qualifier)
{
	return FIND(ids, qualifier);
}
