/* SPDX-License-Identifier: Apache-2.0 */
/* file: tables and private keys from disk. */
#ifndef MW_DKIM_FILE_H
#define MW_DKIM_FILE_H

#include <milward/plugin.h>

/* The name in front of an OpenDKIM table: "refile:/etc/x" or "file:/etc/x" or "/etc/x". The host has made `option` absolute
 * ("/etc/milward/refile:/etc/x"), so the word may stand behind a folder, which is then where a relative path begins.
 * *path is malloc'ed. 0, -EINVAL (another kind of data set), -ENOMEM. */
int mw_dkim_file_spec(const struct mw_host *, const char *option, char **path, bool *refile, struct mw_err *);
/* path itself, or beside the file `base` when it is relative. malloc'ed; NULL = no memory. */
char *mw_dkim_file_beside(const char *base, const char *path);

/* Reads a regular file whole. *text is malloc'ed and terminated at *n. what: "signing-table", for errors. */
int mw_dkim_file_read(const struct mw_host *, const char *what, const char *path, size_t max, char **text, size_t *n,
		      struct mw_err *);
/* The same for a file that holds a private key: nobody else may own it or read it, and its folder must not be open to all.
 * The caller wipes *text. */
int mw_dkim_file_read_private(const struct mw_host *, const char *what, const char *path, size_t max, char **text, size_t *n,
			      struct mw_err *);

#endif
