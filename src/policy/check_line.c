/* SPDX-License-Identifier: Apache-2.0 */
/* What is ordered: `match … then`, `always`, `on`; and that a line decides delivery once. */
#include "policy/check.h"

#include <string.h>

/* A line in work. */
struct work {
	struct mw_checker *c;
	struct mw_call *mean, *extra, *outcome;
	size_t means, extras;
	bool sends;  /* mean is there: `send by`, or one means of `on` */
	bool cause;  /* `on`: a means may stand without `send by` */
	bool failed; /* something in it is wrong, and told */
};

static void refuse(struct work *w, struct mw_place place, const char *hint, const char *shown, const char *why)
{
	mw_check_error(w->c, place, hint, "\"%s\" %s", shown, why);
	w->failed = true;
}

/* One more way to deal with a recipient: allowed once, but that what is sent may be held first. */
static bool has_place(struct work *w, bool sends, uint32_t effect, const char *shown, struct mw_place place)
{
	uint32_t other = w->outcome ? w->outcome->effect : 0;

	if (sends ? !w->sends && (!other || other == MW_HOLD) : !other && (!w->sends || effect == MW_HOLD))
		return true;
	refuse(w, place, "a line has one outcome, or one \"send by A or B\", or hold and \"send by\"", shown,
	       "is a second outcome of this line");
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
	if (!has_place(w, true, MW_ROUTE, "send by", item->place))
		return;
	w->sends = true;
	w->mean = mw_check_alloc(w->c, item->calls.n, sizeof(*w->mean));
	for (size_t i = 0; w->mean && i < item->calls.n; i++)
		add_mean(w, &item->calls.v[i], i + 1 == item->calls.n);
}

static void add_outcome(struct work *w, const struct mw_call *call)
{
	bool sends = call->effect == MW_ROUTE;
	struct mw_call *copy;

	if (!has_place(w, sends, call->effect, call->shown, call->place))
		return;
	copy = mw_check_alloc(w->c, 1, sizeof(*copy));
	if (!copy)
		return;
	*copy = *call;
	if (!sends) {
		w->outcome = copy;
		return;
	}
	w->sends = true;
	w->mean = copy;
	w->means = 1;
}

/* What the line orders, once all of it is read. */
static void finish(struct work *w, struct mw_line *line)
{
	const struct mw_call *last = w->means ? &w->mean[w->means - 1] : NULL;

	if (!w->sends) {
		line->mean = w->outcome;
		line->means = w->outcome ? 1 : 0;
	} else {
		line->mean = w->mean;
		line->means = w->means;
		line->hold = w->outcome;
		if (w->outcome && last && last->effect == MW_HOLD)
			refuse(w, last->place, "say refuse or tempfail", last->shown, "stands twice in this line");
	}
	line->extras = w->extras;
	line->extra = w->extra;
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
	finish(&w, line);
	if (!w.failed && line->means == 0)
		mw_check_error(c, line->place, "add pass, hold, refuse, tempfail or \"send by …\"",
			       "this line decides no delivery");
	return !w.failed && line->means > 0;
}

/* Is it true for recipients inside alone? */
static bool only_internal(const struct mw_checker *c, const struct mw_expr *e)
{
	switch (e->op) {
	case MW_OP_INTERNAL:
		return true;
	case MW_OP_TO_TABLE:
		return e->table == c->plan->ours;
	case MW_OP_AND:
		return only_internal(c, e->a) || only_internal(c, e->b);
	case MW_OP_OR:
		return only_internal(c, e->a) && only_internal(c, e->b);
	default:
		return false;
	}
}

/* A person who releases a held message lets it go to the address as it is: nothing makes the MTA use TLS then. */
static void check_release(struct mw_checker *c, const struct mw_line *line)
{
	const struct mw_call *last = &line->mean[line->means - 1];

	if (last->effect != MW_HOLD || (line->when && only_internal(c, line->when)))
		return;
	mw_check_warn(c, last->place,
		      line->means == 1 ? "add: , send by … (the way it goes when it is released)" : "say refuse or tempfail",
		      "what is held here goes in clear when somebody releases it");
}

/* ---- match --------------------------------------------------------------------------------------------------------------- */

static bool is_any(const struct mw_expr *e)
{
	if (e->op == MW_OP_AND)
		return is_any(e->a) && is_any(e->b);
	return e->op == MW_OP_ANY;
}

/* Is it nothing but options of programs such as milward-lookup? */
static bool is_of_services(const struct mw_checker *c)
{
	for (size_t i = 0; i < c->modules.n; i++)
		if (c->modules.v[i].plugin->kind != MW_KIND_SERVICE)
			return false;
	return c->modules.n > 0;
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
	else if (n == 0 && !c->rules_only && !is_of_services(c))
		mw_check_warn(c, (struct mw_place){.source = c->sources->first}, "add: match any then …",
			      "there is no \"match\": every message is refused");
}

static bool asks_inside(const struct mw_expr *e)
{
	if (e->a && asks_inside(e->a))
		return true;
	return e->op == MW_OP_EXTERNAL || e->op == MW_OP_INTERNAL || (e->b && asks_inside(e->b));
}

/* An alias inside that leads outside is taken for an address inside. */
static void check_aliases_given(struct mw_checker *c, const struct mw_line *v, size_t n)
{
	const struct mw_line *first = NULL;
	bool routes = false;

	if (c->ast->aliases.n || !c->plan->listen)
		return;
	for (size_t i = 0; i < n; i++) {
		first = !first && v[i].when && asks_inside(v[i].when) ? &v[i] : first;
		routes = routes || (v[i].means && v[i].mean[0].effect == MW_ROUTE);
	}
	if (first && routes)
		mw_check_warn(c, first->place, "add: aliases local \"/etc/aliases\" for <local>, virtual \"…\"; or: aliases none",
			      "an alias inside that leads outside is judged as inside here");
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
		if (check_line(c, &match->dos, false, &v[i]) && v[i].when)
			check_release(c, &v[i]);
	}
	c->plan->lines = v ? n : 0;
	c->plan->line = v;
	if (v && c->diags->errors == errors && !c->ast->broken_match)
		check_reach(c, v, n);
	if (v)
		check_aliases_given(c, v, n);
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
	if (check_line(c, &on->dos, true, line))
		check_release(c, line);
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
	mw_check_clear(c);
	check_always(c);
	for (size_t i = 0; i < c->ast->ons.n && !c->diags->no_memory; i++)
		check_cause(c, &c->ast->ons.v[i]);
	if (!c->plan->cause[MW_CAUSE_ERROR].where)
		default_cause(c);
}
