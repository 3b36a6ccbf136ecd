/* SPDX-License-Identifier: Apache-2.0 */
/* testing: the module with the fake sink and the real character sets, for its unit tests. */
#ifndef PLUGINS_EXTRACT_LEGACY_TESTING_H
#define PLUGINS_EXTRACT_LEGACY_TESTING_H

#include "tests/unit/fakesink.h"

/* Reads a document as the host does; what extract() returned. The transcript is in the sink: fs_reset() after. */
int testing_extract(const char *name, const char *p, size_t n, struct mw_sink *, const char **reason);

#endif
