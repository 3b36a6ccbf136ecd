/* SPDX-License-Identifier: Apache-2.0 */
/* syntax: recursive descent. `failed` is set at the first thing that is not understood, and everything then returns quickly. */
#include "match/syntax.h"

#include "match/syntax_class.h"

#include <string.h>

#define DEPTH_MAX 60u
#define GROUPS_MAX 64u
#define REPEAT_MAX 65535u
#define NODES_MAX 20000u /* references to groups with references in them grow fast */

/* What (?imsxnU) sets, up to the end of the group that it stands in. */
struct flags {
	bool caseless, extended, dotall, ungreedy, plain_groups;
};

struct reader {
	struct mw_arena *arena;
	struct mw_str p;
	size_t at;
	unsigned depth, nodes, looks;
	struct flags flags;
	bool failed;
	uint32_t groups;
	const struct mw_syntax *group[GROUPS_MAX]; /* NULL while it is open */
	struct mw_str name[GROUPS_MAX];
};

static struct mw_syntax *read_alt(struct reader *r);

static struct mw_syntax *fail(struct reader *r)
{
	r->failed = true;
	return NULL;
}

static struct mw_syntax *node_new(struct reader *r, enum mw_syntax_kind kind, size_t at)
{
	struct mw_syntax *n = r->nodes++ < NODES_MAX ? mw_arena_alloc(r->arena, sizeof(*n)) : NULL;

	if (!n)
		return fail(r);
	n->kind = (uint8_t)kind;
	n->at = (uint32_t)at;
	return n;
}

static struct mw_syntax *set_new(struct reader *r, struct mw_octets set, bool loose, size_t at)
{
	struct mw_syntax *n = node_new(r, MW_SYNTAX_SET, at);

	if (n) {
		n->set = set;
		n->loose = loose;
	}
	return n;
}

static struct mw_syntax *opaque_new(struct reader *r, uint32_t min, size_t at)
{
	struct mw_syntax *n = node_new(r, MW_SYNTAX_OPAQUE, at);

	if (n) {
		n->min = min;
		n->max = MW_SYNTAX_MANY;
	}
	return n;
}

static bool more(const struct reader *r)
{
	return !r->failed && r->at < r->p.n;
}

static char peek(const struct reader *r, size_t ahead)
{
	return r->at < r->p.n && r->p.n - r->at > ahead ? r->p.p[r->at + ahead] : '\0';
}

static bool starts(const struct reader *r, const char *word)
{
	size_t n = strlen(word);

	return r->at <= r->p.n && r->p.n - r->at >= n && memcmp(r->p.p + r->at, word, n) == 0;
}

static bool take(struct reader *r, const char *word)
{
	if (!starts(r, word))
		return false;
	r->at += strlen(word);
	return true;
}

/* One character that (?x) skips: white space of ASCII, and what else Unicode calls white space of patterns. */
static bool take_blank(struct reader *r)
{
	static const char *const wide[] = {"\xc2\x85", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xa8", "\xe2\x80\xa9"};
	char c = peek(r, 0);

	if (c == ' ' || (c >= '\t' && c <= '\r')) {
		r->at++;
		return true;
	}
	for (size_t i = 0; i < sizeof(wide) / sizeof(*wide); i++)
		if (take(r, wide[i]))
			return true;
	return false;
}

static void skip_blanks(struct reader *r)
{
	while (r->flags.extended && more(r)) {
		if (peek(r, 0) == '#')
			while (more(r) && peek(r, 0) != '\n' && peek(r, 0) != '\r')
				r->at++;
		else if (!take_blank(r))
			break;
	}
}

/* A copy as a reference to a group sees it: the same octets in either case, without what is asked around them. */
static struct mw_syntax *copy(struct reader *r, const struct mw_syntax *from, size_t at, unsigned depth)
{
	struct mw_syntax *n, **tail;

	if (depth > DEPTH_MAX)
		return fail(r);
	n = node_new(r, from->kind, at);
	if (!n)
		return NULL;
	*n = *from;
	n->next = n->child = NULL;
	n->at = (uint32_t)at;
	tail = &n->child;
	n->loose = true;
	if (n->kind == MW_SYNTAX_SET)
		n->set = mw_class_both_cases(n->set);
	else if (n->kind == MW_SYNTAX_BEHIND || n->kind == MW_SYNTAX_AHEAD || n->kind == MW_SYNTAX_EDGE)
		n->kind = MW_SYNTAX_ANCHOR;
	for (const struct mw_syntax *c = n->kind == MW_SYNTAX_ANCHOR ? NULL : from->child; c && !r->failed; c = c->next) {
		*tail = copy(r, c, at, depth + 1);
		if (*tail)
			tail = &(*tail)->next;
	}
	return n;
}

/* A reference to a group that is read; to one that is not (yet): anything. */
static struct mw_syntax *reference(struct reader *r, uint32_t group, size_t at)
{
	if (group == 0 || group > r->groups || group > GROUPS_MAX || !r->group[group - 1])
		return opaque_new(r, 0, at);
	return copy(r, r->group[group - 1], at, 0);
}

static struct mw_syntax *named_reference(struct reader *r, char close, size_t at)
{
	size_t from = r->at;

	while (more(r) && peek(r, 0) != close)
		r->at++;
	for (uint32_t i = 0; i < r->groups && i < GROUPS_MAX; i++)
		if (r->name[i].n == r->at - from && r->name[i].n && memcmp(r->name[i].p, r->p.p + from, r->name[i].n) == 0) {
			r->at++;
			return reference(r, i + 1, at);
		}
	r->at++;
	return opaque_new(r, 0, at);
}

/* \1 \12 \g1 \g{1} \g{-1} \g{name}; not the calls \g<…>. */
static struct mw_syntax *numbered_reference(struct reader *r, size_t at)
{
	bool brace = take(r, "{"), back = take(r, "-");
	uint32_t n = 0;

	if (brace && !back && (peek(r, 0) < '0' || peek(r, 0) > '9'))
		return named_reference(r, '}', at);
	if (peek(r, 0) < '0' || peek(r, 0) > '9')
		return fail(r);
	while (peek(r, 0) >= '0' && peek(r, 0) <= '9' && n < 1000)
		n = n * 10 + (uint32_t)(r->p.p[r->at++] - '0');
	if (brace && !take(r, "}"))
		return fail(r);
	if (back)
		n = n <= r->groups ? r->groups + 1 - n : 0;
	return reference(r, n, at);
}

/* Behind a backslash, outside of a class. */
static struct mw_syntax *read_escape(struct reader *r, size_t at)
{
	char c = peek(r, 0);
	struct mw_octets set;
	struct mw_syntax *n;
	bool loose;

	if (c >= '1' && c <= '9')
		return numbered_reference(r, at);
	switch (c) {
	case 'b':
	case 'B':
		r->at++;
		n = node_new(r, MW_SYNTAX_EDGE, at);
		if (n)
			n->no = c == 'B';
		return n;
	case 'K': /* moves what is told as the start, not where PCRE2 begins */
		if (r->looks)
			return fail(r);
		/* fall through */
	case 'A':
	case 'Z':
	case 'z':
		r->at++;
		return node_new(r, MW_SYNTAX_ANCHOR, at);
	case 'g':
		r->at++;
		return peek(r, 0) == '<' || peek(r, 0) == '\'' ? fail(r) : numbered_reference(r, at);
	case 'k':
		r->at += 2;
		c = peek(r, 0) ? r->p.p[r->at - 1] : '\0';
		return c == '{' || c == '<' || c == '\'' ? named_reference(r, c == '{' ? '}' : c == '<' ? '>' : c, at) : fail(r);
	case 'R':
	case 'X':
		r->at++;
		return opaque_new(r, 1, at);
	default:
		if (!mw_class_escape(r->p, &r->at, r->flags.caseless, &set, &loose))
			return fail(r);
		return set_new(r, set, loose, at);
	}
}

/* Letters of (?flags) or (?flags:. */
static bool read_flags(struct reader *r)
{
	bool on = true;

	if (take(r, "^"))
		r->flags = (struct flags){.ungreedy = r->flags.ungreedy};
	for (; more(r); r->at++) {
		switch (peek(r, 0)) {
		case '-':
			on = false;
			break;
		case 'i':
			r->flags.caseless = on;
			break;
		case 'x':
			r->flags.extended = on;
			if (on && peek(r, 1) == 'x') /* xx: blanks in classes, too */
				return false;
			break;
		case 's':
			r->flags.dotall = on;
			break;
		case 'n':
			r->flags.plain_groups = on;
			break;
		case 'U':
			r->flags.ungreedy = on;
			break;
		case 'm':
			break;
		default:
			return true;
		}
	}
	return true;
}

static struct mw_syntax *group_body(struct reader *r)
{
	struct flags flags = r->flags;
	struct mw_syntax *n;

	if (++r->depth > DEPTH_MAX)
		return fail(r);
	n = read_alt(r);
	r->depth--;
	if (!take(r, ")"))
		return fail(r);
	r->flags = flags;
	return n;
}

static struct mw_syntax *capture(struct reader *r, struct mw_str name)
{
	uint32_t i = r->groups++;
	struct mw_syntax *n;

	if (i < GROUPS_MAX)
		r->name[i] = name;
	n = group_body(r);
	if (i < GROUPS_MAX)
		r->group[i] = n;
	return n;
}

static struct mw_syntax *named_group(struct reader *r, char close)
{
	size_t from = r->at;

	while (more(r) && peek(r, 0) != close)
		r->at++;
	r->at++;
	return r->at > r->p.n ? fail(r) : capture(r, (struct mw_str){.p = r->p.p + from, .n = r->at - 1 - from});
}

static struct mw_syntax *look(struct reader *r, enum mw_syntax_kind kind, bool no, size_t at)
{
	struct mw_syntax *n = node_new(r, kind, at), *child;

	r->looks++;
	child = group_body(r);
	r->looks--;
	if (n) {
		n->no = no;
		n->child = child;
	}
	return n;
}

/* (?i) lasts to the end of the group that it stands in; (?i:…) has its own. */
static struct mw_syntax *flags_or_group(struct reader *r, size_t at)
{
	struct flags flags = r->flags;
	struct mw_syntax *n;

	if (!read_flags(r))
		return fail(r);
	if (take(r, ")"))
		return node_new(r, MW_SYNTAX_CAT, at);
	if (!take(r, ":"))
		return fail(r);
	n = group_body(r);
	r->flags = flags;
	return n;
}

static struct mw_syntax *atomic(struct reader *r)
{
	struct mw_syntax *n = group_body(r);

	if (n)
		n->fixed = true;
	return n;
}

/* Behind "(". */
static struct mw_syntax *read_group(struct reader *r, size_t at)
{
	if (peek(r, 0) == '*')
		return fail(r); /* verbs */
	if (!take(r, "?"))
		return r->flags.plain_groups ? group_body(r) : capture(r, (struct mw_str){.p = "", .n = 0});
	if (take(r, "#")) {
		while (more(r) && peek(r, 0) != ')')
			r->at++;
		r->at++;
		return node_new(r, MW_SYNTAX_CAT, at);
	}
	if (take(r, ":"))
		return group_body(r);
	if (take(r, ">"))
		return atomic(r);
	if (take(r, "="))
		return look(r, MW_SYNTAX_AHEAD, false, at);
	if (take(r, "!"))
		return look(r, MW_SYNTAX_AHEAD, true, at);
	if (take(r, "<="))
		return look(r, MW_SYNTAX_BEHIND, false, at);
	if (take(r, "<!"))
		return look(r, MW_SYNTAX_BEHIND, true, at);
	if (take(r, "P="))
		return named_reference(r, ')', at);
	if (take(r, "P<") || take(r, "<"))
		return named_group(r, '>');
	if (take(r, "'"))
		return named_group(r, '\'');
	/* The rest (calls, conditions, branch reset, callouts) is not understood. */
	return strchr("imsxnU^-", peek(r, 0)) && peek(r, 0) ? flags_or_group(r, at) : fail(r);
}

static struct mw_syntax *read_class(struct reader *r, size_t at)
{
	struct mw_octets set;
	bool loose;

	if (!mw_class_read(r->p, &r->at, r->flags.caseless, &set, &loose))
		return fail(r);
	return set_new(r, set, loose, at);
}

static struct mw_syntax *read_char(struct reader *r, size_t at)
{
	unsigned char c = (unsigned char)r->p.p[r->at++];
	struct mw_octets set = {{0}};

	if (c >= 0x80) {
		while (more(r) && ((unsigned char)peek(r, 0) & 0xc0u) == 0x80)
			r->at++;
		set = MW_OCTETS_WIDE;
	} else {
		mw_octets_put(&set, c);
	}
	return set_new(r, r->flags.caseless ? mw_class_both_cases(set) : set, r->flags.caseless && c >= 0x80, at);
}

static struct mw_syntax *read_literal(struct reader *r)
{
	struct mw_syntax *n = node_new(r, MW_SYNTAX_CAT, r->at), **tail = n ? &n->child : NULL;

	while (tail && more(r) && !take(r, "\\E")) {
		*tail = read_char(r, r->at);
		if (*tail)
			tail = &(*tail)->next;
	}
	return n;
}

static struct mw_syntax *read_dot(struct reader *r, size_t at)
{
	struct mw_octets newline = {{0}};

	mw_octets_put(&newline, '\n');
	mw_octets_put(&newline, '\r');
	r->at++;
	return set_new(r, r->flags.dotall ? MW_OCTETS_ALL : mw_octets_not(newline), false, at);
}

static struct mw_syntax *read_atom(struct reader *r)
{
	size_t at = r->at;

	switch (peek(r, 0)) {
	case '(':
		r->at++;
		return read_group(r, at);
	case '[':
		r->at++;
		return read_class(r, at);
	case '.':
		return read_dot(r, at);
	case '^':
	case '$':
		r->at++;
		return node_new(r, MW_SYNTAX_ANCHOR, at);
	case '\\':
		r->at++;
		return take(r, "Q") ? read_literal(r) : take(r, "E") ? node_new(r, MW_SYNTAX_CAT, at) : read_escape(r, at);
	case '*':
	case '+':
	case '?':
		return fail(r);
	default:
		return read_char(r, at);
	}
}

static bool number(struct reader *r, size_t *at, uint32_t *ret)
{
	size_t from = *at;
	uint32_t n = 0;

	while (*at < r->p.n && r->p.p[*at] >= '0' && r->p.p[*at] <= '9' && n <= REPEAT_MAX)
		n = n * 10 + (uint32_t)(r->p.p[(*at)++] - '0');
	*ret = n;
	return *at > from;
}

/* {n} {n,} {n,m}; anything else is the sign itself, which newer releases of PCRE2 may read otherwise: not understood. */
static bool read_braces(struct reader *r, uint32_t *min, uint32_t *max)
{
	size_t at = r->at + 1;

	if (!number(r, &at, min))
		return false;
	*max = *min;
	if (at < r->p.n && r->p.p[at] == ',') {
		at++;
		if (!number(r, &at, max))
			*max = MW_SYNTAX_MANY;
	}
	if (at >= r->p.n || r->p.p[at] != '}')
		return false;
	r->at = at + 1;
	return true;
}

static bool read_count(struct reader *r, uint32_t *min, uint32_t *max)
{
	char c = peek(r, 0);

	*min = c == '+';
	*max = c == '?' ? 1 : MW_SYNTAX_MANY;
	if (c == '*' || c == '+' || c == '?') {
		r->at++;
		return true;
	}
	if (c != '{')
		return false;
	if (!read_braces(r, min, max)) {
		(void)fail(r);
		return false;
	}
	return true;
}

static struct mw_syntax *read_piece(struct reader *r)
{
	size_t from = r->at;
	/* What stands behind one of these repeats the character before it. */
	bool odd = starts(r, "\\Q") || starts(r, "\\E") || starts(r, "(?#");
	struct mw_syntax *n = read_atom(r);
	uint32_t min, max;

	skip_blanks(r);
	if (odd && peek(r, 0) && strchr("*+?{", peek(r, 0)))
		return fail(r);
	while (n && more(r) && read_count(r, &min, &max)) {
		struct mw_syntax *repeat = node_new(r, MW_SYNTAX_REPEAT, from);
		bool lazy;

		if (!repeat)
			return NULL;
		n->size = n->size ? n->size : (uint32_t)(r->at - from);
		repeat->child = n;
		repeat->min = min;
		repeat->max = max;
		repeat->fixed = take(r, "+");
		lazy = !repeat->fixed && take(r, "?");
		repeat->greedy = !repeat->fixed && lazy == r->flags.ungreedy;
		n = repeat;
		skip_blanks(r);
	}
	if (n)
		n->size = (uint32_t)(r->at - from);
	return n;
}

static struct mw_syntax *read_cat(struct reader *r)
{
	struct mw_syntax *n = node_new(r, MW_SYNTAX_CAT, r->at), **tail = n ? &n->child : NULL;

	for (skip_blanks(r); tail && more(r) && peek(r, 0) != '|' && peek(r, 0) != ')'; skip_blanks(r)) {
		*tail = read_piece(r);
		if (*tail)
			tail = &(*tail)->next;
	}
	if (n)
		n->size = (uint32_t)(r->at - n->at);
	return n;
}

static struct mw_syntax *read_alt(struct reader *r)
{
	struct mw_syntax *first = read_cat(r), *n, **tail;

	if (r->failed || peek(r, 0) != '|')
		return first;
	n = node_new(r, MW_SYNTAX_ALT, first->at);
	if (!n)
		return NULL;
	n->child = first;
	tail = &first->next;
	while (more(r) && take(r, "|")) {
		*tail = read_cat(r);
		if (*tail)
			tail = &(*tail)->next;
	}
	n->size = (uint32_t)(r->at - n->at);
	return n;
}

struct mw_syntax *mw_syntax_read(struct mw_arena *a, struct mw_str pattern, bool caseless, bool extended)
{
	struct reader r = {.arena = a, .p = pattern, .flags = {.caseless = caseless, .extended = extended}};
	struct mw_syntax *n;

	if (pattern.n > UINT32_MAX / 2)
		return NULL;
	n = read_alt(&r);
	return r.failed || r.at != pattern.n ? NULL : n;
}
