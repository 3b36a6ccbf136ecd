/* SPDX-License-Identifier: Apache-2.0 */
/* arena: memory with one lifetime. Everything from one arena is wiped and freed together. Not thread safe. */
#ifndef MW_BASE_ARENA_H
#define MW_BASE_ARENA_H

#include <stddef.h>

struct mw_arena;

/* limit: octets that may be handed out in all, 0 = none. NULL when there is no memory. Caller frees. */
struct mw_arena *mw_arena_new(size_t limit);
/* Zeroed, aligned to 16 octets, n = 0 gives a valid pointer. NULL: no memory or over the limit. */
void *mw_arena_alloc(struct mw_arena *, size_t n);
/* Array of n elements; NULL on overflow too. */
void *mw_arena_array(struct mw_arena *, size_t n, size_t size);
/* Terminated copies. */
char *mw_arena_dup(struct mw_arena *, const char *p, size_t n);
char *mw_arena_str(struct mw_arena *, const char *s);
char *mw_arena_printf(struct mw_arena *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Grow an array that lives in the arena: returns the new place with room for at least n elements, cap updated. The old place
 * stays until the arena goes, so total cost is at most twice the final size. */
void *mw_arena_grow(struct mw_arena *, void *old, size_t *cap, size_t n, size_t size);
/* Octets handed out so far. */
size_t mw_arena_used(const struct mw_arena *);
/* Wipes and frees; sets *a to NULL; accepts NULL. */
void mw_arena_free(struct mw_arena **a);

#endif
