/* SPDX-License-Identifier: Apache-2.0 */
/* folder: the files of certificates in a folder, or one file, read again when they change. A file that cannot be read, or not all of it,
 * is one line in the log, which names it and the cause. */
#ifndef SEAL_SMIME_FOLDER_H
#define SEAL_SMIME_FOLDER_H

#include "certfile.h"

#include <milward/plugin.h>

#define FOLDER_FILES 200000u

struct folder_id {
	uint64_t v[6]; /* device, inode, size, time of change of its octets and of itself */
};

struct folder_file {
	char *name; /* beside the folder; the path of a single file */
	struct folder_id id;
	struct certfile file;
};

struct folder {
	const char *what, *path; /* what: the option, for errors. path NULL: there is none */
	bool settled;		 /* what id says is still so when nothing changes */
	struct folder_id id;
	size_t n;
	struct folder_file *v; /* by name */
};

/* Reads what has changed. thorough: looks at each file, too, not only whether the folder has other ones. *changed is set when v is
 * not what it was, and left alone else. self NULL: what would be logged is printed, as a command does. 0, or negative: v is what it was. */
int folder_read(const struct mw_host *, struct mw_self *, struct folder *, bool thorough, bool *changed, struct mw_err *);
void folder_free(struct folder *);

#endif
