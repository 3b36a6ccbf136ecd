/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alias_file: the text of alias tables. A line that begins with a blank goes on with the one before; a line is a comment when its first
 * octet behind blanks is "#". virtual(5): the first word is the key. aliases(5): the key ends with a colon.
 */
#include "policy/alias_private.h"

#include "base/file.h"
#include "base/str.h"
#include "policy/table.h"

#include <string.h>

/* A table, or a list that is included in one, in work. */
struct reader {
	struct mw_arena *arena;
	struct mw_diags *diags;
	struct mw_sources *sources;
	struct mw_alias_file *file;
	uint32_t source;
	unsigned deep;	   /* lists around this one */
	struct alias *now; /* that members go to; NULL = what stands here has no key */
	bool told;	   /* that names need domains */
	bool domain;	   /* the key before was taken for a domain of aliases, which has no members */
};

/* A piece of a line: what has no line of its own must be told where it stands. */
struct piece {
	struct mw_str text;
	struct mw_place place;
};

static void wrong(struct reader *r, const struct piece *p, const char *hint, const char *what)
{
	mw_diag_add(r->diags, MW_DIAG_ERROR, p->place, hint, "%s", what);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct piece trimmed(struct piece p)
{
	const char *from = p.text.p;

	p.text = mw_str_trim(p.text);
	p.place.column += (uint32_t)(p.text.p - from);
	p.place.length = p.text.n ? (uint32_t)p.text.n : 1;
	return p;
}

/* The octets in front of the first separator outside of quotes, and what is behind it. blanks: they separate, too. */
static struct piece cut(struct piece *rest, char separator, bool blanks)
{
	struct piece p = *rest;
	bool quoted = false;
	size_t i = 0;

	for (; i < rest->text.n; i++) {
		char c = rest->text.p[i];

		if (c == '\\' && quoted && i + 1 < rest->text.n)
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == separator || (blanks && is_blank(c))))
			break;
	}
	if (i > rest->text.n)
		i = rest->text.n;
	p.text.n = i;
	i += i < rest->text.n;
	rest->text.p += i;
	rest->text.n -= i;
	rest->place.column += (uint32_t)i;
	return trimmed(p);
}

static struct mw_str copied(struct reader *r, struct mw_str s)
{
	char *p = mw_arena_dup(r->arena, s.p, s.n);

	r->diags->no_memory |= !p;
	return (struct mw_str){.p = p ? p : "", .n = p ? s.n : 0};
}

/* Without the quotes around all of it, and the backslashes in them. */
static struct mw_str unquoted(struct reader *r, struct mw_str s)
{
	char *p;
	size_t n = 0;

	if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"')
		return s;
	p = mw_arena_array(r->arena, s.n, 1);
	r->diags->no_memory |= !p;
	for (size_t i = 1; p && i + 1 < s.n; i++) {
		if (s.p[i] == '\\' && i + 2 < s.n)
			i++;
		p[n++] = s.p[i];
	}
	return (struct mw_str){.p = p ? p : "", .n = n};
}

/* ---- members ------------------------------------------------------------------------------------------------------ */
static void add_member(struct reader *r, enum member_kind kind, struct mw_str text)
{
	struct member m = {.kind = kind, .text = copied(r, text)};

	if (r->now)
		MW_LIST_PUSH(r->arena, r->diags, &r->now->members, m);
}

static void read_lines(struct reader *r, void (*line)(struct reader *, struct piece));
static void list_line(struct reader *r, struct piece line);

/* What cannot be read may hold anything: the alias leads nobody knows where. */
static void include(struct reader *r, const struct piece *p, struct mw_str name)
{
	struct reader list = *r;
	struct mw_err err = {0};
	const char *why = NULL;
	struct mw_str text;
	char *path = mw_arena_dup(r->diags->arena, name.p, name.n);
	bool full = r->deep >= MW_ALIAS_LISTS || r->diags->sources - r->sources->first >= MW_SOURCES_MAX;

	if (!path) {
		r->diags->no_memory = true;
		return;
	}
	list.deep++;
	if (full)
		why = "too many lists";
	else if (path[0] != '/')
		why = "the name of a list begins with \"/\"";
	else if (r->sources->sealed)
		why = "this policy may read no files";
	else if (mw_file_read(r->diags->arena, path, MW_TERMS_MAX, &text, &err) < 0)
		why = err.text;
	if (why) {
		mw_diag_add(r->diags, MW_DIAG_WARNING, p->place, why, "this list is not read: its alias counts as outside");
		if (r->now)
			r->now->unknown = "its members are in a list that cannot be read";
		return;
	}
	if (mw_source_add(r->sources, path, mw_diag_printable(path), text, &list.source) == 0)
		read_lines(&list, list_line);
}

static bool begins(struct mw_str s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && strncasecmp(s.p, with, n) == 0;
}

/* Words, comments, quotes, bang paths: an MTA makes another address of it than what stands here. */
static bool is_odd_local(struct mw_str s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789#$&'*+-./=?^_`{|}~";

	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x80 && !memchr(plain, mw_lower(s.p[i]), sizeof(plain) - 1))
			return true;
	return false;
}

static void take_address(struct reader *r, const struct piece *p, struct mw_str s)
{
	const char *hint = NULL, *at;

	if (s.n > 2 && s.p[0] == '<' && s.p[s.n - 1] == '>')
		s = (struct mw_str){.p = s.p + 1, .n = s.n - 2};
	at = memrchr(s.p, '@', s.n);
	if (at)
		hint = mw_table_wrong(s.p[0] == '@' ? (struct mw_str){.p = s.p + 1, .n = s.n - 1} : s);
	if (!hint && memchr(s.p, '%', s.n))
		hint = "\"%\" is not supported here";
	if (!hint && is_odd_local((struct mw_str){.p = s.p, .n = at ? (size_t)(at - s.p) : s.n}))
		hint = "write bob@x.example, or bob";
	if (!hint) {
		add_member(r, at ? MEMBER_ADDRESS : MEMBER_NAME, s);
		return;
	}
	mw_diag_add(r->diags, MW_DIAG_WARNING, p->place, hint,
		    "this is no address that milward knows: its alias counts as outside");
	if (r->now)
		r->now->unknown = "not all of its members are known";
}

static void take_member(struct reader *r, struct piece p)
{
	struct mw_str s = unquoted(r, p.text);

	if (s.n == 0)
		return;
	if (begins(s, ":include:"))
		include(r, &p, mw_str_trim((struct mw_str){.p = s.p + 9, .n = s.n - 9}));
	else if (s.p[0] == '|' || s.p[0] == '/' || s.p[0] == '\\' || begins(s, "error:"))
		add_member(r, MEMBER_OPAQUE, s);
	else
		take_address(r, &p, s);
}

static void take_members(struct reader *r, struct piece rest)
{
	bool blanks = r->file->kind == MW_ALIAS_VIRTUAL;

	while (rest.text.n && !r->diags->no_memory)
		take_member(r, cut(&rest, ',', blanks));
}

/* ---- lines -------------------------------------------------------------------------------------------------------- */
static void new_alias(struct reader *r, struct mw_str key)
{
	struct alias a = {.key = copied(r, key), .local = r->file->kind == MW_ALIAS_LOCAL};

	MW_LIST_PUSH(r->arena, r->diags, &r->file->aliases, a);
	r->now = r->diags->no_memory ? NULL : &r->file->aliases.v[r->file->aliases.n - 1];
}

static void list_line(struct reader *r, struct piece line)
{
	take_members(r, line);
}

/* "x.example anything" tells Postfix that it is a domain of aliases; with an address behind it, it is a name as john.doe is. */
static bool is_domain(struct mw_str key, struct mw_str members)
{
	return memchr(key.p, '.', key.n) && !(members.n && memchr(members.p, '@', members.n));
}

static void needs_domain(struct reader *r, const struct piece *p)
{
	if (r->told)
		return;
	r->told = true;
	wrong(r, p, "add, behind the file: for <local>, a table of the domains that the MTA delivers itself",
	      "this name has no domain, and nothing says which domains it is of");
}

static bool is_key(struct reader *r, const struct piece *p, struct mw_str key, struct mw_str members)
{
	const char *hint = NULL, *at = key.n ? memchr(key.p, '@', key.n) : NULL;

	if (key.n && (key.p[0] == '/' || key.p[0] == '!'))
		wrong(r, p, "milward reads tables of literal keys: hash, lmdb, cdb, texthash and the like",
		      "this is a table of patterns");
	else if (key.n == 0)
		wrong(r, p, NULL, "the name of the alias is missing");
	else if (at)
		hint = mw_table_wrong(key.p[0] == '@' ? (struct mw_str){.p = key.p + 1, .n = key.n - 1} : key);
	else if (!r->file->names && !is_domain(key, members))
		needs_domain(r, p);
	if (hint)
		wrong(r, p, hint, "this is no address");
	return key.n > 0;
}

static void virtual_line(struct reader *r, struct piece line)
{
	struct piece key;

	if (is_blank(line.text.p[0])) {
		struct piece more = trimmed(line);

		if (r->domain && memchr(more.text.p, '@', more.text.n))
			needs_domain(r, &more); /* so it was a name, whose members have lines of their own */
		take_members(r, more);
		return;
	}
	key = cut(&line, ' ', true);
	r->now = NULL;
	r->domain = !r->file->names && !memchr(key.text.p, '@', key.text.n);
	if (!is_key(r, &key, unquoted(r, key.text), line.text))
		return;
	/* Nobody's name where there are no names. */
	if (memchr(key.text.p, '@', key.text.n) || r->file->names)
		new_alias(r, unquoted(r, key.text));
	take_members(r, line);
}

static void local_line(struct reader *r, struct piece line)
{
	struct piece all = line, key;

	if (is_blank(line.text.p[0])) {
		take_members(r, trimmed(line));
		return;
	}
	key = cut(&line, ':', false);
	r->now = NULL;
	if (key.text.n + 1 > all.text.n || !memchr(all.text.p + key.text.n, ':', all.text.n - key.text.n)) {
		wrong(r, &key, "aliases(5) is: name: member, member; for virtual(5) write: aliases virtual \"…\"",
		      "no \":\" behind the name");
		return;
	}
	if (is_key(r, &key, unquoted(r, key.text), line.text))
		new_alias(r, unquoted(r, key.text));
	take_members(r, line);
}

static void read_lines(struct reader *r, void (*line)(struct reader *, struct piece))
{
	const struct mw_source source = r->diags->source[r->source]; /* a copy: reading a list may move the sources */
	const char *p = source.text, *end = source.text + source.n;
	uint32_t number = 0;

	while (p < end && !r->diags->no_memory) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *to = nl ? nl : end;
		struct piece piece = {.text = {.p = p, .n = (size_t)(to - p)},
				      .place = {.source = r->source, .line = ++number, .column = 1, .length = 1}};
		struct mw_str rest = mw_str_trim(piece.text);

		if (rest.n && rest.p[0] != '#')
			line(r, piece);
		p = nl ? nl + 1 : end;
	}
}

/* ---- the table ---------------------------------------------------------------------------------------------------- */
/* FNV-1a over lower case. The entries are an administrator's, so nobody can aim at collisions. */
static uint64_t hash(struct mw_str s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)mw_lower(s.p[i])) * 0x100000001b3u;
	return h ^ h >> 32;
}

static struct alias **slot_of(const struct mw_alias_file *f, struct mw_str key)
{
	size_t at = (size_t)hash(key) & (f->slots - 1);

	while (f->slot[at] && !mw_str_casesame(f->slot[at]->key, key))
		at = (at + 1) & (f->slots - 1);
	return &f->slot[at];
}

const struct alias *mw_alias_find(const struct mw_alias_file *f, struct mw_str key)
{
	return key.n ? *slot_of(f, key) : NULL;
}

/* A name that is there twice: an MTA takes the one or the other. So both lead where each does. */
static void join(struct reader *r, struct alias *first, const struct alias *second)
{
	for (size_t i = 0; i < second->members.n; i++)
		MW_LIST_PUSH(r->arena, r->diags, &first->members, second->members.v[i]);
	first->unknown = first->unknown ? first->unknown : second->unknown;
	first->unsplit = "it is in its table twice";
}

/* team has an owner when there is an owner-team. */
static void mark_owner(struct mw_alias_file *f, const struct alias *owner)
{
	struct mw_str name = {.p = owner->key.p + 6, .n = owner->key.n - 6};
	struct alias *list = *slot_of(f, name);

	if (list)
		list->unsplit = "it is a list, whose owner gets what cannot be delivered";
}

static bool make_index(struct reader *r)
{
	struct mw_alias_file *f = r->file;

	for (f->slots = 16; f->slots / 2 <= f->aliases.n;)
		f->slots *= 2;
	f->slot = mw_arena_array(r->arena, f->slots, sizeof(*f->slot));
	for (size_t i = 0; f->slot && i < f->aliases.n; i++) {
		struct alias **slot = slot_of(f, f->aliases.v[i].key);

		if (*slot)
			join(r, *slot, &f->aliases.v[i]);
		else
			*slot = &f->aliases.v[i];
	}
	for (size_t i = 0; f->slot && f->kind == MW_ALIAS_LOCAL && i < f->aliases.n; i++)
		if (begins(f->aliases.v[i].key, "owner-"))
			mark_owner(f, &f->aliases.v[i]);
	return f->slot != NULL;
}

struct mw_alias_file *mw_alias_read(struct mw_arena *a, struct mw_sources *sources, enum mw_alias_kind kind, uint32_t source,
				    const struct mw_table *names)
{
	struct reader r = {.arena = a, .diags = sources->diags, .sources = sources, .source = source};

	r.file = mw_arena_alloc(a, sizeof(*r.file));
	if (r.file) {
		r.file->kind = kind;
		r.file->names = names;
		read_lines(&r, kind == MW_ALIAS_LOCAL ? local_line : virtual_line);
	}
	if (r.file && !r.diags->no_memory && make_index(&r))
		return r.file;
	r.diags->no_memory = true;
	return NULL;
}

enum mw_alias_kind mw_alias_file_kind(const struct mw_alias_file *f)
{
	return f->kind;
}

size_t mw_alias_file_count(const struct mw_alias_file *f)
{
	return f->aliases.n;
}

struct mw_str mw_alias_file_key(const struct mw_alias_file *f, size_t n)
{
	return f->aliases.v[n].key;
}
