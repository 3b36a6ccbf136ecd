/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doc_more: what a Word document says beside its text: names and paths of who saved it, variables, what was told of it; fields of a form,
 * with the values that they may have; WordArt and descriptions of pictures.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_DOC_MORE_H
#define PLUGINS_EXTRACT_LEGACY_DOC_MORE_H

#include "give.h"

/* document, table, data: the streams of that name. 0, -ENOMEM, or a failure of struct out; what is damaged is left out. */
int doc_more_read(struct mw_str document, struct mw_str table, struct mw_str data, struct out *);

#endif
