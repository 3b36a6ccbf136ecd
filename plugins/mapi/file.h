/* SPDX-License-Identifier: Apache-2.0 */
/* file: an attachment: what its properties say of it, and its octets as a member. */
#ifndef PLUGINS_MAPI_FILE_H
#define PLUGINS_MAPI_FILE_H

#include "write.h"

struct mapi_file {
	char *name, *type; /* UTF-8; NULL = not told */
	unsigned rank;	   /* how good the name is */
	bool mac;	   /* a Macintosh has wrapped its octets in MacBinary */
};

/* Is it a property that says something of the file: its name, its type, how it is wrapped? */
bool mapi_file_wants(const struct mapi_prop *);
/* One value of such a property; others are nothing to it. 0 or -ENOMEM. */
int mapi_file_property(const struct mapi_work *, struct mapi_file *, const struct mapi_prop *);
/* Its octets as a member. number: tells files without a name apart. type: NULL = what the properties say. unread: as member_end(). */
int mapi_file_write(struct mapi_work *, const struct mapi_file *, unsigned number, const char *type, struct mw_str octets,
		    const char *unread);
/* Empty, for the next one. */
void mapi_file_reset(struct mapi_file *);

#endif
