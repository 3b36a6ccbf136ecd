/* SPDX-License-Identifier: Apache-2.0 */
/* socketmap: one question to a map of milward-lookup (netstrings, as socketmap_table(5)). */
#ifndef SEAL_SMIME_SOCKETMAP_H
#define SEAL_SMIME_SOCKETMAP_H

#include <stddef.h>
#include <stdint.h>

#define SOCKETMAP_MAX 131072u

/* Milliseconds of the clock that does not jump. */
int64_t socketmap_clock(void);
/* question: "MAP KEY". *answer ("OK …", "TEMP …") is malloc'ed and terminated. 0, -ETIME at the deadline, or another negative errno. */
int socketmap_ask(const char *path, const char *question, int64_t deadline, char **answer);

#endif
