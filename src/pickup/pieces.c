/* SPDX-License-Identifier: Apache-2.0 */
#include "pickup/pieces.h"

#include "base/str.h"
#include "mail/header.h"
#include "mail/label.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Where an entity stands, which says what becomes of a text. */
enum place {
	AS_BODY,   /* alone, or one of several: a slot of its own */
	AS_CHOICE, /* of a multipart/alternative: the slot is that one's */
	AS_FILE,   /* beside the root of multipart/related */
};

struct walk {
	struct mw_arena *arena;
	struct mw_pieces *out;
	void (*seen)(struct mw_str);
};

struct entity {
	struct mw_str all, body;
	struct mw_label label;
	const char *name, *cid, *start;
	bool attachment, flowed, delsp;
};

static int walk(struct walk *w, struct mw_str s, const char *dflt, enum place place, unsigned depth);

/* ---- the header of an entity ---------------------------------------------------------------------------------------------------- */

static struct mw_str value_of(const struct mw_header *h, const char *name)
{
	const struct mw_field *f = mw_header_find(h, name, NULL);

	return f ? mw_str_trim(f->value) : (struct mw_str){.p = "", .n = 0};
}

static struct mw_str without_brackets(struct mw_str s)
{
	s = mw_str_trim(s);
	if (s.n >= 2 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		s = (struct mw_str){.p = s.p + 1, .n = s.n - 2};
	return s;
}

/* A Content-ID is ASCII without blanks; what is not cannot be asked for. */
static const char *cid_of(struct mw_arena *a, struct mw_str value)
{
	struct mw_str s = without_brackets(value);

	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return "";
	return s.n <= 255 ? mw_arena_dup(a, s.p, s.n) : "";
}

/* RFC 3676 */
static int read_flow(struct mw_arena *a, struct mw_str type, struct entity *e)
{
	const char *format = mw_label_param(a, type, "format"), *delsp = mw_label_param(a, type, "delsp");

	if (!format || !delsp)
		return -ENOMEM;
	e->flowed = strcasecmp(format, "flowed") == 0;
	e->delsp = e->flowed && strcasecmp(delsp, "yes") == 0;
	return 0;
}

static int read_entity(struct mw_arena *a, struct mw_str s, const char *dflt, struct entity *e)
{
	struct mw_header h = {0};
	struct mw_str disposition, type, word;

	*e = (struct entity){.all = s};
	if (mw_header_parse(a, s, &h, &e->body) < 0)
		return -ENOMEM;
	type = value_of(&h, "Content-Type");
	disposition = value_of(&h, "Content-Disposition");
	if (mw_label_by_letter(a, type, value_of(&h, "Content-Transfer-Encoding"), dflt, &e->label) < 0)
		return -ENOMEM;
	word = disposition;
	for (word.n = 0; word.n < disposition.n && !strchr("; \t\r\n(", disposition.p[word.n]);)
		word.n++;
	e->attachment = word.n > 0 && !mw_str_caseeq(word, "inline");
	e->name = mw_label_param(a, disposition, "filename");
	if (e->name && !*e->name)
		e->name = mw_label_param(a, type, "name");
	if (strcmp(e->label.type, "text/plain") == 0 && read_flow(a, type, e) < 0)
		return -ENOMEM;
	e->cid = cid_of(a, value_of(&h, "Content-ID"));
	e->start = mw_label_param(a, type, "start");
	if (e->start && *e->start)
		e->start = cid_of(a, mw_str(e->start));
	return e->name && e->cid && e->start ? 0 : -ENOMEM;
}

/* ---- pieces ---------------------------------------------------------------------------------------------------------------------- */

static int add(struct walk *w, struct mw_piece p)
{
	struct mw_pieces *out = w->out;
	struct mw_piece *v;

	if (out->n >= out->most) {
		out->more = true;
		return 0;
	}
	v = mw_arena_grow(w->arena, out->v, &out->cap, out->n + 1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	out->v = v;
	v[out->n++] = p;
	return 0;
}

static bool is_type(const struct entity *e, const char *prefix)
{
	return strncmp(e->label.type, prefix, strlen(prefix)) == 0;
}

static enum mw_piece_role role_of(const struct entity *e, enum place place)
{
	bool text = strcmp(e->label.type, "text/plain") == 0, html = strcmp(e->label.type, "text/html") == 0;

	if (!e->attachment && is_type(e, "image/") && *e->cid)
		return MW_PIECE_IMAGE;
	if (e->attachment || place == AS_FILE || e->body.n > MW_PIECES_TEXT || (*e->name && place == AS_BODY))
		return MW_PIECE_FILE;
	return text ? MW_PIECE_TEXT : html ? MW_PIECE_HTML : MW_PIECE_FILE;
}

static int add_leaf(struct walk *w, const struct entity *e, enum place place)
{
	struct mw_piece p = {.role = role_of(e, place),
			     .type = e->label.type,
			     .charset = e->label.charset,
			     .name = e->name,
			     .cid = e->cid,
			     .data = e->body,
			     .transfer = e->label.transfer,
			     .flowed = e->flowed,
			     .delsp = e->delsp};

	if (p.role >= MW_PIECE_TEXT && place == AS_BODY)
		w->out->slots++;
	p.slot = w->out->slots;
	return add(w, p);
}

/* All of it, with its header: a mail program may know what to do with it. */
static int add_whole(struct walk *w, const struct entity *e)
{
	return add(
	    w, (struct mw_piece){
		   .role = MW_PIECE_FILE, .type = "message/rfc822", .charset = "", .name = e->name, .cid = "", .data = e->all});
}

/* ---- multiparts ------------------------------------------------------------------------------------------------------------------ */

/* A line that is a delimiter: 1, the last one: 2; 0: it only begins like one. end: behind the line. */
static int delimiter_at(const char *p, const char *stop, size_t n, const char **end)
{
	const char *at = p + n, *line;
	int kind = 1;

	if (stop - at >= 2 && at[0] == '-' && at[1] == '-') {
		kind = 2;
		at += 2;
	}
	line = memchr(at, '\n', (size_t)(stop - at));
	*end = line ? line + 1 : stop;
	for (; at < *end; at++)
		if (*at != ' ' && *at != '\t' && *at != '\r' && *at != '\n')
			return 0;
	return kind;
}

/* As memmem(), window by window, so that what was gone over can be let go. */
static const char *find_mark(struct walk *w, const char *at, const char *stop, const char *mark, size_t n)
{
	while ((size_t)(stop - at) > MW_PIECES_WINDOW + n) {
		const char *found = memmem(at, MW_PIECES_WINDOW + n, mark, n);

		if (found)
			return found;
		if (w->seen)
			w->seen((struct mw_str){.p = at, .n = MW_PIECES_WINDOW});
		at += MW_PIECES_WINDOW;
	}
	return memmem(at, (size_t)(stop - at), mark, n);
}

/* The next delimiter in s. False: there is none. before: what stands before it, without the line end that is its own. */
static bool next_delimiter(struct walk *w, struct mw_str s, const char *mark, size_t n, struct mw_str *before,
			   struct mw_str *behind, bool *last)
{
	const char *stop = s.p + s.n, *at = s.p, *end;
	int kind;

	for (; (at = find_mark(w, at, stop, mark, n)); at++) {
		if (at > s.p && at[-1] != '\n')
			continue;
		kind = delimiter_at(at, stop, n, &end);
		if (!kind)
			continue;
		*before = (struct mw_str){.p = s.p, .n = (size_t)(at - s.p)};
		if (before->n && before->p[before->n - 1] == '\n')
			before->n--;
		if (before->n && before->p[before->n - 1] == '\r')
			before->n--;
		*behind = (struct mw_str){.p = end, .n = (size_t)(stop - end)};
		*last = kind == 2;
		if (w->seen)
			w->seen(*before);
		return true;
	}
	return false;
}

/* The readings of one choice take the place of those before it, which become files. A choice that has HTML shows its texts there. */
static void choose(struct mw_pieces *out, size_t first, size_t from)
{
	bool has[MW_PIECE_HTML + 1] = {false};

	for (size_t i = from; i < out->n; i++)
		has[out->v[i].role] = true;
	if (has[MW_PIECE_HTML] && has[MW_PIECE_TEXT] && from > first) {
		for (size_t i = from; i < out->n; i++)
			if (out->v[i].role == MW_PIECE_TEXT)
				out->v[i].role = MW_PIECE_HTML;
		has[MW_PIECE_TEXT] = false;
	}
	for (size_t i = first; i < from; i++)
		if (out->v[i].role >= MW_PIECE_TEXT && has[out->v[i].role])
			out->v[i].role = MW_PIECE_FILE;
}

struct children {
	enum place first, other;
	bool alternative;
	const char *dflt;
	struct mw_str root; /* Content-ID of the root of multipart/related, "" = the first */
};

static struct children children_of(struct walk *w, const struct entity *e, enum place place)
{
	struct children c = {.first = place, .other = place, .dflt = "text/plain"};

	if (is_type(e, "multipart/alternative")) {
		c.alternative = true;
		if (place == AS_BODY) {
			w->out->slots++;
			c.first = c.other = AS_CHOICE;
		}
	} else if (is_type(e, "multipart/related")) {
		c.other = AS_FILE;
		c.root = mw_str(e->start);
		if (place == AS_BODY) {
			w->out->slots++;
			c.first = AS_CHOICE; /* a name does not make a file of the root */
		}
	} else if (is_type(e, "multipart/digest")) {
		c.dflt = "message/rfc822";
	}
	return c;
}

/* Is this the part that `start` names? */
static bool is_root(struct walk *w, const struct children *c, struct mw_str part, size_t number)
{
	struct entity e;

	if (c->root.n == 0)
		return number == 0;
	return read_entity(w->arena, part, c->dflt, &e) == 0 && mw_str_eq(c->root, e.cid);
}

static int walk_child(struct walk *w, const struct children *c, struct mw_str part, size_t number, size_t first, unsigned depth)
{
	size_t from = w->out->n;
	enum place place = c->first;
	int r;

	if (c->other != c->first && !is_root(w, c, part, number))
		place = c->other;
	r = walk(w, part, c->dflt, place, depth + 1);
	if (r == 0 && c->alternative)
		choose(w->out, first, from);
	return r;
}

static int walk_multipart(struct walk *w, const struct entity *e, enum place place, unsigned depth)
{
	char *mark = mw_arena_printf(w->arena, "--%s", e->label.boundary);
	struct children c;
	struct mw_str rest = e->body, part, behind;
	size_t n, first = w->out->n, number = 0;
	bool last = false;
	int r = 0;

	if (!mark)
		return -ENOMEM;
	n = strlen(mark);
	if (!next_delimiter(w, rest, mark, n, &part, &behind, &last) || last)
		return add_whole(w, e);
	c = children_of(w, e, place);
	while (!last && r == 0 && !w->out->more) {
		rest = behind;
		if (!next_delimiter(w, rest, mark, n, &part, &behind, &last)) { /* cut off: what is there is the last part */
			part = rest;
			last = true;
		}
		r = walk_child(w, &c, part, number++, first, depth);
	}
	return r;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------------- */

static int walk(struct walk *w, struct mw_str s, const char *dflt, enum place place, unsigned depth)
{
	struct entity e;

	if (read_entity(w->arena, s, dflt, &e) < 0)
		return -ENOMEM;
	if (!is_type(&e, "multipart/"))
		return add_leaf(w, &e, place);
	if (depth >= MW_PIECES_DEPTH || !*e.label.boundary || e.label.transfer != MW_TRANSFER_NONE)
		return add_whole(w, &e);
	return walk_multipart(w, &e, place, depth);
}

int mw_pieces_find(struct mw_arena *arena, struct mw_str message, size_t most, void (*seen)(struct mw_str), struct mw_pieces *ret)
{
	struct walk w = {.arena = arena, .out = ret, .seen = seen};

	*ret = (struct mw_pieces){.most = most};
	return walk(&w, message, "text/plain", AS_BODY, 0);
}
