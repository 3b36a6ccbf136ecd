/* SPDX-License-Identifier: Apache-2.0 */
/* fhir_xml: FHIR and NCPDP SCRIPT in XML, as objects in each other. */
#ifndef EXTRACT_CLINICAL_FHIR_XML_H
#define EXTRACT_CLINICAL_FHIR_XML_H

#include "out.h"

/* As fhir_read_json(). */
int fhir_read_xml(struct mw_str, struct out *);
int script_read_xml(struct mw_str, struct out *);

#endif
