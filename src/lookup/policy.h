/* SPDX-License-Identifier: Apache-2.0 */
/* policy: what the policy file says about milward-lookup. */
#ifndef MW_LOOKUP_POLICY_H
#define MW_LOOKUP_POLICY_H

#include "lookup/conf.h"
#include "lookup/options.h"
#include "lookup/partners.h"

struct mw_lookup_policy;

/* Reads the policy and the table of partners; lines about what is wrong are in the log. MW_EXIT_OK, or a status with err. */
enum mw_exit mw_lookup_policy_load(const struct mw_lookup_options *, struct mw_lookup_policy **ret, struct mw_err *);
void mw_lookup_policy_free(struct mw_lookup_policy **); /* accepts NULL, sets NULL */
const struct mw_lookup_conf *mw_lookup_policy_conf(const struct mw_lookup_policy *);
const char *mw_lookup_policy_digest(const struct mw_lookup_policy *);
/* Once: the table is the caller's. */
struct mw_partners *mw_lookup_policy_partners(struct mw_lookup_policy *);

/* An option that differs, of those that only a start takes; NULL: none does. */
const char *mw_lookup_conf_differs(const struct mw_lookup_conf *, const struct mw_lookup_conf *);

#endif
