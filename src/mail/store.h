/* SPDX-License-Identifier: Apache-2.0 */
/* store: the octets of one message while it is in work: in memory up to a limit, above it in a file that has no name. */
#ifndef MW_MAIL_STORE_H
#define MW_MAIL_STORE_H

#include "base/err.h"

struct mw_store;

/* memory: octets kept in memory; dir: folder for the unnamed file (O_TMPFILE, or create and unlink). Borrowed: dir. NULL = no memory. */
struct mw_store *mw_store_new(size_t memory, const char *dir);
/* Appends. -ENOSPC and others with err. */
int mw_store_add(struct mw_store *, const char *p, size_t n, struct mw_err *);
uint64_t mw_store_size(const struct mw_store *);
/* The whole content as one piece, valid until the next add or free. A file is mapped read-only. */
int mw_store_view(struct mw_store *, struct mw_str *ret, struct mw_err *);
/* Lets the pages of the view go, which count as our memory; the view stays, and reads them again where it is looked at. */
void mw_store_forget(const struct mw_store *);
/* Lets go of the view of a file, whose pages count as our memory. mw_store_view() makes it again. */
void mw_store_unview(struct mw_store *);
/* Reads n octets from an offset; both lie in the content. Needs no view. 0 or negative. */
int mw_store_read(const struct mw_store *, uint64_t from, char *to, size_t n);
/* Wipes memory, frees; accepts NULL; sets *s to NULL. */
void mw_store_free(struct mw_store **s);

#endif
