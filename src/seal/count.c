/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/count.h"

static const char *const means[] = {"none", "smime", "openpgp", "portal", "open", NULL}; /* by enum mw_seal_means */
static const char *const answers[] = {"sent", "deferred", "refused", NULL};

const struct mw_metric mw_seal_rows[] = {
    MW_METRIC(COUNTER, struct mw_seal_counts, recipients, "milward_seal_recipients", "Recipients that the MTA handed over.",
	      .label = {"means", "answer"}, .word = {means, answers}),
    MW_METRIC(TIMES, struct mw_seal_counts, time, "milward_seal_recipient_seconds", "How long one took."),
    MW_METRIC(COUNTER, struct mw_seal_counts, connections, "milward_seal_connections", "Connections of the MTA."),
    MW_METRIC(GAUGE, struct mw_seal_counts, open, "milward_seal_connections_open", "Connections now."),
    MW_METRIC(GAUGE, struct mw_seal_counts, limit, "milward_seal_connections_limit", "Connections that there may be at a time."),
    MW_METRIC(COUNTER, struct mw_seal_counts, crashed, "milward_seal_children_crashed",
	      "Processes for a connection that were ended by a signal."),
    MW_METRIC(GAUGE, struct mw_seal_counts, journal, "milward_seal_journal_copies", "Copies in the journal."),
    {.name = NULL},
};

void mw_seal_count(struct mw_seal_counts *c, enum mw_seal_means by, unsigned code, int64_t ns)
{
	mw_count(&c->recipients[by][code < 300 ? MW_SEAL_SENT : code < 500 ? MW_SEAL_DEFERRED : MW_SEAL_REFUSED]);
	mw_times_add(&c->time, ns);
}
