/* SPDX-License-Identifier: Apache-2.0 */
/*
 * extracting: a module with a host that it can read through, for unit tests of extractors: the sinks of fakesink, the failures of
 * fakehost, the character sets of the real host. One module at a time.
 */
#ifndef MW_TESTS_EXTRACTING_H
#define MW_TESTS_EXTRACTING_H

#include "tests/unit/fakesink.h"

/* The services. A test may put one of its own in the place of another before it opens the module. */
struct mw_host *ex_host(void);

/* What open() returns. The module is open until ex_close(), or until a group of tests ends with ex_teardown(). */
int ex_open(const struct mw_plugin *, const void *conf);
void ex_close(void);
int ex_teardown(void **state);

/* What extract() of the open module returns; *reason: NULL when it said none. The transcript is in the sink: fs_reset() after. */
int ex_extract(const struct mw_document *, struct mw_sink *, const char **reason);
/* The same by a module without options that is opened and closed for this document. */
int ex_once(const struct mw_plugin *, const struct mw_document *, struct mw_sink *, const char **reason);

#endif
