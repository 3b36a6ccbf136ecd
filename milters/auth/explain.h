/* SPDX-License-Identifier: Apache-2.0 */
/* explain: what the checks of a message found, step by step with the records that they used: for a person, or as JSON. */
#ifndef MW_AUTH_EXPLAIN_H
#define MW_AUTH_EXPLAIN_H

#include "checks.h"
#include "text.h"

struct mw_explain;
/* dns is borrowed, and asked through mw_explain_resolver(). NULL: no memory. */
struct mw_explain *mw_explain_new(const struct mw_resolver *dns, bool json, bool colour);
void mw_explain_free(struct mw_explain *); /* accepts NULL */
struct mw_resolver mw_explain_resolver(struct mw_explain *);
struct mw_checks_watch mw_explain_watch(struct mw_explain *);

void mw_explain_begin(struct mw_explain *, const struct mw_auth_mail *);
void mw_explain_end(struct mw_explain *, const struct mw_auth_mail *, const struct mw_auth *);
/* All that was explained; its `failed` says that there was no memory. */
const struct mw_text *mw_explain_text(const struct mw_explain *);

#endif
