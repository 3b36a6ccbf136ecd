/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache: what was learnt, each for its own time, and a copy of it on disk that a restart begins with. The oldest unused goes when it is
 * full. In memory time is a clock that nobody sets; on disk it is the day's, and what was written in the future, or would last longer
 * than it did when it was written, is not believed.
 */
#ifndef MW_LOOKUP_CACHE_H
#define MW_LOOKUP_CACHE_H

#include "base/buf.h"
#include "base/err.h"
#include <stdint.h>

struct mw_cache;

/* Entries, and octets of all keys and values. NULL: no memory. */
struct mw_cache *mw_cache_new(size_t most, size_t octets);
void mw_cache_free(struct mw_cache **);

/* The value, valid until the next call; *left: seconds, at least 1. false: not known, or its time is over. now: mw_cache_clock(). */
bool mw_cache_get(struct mw_cache *, struct mw_str key, int64_t now, struct mw_str *value, int64_t *left);
/* Keeps it for so many seconds, on disk too if `lasting`. 0, -EINVAL (too large to be kept), -ENOMEM: what was known before is gone. */
int mw_cache_put(struct mw_cache *, struct mw_str key, struct mw_str value, int64_t now, int64_t seconds, bool lasting);
size_t mw_cache_count(const struct mw_cache *);
/* Has anything lasting come in since the last time that it was saved? */
bool mw_cache_is_dirty(const struct mw_cache *);

/* Milliseconds, of this start of the machine. */
int64_t mw_cache_clock(void);

/* The copy as octets. wall: seconds since 1970. */
void mw_cache_write(struct mw_cache *, int64_t now, int64_t wall, struct mw_buf *);
/* Takes what is in a copy. -EBADMSG: it is not whole, and nothing was taken. */
int mw_cache_read(struct mw_cache *, struct mw_str copy, int64_t now, int64_t wall, struct mw_err *);
/* The same with a file: written beside it and renamed. A file that is not there is empty. */
int mw_cache_save(struct mw_cache *, const char *path, struct mw_err *);
int mw_cache_load(struct mw_cache *, const char *path, struct mw_err *);

#endif
