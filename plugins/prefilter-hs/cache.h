/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache: one file that keeps what libhs compiled. libhs trusts what it reads back, so the file must be ours alone: it and its
 * folder belong to root or to this process' user, nobody else may write them, and its contents have the digest that they were
 * written with.
 */
#ifndef MW_PREFILTER_HS_CACHE_H
#define MW_PREFILTER_HS_CACHE_H

#include <milward/plugin.h>

#define CACHE_DIGEST 32

/* SHA-256. false: the library failed. */
bool cache_digest(const void *p, size_t n, unsigned char ret[CACHE_DIGEST]);

/* The contents that were kept under this key; malloc'd, caller frees. -ENOENT: there is no file; else err says what is wrong with
 * it: -EPERM (others may write it), -ESTALE (another key), -EBADMSG (damaged), or what the system says. */
int cache_load(const char *path, const unsigned char key[CACHE_DIGEST], char **ret, size_t *n, const struct mw_host *,
	       struct mw_err *);
/* Writes beside the file, then renames. */
int cache_store(const char *path, const unsigned char key[CACHE_DIGEST], const char *p, size_t n, const struct mw_host *,
		struct mw_err *);

#endif
