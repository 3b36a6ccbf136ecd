/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/count.h"

const char *const mw_lookup_map_names[] = {"tls", "verified", "verdict", "wkd", "ocsp", "dns", "other", NULL};
static const char *const answers[] = {"ok", "notfound", "temp", "perm", NULL}; /* by enum mw_answer_kind */
static const char *const caches[] = {"verdict", NULL};
static const char *const results[] = {"hit", "miss", NULL};

const struct mw_metric mw_lookup_rows[] = {
    MW_METRIC(COUNTER, struct mw_lookup_counts, questions, "milward_lookup_questions", "Questions that were answered.",
	      .label = {"map", "answer"}, .word = {mw_lookup_map_names, answers}),
    MW_METRIC(TIMES, struct mw_lookup_counts, time, "milward_lookup_question_seconds", "From a question to its answer."),
    MW_METRIC(COUNTER, struct mw_lookup_counts, connections, "milward_lookup_connections", "Connections of clients."),
    MW_METRIC(GAUGE, struct mw_lookup_counts, open, "milward_lookup_connections_open", "Connections now."),
    MW_METRIC(COUNTER, struct mw_lookup_counts, verdicts, "milward_cache_lookups", "Questions to a cache.",
	      .label = {"cache", "result"}, .word = {caches, results}),
    {.name = NULL},
};
