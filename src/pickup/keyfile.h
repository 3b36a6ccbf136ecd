/* SPDX-License-Identifier: Apache-2.0 */
/* keyfile: the file of server keys, as it is read and written. keys.h says what stands in it and who may read it. */
#ifndef MW_PICKUP_KEYFILE_H
#define MW_PICKUP_KEYFILE_H

#include "pickup/keys.h"

#include <sys/stat.h>

struct mw_server_key {
	uint32_t number;
	int64_t created;
	unsigned char octets[MW_PICKUP_KEY];
};

struct mw_keyfile {
	size_t n;
	struct mw_server_key *key; /* numbers ascend */
};

/* Pure. -EINVAL with the line; -ENOMEM. */
int mw_keyfile_parse(struct mw_str text, struct mw_keyfile *ret, struct mw_err *);
/* At least one key when 0. st: of the file that was read. */
int mw_keyfile_read(const char *path, struct mw_keyfile *ret, struct stat *st, struct mw_err *);
void mw_keyfile_free(struct mw_keyfile *); /* wipes */

#endif
