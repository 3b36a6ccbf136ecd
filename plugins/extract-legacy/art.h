/* SPDX-License-Identifier: Apache-2.0 */
/*
 * art: texts in the properties of what is drawn (OfficeArt), which DOC, XLS and PPT share: WordArt, descriptions of pictures, links.
 */
#ifndef PLUGINS_EXTRACT_LEGACY_ART_H
#define PLUGINS_EXTRACT_LEGACY_ART_H

#include "give.h"

/* Is a record one of properties? */
bool art_is_options(uint16_t type);
/* The texts of one such record, of `count` properties: what is seen goes to `section` as it is if `hide` is not set, the rest behind it. */
int art_options(struct out *, size_t section, bool hide, unsigned count, struct mw_str data);
/* The same of all in a tree of records; octets between them are passed over. */
int art_read(struct out *, size_t section, bool hide, struct mw_str);

#endif
