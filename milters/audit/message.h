/* SPDX-License-Identifier: Apache-2.0 */
/* message: what is recorded of one message, as JSON members. Never its content: no Subject, no file name, no matched text. */
#ifndef MW_AUDIT_MESSAGE_H
#define MW_AUDIT_MESSAGE_H

#include <milward/plugin.h>

/* *ret: malloc'ed, without braces. 0, -ENOMEM. */
int mw_audit_message(const struct mw_host *, struct mw_msg *, char **ret, struct mw_err *);

#endif
