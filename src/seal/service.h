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
	const char *audit, *audit_key; /* NULL: nothing is recorded; no key */
};

/* As a host or service is called in a greeting and in Authentication-Results: letters, digits, dots and hyphens. */
static inline bool mw_seal_is_name(const char *s)
{
	const char *p = s;

	while ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '-' || *p == '.')
		p++;
	return p > s && p - s < 256 && !*p;
}

#endif
