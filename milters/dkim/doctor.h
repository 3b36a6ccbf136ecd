/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: `milwardctl dkim records`, what DNS must say of the site's keys, and the same for milwardctl doctor. */
#ifndef MW_DKIM_DOCTOR_H
#define MW_DKIM_DOCTOR_H

#include <milward/plugin.h>

/* Lines for milwardctl doctor: fields with tabs between them. 0, or 1 with the cause on standard error. */
int mw_dkim_doctor(const struct mw_host *, const char *key_table, const char *signing_table);
/* Lines for a zone file. */
int mw_dkim_records(const struct mw_host *, const char *key_table, const char *signing_table);

#endif
