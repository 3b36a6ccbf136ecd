/* SPDX-License-Identifier: Apache-2.0 */
/* names: what the numbers of named properties mean in one file ([MS-OXMSG] 2.2.3). */
#ifndef PLUGINS_MSG_NAMES_H
#define PLUGINS_MSG_NAMES_H

#include "../mapi/prop.h"
#include "../ole/ole.h"

struct names {
	char *guids, *entries, *strings; /* NULL = there are none */
	size_t guids_n, entries_n, strings_n;
	bool damaged;
};

/* folder: OLE_NONE when the file has none. 0 or -ENOMEM. */
int names_read(struct names *, struct ole *, uint32_t folder);
/* Fills in the name of a property, which lives as long as the names do. */
void names_find(const struct names *, struct mapi_prop *);
void names_free(struct names *);

#endif
