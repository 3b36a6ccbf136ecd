/* SPDX-License-Identifier: Apache-2.0 */
/*
 * portal: the module by which a policy has a portal: messages wait there until their recipients pick them up. It is opened by
 * milward-seal, where messages are handed in; milward-portal reads the same options; in milward, the milter, it is options and nothing
 * else, and opens neither key nor database. Manual page: milward-portal(8).
 */
#include "pickup/portal.h"

#include "base/mode.h"
#include "installed.h"
#include "mail/mime.h"
#include "pickup/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define TEMPLATE_DIR MW_POLICY_DIR "/../portal"

static const struct mw_word proofs[] = {
    {"code", MW_PORTAL_CODE}, {"passphrase", MW_PORTAL_PASSPHRASE}, {"both", MW_PORTAL_BOTH}, {0}};

static const struct mw_opt options[] = {
    MW_OPT(PATH, struct mw_portal_conf, store, "store", .dflt = "\"/var/lib/milward/portal\"",
	   .help = "folder of messages that wait to be picked up"),
    MW_OPT(PATH, struct mw_portal_conf, keys, "keys", .dflt = "\"/etc/milward/portal.keys\"",
	   .help = "file of the keys that what is stored is encrypted with"),
    MW_OPT(PATH, struct mw_portal_conf, audit, "audit", .help = "file of a record for each thing that happens to a message"),
    MW_OPT(PATH, struct mw_portal_conf, audit_key, "audit-key",
	   .help = "file with a secret that these records are chained with; 32 octets or more"),
    MW_OPT(STR, struct mw_portal_conf, url, "url", .flags = MW_REQUIRED, .help = "where recipients find the portal: https://…"),
    MW_OPT(STR, struct mw_portal_conf, site, "site", .flags = MW_REQUIRED, .help = "name of the site, as recipients know it"),
    MW_OPT(STR, struct mw_portal_conf, from, "from", .flags = MW_REQUIRED, .help = "address that notices come from"),
    MW_OPT(PATH, struct mw_portal_conf, templates, "templates",
	   .help = "folder of templates that stand in for those that come with milward"),
    MW_OPT(STR, struct mw_portal_conf, language, "language", .dflt = "\"en\"", .help = "language of notices and pages"),
    MW_OPT(PATH, struct mw_portal_conf, languages, "languages", .help = "file of addresses and domains with their language"),
    MW_OPT(TIME, struct mw_portal_conf, expire, "expire", .dflt = "30 days", .min = 3600, .max = 86400 * 3660,
	   .help = "how long a message waits, where its sender says nothing"),
    MW_OPT(TIME, struct mw_portal_conf, expire_min, "expire-min", .dflt = "1 day", .min = 3600, .max = 86400 * 3660,
	   .help = "shortest time that a sender may ask for"),
    MW_OPT(TIME, struct mw_portal_conf, expire_max, "expire-max", .dflt = "90 days", .min = 3600, .max = 86400 * 3660,
	   .help = "longest time that a sender may ask for"),
    MW_OPT(TIME, struct mw_portal_conf, remind, "remind", .dflt = "7 days", .min = 0, .max = 86400 * 3660,
	   .help = "who has not read by then is reminded; 0 seconds: never"),
    MW_OPT(TIME, struct mw_portal_conf, remind_again, "remind-again", .dflt = "0 seconds", .min = 0, .max = 86400 * 3660,
	   .help = "and reminded again so long after each reminder; 0 seconds: not"),
    MW_OPT(INT, struct mw_portal_conf, reminders, "reminders", .dflt = "3", .min = 1, .max = 100,
	   .help = "how often in all, with remind-again"),
    MW_OPT(BOOL, struct mw_portal_conf, receipts, "receipts", .dflt = "yes",
	   .help = "the sender is told that a message was read, expired, or is locked"),
    MW_OPT(BOOL, struct mw_portal_conf, recall, "recall", .dflt = "yes",
	   .help = "a sender takes a message back by another one to the same recipient"),
    MW_OPT(TIME, struct mw_portal_conf, retain, "retain", .dflt = "90 days", .min = 86400, .max = 86400 * 3660,
	   .help = "how long it is known what became of a message that was removed"),
    MW_OPT(WORD, struct mw_portal_conf, proof, "proof", .dflt = "code", .words = proofs,
	   .help = "how recipients prove who they are: a code by mail, a passphrase, or both"),
    MW_OPT(PATH, struct mw_portal_conf, passphrase_for, "passphrase-for",
	   .help = "file of addresses and domains that need a passphrase, whatever proof says"),
    MW_OPT(STR, struct mw_portal_conf, listen, "listen", .dflt = "\"unix:/run/milward/portal.sock\"",
	   .help = "where milward-portal serves HTTP to the web server: unix:/path or inet:PORT@127.0.0.1"),
    MW_OPT(STR, struct mw_portal_conf, socket_group, "socket-group", .help = "group of that unix socket"),
    MW_OPT(STR, struct mw_portal_conf, socket_mode, "socket-mode", .dflt = "\"0660\"", .help = "its permissions, octal"),
    MW_OPT(STR, struct mw_portal_conf, reentry, "reentry", .dflt = "\"inet:10533@127.0.0.1\"",
	   .help = "listener of the MTA that takes codes, reminders and receipts, and signs them"),
    MW_OPT(STR, struct mw_portal_conf, submit, "submit", .dflt = "\"inet:25@127.0.0.1\"",
	   .help = "listener of the MTA that takes replies, and scans them"),
    MW_OPT(STR, struct mw_portal_conf, reply_sender, "reply-sender",
	   .help = "envelope sender of replies, who gets what cannot be delivered of them (from)"),
    MW_OPT(SIZE, struct mw_portal_conf, size, "size", .dflt = "64M", .min = 1024, .max = INT64_C(1) << 32,
	   .help = "largest message that is handed in"),
    MW_OPT(SIZE, struct mw_portal_conf, reply_size, "reply-size", .dflt = "25M", .min = 1024, .max = INT64_C(1) << 32,
	   .help = "largest reply with its attachments"),
    MW_OPT(STR, struct mw_portal_conf, client_address, "client-address", .dflt = "\"X-Forwarded-For\"",
	   .help = "header field in which the web server says who asks: X-Forwarded-For, X-Real-IP or Forwarded"),
    MW_OPT(TIME, struct mw_portal_conf, idle, "idle", .dflt = "15 minutes", .min = 30, .max = 86400,
	   .help = "who does nothing for so long is signed out"),
    MW_OPT(TIME, struct mw_portal_conf, session, "session", .dflt = "8 hours", .min = 60, .max = 86400 * 7,
	   .help = "how long one may stay signed in at all"),
    MW_OPT(TIME, struct mw_portal_conf, keep, "keep", .dflt = "1 minute", .min = 0, .max = 60,
	   .help = "a page stays in memory for so long, for who has signed in or loads it again; 0 seconds: not at all"),
    MW_OPT(INT, struct mw_portal_conf, sessions, "sessions", .dflt = "2000", .min = 1, .max = 100000,
	   .help = "people who are signed in at a time"),
    MW_OPT(INT, struct mw_portal_conf, workers, "workers", .dflt = "8", .min = 1, .max = 256,
	   .help = "requests in work at a time"),
    MW_OPT(INT, struct mw_portal_conf, connections, "connections", .dflt = "512", .min = 4, .max = 100000,
	   .help = "connections of the web server at a time"),
    MW_OPT(INT, struct mw_portal_conf, per_client, "per-client", .dflt = "32", .min = 1, .max = 100000,
	   .help = "requests at a time of one address, as the web server tells it"),
    MW_OPT(SIZE, struct mw_portal_conf, header_size, "header-size", .dflt = "16K", .min = 1024, .max = 32 * 1024,
	   .help = "largest header of a request, with its URL"),
    MW_OPT(SIZE, struct mw_portal_conf, form_size, "form-size", .dflt = "16K", .min = 1024, .max = 1024 * 1024,
	   .help = "largest form without files"),
    MW_OPT(TIME, struct mw_portal_conf, header_time, "header-time", .dflt = "15 seconds", .min = 1, .max = 3600,
	   .help = "a client that takes longer for the header of a request is cut"),
    MW_OPT(TIME, struct mw_portal_conf, body_time, "body-time", .dflt = "1 minute", .min = 1, .max = 3600,
	   .help = "the same for a form without files"),
    MW_OPT(TIME, struct mw_portal_conf, transfer_time, "transfer-time", .dflt = "30 minutes", .min = 1, .max = 86400,
	   .help = "the same for an answer as a whole, and for a form with files"),
    MW_OPT(TIME, struct mw_portal_conf, hsts, "hsts", .dflt = "0 seconds", .min = 0, .max = 86400 * 3660,
	   .help = "Strict-Transport-Security for so long, where the web server does not say it"),
    MW_OPT(TIME, struct mw_portal_conf, drain, "drain", .dflt = "30 seconds", .min = 0, .max = 3600,
	   .help = "time for requests in work when it stops"),
    {.name = NULL},
};

/* What stands in a header field or in a page as it is: a line of printable text. */
static bool is_line(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return false;
	return true;
}

static bool is_address(const char *s)
{
	const char *at = strchr(s, '@');

	for (const char *p = s; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f || strchr("<>()[]:;,\\\"", *p))
			return false;
	return at && at > s && at[1] && !strchr(at + 1, '@');
}

/* https, as a link goes into mail and cookies are for TLS only; no query: links are put behind it. */
static bool is_url(const char *s)
{
	static const char scheme[] = "https://";
	size_t n = strlen(s);

	for (const char *p = s; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f || strchr("\"<>\\^`{|}?#@", *p))
			return false;
	/* The portal has a name of its own: its pages lie at "/", and nobody else's share their cookies. */
	return strncmp(s, scheme, sizeof(scheme) - 1) == 0 && n > sizeof(scheme) && n < 400 &&
	       !strchr(s + sizeof(scheme) - 1, '/');
}

static bool is_language(const char *s)
{
	return strlen(s) >= 2 && strlen(s) <= 35 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") == strlen(s);
}

/* In which a web server says who asks. */
static bool is_client_field(const char *s)
{
	return strcasecmp(s, "X-Forwarded-For") == 0 || strcasecmp(s, "X-Real-IP") == 0 || strcasecmp(s, "Forwarded") == 0;
}

static int portal_check(const struct mw_host *host, const void *conf, struct mw_err *err)
{
	const struct mw_portal_conf *c = conf;
	unsigned mode;

	if (!is_url(c->url))
		return host->fail(err, -EINVAL, "url must be https://HOST, without a path and without \"/\" at its end");
	if (!*c->site || !is_line(c->site) || strlen(c->site) > 200)
		return host->fail(err, -EINVAL, "site must be a name in one line");
	if (!is_address(c->from) || strlen(c->from) > 254)
		return host->fail(err, -EINVAL, "from must be an address, without a name and without <>");
	if (!is_language(c->language))
		return host->fail(err, -EINVAL, "language must be one as \"en\" or \"pt-BR\"");
	if (c->audit_key && !c->audit)
		return host->fail(err, -EINVAL, "audit-key is given, and no audit");
	if (c->expire_min > c->expire_max || c->expire < c->expire_min || c->expire > c->expire_max)
		return host->fail(err, -EINVAL, "expire must lie between expire-min and expire-max");
	if (!mw_mode_parse(c->socket_mode, &mode))
		return host->fail(err, -EINVAL, "socket-mode \"%s\": write an octal number, such as 0660", c->socket_mode);
	if (!is_client_field(c->client_address))
		return host->fail(err, -EINVAL, "client-address is X-Forwarded-For, X-Real-IP or Forwarded");
	return 0;
}

static const struct mw_command commands[] = {
    {.name = "list",
     .args = "[--json] [--state STATE,...] [--from ADDRESS] [--to ADDRESS] [--since TIME] [--most N]",
     .help = "messages of the portal, the newest first",
     .run = mw_portal_list},
    {.name = "show", .args = "[--json] ID", .help = "one message, and what happened to it", .run = mw_portal_show},
    {.name = "recall",
     .args = "[--json] ID... | --message-id ID [--to ADDRESS] | --queue-id ID [--to ADDRESS]",
     .help = "takes messages back; says whether they had been read",
     .run = mw_portal_recall},
    {.name = "expire",
     .args = "[--json] ID... | --all-before TIME [--yes]",
     .help = "ends the time of messages now",
     .run = mw_portal_expire},
    {.name = "passphrase",
     .args = "ADDRESS [--from SENDER] [--remove] | --list [--json]",
     .help = "what sender and recipient agreed on, from the terminal or standard input",
     .run = mw_portal_passphrase},
    {.name = "unlock",
     .args = "[--json] ID...",
     .help = "forgets the wrong tries of a recipient, for these messages and his address",
     .run = mw_portal_unlock},
    {.name = "rekey",
     .args = "[--finish] [--json]",
     .help = "a new server key, to which all messages are moved",
     .run = mw_portal_rekey},
    {.name = "check", .args = "[--repair] [--json]", .help = "do rows, files and keys fit together?", .run = mw_portal_check},
    {.name = "doctor", .args = "", .help = "the age of the server's keys, for milwardctl doctor", .run = mw_portal_doctor},
    {0},
};

static void portal_close(void *inst)
{
	struct portal *p = inst;

	if (!p)
		return;
	mw_pickup_close(&p->store);
	mw_recorder_close(&p->recorder);
	mw_pickup_keys_close(&p->keys);
	mw_templates_free(&p->templates);
	mw_people_free(&p->languages);
	mw_people_free(&p->passphrases);
	portal_charsets_close(p->charsets);
	free(p);
}

/* In every program that loads it. Nothing is read before unlock(). */
static int portal_open(const struct mw_host *host, struct mw_self *self, const void *conf, void **inst, struct mw_err *err)
{
	struct portal *p = calloc(1, sizeof(*p));

	if (!p)
		return host->fail(err, -ENOMEM, "no memory");
	p->host = host;
	p->self = self;
	p->conf = conf;
	*inst = p;
	return 0;
}

/* A site that has all of its templates itself needs none of ours. */
static int load_templates(struct portal *p, struct mw_err *err)
{
	const struct mw_portal_conf *c = p->conf;
	bool ours = !c->templates || access(TEMPLATE_DIR, F_OK) == 0;

	return mw_templates_load(ours ? TEMPLATE_DIR : c->templates, ours ? c->templates : NULL, c->language, &p->templates, err);
}

/* In milward-seal alone. */
static int portal_unlock(void *inst, struct mw_err *err)
{
	struct portal *p = inst;
	const struct mw_portal_conf *c = p->conf;
	int r;

	mw_mime_init();
	r = mw_pickup_keys_open(c->keys, &p->keys, err);
	r = r < 0 ? r : mw_people_read(c->languages, true, &p->languages, err);
	r = r < 0 ? r : mw_people_read(c->passphrase_for, false, &p->passphrases, err);
	r = r < 0 ? r : load_templates(p, err);
	if (r == 0) {
		p->charsets = portal_charsets_open();
		r = p->charsets ? 0 : mw_fail_memory(err);
	}
	return r;
}

static const struct mw_custody custody = {.size = sizeof(custody),
					  .room = portal_room,
					  .store = portal_store,
					  .noticed = portal_noticed,
					  .leave = portal_leave,
					  .pack = portal_pack,
					  .notice = portal_notice};
static const struct mw_sealer sealer = {.method = "portal", .unlock = portal_unlock, .custody = &custody};

MW_PLUGIN(portal, "portal", .kind = MW_KIND_SEALER, .version = MW_VERSION, .licence = "Apache-2.0",
	  .summary = "the portal: messages wait there for recipients who have a browser and nothing else",
	  .powers = MW_POWER_KEYS | MW_POWER_STORE, .options = options, .conf_size = sizeof(struct mw_portal_conf),
	  .sealer = &sealer, .commands = commands, .hooks = {.check = portal_check, .open = portal_open, .close = portal_close});
