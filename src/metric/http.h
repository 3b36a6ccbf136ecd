/* SPDX-License-Identifier: Apache-2.0 */
/* http: the little of HTTP that a status socket knows: GET /metrics. Pure. */
#ifndef MW_METRIC_HTTP_H
#define MW_METRIC_HTTP_H

#include "base/str.h"

#define MW_HTTP_REQUEST 4096u /* octets of a request at most */

enum mw_http {
	MW_HTTP_MORE = 0, /* its header has not ended */
	MW_HTTP_TEXT,	  /* wants the metrics, in the text format */
	MW_HTTP_OPEN,	  /* as OpenMetrics */
	MW_HTTP_BAD,	  /* 400 */
	MW_HTTP_NOT_FOUND,
	MW_HTTP_METHOD, /* 405 */
	MW_HTTP_TOO_LARGE,
};
/* What has come of a request so far. */
enum mw_http mw_http_request(struct mw_str);

/* The body of an answer; false when it is none with the status 200, or not whole. For who asks. */
bool mw_http_answer(struct mw_str, struct mw_str *body);

#endif
