/* SPDX-License-Identifier: Apache-2.0 */
/* policytest_run: one test through the engine, and what it should have come to. */
#include "ctl/offline.h"
#include "ctl/policytest.h"

#include "base/str.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- names ------------------------------------------------------------------------------------------------------- */
static uint32_t find_class(const struct mw_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->classes; i++)
		if (strcmp(plan->cls[i].name, name) == 0)
			return (uint32_t)i;
	return UINT32_MAX;
}

static uint32_t find_rule(const struct mw_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->rules; i++)
		if (strcmp(plan->rule[i].name, name) == 0)
			return (uint32_t)i;
	return UINT32_MAX;
}

/* "phi.people": the module's row; NULL: there is none. */
static const struct mw_fact *find_fact(const struct mw_plan *plan, const char *name, uint32_t *module, uint32_t *fact)
{
	size_t n = strcspn(name, ".");

	for (uint32_t m = 0; m < plan->modules; m++) {
		const struct mw_fact *row = plan->module[m].plugin->facts;

		if (strlen(plan->module[m].name) != n || strncmp(plan->module[m].name, name, n) != 0)
			continue;
		for (uint32_t f = 0; row && row[f].name; f++)
			if (strcmp(row[f].name, name + n + 1) == 0) {
				*module = m;
				*fact = f;
				return &row[f];
			}
	}
	return NULL;
}

/* The nearest name of the policy, for a hint. */
static const char *suggest(const struct policytest_expect *e, const struct mw_plan *plan, struct mw_diags *diags)
{
	size_t n = e->about == POLICYTEST_CLASS ? plan->classes : plan->rules;
	const char **words = mw_arena_array(diags->arena, n + 1, sizeof(*words));

	for (size_t i = 0; words && i < n; i++)
		words[i] = e->about == POLICYTEST_CLASS ? plan->cls[i].name : plan->rule[i].name;
	return words && e->about != POLICYTEST_FACT ? mw_diag_did_you_mean(diags, e->name, words) : NULL;
}

/* alone: without a value. */
static void check_fact(const struct policytest_expect *e, const struct mw_plan *plan, bool alone, struct mw_diags *diags)
{
	uint32_t module, fact;
	const struct mw_fact *row = find_fact(plan, e->name, &module, &fact);

	if (!row)
		mw_diag_add(diags, MW_DIAG_ERROR, e->place, NULL, "no module of the policy has the fact \"%s\"", e->name);
	else if ((row->type == MW_STR) != (e->text != NULL) && !alone)
		mw_diag_add(diags, MW_DIAG_ERROR, e->place, NULL, "the fact \"%s\" is a %s", e->name,
			    row->type == MW_STR ? "text" : "number");
}

/* Only what is yes can be given without a value. */
static void check_given(const struct policytest_expect *e, const struct mw_plan *plan, struct mw_diags *diags)
{
	uint32_t module, fact;
	const struct mw_fact *row = find_fact(plan, e->name, &module, &fact);

	if (row && row->type != MW_BOOL && e->cmp == MW_CMP_NONE)
		mw_diag_add(diags, MW_DIAG_ERROR, e->place, "as in: given auth.dmarc = \"fail\"", "\"%s\" is given no value",
			    e->name);
	else
		check_fact(e, plan, e->cmp == MW_CMP_NONE, diags);
}

static void give_facts(struct mw_msg *msg, const struct policytest_case *c, const struct mw_plan *plan)
{
	uint32_t module, fact;

	for (size_t i = 0; i < c->givens.n; i++)
		if (find_fact(plan, c->givens.v[i].name, &module, &fact))
			mw_msg_give_fact(msg, module, fact, c->givens.v[i].number, c->givens.v[i].text);
}

void policytest_check(const struct policytest_case *c, const struct mw_plan *plan, struct mw_diags *diags)
{
	static const char *const reasons[] = {MW_UNREADABLE_WORDS, NULL};

	for (size_t i = 0; i < c->expects.n; i++) {
		const struct policytest_expect *e = &c->expects.v[i];

		if (e->about == POLICYTEST_UNREADABLE) {
			const char *const *word = reasons;

			while (*word && strcmp(*word, e->name) != 0)
				word++;
			if (e->name[0] && !*word)
				mw_diag_add(diags, MW_DIAG_ERROR, e->place, mw_diag_did_you_mean(diags, e->name, reasons),
					    "unknown reason \"%s\"", e->name);
		} else if (e->about == POLICYTEST_FACT) {
			check_fact(e, plan, e->cmp == MW_CMP_NONE, diags);
		} else if ((e->about == POLICYTEST_CLASS ? find_class(plan, e->name) : find_rule(plan, e->name)) == UINT32_MAX) {
			mw_diag_add(diags, MW_DIAG_ERROR, e->place, suggest(e, plan, diags), "the policy has no %s \"%s\"",
				    e->about == POLICYTEST_CLASS ? "class" : "rule", e->name);
		}
	}
	for (size_t i = 0; i < c->givens.n; i++)
		check_given(&c->givens.v[i], plan, diags);
}

/* ---- the message ------------------------------------------------------------------------------------------------- */
static int add_field(struct mw_msg *msg, const char *name, const char *value)
{
	struct mw_buf text = MW_BUF_INIT;
	int r;

	mw_buf_putc(&text, ' ');
	mw_buf_puts(&text, value);
	r = mw_buf_ok(&text) ? mw_msg_field(msg, mw_str(name), (struct mw_str){.p = text.p, .n = text.n}) : -ENOMEM;
	mw_buf_free(&text);
	return r;
}

static int add_headers(struct mw_msg *msg, const struct policytest_case *c)
{
	bool typed = false;
	int r = add_field(msg, "From", c->from ? c->from : "test@test.invalid");

	if (r == 0 && c->subject)
		r = add_field(msg, "Subject", c->subject);
	for (size_t i = 0; i < c->headers.n && r == 0; i++) {
		const char *text = c->headers.v[i], *colon = strchr(text, ':');
		struct mw_str name = {.p = text, .n = (size_t)(colon - text)};

		typed |= mw_str_caseeq(name, "Content-Type");
		r = mw_msg_field(msg, name, mw_str(colon + 1));
	}
	if (r == 0)
		r = add_field(msg, "MIME-Version", "1.0");
	return r == 0 && !typed ? add_field(msg, "Content-Type", "text/plain; charset=utf-8") : r;
}

static int add_body(struct mw_msg *msg, const struct policytest_case *c)
{
	int r = 0;

	for (size_t i = 0; i < c->lines.n && r == 0; i++) {
		r = mw_msg_body(msg, c->lines.v[i], strlen(c->lines.v[i]));
		if (r == 0)
			r = mw_msg_body(msg, "\r\n", 2);
	}
	return r;
}

static struct mw_msg *make_message(struct mw_generation *gen, const struct policytest_case *c, struct mw_err *err)
{
	const char **rcpt = calloc(c->rcpts.n + 1, sizeof(*rcpt));
	const struct offline how = {.from = c->from, .rcpts = c->rcpts.n, .rcpt = rcpt};
	struct mw_msg *msg = NULL;
	int r = rcpt ? 0 : -ENOMEM;

	for (size_t i = 0; i < c->rcpts.n && r == 0; i++)
		rcpt[i] = c->rcpts.v[i].address;
	if (r == 0)
		msg = c->mail ? offline_read(gen, &how, c->mail, err) : offline_new(gen, &how, err);
	if (msg && !c->mail) {
		r = add_headers(msg, c);
		if (r == 0)
			r = add_body(msg, c);
		if (r < 0) {
			mw_msg_free(&msg);
			mw_fail(err, r, "the message cannot be made: %s", strerror(-r));
		}
	}
	free(rcpt);
	return msg;
}

/* ---- what came out ----------------------------------------------------------------------------------------------- */
struct judge {
	const struct mw_msg *msg;
	const struct mw_plan *plan;
	policytest_report report;
	void *ctx;
	int failed;
};

static void fail(struct judge *j, struct mw_place place, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static void fail(struct judge *j, struct mw_place place, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	j->failed++;
	j->report(j->ctx, place, text);
}

static int value_order(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Distinct values of a rule; a rule in shadow is counted all the same: a test may be about it. Negative: no memory. */
static int64_t count_values(const struct mw_msg *msg, uint32_t rule)
{
	size_t n = mw_msg_findings(msg), m = 0;
	uint64_t *v = calloc(n ? n : 1, sizeof(*v));
	int64_t distinct = 0;

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (mw_msg_finding(msg, i)->rule == rule)
			v[m++] = mw_msg_finding(msg, i)->value;
	if (m)
		qsort(v, m, sizeof(*v), value_order);
	for (size_t i = 0; i < m; i++)
		distinct += i == 0 || v[i] != v[i - 1];
	free(v);
	return distinct;
}

static bool compares(enum mw_cmp cmp, int64_t a, int64_t b)
{
	switch (cmp) {
	case MW_CMP_EQ:
		return a == b;
	case MW_CMP_NE:
		return a != b;
	case MW_CMP_LT:
		return a < b;
	case MW_CMP_LE:
		return a <= b;
	case MW_CMP_GT:
		return a > b;
	case MW_CMP_GE:
		return a >= b;
	default:
		return a != 0;
	}
}

static void judge_number(struct judge *j, const struct policytest_expect *e, const char *what, int64_t value)
{
	if (compares(e->cmp, value, e->number) == e->not )
		fail(j, e->place, "%s is %lld", what, (long long)value);
}

static void judge_fact(struct judge *j, const struct policytest_expect *e)
{
	uint32_t module = 0, fact = 0;
	const struct mw_fact *row = find_fact(j->plan, e->name, &module, &fact);
	const char *text = mw_msg_fact_text(j->msg, module, fact);

	if (!row || row->type != MW_STR) {
		judge_number(j, e, e->name, mw_msg_fact(j->msg, module, fact));
		return;
	}
	text = text ? text : "";
	if ((e->text ? (strcmp(text, e->text) == 0) == (e->cmp == MW_CMP_EQ) : text[0] != '\0') == e->not )
		fail(j, e->place, "%s is %s", e->name, text[0] ? "another text" : "empty"); /* it may be of the message */
}

static void judge_unreadable(struct judge *j, const struct policytest_expect *e)
{
	bool any = false;

	for (size_t i = 0; i < mw_msg_parts(j->msg); i++) {
		const char *unread = mw_msg_part(j->msg, i)->unread;

		any |= unread && (!e->name[0] || strcmp(unread, e->name) == 0);
	}
	if (any == e->not )
		fail(j, e->place, "%s part is unreadable%s%s%s", any ? "a" : "no", e->name[0] ? " (" : "", e->name,
		     e->name[0] ? ")" : "");
}

static void judge_expect(struct judge *j, const struct policytest_expect *e)
{
	char what[160];
	int64_t values;
	uint32_t i;

	switch (e->about) {
	case POLICYTEST_CLASS:
		i = find_class(j->plan, e->name);
		if (mw_msg_classes(j->msg)[i] == e->not )
			fail(j, e->place, "the message is %sin class %s", e->not ? "" : "not ", e->name);
		break;
	case POLICYTEST_RULE:
		(void)snprintf(what, sizeof(what), "rule %s: the number of values", e->name);
		values = count_values(j->msg, find_rule(j->plan, e->name));
		if (values < 0)
			fail(j, e->place, "out of memory");
		else
			judge_number(j, e, what, values);
		break;
	case POLICYTEST_FACT:
		judge_fact(j, e);
		break;
	case POLICYTEST_UNREADABLE:
		judge_unreadable(j, e);
		break;
	}
}

/* "tls" is tls with any arguments; "tls(verified)" is that alone. */
static bool same_action(const char *expected, const char *action)
{
	while (*action) {
		if (*expected == *action) {
			expected++;
			action++;
		} else if (*action == '(') {
			const char *end = strchr(action, ')');

			if (!end)
				return false;
			action = end + 1;
		} else {
			return false;
		}
	}
	return *expected == '\0';
}

static void judge_rcpt(struct judge *j, const struct policytest_rcpt *r, size_t i)
{
	const struct mw_verdict *v = mw_msg_verdict(j->msg, i);

	if (!r->then && !r->at)
		return;
	if (!v)
		fail(j, r->place, "nothing was decided for %s", r->address);
	else if (r->then && !same_action(r->then, v->action))
		fail(j, r->place, "%s gets: %s (%s)", r->address, v->action, v->where[0] ? v->where : "no line");
	else if (r->at && strcmp(v->where, r->at) != 0)
		fail(j, r->place, "%s: %s decides", r->address, v->where[0] ? v->where : "no line");
}

/* A test whose message meets a limit or an error would say something about that instead. */
static void judge_causes(struct judge *j, const struct policytest_case *c)
{
	uint64_t causes = mw_msg_causes(j->msg);

	for (uint32_t i = 0; i < MW_CAUSES; i++)
		if (causes >> i & 1)
			fail(j, c->place, "the message meets \"%s\": %s", mw_cause_name(i), mw_msg_cause_why(j->msg, i));
}

int policytest_run(struct mw_generation *gen, const struct policytest_case *c, policytest_report report, void *ctx,
		   struct mw_err *err)
{
	struct judge j = {.plan = mw_generation_plan(gen), .report = report, .ctx = ctx};
	struct mw_msg *msg = make_message(gen, c, err);
	int r;

	if (!msg)
		return err->code ? err->code : -ENOMEM;
	if (c->day != MW_DAY_NONE)
		mw_msg_set_day(msg, c->day);
	give_facts(msg, c, mw_generation_plan(gen));
	r = offline_run(msg, c->mail ? c->mail : "the message", NULL, NULL, err);
	if (r < 0) {
		mw_msg_free(&msg);
		return r; /* what is not there may only not have been found */
	}
	j.msg = msg;
	for (size_t i = 0; i < c->expects.n; i++)
		judge_expect(&j, &c->expects.v[i]);
	for (size_t i = 0; i < c->rcpts.n; i++)
		judge_rcpt(&j, &c->rcpts.v[i], i);
	if (j.failed)
		judge_causes(&j, c);
	mw_msg_free(&msg);
	return j.failed;
}
