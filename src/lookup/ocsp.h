/* SPDX-License-Identifier: Apache-2.0 */
/* ocsp: carries an OCSP request to its responder (RFC 6960, appendix A) and the response back. Nothing is verified here: a response is
 * signed, and who asked looks at it. The URL may be of http. */
#ifndef MW_LOOKUP_OCSP_H
#define MW_LOOKUP_OCSP_H

#include "lookup/https.h"
#include "lookup/map.h"

#define MW_OCSP_REQUEST_MAX 8192
#define MW_OCSP_RESPONSE_MAX 65536

/* The map "ocsp": "URL base64(DER of an OCSPRequest)" -> base64(DER of the OCSPResponse). A mw_map_ask; map is a struct mw_https. */
void mw_ocsp_map(void *map, struct mw_str key, mw_answer_done *done, void *ctx);

#endif
