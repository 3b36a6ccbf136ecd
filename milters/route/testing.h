/* SPDX-License-Identifier: Apache-2.0 */
/* testing: the route module as the host has it, and a Postfix that two shell scripts play, for the tests of both. */
#ifndef MW_ROUTE_TESTING_H
#define MW_ROUTE_TESTING_H

#include "tests/unit/fakehost.h"

#include <sys/types.h>

extern const struct mw_plugin mw_plugin_route;

/* ---- the module */

/* In the order of the module's rows. */
enum { PASS, HOLD, REFUSE, TEMPFAIL, TLS, PORTAL, STRIP, SMIME, OPENPGP, OPEN };

/* Values of the module's own option struct, set through its rows as the host does. */
struct route_fixture {
	_Alignas(16) char conf[128];
	struct mw_self self;
	struct mw_msg msg;
	struct mw_rcpt rcpt[2];
	void *inst, *tx;
};

void route_start(struct route_fixture *, bool postfix, bool portal);
void route_stop(struct route_fixture *);
int route_able(struct route_fixture *, const struct mw_order *, struct mw_err *);
int route_act(struct route_fixture *, const struct mw_order *, struct mw_err *);
/* A chain of means: t = tls, v = tls(verified), p = portal, s = smime, o = openpgp, i = open. */
const struct mw_order *route_chain(const char *means, struct mw_order *);

/* ---- a Postfix, in a folder of the group of tests */

/* What postconf -P says of a service. */
#define SERVICE(name, level)                                                                                                     \
	"milward-" name "/unix/smtp_tls_security_level = " level "\n"                                                            \
	"milward-" name "/unix/smtp_tls_policy_maps = \n"

/* What it says of all, and what the table of type sqlite answers, when all is good. */
extern const char postfix_services[], postfix_sqlite[];

int postfix_setup(void **state);
int postfix_teardown(void **state);
/* A Postfix that is set up as milward-postfix leaves it. Writing main.cf anew is what makes the guard look again. */
void postfix_good(void);
void postfix_put(const char *name, const char *text, mode_t mode);
void postfix_remove(const char *name);
/* Grows with each program that was run. */
size_t postfix_calls(void);

#endif
