/* SPDX-License-Identifier: Apache-2.0 */
/* landlock: files out of reach, where the kernel has it (5.13 and later; newer ones can do more). */
#ifndef MW_READER_LANDLOCK_H
#define MW_READER_LANDLOCK_H

#include <stddef.h>

/* paths: programs that may run, with what they need of the system's libraries and fonts; NULL ends, NULL = no file at all. The
 * process must have no_new_privs. 1; 0: the kernel has it not; negative errno. */
int mw_landlock(const char *const *paths);

#endif
