/* SPDX-License-Identifier: Apache-2.0 */
/* generation: a policy becomes something that runs, or says why not and leaves nothing open. */
#include "setup.h"

#include <errno.h>
#include <string.h>

static void test_opens(void **state)
{
	struct world w;

	(void)state;
	probe_reset();
	world_open(&w, LOAD_PROBE "load phi with probe-check grant text\nload trace\n" RULES "match any then pass\n",
		   MW_GEN_SAMPLES);
	assert_int_equal(mw_generation_number(w.gen), 1);
	assert_int_equal(mw_ruleset_rules(mw_generation_rules(w.gen)), 3);
	assert_int_equal(mw_generation_plan(w.gen)->modules, 4);
	assert_int_equal(mw_generation_stages(w.gen) & MW_SEE_CONNECT, MW_SEE_CONNECT); /* trace */
	world_close(&w);
	assert_string_equal(probe_calls(), "check open close");
}

struct refused {
	const char *name, *policy;
	unsigned flags;
	int result;
	const char *text;  /* of err, "" = the policy is wrong */
	const char *diag;  /* somewhere in the diagnostics */
	const char *calls; /* of the probe */
};

static const struct refused refusals[] = {
    {"a policy that does not parse", "lod phi\n", 0, -EINVAL, "", "lod", ""},
    {"no such module", "load nothing\nmatch any then pass\n", 0, -EINVAL, "",
     "cannot load module \"nothing\": it is not linked in, and no folder of modules is set", ""},
    {"a power that is not granted", "load probe grant text\nmatch any then pass\n", 0, -EINVAL, "", "needs the power", ""},
    {"relations of options", "load probe grant headers, text, edit, route { fail \"check\" }\nmatch any then pass\n", 0, -EIO,
     "module \"probe\": probe fails in check", NULL, "check"},
    {"a module that does not open", "load probe grant headers, text, edit, route { fail \"open\" }\nmatch any then pass\n", 0,
     -EIO, "module \"probe\": probe fails in open", NULL, "check open close"},
    {"a sample that does not hold",
     LOAD_PROBE "rule r { kind identifier; pattern /\\d{9}/; level 70; hit \"12\"; miss \"x\" }\n"
		"match any then pass\n",
     MW_GEN_SAMPLES, -EINVAL, "", "rule \"r\" does not match its own hit", ""},
    {"a sample that should not match",
     LOAD_PROBE "rule r { kind identifier; pattern /\\d/; level 70; hit \"12\"; miss \"3\" }\n"
		"match any then pass\n",
     MW_GEN_SAMPLES, -EINVAL, "", "rule \"r\" matches what it should miss", ""},
    {"a check that the sample fails",
     "load phi with probe-check grant text\n" LOAD_PROBE "rule r { kind identifier; pattern /\\d{9}/; check probe-even; "
     "level 70; hit \"123456789\"; miss \"x\" }\nmatch any then pass\n",
     MW_GEN_SAMPLES, -EINVAL, "", "rule \"r\" does not match its own hit", ""},
};

static void test_refuses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refused *c = &refusals[i];
		struct world w;

		probe_reset();
		world_try(&w, c->policy, c->flags);
		if (w.result != c->result || strcmp(w.err.text, c->text) != 0 || w.gen || strcmp(probe_calls(), c->calls) != 0 ||
		    (c->diag && (!w.diags.errors || !strstr(world_diags(&w), c->diag))))
			fail_msg("%s: %d, \"%s\", calls \"%s\", %s", c->name, w.result, w.err.text, probe_calls(),
				 world_diags(&w));
		world_close(&w);
	}
}

#define LOAD_SERVICE(low) LOAD_PROBE "load probe-service { low " low "; high 5 }\nmatch any then pass\n"

/* A program's options are refused in the same words by whoever reads the policy; the program opens nothing for that. */
static void test_service(void **state)
{
	static const char why[] = "module \"probe-service\": low is above high";
	const void *conf = NULL;
	struct world w;

	(void)state;
	probe_reset();
	world_try(&w, LOAD_SERVICE("6"), 0);
	assert_int_equal(w.result, -EINVAL);
	assert_string_equal(w.err.text, why);
	assert_string_equal(probe_calls(), "check open service:check close");
	world_close(&w);

	probe_reset();
	world_open(&w, LOAD_SERVICE("6"), MW_GEN_SERVICE);
	assert_int_equal(mw_generation_service(w.gen, w.loader, "probe-service", sizeof(struct probe_service), &conf, &w.err),
			 -EINVAL);
	assert_string_equal(w.err.text, why);
	assert_null(conf);
	assert_string_equal(probe_calls(), "service:check");
	world_close(&w);

	world_open(&w, LOAD_SERVICE("4"), MW_GEN_SERVICE);
	assert_int_equal(mw_generation_service(w.gen, w.loader, "probe-service", sizeof(struct probe_service), &conf, &w.err), 0);
	assert_int_equal(((const struct probe_service *)conf)->low, 4);
	conf = NULL;
	assert_int_equal(mw_generation_service(w.gen, w.loader, "probe-service", 1, &conf, &w.err), -EINVAL);
	assert_int_equal(mw_generation_service(w.gen, w.loader, "probe", 1, &conf, &w.err), -EINVAL); /* no service */
	assert_int_equal(mw_generation_service(w.gen, w.loader, "nothing", 1, &conf, &w.err), -EINVAL);
	assert_string_equal(w.err.text, "no line `load nothing { … }`, or its module is of another version");
	assert_null(conf);
	world_close(&w);
}

/* Without the flag the daemon does not spend time on samples: `milwardctl check` has. */
static void test_samples_are_asked_for(void **state)
{
	struct world w;

	(void)state;
	probe_reset();
	world_open(&w,
		   LOAD_PROBE
		   "rule r { kind identifier; pattern /\\d{9}/; level 70; hit \"12\"; miss \"x\" }\nmatch any then pass\n",
		   0);
	world_close(&w);
}

/* A reload that fails changes nothing; numbers tell generations apart. */
static void test_reload(void **state)
{
	struct mw_generation *next = NULL;
	struct world w;
	struct mw_err err;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w, LOAD_PROBE "match any then hold \"one\"\n", 0);
	assert_int_equal(mw_generation_new(w.loader, "/nowhere/policy", NULL, MW_GEN_INSIDE, &w.diags, &next, &err), -EINVAL);
	assert_null(next);
	m = msg_run(&w, "b@x.example", PLAIN_MAIL);
	assert_string_equal(mw_msg_outcome(m)->reason, "one");
	mw_msg_free(&m);
	assert_int_equal(mw_generation_new(w.loader, w.policy, NULL, MW_GEN_INSIDE, &w.diags, &next, &err), 0);
	assert_int_equal(mw_generation_number(next), 2);
	mw_generation_unref(&next);
	assert_null(next);
	mw_generation_unref(&next);
	world_close(&w);
}

#define SITE_RULE "rule r { kind identifier; pattern /\\bm\\d\\b/; check probe-site; level 70; hit \"m1\"; miss \"x\" }\n"
#define SITE_MAIL "From: a@x.example\n\nm6 and m7\n"

/* A checker with data of a site. The daemon does not start without; a tool goes on, says so, and its rules find nothing. */
static void test_site_data(void **state)
{
	struct world w;
	struct mw_msg *m;

	(void)state;
	probe_reset();
	world_open(&w,
		   "load probe-site grant keys { digit \"7\" }\n" LOAD_PROBE SITE_RULE
		   "match rule r then hold \"r\"\nmatch any then pass\n",
		   MW_GEN_SAMPLES);
	m = msg_run(&w, "b@x.example", SITE_MAIL);
	assert_int_equal(mw_msg_findings(m), 1);
	mw_msg_free(&m);
	world_close(&w);
	assert_non_null(strstr(probe_calls(), "site:open"));
	assert_non_null(strstr(probe_calls(), "site:close"));

	probe_reset();
	world_try(&w, "load probe-site grant keys\n" LOAD_PROBE SITE_RULE "match any then pass\n", 0);
	assert_int_equal(w.result, -ENOENT);
	assert_string_equal(w.err.text, "module \"probe-site\": cannot open the digit");
	assert_string_equal(probe_calls(), "site:open site:close");
	world_close(&w);

	world_open(&w, "load probe-site grant keys\n" LOAD_PROBE SITE_RULE "match any then pass\n",
		   MW_GEN_OFFLINE | MW_GEN_SAMPLES);
	assert_non_null(strstr(world_diags(&w), "cannot open the digit"));
	m = msg_run(&w, "b@x.example", SITE_MAIL);
	assert_int_equal(mw_msg_findings(m), 0);
	mw_msg_free(&m);
	world_close(&w);
}

/* Values of findings are equal across generations of a process, and never across processes. */
static void test_values(void **state)
{
	uint64_t value[3];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct world w;
		struct mw_msg *m;

		probe_reset();
		world_open(&w, LOAD_PROBE RULES "match any then pass\n", MW_GEN_OFFLINE);
		m = msg_run(&w, "b@x.example", SICK_MAIL);
		assert_int_equal(mw_msg_findings(m), 2);
		value[i] = mw_msg_finding(m, 0)->value;
		mw_msg_free(&m);
		mw_generation_unref(&w.gen);
		assert_int_equal(
		    mw_generation_new(w.loader, w.policy, NULL, MW_GEN_OFFLINE | MW_GEN_INSIDE, &w.diags, &w.gen, &w.err), 0);
		m = msg_run(&w, "b@x.example", SICK_MAIL);
		assert_int_equal(mw_msg_finding(m, 0)->value, value[i]);
		mw_msg_free(&m);
		world_close(&w);
	}
	assert_int_not_equal(value[0], value[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_opens),   cmocka_unit_test(test_refuses),
	    cmocka_unit_test(test_service), cmocka_unit_test(test_samples_are_asked_for),
	    cmocka_unit_test(test_reload),  cmocka_unit_test(test_site_data),
	    cmocka_unit_test(test_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
