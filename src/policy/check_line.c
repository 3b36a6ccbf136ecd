/* SPDX-License-Identifier: Apache-2.0 */
/* What is ordered: `match … then`, `always`, `on`; and that a line decides delivery once. */
#include "policy/check.h"

#include <string.h>

/* A line in work. */
struct work {
	struct mw_checker *c;
	struct mw_call *mean, *extra;
	size_t means, extras;
	bool cause;	       /* `on`: a means may stand without `send by` */
	bool failed;	       /* something in it is wrong, and told */
	struct mw_place first; /* of the outcome */
};

static void refuse(struct work *w, struct mw_place place, const char *hint, const char *shown, const char *why)
{
	mw_check_error(w->c, place, hint, "\"%s\" %s", shown, why);
	w->failed = true;
}

/* One more outcome: allowed once. */
static bool is_first_outcome(struct work *w, const char *shown, struct mw_place place)
{
	if (w->means == 0) {
		w->first = place;
		return true;
	}
	refuse(w, place, "a line has one outcome, or one \"send by A or B\"", shown, "is a second outcome of this line");
	return false;
}

static bool decides(uint32_t effect)
{
	return effect == MW_PASS || effect == MW_TEMPFAIL || effect == MW_HOLD || effect == MW_REFUSE;
}

/* One of `send by A or B`. Its last may be an outcome for when none of the means is there; never one that lets the mail out. */
static void add_mean(struct work *w, const struct mw_ast_call *ast, bool last)
{
	struct mw_call call;

	if (!mw_check_call(w->c, ast, &call)) {
		w->failed = true;
		return;
	}
	if (call.effect == MW_PASS)
		refuse(w, call.place, "it would let the message out in clear", call.shown, "is no means of \"send by\"");
	else if (call.effect != MW_ROUTE && !decides(call.effect))
		refuse(w, call.place, "put it behind a comma", call.shown, "is no means of \"send by\"");
	else if (call.effect != MW_ROUTE && !last)
		refuse(w, call.place, "what stands behind it is never tried", call.shown, "must be the last of \"send by\"");
	else if (call.effect != MW_ROUTE && w->means == 0 && !w->failed)
		refuse(w, call.place, "write it without \"send by\"", call.shown, "is no means of \"send by\"");
	else
		w->mean[w->means++] = call;
}

static void add_send(struct work *w, const struct mw_ast_do *item)
{
	if (!is_first_outcome(w, "send by", item->place))
		return;
	w->mean = mw_check_alloc(w->c, item->calls.n, sizeof(*w->mean));
	for (size_t i = 0; w->mean && i < item->calls.n; i++)
		add_mean(w, &item->calls.v[i], i + 1 == item->calls.n);
}

static void add_outcome(struct work *w, const struct mw_call *call)
{
	if (!is_first_outcome(w, call->shown, call->place))
		return;
	w->mean = mw_check_alloc(w->c, 1, sizeof(*w->mean));
	if (w->mean)
		w->mean[w->means++] = *call;
}

static void add_do(struct work *w, const struct mw_ast_do *item)
{
	struct mw_call call;

	if (item->send) {
		add_send(w, item);
	} else if (item->calls.n != 1 || !mw_check_call(w->c, &item->calls.v[0], &call)) {
		w->failed = true;
	} else if (call.effect == MW_ROUTE && !w->cause) {
		refuse(w, call.place, mw_check_text(w->c, "write \"send by %s\"", call.shown), call.shown,
		       "is a means of delivery");
	} else if (call.effect == MW_PASS && w->cause) {
		refuse(w, call.place, "say tempfail, hold, refuse or a means", call.shown, "would let mail out unchecked");
	} else if (decides(call.effect) || call.effect == MW_ROUTE) {
		add_outcome(w, &call);
	} else {
		w->extra[w->extras++] = call;
	}
}

static bool check_line(struct mw_checker *c, const struct mw_dos *dos, bool cause, struct mw_line *line)
{
	struct work w = {.c = c, .cause = cause, .extra = mw_check_alloc(c, dos->n, sizeof(*w.extra))};

	if (!w.extra)
		return false;
	for (size_t i = 0; i < dos->n; i++)
		add_do(&w, &dos->v[i]);
	if (!w.failed && w.means == 0)
		mw_check_error(c, line->place, "add pass, hold, refuse, tempfail or \"send by …\"",
			       "this line decides no delivery");
	line->means = w.means;
	line->mean = w.mean;
	line->extras = w.extras;
	line->extra = w.extra;
	return !w.failed && w.means > 0;
}

/* ---- match --------------------------------------------------------------------------------------------------------------- */

static bool is_any(const struct mw_expr *e)
{
	if (e->op == MW_OP_AND)
		return is_any(e->a) && is_any(e->b);
	return e->op == MW_OP_ANY;
}

static void check_reach(struct mw_checker *c, const struct mw_line *v, size_t n)
{
	size_t any = 0;

	while (any < n && v[any].when && !is_any(v[any].when))
		any++;
	if (any + 1 < n)
		mw_check_warn(c, v[any + 1].place, mw_check_text(c, "the line at %s matches everything", v[any].where),
			      "this line is never reached");
	else if (any == n && n > 0)
		mw_check_warn(c, v[n - 1].place, "end with: match any then …", "what no line matches is refused");
	else if (n == 0 && !c->rules_only)
		mw_check_warn(c, (struct mw_place){.source = c->sources->first}, "add: match any then …",
			      "there is no \"match\": every message is refused");
}

static void check_matches(struct mw_checker *c)
{
	size_t n = c->ast->matches.n, errors = c->diags->errors;
	struct mw_line *v = mw_check_alloc(c, n, sizeof(*v));

	for (size_t i = 0; v && i < n && !c->diags->no_memory; i++) {
		const struct mw_ast_match *match = &c->ast->matches.v[i];

		v[i].place = match->place;
		v[i].where = mw_check_where(c, match->place);
		v[i].when = mw_check_cond(c, match->when, true);
		(void)check_line(c, &match->dos, false, &v[i]);
	}
	c->plan->lines = v ? n : 0;
	c->plan->line = v;
	if (v && c->diags->errors == errors && !c->ast->broken_match)
		check_reach(c, v, n);
}

/* ---- always -------------------------------------------------------------------------------------------------------------- */

static void check_always(struct mw_checker *c)
{
	const struct mw_dos *dos = &c->ast->always;
	struct mw_call *v = mw_check_alloc(c, dos->n, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; v && i < dos->n; i++) {
		if (dos->v[i].send)
			mw_check_error(c, dos->v[i].place, "put it behind \"then\" of a match", "\"send by\" decides delivery");
		else if (dos->v[i].calls.n != 1 || !mw_check_call(c, &dos->v[i].calls.v[0], &v[n]))
			continue;
		else if (v[n].effect <= MW_REFUSE)
			mw_check_error(c, v[n].place, "put it behind \"then\" of a match", "\"%s\" decides delivery", v[n].shown);
		else
			n++;
	}
	c->plan->always = n;
	c->plan->always_call = v;
}

/* ---- on ------------------------------------------------------------------------------------------------------------------ */

static uint32_t find_cause(struct mw_checker *c, const struct mw_token *t)
{
	struct mw_names names = {0};

	for (uint32_t i = 0; i < MW_CAUSES; i++) {
		if (strcmp(mw_cause_name(i), t->text) == 0)
			return i;
		mw_names_add(c, &names, mw_cause_name(i));
	}
	mw_check_error(c, t->place, mw_check_suggest(c, t->text, &names), "unknown cause \"%s\"", t->text);
	return MW_NONE;
}

static void check_cause(struct mw_checker *c, const struct mw_ast_on *on)
{
	uint32_t cause = find_cause(c, &on->cause);
	struct mw_line *line, ignored;

	if (cause != MW_NONE && c->plan->cause[cause].where)
		mw_check_error(c, on->cause.place, mw_check_first_at(c, c->plan->cause[cause].place),
			       "the cause \"%s\" has two outcomes", on->cause.text);
	line = cause == MW_NONE || c->plan->cause[cause].where ? &ignored : &c->plan->cause[cause];
	*line = (struct mw_line){.place = on->cause.place, .where = mw_check_where(c, on->cause.place)};
	(void)check_line(c, &on->dos, true, line);
}

/* A failure is answered with "come back later", also when the policy says nothing and no module offers an action for it. */
static void default_cause(struct mw_checker *c)
{
	struct mw_call *call = mw_check_alloc(c, 1, sizeof(*call));

	if (!call)
		return;
	*call = (struct mw_call){
	    .module = MW_NO_MODULE, .effect = MW_TEMPFAIL, .shown = "tempfail", .reason = "", .place = {.source = UINT32_MAX}};
	c->plan->cause[MW_CAUSE_ERROR] =
	    (struct mw_line){.means = 1, .mean = call, .place = {.source = UINT32_MAX}, .where = "default"};
}

void mw_check_lines(struct mw_checker *c)
{
	check_matches(c);
	check_always(c);
	for (size_t i = 0; i < c->ast->ons.n && !c->diags->no_memory; i++)
		check_cause(c, &c->ast->ons.v[i]);
	if (!c->plan->cause[MW_CAUSE_ERROR].where)
		default_cause(c);
}
