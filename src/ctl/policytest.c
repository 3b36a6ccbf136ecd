/* SPDX-License-Identifier: Apache-2.0 */
/* policytest: reads files of tests. */
#include "ctl/policytest.h"

#include "base/file.h"
#include "base/str.h"
#include "policy/lexer.h"
#include "policy/source.h"
#include <string.h>

struct reader {
	struct mw_diags *diags;
	struct mw_arena *arena;
	const char *path;
	struct mw_lexer lexer;
	struct mw_token token; /* the next one */
};

static void take(struct reader *r)
{
	mw_lexer_next(&r->lexer, &r->token);
}

static bool at_word(const struct reader *r, const char *word)
{
	return r->token.kind == MW_TOK_NAME && strcmp(r->token.text, word) == 0;
}

static void expected(struct reader *r, const char *what, const char *hint)
{
	if (r->token.kind != MW_TOK_BAD)
		mw_diag_add(r->diags, MW_DIAG_ERROR, r->token.place, hint, "expected %s, not %s", what,
			    mw_token_shown(r->diags, &r->token));
}

static bool take_kind(struct reader *r, enum mw_tok kind, const char *what, struct mw_token *ret)
{
	if (r->token.kind != kind) {
		expected(r, what, NULL);
		return false;
	}
	*ret = r->token;
	take(r);
	return true;
}

static bool take_string(struct reader *r, const char *what, const char **ret)
{
	struct mw_token t;

	if (!take_kind(r, MW_TOK_STRING, what, &t))
		return false;
	*ret = t.text;
	return true;
}

static bool take_comma(struct reader *r)
{
	if (r->token.kind != MW_TOK_COMMA)
		return false;
	take(r);
	return true;
}

/* An entry ends where the next begins a line, at a semicolon, and at the end of its block. */
static bool entry_over(const struct reader *r)
{
	return r->token.kind == MW_TOK_END || r->token.kind == MW_TOK_ENDBLOCK || r->token.kind == MW_TOK_SEMICOLON ||
	       (r->token.first && r->token.kind == MW_TOK_NAME);
}

/* ---- recipients -------------------------------------------------------------------------------------------------- */
/* tls(verified): as verdicts are shown. */
static bool take_means(struct reader *r, struct mw_buf *out)
{
	struct mw_token t;

	if (!take_kind(r, MW_TOK_NAME, "what is done with the recipient, as `tls(verified)`", &t))
		return false;
	mw_buf_puts(out, t.text);
	if (r->token.kind != MW_TOK_OPEN)
		return true;
	take(r);
	mw_buf_putc(out, '(');
	while (r->token.kind == MW_TOK_NAME || r->token.kind == MW_TOK_COMMA) {
		mw_buf_puts(out, r->token.kind == MW_TOK_COMMA ? ", " : r->token.text);
		take(r);
	}
	mw_buf_putc(out, ')');
	return take_kind(r, MW_TOK_CLOSE, "\")\"", &t);
}

/* then hold, send by tls(verified) */
static bool take_then(struct reader *r, const char **ret)
{
	struct mw_buf out = MW_BUF_INIT;
	bool good;

	take(r);
	do {
		if (at_word(r, "send")) {
			take(r);
			if (at_word(r, "by"))
				take(r);
		}
		if (out.n)
			mw_buf_puts(&out, ", ");
		good = take_means(r, &out);
	} while (good && take_comma(r));
	*ret = mw_arena_str(r->arena, mw_buf_text(&out));
	if (!*ret || !mw_buf_ok(&out))
		r->diags->no_memory = true;
	mw_buf_free(&out);
	return good;
}

static bool entry_to(struct reader *r, struct policytest_case *c)
{
	struct policytest_rcpt rcpt = {.then = NULL};
	size_t first = c->rcpts.n;

	do {
		rcpt.place = r->token.place;
		if (!take_string(r, "the address of a recipient", &rcpt.address))
			return false;
		MW_LIST_PUSH(r->arena, r->diags, &c->rcpts, rcpt);
	} while (take_comma(r));
	if (at_word(r, "then") && !take_then(r, &rcpt.then))
		return false;
	if (at_word(r, "at") && !r->token.first) {
		take(r);
		if (!take_string(r, "the line that decides, as \"outbound.policy:18\"", &rcpt.at))
			return false;
	}
	for (size_t i = first; i < c->rcpts.n; i++) {
		c->rcpts.v[i].then = rcpt.then;
		c->rcpts.v[i].at = rcpt.at;
	}
	return true;
}

/* ---- expectations ------------------------------------------------------------------------------------------------ */
static bool take_compare(struct reader *r, struct policytest_expect *e)
{
	if (r->token.kind < MW_TOK_EQ || r->token.kind > MW_TOK_GE)
		return true;
	e->cmp = (enum mw_cmp)(MW_CMP_EQ + (r->token.kind - MW_TOK_EQ));
	take(r);
	if (r->token.kind == MW_TOK_STRING && e->about == POLICYTEST_FACT && e->cmp <= MW_CMP_NE)
		e->text = r->token.text;
	else if (r->token.kind == MW_TOK_NUMBER)
		e->number = r->token.number;
	else {
		expected(r, "a number", NULL);
		return false;
	}
	take(r);
	return true;
}

static bool take_expect(struct reader *r, struct policytest_case *c)
{
	struct policytest_expect e = {.name = ""};
	struct mw_token t;

	e.place = r->token.place;
	if (at_word(r, "not")) {
		e.not = true;
		take(r);
	}
	if (at_word(r, "class"))
		e.about = POLICYTEST_CLASS;
	else if (at_word(r, "rule"))
		e.about = POLICYTEST_RULE;
	else if (at_word(r, "unreadable"))
		e.about = POLICYTEST_UNREADABLE;
	else if (r->token.kind == MW_TOK_NAME && strchr(r->token.text, '.'))
		e.about = POLICYTEST_FACT;
	else {
		expected(r, "class, rule, unreadable or a fact", "as in: expect class phi, not rule us-npi, phi.people >= 2");
		return false;
	}
	if (e.about != POLICYTEST_FACT)
		take(r);
	if (e.about != POLICYTEST_UNREADABLE || (r->token.kind == MW_TOK_NAME && !r->token.first)) {
		e.place = e.not ? e.place : r->token.place;
		if (!take_kind(r, MW_TOK_NAME, "a name", &t))
			return false;
		e.name = t.text;
		e.place = t.place;
	}
	if ((e.about == POLICYTEST_RULE || e.about == POLICYTEST_FACT) && !take_compare(r, &e))
		return false;
	MW_LIST_PUSH(r->arena, r->diags, &c->expects, e);
	return true;
}

static bool entry_expect(struct reader *r, struct policytest_case *c)
{
	do {
		if (!take_expect(r, c))
			return false;
	} while (take_comma(r));
	return true;
}

/* A fact alone is one that is yes. */
static bool entry_given(struct reader *r, struct policytest_case *c)
{
	do {
		struct policytest_expect e = {.about = POLICYTEST_FACT, .place = r->token.place, .number = 1};
		struct mw_token t;

		if (!take_kind(r, MW_TOK_NAME, "a fact", &t) || !take_compare(r, &e))
			return false;
		e.name = t.text;
		if (e.cmp != MW_CMP_NONE && e.cmp != MW_CMP_EQ)
			mw_diag_add(r->diags, MW_DIAG_ERROR, e.place, "as in: given auth.dmarc = \"fail\"",
				    "\"%s\" is given a value with =", e.name);
		MW_LIST_PUSH(r->arena, r->diags, &c->givens, e);
	} while (take_comma(r));
	return true;
}

/* ---- the other entries ------------------------------------------------------------------------------------------- */
static bool entry_from(struct reader *r, struct policytest_case *c)
{
	return take_string(r, "the address of the sender", &c->from);
}

static bool entry_subject(struct reader *r, struct policytest_case *c)
{
	return take_string(r, "the Subject", &c->subject);
}

static bool entry_day(struct reader *r, struct policytest_case *c)
{
	struct mw_place place = r->token.place;
	const char *text;

	if (!take_string(r, "a day, as \"2026-03-01\"", &text))
		return false;
	c->day = mw_day_parse(mw_str(text));
	if (c->day == MW_DAY_NONE)
		mw_diag_add(r->diags, MW_DIAG_ERROR, place, "as in: day \"2026-03-01\"", "this is no date of the calendar");
	return true;
}

static bool entry_mail(struct reader *r, struct policytest_case *c)
{
	if (!take_string(r, "the file of a message", &c->mail))
		return false;
	c->mail = mw_path_beside(r->arena, r->path, c->mail);
	r->diags->no_memory |= !c->mail;
	return true;
}

static bool entry_header(struct reader *r, struct policytest_case *c)
{
	const char *text;

	do {
		struct mw_place place = r->token.place;

		if (!take_string(r, "a header field", &text))
			return false;
		if (!strchr(text, ':') || text[0] == ':') {
			mw_diag_add(r->diags, MW_DIAG_ERROR, place, "as in: header \"X-Dept: lab\"", "this is no header field");
			continue;
		}
		MW_LIST_PUSH(r->arena, r->diags, &c->headers, text);
	} while (take_comma(r));
	return true;
}

static bool entry_text(struct reader *r, struct policytest_case *c)
{
	const char *text;

	do {
		if (!take_string(r, "a line of text", &text))
			return false;
		MW_LIST_PUSH(r->arena, r->diags, &c->lines, text);
	} while (take_comma(r));
	return true;
}

static const struct {
	const char *name;
	bool (*read)(struct reader *, struct policytest_case *);
	bool once;
} entries[] = {{"from", entry_from, true},	{"to", entry_to, false},     {"subject", entry_subject, true},
	       {"header", entry_header, false}, {"text", entry_text, false}, {"mail", entry_mail, true},
	       {"expect", entry_expect, false}, {"day", entry_day, true},    {"given", entry_given, false}};
#define ENTRIES (sizeof(entries) / sizeof(*entries))

static void unknown_entry(struct reader *r)
{
	const char *words[ENTRIES + 1] = {NULL};

	for (size_t i = 0; i < ENTRIES; i++)
		words[i] = entries[i].name;
	if (r->token.kind == MW_TOK_NAME)
		mw_diag_add(r->diags, MW_DIAG_ERROR, r->token.place, mw_diag_did_you_mean(r->diags, r->token.text, words),
			    "unknown word \"%s\" in a test", r->token.text);
	else
		expected(r, "from, to, subject, header, text, mail, day, given or expect", NULL);
}

/* Takes one entry, or reports it and goes on behind it. */
static void take_entry(struct reader *r, struct policytest_case *c, bool *given)
{
	bool good = false;
	size_t i = 0;

	while (i < ENTRIES && !at_word(r, entries[i].name))
		i++;
	if (i == ENTRIES) {
		unknown_entry(r);
	} else if (entries[i].once && given[i]) {
		mw_diag_add(r->diags, MW_DIAG_ERROR, r->token.place, NULL, "\"%s\" is given twice", entries[i].name);
	} else {
		given[i] = true;
		take(r);
		good = entries[i].read(r, c);
		if (good && !entry_over(r)) {
			expected(r, "the end of the entry", NULL);
			good = false;
		}
	}
	if (!good) {
		take(r);
		while (!entry_over(r))
			take(r);
	}
}

static void check_case(struct reader *r, const struct policytest_case *c)
{
	bool any = c->expects.n > 0;

	for (size_t i = 0; i < c->rcpts.n; i++)
		any |= c->rcpts.v[i].then != NULL;
	if (!any)
		mw_diag_add(r->diags, MW_DIAG_ERROR, c->place, "add: to \"…\" then …, or: expect …", "the test expects nothing");
	if (c->mail && (c->lines.n || c->subject || c->headers.n))
		mw_diag_add(r->diags, MW_DIAG_ERROR, c->place, NULL, "a test has a \"mail\", or a message of its own, not both");
}

static void take_test(struct reader *r, struct policytest *ret)
{
	struct policytest_case c = {.place = r->token.place};
	bool given[ENTRIES] = {false};
	struct mw_token t;

	take(r);
	c.place = r->token.place;
	if (!take_string(r, "the name of the test", &c.name) || !take_kind(r, MW_TOK_BLOCK, "\"{\"", &t))
		return;
	while (r->token.kind != MW_TOK_ENDBLOCK && r->token.kind != MW_TOK_END) {
		if (r->token.kind == MW_TOK_SEMICOLON)
			take(r);
		else
			take_entry(r, &c, given);
	}
	if (take_kind(r, MW_TOK_ENDBLOCK, "\"}\"", &t)) {
		check_case(r, &c);
		MW_LIST_PUSH(r->arena, r->diags, &ret->cases, c);
	}
}

static void take_policy(struct reader *r, struct policytest *ret)
{
	take(r);
	ret->policy_place = r->token.place;
	if (!take_string(r, "the file of the policy", &ret->policy))
		return;
	ret->policy = mw_path_beside(r->arena, r->path, ret->policy);
	r->diags->no_memory |= !ret->policy;
}

void policytest_read(const char *path, struct mw_diags *diags, struct policytest *ret)
{
	struct reader r = {.diags = diags, .arena = diags->arena, .path = path};
	struct mw_sources sources;
	uint32_t source;

	if (mw_sources_open(&sources, diags, NULL) < 0) {
		diags->no_memory = true;
		return;
	}
	if (mw_source_read(&sources, path, MW_SOURCE_MAX, (struct mw_place){.source = UINT32_MAX}, &source) == 0) {
		mw_lexer_init(&r.lexer, diags, diags->arena, source);
		take(&r);
		while (r.token.kind != MW_TOK_END && !diags->no_memory) {
			if (at_word(&r, "test"))
				take_test(&r, ret);
			else if (at_word(&r, "policy") && !ret->policy && !ret->cases.n)
				take_policy(&r, ret);
			else {
				expected(&r, "test \"…\" { … }", ret->cases.n ? NULL : "or, once and first: policy \"FILE\"");
				do
					take(&r);
				while (r.token.kind != MW_TOK_END &&
				       !(r.token.first && (at_word(&r, "test") || at_word(&r, "policy"))));
			}
		}
	}
	mw_sources_close(&sources);
}
