/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy orders: actions with their arguments, and `send by A or B`. The checker gives the arguments their meaning. */
#include "policy/parse.h"

/* Does an argument stand here? A comma belongs to the arguments when a text follows: `notify "a", "b"`. */
static bool at_argument(struct mw_parser *p)
{
	enum mw_tok next;

	switch (mw_parser_peek(p, 0)->kind) {
	case MW_TOK_NAME:
		return !mw_parser_at_word(p, "or") && !mw_parser_at_word(p, "then") && !mw_parser_at_statement(p);
	case MW_TOK_BAD:
	case MW_TOK_SOCKET:
	case MW_TOK_STRING:
	case MW_TOK_NUMBER:
	case MW_TOK_REGEX:
	case MW_TOK_TABLE:
		return true;
	case MW_TOK_COMMA:
		next = mw_parser_peek(p, 1)->kind;
		return next == MW_TOK_STRING || next == MW_TOK_BAD;
	default:
		return false;
	}
}

static bool parse_inside(struct mw_parser *p, struct mw_ast_call *call)
{
	if (!mw_parser_at(p, MW_TOK_OPEN))
		return true;
	call->paren = true;
	(void)mw_parser_take(p);
	while (at_argument(p))
		MW_PUSH(p, &call->inside, mw_parser_take(p));
	return mw_parser_expect(p, MW_TOK_CLOSE, "\")\"", NULL);
}

static bool parse_call(struct mw_parser *p, struct mw_ast_do *item)
{
	struct mw_ast_call call = {0};

	if (mw_parser_at_statement(p)) {
		mw_parser_expected(p, "an action", NULL);
		return false;
	}
	if (!mw_parser_expect(p, MW_TOK_NAME, "an action", &call.name) || !parse_inside(p, &call))
		return false;
	while (at_argument(p))
		MW_PUSH(p, &call.args, mw_parser_take(p));
	MW_PUSH(p, &item->calls, call);
	return true;
}

static bool parse_send(struct mw_parser *p, struct mw_ast_do *item)
{
	(void)mw_parser_take(p);
	if (!mw_parser_at_word(p, "by")) {
		mw_parser_expected(p, "\"by\"", "write \"send by A or B\"");
		return false;
	}
	(void)mw_parser_take(p);
	item->send = true;
	if (!parse_call(p, item))
		return false;
	while (mw_parser_at_word(p, "or")) {
		(void)mw_parser_take(p);
		if (!parse_call(p, item))
			return false;
	}
	return true;
}

static bool parse_do(struct mw_parser *p, struct mw_dos *dos)
{
	struct mw_ast_do item = {.place = mw_parser_peek(p, 0)->place};

	if (!(mw_parser_at_word(p, "send") ? parse_send(p, &item) : parse_call(p, &item)))
		return false;
	if (mw_parser_at_word(p, "or")) {
		mw_parser_error(p, mw_parser_peek(p, 0)->place, "write \"send by A or B\"", "\"or\" without \"send by\"");
		return false;
	}
	MW_PUSH(p, dos, item);
	return true;
}

bool mw_parse_dos(struct mw_parser *p, struct mw_dos *dos)
{
	if (!parse_do(p, dos))
		return false;
	while (mw_parser_at(p, MW_TOK_COMMA)) {
		(void)mw_parser_take(p);
		if (!parse_do(p, dos))
			return false;
	}
	return true;
}

bool mw_parse_block(struct mw_parser *p, struct mw_tokens *tokens)
{
	struct mw_token open;

	if (!mw_parser_expect(p, MW_TOK_BLOCK, "\"{\"", &open))
		return false;
	while (!mw_parser_at(p, MW_TOK_ENDBLOCK)) {
		/* A keyword that is not indented begins a statement: better one message here than silence to the end of the file.
		 */
		if (mw_parser_at(p, MW_TOK_END) || mw_parser_at(p, MW_TOK_BLOCK) ||
		    (mw_parser_at_statement(p) && mw_parser_peek(p, 0)->place.column == 1)) {
			mw_parser_error(p, open.place, NULL, "the block that begins here does not end");
			return false;
		}
		MW_PUSH(p, tokens, mw_parser_take(p));
	}
	(void)mw_parser_take(p);
	return true;
}
