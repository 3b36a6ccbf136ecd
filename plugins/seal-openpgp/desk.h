/* SPDX-License-Identifier: Apache-2.0 */
/*
 * desk: an RNP that keeps the site's secret keys between messages, since it looks hard at each before it uses it for the first time: 35 ms
 * for RSA 2048. One a process, for one thread at a time. Public keys are taken off after each use: a message must not find another's.
 */
#ifndef OPENPGP_DESK_H
#define OPENPGP_DESK_H

#include "judge.h"

#include <pthread.h>
#include <sys/types.h>

struct pgp_desk {
	pthread_mutex_t lock;
	rnp_ffi_t ffi; /* NULL: not yet */
	pid_t pid;     /* whose it is: a child begins anew */
};

int pgp_desk_open(struct pgp_desk *); /* -ENOMEM */
void pgp_desk_close(struct pgp_desk *);
/* Waits for it. To be given back. -ENOMEM */
int pgp_desk_take(struct pgp_desk *, int64_t now, rnp_ffi_t *ret);
void pgp_desk_give(struct pgp_desk *);
/* A secret key on it, which it has or gets. The caller's to destroy; NULL: RNP cannot read it. */
rnp_key_handle_t pgp_desk_key(struct pgp_desk *, const struct pgp_cert *);

#endif
