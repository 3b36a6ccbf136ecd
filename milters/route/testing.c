/* SPDX-License-Identifier: Apache-2.0 */
#include "testing.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char postfix_folder[] = "/tmp/mw-route-XXXXXX";

/* ---- a Postfix of shell scripts --------------------------------------------------------------------------------------------- */

static const char settings[] = "transport_maps = inline:{{.invalid=error:5.3.0 no}}, sqlite:/r.cf hash:/site\n"
			       "parent_domain_matches_subdomains = debug_peer_list,relay_domains\n"
			       "smtp_tls_per_site = \n";
const char postfix_services[] = SERVICE("tls", "encrypt") SERVICE("ver", "secure") SERVICE("tlsp", "encrypt")
    SERVICE("verp", "secure") SERVICE("portal", "none");
static const char postfix_inline[] = ".invalid\terror:5.3.0 no\n";
const char postfix_sqlite[] = "x@example.org.mw-tls.invalid\tmilward-tls:example.org\n"
			      "x@example.org.mw-ver.invalid\tmilward-ver:example.org\n"
			      "x@example.org.mw-tlsp.invalid\tmilward-tlsp:example.org\n"
			      "x@example.org.mw-verp.invalid\tmilward-verp:example.org\n"
			      "x@example.org.mw-portal.invalid\tmilward-portal:[127.0.0.1]:2600\n";

void postfix_put(const char *name, const char *text, mode_t mode)
{
	char path[256], temp[300];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", postfix_folder, name);
	(void)snprintf(temp, sizeof(temp), "%s.new", path);
	f = fopen(temp, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(temp, mode), 0);
	assert_int_equal(rename(temp, path), 0);
}

void postfix_good(void)
{
	postfix_put("settings", settings, 0644);
	postfix_put("services", postfix_services, 0644);
	postfix_put("inline", postfix_inline, 0644);
	postfix_put("sqlite", postfix_sqlite, 0644);
	postfix_put("hash", "", 0644);
	postfix_put("main.cf", "", 0644);
}

int postfix_setup(void **state)
{
	(void)state;
	if (!mkdtemp(postfix_folder))
		return -1;
	postfix_put("postconf",
		    "#!/bin/sh\necho conf >>\"${0%/*}/calls\"\n"
		    "case \"$*\" in *-P*) cat \"${0%/*}/services\";; *config_directory*) echo \"${0%/*}\";; *) cat "
		    "\"${0%/*}/settings\";; esac\n",
		    0755);
	/* Answers of a table are in the file of its type; keys that were not asked for are no answer. */
	postfix_put(
	    "postmap",
	    "#!/bin/sh\nwhile [ $# -gt 1 ]; do shift; done\nd=${0%/*}; t=${1%%:*}; cat >\"$d/keys.$t\"\n"
	    "case $t in regexp) t=hash;; esac\n[ ! -e \"$d/$t.fails\" ] || { echo 'postmap: fatal: no key to this table' >&2; "
	    "exit 1; }\n"
	    "grep -F -f \"$d/keys.$t\" \"$d/$t\"\n",
	    0755);
	return 0;
}

int postfix_teardown(void **state)
{
	char command[64];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", postfix_folder);
	return system(command);
}

void postfix_remove(const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", postfix_folder, name);
	(void)unlink(path);
}

size_t postfix_calls(void)
{
	char path[256];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/calls", postfix_folder);
	return stat(path, &st) == 0 ? (size_t)st.st_size : 0;
}

/* ---- the module ------------------------------------------------------------------------------------------------------------- */

static void *route_option(struct route_fixture *f, const char *name)
{
	for (const struct mw_opt *o = mw_plugin_route.options; o->name; o++)
		if (strcmp(o->name, name) == 0)
			return f->conf + o->offset;
	fail_msg("no option %s", name);
	return NULL;
}

void route_start(struct route_fixture *f, bool postfix, bool portal)
{
	struct mw_err err = {0};

	memset(f, 0, sizeof(*f));
	assert_true(sizeof(f->conf) >= mw_plugin_route.conf_size);
	*(int64_t *)route_option(f, "mta") = postfix ? 0 : 1;
	*(const char **)route_option(f, "command-directory") = postfix_folder;
	*(bool *)route_option(f, "portal") = portal;
	*(bool *)route_option(f, "seal") = !postfix;
	*(int64_t *)route_option(f, "check") = 1000;
	fh_self(&f->self, &mw_plugin_route);
	fh_msg(&f->msg);
	f->rcpt[0] = (struct mw_rcpt){.address = fh_str("bob@valid.example"), .domain = fh_str("valid.example")};
	f->rcpt[1] = f->rcpt[0];
	f->msg.envelope.rcpts = 2;
	f->msg.envelope.rcpt = f->rcpt;
	assert_int_equal(mw_plugin_route.hooks.open(fh_host(), &f->self, f->conf, &f->inst, &err), 0);
	assert_non_null(f->inst);
	assert_int_equal(mw_plugin_route.hooks.begin(f->inst, &f->msg, &f->tx, &err), 0);
}

void route_stop(struct route_fixture *f)
{
	mw_plugin_route.hooks.close(f->inst);
	fh_msg_reset(&f->msg);
}

int route_able(struct route_fixture *f, const struct mw_order *o, struct mw_err *err)
{
	*err = (struct mw_err){0};
	return mw_plugin_route.hooks.able(f->inst, f->tx, &f->msg, o, err);
}

int route_act(struct route_fixture *f, const struct mw_order *o, struct mw_err *err)
{
	return mw_plugin_route.hooks.act(f->inst, f->tx, &f->msg, o, err);
}

const struct mw_order *route_chain(const char *means, struct mw_order *o)
{
	static const char letters[] = "tvpsoi";
	static const int64_t plain = 0, verified = 1;
	static const uint32_t action[] = {TLS, TLS, PORTAL, SMIME, OPENPGP, OPEN};

	for (size_t i = 0; means[i]; i++) {
		size_t k = (size_t)(strchr(letters, means[i]) - letters);

		o[i] = (struct mw_order){.action = action[k],
					 .rcpt = 1,
					 .args = k == 0	  ? (const void *)&plain
						 : k == 1 ? (const void *)&verified
							  : NULL,
					 .next = means[i + 1] ? &o[i + 1] : NULL};
	}
	return o;
}
