/* SPDX-License-Identifier: Apache-2.0 */
/* dmarc_rows: what dmarc_log has written of a day, with equal messages counted. */
#ifndef MW_AUTH_DMARC_ROWS_H
#define MW_AUTH_DMARC_ROWS_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

#define MW_DMARC_ROWS_MOST 200000u /* different ones */

struct mw_dmarc_row {
	char *key; /* "DOMAIN\nPOLICY\nROW": rows of one record of a domain stand together */
	uint64_t count;
};

struct mw_dmarc_rows {
	size_t n, room;
	struct mw_dmarc_row *v; /* in order, when read() has returned */
	uint64_t bad;		/* lines that are none */
};

/* Adds a file's rows, of that domain alone (NULL = all). 0; -EFBIG: too many different ones; -ENOMEM; -EIO. */
int mw_dmarc_rows_read(struct mw_dmarc_rows *, FILE *, const char *domain);
void mw_dmarc_rows_free(struct mw_dmarc_rows *); /* accepts a zeroed one */

/* A member that is a text; "" when there is none. */
const char *mw_dmarc_row_text(const json_t *, const char *name);
/* What follows the n-th "\n" of a key. */
const char *mw_dmarc_row_part(const char *key, unsigned n);

#endif
