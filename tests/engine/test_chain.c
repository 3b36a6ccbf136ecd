/* SPDX-License-Identifier: Apache-2.0 */
/* chain: who is called in which order, what is decided, and what a failure does. */
#include "setup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SEND                                                                                                                     \
	OURS RULES "class phi when phi.identifiers >= 1 and phi.clinical >= 1\n"                                                 \
		   "match class phi to external then send by tls(verified) or portal, mark \"X-Sent\"\n"                         \
		   "match any then pass\n"                                                                                       \
		   "always note; always seal\n"
#define LOAD_PHI "load phi grant text\n"

/* ---- table of decisions ------------------------------------------------------------------------------------------ */
struct decision {
	const char *name, *options, *rest, *rcpts, *mail, *shown, *calls;
};

static const struct decision decisions[] = {
    {"nothing found", "", SEND, "bob@x.example", PLAIN_MAIL, "pass pass policy:9 => pass", "act:pass:0 act:seal act:note"},
    {"found, outside", "", SEND, "bob@x.example", SICK_MAIL, "route tls(verified) policy:8 => route",
     "able:tls+portal:0 act:tls:0 act:mark act:seal act:note"},
    {"found, inside and outside", "", SEND, "al@clinic.example bob@x.example", SICK_MAIL,
     "pass pass policy:9 / route tls(verified) policy:8 => route",
     "able:tls+portal:1 act:pass:0 act:tls:1 act:mark act:seal act:note"},
    {"first means is not there", "unable \"tls\"", SEND, "bob@x.example", SICK_MAIL, "route portal policy:8 => route",
     "able:tls+portal:0 able:portal:0 act:portal:0 act:mark act:seal act:note"},
    {"no means is there", "unable \"tls\", \"portal\"", SEND, "bob@x.example", SICK_MAIL, "refuse refuse policy:8 => refuse",
     "able:tls+portal:0 able:portal:0 act:note"},
    {"an address that cannot be tagged", "", SEND, "@a.example:bob@x.example", SICK_MAIL, "refuse refuse policy:8 => refuse",
     "act:note"},
    {"an extra of two recipients is done once", "", SEND, "bob@x.example eve@y.example", SICK_MAIL,
     "route tls(verified) policy:8 / route tls(verified) policy:8 => route",
     "able:tls+portal:0 able:tls+portal:1 act:tls:0 act:tls:1 act:mark act:seal act:note"},
    {"strictest of the recipients", "",
     OURS RULES
     "match to \"hold.example\" then hold \"wait\"\nmatch to \"no.example\" then refuse \"never\"\nmatch any then pass\n"
     "always note\n",
     "a@hold.example b@x.example c@no.example", PLAIN_MAIL,
     "hold hold policy:7 / pass pass policy:9 / refuse refuse policy:8 => refuse", "act:note"},
    {"hold keeps edits", "", OURS RULES "match any then hold \"wait\", mark \"X-Held\"\nalways note\n", "b@x.example", PLAIN_MAIL,
     "hold hold policy:7 => hold", "act:hold:0 act:mark act:note"},
    {"held, with a route for its release", "",
     OURS RULES "match to external then hold \"wait\", send by tls(verified) or portal\nmatch any then pass\nalways seal\n",
     "al@clinic.example b@x.example", PLAIN_MAIL, "pass pass policy:8 / hold hold, tls(verified) policy:7 => hold",
     "able:tls+portal:1 act:pass:0 act:tls:1 act:hold:1 act:seal"},
    {"held, the first means is not there", "unable \"tls\"",
     OURS RULES "match to external then send by tls(verified) or portal, hold \"wait\"\nmatch any then pass\n", "b@x.example",
     PLAIN_MAIL, "hold hold, portal policy:7 => hold", "able:tls+portal:0 able:portal:0 act:portal:0 act:hold:0"},
    {"held, no means is there", "unable \"tls\", \"portal\"",
     OURS RULES "match to external then hold \"wait\", send by tls or portal\nmatch any then pass\nalways note\n", "b@x.example",
     PLAIN_MAIL, "refuse refuse policy:7 => refuse", "able:tls+portal:0 able:portal:0 act:note"},
    {"held, an outcome for when no means is there", "unable \"tls\"",
     OURS RULES "match to external then hold \"wait\", send by tls or tempfail\nmatch any then pass\nalways note\n",
     "b@x.example", PLAIN_MAIL, "tempfail tempfail policy:7 => tempfail", "able:tls:0 act:note"},
    {"held, an address that cannot be tagged", "",
     OURS RULES "match to external then hold \"wait\", send by tls\nmatch any then pass\n", "@a.example:b@x.example", PLAIN_MAIL,
     "refuse refuse policy:7 => refuse", ""},
    {"held, the route fails", "fail \"tls\"",
     OURS RULES "match to external then hold \"wait\", send by tls\nmatch any then pass\n", "b@x.example", PLAIN_MAIL,
     "hold hold, tls(any) policy:7 => tempfail error", "able:tls:0 act:tls:0 act:hold:0"},
    {"no line matches", "", OURS RULES "match from \"nobody.example\" then pass\n", "b@x.example", PLAIN_MAIL,
     "refuse refuse - => refuse", ""},
    {"facts of a module", "number 7; flag; word \"abc\"",
     OURS RULES "match probe.number = 7 and probe.flag and probe.word = \"abc\" then hold\nmatch any then pass\n", "b@x.example",
     PLAIN_MAIL, "hold hold policy:7 => hold", "act:hold:0"},
    {"no recipient", "", SEND, "", PLAIN_MAIL, "=> pass", "act:seal act:note"},
    /* failures */
    {"begin fails: a module that did not look", "fail \"begin\"", SEND, "bob@x.example", PLAIN_MAIL,
     "tempfail tempfail default => tempfail error", ""},
    {"an early stage fails", "fail \"early\"", SEND, "bob@x.example", PLAIN_MAIL, "tempfail tempfail default => tempfail error",
     "act:note"},
    {"see fails", "fail \"see\"", SEND, "bob@x.example", PLAIN_MAIL, "tempfail tempfail default => tempfail error", "act:note"},
    {"see fails, all inside", "fail \"see\"", SEND, "al@clinic.example", PLAIN_MAIL, "pass pass policy:9 => pass",
     "act:pass:0 act:seal act:note"},
    {"able fails", "fail \"able\"", SEND, "bob@x.example", SICK_MAIL, "tempfail tempfail - => tempfail error",
     "able:tls+portal:0 act:note"},
    {"act of a means fails", "fail \"tls\"", SEND, "al@clinic.example bob@x.example", SICK_MAIL,
     "pass pass policy:9 / route tls(verified) policy:8 => tempfail error", "able:tls+portal:1 act:pass:0 act:tls:1 act:note"},
    {"an edit fails", "fail \"mark\"", SEND, "bob@x.example", SICK_MAIL, "route tls(verified) policy:8 => tempfail error",
     "able:tls+portal:0 act:tls:0 act:mark act:note"},
    {"a signature fails", "fail \"seal\"", SEND, "al@clinic.example", PLAIN_MAIL, "pass pass policy:9 => tempfail error",
     "act:pass:0 act:seal act:note"},
    {"a record fails", "fail \"note\"", SEND, "al@clinic.example", PLAIN_MAIL, "pass pass policy:9 => tempfail error",
     "act:pass:0 act:seal act:note"},
    {"a means that routes nothing", "fail \"forget\"", SEND, "bob@x.example", SICK_MAIL,
     "route tls(verified) policy:8 => tempfail error", "able:tls+portal:0 act:tls:0 act:note"},
    /* outcomes of causes */
    {"on error refuse", "fail \"see\"", SEND "on error refuse \"cannot look\"\n", "al@clinic.example bob@x.example", PLAIN_MAIL,
     "pass pass policy:9 / refuse refuse policy:11 => refuse error", "act:note"},
    {"on error portal", "fail \"see\"", SEND "on error portal\n", "bob@x.example", PLAIN_MAIL,
     "route portal policy:11 => route error", "able:portal:0 act:portal:0 act:seal act:note"},
    {"on error portal, stricter already", "fail \"see\"", SEND "on error portal\n", "bob@x.example", SICK_MAIL,
     "route tls(verified) policy:8 => route", "able:tls+portal:0 act:tls:0 act:mark act:seal act:note"},
    {"on error portal, which is not there", "fail \"see\"; unable \"portal\"", SEND "on error portal\n", "bob@x.example",
     PLAIN_MAIL, "tempfail tempfail policy:11 => tempfail error", "able:portal:0 act:note"},
    {"on error: last of send by", "fail \"see\"; unable \"portal\"", SEND "on error send by portal or refuse \"no\"\n",
     "bob@x.example", PLAIN_MAIL, "refuse refuse policy:11 => refuse error", "able:portal:0 act:note"},
    {"on error hold: a route stays", "fail \"see\"", SEND "on error hold\n", "al@clinic.example bob@x.example", SICK_MAIL,
     "pass pass policy:9 / hold hold, tls(verified) policy:11 => hold error",
     "able:tls+portal:1 act:pass:0 act:tls:1 act:hold:1 act:seal act:note"},
    {"on error hold with a means: for what has no route", "fail \"see\"", SEND "on error hold \"later\", portal\n",
     "bob@x.example", PLAIN_MAIL, "hold hold, portal policy:11 => hold error",
     "able:portal:0 act:portal:0 act:hold:0 act:seal act:note"},
    {"on error hold with a means that is not there", "fail \"see\"; unable \"portal\"", SEND "on error hold, portal\n",
     "bob@x.example", PLAIN_MAIL, "tempfail tempfail policy:11 => tempfail error", "able:portal:0 act:note"},
    {"on error hold, an act fails: never held", "fail \"seal\"", SEND "on error hold\n", "bob@x.example", PLAIN_MAIL,
     "pass pass policy:9 => tempfail error", "act:pass:0 act:seal act:note"},
};

/* Calls without those that are always the same. */
static const char *calls_of_interest(void)
{
	static char text[4096];
	static const char *const dull[] = {"check", "open", "begin", "see:4:0", "see:64:0", "end", "close"};
	char all[4096];
	char *save = NULL;

	text[0] = '\0';
	(void)strcpy(all, probe_calls());
	for (char *word = strtok_r(all, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		bool skip = false;

		for (size_t i = 0; i < sizeof(dull) / sizeof(dull[0]); i++)
			skip = skip || strcmp(word, dull[i]) == 0;
		if (skip)
			continue;
		if (text[0])
			(void)strcat(text, " ");
		(void)strcat(text, word);
	}
	return text;
}

static void test_decisions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(decisions) / sizeof(decisions[0]); i++) {
		const struct decision *d = &decisions[i];
		struct world w;
		struct mw_msg *m;
		char policy[4096];

		(void)snprintf(policy, sizeof(policy), LOAD_PHI "load probe grant headers, text, edit, route { %s }\n%s",
			       d->options, d->rest);
		probe_reset();
		world_open(&w, policy, 0);
		m = msg_to(&w, d->rcpts);
		mw_msg_see(m, MW_SEE_MAIL, "", 0);
		msg_take(m, d->mail);
		mw_msg_run(m, NULL, NULL);
		if (strcmp(msg_shown(m), d->shown) != 0 || strcmp(calls_of_interest(), d->calls) != 0)
			fail_msg("%s:\n  got  %s\n  want %s\n  got  %s\n  want %s\n  why  %s", d->name, msg_shown(m), d->shown,
				 calls_of_interest(), d->calls, mw_msg_cause_why(m, MW_CAUSE_ERROR));
		mw_msg_free(&m);
		world_close(&w);
	}
}

/* ---- life -------------------------------------------------------------------------------------------------------- */
/* A condition that reaches the limit of matching: the stricter of both readings, not a failure; and the verdict says so. */
static void test_unsure(void **state)
{
	static const char mail[] =
	    "From: a@clinic.example\nSubject: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\n"
	    "\nhello\n";
	static const struct {
		const char *rest, *shown;
		bool told;
	} rows[] = {
	    {"match subject /^(a+)+$/ then refuse\nmatch any then pass\n", "refuse refuse policy:7 => refuse", true},
	    {"match subject /^(a+)+$/ then pass\nmatch any then send by tls\n", "route tls(any) policy:8 => route", true},
	    {"match subject /^(a+)+$/ then refuse \"mine\"\nmatch any then pass\n", "refuse refuse policy:7 => refuse", false},
	    {"class slow when subject /^(a+)+$/\nmatch class slow then refuse\nmatch any then pass\n",
	     "refuse refuse policy:8 => refuse", true},
	    {"match subject /^a+!$/ then refuse\nmatch any then pass\n", "refuse refuse policy:7 => refuse", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world w;
		struct mw_msg *m;
		char policy[4096];

		(void)snprintf(policy, sizeof(policy),
			       LOAD_PHI "load probe grant headers, text, edit, route { }\n" OURS RULES "%s", rows[i].rest);
		probe_reset();
		world_open(&w, policy, 0);
		m = msg_to(&w, "b@x.example");
		msg_take(m, mail);
		mw_msg_run(m, NULL, NULL);
		assert_string_equal(msg_shown(m), rows[i].shown);
		assert_int_equal(strstr(mw_msg_verdict(m, 0)->reason, "limit of matching") != NULL, rows[i].told);
		assert_int_equal(mw_msg_causes(m), 0);
		mw_msg_free(&m);
		world_close(&w);
	}
}

/* The host does not take it: no module looks, no line is tried, nothing is edited; what is always recorded is. */
static void test_settle(void **state)
{
	static const struct {
		const char *options;
		uint32_t effect;
		const char *shown, *calls;
	} rows[] = {
	    {"", MW_REFUSE, "=> refuse reserved-domain", "act:note"},
	    {"", MW_TEMPFAIL, "=> tempfail busy", "act:note"},
	    {"fail \"note\"", MW_TEMPFAIL, "=> tempfail error", "act:note"},
	    {"fail \"note\"", MW_REFUSE, "=> refuse reserved-domain", "act:note"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct world w;
		struct mw_msg *m;
		const struct mw_edit_tag *tags;
		char policy[4096];

		(void)snprintf(policy, sizeof(policy),
			       LOAD_PHI "load probe grant headers, text, edit, route { %s }\n%smode observe\n", rows[i].options,
			       SEND);
		probe_reset();
		world_open(&w, policy, 0);
		m = msg_to(&w, "al@clinic.example bob@x.example");
		msg_take(m, SICK_MAIL);
		mw_msg_settle(m, rows[i].effect, rows[i].effect == MW_REFUSE ? "reserved-domain" : "busy", "why");
		assert_string_equal(msg_shown(m), rows[i].shown);
		assert_string_equal(calls_of_interest(), rows[i].calls);
		assert_int_equal(mw_msg_edit_tags(m, &tags), 0);
		assert_false(mw_msg_outcome(m)->observe);
		mw_msg_free(&m);
		world_close(&w);
	}
}

static void test_hooks_in_order(void **state)
{
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, LOAD_PROBE "match any then pass\nalways note\n", 0);
	assert_int_equal(mw_generation_stages(w.gen), MW_SEE_MAIL | MW_SEE_BODY | MW_SEE_MESSAGE | MW_SEE_CLOSE);
	m = msg_to(&w, "b@x.example");
	mw_msg_see(m, MW_SEE_MAIL, "<a>", 3);
	mw_msg_see(m, MW_SEE_RCPT, "<b>", 3); /* not asked for */
	mw_msg_see(m, MW_SEE_BODY, "xy", 2);
	mw_msg_run(m, NULL, NULL);
	mw_msg_free(&m);
	mw_generation_closed(w.gen, NULL);
	world_close(&w);
	assert_string_equal(probe_calls(), "check open begin see:4:3 see:32:2 see:64:0 act:pass:0 act:note end see:256:0 close");
}

/* A message keeps its generation: the policy may be replaced while it is in work. */
static void test_generation_outlives(void **state)
{
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, LOAD_PROBE "match any then pass\n", 0);
	m = msg_to(&w, "b@x.example");
	mw_generation_unref(&w.gen);
	assert_null(strstr(probe_calls(), "close"));
	msg_take(m, PLAIN_MAIL);
	mw_msg_run(m, NULL, NULL);
	assert_string_equal(msg_shown(m), "pass pass policy:2 => pass");
	mw_msg_free(&m);
	assert_non_null(strstr(probe_calls(), "end close"));
	world_close(&w);
}

static void test_end_after_abort(void **state)
{
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, "load probe grant headers, text, edit, route { fail \"begin\" }\nmatch any then pass\n", 0);
	m = msg_to(&w, "b@x.example");
	mw_msg_free(&m); /* begin failed: no end() */
	assert_string_equal(probe_calls(), "check open begin");
	world_close(&w);
}

/* ---- observe ----------------------------------------------------------------------------------------------------- */
static int see_outcome(const struct mw_host *h, struct mw_self *s, struct mw_msg *m, const char *action, uint32_t rcpt,
		       struct mw_err *err)
{
	const struct mw_outcome *o = h->outcome(m);

	(void)s;
	(void)rcpt;
	(void)err;
	assert_non_null(o);
	assert_true(o->observe);
	if (strcmp(action, "note") == 0)
		assert_int_equal(o->effect, MW_ROUTE);
	return 0;
}

static void test_observe(void **state)
{
	const struct mw_edit_tag *tags;
	const struct mw_edit_field *fields;
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, LOAD_PHI LOAD_PROBE SEND "mode observe\n", 0);
	probe_in_act(see_outcome);
	m = msg_run(&w, "b@x.example", SICK_MAIL);
	assert_string_equal(msg_shown(m), "route tls(verified) policy:8 => route");
	assert_true(mw_msg_outcome(m)->observe);
	assert_int_equal(mw_msg_edit_tags(m, &tags), 0);
	assert_int_equal(mw_msg_edit_fields(m, &fields), 0);
	assert_non_null(strstr(probe_calls(), "act:note"));
	mw_msg_free(&m);
	world_close(&w);
}

/* ---- what act() sees --------------------------------------------------------------------------------------------- */
static int see_failure(const struct mw_host *h, struct mw_self *s, struct mw_msg *m, const char *action, uint32_t rcpt,
		       struct mw_err *err)
{
	const struct mw_outcome *o = h->outcome(m);

	(void)s;
	(void)err;
	assert_non_null(o);
	if (strcmp(action, "note") != 0)
		return 0;
	assert_int_equal(rcpt, MW_ALL);
	assert_int_equal(o->effect, MW_TEMPFAIL);
	assert_string_equal(o->cause, "error");
	assert_string_equal(h->verdict(m, 0)->action, "tls(verified)");
	assert_null(h->verdict(m, 1));
	assert_string_equal(h->msg_class(m, 0), "phi");
	assert_null(h->msg_class(m, 1));
	assert_int_equal(strlen(h->policy_digest(m)), 64);
	assert_non_null(h->finding(m, 0));
	return 0;
}

/* A record tells what became of the message, not what was meant. */
static void test_record_sees_failure(void **state)
{
	const struct mw_edit_tag *tags;
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, LOAD_PHI "load probe grant headers, text, edit, route { fail \"mark\" }\n" SEND, 0);
	probe_in_act(see_failure);
	m = msg_run(&w, "b@x.example", SICK_MAIL);
	assert_string_equal(msg_shown(m), "route tls(verified) policy:8 => tempfail error");
	assert_string_equal(mw_msg_cause_why(m, MW_CAUSE_ERROR), "module \"probe\": probe fails in mark");
	assert_int_equal(mw_msg_edit_tags(m, &tags), 0);
	mw_msg_free(&m);
	world_close(&w);
}

/* ---- trace ------------------------------------------------------------------------------------------------------- */
struct traced {
	unsigned lines, matched;
};

static void on_line(void *ctx, uint32_t rcpt, const struct mw_line *line, bool matched, const struct mw_expr *failed)
{
	struct traced *t = ctx;

	assert_int_equal(rcpt, 0);
	assert_non_null(line);
	assert_int_equal(matched, failed == NULL);
	t->lines++;
	t->matched += matched;
}

static void test_trace(void **state)
{
	struct traced t = {0};
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, LOAD_PHI LOAD_PROBE SEND, 0);
	m = msg_to(&w, "b@x.example");
	msg_take(m, PLAIN_MAIL);
	mw_msg_run(m, on_line, &t);
	assert_int_equal(t.lines, 2);
	assert_int_equal(t.matched, 1);
	mw_msg_free(&m);
	world_close(&w);
}

/* ---- offline ----------------------------------------------------------------------------------------------------- */
static void test_offline(void **state)
{
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w,
		   RULES LOAD_PROBE
		   "load probe-keys grant keys\nmatch rule num >= 1 then send by vault\nmatch any then pass\nalways keep\n",
		   MW_GEN_OFFLINE);
	assert_null(strstr(probe_calls(), "keys:open"));
	m = msg_run(&w, "b@x.example", SICK_MAIL);
	assert_string_equal(msg_shown(m), "route vault policy:6 => route");
	assert_null(strstr(probe_calls(), "keys:act"));
	mw_msg_free(&m);
	/* Nothing in this policy asks for parts of a plain mail's kind, but milwardctl does. */
	m = msg_run(&w, "b@x.example", PLAIN_MAIL);
	assert_non_null(msg_part(m, "1"));
	mw_msg_free(&m);
	world_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_decisions),
	    cmocka_unit_test(test_settle),
	    cmocka_unit_test(test_unsure),
	    cmocka_unit_test(test_hooks_in_order),
	    cmocka_unit_test(test_generation_outlives),
	    cmocka_unit_test(test_end_after_abort),
	    cmocka_unit_test(test_observe),
	    cmocka_unit_test(test_record_sees_failure),
	    cmocka_unit_test(test_trace),
	    cmocka_unit_test(test_offline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
