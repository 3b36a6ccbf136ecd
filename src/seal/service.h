/* SPDX-License-Identifier: Apache-2.0 */
/* service: the options of milward-seal, which stand in the policy: `load seal { … }`. */
#ifndef MW_SEAL_SERVICE_H
#define MW_SEAL_SERVICE_H

#include <milward/plugin.h>

struct mw_seal_conf {
	const char *listen, *socket_group, *socket_mode;
	const char *reentry;
	const char *state;
	const char *name;    /* NULL: that of this machine */
	const char *results; /* authserv-id, NULL: name */
	bool keep_results;
	uint64_t size;
	int64_t children;
	int64_t idle, data, reply; /* seconds */
	int64_t drain;
	int64_t remember;
	uint64_t journal;
};

#endif
