/* SPDX-License-Identifier: Apache-2.0 */
/* lookup: the options of milward-lookup, as a module that a policy loads. Manual page: milward-lookup(8). */
#include "conf.h"

#include <errno.h>

static const struct mw_opt options[] = {
    MW_OPT(LIST, struct mw_lookup_conf, listen, "listen", .flags = MW_REQUIRED,
	   .help = "sockets: \"unix:/path\", \"inet:PORT@127.0.0.1\""),
    MW_OPT(LIST, struct mw_lookup_conf, resolvers, "resolvers",
	   .help = "\"ADDRESS\" or \"ADDRESS@PORT\", or \"recurse\"; default: those of /etc/resolv.conf"),
    MW_OPT(LIST, struct mw_lookup_conf, stubs, "zones", .help = "\"ZONE ADDRESS@PORT\": zones that another server knows"),
    MW_OPT(PATH, struct mw_lookup_conf, trust_anchor, "trust-anchor",
	   .help = "DS or DNSKEY records; default: the root's, of the system"),
    MW_OPT(PATH, struct mw_lookup_conf, cache, "cache", .dflt = "\"/var/lib/milward-lookup\"",
	   .help = "folder for what has been learnt"),
    MW_OPT(PATH, struct mw_lookup_conf, partners, "partners", .help = "table of partners and what their certificates are"),
    MW_OPT(PATH, struct mw_lookup_conf, ca_file, "ca-file", .help = "authorities of web servers; default: the system's"),
    MW_OPT(TIME, struct mw_lookup_conf, timeout, "timeout", .dflt = "20 seconds", .min = 1, .max = 90, .help = "for an answer"),
    MW_OPT(TIME, struct mw_lookup_conf, dns_timeout, "dns-timeout", .dflt = "8 seconds", .min = 1, .max = 60,
	   .help = "for one question to DNS"),
    MW_OPT(TIME, struct mw_lookup_conf, ttl_min, "ttl-min", .dflt = "60 seconds", .min = 1, .max = 3600,
	   .help = "what DNS says is believed for so long at least"),
    MW_OPT(TIME, struct mw_lookup_conf, ttl_max, "ttl-max", .dflt = "1 day", .min = 60, .max = 604800, .help = "and at most"),
    MW_OPT(TIME, struct mw_lookup_conf, idle, "idle", .dflt = "10 minutes", .min = 1, .max = 86400,
	   .help = "connections that ask nothing for so long are closed"),
    MW_OPT(INT, struct mw_lookup_conf, clients, "clients", .dflt = "1000", .min = 1, .max = 100000,
	   .help = "connections at a time"),
    MW_OPT(INT, struct mw_lookup_conf, entries, "entries", .dflt = "10000", .min = 10, .max = 1000000,
	   .help = "domains that are remembered"),
    MW_OPT(INT, struct mw_lookup_conf, https_port, "https-port", .dflt = "443", .min = 1, .max = 65535,
	   .help = "where web servers of MTA-STS and of Web Key Directories are: another one is for tests"),
    MW_OPT(BOOL, struct mw_lookup_conf, private_hosts, "private-hosts", .dflt = "no",
	   .help = "ask web servers with private addresses, too"),
    {.name = NULL},
};

static int lookup_check(const struct mw_host *host, const void *conf, struct mw_err *err)
{
	const struct mw_lookup_conf *c = conf;

	if (c->listen.n == 0)
		return host->fail(err, -EINVAL, "listen names no socket: listen \"unix:/path\"");
	if (c->ttl_min > c->ttl_max)
		return host->fail(err, -EINVAL, "ttl-min is more than ttl-max");
	return 0;
}

MW_PLUGIN(lookup, "lookup", .kind = MW_KIND_SERVICE, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "options of milward-lookup: DANE, MTA-STS, partners, Web Key Directory, OCSP", .options = options,
	  .conf_size = sizeof(struct mw_lookup_conf), .hooks = {.check = lookup_check});
