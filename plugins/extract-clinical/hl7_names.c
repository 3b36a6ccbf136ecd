/* SPDX-License-Identifier: Apache-2.0 */
/* hl7_names: what the fields of segments are called. What is not here is called by its place: ZPI.3. */
#include "hl7.h"

#define T HL7_TEXT
#define N HL7_NAME
#define P HL7_PROVIDER
#define A HL7_ADDRESS
#define F HL7_PHONE
#define I HL7_ID
#define C HL7_CODE
#define G HL7_DIAGNOSIS
#define D HL7_DATE
#define O HL7_FIRST
#define S HL7_SEX
#define U HL7_SSN

static const struct hl7_field msh[] = {
    {3, T, "Sending application"}, {4, T, "Sending facility"}, {5, T, "Receiving application"},
    {6, T, "Receiving facility"},  {7, D, "Message date"},     {9, T, "Message type"},
    {10, T, "Message number"},	   {11, T, "Processing"},      {12, T, "HL7 version"},
};
static const struct hl7_field evn[] = {
    {1, T, "Event"}, {2, D, "Event recorded"}, {3, D, "Event planned"}, {5, P, "Event operator, staff"}, {6, D, "Event occurred"},
};
static const struct hl7_field pid[] = {
    {2, I, "Patient ID"},
    {3, I, "Patient ID"},
    {4, I, "Alternate patient ID"},
    {5, N, "Patient name"},
    {6, N, "Mother"},
    {7, D, "Date of birth"},
    {8, S, "Sex"},
    {9, N, "Patient alias"},
    {10, C, "Race"},
    {11, A, "Home address"},
    {12, T, "County"},
    {13, F, "Home phone"},
    {14, F, "Work phone"},
    {15, C, "Language"},
    {16, C, "Marital status"},
    {17, C, "Religion"},
    {18, I, "Patient account"},
    {19, U, "SSN"},
    {20, O, "Driver's license"},
    {21, I, "Mother's ID"},
    {22, C, "Ethnic group"},
    {23, T, "Birth place"},
    {24, T, "Multiple birth"},
    {25, T, "Birth order"},
    {26, C, "Citizenship"},
    {27, C, "Veteran status"},
    {28, C, "Nationality"},
    {29, D, "Date of death"},
    {30, T, "Deceased"},
    {33, D, "Last update"},
    {35, C, "Species"},
};
static const struct hl7_field pd1[] = {
    {1, C, "Living dependency"}, {2, C, "Living arrangement"}, {3, T, "Primary care facility"}, {4, P, "Primary care provider"},
    {5, T, "Student"},		 {6, T, "Handicap"},	       {7, T, "Living will"},		{8, T, "Organ donor"},
};
static const struct hl7_field mrg[] = {
    {1, I, "Prior patient ID"}, {2, I, "Prior alternate patient ID"}, {3, I, "Prior patient account"},
    {4, I, "Prior patient ID"}, {5, I, "Prior visit number"},	      {7, N, "Prior patient name"},
};
static const struct hl7_field nk1[] = {
    {2, N, "Next of kin"},
    {3, C, "Next of kin relationship"},
    {4, A, "Next of kin address"},
    {5, F, "Next of kin phone"},
    {6, F, "Next of kin work phone"},
    {7, C, "Next of kin contact role"},
    {10, T, "Next of kin job title"},
    {12, I, "Next of kin employee number"},
    {13, O, "Next of kin employer"},
    {15, S, "Next of kin sex"},
    {16, D, "Next of kin date of birth"},
    {30, N, "Contact person"},
    {31, F, "Contact person phone"},
    {32, A, "Contact person address"},
    {33, I, "Next of kin ID"},
    {37, U, "Next of kin SSN"},
};
static const struct hl7_field pv1[] = {
    {2, C, "Patient class"},	  {3, T, "Location"},
    {4, C, "Admission type"},	  {5, I, "Preadmit number"},
    {6, T, "Prior location"},	  {7, P, "Attending provider"},
    {8, P, "Referring provider"}, {9, P, "Consulting provider"},
    {10, C, "Hospital service"},  {11, T, "Temporary location"},
    {14, C, "Admit source"},	  {17, P, "Admitting provider"},
    {18, C, "Patient type"},	  {19, I, "Visit number"},
    {20, T, "Financial class"},	  {36, C, "Discharge disposition"},
    {37, T, "Discharged to"},	  {39, T, "Servicing facility"},
    {44, D, "Admitted on"},	  {45, D, "Discharged on"},
    {50, I, "Other stay number"}, {52, P, "Other healthcare provider"},
};
static const struct hl7_field pv2[] = {
    {3, C, "Reason for admission"}, {4, C, "Reason for transfer"},	 {5, T, "Patient valuables"},
    {7, C, "Visit user code"},	    {8, D, "Expected admission on"},	 {9, D, "Expected discharge on"},
    {12, T, "Visit description"},   {13, P, "Referral source provider"}, {40, C, "Admission condition"},
};
static const struct hl7_field dg1[] = {
    {3, G, "Diagnosis"},
    {4, T, "Diagnosis"},
    {5, D, "Diagnosed on"},
    {6, C, "Diagnosis type"},
    {16, P, "Diagnosing provider"},
    {19, D, "Attestation date"},
};
static const struct hl7_field al1[] = {
    {2, C, "Allergy type"},	     {3, C, "Allergy"}, {4, C, "Allergy severity"}, {5, T, "Allergy reaction"},
    {6, D, "Allergy identified on"},
};
static const struct hl7_field iam[] = {
    {2, C, "Allergy type"},	     {3, C, "Allergy"},
    {4, C, "Allergy severity"},	     {5, T, "Allergy reaction"},
    {8, T, "Allergy action reason"}, {13, D, "Allergy reported on"},
    {14, N, "Allergy reported by"},  {17, C, "Allergy status"},
};
static const struct hl7_field prb[] = {
    {2, D, "Problem updated on"},  {3, G, "Problem"},	      {4, I, "Problem number"}, {7, D, "Problem established on"},
    {9, D, "Problem resolved on"}, {14, C, "Problem status"}, {16, D, "Problem onset"}, {17, T, "Problem onset"},
};
static const struct hl7_field gol[] = {{3, C, "Goal"}, {18, C, "Goal review"}};
static const struct hl7_field pr1[] = {
    {3, C, "Procedure"},
    {4, T, "Procedure"},
    {5, D, "Procedure date"},
    {8, P, "Anesthesiologist, provider"},
    {11, P, "Surgeon, provider"},
    {12, P, "Procedure provider"},
    {15, C, "Procedure diagnosis"},
};
static const struct hl7_field orc[] = {
    {2, T, "Placer order number"},
    {3, T, "Filler order number"},
    {4, T, "Order group number"},
    {5, T, "Order status"},
    {9, D, "Order date"},
    {10, P, "Entering provider"},
    {11, P, "Verifying provider"},
    {12, P, "Ordering provider"},
    {13, T, "Enterer location"},
    {14, F, "Order callback phone"},
    {15, D, "Order effective"},
    {16, C, "Order reason"},
    {17, C, "Entering organization"},
    {21, T, "Ordering facility"},
    {22, A, "Ordering facility address"},
    {23, F, "Ordering facility phone"},
    {24, A, "Ordering provider address"},
};
static const struct hl7_field obr[] = {
    {2, T, "Placer order number"},
    {3, T, "Filler order number"},
    {4, C, "Test"},
    {6, D, "Test requested on"},
    {7, D, "Collected on"},
    {8, D, "Collection ended on"},
    {10, P, "Collector, staff"},
    {12, C, "Danger code"},
    {13, T, "Clinical information"},
    {14, D, "Specimen received on"},
    {15, T, "Specimen"},
    {16, P, "Ordering provider"},
    {17, F, "Order callback phone"},
    {18, T, "Accession"},
    {20, T, "Filler field"},
    {22, D, "Results reported on"},
    {24, T, "Diagnostic section"},
    {25, T, "Result status"},
    {28, P, "Result copies to provider"},
    {31, C, "Reason for study"},
    {32, P, "Interpreting provider"},
    {33, P, "Assistant interpreting provider"},
    {34, P, "Technician, staff"},
    {35, P, "Transcriptionist, staff"},
    {36, D, "Scheduled on"},
    {44, C, "Procedure"},
};
static const struct hl7_field obx[] = {
    {2, T, "Value type"},
    {3, C, "Test code"},
    {4, T, "Observation number"},
    {7, T, "Normal values"},
    {10, T, "Nature of test"},
    {11, T, "Result status"},
    {14, D, "Observed on"},
    {15, T, "Producer"},
    {16, P, "Responsible provider"},
    {17, C, "Method"},
    {19, D, "Analyzed on"},
    {23, O, "Performing organization"},
    {24, A, "Performing organization address"},
    {25, P, "Performing organization provider"},
};
static const struct hl7_field nte[] = {{2, T, "Note source"}, {3, T, "Note"}, {4, C, "Note type"}, {5, P, "Note by provider"}};
static const struct hl7_field spm[] = {
    {2, T, "Specimen number"},	     {4, C, "Specimen"},      {8, C, "Specimen source"},
    {14, T, "Specimen description"}, {17, D, "Collected on"},
};
static const struct hl7_field rxo[] = {
    {1, C, "Medication"},
    {2, T, "Medication dose"},
    {4, C, "Medication dose unit"},
    {5, C, "Medication form"},
    {6, C, "Pharmacy instructions"},
    {7, C, "Administration instructions"},
    {14, P, "Prescriber, provider"},
    {15, P, "Pharmacist, provider"},
    {20, C, "Medication indication"},
};
static const struct hl7_field rxe[] = {
    {1, T, "Medication schedule"},    {2, C, "Medication"},	 {3, T, "Medication dose"},
    {5, C, "Medication dose unit"},   {6, C, "Medication form"}, {7, C, "Administration instructions"},
    {10, T, "Dispense amount"},	      {12, T, "Refills"},	 {13, P, "Ordering provider"},
    {14, P, "Pharmacist, provider"},  {15, T, "Rx number"},	 {21, C, "Pharmacy instructions"},
    {27, C, "Medication indication"},
};
static const struct hl7_field rxd[] = {
    {2, C, "Medication"}, {3, D, "Dispensed on"},   {4, T, "Dispense amount"},	    {5, C, "Dispense unit"},
    {7, T, "Rx number"},  {9, T, "Dispense notes"}, {10, P, "Dispensing provider"},
};
static const struct hl7_field rxa[] = {
    {3, D, "Given on"},
    {4, D, "Given until"},
    {5, C, "Medication"},
    {6, T, "Medication dose"},
    {7, C, "Medication dose unit"},
    {9, C, "Administration notes"},
    {10, P, "Administering provider"},
    {15, T, "Lot"},
    {17, C, "Manufacturer"},
    {18, C, "Refusal reason"},
    {19, C, "Medication indication"},
};
static const struct hl7_field rxc[] = {{2, C, "Medication component"}, {3, T, "Component amount"}, {4, C, "Component unit"}};
static const struct hl7_field rxr[] = {{1, C, "Route"}, {2, C, "Body site"}};
static const struct hl7_field in1[] = {
    {2, C, "Insurance plan"},
    {3, T, "Insurance company ID"},
    {4, O, "Insurance company"},
    {5, A, "Insurance company address"},
    {6, N, "Insurance company contact"},
    {7, F, "Insurance company phone"},
    {8, T, "Group number"},
    {9, O, "Group name"},
    {11, O, "Group employer"},
    {12, D, "Plan effective"},
    {13, D, "Plan expires"},
    {15, T, "Plan type"},
    {16, N, "Insured name"},
    {17, C, "Insured relationship"},
    {18, D, "Insured date of birth"},
    {19, A, "Insured address"},
    {36, T, "Member ID"},
    {42, C, "Insured employment status"},
    {43, S, "Insured sex"},
    {44, A, "Insured employer address"},
    {49, I, "Member ID"},
};
static const struct hl7_field in2[] = {
    {1, I, "Insured employee ID"},   {2, U, "Insured SSN"},    {3, P, "Insured employer"},
    {6, O, "Medicare number"},	     {7, N, "Medicaid case"},  {8, O, "Medicaid ID"},
    {9, N, "Military sponsor name"}, {10, O, "Military ID"},   {25, I, "Payor ID"},
    {26, I, "Payor subscriber ID"},  {40, N, "Mother"},	       {52, N, "Employer contact person"},
    {61, O, "Patient member ID"},    {63, F, "Insured phone"}, {64, F, "Insured work phone"},
};
static const struct hl7_field gt1[] = {
    {2, I, "Responsible party number"},		 {3, N, "Responsible party name"},
    {4, N, "Responsible party spouse"},		 {5, A, "Responsible party address"},
    {6, F, "Responsible party phone"},		 {7, F, "Responsible party work phone"},
    {8, D, "Responsible party date of birth"},	 {9, S, "Responsible party sex"},
    {11, C, "Responsible party relationship"},	 {12, U, "Responsible party SSN"},
    {16, O, "Responsible party employer"},	 {17, A, "Responsible party employer address"},
    {18, F, "Responsible party employer phone"}, {19, I, "Responsible party employee ID"},
    {21, O, "Responsible party organization"},
};
static const struct hl7_field ft1[] = {
    {4, D, "Date of service"},	    {7, C, "Charge code"},	  {8, T, "Charge description"},
    {10, T, "Charge quantity"},	    {11, T, "Charge amount"},	  {19, G, "Diagnosis"},
    {20, P, "Performing provider"}, {21, P, "Ordering provider"}, {25, C, "Procedure code"},
};
static const struct hl7_field acc[] = {
    {1, D, "Accident on"}, {2, C, "Accident"}, {3, T, "Accident location"}, {9, T, "Accident description"}};
static const struct hl7_field sch[] = {
    {1, T, "Appointment number"},	 {2, T, "Appointment number"},
    {6, C, "Appointment event"},	 {7, C, "Reason for appointment"},
    {8, C, "Appointment type"},		 {9, T, "Appointment duration"},
    {11, T, "Appointment time"},	 {12, P, "Appointment contact, provider"},
    {16, P, "Filler contact, provider"}, {20, P, "Entering provider"},
    {25, C, "Appointment status"},
};
static const struct hl7_field ais[] = {{3, C, "Service"}, {4, D, "Service begins"}};
static const struct hl7_field aip[] = {{3, P, "Resource provider"}, {4, C, "Resource role"}, {6, D, "Resource begins"}};
static const struct hl7_field ail[] = {{3, T, "Location"}, {6, D, "Location begins"}};
static const struct hl7_field txa[] = {
    {2, C, "Document type"},
    {4, D, "Document date"},
    {5, P, "Document provider"},
    {6, D, "Document begun"},
    {7, D, "Document transcribed"},
    {9, P, "Document author, provider"},
    {10, P, "Document authenticating provider"},
    {11, P, "Transcriptionist, staff"},
    {12, T, "Document number"},
    {16, T, "Document file"},
    {22, P, "Document signing provider"},
    {23, P, "Document copies to provider"},
};
static const struct hl7_field rol[] = {{3, C, "Provider role"},
				       {4, P, "Role provider"},
				       {5, D, "Role begins"},
				       {11, A, "Provider address"},
				       {12, F, "Provider phone"}};
static const struct hl7_field prd[] = {
    {1, C, "Provider role"},	{2, N, "Referring or referred provider"},
    {3, A, "Provider address"}, {4, T, "Provider location"},
    {5, T, "Provider contact"}, {7, I, "Provider ID"},
};
static const struct hl7_field ctd[] = {
    {1, C, "Contact role"}, {2, N, "Contact, provider"}, {3, A, "Contact address"}, {5, T, "Contact phone"}};
static const struct hl7_field rf1[] = {
    {1, C, "Referral status"},	  {3, C, "Referral type"},	  {6, I, "Referral number"},
    {7, D, "Referral effective"}, {10, C, "Reason for referral"},
};
static const struct hl7_field stf[] = {
    {2, I, "Staff provider ID"}, {3, N, "Staff, provider"}, {6, D, "Staff birth"},
    {10, F, "Staff phone"},	 {11, A, "Staff address"},
};
static const struct hl7_field mfe[] = {{1, T, "Record event"}, {4, P, "Record of provider"}};
static const struct hl7_field qrd[] = {{8, P, "Query for, staff or provider"}};
static const struct hl7_field ub2[] = {{3, T, "Covered days"}};

#define SEGMENT(name, rows)                                                                                                      \
	{                                                                                                                        \
		name, sizeof(rows) / sizeof((rows)[0]), rows                                                                     \
	}
static const struct hl7_segment segments[] = {
    SEGMENT("MSH", msh), SEGMENT("PID", pid), SEGMENT("OBX", obx), SEGMENT("OBR", obr), SEGMENT("NTE", nte), SEGMENT("PV1", pv1),
    SEGMENT("ORC", orc), SEGMENT("EVN", evn), SEGMENT("PD1", pd1), SEGMENT("MRG", mrg), SEGMENT("NK1", nk1), SEGMENT("PV2", pv2),
    SEGMENT("DG1", dg1), SEGMENT("AL1", al1), SEGMENT("IAM", iam), SEGMENT("PRB", prb), SEGMENT("GOL", gol), SEGMENT("PR1", pr1),
    SEGMENT("SPM", spm), SEGMENT("RXO", rxo), SEGMENT("RXE", rxe), SEGMENT("RXD", rxd), SEGMENT("RXA", rxa), SEGMENT("RXC", rxc),
    SEGMENT("RXR", rxr), SEGMENT("IN1", in1), SEGMENT("IN2", in2), SEGMENT("GT1", gt1), SEGMENT("FT1", ft1), SEGMENT("ACC", acc),
    SEGMENT("SCH", sch), SEGMENT("AIS", ais), SEGMENT("AIP", aip), SEGMENT("AIL", ail), SEGMENT("TXA", txa), SEGMENT("ROL", rol),
    SEGMENT("PRD", prd), SEGMENT("CTD", ctd), SEGMENT("RF1", rf1), SEGMENT("STF", stf), SEGMENT("MFE", mfe), SEGMENT("QRD", qrd),
    SEGMENT("UB2", ub2),
};

const struct hl7_segment *hl7_segment(struct mw_str name)
{
	for (size_t i = 0; i < sizeof(segments) / sizeof(segments[0]); i++)
		if (str_is(name, segments[i].name))
			return segments + i;
	return NULL;
}

const struct hl7_field *hl7_field(const struct hl7_segment *s, size_t n)
{
	for (size_t i = 0; s && i < s->fields; i++)
		if (s->field[i].n == n)
			return s->field + i;
	return NULL;
}
