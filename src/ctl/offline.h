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

#endif
