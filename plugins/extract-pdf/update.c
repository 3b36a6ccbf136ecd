/* SPDX-License-Identifier: Apache-2.0 */
#include "update.h"
#include "pdf.h"

#include <string.h>

#define ENTRY 20u	    /* octets of a row of a table */
#define ROWS_MAX (1u << 20) /* of a table */
#define LOOKED_MAX 8u	    /* objects that are looked at; what is told of a document has two */
#define TRAILER_MAX 4096u   /* octets */
#define HEAD_MAX 1024u	    /* octets in which an object says what it is */

static struct mw_str from(struct mw_str s, size_t at)
{
	at = at < s.n ? at : s.n;
	return (struct mw_str){.p = s.p + at, .n = s.n - at};
}

static struct mw_str first(struct mw_str s, size_t n)
{
	return (struct mw_str){.p = s.p, .n = n < s.n ? n : s.n};
}

static size_t find(struct mw_str s, const char *word)
{
	const char *p = s.n ? memmem(s.p, s.n, word, strlen(word)) : NULL;

	return p ? (size_t)(p - s.p) : SIZE_MAX;
}

static struct mw_str skip_space(struct mw_str s)
{
	while (s.n && strchr(" \t\r\n\f", *s.p) && *s.p)
		s = from(s, 1);
	return s;
}

/* The number that s begins with, which is taken off. */
static bool take_number(struct mw_str *s, size_t *ret)
{
	size_t n = 0, digits = 0;

	*s = skip_space(*s);
	for (; s->n && *s->p >= '0' && *s->p <= '9' && digits < 12; digits++) {
		n = n * 10 + (size_t)(*s->p - '0');
		*s = from(*s, 1);
	}
	*ret = n;
	return digits > 0;
}

/* ---- tables ------------------------------------------------------------------------------------------------------------------------- */

/* A table of the plain kind, and the dictionary behind it. */
struct table {
	struct mw_str rows, trailer;
};

static bool table_at(struct mw_str file, size_t at, struct table *t)
{
	struct mw_str s = skip_space(from(file, at));
	size_t end;

	if (s.n < 4 || memcmp(s.p, "xref", 4) != 0)
		return false;
	s = from(s, 4);
	end = find(s, "trailer");
	if (end == SIZE_MAX)
		return false;
	*t = (struct table){.rows = first(s, end), .trailer = first(from(s, end), TRAILER_MAX)};
	end = find(t->trailer, "startxref");
	t->trailer = first(t->trailer, end);
	return end != SIZE_MAX;
}

/* fn for each row until it gives false. Returns whether all were well-formed and fn gave true. */
static bool rows_each(struct mw_str s, bool (*fn)(void *ctx, size_t number, size_t offset, bool used), void *ctx)
{
	size_t start, count, offset, generation, all = 0;

	for (s = skip_space(s); s.n; s = skip_space(s)) {
		if (!take_number(&s, &start) || !take_number(&s, &count))
			return false;
		for (; count; count--, start++) {
			if (all++ > ROWS_MAX || !take_number(&s, &offset) || !take_number(&s, &generation))
				return false;
			s = skip_space(s);
			if (s.n == 0 || (*s.p != 'n' && *s.p != 'f') || !fn(ctx, start, offset, *s.p == 'n'))
				return false;
			s = from(s, 1);
		}
	}
	return true;
}

/* "2 0 R" behind a key of a dictionary, without its place in it; empty = there is none. */
static struct mw_str reference(struct mw_str dictionary, const char *key)
{
	size_t at = find(dictionary, key), end;
	struct mw_str s = at == SIZE_MAX ? first(dictionary, 0) : skip_space(from(dictionary, at + strlen(key)));

	end = find(s, "R");
	return first(s, end == SIZE_MAX ? 0 : end);
}

static bool same_reference(const struct table *a, const struct table *b, const char *key)
{
	struct mw_str one = reference(a->trailer, key), two = reference(b->trailer, key);

	return one.n && one.n == two.n && memcmp(one.p, two.p, one.n) == 0;
}

/* ---- objects ------------------------------------------------------------------------------------------------------------------------ */

struct look {
	struct mw_str file;
	size_t begin, end; /* of what was added */
	size_t about;	   /* the number of the dictionary that tells of the document */
	struct table earlier;
	size_t wanted, found; /* in the earlier table */
	size_t looked;
};

/* An object's own octets, as far as they say what it is. */
static struct mw_str object_at(struct mw_str file, size_t offset, size_t number)
{
	struct mw_str s = from(file, offset);
	size_t is, generation, end;

	if (!take_number(&s, &is) || is != number || !take_number(&s, &generation))
		return first(s, 0);
	s = skip_space(s);
	if (s.n < 3 || memcmp(s.p, "obj", 3) != 0)
		return first(s, 0);
	s = from(s, 3);
	end = find(s, "endobj");
	return first(s, end == SIZE_MAX ? 0 : end);
}

static bool is_metadata(struct mw_str object)
{
	struct mw_str head = first(object, HEAD_MAX);
	size_t end = find(head, "stream");

	head = first(head, end);
	return end != SIZE_MAX && (find(head, "/Type/Metadata") != SIZE_MAX || find(head, "/Type /Metadata") != SIZE_MAX);
}

static bool is_row(void *ctx, size_t number, size_t offset, bool used)
{
	struct look *l = ctx;

	if (number == l->wanted && used)
		l->found = offset;
	return true;
}

/* It is what it was before: words about the document. */
static bool is_about(void *ctx, size_t number, size_t offset, bool used)
{
	struct look *l = ctx;
	struct mw_str object;

	if (!used)
		return number == 0;
	if (offset < l->begin || offset >= l->end || l->looked++ == LOOKED_MAX)
		return false;
	object = object_at(l->file, offset, number);
	if (object.n == 0)
		return false;
	if (number == l->about)
		return find(object, "stream") == SIZE_MAX;
	l->wanted = number;
	l->found = SIZE_MAX;
	return is_metadata(object) && rows_each(l->earlier.rows, is_row, l) && l->found < l->begin &&
	       is_metadata(object_at(l->file, l->found, number));
}

bool update_is_of_words_about(struct mw_str file, size_t begin)
{
	struct mw_str before = first(file, begin), number;
	struct look l = {.file = file, .begin = begin, .end = pdf_table(file)};
	size_t earlier = pdf_table(before), at, prev;
	struct table now;

	if (l.end < begin || earlier == 0 || !table_at(file, l.end, &now) || !table_at(before, earlier, &l.earlier))
		return false;
	/* Nothing else may lead to other objects. */
	at = find(now.trailer, "/Prev");
	number = from(now.trailer, at == SIZE_MAX ? now.trailer.n : at + 5);
	if (!take_number(&number, &prev) || prev != earlier || find(now.trailer, "/XRefStm") != SIZE_MAX ||
	    !same_reference(&now, &l.earlier, "/Root") || !same_reference(&now, &l.earlier, "/Info"))
		return false;
	number = reference(now.trailer, "/Info");
	return take_number(&number, &l.about) && rows_each(now.rows, is_about, &l);
}
