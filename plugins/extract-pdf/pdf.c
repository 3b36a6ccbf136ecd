/* SPDX-License-Identifier: Apache-2.0 */
#include "pdf.h"
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TAIL 1024u	      /* octets in which the end of a file says where its table is */
#define NUMBER_MAX (1u << 23) /* of an object; qpdf takes no more from a file of a limit's size */

int pdf_open(struct pdf *p, struct mw_str data, const char **reason)
{
	QPDF_ERROR_CODE r;

	*p = (struct pdf){.q = qpdf_init()};
	qpdf_silence_errors(p->q);
	qpdf_set_suppress_warnings(p->q, QPDF_TRUE);
	r = qpdf_read_memory(p->q, "pdf", data.p, data.n, NULL);
	if (r & QPDF_ERRORS) {
		enum qpdf_error_code_e code = qpdf_get_error_code(p->q, qpdf_get_error(p->q));

		if (code == qpdf_e_password || code == qpdf_e_unsupported) {
			*reason = "encrypted";
			return -EACCES;
		}
		*reason = "damaged";
		return -EBADMSG;
	}
	return 0;
}

void pdf_close(struct pdf *p)
{
	if (p->q) {
		(void)qpdf_get_error(p->q); /* else it is printed */
		qpdf_cleanup(&p->q);
	}
	free(p->handle);
	free(p->seen);
	*p = (struct pdf){.q = NULL};
}

/* Some fill files up. */
static struct mw_str trimmed(struct mw_str file)
{
	while (file.n && (file.p[file.n - 1] == '\0' || file.p[file.n - 1] == ' '))
		file.n--;
	return file;
}

/* Behind the last of these words near the end of the file, 0 when it is not there. */
static size_t behind_last(struct mw_str file, const char *word)
{
	size_t n = strlen(word), from = file.n > TAIL ? file.n - TAIL : 0;

	for (size_t i = file.n; i-- > from;)
		if (file.n - i >= n && memcmp(file.p + i, word, n) == 0)
			return i + n;
	return 0;
}

bool pdf_is_whole(struct mw_str file)
{
	size_t end;

	file = trimmed(file);
	end = behind_last(file, "%%EOF");
	return end && !memmem(file.p + end, file.n - end, " obj", 4);
}

size_t pdf_table(struct mw_str file)
{
	size_t i, at = 0;

	file = trimmed(file);
	i = behind_last(file, "startxref");
	while (i && i < file.n && (file.p[i] == '\r' || file.p[i] == '\n' || file.p[i] == ' '))
		i++;
	for (; i && i < file.n && file.p[i] >= '0' && file.p[i] <= '9' && at < file.n; i++)
		at = at * 10 + (size_t)(file.p[i] - '0');
	return at < file.n ? at : 0;
}

/* ---- handles --------------------------------------------------------------------------------------------------------------------- */

size_t pdf_mark(const struct pdf *p)
{
	return p->handles;
}

void pdf_drop(struct pdf *p, size_t mark)
{
	while (p->handles > mark)
		qpdf_oh_release(p->q, p->handle[--p->handles]);
}

/* One that cannot be kept is kept by qpdf until the document is closed. */
static qpdf_oh keep(struct pdf *p, qpdf_oh h)
{
	if (p->handles == p->handle_cap) {
		size_t cap = p->handle_cap * 2 + 64;
		qpdf_oh *v = reallocarray(p->handle, cap, sizeof(*v));

		if (!v)
			return h;
		p->handle = v;
		p->handle_cap = cap;
	}
	p->handle[p->handles++] = h;
	p->looked++;
	p->limit |= p->looked > PDF_LOOKED;
	return h;
}

/* ---- objects --------------------------------------------------------------------------------------------------------------------- */

qpdf_oh pdf_root(struct pdf *p)
{
	return keep(p, qpdf_get_root(p->q));
}

qpdf_oh pdf_trailer(struct pdf *p)
{
	return keep(p, qpdf_get_trailer(p->q));
}

qpdf_oh pdf_page(struct pdf *p, size_t i)
{
	return keep(p, qpdf_get_page_n(p->q, i));
}

qpdf_oh pdf_number_object(struct pdf *p, unsigned number)
{
	return keep(p, number && number < NUMBER_MAX ? qpdf_get_object_by_id(p->q, (int)number, 0) : qpdf_oh_new_null(p->q));
}

qpdf_oh pdf_parse(struct pdf *p, const char *object)
{
	return keep(p, qpdf_oh_parse(p->q, object));
}

qpdf_oh pdf_get(struct pdf *p, qpdf_oh from, const char *key)
{
	if (p->limit)
		return keep(p, qpdf_oh_new_null(p->q));
	if (qpdf_oh_is_stream(p->q, from))
		from = keep(p, qpdf_oh_get_dict(p->q, from));
	return keep(p, qpdf_oh_is_dictionary(p->q, from) ? qpdf_oh_get_key(p->q, from, key) : qpdf_oh_new_null(p->q));
}

/* qpdf_push_inherited_attributes_to_page() does not end in a tree that is none. */
qpdf_oh pdf_inherited(struct pdf *p, qpdf_oh page, const char *key)
{
	qpdf_oh value = pdf_get(p, page, key);

	for (unsigned i = 0; i < PDF_DEPTH && pdf_is_null(p, value); i++) {
		page = pdf_get(p, page, "/Parent");
		if (pdf_is_null(p, page))
			break;
		value = pdf_get(p, page, key);
	}
	return value;
}

qpdf_oh pdf_item(struct pdf *p, qpdf_oh array, size_t i)
{
	return keep(p, p->limit ? qpdf_oh_new_null(p->q) : qpdf_oh_get_array_item(p->q, array, (int)i));
}

size_t pdf_items(struct pdf *p, qpdf_oh h)
{
	int n = qpdf_oh_is_array(p->q, h) && !p->limit ? qpdf_oh_get_array_n_items(p->q, h) : 0;

	return n > 0 ? (size_t)n : 0;
}

size_t pdf_values(struct pdf *p, qpdf_oh h, size_t *first)
{
	*first = p->handles;
	if (!qpdf_oh_is_dictionary(p->q, h))
		return 0;
	for (qpdf_oh_begin_dict_key_iter(p->q, h); qpdf_oh_dict_more_keys(p->q) && !p->limit;)
		(void)keep(p, qpdf_oh_get_key(p->q, h, qpdf_oh_dict_next_key(p->q)));
	return p->handles - *first;
}

bool pdf_is_null(struct pdf *p, qpdf_oh h)
{
	return qpdf_oh_is_null(p->q, h) || !qpdf_oh_is_initialized(p->q, h);
}

bool pdf_is_dictionary(struct pdf *p, qpdf_oh h)
{
	return qpdf_oh_is_dictionary(p->q, h);
}

bool pdf_is_stream(struct pdf *p, qpdf_oh h)
{
	return qpdf_oh_is_stream(p->q, h);
}

bool pdf_is_name(struct pdf *p, qpdf_oh h, const char *name)
{
	return qpdf_oh_is_name(p->q, h) && strcmp(qpdf_oh_get_name(p->q, h), name) == 0;
}

long long pdf_number(struct pdf *p, qpdf_oh h)
{
	return qpdf_oh_is_integer(p->q, h) ? qpdf_oh_get_int_value(p->q, h) : 0;
}

struct mw_str pdf_text(struct pdf *p, qpdf_oh h)
{
	struct mw_str s = {.p = "", .n = 0};

	if (qpdf_oh_is_string(p->q, h)) {
		s.p = qpdf_oh_get_binary_utf8_value(p->q, h, &s.n);
	} else if (qpdf_oh_is_name(p->q, h)) {
		s.p = qpdf_oh_get_name(p->q, h);
		s.n = strlen(s.p);
		if (s.n) {
			s.p++;
			s.n--;
		}
	}
	return s;
}

bool pdf_first(struct pdf *p, qpdf_oh h)
{
	int id = qpdf_oh_is_indirect(p->q, h) ? qpdf_oh_get_object_id(p->q, h) : 0;
	size_t at = (size_t)(id > 0 ? id : 0) / 64;
	uint64_t bit = UINT64_C(1) << (id & 63);
	bool first;

	if (id <= 0)
		return true;
	if ((unsigned)id >= NUMBER_MAX) {
		p->limit = true;
		return false;
	}
	if (at >= p->seen_words) {
		size_t words = at * 2 + 64;
		uint64_t *v = reallocarray(p->seen, words, sizeof(*v));

		if (!v) {
			p->limit = true;
			return false;
		}
		memset(v + p->seen_words, 0, (words - p->seen_words) * sizeof(*v));
		p->seen = v;
		p->seen_words = words;
	}
	first = !(p->seen[at] & bit);
	p->seen[at] |= bit;
	return first;
}

void pdf_forget(struct pdf *p)
{
	if (p->seen)
		memset(p->seen, 0, p->seen_words * sizeof(*p->seen));
}

struct taken {
	char *p;
	size_t n, cap, most;
};

static int take(void *ctx, const char *p, size_t n)
{
	struct taken *t = ctx;

	n = n < t->most - t->n ? n : t->most - t->n;
	if (n > t->cap - t->n) {
		size_t cap = (t->n + n) * 2;
		char *more = realloc(t->p, cap);

		if (!more)
			return -ENOMEM;
		t->p = more;
		t->cap = cap;
	}
	memcpy(t->p + t->n, p, n);
	t->n += n;
	return t->n == t->most ? -EFBIG : 0;
}

char *pdf_octets(struct pdf *p, qpdf_oh h, size_t most, size_t *n)
{
	struct taken t = {.most = most};
	struct mw_str s = pdf_text(p, h);

	if (pdf_is_stream(p, h)) {
		int r = stream_read(p, h, take, &t);

		p->damaged |= r == -EBADMSG || r == -ENOMEM;
		p->limit |= r == -EFBIG;
	} else if (s.n && take(&t, s.p, s.n) == -EFBIG) {
		p->limit = true;
	}
	*n = t.n;
	return t.p;
}
