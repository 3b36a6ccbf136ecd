/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extracting: a module with a host that it can read through, for fuzzers of extractors. The sinks are those of fakesink, which ends
 * the program when a call is out of order.
 */
#ifndef MW_TESTS_FUZZ_EXTRACTING_H
#define MW_TESTS_FUZZ_EXTRACTING_H

#include "tests/unit/fakesink.h"

/* to_utf8() leaves what is valid as it is; of all else it drops NUL and replaces octets that are no ASCII. */
const struct mw_host *fx_host(void);
/* The same, and text that is no UTF-8 ends the program: each call of sink_text() gives whole characters. */
const struct mw_host *fx_utf8_host(void);

/* Any octets under a media type, without charset and name. */
struct mw_document fx_document(const void *data, size_t size, const char *type);

/* Opens the module with fx_host() for this document: what extract() returns. A failure without a reason ends the program, and so does
 * a reason without a failure. What is in the sink is the caller's: look at it, then fs_reset(). */
int fx_extract(const struct mw_plugin *, const struct mw_document *, struct mw_sink *);
/* The same with other services, and with options; NULL: as they are when the policy says nothing. */
int fx_extract_with(const struct mw_host *, const struct mw_plugin *, const void *conf, const struct mw_document *,
		    struct mw_sink *);

#endif
