/* SPDX-License-Identifier: Apache-2.0 */
/* conf: `load lookup { … }` of a policy. The rows are in module.c, which is all that the policy's checker sees of milward-lookup. */
#ifndef MW_LOOKUP_CONF_H
#define MW_LOOKUP_CONF_H

#include <milward/plugin.h>

struct mw_lookup_conf {
	struct mw_list listen;				      /* sockets, as for `listen` of a policy */
	struct mw_list resolvers;			      /* see mw_dns_options */
	struct mw_list stubs;				      /* "ZONE SERVER" */
	const char *trust_anchor;			      /* NULL: the system's */
	const char *cache;				      /* folder */
	const char *partners;				      /* NULL: none */
	const char *ca_file;				      /* NULL: the system's */
	int64_t timeout, dns_timeout, ttl_min, ttl_max, idle; /* seconds */
	int64_t clients, entries;
	int64_t https_port;
	bool private_hosts;
};

#endif
