/* SPDX-License-Identifier: Apache-2.0 */
/*
 * found: texts among octets of which only their owner knows the form: records of old workbooks that are not read one by one, blocks of
 * properties, controls. Each text is a line, to where the output goes now. 0, -ENOMEM or a failure of struct out; time is linear.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_FOUND_H
#define PLUGINS_EXTRACT_LEGACY_FOUND_H

#include "codepage.h"
#include "give.h"

/* Runs of at least `least` characters of two octets, at any place. */
int found_wide(struct out *, struct mw_str, size_t least);
/* Texts behind their length, of one octet or two, and a flag that says how wide they are: as in workbooks since 1997. */
int found_counted(struct out *, struct mw_str);
/* Runs of at least `least` characters of one octet. */
int found_narrow(struct out *, struct codepages *, unsigned page, struct mw_str, size_t least);

#endif
