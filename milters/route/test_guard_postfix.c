/* SPDX-License-Identifier: Apache-2.0 */
/* The guard against a Postfix that two shell scripts play: which it trusts, what it says of the others, and when it looks again. */
#include "testing.h"

#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define KEPT(tag) "x@example.org.mw-" tag ".invalid\tx@example.org.mw-" tag ".invalid\n"
static const char kept[] = KEPT("tls") KEPT("ver") KEPT("tlsp") KEPT("verp") KEPT("portal");

static void test_guard_good(void **state)
{
	struct mw_order o[3];
	struct route_fixture f;
	struct mw_err err;
	size_t n;

	(void)state;
	postfix_good();
	route_start(&f, true, true);
	assert_true(fh_logged(&f.self, "5 guard Postfix routes every tag"));
	n = postfix_calls();
	assert_int_equal(route_able(&f, route_chain("tp", o), &err), 1);
	assert_int_equal(route_act(&f, o, &err), 0);
	assert_int_equal(postfix_calls(), n); /* nothing is asked again while nothing changes */
	postfix_put("main.cf", "changed\n", 0644);
	assert_int_equal(route_able(&f, o, &err), 1);
	assert_true(postfix_calls() > n);
	route_stop(&f);
}

/* Tables that rewrite recipients behind the milter are no fault, but somebody must know. */
static void test_guard_rewrites(void **state)
{
	struct mw_order o[2];
	struct route_fixture f;
	struct mw_err err;

	(void)state;
	postfix_good();
	postfix_put("pcre", kept, 0644);
	postfix_put("settings",
		    "transport_maps = inline:{{.invalid=error:x}}, sqlite:/r.cf\nvirtual_alias_maps = pcre:/p/milward/keep.pcre, "
		    "regexp:/v\n"
		    "canonical_maps = pcre:/p/milward/keep.pcre\nrecipient_canonical_maps = hash:/c\n",
		    0644);
	route_start(&f, true, true);
	assert_true(fh_logged(&f.self, "4 guard Postfix has virtual_alias_maps, recipient_canonical_maps: "));
	assert_true(fh_logged(&f.self, "5 guard Postfix routes every tag"));
	assert_int_equal(f.self.lines, 2);
	postfix_put("main.cf", "changed\n", 0644);
	assert_int_equal(route_able(&f, route_chain("t", o), &err), 1);
	assert_int_equal(f.self.lines, 2); /* said once */
	route_stop(&f);
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
		struct route_fixture f;

		postfix_good();
		postfix_put("pcre", kept, 0644);
		(void)snprintf(text, sizeof(text), ROUTED "%s\n", rows[i].settings);
		(void)snprintf(more, sizeof(more), "%s%s", postfix_services, rows[i].services);
		postfix_put("settings", text, 0644);
		postfix_put("services", more, 0644);
		route_start(&f, true, true);
		assert_int_equal(route_able(&f, route_chain("t", o), &err), rows[i].why ? -EHOSTUNREACH : 1);
		if (rows[i].why)
			assert_non_null(strstr(err.text, rows[i].why));
		route_stop(&f);
	}
}

/* Ours by its name, and Postfix does not answer as it should. */
static void test_guard_keeper_fails(void **state)
{
	static const char *const answers[] = {"", "x@example.org.mw-tls.invalid\tx@example.com\n"};
	struct mw_order o[2];
	struct route_fixture f;
	struct mw_err err;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		postfix_good();
		postfix_put("settings", ROUTED "canonical_maps = " KEEPER "\n", 0644);
		postfix_put("pcre", i < 2 ? answers[i] : kept, 0644);
		if (i == 2)
			postfix_put("pcre.fails", "", 0644);
		route_start(&f, true, true);
		assert_int_equal(route_able(&f, route_chain("t", o), &err), -EHOSTUNREACH);
		assert_non_null(strstr(err.text, i < 2 ? "does not answer x@example.org.mw-tls.invalid with itself"
						       : "no key to this table"));
		route_stop(&f);
	}
	postfix_remove("pcre.fails");
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
		struct route_fixture f;
		struct mw_err err;

		postfix_good();
		if (row->text)
			postfix_put(row->file, row->text, 0644);
		else
			postfix_remove(row->file);
		route_start(&f, true, row->portal); /* the daemon starts all the same */
		assert_true(fh_logged(&f.self, "3 guard "));
		if (!fh_logged(&f.self, row->why))
			fail_msg("%s: %s", row->name, f.self.line[0]);
		assert_int_equal(route_able(&f, route_chain("t", o), &err), -EHOSTUNREACH);
		assert_non_null(strstr(err.text, row->why));
		assert_int_equal(route_act(&f, o, &err), -EHOSTUNREACH);
		assert_int_equal(f.msg.tags, 0);
		assert_int_equal(f.self.lines, 1); /* said once */
		/* Repaired: no restart is needed. */
		postfix_remove("sqlite.fails");
		postfix_good();
		assert_int_equal(route_able(&f, o, &err), 1);
		assert_int_equal(f.self.lines, 2);
		route_stop(&f);
	}
}

/* Tables in front decide: one that cannot be asked is no trouble when another answers before it. */
static void test_guard_order(void **state)
{
	struct route_fixture f;

	(void)state;
	postfix_good();
	postfix_put("hash.fails", "", 0644);
	postfix_put("sqlite", "x@example.org.mw-nosuch.invalid\terror:5.3.0 no\n", 0644);
	route_start(&f, true, false);
	assert_true(fh_logged(&f.self, "hash:/site (postmap: no key"));
	route_stop(&f);
	{
		char text[1024];

		(void)snprintf(text, sizeof(text), "%sx@example.org.mw-nosuch.invalid\terror:5.3.0 no\n", postfix_sqlite);
		postfix_put("sqlite", text, 0644);
	}
	route_start(&f, true, true);
	assert_true(fh_logged(&f.self, "routes every tag"));
	route_stop(&f);
	postfix_remove("hash.fails");
	/* Tables of patterns are asked for whole addresses alone, as Postfix does. */
	postfix_good();
	postfix_put("settings", "transport_maps = regexp:/x inline:{{.invalid=error:x}}, sqlite:/r.cf\n", 0644);
	postfix_put("hash", ".invalid\trelay:[192.0.2.1]\n", 0644); /* what the script answers for regexp */
	route_start(&f, true, true);
	assert_true(fh_logged(&f.self, "routes every tag"));
	route_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_guard_good),	       cmocka_unit_test(test_guard_rewrites), cmocka_unit_test(test_guard_keeps),
	    cmocka_unit_test(test_guard_keeper_fails), cmocka_unit_test(test_guard_unsafe),   cmocka_unit_test(test_guard_order),
	};

	return cmocka_run_group_tests(tests, postfix_setup, postfix_teardown);
}
