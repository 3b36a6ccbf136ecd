/* SPDX-License-Identifier: Apache-2.0 */
#include "tree.h"

#include <stdlib.h>
#include <string.h>

#define KEY_MAX 200u

struct mw_str tree_key(const struct tree *t, const struct frame *f)
{
	return (struct mw_str){.p = text_all(&t->pool).p + f->key, .n = f->key_n};
}

struct frame *tree_around(struct tree *t, const struct frame *f)
{
	return f == t->frame ? NULL : t->frame + (f - t->frame) - 1;
}

struct mw_str leaf_key(const struct tree *t, const struct leaf *l)
{
	return (struct mw_str){.p = text_all(&t->pool).p + l->key, .n = l->key_n};
}

struct mw_str leaf_value(const struct tree *t, const struct leaf *l)
{
	return (struct mw_str){.p = l->p ? l->p : text_all(&t->pool).p + l->at, .n = l->n};
}

const struct leaf *tree_at(const struct tree *t, const struct frame *f, size_t i)
{
	return t->leaf + f->first + i;
}

struct mw_str tree_get(const struct tree *t, const struct frame *f, const char *key)
{
	for (size_t i = 0; i < f->leaves; i++)
		if (str_is(leaf_key(t, tree_at(t, f, i)), key))
			return leaf_value(t, tree_at(t, f, i));
	return str("");
}

bool tree_has(const struct tree *t, const struct frame *f, const char *key)
{
	return tree_get(t, f, key).n > 0;
}

void tree_join(const struct tree *t, const struct frame *f, const char *key, const char *separator, struct text *to)
{
	for (size_t i = 0; i < f->leaves; i++)
		if (str_is(leaf_key(t, tree_at(t, f, i)), key))
			text_join(to, separator, leaf_value(t, tree_at(t, f, i)));
}

static void keep(char *to, size_t size, struct mw_str s)
{
	s = str_first(str_trim(s), size - 1);
	memcpy(to, s.p, s.n);
	to[s.n] = '\0';
}

void tree_concept(struct frame *f, struct mw_str code, struct mw_str words)
{
	if (!f)
		return;
	if (!*f->concept)
		keep(f->concept, sizeof(f->concept), words);
	if (!*f->concept_code)
		keep(f->concept_code, sizeof(f->concept_code), code);
}

/* ---- objects --------------------------------------------------------------------------------------------------------------------- */

static bool grow(struct tree *t)
{
	size_t cap = t->cap ? t->cap * 2 : 128;
	struct leaf *more = reallocarray(t->leaf, cap, sizeof(*more));

	if (!more) {
		t->pool.failed = true;
		return false;
	}
	t->leaf = more;
	t->cap = cap;
	return true;
}

void tree_open(struct tree *t, struct mw_str key, struct mw_str resource)
{
	struct frame *f;

	if (t->depth == TREE_DEPTH || t->lost) {
		t->deep = true;
		t->lost++;
		return;
	}
	f = t->frame + t->depth++;
	*f = (struct frame){.who = "", .pool = t->pool.n, .first = t->leaves};
	if (f != t->frame) {
		f->who = f[-1].who;
		memcpy(f->resource, f[-1].resource, sizeof(f->resource));
	}
	if (resource.n)
		keep(f->resource, sizeof(f->resource), resource);
	key = str_first(key, KEY_MAX);
	f->key = t->pool.n;
	text_str(&t->pool, key);
	f->key_n = t->pool.failed ? 0 : key.n;
	t->kind->opened(t, f);
}

void tree_drop(struct tree *t)
{
	struct frame *f;

	if (t->lost) {
		t->lost--;
		return;
	}
	f = t->frame + --t->depth;
	text_cut(&t->pool, f->pool);
	t->leaves = f->first;
}

void tree_close(struct tree *t)
{
	if (!t->lost && !t->pool.failed)
		t->kind->closing(t, t->frame + t->depth - 1);
	tree_drop(t);
}

void tree_leaf(struct tree *t, struct mw_str key, struct mw_str value, bool stable)
{
	struct frame *f = t->depth ? t->frame + t->depth - 1 : NULL;
	struct leaf *l;

	value = str_trim(value);
	if (!f || t->lost || value.n == 0 || t->pool.failed || (t->leaves == t->cap && !grow(t)))
		return;
	if (f->leaves == TREE_LEAVES) {
		t->kind->closing(t, f); /* what it has by now is put out */
		text_cut(&t->pool, f->pool + f->key_n);
		t->leaves = f->first;
		f->leaves = 0;
	}
	l = t->leaf + t->leaves;
	key = str_first(key, KEY_MAX);
	*l = (struct leaf){.key = t->pool.n, .key_n = key.n, .p = stable ? value.p : NULL, .n = value.n};
	text_str(&t->pool, key);
	l->at = t->pool.n;
	if (!stable)
		text_str(&t->pool, value);
	if (t->pool.failed)
		return;
	t->leaves++;
	f->leaves++;
}

void tree_free(struct tree *t)
{
	text_wipe(&t->pool);
	free(t->leaf);
	t->leaf = NULL;
}

/* ---- narratives ------------------------------------------------------------------------------------------------------------------ */

static bool is_tag(struct mw_str tag, const char *const *names)
{
	size_t n = 0;

	if (tag.n && *tag.p == '/')
		tag = str_from(tag, 1);
	while (n < tag.n && ((tag.p[n] | 32) >= 'a' ? (tag.p[n] | 32) <= 'z' : tag.p[n] >= '0' && tag.p[n] <= '9'))
		n++;
	tag.n = n;
	for (; *names; names++)
		if (str_is_word(tag, *names))
			return true;
	return false;
}

static void put_tag(struct text *t, struct mw_str tag)
{
	static const char *const cells[] = {"td", "th", NULL};
	static const char *const blocks[] = {"p",  "div", "br", "tr", "table",	 "li", "ul",  "ol",    "h1",	"h2",
					     "h3", "h4",  "h5", "h6", "caption", "hr", "pre", "thead", "tbody", NULL};

	if (is_tag(tag, cells) && *tag.p == '/')
		text_putc(t, '\t');
	else if (is_tag(tag, blocks) && t->n && t->p[t->n - 1] != '\n')
		text_putc(t, '\n');
}

/* &amp; &#225; at the ampersand; octets that it takes, 0 = it is none. */
static size_t put_reference(struct text *t, struct mw_str s)
{
	static const char *const names[][2] = {{"lt", "<"},    {"gt", ">"},   {"amp", "&"},
					       {"quot", "\""}, {"apos", "'"}, {"nbsp", " "}};
	const char *end = memchr(s.p, ';', s.n < 12 ? s.n : 12);
	struct mw_str name;
	unsigned long c;
	char number[12];

	if (!end)
		return 0;
	name = (struct mw_str){.p = s.p + 1, .n = (size_t)(end - s.p) - 1};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is(name, names[i][0])) {
			text_puts(t, names[i][1]);
			return name.n + 2;
		}
	if (name.n < 2 || *name.p != '#')
		return 0;
	keep(number, sizeof(number), str_from(name, name.p[1] == 'x' || name.p[1] == 'X' ? 2 : 1));
	c = strtoul(number, NULL, name.p[1] == 'x' || name.p[1] == 'X' ? 16 : 10);
	text_putu(t, c > 0x10ffff ? 0 : (uint32_t)c);
	return name.n + 2;
}

void tree_html(struct text *t, struct mw_str s)
{
	bool tags = true;

	for (size_t i = 0; i < s.n;) {
		const char *end = tags && s.p[i] == '<' ? memchr(s.p + i, '>', s.n - i) : NULL;
		size_t n = s.p[i] == '&' ? put_reference(t, str_from(s, i)) : 0;

		tags = tags && (end || s.p[i] != '<'); /* once none ends, none does */
		if (end) {
			put_tag(t, (struct mw_str){.p = s.p + i + 1, .n = (size_t)(end - (s.p + i)) - 1});
			i = (size_t)(end - s.p) + 1;
		} else if (n) {
			i += n;
		} else {
			char c = s.p[i++];
			bool blank = (unsigned char)c <= ' ';

			if (!blank || (t->n && (unsigned char)t->p[t->n - 1] > ' '))
				text_putc(t, blank ? ' ' : c);
		}
	}
}
