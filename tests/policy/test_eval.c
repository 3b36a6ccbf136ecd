/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator: policies as text, messages as a few values, and which line decides for which recipient with what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "mail/address.h"
#include "policy/eval.h"
#include "policy/fakes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- a message ------------------------------------------------------------------------------------------------------------- */

struct message {
	const char *sender;
	const char *to; /* its domain decides what is internal: clinic.example */
	int64_t identifiers, clinical, people;
	bool table, aligned;
	const char *spf;
	uint64_t ssns;
	const char *subject[3];
	const char *route;	/* X-Route */
	const char *unreadable; /* reason */
	const char *missing;	/* means that are not there, by how they are shown, separated by blanks */
	int able_fails;
	/* told by able() */
	char asked[400];
};

static const struct mw_plan *plan; /* of the running test */

static int64_t fact_int(void *ctx, uint32_t module, uint32_t fact)
{
	const struct message *m = ctx;
	const char *name = plan->module[module].plugin->facts[fact].name;

	if (strcmp(name, "identifiers") == 0)
		return m->identifiers;
	if (strcmp(name, "clinical") == 0)
		return m->clinical;
	if (strcmp(name, "people") == 0)
		return m->people;
	if (strcmp(name, "table") == 0)
		return m->table ? 5 : 0; /* any true value */
	assert_string_equal(name, "aligned");
	return m->aligned;
}

static const char *fact_str(void *ctx, uint32_t module, uint32_t fact)
{
	assert_string_equal(plan->module[module].plugin->facts[fact].name, "spf");
	return ((const struct message *)ctx)->spf;
}

static uint64_t rule_count(void *ctx, uint32_t rule, uint32_t zones)
{
	assert_string_equal(plan->rule[rule].name, "us-ssn");
	/* All of them are in new text. */
	return zones && !(zones & MW_ZONE_BIT(MW_ZONE_BODY)) ? 0 : ((const struct message *)ctx)->ssns;
}

static const char *header(void *ctx, const char *name, size_t i)
{
	const struct message *m = ctx;

	if (strcmp(name, "Subject") == 0)
		return i < 3 ? m->subject[i] : NULL;
	return strcmp(name, "X-Route") == 0 && i == 0 ? m->route : NULL;
}

static bool unreadable(void *ctx, const char *reason)
{
	const struct message *m = ctx;

	return m->unreadable && (!reason || strcmp(reason, m->unreadable) == 0);
}

static int able(void *ctx, const struct mw_call *call, const struct mw_call *next, uint32_t rcpt, const char **why)
{
	struct message *m = ctx;
	size_t n = strlen(m->asked);

	assert_int_equal(rcpt, 0);
	assert_int_equal(call->effect, MW_ROUTE);
	assert_true(!next || next == call + 1);
	(void)snprintf(m->asked + n, sizeof(m->asked) - n, "%s%s>%s", n ? " " : "", call->shown, next ? next->shown : "");
	if (m->able_fails)
		return m->able_fails;
	if (!m->missing || !strstr(m->missing, call->shown))
		return 1;
	*why = strcmp(call->shown, "portal") == 0 ? NULL : "no certificate";
	return 0;
}

/* ---- a test ---------------------------------------------------------------------------------------------------------------- */

#define LOADS                                                                                                                    \
	"load phi grant text; load auth; load route grant route; load seal grant route; load fields grant edit\n"                \
	"table <ours> { \"clinic.example\" }\n"                                                                                  \
	"table <vip> { \"boss@clinic.example\", \".group.example\", \"partner.example\" }\n"                                     \
	"rule us-ssn { kind identifier; pattern /1/; hit \"1\"; miss \"2\" }\n"

static struct mw_arena *arena;
static struct mw_plan *loaded;

static void load(const char *text)
{
	struct mw_buf all = MW_BUF_INIT, out = MW_BUF_INIT;
	struct mw_diags diags;

	arena = mw_arena_new(0);
	assert_non_null(arena);
	mw_buf_puts(&all, LOADS);
	mw_buf_puts(&all, text);
	assert_true(mw_buf_ok(&all));
	mw_diags_init(&diags, arena);
	if (mw_plan_load_text((struct mw_str){.p = all.p, .n = all.n}, "t.policy", &fake_catalog, &diags, &loaded) < 0) {
		mw_diags_print(&diags, false, &out);
		fail_msg("%s", mw_buf_text(&out));
	}
	mw_buf_free(&all);
	mw_buf_free(&out);
	plan = loaded;
}

static int unload(void **state)
{
	(void)state;
	mw_plan_free(&loaded);
	mw_arena_free(&arena);
	return 0;
}

struct tried {
	char text[600];
};

static void trace(void *ctx, const struct mw_line *line, bool matched, const struct mw_expr *failed)
{
	struct tried *t = ctx;
	struct mw_buf out = MW_BUF_INIT;
	size_t n = strlen(t->text);

	if (failed)
		mw_expr_print(plan, failed, &out);
	assert_int_equal(matched, failed == NULL);
	(void)snprintf(t->text + n, sizeof(t->text) - n, "%s%s", n ? "; " : "", matched ? line->where : mw_buf_text(&out));
	mw_buf_free(&out);
}

static int decide(struct message *m, struct mw_decision *d, struct tried *tried)
{
	struct mw_rcpt rcpt = {0};
	struct mw_envelope envelope = {.sender = mw_str(m->sender), .rcpts = 1, .rcpt = &rcpt};
	struct mw_view view = {.ctx = m,
			       .envelope = &envelope,
			       .fact_int = fact_int,
			       .fact_str = fact_str,
			       .rule_count = rule_count,
			       .header = header,
			       .unreadable = unreadable,
			       .able = able};
	bool classes[10] = {false};
	int r;

	assert_int_equal(mw_address_parse(arena, mw_str(m->to), &rcpt), 0);
	rcpt.internal = mw_table_has_address(plan->ours, rcpt.address);
	r = mw_eval_classes(plan, &view, classes);
	assert_true(r == 0 || r == -EAGAIN);
	m->asked[0] = '\0';
	return mw_eval_rcpt(plan, &view, classes, 0, arena, tried ? trace : NULL, tried, d);
}

/* `LINE ACTION`: where the deciding line is (4 is the first behind LOADS), and what it chose. */
static const char *decided(struct message *m)
{
	static char text[200];
	struct mw_decision d;
	int r = decide(m, &d, NULL);

	if (r < 0)
		(void)snprintf(text, sizeof(text), "failed %d", r);
	else
		(void)snprintf(text, sizeof(text), "%u %s %s%s%s", d.line ? d.line->place.line : 0, mw_effect_name(d.effect),
			       d.call ? d.call->shown : "-", d.next ? " next " : "", d.next ? d.next->shown : "");
	return text;
}

#define OUT "bob@x.example"

/* ---- conditions ------------------------------------------------------------------------------------------------------------ */

/* Does one condition hold for one message? */
static const struct {
	const char *when;
	struct message m;
	bool holds;
} conditions[] = {
    {"any", {.to = OUT}, true},
    {"not any", {.to = OUT}, false},
    {"when phi.people >= 3", {.to = OUT, .people = 3}, true},
    {"when phi.people >= 3", {.to = OUT, .people = 2}, false},
    {"when phi.people > 3", {.to = OUT, .people = 3}, false},
    {"when phi.people < 3", {.to = OUT, .people = 2}, true},
    {"when phi.people <= 3", {.to = OUT, .people = 4}, false},
    {"when phi.people = 3", {.to = OUT, .people = 3}, true},
    {"when phi.people != 3", {.to = OUT, .people = 3}, false},
    {"when phi.people > -1", {.to = OUT}, true},
    {"when phi.table", {.to = OUT, .table = true}, true},
    {"when phi.table = no", {.to = OUT, .table = true}, false},
    {"when phi.table != no", {.to = OUT, .table = true}, true},
    {"when not phi.table", {.to = OUT}, true},
    {"when auth.spf = \"pass\"", {.to = OUT, .spf = "pass"}, true},
    {"when auth.spf = \"pass\"", {.to = OUT}, false},
    {"when auth.spf = \"\"", {.to = OUT}, true},
    {"when auth.spf != \"pass\"", {.to = OUT, .spf = "fail"}, true},
    {"when auth.spf in <vip>", {.to = OUT, .spf = "Partner.Example"}, true},
    {"when auth.spf in <vip>", {.to = OUT, .spf = "a.b.group.example"}, true},
    {"when auth.spf in <vip>", {.to = OUT, .spf = "boss@clinic.example"}, true},
    {"when auth.spf in <vip>", {.to = OUT, .spf = "joe@partner.example"}, true},
    {"when auth.spf in <vip>", {.to = OUT, .spf = "group.example"}, false},
    {"when auth.spf in <vip>", {.to = OUT, .spf = "a.partner.example"}, false},
    {"when auth.spf in <vip>", {.to = OUT, .spf = "clinic.example"}, false},
    {"when auth.spf in <vip>", {.to = OUT, .spf = "@"}, false},
    {"when auth.spf in <vip>", {.to = OUT, .spf = ""}, false},
    {"when auth.spf in <vip>", {.to = OUT}, false},
    {"when not auth.spf in <vip>", {.to = OUT}, true},
    {"rule us-ssn", {.to = OUT, .ssns = 1}, true},
    {"rule us-ssn", {.to = OUT}, false},
    {"rule us-ssn >= 10", {.to = OUT, .ssns = UINT64_MAX}, true},
    {"rule us-ssn = 2", {.to = OUT, .ssns = 2}, true},
    {"rule us-ssn in new, quoted >= 2", {.to = OUT, .ssns = 2}, true},
    {"rule us-ssn in quoted", {.to = OUT, .ssns = 2}, false},
    {"not rule us-ssn in subject, header to external", {.to = OUT, .ssns = 2}, true},
    {"to external", {.to = OUT}, true},
    {"to external", {.to = "a@clinic.example"}, false},
    {"to internal", {.to = "a@Clinic.Example"}, true},
    {"to external", {.to = "a@sub.clinic.example"}, true},
    {"to <vip>", {.to = "boss@clinic.example"}, true},
    {"to <vip>", {.to = "BOSS@CLINIC.EXAMPLE"}, true},
    {"to <vip>", {.to = "clerk@clinic.example"}, false},
    {"to <vip>", {.to = "a@x.y.group.example"}, true},
    {"to <vip>", {.to = "a@group.example"}, false},
    {"to <vip>", {.to = "a@partner.example"}, true},
    {"to <vip>", {.to = "a@sub.partner.example"}, false},
    {"to <vip>", {.to = "partner.example"}, false},
    {"to <vip>", {.to = ""}, true},					/* no address at all */
    {"to <vip>", {.to = "\"boss@clinic.example\"@evil.example"}, true}, /* nobody knows: the stricter reading */
    {"to <vip>", {.to = "a@partner.example."}, true},
    {"to <vip>", {.to = "partner.example!a"}, true},
    {"to <vip>", {.to = "a%partner.example@x.example"}, true},
    {"to <vip>", {.to = "@partner.example:a@x.example"}, true},
    {"to \"partner.example\"", {.to = "partner.example!a"}, true},
    {"not to <vip>", {.to = "a@partner.example."}, true},
    {"to <vip> when phi.table", {.to = "a@partner.example."}, false},
    {"to <vip>", {.to = "\"boss\"@clinic.example"}, true},
    {"to <vip>", {.to = "\"b\\oss\"@Clinic.Example"}, true},
    {"to <vip>", {.to = "\"a clerk\"@clinic.example"}, false},
    {"to <vip>", {.to = "a@[192.0.2.1]"}, false},
    {"to <vip>", {.to = "postmaster"}, false},
    {"to \"x.example\"", {.to = OUT}, true},
    {"to \"BOB@x.example\"", {.to = OUT}, true},
    {"to \".example\"", {.to = OUT}, true},
    {"to \"y.example\"", {.to = OUT}, false},
    {"from <vip>", {.to = OUT, .sender = "boss@clinic.example"}, true},
    {"from <vip>", {.to = OUT, .sender = ""}, false},
    {"from \"\"", {.to = OUT, .sender = ""}, true},
    {"from \"\"", {.to = OUT, .sender = "a@x.example"}, false},
    {"from \"a@x.example\"", {.to = OUT, .sender = "a@x.example"}, true},
    {"subject /\\[secure\\]/i", {.to = OUT, .subject = {"Re: [SECURE] labs"}}, true},
    {"subject /\\[secure\\]/", {.to = OUT, .subject = {"Re: [SECURE] labs"}}, false},
    {"subject /\\[secure\\]/", {.to = OUT, .subject = {"", "a", "[secure]"}}, true},
    {"subject /^$/", {.to = OUT}, false},
    {"subject /sec ure/x", {.to = OUT, .subject = {"secure"}}, true},
    {"subject /\xc3\xa9t\xc3\xa9/i", {.to = OUT, .subject = {"\xc3\x89T\xc3\x89"}}, true},
    {"subject /secure/", {.to = OUT, .subject = {"\xe9\xff secure \xff"}}, true},
    {"header \"X-Route\" /^portal$/", {.to = OUT, .route = "portal"}, true},
    {"header \"X-Route\"", {.to = OUT, .route = ""}, true},
    {"header \"X-Route\"", {.to = OUT}, false},
    {"header \"X-Other\"", {.to = OUT, .route = "portal"}, false},
    {"unreadable", {.to = OUT, .unreadable = "damaged"}, true},
    {"unreadable", {.to = OUT}, false},
    {"unreadable(encrypted or damaged)", {.to = OUT, .unreadable = "damaged"}, true},
    {"unreadable(encrypted or damaged)", {.to = OUT, .unreadable = "image"}, false},
    {"when phi.people > 1 and phi.table or auth.aligned", {.to = OUT, .aligned = true}, true},
    {"when phi.people > 1 and (phi.table or auth.aligned)", {.to = OUT, .aligned = true}, false},
    {"when not phi.people > 1 and phi.table", {.to = OUT, .table = true}, true},
    {"when not (phi.people > 1 and phi.table)", {.to = OUT, .people = 2, .table = true}, false},
    {"class some to external", {.to = OUT, .people = 1}, true},
    {"not class some", {.to = OUT, .people = 1}, false},
    {"class more", {.to = OUT, .people = 1}, false},
    {"class more", {.to = OUT, .people = 1, .table = true}, true},
};

static void load_condition(const char *when)
{
	char text[600];

	(void)snprintf(text, sizeof(text),
		       "class some when phi.people >= 1\nclass more when class some and phi.table\n"
		       "match %s then hold\nmatch any then pass\n",
		       when);
	load(text);
}

static void check_condition(size_t i, const char *when)
{
	struct message m = conditions[i].m;

	m.sender = m.sender ? m.sender : "anna@clinic.example";
	if (strcmp(decided(&m), conditions[i].holds ? "7 hold hold" : "8 pass pass") != 0)
		fail_msg("case %zu, %s: %s", i, when, decided(&m));
}

/* What is printed of a condition is that condition again. */
static void test_conditions(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		struct mw_buf first = MW_BUF_INIT, again = MW_BUF_INIT;

		load_condition(conditions[i].when);
		check_condition(i, conditions[i].when);
		mw_buf_puts(&first, "when ");
		mw_expr_print(plan, plan->line[0].when, &first);
		(void)unload(NULL);
		load_condition(mw_buf_text(&first));
		check_condition(i, mw_buf_text(&first));
		mw_buf_puts(&again, "when ");
		mw_expr_print(plan, plan->line[0].when, &again);
		assert_string_equal(mw_buf_text(&again), mw_buf_text(&first));
		mw_buf_free(&first);
		mw_buf_free(&again);
		(void)unload(NULL);
	}
}

/* ---- lines and means ------------------------------------------------------------------------------------------------------- */

static void test_first_match(void **state)
{
	struct message m = {.sender = "a@clinic.example", .to = OUT, .people = 30};

	(void)state;
	load("match when phi.people >= 25 to external then hold \"bulk\"\n"
	     "match when phi.people >= 1 to external then send by tls or portal\n"
	     "match any then pass\n");
	assert_string_equal(decided(&m), "5 hold hold");
	m.people = 3;
	assert_string_equal(decided(&m), "6 route tls(verified) next portal");
	m.people = 0;
	assert_string_equal(decided(&m), "7 pass pass");
	m.people = 30;
	m.to = "a@clinic.example";
	assert_string_equal(decided(&m), "7 pass pass");
}

/* hold beside `send by`: the effect is hold, the call is the means; without a means it is no hold. */
static void test_hold_with_means(void **state)
{
	struct message m = {.sender = "a@clinic.example", .to = OUT};
	struct mw_decision d;

	(void)state;
	load("match any then hold \"look\", send by tls(dane) or portal\n");
	assert_string_equal(decided(&m), "5 hold tls(dane) next portal");
	assert_int_equal(decide(&m, &d, NULL), 0);
	assert_non_null(d.hold);
	assert_int_equal(d.hold->effect, MW_HOLD);
	assert_string_equal(d.hold->reason, "look");
	m.missing = "tls(dane)";
	assert_string_equal(decided(&m), "5 hold portal");
}

static void test_means(void **state)
{
	struct message m = {.sender = "a@clinic.example", .to = OUT};
	struct mw_decision d;

	(void)state;
	load("match any then send by tls(dane) or smime or portal\n");
	assert_string_equal(decided(&m), "5 route tls(dane) next smime");
	assert_string_equal(m.asked, "tls(dane)>smime");
	m.missing = "tls(dane)";
	assert_string_equal(decided(&m), "5 route smime next portal");
	m.missing = "tls(dane) smime";
	assert_int_equal(decide(&m, &d, NULL), 0);
	assert_string_equal(d.call->shown, "portal");
	assert_null(d.next);
	assert_string_equal(d.skipped, "tls(dane): no certificate; smime: no certificate");
	assert_string_equal(m.asked, "tls(dane)>smime smime>portal portal>");
	m.missing = "tls(dane) smime portal";
	assert_int_equal(decide(&m, &d, NULL), 0);
	assert_int_equal(d.effect, MW_REFUSE);
	assert_non_null(d.line);
	assert_null(d.call);
	assert_string_equal(d.skipped, "tls(dane): no certificate; smime: no certificate; portal: not there");
}

static void test_last_means_is_outcome(void **state)
{
	struct message m = {.sender = "a@clinic.example", .to = OUT, .missing = "tls(verified) smime"};

	(void)state;
	load("match any then send by tls or smime or hold \"nobody can read it\"\n");
	assert_string_equal(decided(&m), "5 hold hold");
	assert_string_equal(m.asked, "tls(verified)>smime smime>"); /* an outcome is not a means */
	m.missing = NULL;
	assert_string_equal(decided(&m), "5 route tls(verified) next smime");
}

static void test_able_fails(void **state)
{
	struct message m = {.sender = "a@clinic.example", .to = OUT, .able_fails = -EIO};
	struct mw_decision d = {.effect = 77};

	(void)state;
	load("match any then send by tls\n");
	assert_int_equal(decide(&m, &d, NULL), -EIO);
	assert_int_equal(d.effect, 77);
}

static void test_no_line(void **state)
{
	struct message m = {.sender = "a@clinic.example", .to = OUT};
	struct mw_decision d;

	(void)state;
	load("match to internal then pass\n");
	assert_int_equal(decide(&m, &d, NULL), 0);
	assert_int_equal(d.effect, MW_REFUSE);
	assert_null(d.line);
	assert_null(d.call);
	assert_string_equal(d.skipped, "");
}

static void test_trace(void **state)
{
	struct message m = {.sender = "a@clinic.example", .to = OUT, .people = 3};
	struct tried tried = {.text = ""};
	struct mw_decision d;

	(void)state;
	load("class phi when phi.people >= 1\n"
	     "match class phi when phi.people >= 25 to internal then hold\n"
	     "match class phi to <vip> when phi.table then hold\n"
	     "match when phi.table or auth.aligned then hold\n"
	     "match class phi then send by tls\n"
	     "match any then pass\n");
	assert_int_equal(decide(&m, &d, &tried), 0);
	assert_string_equal(tried.text, "phi.people >= 25; to <vip>; phi.table or auth.aligned; t.policy:9");
}

/* ---- what is unsure ---------------------------------------------------------------------------------------------------------
 */

/* A pattern that backtracks without end. */
#define SLOW "subject /^(a+)+$/"
static const char slow_subject[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";

/* Effect that comes out of a policy whose pattern nobody can finish, and whether it is reported. */
static const struct {
	const char *policy;
	uint32_t effect;
	int line; /* 0 = none */
	bool unsure;
} unsure[] = {
    {"match " SLOW " then hold\nmatch any then pass\n", MW_HOLD, 5, true},
    {"match " SLOW " then pass\nmatch any then hold\n", MW_HOLD, 6, true},
    {"match not " SLOW " then pass\nmatch any then send by tls\n", MW_ROUTE, 6, true},
    {"match " SLOW " then pass\nmatch " SLOW " then hold\nmatch any then send by tls\n", MW_HOLD, 6, true},
    {"match " SLOW " then hold\n", MW_REFUSE, 0, true},
    {"match " SLOW " then refuse\n", MW_REFUSE, 5, true},
    {"match " SLOW " to internal then hold\nmatch any then pass\n", MW_PASS, 6, false},
    {"match to internal " SLOW " then hold\nmatch any then pass\n", MW_PASS, 6, false},
    {"match when " SLOW " or to external then hold\nmatch any then pass\n", MW_HOLD, 5, false},
    {"match when to external or " SLOW " then hold\nmatch any then pass\n", MW_HOLD, 5, false},
    {"match any then pass\nmatch " SLOW " then hold\n", MW_PASS, 5, false},
};

static void test_unsure(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(unsure) / sizeof(unsure[0]); i++) {
		struct message m = {.sender = "a@clinic.example", .to = OUT, .subject = {slow_subject}};
		struct mw_decision d = {.effect = 77};
		int r;

		load(unsure[i].policy);
		r = decide(&m, &d, NULL);
		if (r != (unsure[i].unsure ? -EAGAIN : 0) || d.effect != unsure[i].effect ||
		    (d.line ? (int)d.line->place.line : 0) != unsure[i].line)
			fail_msg("case %zu: %d, %s, line %u", i, r, mw_effect_name(d.effect), d.line ? d.line->place.line : 0);
		(void)unload(NULL);
	}
}

static void test_unsure_class(void **state)
{
	struct message m = {.sender = "a@clinic.example", .to = OUT, .subject = {slow_subject}};
	struct mw_envelope envelope = {.rcpts = 0};
	struct mw_view view = {.ctx = &m, .envelope = &envelope, .fact_int = fact_int, .header = header};
	bool classes[3] = {false, false, false};

	(void)state;
	load("class slow when " SLOW "\n"
	     "class not-slow when not " SLOW "\n"
	     "class sure when phi.people > 1\n"
	     "match any then pass\n");
	assert_int_equal(mw_eval_classes(plan, &view, classes), -EAGAIN);
	assert_true(classes[0] && classes[1] && !classes[2]);
	m.subject[0] = "aaa";
	assert_int_equal(mw_eval_classes(plan, &view, classes), 0);
	assert_true(classes[0] && !classes[1] && !classes[2]);
}

/* ---- causes and ranks -------------------------------------------------------------------------------------------------------
 */

static void test_causes(void **state)
{
	(void)state;
	load("match any then pass\non error hold; limit portal; limit.size refuse \"too large\"\n");
	assert_int_equal(mw_eval_cause(plan, MW_CAUSE_ERROR)->mean[0].effect, MW_HOLD);
	assert_int_equal(mw_eval_cause(plan, MW_CAUSE_TIMEOUT)->mean[0].effect, MW_HOLD);
	assert_int_equal(mw_eval_cause(plan, MW_CAUSE_LIMIT)->mean[0].effect, MW_ROUTE);
	assert_int_equal(mw_eval_cause(plan, MW_CAUSE_LIMIT_FIRST + MW_LIMIT_SIZE)->mean[0].effect, MW_REFUSE);
	assert_string_equal(mw_eval_cause(plan, MW_CAUSE_LIMIT_FIRST + MW_LIMIT_SIZE)->mean[0].reason, "too large");
	assert_int_equal(mw_eval_cause(plan, MW_CAUSE_LIMIT_FIRST + MW_LIMIT_DEPTH)->mean[0].effect, MW_ROUTE);
	assert_int_equal(mw_eval_cause(plan, MW_CAUSES + 5)->mean[0].effect, MW_HOLD);
	(void)unload(NULL);
	load("match any then pass\n");
	for (uint32_t i = 0; i < MW_CAUSES; i++) {
		assert_int_equal(mw_eval_cause(plan, i)->means, 1);
		assert_int_equal(mw_eval_cause(plan, i)->mean[0].effect, MW_TEMPFAIL);
		assert_int_equal(mw_eval_cause(plan, i)->mean[0].module, MW_NO_MODULE);
	}
}

static void test_cause_names(void **state)
{
	char name[60];

	(void)state;
	for (uint32_t i = 0; i < MW_LIMITS; i++) {
		(void)snprintf(name, sizeof(name), "limit.%s", mw_limit_rows[i].name);
		assert_string_equal(mw_cause_name(MW_CAUSE_LIMIT_FIRST + i), name);
	}
	assert_string_equal(mw_cause_name(MW_CAUSE_ERROR), "error");
	assert_string_equal(mw_cause_name(MW_CAUSES), "?");
}

static void test_ranks(void **state)
{
	static const uint32_t order[] = {MW_PASS, MW_ROUTE, MW_TEMPFAIL, MW_HOLD, MW_REFUSE};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		for (size_t k = 0; k < 5; k++)
			assert_int_equal(mw_effect_stricter(order[i], order[k]), order[i > k ? i : k]);
		assert_int_equal(mw_effect_stricter(order[i], MW_RECORD), order[i]); /* what decides nothing wins nothing */
		assert_int_equal(mw_effect_stricter(MW_EDIT, order[i]), order[i]);
	}
	assert_string_equal(mw_effect_name(MW_TEMPFAIL), "tempfail");
	assert_string_equal(mw_effect_name(0), "?");
	assert_string_equal(mw_effect_name(99), "?");
}

#define T(name) cmocka_unit_test_teardown(name, unload)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_conditions), T(test_first_match), T(test_means), T(test_hold_with_means), T(test_last_means_is_outcome),
	    T(test_able_fails), T(test_no_line),     T(test_trace), T(test_unsure),	     T(test_unsure_class),
	    T(test_causes),	T(test_cause_names), T(test_ranks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
