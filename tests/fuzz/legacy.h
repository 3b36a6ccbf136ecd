/* SPDX-License-Identifier: Apache-2.0 */
/* legacy: what the fuzzers of extract-legacy share: a host whose character sets are ASCII, and the whole module in one call. */
#ifndef MW_TESTS_FUZZ_LEGACY_H
#define MW_TESTS_FUZZ_LEGACY_H

#include "tests/unit/fakesink.h"

extern const struct mw_host legacy_host;

/* What extract() returns for a document. A failure without a reason ends the program. */
int legacy_extract(struct mw_str, struct mw_sink *);

#endif
