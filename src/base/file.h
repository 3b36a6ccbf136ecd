/* SPDX-License-Identifier: Apache-2.0 */
/* file: reading small files whole, writing, and paths. */
#ifndef MW_BASE_FILE_H
#define MW_BASE_FILE_H

#include "base/arena.h"
#include "base/err.h"

/* Reads a regular file of at most max octets into the arena (terminated). Errors name the path and the cause; a file that somebody
 * is writing, so that its size is not what it was, is one. */
int mw_file_read(struct mw_arena *, const char *path, size_t max, struct mw_str *ret, struct mw_err *);
/* All of it, however many writes that takes. 0 or negative errno. */
int mw_file_write_all(int fd, const char *p, size_t n);
/* path as it is when absolute, else beside base_file ("dir/base", "tables/x" -> "dir/tables/x"). NULL = no memory. */
char *mw_path_beside(struct mw_arena *, const char *base_file, const char *path);

#endif
