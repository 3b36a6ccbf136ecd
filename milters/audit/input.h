/* SPDX-License-Identifier: Apache-2.0 */
/* input: the files that commands of the audit trail read. */
#ifndef MW_AUDIT_INPUT_H
#define MW_AUDIT_INPUT_H

#include <sys/stat.h>

/* Opens a regular file for reading, and says in st how much it has. What is none is not waited for: a FIFO or a device has no size, so it would
 * seem to be cut off. A descriptor, which the caller closes; -EISDIR, -ENOTSUP: it is no regular file; another negative errno. */
int mw_audit_input_open(const char *file, struct stat *st);
/* Why a file cannot be read, for a person. r: what mw_audit_input_open() said, or reading; negative. */
const char *mw_audit_input_why(int r);

#endif
