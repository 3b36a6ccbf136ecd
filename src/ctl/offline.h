/* SPDX-License-Identifier: Apache-2.0 */
/* offline: one message file through the engine, as if it had come by SMTP. */
#ifndef MW_CTL_OFFLINE_H
#define MW_CTL_OFFLINE_H

#include "ctl/ctl.h"

struct offline {
	const char *from; /* envelope sender, NULL = none */
	size_t rcpts;
	const char **rcpt;
	bool text; /* the file is plain UTF-8 text, not a message */
};

/* Only the envelope. NULL with err. Caller fills the rest, and frees with mw_msg_free. */
struct mw_msg *offline_new(struct mw_generation *, const struct offline *, struct mw_err *);
/* path "-" is standard input. The message is filled but not run. NULL with err. Caller frees with mw_msg_free. */
struct mw_msg *offline_read(struct mw_generation *, const struct offline *, const char *path, struct mw_err *);

/* Runs it, as mw_msg_run(). Negative with err when something failed on the way or took too long: what was found is not all, and path
 * says of which file. What a message does to itself (limits, parts that cannot be read) is no failure. */
int offline_run(struct mw_msg *, const char *path,
		void (*trace)(void *ctx, uint32_t rcpt, const struct mw_line *, bool matched, const struct mw_expr *failed),
		void *ctx, struct mw_err *);

#endif
