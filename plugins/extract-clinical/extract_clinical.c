/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extract-clinical: what programs send each other about patients, as a person would write it down. The part itself stays what was
 * sent, since rules look for the structure of records; what the fields hold follows in a section "fields". What a document is its
 * content says, not its label.
 */
#include "ccda.h"
#include "dicom.h"
#include "fhir.h"
#include "fhir_xml.h"
#include "hl7.h"
#include "ncpdp.h"
#include "x12.h"
#include "xml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char section[] = "fields";

struct instance {
	const struct mw_host *host;
};

struct work {
	struct out o;
	int read; /* what the reader of the format says */
	bool dicom;
};

/* The text as it was sent, its lines ended as those of any text. */
static int put_raw(struct work *w, struct mw_str s)
{
	size_t from = 0;
	int r = 0;

	for (const char *p = s.p; r == 0 && (p = memmem(p, s.n - (size_t)(p - s.p), "\r\n", 2)) != NULL; p++) {
		size_t end = (size_t)(p - s.p);

		if (end > from)
			r = w->o.host->sink_text(w->o.sink, s.p + from, end - from);
		from = end + 1;
	}
	if (r == 0 && s.n > from)
		r = w->o.host->sink_text(w->o.sink, s.p + from, s.n - from);
	return r;
}

static int read_xml(struct work *w, struct mw_str s)
{
	struct mw_str root = xml_root(s);

	if (str_is(root, "ClinicalDocument"))
		return ccda_read(s, &w->o);
	if (str_is(root, "Message") || str_is(root, "Body") || str_is(root, "Transmission"))
		return script_read_xml(s, &w->o);
	return fhir_read_xml(s, &w->o);
}

/* The form of the text; one that is none of ours has its own words alone. */
static int read_form(struct work *w, struct mw_str s)
{
	if (hl7_begins(s))
		hl7_read(s, &w->o);
	else if (x12_begins(s))
		x12_read(s, &w->o);
	else if (ncpdp_begins(s))
		ncpdp_read(s, &w->o);
	else if (script_edifact_begins(s))
		script_read_edifact(s, &w->o);
	else if (fhir_json_begins(s))
		return fhir_read_json(s, w->dicom ? &dicom_json_kind : &fhir_kind, &w->o);
	else if (xml_root(s).n)
		return read_xml(w, s);
	return 0;
}

/* Called by the host with the document in UTF-8. */
static int read_text(void *ctx, const char *p, size_t n)
{
	struct work *w = ctx;
	struct mw_str s = {.p = p, .n = n};
	int r = put_raw(w, s);

	if (r == 0)
		r = w->o.host->sink_section(w->o.sink, section);
	if (r < 0)
		return r;
	w->read = read_form(w, s);
	return out_give(&w->o);
}

static int read_dicom(struct work *w, struct mw_str data)
{
	bool image = false;
	int r;

	w->o.failed = w->o.host->sink_section(w->o.sink, section);
	if (w->o.failed == 0)
		w->read = dicom_read(data, &w->o, &image);
	r = out_give(&w->o);
	if (r == 0 && image)
		r = w->o.host->sink_section(w->o.sink, NULL);
	if (r == 0 && image)
		r = w->o.host->sink_unread(w->o.sink, "image");
	return r;
}

static int extract(void *inst, const struct mw_document *doc, struct mw_sink *sink, const char **reason, struct mw_err *err)
{
	const struct instance *self = inst;
	struct work w = {.o = {.host = self->host, .sink = sink}, .dicom = strcmp(doc->type, "application/dicom+json") == 0};
	int r;

	if (dicom_begins(doc->data))
		r = read_dicom(&w, doc->data);
	else if (strcmp(doc->type, "application/dicom") == 0)
		r = w.read = -ENOTSUP;
	else
		r = self->host->to_utf8(doc->data, doc->charset, read_text, &w);
	out_wipe(&w.o);
	if (r == 0)
		r = w.read;
	if (r == 0)
		return 0;
	if (r == -EFBIG || r == -E2BIG)
		*reason = "limit";
	else if (r == -EINVAL)
		*reason = "damaged";
	else if (r == -ENOTSUP)
		*reason = "unknown-format";
	return self->host->fail(err, r, "the fields of the clinical record are not read to its end");
}

static int open_module(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct instance *i;

	(void)self;
	(void)conf;
	if (host->size < sizeof(struct mw_host))
		return host->fail(err, -ENOSYS, "this milward is too old for the module: it has no sections");
	i = calloc(1, sizeof(*i));
	if (!i)
		return host->fail(err, -ENOMEM, "out of memory");
	i->host = host;
	*inst = i;
	return 0;
}

static const char *const types[] = {
    "application/hl7-v2*",
    "x-application/hl7-v2*",
    "application/x-hl7*",
    "application/edi-x12",
    "application/x12",
    "application/fhir+json",
    "application/fhir+xml",
    "application/fhir+ndjson",
    "application/hl7-cda+xml",
    "application/ncpdp*",
    "application/dicom",
    "application/dicom+json",
    NULL,
};

MW_PLUGIN(extract_clinical, "extract-clinical", .kind = MW_KIND_EXTRACTOR, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "fields of HL7, X12, FHIR, C-CDA, NCPDP and DICOM", .types = types,
	  .hooks = {.open = open_module, .close = free, .extract = extract});
