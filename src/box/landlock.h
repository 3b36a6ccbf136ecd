/* SPDX-License-Identifier: Apache-2.0 */
/* landlock: files out of reach, where the kernel has it (5.13 and later; newer ones can do more: TCP, signals). */
#ifndef MW_BOX_LANDLOCK_H
#define MW_BOX_LANDLOCK_H

#include <stddef.h>
#include <stdint.h>

enum {
	MW_LANDLOCK_READ = 1,
	MW_LANDLOCK_LIST = 2,
	MW_LANDLOCK_RUN = 4,
	MW_LANDLOCK_WRITE = 8,	 /* files and folders: make, write, move, remove */
	MW_LANDLOCK_REMOVE = 16, /* files */
};

/* What may be done below a folder, or with a file. */
struct mw_landlock_path {
	const char *path; /* one that is not there is passed over */
	uint32_t access;  /* MW_LANDLOCK_… */
};

/* Everything else is out of reach of a process that enters it. A descriptor, which the caller closes; -ENOSYS: the kernel has it not. */
int mw_landlock_make(const struct mw_landlock_path *, size_t n);
/* The same, and TCP to any port: of a process that has to do with an MTA. */
int mw_landlock_make_online(const struct mw_landlock_path *, size_t n);
/* For the rest of the life of this process, which must have no_new_privs, and its children. */
int mw_landlock_enter(int fd);

#endif
