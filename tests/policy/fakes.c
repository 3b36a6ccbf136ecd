/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/fakes.h"

#include "base/err.h"

#include <errno.h>
#include <string.h>

/* ---- phi ----------------------------------------------------------------------------------------------------------------- */
struct phi_conf {
	int64_t least;
};
static const struct mw_opt phi_options[] = {
    MW_OPT(INT, struct phi_conf, least, "least", .help = "lowest confidence that counts", .dflt = "50", .min = 1, .max = 100),
    {.name = NULL},
};
static const struct mw_fact phi_facts[] = {
    {.name = "identifiers", .type = MW_INT},
    {.name = "clinical", .type = MW_INT},
    {.name = "people", .type = MW_INT},
    {.name = "table", .type = MW_BOOL},
    {.name = NULL},
};
static const struct mw_plugin phi = {.name = "phi",
				     .kind = MW_KIND_MILTER,
				     .powers = MW_POWER_TEXT,
				     .options = phi_options,
				     .conf_size = sizeof(struct phi_conf),
				     .facts = phi_facts};

/* ---- auth ---------------------------------------------------------------------------------------------------------------- */
static const struct mw_fact auth_facts[] = {
    {.name = "spf", .type = MW_STR},
    {.name = "aligned", .type = MW_BOOL},
    {.name = NULL},
};
static const struct mw_plugin auth = {.name = "auth", .kind = MW_KIND_MILTER, .facts = auth_facts};

/* ---- route --------------------------------------------------------------------------------------------------------------- */
struct tls_args {
	int64_t level;
};
struct text_args {
	const char *text;
};
static const struct mw_word tls_levels[] = {{"verified", 1}, {"dane", 2}, {"encrypted", 3}, {NULL, 0}};
static const struct mw_opt tls_rows[] = {
    MW_OPT(WORD, struct tls_args, level, "level", .dflt = "verified", .words = tls_levels),
    {.name = NULL},
};
static const struct mw_opt text_rows[] = {MW_OPT(STR, struct text_args, text, "reason"), {.name = NULL}};
struct pass_args {
	const char *attested;
};
static const struct mw_opt pass_rows[] = {MW_OPT(STR, struct pass_args, attested, "attested", .flags = MW_KEYWORD),
					  {.name = NULL}};
static const struct mw_action route_actions[] = {
    {.name = "pass", .effect = MW_PASS, .args = pass_rows, .args_size = sizeof(struct pass_args)},
    {.name = "tls", .effect = MW_ROUTE, .args = tls_rows, .args_size = sizeof(struct tls_args)},
    {.name = "portal", .effect = MW_ROUTE},
    {.name = "hold", .effect = MW_HOLD, .args = text_rows, .args_size = sizeof(struct text_args)},
    {.name = "refuse", .effect = MW_REFUSE, .args = text_rows, .args_size = sizeof(struct text_args)},
    {.name = "tempfail", .effect = MW_TEMPFAIL, .args = text_rows, .args_size = sizeof(struct text_args)},
    {.name = NULL},
};
static const struct mw_plugin route = {
    .name = "route", .kind = MW_KIND_MILTER, .powers = MW_POWER_ROUTE, .actions = route_actions};

/* ---- pickup: a means that an option switches on ----------------------------------------------------------------------------- */
struct pickup_conf {
	bool desk;
};
static const struct mw_opt pickup_options[] = {MW_OPT(BOOL, struct pickup_conf, desk, "desk", .dflt = "no"), {.name = NULL}};
static const struct mw_action pickup_actions[] = {{.name = "desk", .effect = MW_ROUTE, .needs = "desk"}, {.name = NULL}};
static const struct mw_plugin pickup = {.name = "pickup",
					.kind = MW_KIND_MILTER,
					.powers = MW_POWER_ROUTE,
					.options = pickup_options,
					.conf_size = sizeof(struct pickup_conf),
					.actions = pickup_actions};

/* ---- seal: means of its own ----------------------------------------------------------------------------------------------- */
static const struct mw_action seal_actions[] = {
    {.name = "smime", .effect = MW_ROUTE}, {.name = "openpgp", .effect = MW_ROUTE}, {.name = NULL}};
static const struct mw_plugin seal = {.name = "seal", .kind = MW_KIND_MILTER, .powers = MW_POWER_ROUTE, .actions = seal_actions};

/* ---- mail: means that need a sealer, and one that is there ------------------------------------------------------------------- */
static const struct mw_action mail_actions[] = {
    {.name = "lock", .effect = MW_ROUTE, .sealer = "lock"}, {.name = "wax", .effect = MW_ROUTE, .sealer = "wax"}, {.name = NULL}};
static const struct mw_plugin mail = {.name = "mail", .kind = MW_KIND_MILTER, .powers = MW_POWER_ROUTE, .actions = mail_actions};
static const struct mw_sealer lock = {.method = "lock"}, wax = {.method = "wax"};
static const struct mw_plugin seal_lock = {.name = "seal-lock", .kind = MW_KIND_SEALER, .sealer = &lock};
static const struct mw_plugin seal_wax = {.name = "seal-wax", .kind = MW_KIND_SEALER, .sealer = &wax};
static const struct mw_plugin agent = {.name = "agent", .kind = MW_KIND_SERVICE};

/* ---- dkim: every type of option ------------------------------------------------------------------------------------------- */
struct dkim_conf {
	const char *key_table, *signing_table, *note;
	int64_t canonical, timeout, port;
	uint64_t cache, memory;
	bool strict;
	struct mw_list domains;
};
static const struct mw_word canonicals[] = {{"relaxed", 1}, {"simple", 2}, {NULL, 0}};
static const struct mw_opt dkim_options[] = {
    MW_OPT(PATH, struct dkim_conf, key_table, "key-table", .help = "keys by name", .flags = MW_REQUIRED),
    MW_OPT(PATH, struct dkim_conf, signing_table, "signing-table", .help = "keys by sender", .flags = MW_REQUIRED),
    MW_OPT(STR, struct dkim_conf, note, "note", .dflt = "none yet"),
    MW_OPT(WORD, struct dkim_conf, canonical, "canonicalization", .dflt = "relaxed", .words = canonicals),
    MW_OPT(TIME, struct dkim_conf, timeout, "timeout", .dflt = "30 seconds", .min = 1, .max = 3600),
    MW_OPT(INT, struct dkim_conf, port, "port", .min = -1, .max = 65535),
    MW_OPT(SIZE, struct dkim_conf, cache, "cache", .dflt = "64K", .min = 1024, .max = 1 << 20),
    MW_OPT(SIZE, struct dkim_conf, memory, "memory"),
    MW_OPT(BOOL, struct dkim_conf, strict, "strict"),
    MW_OPT(LIST, struct dkim_conf, domains, "domains", .dflt = "\"a.example\", \"b.example\""),
    {.name = NULL},
};
struct word_args {
	int64_t word;
};
static const struct mw_word dkim_words[] = {{"dkim", 1}, {NULL, 0}};
static const struct mw_opt sign_rows[] = {MW_OPT(WORD, struct word_args, word, "what", .flags = MW_REQUIRED, .words = dkim_words),
					  {.name = NULL}};
static const struct mw_action dkim_actions[] = {
    {.name = "sign", .effect = MW_SIGN, .args = sign_rows, .args_size = sizeof(struct word_args)}, {.name = NULL}};
static const struct mw_plugin dkim = {.name = "dkim",
				      .kind = MW_KIND_MILTER,
				      .powers = MW_POWER_HEADERS | MW_POWER_EDIT | MW_POWER_KEYS,
				      .options = dkim_options,
				      .conf_size = sizeof(struct dkim_conf),
				      .actions = dkim_actions};

/* ---- audit and archive: both offer `record` -------------------------------------------------------------------------------- */
static const struct mw_word audit_words[] = {{"audit", 1}, {NULL, 0}};
static const struct mw_opt audit_rows[] = {MW_OPT(WORD, struct word_args, word, "what", .words = audit_words), {.name = NULL}};
static const struct mw_action audit_actions[] = {
    {.name = "record", .effect = MW_RECORD, .args = audit_rows, .args_size = sizeof(struct word_args)}, {.name = NULL}};
static const struct mw_plugin audit = {
    .name = "audit", .kind = MW_KIND_MILTER, .powers = MW_POWER_STORE, .actions = audit_actions};

struct archive_args {
	int64_t time, copies;
	bool sealed;
};
static const struct mw_word archive_words[] = {{"archive", 1}, {NULL, 0}};
static const struct mw_opt archive_record_rows[] = {MW_OPT(WORD, struct word_args, word, "what", .words = archive_words),
						    {.name = NULL}};
static const struct mw_opt archive_rows[] = {
    MW_OPT(INT, struct archive_args, copies, "copies", .dflt = "1", .min = 1, .max = 9),
    MW_OPT(TIME, struct archive_args, time, "for", .flags = MW_REQUIRED | MW_KEYWORD),
    MW_OPT(BOOL, struct archive_args, sealed, "sealed", .flags = MW_KEYWORD),
    {.name = NULL},
};
static const struct mw_action archive_actions[] = {
    {.name = "archive", .effect = MW_RECORD, .args = archive_rows, .args_size = sizeof(struct archive_args)},
    {.name = "record", .effect = MW_RECORD, .args = archive_record_rows, .args_size = sizeof(struct word_args)},
    {.name = NULL},
};
static const struct mw_plugin archive = {
    .name = "archive", .kind = MW_KIND_MILTER, .powers = MW_POWER_STORE, .actions = archive_actions};

/* ---- fields: edits --------------------------------------------------------------------------------------------------------- */
struct strip_args {
	struct mw_list header;
};
struct notify_args {
	struct mw_list to;
	const char *subject;
};
static const struct mw_opt strip_rows[] = {MW_OPT(LIST, struct strip_args, header, "header", .flags = MW_REQUIRED | MW_KEYWORD),
					   {.name = NULL}};
static const struct mw_opt notify_rows[] = {
    MW_OPT(LIST, struct notify_args, to, "to", .flags = MW_REQUIRED),
    MW_OPT(STR, struct notify_args, subject, "subject", .flags = MW_KEYWORD),
    {.name = NULL},
};
static const struct mw_action fields_actions[] = {
    {.name = "strip", .effect = MW_EDIT, .args = strip_rows, .args_size = sizeof(struct strip_args)},
    {.name = "notify", .effect = MW_RECORD, .args = notify_rows, .args_size = sizeof(struct notify_args)},
    {.name = NULL},
};
static const struct mw_plugin fields = {
    .name = "fields", .kind = MW_KIND_MILTER, .powers = MW_POWER_EDIT, .actions = fields_actions};

/* ---- extractors and checkers ------------------------------------------------------------------------------------------------
 */
static const struct mw_plugin extract_html = {.name = "extract-html", .kind = MW_KIND_EXTRACTOR};
static const struct mw_plugin extract_pdf = {.name = "extract-pdf", .kind = MW_KIND_EXTRACTOR, .powers = MW_POWER_RUN};
struct zip_conf {
	int64_t depth;
};
static const struct mw_opt zip_options[] = {
    MW_OPT(INT, struct zip_conf, depth, "depth", .flags = MW_REQUIRED, .min = 1, .max = 10), {.name = NULL}};
static const struct mw_plugin extract_zip = {
    .name = "extract-zip", .kind = MW_KIND_EXTRACTOR, .options = zip_options, .conf_size = sizeof(struct zip_conf)};

static bool never(const void *inst, const char *p, size_t n)
{
	(void)inst;
	(void)p;
	(void)n;
	return false;
}
static const struct mw_check us_checks[] = {{"us-ssn", "SSN", never, 0}, {"us-npi", "NPI", never, 0}, {NULL, NULL, NULL, 0}};
static const struct mw_check net_checks[] = {{"live-npi", "NPI by registry", never, 0}, {NULL, NULL, NULL, 0}};
static const struct mw_plugin check_us = {.name = "check-us", .kind = MW_KIND_CHECKER, .checks = us_checks};
static const struct mw_plugin check_net = {
    .name = "check-net", .kind = MW_KIND_CHECKER, .powers = MW_POWER_NETWORK, .checks = net_checks};

/* ---- modules that a loader lets through and that are wrong all the same -------------------------------------------------------
 */
static const struct mw_opt broken_place[] = {{.name = "far", .type = MW_INT, .offset = 4096}, {.name = NULL}};
static const struct mw_plugin broken_offset = {
    .name = "broken-offset", .kind = MW_KIND_MILTER, .options = broken_place, .conf_size = 8};
static const struct mw_opt broken_dflt[] = {{.name = "count", .type = MW_INT, .dflt = "many"}, {.name = NULL}};
static const struct mw_plugin broken_default = {
    .name = "broken-default", .kind = MW_KIND_MILTER, .options = broken_dflt, .conf_size = 8};

static const struct mw_plugin *const all[] = {&phi,	    &auth,	&route,	    &seal,	    &dkim,
					      &audit,	    &archive,	&fields,    &extract_html,  &extract_pdf,
					      &extract_zip, &check_us,	&check_net, &broken_offset, &broken_default,
					      &mail,	    &seal_lock, &seal_wax,  &agent,	    &pickup};
static const char *const names[] = {"phi",	 "auth",	 "route",	"seal",	       "dkim",	   "audit",	"archive",
				    "fields",	 "extract-html", "extract-pdf", "extract-zip", "check-us", "check-net", "mail",
				    "seal-lock", "seal-wax",	 "agent",	"pickup",      NULL};

static const struct mw_plugin *find(void *ctx, const char *name, struct mw_err *err)
{
	(void)ctx;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(all[i]->name, name) == 0)
			return all[i];
	(void)mw_fail(err, -ENOENT, "there is no module of that name");
	return NULL;
}

const struct mw_catalog fake_catalog = {.find = find, .names = names};
