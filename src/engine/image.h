/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image: the data of a shared object laid out as the dynamic linker would lay it out, without running any of its code.
 *
 * Only the load segments are copied, and only relocations that need nothing but the object itself are applied: relative ones, and
 * absolute ones against a symbol that the object defines. A pointer to something elsewhere stays what the file holds (mostly 0).
 * Nothing in the image can be executed. Pure over (pointer, length) of the file; every offset in it is hostile.
 */
#ifndef MW_ENGINE_IMAGE_H
#define MW_ENGINE_IMAGE_H

#include "base/err.h"

struct mw_image {
	unsigned char *p; /* read-only memory, page aligned */
	size_t n;
	uintptr_t low; /* address in the file that p stands for */
};

/* A file above this is no module. */
#define MW_IMAGE_MAX ((size_t)64 * 1024 * 1024)

/* file: borrowed, not needed afterwards. The caller frees *ret. 0; -ENOEXEC with the cause: no ELF file, another machine, no
 * shared object, damaged; -ENOMEM. */
int mw_image_read(struct mw_str file, struct mw_image *ret, struct mw_err *);
/* A defined dynamic symbol, NULL when there is none. Its type and size are not looked at. */
const void *mw_image_symbol(const struct mw_image *, struct mw_str file, const char *name);
/* Accepts an empty one; empties it. */
void mw_image_free(struct mw_image *);

#endif
