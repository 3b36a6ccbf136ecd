/* SPDX-License-Identifier: Apache-2.0 */
/* seal: the options of milward-seal, as a module that a policy loads. Manual page: milward-seal(8). */
#include "seal/service.h"

#include "base/mode.h"

#include <errno.h>

static const struct mw_opt options[] = {
    MW_OPT(STR, struct mw_seal_conf, listen, "listen", .dflt = "\"unix:/run/milward/seal.sock\"",
	   .help = "where the MTA delivers by LMTP: unix:/path or inet:PORT@127.0.0.1"),
    MW_OPT(STR, struct mw_seal_conf, socket_group, "socket-group", .help = "group of the unix socket"),
    MW_OPT(STR, struct mw_seal_conf, socket_mode, "socket-mode", .dflt = "\"0660\"", .help = "its permissions, octal"),
    MW_OPT(STR, struct mw_seal_conf, reentry, "reentry", .dflt = "\"inet:10533@127.0.0.1\"",
	   .help = "listener of the MTA that takes what was sealed, and signs it"),
    MW_OPT(PATH, struct mw_seal_conf, state, "state", .dflt = "\"/var/lib/milward/seal\"",
	   .help = "folder of the journal and of messages in work"),
    MW_OPT(STR, struct mw_seal_conf, name, "name", .help = "how it calls itself to the MTA; default: the name of this machine"),
    MW_OPT(STR, struct mw_seal_conf, results, "authserv-id", .help = "who it is in Authentication-Results; default: as name"),
    MW_OPT(BOOL, struct mw_seal_conf, keep_results, "keep-results", .dflt = "no",
	   .help =
	       "results with that name that are not of sealers stay: a milter before it has made them, and removed forged ones"),
    MW_OPT(SIZE, struct mw_seal_conf, size, "size", .dflt = "64M", .min = 1024, .max = INT64_C(1) << 32,
	   .help = "largest message"),
    MW_OPT(INT, struct mw_seal_conf, children, "children", .dflt = "32", .min = 1, .max = 1000, .help = "connections at a time"),
    MW_OPT(TIME, struct mw_seal_conf, idle, "idle", .dflt = "1 minute", .min = 1, .max = 3600,
	   .help = "how long the MTA may take for a command"),
    MW_OPT(TIME, struct mw_seal_conf, data, "data", .dflt = "10 minutes", .min = 1, .max = 86400,
	   .help = "how long it may take for a message; and how long the work on one for one recipient may take"),
    MW_OPT(TIME, struct mw_seal_conf, reply, "reply", .dflt = "5 minutes", .min = 1, .max = 3600,
	   .help = "how long the re-entry listener may take for an answer"),
    MW_OPT(TIME, struct mw_seal_conf, drain, "drain", .dflt = "30 seconds", .min = 0, .max = 3600,
	   .help = "time for messages in work when it stops"),
    MW_OPT(TIME, struct mw_seal_conf, remember, "remember", .dflt = "7 days", .min = 3600, .max = 86400 * 365,
	   .help = "how long the journal knows what was delivered: longer than the MTA keeps a message in its queue"),
    MW_OPT(SIZE, struct mw_seal_conf, journal, "journal", .dflt = "64M", .min = 64 * 1024, .max = INT64_C(1) << 32,
	   .help = "most that the journal may take; what is older is forgotten"),
    MW_OPT(PATH, struct mw_seal_conf, audit, "audit", .help = "file of a record for each copy that the MTA has taken"),
    MW_OPT(PATH, struct mw_seal_conf, audit_key, "audit-key",
	   .help = "file with a secret that these records are chained with; 32 octets or more"),
    {.name = NULL},
};

static int seal_check(const struct mw_host *host, const void *conf, struct mw_err *err)
{
	const struct mw_seal_conf *c = conf;
	unsigned mode;

	if (c->name && !mw_seal_is_name(c->name))
		return host->fail(err, -EINVAL, "name \"%s\": letters, digits, dots and hyphens", c->name);
	if (c->results && !mw_seal_is_name(c->results))
		return host->fail(err, -EINVAL, "authserv-id \"%s\": letters, digits, dots and hyphens", c->results);
	if (c->audit_key && !c->audit)
		return host->fail(err, -EINVAL, "audit-key without audit: name the file of the records, or take the key away");
	if (!mw_mode_parse(c->socket_mode, &mode))
		return host->fail(err, -EINVAL, "socket-mode \"%s\": write an octal number, such as 0660", c->socket_mode);
	return 0;
}

MW_PLUGIN(seal, "seal", .kind = MW_KIND_SERVICE, .version = "1.0", .licence = "Apache-2.0",
	  .summary = "the delivery agent milward-seal: encrypts to keys of recipients, and opens what was encrypted to the site",
	  .options = options, .conf_size = sizeof(struct mw_seal_conf), .hooks = {.check = seal_check});
