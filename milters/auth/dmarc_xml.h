/* SPDX-License-Identifier: Apache-2.0 */
/* dmarc_xml: an aggregate report as RFC 7489, appendix C has it. */
#ifndef MW_AUTH_DMARC_XML_H
#define MW_AUTH_DMARC_XML_H

#include "dmarc_rows.h"

struct mw_dmarc_report {
	const char *org, *email;
	char id[400];
	int64_t begin, end;
	const struct mw_dmarc_row *row; /* of one domain and one record */
	size_t n;
};

/* The text, to be freed; NULL: no memory. */
char *mw_dmarc_xml(const struct mw_dmarc_report *, size_t *n);

#endif
