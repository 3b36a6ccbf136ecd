# SPDX-License-Identifier: Apache-2.0
"""payloads: what programs send each other, and tables: HL7 v2, X12, FHIR, C-CDA, CSV, XML, with invented patients; and their
twins.

Each maker takes a Fill (template.py) and gives (file name, type, octets, what it is); patients and identifiers are noted in
the Fill.
"""

import csv
import io
import json


def hl7_date(person):
    return person.born.strftime("%Y%m%d")


def say(fill, who, *fields):
    """Texts of the fields of a patient, noted in the Fill."""
    return [fill.patient(who, one) for one in fields]


def hl7(fill):
    rng = fill.rng
    last, first, mrn = say(fill, "1", "last", "first", "mrn")
    person = fill.person("1")
    fill.identifiers.append(("birth-date", hl7_date(person), "1"))
    doc = fill.person("doc")
    kind = rng.choice(["ADT^A01", "ADT^A08", "ORU^R01", "RDE^O11", "SIU^S12", "DFT^P03"])
    out = [
        f"MSH|^~\\&|{rng.choice(['EPIC', 'LAB', 'CERNER', 'ADTSYS'])}|MAIN|HIE|RHIO|20260312{rng.randint(100000, 235959)}||{kind}|{rng.randint(10000, 99999)}|P|2.{rng.choice('345')}"
    ]
    out.append(
        f"PID|1||{mrn}^^^HOSP^MR||{last}^{first}^{person.middle}||{hl7_date(person)}|{person.sex}|||{person.line}^^{person.city}^{person.state}^{person.zip}||{say(fill, '1', 'phone')[0]}"
    )
    out.append(f"PV1|1|{rng.choice('IOE')}|4W^12^A||||1{rng.randint(100000000, 999999999)}^{doc.last}^{doc.first}^^^^MD")
    if kind.startswith("ORU"):
        out += ["OBR|1|||80048^BMP^CPT", f"OBX|1|NM|2160-0^Creatinine^LN||{rng.randint(5, 40) / 10}|mg/dL|0.6-1.3|H|||F"]
    elif kind.startswith("RDE"):
        out.append(f"RXE|1^BID|00093^{fill.text('{drug}')}^NDC|500||MG")
    else:
        out.append(f"DG1|1|I10|{fill.text('{icd}')}^{fill.text('{dx}')}^I10|||A")
    return (
        "msg.hl7",
        rng.choice(["application/hl7-v2", "text/plain", "x-application/hl7-v2+er7"]),
        "\r".join(out).encode() + b"\r",
        "HL7 v2",
    )


def hl7_clean(fill):
    """An acknowledgement and a master file: no patient in it."""
    doc = fill.person("doc")
    out = [
        "MSH|^~\\&|LAB|MAIN|EPIC|MAIN|20260312101500||" + fill.rng.choice(["ACK^A01", "MFN^M02"]) + "|4711|P|2.4",
        "MSA|AA|4710",
    ]
    out.append(f"MFE|MAD|||{fill.text('{npi}')}^{doc.last}^{doc.first}^^^^MD")
    return "ack.hl7", "text/plain", "\r".join(out).encode() + b"\r", "HL7 v2"


def x12(fill):
    rng = fill.rng
    last, first, member = say(fill, "1", "last", "first", "member")
    person = fill.person("1")
    fill.identifiers.append(("birth-date", hl7_date(person), "1"))
    kind, version = rng.choice([("837", "005010X222A1"), ("270", "005010X279A1"), ("835", "005010X221A1")])
    functional = {"837": "HC", "270": "HS", "835": "HP"}[kind]
    member = "".join(c for c in member if c.isalnum())
    seg = [
        f"ISA*00*          *00*          *ZZ*{'SUBMITTER':<15}*ZZ*{'PAYER':<15}*260312*1015*^*00501*{rng.randint(1, 999999999):09}*0*P*:",
        f"GS*{functional}*SUB*PAY*20260312*1015*1*X*{version}",
        f"ST*{kind}*0001*{version}",
    ]
    if kind == "835":
        seg += [
            f"BPR*I*{rng.randint(100, 9000)}*C*ACH",
            f"CLP*{rng.randint(10000, 99999)}*1*{rng.randint(100, 900)}*{rng.randint(50, 99)}**MC*{rng.randint(10**9, 10**10)}",
            f"NM1*QC*1*{last.upper()}*{first.upper()}****MI*{member}",
            "SVC*HC:99213*120*80",
        ]
    else:
        seg += [
            f"NM1*IL*1*{last.upper()}*{first.upper()}*{person.middle}***MI*{member}",
            f"N3*{person.line.upper()}",
            f"N4*{person.city.upper()}*{person.state}*{person.zip}",
            f"DMG*D8*{hl7_date(person)}*{person.sex}",
        ]
        seg += (
            [
                f"CLM*{rng.randint(10000, 99999)}*{rng.randint(100, 900)}***11:B:1*Y*A*Y*Y",
                f"HI*ABK:{fill.text('{icd}').replace('.', '')}",
                "SV1*HC:99213*120*UN*1***1",
            ]
            if kind == "837"
            else ["EQ*30"]
        )
    seg += [f"SE*{len(seg) - 1}*0001", "GE*1*1", "IEA*1*000000001"]
    return (
        rng.choice(["claim.edi", "batch.x12", "837.txt"]),
        rng.choice(["application/EDI-X12", "text/plain", "application/octet-stream"]),
        ("~" + rng.choice(["", "\n", "\r\n"])).join(seg).encode() + b"~",
        "X12 " + kind,
    )


def x12_clean(fill):
    rng = fill.rng
    kind = rng.choice(["850", "810"])
    seg = [
        f"ISA*00*          *00*          *ZZ*{'HOSPITAL':<15}*ZZ*{'SUPPLIER':<15}*260312*1015*U*00401*000000017*0*P*>",
        "GS*PO*HOSP*SUPP*20260312*1015*1*X*004010",
        f"ST*{kind}*0001",
        f"BEG*00*SA*45{rng.randint(10**7, 10**8)}**20260312",
        f"N1*ST*{fill.text('{org}').upper()}",
    ]
    seg += [
        f"PO1*1*{rng.randint(1, 40)}*CA*12.50**VN*{rng.randint(10000, 99999)}",
        "PID*F****EXAM GLOVES NITRILE",
        "CTT*1",
        "SE*6*0001",
        "GE*1*1",
        "IEA*1*000000017",
    ]
    return "po.edi", "application/EDI-X12", "~".join(seg).encode() + b"~", "X12 " + kind


def fhir_patient(fill, who):
    person = fill.person(who)
    first, last, mrn = say(fill, who, "first", "last", "mrn")
    fill.identifiers.append(("birth-date", person.born.isoformat(), who))
    return {
        "resourceType": "Patient",
        "id": f"p{who}",
        "identifier": [{"type": {"coding": [{"code": "MR"}]}, "system": "urn:oid:1.2.3", "value": mrn}],
        "name": [{"use": "official", "family": last, "given": [first, person.middle]}],
        "gender": person.field("sex")[0],
        "birthDate": person.born.isoformat(),
    }


def fhir_rest(fill, who):
    code = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": fill.text("{icd}"), "display": fill.text("{dx}")}]}
    return fill.rng.choice(
        [
            {"resourceType": "Condition", "subject": {"reference": f"Patient/p{who}"}, "code": code},
            {
                "resourceType": "Observation",
                "status": "final",
                "subject": {"reference": f"Patient/p{who}"},
                "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4", "display": "Hemoglobin A1c"}]},
                "valueQuantity": {"value": 8.4, "unit": "%"},
            },
            {
                "resourceType": "MedicationRequest",
                "status": "active",
                "subject": {"reference": f"Patient/p{who}"},
                "medicationCodeableConcept": {"text": fill.text("{drug}")},
            },
        ]
    )


def fhir(fill):
    n = fill.rng.choice([1, 1, 2, 4])
    resources = [one for i in range(1, n + 1) for one in (fhir_patient(fill, str(i)), fhir_rest(fill, str(i)))]
    if fill.rng.random() < 0.4:
        data = "\n".join(json.dumps(one, ensure_ascii=False) for one in resources)
        return "export.ndjson", "application/fhir+ndjson", data.encode(), "FHIR NDJSON"
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
    data = json.dumps(bundle, indent=fill.rng.choice([None, 2]), ensure_ascii=fill.rng.random() < 0.5)
    return (
        fill.rng.choice(["bundle.json", "fhir.txt"]),
        fill.rng.choice(["application/fhir+json", "application/json", "text/plain"]),
        data.encode(),
        "FHIR JSON",
    )


def fhir_clean(fill):
    doc = fill.person("doc")
    bundle = fill.rng.choice(
        [
            {
                "resourceType": "Practitioner",
                "identifier": [{"system": "http://hl7.org/fhir/sid/us-npi", "value": fill.text("{npi}")}],
                "name": [{"family": doc.last, "given": [doc.first], "prefix": ["Dr"]}],
            },
            {
                "resourceType": "ValueSet",
                "status": "active",
                "compose": {
                    "include": [
                        {
                            "system": "http://hl7.org/fhir/sid/icd-10-cm",
                            "concept": [{"code": fill.text("{icd}"), "display": fill.text("{dx}")}],
                        }
                    ]
                },
            },
            {
                "resourceType": "CapabilityStatement",
                "status": "active",
                "fhirVersion": "4.0.1",
                "rest": [{"mode": "server", "resource": [{"type": "Patient"}, {"type": "Condition"}]}],
            },
        ]
    )
    return "resource.json", "application/json", json.dumps(bundle, indent=2).encode(), "FHIR JSON"


def ccda(fill):
    person = fill.person("1")
    first, last, mrn = say(fill, "1", "first", "last", "mrn")
    fill.identifiers.append(("birth-date", hl7_date(person), "1"))
    data = f"""<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3"><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/><title>Continuity of Care Document</title>
<recordTarget><patientRole><id extension="{mrn}" root="2.16.840.1.113883.19"/><addr><streetAddressLine>{person.line}</streetAddressLine><city>{person.city}</city></addr>
<patient><name><given>{first}</given><family>{last}</family></name><administrativeGenderCode code="{person.sex}"/><birthTime value="{hl7_date(person)}"/></patient></patientRole></recordTarget>
<component><structuredBody><component><section><title>Problems</title><text>{fill.text('{dx}')}; {fill.text('{drug} {dose}')}</text></section></component></structuredBody></component></ClinicalDocument>"""
    return (
        fill.rng.choice(["ccd.xml", "summary.ccda", "CCD.XML"]),
        fill.rng.choice(["text/xml", "application/xml", "application/octet-stream"]),
        data.encode(),
        "C-CDA",
    )


def ccda_clean(fill):
    doc = fill.person("doc")
    data = f"""<?xml version="1.0"?>
<directory xmlns="urn:example:staff"><entry><name><given>{doc.first}</given><family>{doc.last}</family></name><npi>{fill.text('{npi}')}</npi><unit>{fill.text('{org}')}</unit></entry></directory>"""
    return "staff.xml", "text/xml", data.encode(), "XML"


def write_table(header, table, delimiter):
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows([header, *table])
    return out.getvalue()


COLUMNS = {
    "dev": [
        ["Last Name", "First Name", "DOB", "MRN", "Diagnosis", "Medication"],
        ["Patient Name", "Date of Birth", "Member ID", "ICD-10", "Charge"],
        ["pt_name", "mrn", "dx", "next_visit"],
        ["NAME", "SSN", "DIAGNOSIS"],
        ["account", "lastname", "firstname", "birth_date", "dx1", "dx2"],
        ["Client", "Phone #", "Condition"],
        ["PATNAME", "PATDOB", "ORDER", "RESULT"],
        ["Patient", "Birth Dt", "Chart #", "Problem", "Rx"],
        ["LNAME", "FNAME", "BIRTHDATE", "MED_REC_NO", "DX_CODE", "DX_DESC"],
        ["Member", "Subscriber ID", "Birthdate", "Service", "Diagnosis Code"],
        ["Resident", "Room", "DOB", "Conditions"],
        ["Name of patient", "Phone", "Test", "Result"],
    ],
    "held-out": [
        ["Full Name", "D.O.B.", "Medical Record", "Dx Description", "Meds"],
        ["SUBSCRIBER_NAME", "SUBSCRIBER_ID", "DATE_OF_BIRTH", "DIAG1", "PAID"],
        ["Pt Last", "Pt First", "Cell", "Procedure"],
        ["Resident Name", "SSN", "Allergies"],
        ["Client Name", "Home Phone", "Lab", "Value"],
    ],
}
CELLS = {
    "last": ["Last Name", "LNAME", "lastname", "Pt Last"],
    "first": ["First Name", "FNAME", "firstname", "Pt First"],
    "lf": ["pt_name", "Patient Name", "Patient", "Member", "PATNAME", "SUBSCRIBER_NAME"],
    "name": ["NAME", "Resident", "Name of patient", "Client", "Full Name", "Resident Name", "Client Name"],
    "dob": ["DOB", "Date of Birth", "Birth Dt", "BIRTHDATE", "Birthdate", "birth_date", "PATDOB", "D.O.B.", "DATE_OF_BIRTH"],
    "mrn": ["MRN", "mrn", "Chart #", "MED_REC_NO", "Medical Record"],
    "member": ["Member ID", "Subscriber ID", "SUBSCRIBER_ID"],
    "ssn": ["SSN"],
    "phone": ["Phone", "Phone #", "Cell", "Home Phone"],
    "acct": ["account"],
}
FIELD = {column: field for field, columns in CELLS.items() for column in columns}
FACTS = {
    "Diagnosis": "{dx}",
    "Problem": "{dx}",
    "DIAGNOSIS": "{dx}",
    "dx": "{icd}",
    "ICD-10": "{icd}",
    "DX_CODE": "{icd}",
    "DX_DESC": "{dx}",
    "Diagnosis Code": "{icd}",
    "Medication": "{drug} {dose}",
    "Rx": "{drug}",
    "Dx Description": "{dx}",
    "Meds": "{drug}; {drug}",
    "DIAG1": "{icd}",
    "PAID": "{money}",
    "Procedure": "{proc}",
    "Allergies": "[penicillin|{drug}|NKDA]",
    "Lab": "[HIV-1 RNA|Beta hCG|Lithium level|UDS]",
    "Value": "[412|Pos|Neg|0.9]",
    "Charge": "{money}",
    "next_visit": "{date}",
    "Service": "{proc}",
    "Room": "{n:100-420}",
    "Conditions": "{dx}; {dx}",
    "Test": "[HIV Ab|HCG|Hep C RNA|Strep A]",
    "dx1": "{icd}",
    "dx2": "[{icd}|]",
    "Condition": "{dx}",
    "ORDER": "[HIV Ab|HCG|Hep C RNA|Strep A]",
    "RESULT": "[POS|NEG|REACTIVE]",
    "Result": "[Positive|Negative|Detected]",
}


def cell(fill, who, column):
    return fill.patient(who, FIELD[column]) if column in FIELD else fill.text(FACTS[column])


def patients_table(fill):
    n = fill.rng.choice([1, 3, 3, 8, 12, 40, 120, 300])
    header = fill.rng.choice(COLUMNS[fill.split])
    delimiter, name, kind = fill.rng.choice(
        [
            (",", "patients.csv", "text/csv"),
            (",", "list.csv", "application/vnd.ms-excel"),
            ("\t", "export.tsv", "text/tab-separated-values"),
            ("|", "extract.txt", "text/plain"),
            (";", "liste.csv", "text/csv"),
        ]
    )
    table = [[cell(fill, str(i), column) for column in header] for i in range(1, n + 1)]
    return (
        name,
        kind,
        write_table(header, table, delimiter).encode(fill.rng.choice(["utf-8", "utf-8", "utf-8-sig"])),
        f"table of {n}",
    )


def clean_table(fill):
    """The same form: staff, stock, devices, providers."""
    rng, n = fill.rng, fill.rng.choice([3, 12, 40])

    def person(i):
        return f"x{i}"

    kind = rng.randrange(4)
    if kind == 0:
        header = ["Employee", "SSN", "Start", "Salary"]
        table = [
            [fill.other(person(i), "lf"), fill.other(person(i), "ssn"), fill.text("{date}"), fill.text("{money}")]
            for i in range(n)
        ]
    elif kind == 1:
        header = ["Provider", "NPI", "Specialty", "Phone"]
        table = [
            [
                fill.other(person(i), "name") + ", MD",
                fill.text("{npi}"),
                rng.choice(["Oncology", "Cardiology", "Family Medicine"]),
                fill.other(person(i), "phone"),
            ]
            for i in range(n)
        ]
    elif kind == 2:
        header = ["Item", "Part", "Lot", "Qty", "Price"]
        table = [
            [
                rng.choice(["Blood pressure cuff", "Glucose strips", "IV catheter 20G", "Suture 4-0"]),
                fill.text("{digits:8}"),
                fill.text("E{n:10-99}.{n:1-9}"),
                fill.text("{n:1-90}"),
                fill.text("{money}"),
            ]
            for _ in range(n)
        ]
    else:
        header = ["Diagnosis", "ICD-10", "Visits", "Mean charge"]
        table = [[fill.text("{dx}"), fill.text("{icd}"), fill.text("{n:20-900}"), fill.text("{money}")] for _ in range(n)]
    return "table.csv", "text/csv", write_table(header, table, ",").encode(), "table"


PHI = [hl7, x12, fhir, ccda, patients_table, patients_table]
CLEAN = [hl7_clean, x12_clean, fhir_clean, ccda_clean, clean_table, clean_table]
