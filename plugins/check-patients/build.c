/* SPDX-License-Identifier: Apache-2.0 */
#include "build.h"

#include "write.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct build {
	const struct mw_host *host;
	const struct patients_build *how;
	struct patients_summary *sum;
	struct mw_err *err;
	struct patients_mac *mac;
	struct patients_sort *sort[PATIENTS_KINDS];
	char folder[PATH_MAX];
	int fd;
	char *buffer, *room; /* a row and more */
	size_t n;
	bool end; /* of the table */
	uint64_t read, all, line;
	bool headed; /* the columns are known */
	struct patients_row row;
};

#define BUFFER (2u * PATIENTS_CSV_ROW)

/* ---- values of a row --------------------------------------------------------------------------------------------- */
static int add(struct build *b, enum patients_kind kind, const char *p, size_t n)
{
	uint64_t entry;
	int r;

	if (!patients_mac_entry(b->mac, kind, p, n, &entry))
		return b->host->fail(b->err, -EIO, "OpenSSL cannot make a MAC");
	r = patients_sort_add(b->sort[kind], entry);
	return r < 0 ? b->host->fail(b->err, r, "cannot sort in %s: %s", b->folder, strerror(-r)) : 1;
}

static struct mw_str field(const struct build *b, enum patients_column c, size_t i)
{
	static const struct mw_str none = {.p = "", .n = 0};
	const struct patients_columns *cols = &b->sum->columns;

	return i < cols->n[c] && cols->at[c][i] < b->row.n ? b->row.field[cols->at[c][i]] : none;
}

/* The name, and with a date both together. 1, 0: no name, negative. */
static int add_name(struct build *b, const struct patients_word *given, const struct patients_word *first,
		    const struct patients_word *last, uint32_t date)
{
	char key[PATIENTS_KEY];
	size_t n = patients_name(given, first, last, key);
	int r = n ? add(b, PATIENTS_NAME, key, n) : 0;

	if (r <= 0 || !date)
		return r;
	key[n] = '/';
	patients_date_text(date, key + n + 1);
	return add(b, PATIENTS_NAME_DOB, key, n + 9);
}

/* "Smith, John" is clear; of "John van der Berg" any number of the last words may be the family's. */
static int add_full_name(struct build *b, const struct patients_words *w, uint32_t date)
{
	int r = 0;

	if (w->comma != SIZE_MAX && w->comma > 0 && w->comma < w->n)
		return add_name(b, w->v + w->comma, w->v, w->v + w->comma, date);
	for (size_t i = 1; i < w->n && r >= 0; i++)
		r = add_name(b, w->v, w->v + i, w->v + w->n, date);
	return r;
}

static bool blank(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != ' ' && s.p[i] != '\t')
			return false;
	return true;
}

static bool has_name(const struct build *b)
{
	return !blank(field(b, PATIENTS_COL_FIRST, 0)) || !blank(field(b, PATIENTS_COL_LAST, 0)) ||
	       !blank(field(b, PATIENTS_COL_NAME, 0));
}

static int add_names(struct build *b, uint32_t date)
{
	struct mw_str first = field(b, PATIENTS_COL_FIRST, 0), last = field(b, PATIENTS_COL_LAST, 0),
		      name = field(b, PATIENTS_COL_NAME, 0);
	struct patients_words given, family;
	int r = 0, full;

	patients_words(first.p, first.n, &given);
	patients_words(last.p, last.n, &family);
	if (given.n && family.n)
		r = add_name(b, given.v, family.v, family.v + (family.n < PATIENTS_FAMILY ? family.n : PATIENTS_FAMILY), date);
	if (r < 0 || name.n == 0)
		return r;
	patients_words(name.p, name.n, &given);
	full = add_full_name(b, &given, date);
	return full < 0 || full > r ? full : r;
}

static int add_date(struct build *b, uint32_t *date)
{
	struct mw_str s = field(b, PATIENTS_COL_DOB, 0);
	uint32_t found[PATIENTS_DATES];
	char text[8];

	if (patients_dates(s.p, s.n, b->how->order, b->how->year, found) == 0) {
		b->sum->bad_dates += !blank(s);
		return 0;
	}
	*date = found[0];
	patients_date_text(*date, text);
	return add(b, PATIENTS_DOB, text, sizeof(text));
}

static void count_digits(struct build *b, enum patients_kind kind, const char *key, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (key[i] > '9')
			return;
	if (n < PATIENTS_DIGITS)
		b->sum->digits[kind][n]++;
}

static int add_numbers(struct build *b, enum patients_column column, enum patients_kind kind)
{
	int r = 0;

	for (size_t i = 0; i < b->sum->columns.n[column] && r >= 0; i++) {
		struct mw_str s = field(b, column, i);
		char key[PATIENTS_NUMBER];
		size_t n = patients_number(s.p, s.n, key);

		if (n == 0) {
			b->sum->bad_numbers += !blank(s);
			continue;
		}
		count_digits(b, kind, key, n);
		r = add(b, kind, key, n);
	}
	return r;
}

static int take_row(struct build *b)
{
	uint32_t date = 0;
	int dates = add_date(b, &date), names = dates < 0 ? dates : add_names(b, date),
	    records = names < 0 ? names : add_numbers(b, PATIENTS_COL_MRN, PATIENTS_MRN),
	    members = records < 0 ? records : add_numbers(b, PATIENTS_COL_MEMBER, PATIENTS_MEMBER);

	if (members < 0)
		return members;
	b->sum->bad_names += names == 0 && has_name(b);
	if (dates || names || records || members) {
		b->sum->rows++;
	} else if (b->row.n > 1 || !blank(b->row.field[0])) {
		if (b->sum->empty++ == 0)
			b->sum->first_empty = b->line;
	}
	return 0;
}

/* ---- the table --------------------------------------------------------------------------------------------------- */
static int take_header(struct build *b)
{
	const struct patients_row *header = b->how->no_header ? NULL : &b->row;
	char text[256];
	const char *wrong;

	for (size_t i = 0; header && i < b->row.n; i++) /* blanks around a name are not its own */
		while (b->row.field[i].n && (b->row.field[i].p[b->row.field[i].n - 1] == ' '))
			b->row.field[i].n--;
	wrong = patients_columns_find(&b->sum->columns, header, b->how->column, b->how->columns, text, sizeof(text));
	b->headed = true;
	if (wrong)
		return b->host->fail(b->err, -EINVAL, "%s: %s", b->how->table, wrong);
	return header ? 0 : take_row(b);
}

static int fill(struct build *b)
{
	while (b->n < BUFFER && !b->end) {
		ssize_t r = read(b->fd, b->buffer + b->n, BUFFER - b->n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return b->host->fail(b->err, -errno, "cannot read %s: %s", b->how->table, strerror(errno));
		b->end = r == 0;
		b->n += (size_t)r;
		b->read += (size_t)r;
	}
	if (b->how->progress)
		b->how->progress(b->how->ctx, b->read, b->all, b->sum->rows);
	return 0;
}

static int row_failed(struct build *b, ssize_t r)
{
	const char *why = r == -E2BIG	 ? "has too many fields"
			  : r == -EINVAL ? "has a quote that is never closed"
					 : "is longer than 1 MiB; is a quote never closed?";

	return b->host->fail(b->err, r == 0 ? -EFBIG : (int)r, "%s: the row at line %llu %s", b->how->table,
			     (unsigned long long)b->line, why);
}

/* Rows of what is in the buffer. */
static int take_rows(struct build *b, char delimiter)
{
	size_t at = 0;
	int r = 0;

	while (at < b->n && r == 0) {
		ssize_t used = patients_csv_row(b->buffer + at, b->n - at, b->end, delimiter, b->room, &b->row);

		if (used == 0 && at > 0)
			break; /* the rest comes with the next octets */
		if (used <= 0 || (size_t)used > PATIENTS_CSV_ROW)
			return row_failed(b, used < 0 ? used : 0);
		r = b->headed ? take_row(b) : take_header(b);
		b->line += b->row.lines;
		at += (size_t)used;
	}
	memmove(b->buffer, b->buffer + at, b->n - at);
	b->n -= at;
	return r;
}

/* UTF-8 may have a mark in front; UTF-16 has to be saved otherwise. */
static int skip_mark(struct build *b)
{
	const unsigned char *p = (const unsigned char *)b->buffer;

	if (b->n >= 2 && ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff)))
		return b->host->fail(b->err, -EINVAL, "%s is UTF-16: save it as \"CSV UTF-8\"", b->how->table);
	if (b->n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
		b->n -= 3;
		memmove(b->buffer, b->buffer + 3, b->n);
	}
	return 0;
}

static int take_table(struct build *b)
{
	char delimiter;
	int r = fill(b);

	if (r == 0)
		r = skip_mark(b);
	delimiter = b->how->delimiter ? b->how->delimiter : patients_csv_delimiter(b->buffer, b->n);
	while (r == 0 && b->n) {
		r = take_rows(b, delimiter);
		if (r == 0)
			r = fill(b);
	}
	if (r == 0 && b->sum->rows == 0)
		r = b->host->fail(b->err, -EINVAL, "%s: no row has anything to index", b->how->table);
	return r;
}

static int table_open(struct build *b)
{
	struct stat st;

	if (strcmp(b->how->table, "-") == 0) {
		b->fd = STDIN_FILENO;
		return 0;
	}
	b->fd = open(b->how->table, O_RDONLY | O_CLOEXEC);
	if (b->fd < 0)
		return b->host->fail(b->err, -errno, "cannot open %s: %s", b->how->table, strerror(errno));
	if (fstat(b->fd, &st) == 0 && S_ISREG(st.st_mode))
		b->all = (uint64_t)st.st_size;
	return 0;
}

static int prepare(struct build *b)
{
	char copy[PATH_MAX];
	bool good;

	if (strlen(b->how->target.path) >= sizeof(copy))
		return b->host->fail(b->err, -ENAMETOOLONG, "the path of the index is too long");
	(void)strcpy(copy, b->how->target.path);
	(void)snprintf(b->folder, sizeof(b->folder), "%s", dirname(copy));
	b->mac = patients_mac_new(b->how->target.key);
	b->buffer = malloc(BUFFER);
	b->room = malloc(BUFFER);
	good = b->mac && b->buffer && b->room;
	for (int kind = 1; kind < PATIENTS_KINDS; kind++) {
		b->sort[kind] = patients_sort_new(b->how->memory / (PATIENTS_KINDS - 1) / sizeof(uint64_t) + 1, b->folder);
		good = good && b->sort[kind];
	}
	return good ? 0 : b->host->fail(b->err, -ENOMEM, "no memory for the index");
}

/* What was of the table is wiped: the next owner of this memory need not see it. */
static void build_free(struct build *b)
{
	for (int kind = 1; kind < PATIENTS_KINDS; kind++)
		patients_sort_free(&b->sort[kind]);
	patients_mac_free(&b->mac);
	if (b->buffer)
		explicit_bzero(b->buffer, BUFFER);
	if (b->room)
		explicit_bzero(b->room, BUFFER);
	free(b->buffer);
	free(b->room);
	if (b->fd > STDIN_FILENO)
		(void)close(b->fd);
	free(b);
}

int patients_build(const struct mw_host *host, const struct patients_build *how, struct patients_summary *sum, struct mw_err *err)
{
	struct build *b = calloc(1, sizeof(*b));
	int r;

	if (!b)
		return host->fail(err, -ENOMEM, "no memory for the index");
	*sum = (struct patients_summary){.rows = 0};
	b->host = host;
	b->how = how;
	b->sum = sum;
	b->err = err;
	b->fd = -1;
	b->line = 1;
	r = prepare(b);
	if (r == 0)
		r = table_open(b);
	if (r == 0)
		r = take_table(b);
	if (r == 0)
		r = patients_write(host, &how->target, b->sort, sum->values, &sum->octets, err);
	build_free(b);
	return r;
}
