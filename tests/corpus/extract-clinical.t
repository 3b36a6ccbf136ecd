#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""extract-clinical: what is in real HL7 v2, C-CDA and FHIR files, and in DICOM files that pydicom makes, against independent readers.

Values that Python finds by splitting, json, ElementTree and pydicom must be in the section of the fields. Each that is not is in a
kind that is listed below with its reason. Needs MILWARD_BUILD (a built tree with extract-clinical) and ../shared/data. Prints TAP.
"""

import base64
import email.message
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

try:
    import pydicom
except ImportError:
    pydicom = None

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)
ARCHIVE = os.path.join(SRC, "../shared/data/phi-text.tar.zst")
WORD = re.compile(r"[^\W_]+")
V3 = "{urn:hl7-org:v3}"
# Members of FHIR that hold no words for a person: addresses of definitions, numbers of versions, kinds of kinds.
PLUMBING = {"resourceType", "system", "url", "use", "versionId", "lastUpdated", "profile", "fullUrl", "linkId", "rank", "userSelected"}
# Shown as other words: the address of who is meant, how a number is used, what is told by the label.
TOLD_OTHERWISE = {"reference", "contentType", "data", "size", "hash", "creation", "period", "start", "end", "gender"}
TESTS = []


def words_of(text):
    return set(WORD.findall(text.lower()))


class Reader:
    """milwardctl with a policy that loads the plugin."""

    def __init__(self, top):
        self.top = top
        self.policy = os.path.join(top, "clinical.policy")
        with open(self.policy, "w", encoding="utf-8") as f:
            f.write("load phi with extract-clinical grant text\n")

    def parts(self, data, kind, name):
        """{path: (text, reason)} of a file that is attached to a mail."""
        mail = email.message.EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = "a@clinic.example", "b@x.example", "x"
        mail.set_content("see attached")
        mail.add_attachment(data, *kind.split("/", 1), filename=name)
        path = os.path.join(self.top, "mail.eml")
        with open(path, "wb") as f:
            f.write(bytes(mail))
        command = [os.path.join(BUILD, "milwardctl"), "-p", self.policy, "--modules", os.path.join(BUILD, "modules/.libs")]
        command += ["--policies", os.path.join(SRC, "policies"), "text", "--json", path]
        done = subprocess.run(command, capture_output=True, check=False)
        if done.returncode != 0:
            sys.exit(done.stderr.decode("utf-8", "replace"))
        found = [json.loads(line) for line in done.stdout.splitlines()]
        return {one["part"]: (one["text"], one.get("unreadable")) for one in found}

    def fields(self, data, kind, name):
        """The text of the section, and the reasons of all parts."""
        parts = self.parts(data, kind, name)
        text = "\n".join(t for path, (t, _) in parts.items() if path.endswith("!fields"))
        return text, {reason for _, reason in parts.values() if reason}, parts


# ---- independent readers ----------------------------------------------------------------------------------------------------------


def hl7_values(text):
    """Components of fields that hold words; not of a message that is no message."""
    header = text.lstrip("\ufeff\v\r\n ")
    if not header.startswith("MSH") or len(header) < 9:
        return
    field, component, repetition, escape, sub = header[3:8]
    segment = None
    for line in re.split(r"[\r\n]+", header):
        cells = line.split(field)
        if cells[0] == "OBX" and "Base64" in line:
            continue  # a file
        if re.fullmatch(r"[A-Z][A-Z0-9]{2}", cells[0]):
            segment = cells[0]
        for place, cell in enumerate(cells[1:], 1):
            if segment == "MSH" and place == 1:
                continue
            for one in cell.split(repetition):
                for part in one.split(component)[:1] if (segment, place) in FIRST else one.split(component):
                    if escape not in part and part != '""':
                        yield segment, place, part.replace(sub, " ")


# Fields of numbers, of which the rest says who gave them and for how long, and sets' numbers in front of segments.
FIRST = {("PV1", 19), ("PV1", 50), ("IN1", 49), ("GT1", 2), ("NK1", 12), ("NK1", 33), ("PID", 2), ("PID", 4), ("PID", 18), ("PID", 19), ("PID", 21)}


def json_values(value, key=""):
    if isinstance(value, dict):
        for name, one in value.items():
            yield from json_values(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from json_values(one, key)
    elif isinstance(value, str) and key not in PLUMBING and key not in TOLD_OTHERWISE:
        yield key, re.sub(r"<[^>]*>", " ", value) if value.startswith("<") else value


def ccda_values(root):
    """Words of narratives and names, words of codes, numbers of the header."""
    for one in root.iter():
        tag = one.tag.replace(V3, "")
        if "representation" in one.attrib:
            continue
        if tag in ("given", "family", "city", "streetAddressLine", "postalCode", "title", "paragraph", "td", "th", "item", "content", "caption"):
            yield tag, " ".join(one.itertext())
        for name in ("displayName", "extension"):
            if name in one.attrib and tag not in ("templateId", "typeId", "setId"):
                yield tag + "@" + name, one.attrib[name]


# ---- the tests ----------------------------------------------------------------------------------------------------------------------


def test(name):
    def note(function):
        TESTS.append((name, function))
        return function

    return note


def files_of(top, folder):
    for where, _, names in sorted(os.walk(os.path.join(top, folder))):
        for name in sorted(names):
            yield os.path.join(where, name)


def read(path):
    with open(path, "rb") as f:
        return f.read()


def share(missing, total, least):
    """An error, or None when at least this share of the values is there."""
    if total == 0:
        return "no value was compared"
    if (total - sum(missing.values())) / total >= least:
        return None
    worst = sorted(missing.items(), key=lambda item: -item[1])[:12]
    return "%d of %d values are missing: %s" % (sum(missing.values()), total, worst)


def compare(reader, path, kind, values, missing):
    text, _, _ = reader.fields(read(path), kind, os.path.basename(path))
    have, total = words_of(text), 0
    for place, value in values:
        words = {w for w in words_of(value) if len(w) > 1 and not w.isdigit()}
        total += bool(words)
        if words - have:
            missing[place] = missing.get(place, 0) + 1
    return total


@test("HL7 v2: the components of all fields are there")
def hl7(reader, top):
    missing, total = {}, 0
    for path in files_of(top, "phi-text/fhir-converter/Hl7v2"):
        values = ((f"{s}.{n}", v) for s, n, v in hl7_values(read(path).decode("utf-8-sig", "replace")))
        total += compare(reader, path, "application/hl7-v2", values, missing)
    # Of names, addresses, codes and people the parts that say what they are written in, by whom and until when are left out.
    return share(missing, total, 0.85)


@test("HL7 v2: patients, with their dates and numbers")
def hl7_patients(reader, top):
    wrong = []
    for path in files_of(top, "phi-text/fhir-converter/Hl7v2"):
        raw = read(path).decode("utf-8-sig", "replace").lstrip()
        text, _, _ = reader.fields(read(path), "text/plain", os.path.basename(path))
        for line in re.split(r"[\r\n]+", raw):
            cells = line.split("|")
            if cells[0] != "PID" or len(cells) < 9:
                continue
            name = cells[5].split("~")[0].split("^") + ["", ""]
            name = " ".join(w.split("&")[0] for w in (name[1], name[2], name[0]) if w)
            born = re.fullmatch(r"(\d{4})(\d\d)(\d\d)", cells[7])
            if name and "Patient name: " + name not in text:
                wrong.append((os.path.basename(path), "name"))
            if born and "Date of birth: " + "-".join(born.groups()) not in text:
                wrong.append((os.path.basename(path), "birth"))
            if cells[3] and cells[3].split("^")[0] not in text:
                wrong.append((os.path.basename(path), "number"))
    return str(wrong) if wrong else None


@test("FHIR: the strings of all members are there")
def fhir(reader, top):
    missing, total = {}, 0
    for folder in ("phi-text/fhir-converter/Stu3", "phi-text/fhir-converter/FHIR"):
        for path in files_of(top, folder):
            try:
                value = json.loads(read(path).decode("utf-8-sig"))
            except ValueError:
                continue
            if "resourceType" in value:
                total += compare(reader, path, "application/fhir+json", json_values(value), missing)
    # "text" beside the parts of a name or an address, "display" of who gave a number.
    return share(missing, total, 0.97)


@test("C-CDA: words of the narrative, of names and of codes are there")
def ccda(reader, top):
    missing, total = {}, 0
    for path in files_of(top, "phi-text/fhir-converter/Ccda"):
        values = ccda_values(ET.fromstring(read(path)))
        total += compare(reader, path, "application/hl7-cda+xml", values, missing)
    return share(missing, total, 0.98)


@test("C-CDA: a table's rows keep their cells")
def ccda_rows(reader, top):
    wrong = total = 0
    for path in files_of(top, "phi-text/fhir-converter/Ccda"):
        text, _, _ = reader.fields(read(path), "text/xml", os.path.basename(path))
        lines = {re.sub(r"[ \t]+", " ", line).strip() for line in text.splitlines()}
        for row in ET.fromstring(read(path)).iter(V3 + "tr"):
            cells = [" ".join(" ".join(cell.itertext()).split()) for cell in row if cell.tag in (V3 + "td", V3 + "th")]
            shown = re.sub(r"\s+", " ", " ".join(cells)).strip()
            total += bool(shown)
            wrong += bool(shown) and shown not in lines
    return None if total and wrong <= total // 20 else f"{wrong} of {total} rows"


@test("a CDA document with a PDF inside gives the PDF as a file")
def ccda_file(reader, top):
    path = os.path.join(top, "phi-text/fhir-converter/Ccda/CDA_with_Embedded_PDF.ccda")
    _, _, parts = reader.fields(read(path), "text/xml", "x.xml")
    return None if any(path.endswith("/embedded-1.pdf") for path in parts) else str(sorted(parts))


def dataset():
    ds = pydicom.Dataset()
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.PatientName, ds.PatientID, ds.PatientBirthDate = "Doe^Zoë^Q", "12345678", "19700312"
    ds.ReferringPhysicianName, ds.StudyDescription = "Patel^Grace", "CT of the chest"
    ds.AdditionalPatientHistory = "Hypertension\r\nasthma"
    item = pydicom.Dataset()
    item.CodeMeaning = "Pneumonia"
    ds.ReasonForRequestedProcedureCodeSequence = [item]
    ds.private_block(0x0099, "ACME", create=True).add_new(1, "LO", "Seen by Jane Roe")
    return ds


WANTED = ["Patient name: Zoë Q Doe", "Patient ID: 12345678", "Date of birth: 1970-03-12", "Referring provider: Grace Patel"]
WANTED += ["CT of the chest", "Hypertension\nasthma", "Pneumonia", "Seen by Jane Roe"]


def dicom_octets(ds, syntax):
    meta = pydicom.dataset.FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", "1.2.3.4"
    out = pydicom.dataset.FileDataset(None, ds, preamble=b"\0" * 128, file_meta=meta)
    out.is_little_endian = syntax != pydicom.uid.ExplicitVRBigEndian
    out.is_implicit_VR = syntax == pydicom.uid.ImplicitVRLittleEndian
    stream = io.BytesIO()
    pydicom.dcmwrite(stream, out, write_like_original=False)
    return stream.getvalue()


@test("DICOM: all transfer syntaxes of pydicom")
def dicom(reader, _):
    for name in ("ExplicitVRLittleEndian", "ImplicitVRLittleEndian", "ExplicitVRBigEndian", "DeflatedExplicitVRLittleEndian"):
        data = dicom_octets(dataset(), getattr(pydicom.uid, name))
        text, reasons, _ = reader.fields(data, "application/octet-stream", "a.bin")
        missing = [one for one in WANTED if one not in text]
        if missing or reasons:
            return f"{name}: {missing} {reasons}"
    return None


@test("DICOM: pixels are an image, and the header is read; a PDF inside is a file")
def dicom_image(reader, _):
    ds = dataset()
    ds.Rows = ds.Columns = ds.BitsAllocated = 8
    ds.PixelData = bytes(64)
    ds["PixelData"].VR = "OB"
    data = dicom_octets(ds, pydicom.uid.ExplicitVRLittleEndian)
    text, reasons, _ = reader.fields(data, "application/dicom", "a.dcm")
    if reasons != {"image"} or WANTED[0] not in text:
        return f"{reasons}"
    ds = dataset()
    ds.EncapsulatedDocument, ds.MIMETypeOfEncapsulatedDocument = b"hello Jane Roe!!", "text/plain"
    _, _, parts = reader.fields(dicom_octets(ds, pydicom.uid.ExplicitVRLittleEndian), "application/dicom", "a.dcm")
    return None if any(t == "hello Jane Roe!!" for t, _ in parts.values()) else str(sorted(parts))


@test("DICOM as JSON")
def dicom_json(reader, _):
    text, _, _ = reader.fields(dataset().to_json().encode(), "application/dicom+json", "a.json")
    missing = [one for one in WANTED if one.replace("\n", "\r\n") not in text and one not in text]
    return str(missing) if missing else None


@test("each file cut in half gives text or a reason")
def halves(reader, top):
    wrong = []
    for folder in ("Hl7v2", "Ccda", "FHIR"):
        for path in list(files_of(top, "phi-text/fhir-converter/" + folder))[:6]:
            data = read(path)
            text, reasons, _ = reader.fields(data[: len(data) // 2], "application/fhir+json", "a")
            if not text and not reasons:
                wrong.append(os.path.basename(path))
    return str(wrong) if wrong else None


def main():
    if not os.path.exists(os.path.join(BUILD, "modules/.libs/extract-clinical.so")):
        print("1..0 # SKIP extract-clinical is not built")
        return 0
    if not os.path.exists(ARCHIVE):
        print("1..0 # SKIP no %s" % ARCHIVE)
        return 0
    failed = 0
    with tempfile.TemporaryDirectory(prefix="clinical-") as top:
        subprocess.run(["tar", "-x", "--zstd", "-f", ARCHIVE, "-C", top], check=True)
        reader = Reader(top)
        for number, (name, function) in enumerate(TESTS, 1):
            if pydicom is None and name.startswith("DICOM"):
                print("ok %d - %s # SKIP no python3-pydicom" % (number, name))
                continue
            why = function(reader, top)
            failed += why is not None
            print("%s %d - %s" % ("ok" if why is None else "not ok", number, name))
            if why is not None:
                print("# " + why[:2000])
    print("1..%d" % len(TESTS))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
