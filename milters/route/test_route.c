/* SPDX-License-Identifier: Apache-2.0 */
/* The route module: tags, address forms, and the guard against a Postfix that two shell scripts play. */
#include "guard.h"
#include "tests/unit/fakehost.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* In the order of the module's rows. */
enum { PASS, HOLD, REFUSE, TEMPFAIL, TLS, PORTAL, STRIP, SMIME, OPENPGP, OPEN };

extern const struct mw_plugin mw_plugin_route;
static const struct mw_hooks *const hooks = &mw_plugin_route.hooks;
static char dir[] = "/tmp/mw-route-XXXXXX";

/* ---- a Postfix of shell scripts ---------------------------------------------------------------------------------------------
 */
#define SERVICE(name, level)                                                                                                     \
	"milward-" name "/unix/smtp_tls_security_level = " level "\n"                                                            \
	"milward-" name "/unix/smtp_tls_policy_maps = \n"

static const char settings[] = "transport_maps = inline:{{.invalid=error:5.3.0 no}}, sqlite:/r.cf hash:/site\n"
			       "parent_domain_matches_subdomains = debug_peer_list,relay_domains\n"
			       "smtp_tls_per_site = \n";
static const char services[] = SERVICE("tls", "encrypt") SERVICE("ver", "secure") SERVICE("tlsp", "encrypt")
    SERVICE("verp", "secure") SERVICE("portal", "none");
static const char table_inline[] = ".invalid\terror:5.3.0 no\n";
static const char table_sqlite[] = "x@example.org.mw-tls.invalid\tmilward-tls:example.org\n"
				   "x@example.org.mw-ver.invalid\tmilward-ver:example.org\n"
				   "x@example.org.mw-tlsp.invalid\tmilward-tlsp:example.org\n"
				   "x@example.org.mw-verp.invalid\tmilward-verp:example.org\n"
				   "x@example.org.mw-portal.invalid\tmilward-portal:[127.0.0.1]:2600\n";

#define KEPT(tag) "x@example.org.mw-" tag ".invalid\tx@example.org.mw-" tag ".invalid\n"
static const char kept[] = KEPT("tls") KEPT("ver") KEPT("tlsp") KEPT("verp") KEPT("portal");

static void put(const char *name, const char *text, mode_t mode)
{
	char path[256], temp[300];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	(void)snprintf(temp, sizeof(temp), "%s.new", path);
	f = fopen(temp, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(temp, mode), 0);
	assert_int_equal(rename(temp, path), 0);
}

/* A Postfix that is set up as milward-postfix leaves it. Writing main.cf anew is what makes the guard look again. */
static void good_postfix(void)
{
	put("settings", settings, 0644);
	put("services", services, 0644);
	put("inline", table_inline, 0644);
	put("sqlite", table_sqlite, 0644);
	put("hash", "", 0644);
	put("main.cf", "", 0644);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	put("postconf",
	    "#!/bin/sh\necho conf >>\"${0%/*}/calls\"\n"
	    "case \"$*\" in *-P*) cat \"${0%/*}/services\";; *config_directory*) echo \"${0%/*}\";; *) cat "
	    "\"${0%/*}/settings\";; esac\n",
	    0755);
	/* Answers of a table are in the file of its type; keys that were not asked for are no answer. */
	put("postmap",
	    "#!/bin/sh\nwhile [ $# -gt 1 ]; do shift; done\nd=${0%/*}; t=${1%%:*}; cat >\"$d/keys.$t\"\n"
	    "case $t in regexp) t=hash;; esac\n[ ! -e \"$d/$t.fails\" ] || { echo 'postmap: fatal: no key to this table' >&2; "
	    "exit 1; }\n"
	    "grep -F -f \"$d/keys.$t\" \"$d/$t\"\n",
	    0755);
	return 0;
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command);
}

static void remove_file(const char *name)
{
	char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	(void)unlink(path);
}

static size_t calls(void)
{
	char path[256];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/calls", dir);
	return stat(path, &st) == 0 ? (size_t)st.st_size : 0;
}

/* ---- the module -------------------------------------------------------------------------------------------------------------
 */

/* Values of the module's own option struct, set through its rows as the host does. */
struct fixture {
	_Alignas(16) char conf[128];
	struct mw_self self;
	struct mw_msg msg;
	struct mw_rcpt rcpt[2];
	void *inst, *tx;
};

static void *option(struct fixture *f, const char *name)
{
	for (const struct mw_opt *o = mw_plugin_route.options; o->name; o++)
		if (strcmp(o->name, name) == 0)
			return f->conf + o->offset;
	fail_msg("no option %s", name);
	return NULL;
}

static void start(struct fixture *f, bool postfix, bool portal)
{
	struct mw_err err = {0};

	memset(f, 0, sizeof(*f));
	assert_true(sizeof(f->conf) >= mw_plugin_route.conf_size);
	*(int64_t *)option(f, "mta") = postfix ? 0 : 1;
	*(const char **)option(f, "command-directory") = dir;
	*(bool *)option(f, "portal") = portal;
	*(bool *)option(f, "seal") = !postfix;
	*(int64_t *)option(f, "check") = 1000;
	fh_self(&f->self, &mw_plugin_route);
	fh_msg(&f->msg);
	f->rcpt[0] = (struct mw_rcpt){.address = fh_str("bob@valid.example"), .domain = fh_str("valid.example")};
	f->rcpt[1] = f->rcpt[0];
	f->msg.envelope.rcpts = 2;
	f->msg.envelope.rcpt = f->rcpt;
	assert_int_equal(hooks->open(fh_host(), &f->self, f->conf, &f->inst, &err), 0);
	assert_non_null(f->inst);
	assert_int_equal(hooks->begin(f->inst, &f->msg, &f->tx, &err), 0);
}

static void stop(struct fixture *f)
{
	hooks->close(f->inst);
	fh_msg_reset(&f->msg);
}

static int able(struct fixture *f, const struct mw_order *o, struct mw_err *err)
{
	*err = (struct mw_err){0};
	return hooks->able(f->inst, f->tx, &f->msg, o, err);
}

static int act(struct fixture *f, const struct mw_order *o, struct mw_err *err)
{
	return hooks->act(f->inst, f->tx, &f->msg, o, err);
}

static const int64_t plain_level = 0, verified_level = 1;

/* A chain of means: t = tls, v = tls(verified), p = portal, s = smime, o = openpgp, i = open. */
static const struct mw_order *chain(const char *means, struct mw_order *o)
{
	static const char letters[] = "tvpsoi";
	static const uint32_t action[] = {TLS, TLS, PORTAL, SMIME, OPENPGP, OPEN};

	for (size_t i = 0; means[i]; i++) {
		size_t k = (size_t)(strchr(letters, means[i]) - letters);

		o[i] = (struct mw_order){.action = action[k],
					 .rcpt = 1,
					 .args = k == 0	  ? (const void *)&plain_level
						 : k == 1 ? (const void *)&verified_level
							  : NULL,
					 .next = means[i + 1] ? &o[i + 1] : NULL};
	}
	return o;
}

static void test_tags(void **state)
{
	static const struct {
		const char *means;
		bool portal;
		const char *tag;
	} rows[] = {
	    {"t", true, "tls"},
	    {"v", true, "ver"},
	    {"p", true, "portal"},
	    {"tp", true, "tlsp"},
	    {"vp", true, "verp"},
	    {"vt", true, "tls"},
	    {"vtp", true, "tlsp"},
	    {"tv", true, "tls"},
	    {"pt", true, "portal"},
	    {"vpt", true, "verp"},
	    {"tp", false, "tls"},
	    {"vp", false, "ver"},
	    {"vpt", false, "tls"},
	    /* What is sealed for at delivery is not tried by TLS again; a key that is gone is told to the sender. */
	    {"s", true, "seals"},
	    {"o", true, "sealo"},
	    {"sop", true, "sealsop"},
	    {"osp", true, "sealosp"},
	    {"stop", true, "sealsop"},
	    {"sop", false, "sealso"},
	    {"spo", true, "sealsp"},
	    {"i", true, "open"},
	    {"vsop", true, "verp"},
	    {"vs", true, "ver"},
	};
	struct mw_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mw_order o[5];
		struct fixture f;

		start(&f, false, rows[i].portal);
		(void)chain(rows[i].means, o);
		assert_int_equal(able(&f, o, &err), 1);
		assert_int_equal(act(&f, o, &err), 0);
		assert_int_equal(f.msg.tags, 1);
		assert_int_equal(f.msg.tag[0].rcpt, 1);
		assert_string_equal(f.msg.tag[0].tag, rows[i].tag);
		assert_int_equal(f.msg.added, strncmp(rows[i].tag, "seal", 4) == 0 || strcmp(rows[i].tag, "open") == 0);
		stop(&f);
	}
}

static void test_forms(void **state)
{
	struct mw_order o[2];
	struct fixture f;
	struct mw_err err;

	(void)state;
	start(&f, false, true);
	for (uint32_t form = MW_ADDR_NO_DOMAIN; form <= MW_ADDR_MTA_DIFFERS + 1; form++) {
		f.rcpt[1].form = form;
		for (const char *means = "tvpsoi"; *means; means++) {
			char one[2] = {*means, '\0'};

			assert_int_equal(able(&f, chain(one, o), &err), 0);
			assert_non_null(strstr(err.text, "address form not supported: "));
			assert_int_equal(act(&f, o, &err), -ENOTSUP);
		}
	}
	f.rcpt[1].form = MW_ADDR_SOURCE_ROUTE;
	(void)able(&f, chain("t", o), &err);
	assert_string_equal(err.text, "address form not supported: source route");
	assert_int_equal(f.msg.tags, 0);
	stop(&f);
}

/* By non_smtpd_milters the recipient as it was given is hidden, and would stay beside the tagged one. */
static void test_local(void **state)
{
	struct mw_order o[2];
	struct fixture f;
	struct mw_err err;

	(void)state;
	start(&f, false, true);
	f.msg.envelope.local = true;
	for (const char *means = "tvpsoi"; *means; means++) {
		char one[2] = {*means, '\0'};

		assert_int_equal(able(&f, chain(one, o), &err), 0);
		assert_non_null(strstr(err.text, "by SMTP"));
		assert_int_equal(act(&f, o, &err), -ENOTSUP);
	}
	assert_int_equal(f.msg.tags, 0);
	stop(&f);
}

/* milward-seal knows a message by a field of ours: one, whatever came in under its name. */
static void test_mark(void **state)
{
	struct mw_order o[3];
	struct fixture f;
	struct mw_err err;

	(void)state;
	start(&f, false, true);
	fh_header(&f.msg, "X-Milward-Id: 1\nSubject: x\nx-milward-id: 2\n");
	assert_int_equal(act(&f, chain("so", o), &err), 0);
	o[0].rcpt = o[1].rcpt = 0;
	assert_int_equal(act(&f, o, &err), 0);
	assert_int_equal(f.msg.tags, 2);
	assert_int_equal(f.msg.deleted, 2);
	assert_int_equal(f.msg.added, 1);
	assert_int_equal(f.msg.fields, 2);
	assert_int_equal(f.msg.field[1].value.n, 33);
	assert_int_equal(strspn(f.msg.field[1].value.p + 1, "0123456789abcdef"), 32);
	stop(&f);
}

/* The time in the portal goes in a field of ours: the least that was asked for, and nothing that came in under its name. */
static void test_expire(void **state)
{
	static const int64_t day = 86400, week = 7 * 86400;
	struct mw_order o[4];
	struct fixture f;
	struct mw_err err;

	(void)state;
	start(&f, false, true);
	fh_header(&f.msg, "X-Milward-Expire: 1\nSubject: x\nx-milward-expire: 2\n");
	assert_int_equal(act(&f, chain("t", o), &err), 0); /* whatever the means */
	assert_int_equal(f.msg.deleted, 2);
	assert_int_equal(f.msg.added, 0);
	(void)chain("tp", o);
	o[1].args = &week;
	assert_int_equal(act(&f, o, &err), 0);
	assert_int_equal(f.msg.added, 1);
	assert_string_equal(f.msg.last_name, "X-Milward-Expire");
	assert_string_equal(f.msg.last_value, " 604800");
	(void)chain("p", o);
	o[0].rcpt = 0;
	assert_int_equal(act(&f, o, &err), 0); /* says nothing of it */
	o[0].args = &week;
	assert_int_equal(act(&f, o, &err), 0);
	assert_int_equal(f.msg.added, 1);
	(void)chain("sp", o);
	o[1].args = &day;
	assert_int_equal(act(&f, o, &err), 0);
	assert_int_equal(f.msg.added, 3); /* with the number */
	assert_string_equal(f.msg.last_value, " 86400");
	assert_int_equal(f.msg.deleted, 2);
	stop(&f);
}

static void test_other_actions(void **state)
{
	static const char *const header = "X-Milward-*";
	struct fixture f;
	struct mw_err err;

	(void)state;
	start(&f, false, false);
	for (uint32_t action = PASS; action <= TEMPFAIL; action++) {
		struct mw_order o = {.action = action, .rcpt = 0};

		assert_int_equal(able(&f, &o, &err), 1);
		assert_int_equal(hooks->act(f.inst, NULL, &f.msg, &o, &err), 0);
	}
	fh_header(&f.msg, "X-Milward-Id: 1\nSubject: x\nx-milward-route: tls\n");
	assert_int_equal(
	    hooks->act(f.inst, NULL, &f.msg, &(struct mw_order){.action = STRIP, .rcpt = MW_ALL, .args = &header}, &err), 0);
	assert_int_equal(f.msg.deleted, 2);
	assert_int_equal(f.msg.fields, 1);
	/* A route is never for a message as a whole, and the portal must be there. */
	assert_int_equal(able(&f, &(struct mw_order){.action = TLS, .rcpt = MW_ALL}, &err), -EINVAL);
	assert_int_equal(able(&f, &(struct mw_order){.action = PORTAL, .rcpt = 0}, &err), 0);
	assert_string_equal(err.text, "the portal is switched off");
	stop(&f);
	hooks->close(NULL);
}

/* ---- the guard --------------------------------------------------------------------------------------------------------------
 */
static void test_guard_good(void **state)
{
	struct mw_order o[3];
	struct fixture f;
	struct mw_err err;
	size_t n;

	(void)state;
	good_postfix();
	start(&f, true, true);
	assert_true(fh_logged(&f.self, "5 guard Postfix routes every tag"));
	n = calls();
	assert_int_equal(able(&f, chain("tp", o), &err), 1);
	assert_int_equal(act(&f, o, &err), 0);
	assert_int_equal(calls(), n); /* nothing is asked again while nothing changes */
	put("main.cf", "changed\n", 0644);
	assert_int_equal(able(&f, o, &err), 1);
	assert_true(calls() > n);
	stop(&f);
}

/* Tables that rewrite recipients behind the milter are no fault, but somebody must know. */
static void test_guard_rewrites(void **state)
{
	struct mw_order o[2];
	struct fixture f;
	struct mw_err err;

	(void)state;
	good_postfix();
	put("pcre", kept, 0644);
	put("settings",
	    "transport_maps = inline:{{.invalid=error:x}}, sqlite:/r.cf\nvirtual_alias_maps = pcre:/p/milward/keep.pcre, "
	    "regexp:/v\n"
	    "canonical_maps = pcre:/p/milward/keep.pcre\nrecipient_canonical_maps = hash:/c\n",
	    0644);
	start(&f, true, true);
	assert_true(fh_logged(&f.self, "4 guard Postfix has virtual_alias_maps, recipient_canonical_maps: "));
	assert_true(fh_logged(&f.self, "5 guard Postfix routes every tag"));
	assert_int_equal(f.self.lines, 2);
	put("main.cf", "changed\n", 0644);
	assert_int_equal(able(&f, chain("t", o), &err), 1);
	assert_int_equal(f.self.lines, 2); /* said once */
	stop(&f);
}

/* Maps that a tagged recipient comes to before it is kept as it is. */
#define ROUTED "transport_maps = inline:{{.invalid=error:x}}, sqlite:/r.cf\n"
#define KEEPER "pcre:/p/milward/keep.pcre"
static void test_guard_keeps(void **state)
{
	static const struct {
		const char *settings, *services, *why; /* NULL = good */
	} rows[] = {
	    {"virtual_alias_maps = \ncanonical_maps = ", "", NULL},
	    {"virtual_alias_maps = hash:/v, inline:{{a=b}} proxy:lmdb:/w", "", NULL},
	    {"canonical_maps = hash:/v, " KEEPER ", regexp:/x", "", NULL},
	    {"canonical_maps = " KEEPER " ldap:/x", "cleanup/unix/canonical_maps = \nsmtp/inet/xcanonical_maps = regexp:/x\n",
	     NULL},
	    {"virtual_alias_maps = regexp:/x", "", "virtual_alias_maps: regexp:/x may change tagged recipients, and pcre:"},
	    {"canonical_maps = hash:/v, proxy:ldap:/x, " KEEPER, "", "canonical_maps: proxy:ldap:/x may change"},
	    {"recipient_canonical_maps = static:x", "", "recipient_canonical_maps: static:x may change"},
	    {"recipient_canonical_maps = regexp:/p/milward/keep.pcre", "", "may change"},
	    {"canonical_maps = proxy:" KEEPER, "", "may change"},
	    {"canonical_maps = pcre:/p/milward/keep.pcre.old", "", "may change"},
	    {"", "cleanup/unix/virtual_alias_maps = hash:/v,pcre:/x\n",
	     "master.cf: cleanup/unix/virtual_alias_maps: pcre:/x may change"},
	};
	struct mw_order o[2];
	struct mw_err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512], more[1024];
		struct fixture f;

		good_postfix();
		put("pcre", kept, 0644);
		(void)snprintf(text, sizeof(text), ROUTED "%s\n", rows[i].settings);
		(void)snprintf(more, sizeof(more), "%s%s", services, rows[i].services);
		put("settings", text, 0644);
		put("services", more, 0644);
		start(&f, true, true);
		assert_int_equal(able(&f, chain("t", o), &err), rows[i].why ? -EHOSTUNREACH : 1);
		if (rows[i].why)
			assert_non_null(strstr(err.text, rows[i].why));
		stop(&f);
	}
}

/* Ours by its name, and Postfix does not answer as it should. */
static void test_guard_keeper_fails(void **state)
{
	static const char *const answers[] = {"", "x@example.org.mw-tls.invalid\tx@example.com\n"};
	struct mw_order o[2];
	struct fixture f;
	struct mw_err err;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		good_postfix();
		put("settings", ROUTED "canonical_maps = " KEEPER "\n", 0644);
		put("pcre", i < 2 ? answers[i] : kept, 0644);
		if (i == 2)
			put("pcre.fails", "", 0644);
		start(&f, true, true);
		assert_int_equal(able(&f, chain("t", o), &err), -EHOSTUNREACH);
		assert_non_null(strstr(err.text, i < 2 ? "does not answer x@example.org.mw-tls.invalid with itself"
						       : "no key to this table"));
		stop(&f);
	}
	remove_file("pcre.fails");
}

/* Each way in which a Postfix is not safe, and what the log and the cause say. */
static const struct unsafe {
	const char *name, *file, *text, *why;
	bool portal;
} unsafe[] = {
    {"no tables", "settings", "transport_maps = \n", "transport_maps has no route for .mw-tls.invalid", true},
    {"no setting", "settings", "foo = bar\n", "postconf does not tell transport_maps", true},
    {"guard alone", "settings", "transport_maps = inline:{{.invalid=error:5.3.0 no}}\n", "no route for .mw-tls.invalid", true},
    {"wrong parents", "settings",
     "transport_maps = inline:{{.invalid=error:x}} sqlite:/r.cf\nparent_domain_matches_subdomains = transport_maps\n",
     "lacks the guard for unknown tags", true},
    {"no guard", "inline", "", "lacks the guard for unknown tags", true},
    {"guard that delivers", "inline", ".invalid\trelay:[192.0.2.1]\n", "lacks the guard for unknown tags", true},
    {"no portal tag", "sqlite",
     "x@example.org.mw-tls.invalid\tmilward-tls:example.org\nx@example.org.mw-ver.invalid\tmilward-ver:example.org\n",
     "no route for .mw-tlsp.invalid", true},
    {"empty transport", "sqlite", "x@example.org.mw-tls.invalid\t:example.org\n", "no route for .mw-tls.invalid", true},
    {"ordinary smtp", "sqlite", "x@example.org.mw-tls.invalid\tsmtp:example.org\n", "the service smtp of master.cf sets no",
     true},
    {"level too low", "services", SERVICE("tls", "may"),
     "milward-tls of master.cf has an smtp_tls_security_level that is too low", true},
    {"not verified", "services", SERVICE("tls", "encrypt") SERVICE("ver", "encrypt"), "milward-ver of master.cf has an", true},
    {"inherited policy", "services", "milward-tls/unix/smtp_tls_security_level = encrypt\n", "inherits smtp_tls_policy_maps",
     true},
    {"inherited per site", "settings",
     "transport_maps = inline:{{.invalid=error:x}}, sqlite:/r.cf\nsmtp_tls_per_site = hash:/x\n", "inherits smtp_tls_per_site",
     true},
    {"TLS-Required", "settings", "transport_maps = inline:{{.invalid=error:x}}, sqlite:/r.cf\ntls_required_enable = yes\n",
     "lacks tls_required_enable=no", true},
    {"portal in clear", "sqlite",
     "x@example.org.mw-tls.invalid\tmilward-tls:a\nx@example.org.mw-ver.invalid\tmilward-ver:a\n"
     "x@example.org.mw-tlsp.invalid\tmilward-tlsp:a\nx@example.org.mw-verp.invalid\tmilward-verp:a\n"
     "x@example.org.mw-portal.invalid\tmilward-portal:[192.0.2.1]:25\n",
     "milward-portal of master.cf has an smtp_tls_security_level that is too low", true},
    {"unreadable table", "sqlite.fails", "", "sqlite:/r.cf (postmap: no key to this table)", true},
    {"postconf fails", "settings", NULL, "postconf", true},
};

static void test_guard_unsafe(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++) {
		const struct unsafe *row = &unsafe[i];
		struct mw_order o[2];
		struct fixture f;
		struct mw_err err;

		good_postfix();
		if (row->text)
			put(row->file, row->text, 0644);
		else
			remove_file(row->file);
		start(&f, true, row->portal); /* the daemon starts all the same */
		assert_true(fh_logged(&f.self, "3 guard "));
		if (!fh_logged(&f.self, row->why))
			fail_msg("%s: %s", row->name, f.self.line[0]);
		assert_int_equal(able(&f, chain("t", o), &err), -EHOSTUNREACH);
		assert_non_null(strstr(err.text, row->why));
		assert_int_equal(act(&f, o, &err), -EHOSTUNREACH);
		assert_int_equal(f.msg.tags, 0);
		assert_int_equal(f.self.lines, 1); /* said once */
		/* Repaired: no restart is needed. */
		remove_file("sqlite.fails");
		good_postfix();
		assert_int_equal(able(&f, o, &err), 1);
		assert_int_equal(f.self.lines, 2);
		stop(&f);
	}
}

/* Tables in front decide: one that cannot be asked is no trouble when another answers before it. */
static void test_guard_order(void **state)
{
	struct fixture f;

	(void)state;
	good_postfix();
	put("hash.fails", "", 0644);
	put("sqlite", "x@example.org.mw-nosuch.invalid\terror:5.3.0 no\n", 0644);
	start(&f, true, false);
	assert_true(fh_logged(&f.self, "hash:/site (postmap: no key"));
	stop(&f);
	{
		char text[sizeof(table_sqlite) + 64];

		(void)snprintf(text, sizeof(text), "%sx@example.org.mw-nosuch.invalid\terror:5.3.0 no\n", table_sqlite);
		put("sqlite", text, 0644);
	}
	start(&f, true, true);
	assert_true(fh_logged(&f.self, "routes every tag"));
	stop(&f);
	remove_file("hash.fails");
	/* Tables of patterns are asked for whole addresses alone, as Postfix does. */
	good_postfix();
	put("settings", "transport_maps = regexp:/x inline:{{.invalid=error:x}}, sqlite:/r.cf\n", 0644);
	put("hash", ".invalid\trelay:[192.0.2.1]\n", 0644); /* what the script answers for regexp */
	start(&f, true, true);
	assert_true(fh_logged(&f.self, "routes every tag"));
	stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_tags),	 cmocka_unit_test(test_forms),
	    cmocka_unit_test(test_local),	 cmocka_unit_test(test_mark),
	    cmocka_unit_test(test_expire),	 cmocka_unit_test(test_other_actions),
	    cmocka_unit_test(test_guard_good),	 cmocka_unit_test(test_guard_rewrites),
	    cmocka_unit_test(test_guard_keeps),	 cmocka_unit_test(test_guard_keeper_fails),
	    cmocka_unit_test(test_guard_unsafe), cmocka_unit_test(test_guard_order),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
