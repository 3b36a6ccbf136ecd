/* SPDX-License-Identifier: Apache-2.0 */
#include "match/tables.h"

#include "match/line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define HEADER_CELL 64u	 /* octets of the name of a column */
#define TITLE_ROWS 6u	 /* that may stand above the names of columns */
#define FORM_ROWS 12u	 /* that are looked at */
#define COLUMNS_MAX 512u /* names that are kept */
#define QUOTED_MAX 1024u /* octets of a quoted cell */

#define LABEL_CELL 26u /* of one above columns that nothing but blanks divides */

static const char delimiters[] = {'\t', '|', ';', ',', MW_ALIGNED};

/* ---- rows ---------------------------------------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\r' || c == '\n';
}

/* Behind the quoted cell whose quote is at `at`, or `at` when it does not end as one does. */
static size_t quoted_end(struct mw_str text, size_t at, char delimiter)
{
	size_t end = text.n - at > QUOTED_MAX ? at + QUOTED_MAX : text.n;

	for (size_t i = at + 1; i < end; i++) {
		if (text.p[i] != '"')
			continue;
		if (i + 1 < text.n && text.p[i + 1] == '"') {
			i++;
			continue;
		}
		for (i++; i < text.n && text.p[i] == ' '; i++)
			;
		return i == text.n || text.p[i] == delimiter || mw_line_is_end(text.p[i]) ? i : at;
	}
	return at;
}

/* The first of two blanks or more that have something behind them, or the end of the line. */
static size_t gap_at(struct mw_str text, size_t at, size_t line)
{
	for (size_t i = at, k; i + 2 < line; i++) {
		if (text.p[i] != ' ' || text.p[i + 1] != ' ')
			continue;
		for (k = i + 2; k < line && text.p[k] == ' '; k++)
			;
		return k < line ? i : line;
	}
	return line;
}

/* The delimiter or line end behind the cell that begins at `at`, text.n at the end. *line: the end of the line of `at`, or of one
 * before it: then it is moved on. */
static size_t cell_end(struct mw_str text, size_t at, char delimiter, size_t *line)
{
	const char *p;

	while (at < text.n && text.p[at] == ' ')
		at++;
	if (at < text.n && text.p[at] == '"') {
		size_t end = quoted_end(text, at, delimiter);

		if (end > at)
			return end;
	}
	if (*line < at)
		*line = mw_line_end(text, at);
	if (delimiter == MW_ALIGNED)
		return gap_at(text, at, *line);
	p = *line > at ? memchr(text.p + at, delimiter, *line - at) : NULL;
	return p ? (size_t)(p - text.p) : *line;
}

/* What is aligned is for eyes. */
static size_t row_most(char delimiter)
{
	return delimiter == MW_ALIGNED ? MW_ALIGNED_MAX : MW_ROW_MAX;
}

/* No more of the text than a row may take, and one octet by which it is too long. */
static struct mw_str row_room(struct mw_str text, size_t start, size_t most)
{
	if (text.n - start > most + 1)
		text.n = start + most + 1;
	return text;
}

size_t mw_row_columns(struct mw_str text, size_t at, char delimiter, size_t *next)
{
	const size_t start = at, most = row_most(delimiter);
	const struct mw_str room = row_room(text, at, most);
	size_t columns = 1, end, line = mw_line_end(room, at);

	for (; (end = cell_end(room, at, delimiter, &line)) < room.n && text.p[end] == delimiter; columns++)
		at = end + 1;
	if (end - start > most) {
		(void)mw_line_at(text, start, next);
		return 0;
	}
	(void)mw_line_at(text, end, next);
	return columns;
}

void mw_row_walk(struct mw_str text, char delimiter, size_t to, size_t *at, size_t *column)
{
	size_t line = mw_line_end(text, *at);

	for (;;) {
		size_t end = cell_end(text, *at, delimiter, &line);

		if (end >= to || end >= text.n || text.p[end] != delimiter)
			return;
		*at = end + 1;
		++*column;
	}
}

/* ---- the header ---------------------------------------------------------------------------------------------------------- */

static struct mw_cell trimmed(struct mw_str text, size_t start, size_t end)
{
	while (start < end && (is_blank(text.p[start]) || text.p[start] == '"' || text.p[start] == '*' || text.p[start] == '\t'))
		start++;
	while (start < end &&
	       (is_blank(text.p[end - 1]) || text.p[end - 1] == '"' || text.p[end - 1] == '*' || text.p[end - 1] == '\t'))
		end--;
	return (struct mw_cell){.start = start, .end = end};
}

/* A name of a column: short, with a letter, and mostly of letters. */
static bool is_name(struct mw_str text, struct mw_cell c)
{
	size_t letters = 0, digits = 0;

	if (c.end - c.start > HEADER_CELL)
		return false;
	for (size_t i = c.start; i < c.end; i++) {
		unsigned char p = (unsigned char)text.p[i];

		if (p == '@' || p == '\n' || p == '\r')
			return false;
		if (p == ':' && i + 1 == c.end)
			return false; /* the name of a field: what it names stands beside it */
		letters += (p >= 'a' && p <= 'z') || (p >= 'A' && p <= 'Z') || p >= 0x80;
		digits += p >= '0' && p <= '9';
	}
	return letters > digits;
}

static int cell_push(struct mw_tables *t, struct mw_cell c)
{
	if (t->cells == t->cell_cap) {
		size_t cap = t->cell_cap ? t->cell_cap * 2 : 64;
		struct mw_cell *v = reallocarray(t->cell, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		t->cell = v;
		t->cell_cap = cap;
	}
	t->cell[t->cells++] = c;
	return 0;
}

/* Do most cells of the row hold something? Titles that stand above the names of columns have a cell or two to themselves. Bars
 * stand at both ends, too. */
static bool is_full(struct mw_str text, size_t at, char delimiter)
{
	size_t full = 0, cells = 0, line = mw_line_end(text, at), edges = delimiter == '|';

	for (; cells < COLUMNS_MAX; cells++) {
		size_t end = cell_end(text, at, delimiter, &line);
		struct mw_cell c = trimmed(text, at, end);

		full += c.start < c.end;
		if (end == text.n || text.p[end] != delimiter)
			return full * 2 + edges > cells + 1;
		at = end + 1;
	}
	return true;
}

/* The row that may hold the names of the columns: the first that is full, when it is one of the first few; else the first. */
static size_t header_row(struct mw_str text, const struct mw_table_block *b)
{
	size_t at = b->start, next;

	for (unsigned i = 0; i <= TITLE_ROWS && at < b->end; i++, at = next) {
		if (is_full(text, at, b->delimiter))
			return at;
		(void)mw_row_columns(text, at, b->delimiter, &next);
	}
	return b->start;
}

/* The names of the columns, when that row has such: no cell is anything else, and two have one. */
static int take_header(struct mw_tables *t, struct mw_str text, struct mw_table_block *block)
{
	const char delimiter = block->delimiter;
	const size_t row = header_row(text, block);
	size_t first = t->cells, names = 0, at = row, line = mw_line_end(text, at);

	for (size_t i = 0; i < COLUMNS_MAX; i++) {
		size_t end = cell_end(text, at, delimiter, &line);
		struct mw_cell c = trimmed(text, at, end);

		if (c.start < c.end && !is_name(text, c)) {
			t->cells = first;
			return 0;
		}
		names += c.start < c.end;
		if (cell_push(t, c) < 0)
			return -ENOMEM;
		if (end == text.n || text.p[end] != delimiter)
			break;
		at = end + 1;
	}
	if (names < 2) {
		t->cells = first;
		return 0;
	}
	block->cell = first;
	block->cells = t->cells - first;
	(void)mw_row_columns(text, row, delimiter, &block->header_end);
	return 0;
}

/* Could the row be names of columns that nothing but blanks divides? Sentences have two blanks between them, too: so the names are
 * short, and no sentence ends with one. */
static bool is_labels(struct mw_str text, size_t row)
{
	size_t at = row, line = mw_line_end(text, at);

	for (;;) {
		size_t end = cell_end(text, at, MW_ALIGNED, &line);
		struct mw_cell c = trimmed(text, at, end);

		if (c.start == c.end || c.end - c.start > LABEL_CELL || !is_name(text, c) || strchr(".,;!?", text.p[c.end - 1]))
			return false;
		if (end == line)
			return true;
		at = end + 1;
	}
}

/* Two columns, and words in the first one that name fields of a form. */
static bool is_form(struct mw_str text, const struct mw_table_block *b)
{
	static const char *const words[] = {
	    "name",	"dob",	     "birth",	  "mrn",	"ssn",	     "sex",	     "gender", "age",
	    "address",	"phone",     "email",	  "e-mail",	"insurance", "member",	     "policy", "patient",
	    "provider", "physician", "diagnosis", "medication", "dose",	     "allergies",    "date",   "id",
	    "account",	"city",	     "state",	  "zip",	"employer",  "relationship", "fax",    "cell",
	    "reason",	"number",    "telephone", "plan",	"group",     "subscriber",   "status", "record",
	};
	size_t at = b->start, next, named = 0, rows = 0;

	for (; at < b->end && rows < FORM_ROWS; rows++, at = next) {
		size_t line = mw_line_end(text, at);
		struct mw_cell c = trimmed(text, at, cell_end(text, at, b->delimiter, &line));

		if (c.end - c.start > HEADER_CELL)
			return false;
		named += mw_line_count((struct mw_str){.p = text.p + c.start, .n = c.end - c.start}, words,
				       sizeof(words) / sizeof(words[0])) > 0;
		(void)mw_row_columns(text, at, b->delimiter, &next);
	}
	return named >= 2 && named * 2 > rows;
}

/* ---- the block ----------------------------------------------------------------------------------------------------------- */

/* A line that divides rows: |---|---|, +-----+ */
static bool is_ruler(struct mw_str line)
{
	size_t dashes = 0;

	for (size_t i = 0; i < line.n; i++) {
		if (!strchr("-=+|: \r", line.p[i]))
			return false;
		dashes += line.p[i] == '-' || line.p[i] == '=';
	}
	return dashes >= 3;
}

/* Prose has commas and blanks behind them. */
static bool is_prose(struct mw_str text, size_t from, size_t to)
{
	size_t commas = 0, blanks = 0;

	for (size_t i = from; i + 1 < to; i++) {
		commas += text.p[i] == ',';
		blanks += text.p[i] == ',' && text.p[i + 1] == ' ';
	}
	return commas == blanks;
}

static bool is_enough(struct mw_str text, const struct mw_table_block *b, size_t rows, size_t columns)
{
	if (b->delimiter == '\t' || b->delimiter == '|')
		return rows >= 2;
	if (b->delimiter == ',' && is_prose(text, b->start, b->end - b->start > MW_ROW_MAX ? b->start + MW_ROW_MAX : b->end))
		return rows >= 3 && columns >= 4;
	return rows >= 3 || (rows >= 2 && columns >= 3);
}

/* Rows from `at` on that have as many columns as the first. Once it is plain that this is a table, one with a few cells more or
 * less is one of its rows too; where blanks divide, an empty cell is not there at all. */
static size_t take_rows(struct mw_str text, size_t at, char delimiter, size_t columns, size_t *rows)
{
	while (at < text.n) {
		size_t next, n = mw_row_columns(text, at, delimiter, &next), behind;

		if ((n < 2 || delimiter == MW_ALIGNED) && is_ruler(mw_line_at(text, at, &behind))) {
			at = behind;
			continue;
		}
		if (n < 2 || (n != columns && *rows < (delimiter == MW_ALIGNED ? 2 : 4)))
			break;
		++*rows;
		at = next;
	}
	return at;
}

static int take_delimited(struct mw_tables *t, struct mw_str text, size_t at, char delimiter, size_t *end)
{
	struct mw_table_block b = {.start = at, .delimiter = delimiter};
	size_t next, columns, rows = 1;

	if (delimiter == MW_ALIGNED && !is_labels(text, at))
		return 0;
	columns = mw_row_columns(text, at, delimiter, &next);
	if (columns < 2)
		return 0;
	b.end = take_rows(text, next, delimiter, columns, &rows);
	if (!is_enough(text, &b, rows, columns)) {
		*end = rows > 2 ? b.end : *end; /* nothing in there is tried again */
		return 0;
	}
	b.form = columns == 2 && is_form(text, &b);
	if (!b.form && take_header(t, text, &b) < 0)
		return -ENOMEM;
	if (t->n == t->cap) {
		size_t cap = t->cap ? t->cap * 2 : 8;
		struct mw_table_block *v = reallocarray(t->v, cap, sizeof(*v));

		if (!v)
			return -ENOMEM;
		t->v = v;
		t->cap = cap;
	}
	t->v[t->n++] = b;
	*end = b.end;
	return 1;
}

static bool has_delimiter(struct mw_str line, char delimiter)
{
	size_t n = line.n < MW_ROW_MAX ? line.n : MW_ROW_MAX;

	return delimiter == MW_ALIGNED ? memmem(line.p, n, "  ", 2) != NULL : memchr(line.p, delimiter, n) != NULL;
}

bool mw_tables_possible(struct mw_str line)
{
	if (line.n < 3)
		return false;
	for (size_t i = 0; i < sizeof(delimiters); i++)
		if (has_delimiter(line, delimiters[i]))
			return true;
	return false;
}

int mw_tables_take(struct mw_tables *t, struct mw_str text, size_t at, size_t *end)
{
	size_t next;
	struct mw_str line = mw_line_at(text, at, &next);

	*end = at;
	for (size_t i = 0; i < sizeof(delimiters); i++) {
		int rc;

		if (!has_delimiter(line, delimiters[i]))
			continue;
		rc = take_delimited(t, text, at, delimiters[i], end);
		if (rc != 0)
			return rc;
	}
	return 0;
}

/* Characters from `at` up to `to`. */
static size_t width_of(struct mw_str text, size_t at, size_t to)
{
	size_t n = 0;

	for (; at < to; at++)
		n += ((unsigned char)text.p[at] & 0xc0) != 0x80;
	return n;
}

static size_t line_start(struct mw_str text, size_t at)
{
	while (at > 0 && !mw_line_is_end(text.p[at - 1]))
		at--;
	return at;
}

size_t mw_tables_below(const struct mw_tables *t, const struct mw_table_block *b, struct mw_str text, size_t at)
{
	size_t below = b->cells, indent, header = line_start(text, t->cell[b->cell].start), before = 0;

	while (at < text.n && text.p[at] == ' ')
		at++;
	indent = width_of(text, line_start(text, at), at);
	for (size_t i = 0; i < b->cells; i++) {
		size_t start = t->cell[b->cell + i].start;

		before += width_of(text, header, start);
		if (before > indent)
			break;
		header = start;
		below = i;
	}
	return below;
}

void mw_tables_free(struct mw_tables *t)
{
	free(t->v);
	free(t->cell);
	*t = (struct mw_tables){.n = 0};
}
