/* SPDX-License-Identifier: Apache-2.0 */
/* filter: lists of system calls. What is not on a list fails as if permissions forbade it. */
#ifndef MW_BOX_FILTER_H
#define MW_BOX_FILTER_H

#include <linux/filter.h>
#include <seccomp.h>
#include <stddef.h>

/* 0 or negative errno. */
int mw_filter_add(scmp_filter_ctx, uint32_t action, const int *call, size_t n);
/* A filter with what every process of ours may do (memory, time, files that it has open, waiting), with what nobody calls by mistake,
 * which kills, and with what rules() adds. The caller frees. 0 or negative errno. */
int mw_filter_make(int (*rules)(scmp_filter_ctx, void *ctx), void *ctx, struct sock_fprog *ret);
/* A filter for a process that serves others and has threads: it starts no program and no process, opens no socket to listen on, runs no
 * memory that it may write to, and does nothing of what kills in the other filter, but for taking connections. All else it may. */
int mw_filter_make_server(struct sock_fprog *ret);
void mw_filter_free(struct sock_fprog *); /* accepts an empty one */
/* For the rest of the life of this process, which must have no_new_privs, and its children. 0 or negative errno. */
int mw_filter_set(const struct sock_fprog *);

#endif
