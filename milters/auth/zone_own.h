/* SPDX-License-Identifier: Apache-2.0 */
/* zone_own: what zone_parse.c puts together and zone.c answers from. */
#ifndef MW_AUTH_ZONE_OWN_H
#define MW_AUTH_ZONE_OWN_H

#include "zone.h"

#define MW_ZONEFILE_SECURE_MOST 64u /* lines "$SECURE" */

enum { MW_RR_ANY = 0 }; /* "*" as type */

struct mw_zone_name {
	uint8_t *wire;
	size_t n;
};

struct mw_zone_row {
	struct mw_zone_name name;
	unsigned type;
	enum mw_records_status fails;
	uint32_t ttl;
	size_t order; /* its line */
	struct mw_str data;
};

struct mw_zonefile {
	struct mw_zone_row *row; /* by name, type and line */
	struct mw_str *data;	 /* of the rows */
	char **text;		 /* of their names */
	size_t n, cap;
	struct mw_zone_name secure[MW_ZONEFILE_SECURE_MOST];
	size_t n_secure;
};

/* Fills the rows, in the order of their lines, and the names that are secure; they are the zone's also after a failure. */
int mw_zonefile_lines(struct mw_zonefile *, const char *p, size_t n, struct mw_err *);
int mw_zonefile_fail(struct mw_err *, int code, const char *format, ...) MW_PRINTF(3, 4);

#endif
