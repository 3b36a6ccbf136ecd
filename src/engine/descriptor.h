/* SPDX-License-Identifier: Apache-2.0 */
/*
 * descriptor: is a struct mw_plugin one that this milward can use? The same checks serve a descriptor in an image that was only
 * read (where every pointer is hostile) and the live one after dlopen. No code of the module runs.
 */
#ifndef MW_ENGINE_DESCRIPTOR_H
#define MW_ENGINE_DESCRIPTOR_H

#include "base/err.h"

/* Where pointers of a descriptor may point. {NULL, SIZE_MAX} is all memory, for one that the dynamic linker has laid out. */
struct mw_memory {
	const unsigned char *p;
	size_t n;
};

/* descriptor: as found, perhaps not even a descriptor. name: what it must be called. 0, or -ENOEXEC with one cause: wrong magic,
 * other major, newer minor, other size, other build, other name, or which row is wrong. */
int mw_descriptor_check(const struct mw_memory *, const void *descriptor, const char *name, struct mw_err *);
/* Do both say the same: identity, stages, powers and every row? Both must have passed the check. */
bool mw_descriptor_same(const struct mw_plugin *, const struct mw_plugin *);
/* Its custody, NULL = it has none. It must have passed the check. */
const struct mw_custody *mw_descriptor_custody(const struct mw_plugin *);
/* A word of the policy language: a-z, then a-z, 0-9 and inner dashes; at most 63. */
bool mw_descriptor_name_ok(const char *name);

#endif
