/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines that let out in clear what other lines protect: by the sender's word (`pass attested`), which only senders that the line
 * names can give, and only by saying so in the message; by a consent; or by nothing at all, of which the checker warns.
 */
#include "policy/check.h"

typedef bool (*is_fn)(const struct mw_checker *, const struct mw_expr *);

/* Does the condition hold only where one of this kind does? */
static bool asks(const struct mw_checker *c, const struct mw_expr *e, is_fn is)
{
	if (e->op == MW_OP_AND)
		return asks(c, e->a, is) || asks(c, e->b, is);
	if (e->op == MW_OP_OR)
		return asks(c, e->a, is) && asks(c, e->b, is);
	return is(c, e);
}

/* The null sender is nobody who could attest anything. */
static bool is_sender(const struct mw_checker *c, const struct mw_expr *e)
{
	(void)c;
	return e->op == MW_OP_FROM_TABLE || (e->op == MW_OP_FROM_TEXT && e->text[0]);
}

static bool is_trigger(const struct mw_checker *c, const struct mw_expr *e)
{
	(void)c;
	return e->op == MW_OP_SUBJECT || e->op == MW_OP_HEADER;
}

static bool is_consent(const struct mw_checker *c, const struct mw_expr *e)
{
	(void)c;
	return e->op == MW_OP_CONSENT;
}

static bool is_inside(const struct mw_checker *c, const struct mw_expr *e)
{
	return e->op == MW_OP_INTERNAL || (e->op == MW_OP_TO_TABLE && e->table == c->plan->ours) ||
	       (e->op == MW_OP_NOT && e->a->op == MW_OP_EXTERNAL);
}

static bool names_class(const struct mw_expr *e, uint32_t n)
{
	if (e->op == MW_OP_AND)
		return names_class(e->a, n) || names_class(e->b, n);
	return e->op == MW_OP_CLASS && e->n == n;
}

static void check_attested(struct mw_checker *c, const struct mw_line *line)
{
	const struct mw_call *pass = line->mean;

	if (!pass->attested[0])
		mw_check_error(c, pass->place, "say what the sender attests", "the text behind \"attested\" is empty");
	if (!asks(c, line->when, is_sender))
		mw_check_error(c, pass->place, "add: from <may-opt-out>, a table of those who may",
			       "everybody could attest this: the line names no senders");
	if (!asks(c, line->when, is_trigger))
		mw_check_error(c, pass->place, "add: header \"X-No-PHI\" /^ *yes$/i",
			       "nothing in the message attests this: the line asks for no \"header\" and no \"subject\"");
}

/* A class that some other line keeps from going out in clear. */
static bool is_protected(const struct mw_checker *c, uint32_t class)
{
	for (size_t i = 0; i < c->plan->lines; i++) {
		const struct mw_line *line = &c->plan->line[i];

		if (line->when && line->means && line->mean[0].effect != MW_PASS && names_class(line->when, class))
			return true;
	}
	return false;
}

static void check_pass(struct mw_checker *c, const struct mw_line *line)
{
	if (asks(c, line->when, is_consent) || asks(c, line->when, is_inside))
		return;
	for (uint32_t i = 0; i < c->plan->classes; i++)
		if (names_class(line->when, i) && is_protected(c, i)) {
			mw_check_warn(c, line->mean->place, "add: consent NAME; or: pass attested \"what the sender attests\"",
				      "class \"%s\" goes out in clear here, and nothing will tell who allowed it",
				      c->plan->cls[i].name);
			return;
		}
}

void mw_check_clear(struct mw_checker *c)
{
	for (size_t i = 0; i < c->plan->lines; i++) {
		const struct mw_line *line = &c->plan->line[i];

		if (!line->when || line->means != 1 || line->mean->effect != MW_PASS)
			continue;
		if (line->mean->attested)
			check_attested(c, line);
		else
			check_pass(c, line);
	}
}
