/* SPDX-License-Identifier: Apache-2.0 */
/*
 * descriptions: texts for those who cannot see the page. They stand in the elements of the document's structure, of which there is one
 * for each paragraph and cell: to make objects of all of them takes longer than to read the pages. So their texts are looked for in
 * the octets of the file and of its object streams; in the structure itself only when these octets are encrypted.
 */
#include "stream.h"
#include "walk.h"

#include <stdlib.h>
#include <string.h>

#define SECTION "descriptions"
#define OBJECTS_MAX (64u << 20) /* octets of one object stream */
#define TEXT_MAX 65536u		/* octets of one text, as it is written */
#define BUDGET_TIMES 8u
#define DEPTH_MAX 256u /* elements in elements */

static const char *const keys[] = {"/Alt", "/ActualText", "/E"};

/* ---- in octets ------------------------------------------------------------------------------------------------------------------- */

/* Octets of the string that begins with "(" or "<", 0 when it does not end. */
static size_t string_octets(struct mw_str s)
{
	size_t depth = 0;

	if (*s.p == '<') {
		const char *end = memchr(s.p, '>', s.n);

		return end && s.n > 1 && s.p[1] != '<' ? (size_t)(end - s.p) + 1 : 0;
	}
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '(')
			depth++;
		else if (s.p[i] == ')' && --depth == 0)
			return i + 1;
	}
	return 0;
}

static void write_string(struct walk *w, struct mw_str s, size_t *budget)
{
	size_t mark = pdf_mark(w->pdf), n;
	char *copy;

	s.n = s.n < TEXT_MAX ? s.n : TEXT_MAX;
	n = string_octets(s);
	/* Strings that do not end, in one another: each of them is gone through again. */
	w->pdf->limit |= (n ? n : s.n) > *budget;
	*budget -= w->pdf->limit ? 0 : n ? n : s.n;
	copy = n ? strndup(s.p, n) : NULL;
	if (copy)
		walk_value(w, SECTION, true, NULL, pdf_parse(w->pdf, copy));
	w->pdf->limit |= n && !copy;
	free(copy);
	pdf_drop(w->pdf, mark);
}

/* The value of a key: a string, or where one is. */
static void read_value(struct walk *w, struct mw_str s, size_t *budget)
{
	size_t i = 0, mark = pdf_mark(w->pdf);
	unsigned number = 0;

	while (i < s.n && strchr(" \t\r\n\f", s.p[i]) && s.p[i])
		i++;
	if (i < s.n && (s.p[i] == '(' || s.p[i] == '<')) {
		write_string(w, (struct mw_str){.p = s.p + i, .n = s.n - i}, budget);
		return;
	}
	for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9' && number < 100000000; i++)
		number = number * 10 + (unsigned)(s.p[i] - '0');
	if (number)
		walk_value(w, SECTION, true, NULL, pdf_number_object(w->pdf, number));
	pdf_drop(w->pdf, mark);
}

/* memmem(), which is slow for a needle as short as this: slashes are rare. key begins with one. */
static const char *find_key(const char *p, const char *end, const char *key, size_t n)
{
	while (p < end && (p = memchr(p, '/', (size_t)(end - p))) && (size_t)(end - p) >= n) {
		if (memcmp(p, key, n) == 0)
			return p;
		p++;
	}
	return NULL;
}

static void read_octets(struct walk *w, struct mw_str s)
{
	size_t budget = s.n * BUDGET_TIMES + TEXT_MAX;

	for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++) {
		size_t n = strlen(keys[k]);
		const char *p = s.p, *end = s.p + s.n;

		while (!walk_over(w) && (p = find_key(p, end, keys[k], n))) {
			p += n;
			if (p < end && strchr(" \t\r\n\f(<", *p))
				read_value(w, (struct mw_str){.p = p, .n = (size_t)(end - p)}, &budget);
		}
	}
}

/* The number of the object in whose dictionary `at` stands: "12 0 obj <<"; 0 when none is near. */
static unsigned number_before(struct mw_str file, size_t at)
{
	size_t from = at > 512 ? at - 512 : 0, i = at;
	unsigned number = 0;

	while (i > from && !(at - i >= 4 && memcmp(file.p + i, " obj", 4) == 0))
		i--;
	while (i > from && file.p[i - 1] >= '0' && file.p[i - 1] <= '9')
		i--; /* generation */
	while (i > from && strchr(" \t\r\n", file.p[i - 1]))
		i--;
	while (i > from && file.p[i - 1] >= '0' && file.p[i - 1] <= '9')
		i--;
	for (; i < at && file.p[i] >= '0' && file.p[i] <= '9' && number < 100000000; i++)
		number = number * 10 + (unsigned)(file.p[i] - '0');
	return number;
}

static void read_object_streams(struct walk *w, struct mw_str file)
{
	static const char type[] = "/ObjStm";
	const char *p = file.p;

	while (!walk_over(w) && (p = find_key(p, file.p + file.n, type, sizeof(type) - 1))) {
		size_t mark = pdf_mark(w->pdf), n;
		unsigned number = number_before(file, (size_t)(p - file.p));
		qpdf_oh stream = pdf_number_object(w->pdf, number);
		char *objects = NULL;

		p += sizeof(type) - 1;
		if (number && pdf_is_stream(w->pdf, stream) && pdf_first(w->pdf, stream))
			objects = pdf_octets(w->pdf, stream, OBJECTS_MAX, &n);
		if (objects) {
			read_octets(w, (struct mw_str){.p = objects, .n = n});
			explicit_bzero(objects, n);
		}
		free(objects);
		pdf_drop(w->pdf, mark);
	}
}

/* ---- in objects ------------------------------------------------------------------------------------------------------------------ */

static void read_element(struct walk *w, qpdf_oh h, unsigned depth)
{
	size_t n = pdf_items(w->pdf, h), mark = pdf_mark(w->pdf);

	if (walk_over(w))
		return;
	if (depth == 0) {
		w->pdf->limit = true;
		return;
	}
	for (size_t i = 0; i < n && !walk_over(w); i++) {
		read_element(w, pdf_item(w->pdf, h, i), depth - 1);
		pdf_drop(w->pdf, mark);
	}
	if (n || !pdf_is_dictionary(w->pdf, h) || !pdf_first(w->pdf, h))
		return;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		walk_value(w, SECTION, true, NULL, pdf_get(w->pdf, h, keys[i]));
	read_element(w, pdf_get(w->pdf, h, "/K"), depth - 1);
	pdf_drop(w->pdf, mark);
}

void walk_descriptions(struct walk *w, struct mw_str file, qpdf_oh root)
{
	if (!pdf_is_dictionary(w->pdf, root))
		return;
	if (qpdf_is_encrypted(w->pdf->q)) {
		read_element(w, root, DEPTH_MAX);
		return;
	}
	read_octets(w, file);
	read_object_streams(w, file);
}
