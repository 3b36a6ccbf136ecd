/* SPDX-License-Identifier: Apache-2.0 */
/* zip_list: what the directories at the end of a zip say is in it, in order of place. Mostly there is one directory. */
#ifndef EXTRACT_ARCHIVE_ZIP_LIST_H
#define EXTRACT_ARCHIVE_ZIP_LIST_H

#include "zip.h"

struct zip_list {
	struct zip_entry *v; /* a name without an address: no file, but octets of the directory itself */
	size_t n, cap;
	size_t directories;
	bool damaged;	/* a directory is not as long as it says */
	bool encrypted; /* a directory cannot be read */
};

/* 0, -ENOMEM, or -EFBIG: there are more entries than anybody wants. Free it in any case. */
int zip_list_read(struct zip_list *, struct mw_str data);
void zip_list_free(struct zip_list *);
/* Is there a directory at the end, with a file in it? */
bool zip_list_ends(struct mw_str data);

#endif
