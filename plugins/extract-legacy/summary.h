/* SPDX-License-Identifier: Apache-2.0 */
/*
 * summary: the properties of a document ([MS-OLEPS]): strings among them are hidden text of the part, a line each.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_SUMMARY_H
#define PLUGINS_EXTRACT_LEGACY_SUMMARY_H

#include "codepage.h"
#include "give.h"

/* 0, -ENOMEM, or a failure of struct out. What is damaged is left out: a reader shows nothing of it either. */
int summary_read(struct mw_str, struct out *, struct codepages *);

#endif
