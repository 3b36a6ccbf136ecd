/* SPDX-License-Identifier: Apache-2.0 */
/* storage: the folders of an Outlook file ([MS-OXMSG]) and the properties in them. */
#ifndef PLUGINS_MSG_STORAGE_H
#define PLUGINS_MSG_STORAGE_H

#include "../mapi/write.h"
#include "../ole/ole.h"
#include "names.h"

struct storage {
	struct ole ole;
	struct names names;
	uint32_t *first, *next; /* what a folder holds, as a list; OLE_NONE ends */
	bool *known;		/* entries that were read, or need not be */
	bool damaged;
};

/* -EBADMSG: it is no compound file, -ENOENT: it is one, but no mail of Outlook, -ENOMEM. */
int storage_open(struct storage *, struct mw_str);
void storage_close(struct storage *);

static inline const char *storage_name(const struct storage *s, uint32_t e)
{
	return s->ole.entry[e].name;
}

static inline bool storage_is_folder(const struct storage *s, uint32_t e)
{
	return s->ole.entry[e].kind == OLE_FOLDER;
}

/* Names of a compound file are the same in small and large letters. */
bool storage_begins(const struct storage *, uint32_t e, const char *prefix);
/* Is the entry a property with the number id? */
bool storage_is(const struct storage *, uint32_t e, uint16_t id);
/* Does the folder hold a message? */
bool storage_is_message(const struct storage *, uint32_t folder);
/* A stream, which the caller frees; *p = NULL and n = 0 when none of it can be had. 0 or -ENOMEM. */
int storage_read(struct storage *, uint32_t e, char **p, size_t *n, bool *whole);

/* All values of a folder that the phase of the work wants, to fn; stops with what fn returns when that is not 0. header: octets in
 * front of the table of fixed properties. */
int storage_each(struct storage *, uint32_t folder, size_t header, bool (*wants)(void *ctx, const struct mapi_prop *),
		 int (*fn)(void *ctx, const struct mapi_prop *), void *ctx);

#endif
