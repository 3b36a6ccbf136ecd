/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fhir: resources of FHIR (STU3 to R5), in JSON, NDJSON or XML, alone or in bundles; and DICOM and NCPDP SCRIPT where they are
 * objects in each other as well. Names, addresses, numbers and codes are known by what an object holds, so that resources which
 * nobody has heard of are read as well.
 */
#ifndef EXTRACT_CLINICAL_FHIR_H
#define EXTRACT_CLINICAL_FHIR_H

#include "tree.h"

extern const struct tree_kind fhir_kind;
extern const struct tree_kind script_kind;
extern const struct tree_kind dicom_json_kind;

bool fhir_json_begins(struct mw_str);
/* 0; -EINVAL: not all of it could be read; -E2BIG, -ENOMEM. What was read is out. */
int fhir_read_json(struct mw_str, const struct tree_kind *, struct out *);

/* "Patient", "Provider", or NULL: whom a resource is about. */
const char *fhir_who(struct mw_str resource);
/* What the member of a resource is called; NULL: by its name. */
const char *fhir_label(const char *resource, struct mw_str key);
/* Members that hold what programs need and no words: addresses of definitions, versions. */
bool fhir_is_plumbing(struct mw_str key);
/* What a number is called by the code for its kind or the address of who gives it; NULL = not known. */
const char *fhir_id(struct mw_str code, struct mw_str system);

#endif
