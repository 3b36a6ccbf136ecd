/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/template.h"

#include "base/utf8.h"

#include <errno.h>
#include <string.h>

#define FRAME_ROOM 4096u /* octets of a page around its texts, as most are */

enum node_kind { TEXT, NAME, SECTION, INVERTED, END };

struct node {
	enum node_kind kind;
	unsigned line;
	struct mw_str text; /* TEXT; else the name */
	const char *file;
	size_t other; /* SECTION, INVERTED: its END; END: its beginning */
};

struct mw_template {
	enum mw_template_kind kind;
	struct node *node;
	size_t n, room;
};

/* ---- parsing --------------------------------------------------------------------------------------------------------------------- */

struct parser {
	struct mw_arena *arena;
	struct mw_template *t;
	mw_template_include *include;
	void *ctx;
	struct mw_err *err;
	size_t open[MW_TEMPLATE_DEPTH]; /* sections */
	size_t depth, files, included;
};

/* Where a parser is in a file. */
struct place {
	const struct mw_template_source *source;
	size_t at;
	unsigned line;
	size_t depth; /* sections that were open when the file began */
};

static int wrong(struct parser *p, const struct place *at, int code, const char *what)
{
	return mw_fail(p->err, code, "%s:%u: %s", at->source->file, at->line, what);
}

static int wrong_name(struct parser *p, const struct place *at, int code, const char *what, struct mw_str name)
{
	int shown = (int)(name.n < MW_TEMPLATE_NAME ? name.n : MW_TEMPLATE_NAME);

	return mw_fail(p->err, code, "%s:%u: %s \"%.*s\"", at->source->file, at->line, what, shown, name.p);
}

static int add(struct parser *p, const struct place *at, enum node_kind kind, struct mw_str text, size_t other)
{
	struct mw_template *t = p->t;

	if (t->n == MW_TEMPLATE_NODES)
		return wrong(p, at, -E2BIG, "too many tags, with those of the files in it");
	if (t->n == t->room) {
		struct node *grown = mw_arena_grow(p->arena, t->node, &t->room, t->n + 1, sizeof(*grown));

		if (!grown)
			return mw_fail_memory(p->err);
		t->node = grown;
	}
	t->node[t->n++] = (struct node){.kind = kind, .line = at->line, .text = text, .file = at->source->file, .other = other};
	return 0;
}

static int open_section(struct parser *p, const struct place *at, enum node_kind kind, struct mw_str name)
{
	if (p->depth == MW_TEMPLATE_DEPTH)
		return wrong(p, at, -E2BIG, "too many sections within each other");
	p->open[p->depth++] = p->t->n;
	return add(p, at, kind, name, 0);
}

static int close_section(struct parser *p, const struct place *at, struct mw_str name)
{
	size_t begin;
	int r;

	if (p->depth == at->depth)
		return wrong_name(p, at, -EINVAL, "this ends a section that did not begin in this file:", name);
	begin = p->open[p->depth - 1];
	if (!mw_str_same(name, p->t->node[begin].text))
		return wrong_name(p, at, -EINVAL, "another section has to end before", name);
	r = add(p, at, END, name, begin);
	if (r < 0)
		return r;
	p->t->node[begin].other = p->t->n - 1;
	p->depth--;
	return 0;
}

static bool is_name(struct mw_str name)
{
	if (name.n == 0 || name.n > MW_TEMPLATE_NAME)
		return false;
	for (size_t i = 0; i < name.n; i++)
		if (!(name.p[i] >= 'a' && name.p[i] <= 'z') && !(name.p[i] >= '0' && name.p[i] <= '9') && name.p[i] != '-')
			return false;
	return true;
}

/* Of a file: no folder, nothing hidden. */
static bool is_file(struct mw_str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (name.p[i] == '/' || (unsigned char)name.p[i] <= ' ' || (unsigned char)name.p[i] > '~')
			return false;
	return name.n > 0 && name.n <= 64 && name.p[0] != '.';
}

static int parse_file(struct parser *p, const struct mw_template_source *source);

static int include(struct parser *p, const struct place *at, struct mw_str name)
{
	struct mw_template_source *source = mw_arena_alloc(p->arena, sizeof(*source));
	int r;

	if (!source)
		return mw_fail_memory(p->err);
	if (!is_file(name))
		return wrong_name(p, at, -EINVAL, "no name of a file:", name);
	if (p->files == MW_TEMPLATE_FILES || p->included == MW_TEMPLATE_INCLUDED)
		return wrong(p, at, -E2BIG, "too many files within each other");
	p->included++;
	r = p->include ? p->include(p->ctx, name, source, p->err) : mw_fail(p->err, -ENOENT, "no files here");
	if (r < 0) {
		mw_err_prefix(p->err, "%s:%u", at->source->file, at->line);
		return r;
	}
	return parse_file(p, source);
}

static int tag(struct parser *p, const struct place *at, char mark, struct mw_str inner)
{
	if (mark == '!')
		return 0;
	if (mark == '>')
		return include(p, at, inner);
	if (!is_name(inner))
		return wrong_name(p, at, -EINVAL, "no name (a-z, 0-9, \"-\"):", inner);
	if (mark == '#')
		return open_section(p, at, SECTION, inner);
	if (mark == '^')
		return open_section(p, at, INVERTED, inner);
	if (mark == '/')
		return close_section(p, at, inner);
	return add(p, at, NAME, inner, 0);
}

static size_t find(struct mw_str s, size_t from, const char *two)
{
	while (from + 1 < s.n) {
		const char *hit = memchr(s.p + from, two[0], s.n - 1 - from);

		if (!hit)
			break;
		if (hit[1] == two[1])
			return (size_t)(hit - s.p);
		from = (size_t)(hit - s.p) + 1;
	}
	return s.n;
}

static unsigned lines(struct mw_str s, size_t from, size_t to)
{
	unsigned n = 0;

	for (size_t i = from; i < to; i++)
		n += s.p[i] == '\n';
	return n;
}

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

/* A tag at [begin, end) that stands alone in its line: the line's beginning, and the next line's. */
static bool alone(struct mw_str s, size_t begin, size_t end, size_t *from, size_t *to)
{
	size_t left = begin, right = end;

	while (left > 0 && blank(s.p[left - 1]))
		left--;
	while (right < s.n && (blank(s.p[right]) || s.p[right] == '\r'))
		right++;
	if ((left > 0 && s.p[left - 1] != '\n') || (right < s.n && s.p[right] != '\n'))
		return false;
	*from = left;
	*to = right < s.n ? right + 1 : right;
	return true;
}

/* The text up to the next tag, and the tag. */
static int step(struct parser *p, struct place *at)
{
	struct mw_str s = at->source->text, inner;
	size_t begin = find(s, at->at, "{{"), end, text_end = begin, go_on;
	unsigned line = at->line + lines(s, at->at, begin);
	char mark = 0;
	int r;

	if (begin < s.n) {
		end = find(s, begin + 2, "}}");
		at->line = line;
		if (end == s.n)
			return wrong(p, at, -EINVAL, "\"{{\" without \"}}\"");
		inner = mw_str_trim((struct mw_str){.p = s.p + begin + 2, .n = end - begin - 2});
		go_on = end + 2;
		if (inner.n && strchr("#^/>!", inner.p[0])) {
			mark = inner.p[0];
			inner = mw_str_trim(mw_str_behind(inner, 1));
			(void)alone(s, begin, end + 2, &text_end, &go_on);
		}
	} else {
		go_on = s.n;
	}
	/* A line's beginning that a tag before has taken already is not text. */
	r = text_end > at->at ? add(p, at, TEXT, (struct mw_str){.p = s.p + at->at, .n = text_end - at->at}, 0) : 0;
	if (r == 0 && begin < s.n)
		r = tag(p, at, mark, inner);
	at->line += lines(s, begin, go_on);
	at->at = go_on;
	return r;
}

static int parse_file(struct parser *p, const struct mw_template_source *source)
{
	struct place at = {.source = source, .line = 1, .depth = p->depth};
	int r = 0;

	if (source->text.n > MW_TEMPLATE_SIZE)
		return wrong(p, &at, -E2BIG, "the file is too large");
	for (size_t i = 0, n; i < source->text.n; i += n) {
		n = mw_utf8_step(source->text.p + i, source->text.n - i);
		if (n == 0 || source->text.p[i] == '\0')
			return wrong(p, &at, -EINVAL, n ? "an octet is 0" : "not UTF-8");
		at.line += source->text.p[i] == '\n';
	}
	at.line = 1;
	p->files++;
	while (r == 0 && at.at < source->text.n)
		r = step(p, &at);
	p->files--;
	if (r == 0 && p->depth > at.depth) {
		at.line = p->t->node[p->open[p->depth - 1]].line;
		r = wrong_name(p, &at, -EINVAL, "a section that does not end:", p->t->node[p->open[p->depth - 1]].text);
	}
	return r;
}

int mw_template_parse(struct mw_arena *arena, enum mw_template_kind kind, const struct mw_template_source *source,
		      mw_template_include *files, void *ctx, const struct mw_template **ret, struct mw_err *err)
{
	struct parser p = {.arena = arena, .include = files, .ctx = ctx, .err = err};
	int r;

	p.t = mw_arena_alloc(arena, sizeof(*p.t));
	if (!p.t)
		return mw_fail_memory(err);
	p.t->kind = kind;
	r = parse_file(&p, source);
	if (r == 0)
		*ret = p.t;
	return r;
}

/* ---- filling --------------------------------------------------------------------------------------------------------------------- */

static const char *escaped(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static bool control(char c)
{
	return (unsigned char)c < ' ' || c == 0x7f;
}

#define BLOCK 16u
typedef signed char block_t __attribute__((vector_size(BLOCK)));

/* Of a block of a page's text, what does not stand as it is: controls and what is not ASCII (both less than a blank), &, ', <, >, ". */
static block_t odd(const char *p)
{
	block_t c;

	memcpy(&c, p, sizeof(c));
	return (block_t)(((c < ' ') & (c != '\n')) | (c == 0x7f) | ((c | 1) == '\'') | ((c | 2) == '>') | (c == '"'));
}

static bool any(block_t c)
{
	uint64_t half[2];

	memcpy(half, &c, sizeof(c));
	return (half[0] | half[1]) != 0;
}

/* Octets from p on, in whole blocks, that stand as they are, as most do. */
static size_t standing(const char *p, size_t n)
{
	size_t at = 0;

	while (n - at >= 4 * (size_t)BLOCK &&
	       !any(odd(p + at) | odd(p + at + BLOCK) | odd(p + at + 2 * (size_t)BLOCK) | odd(p + at + 3 * (size_t)BLOCK)))
		at += 4 * (size_t)BLOCK;
	while (n - at >= BLOCK && !any(odd(p + at)))
		at += BLOCK;
	return at;
}

/* Adds text; strays and, but for those in keep, control characters become `instead`. */
static void add_text(struct mw_buf *out, struct mw_str text, bool page, const char *keep, const char *instead)
{
	size_t plain = 0;

	for (size_t at = 0, n; at < text.n; at += n) {
		const char *c = text.p + at, *put = NULL;

		if (page && (n = standing(c, text.n - at)) > 0)
			continue;
		n = mw_utf8_step(c, text.n - at);
		if (n == 0)
			put = "\xef\xbf\xbd";
		else if (n == 1 && control(*c) && (*c == '\0' || !strchr(keep, *c)))
			put = instead;
		else if (n == 1 && page)
			put = escaped(*c);
		n += n == 0;
		if (put) {
			mw_buf_add(out, text.p + plain, at - plain);
			mw_buf_puts(out, put);
			plain = at + n;
		}
	}
	if (text.n > plain)
		mw_buf_add(out, text.p + plain, text.n - plain);
}

void mw_template_escape(struct mw_buf *out, struct mw_str text)
{
	add_text(out, text, true, "\t\n\r", "\xef\xbf\xbd");
}

/* A section in work. */
struct frame {
	const struct mw_values *values; /* in it */
	const struct mw_values *next;	/* its list's item that comes then */
};

static int fill_name(const struct mw_template *t, const struct node *node, const struct mw_values *v, struct mw_buf *out,
		     struct mw_err *err)
{
	const struct mw_value *value = mw_values_find(v, node->text);

	if (!value || value->kind != MW_VALUE_TEXT)
		return mw_fail(err, -ENOENT, "%s:%u: there is no text called \"%.*s\" here", node->file, node->line,
			       (int)node->text.n, node->text.p);
	if (t->kind == MW_TEMPLATE_PAGE)
		mw_template_escape(out, value->text);
	else
		add_text(out, value->text, false, "", " ");
	return 0;
}

/* Whether a section is shown at all; its first item, or what is around it. */
static bool shown(const struct node *node, struct frame *f)
{
	const struct mw_value *value = mw_values_find(f->values, node->text);
	bool there = value && (value->kind == MW_VALUE_TEXT   ? value->text.n > 0
			       : value->kind == MW_VALUE_FLAG ? value->flag
							      : value->first != NULL);

	if (node->kind == INVERTED)
		return !there;
	if (there && value->kind == MW_VALUE_LIST) {
		f->values = value->first;
		f->next = mw_values_next(f->values);
	}
	return there;
}

int mw_template_fill(const struct mw_template *t, const struct mw_values *v, size_t max, struct mw_buf *out, struct mw_err *err)
{
	struct frame frame[MW_TEMPLATE_DEPTH + 1] = {{.values = v}};
	size_t depth = 0, before = out->n, steps = 0;

	if (!mw_values_ok(v))
		return mw_fail_memory(err);
	if (mw_values_octets(v) < max)
		mw_buf_reserve(out, mw_values_octets(v) + mw_values_octets(v) / 16 + FRAME_ROOM);
	for (size_t i = 0; i < t->n; i++) {
		const struct node *node = &t->node[i];
		struct frame f = {.values = frame[depth].values};
		int r = 0;

		if (node->kind == TEXT)
			mw_buf_add(out, node->text.p, node->text.n);
		else if (node->kind == NAME)
			r = fill_name(t, node, f.values, out, err);
		else if (node->kind != END && shown(node, &f))
			frame[++depth] = f;
		else if (node->kind != END)
			i = node->other;
		else if (frame[depth].next) {
			frame[depth].values = frame[depth].next;
			frame[depth].next = mw_values_next(frame[depth].next);
			i = node->other;
		} else
			depth--;
		if (r < 0)
			return r;
		if (out->n - before > max || steps++ == MW_TEMPLATE_STEPS)
			return mw_fail(err, -EFBIG, "%s:%u: it becomes larger than %zu octets, or takes too long", node->file,
				       node->line, max);
	}
	return mw_buf_ok(out) ? 0 : mw_fail_memory(err);
}
