/* SPDX-License-Identifier: Apache-2.0 */
/* schema: the tables of the store, and the way from older ones. */
#ifndef MW_PICKUP_SCHEMA_H
#define MW_PICKUP_SCHEMA_H

#include "pickup/db.h"

/* The tables are there, of this version. may_change: makes them, or brings older ones up to date in one transaction. -EOPNOTSUPP: of a
 * later milward; -ESTALE: of an earlier one, and may not be changed; -ENOENT: there are none; -EUCLEAN: another program's database. */
int mw_schema_ready(struct mw_db *, bool may_change, struct mw_err *);

#endif
