/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sheet: the cells of one sheet of SpreadsheetML, row by row, as they are shown.
 */
#include "book.h"
#include "grid.h"

#include <errno.h>
#include <string.h>

enum { ROW = 1, CELL, VALUE, FORMULA, TEXT, PHONETIC, COLUMN, HEADER, CONDITION, NOTE, PLACE };

static const struct xml_name names[] = {{"c", CELL},
					{"v", VALUE},
					{"row", ROW},
					{"f", FORMULA},
					{"t", TEXT},
					{"rPh", PHONETIC},
					{"col", COLUMN},
					{"oddHeader", HEADER},
					{"oddFooter", HEADER},
					{"evenHeader", HEADER},
					{"evenFooter", HEADER},
					{"firstHeader", HEADER},
					{"firstFooter", HEADER},
					{"formula1", CONDITION},
					{"formula2", CONDITION},
					{"formula", CONDITION},
					{"sqref", PLACE},
					{"hyperlink", NOTE},
					{"dataValidation", NOTE},
					{"cfRule", NOTE},
					{"filter", NOTE},
					{"customFilter", NOTE},
					{"scenario", NOTE},
					{"inputCells", NOTE},
					{"protectedRange", NOTE},
					{NULL, 0}};

enum cell_type { NUMBER, SHARED, INLINE, BOOLEAN, OTHER };

struct sheet {
	struct book *book;
	struct grid grid;
	int mode; /* what text is now */
	bool phonetic, in_cell;
	size_t row; /* in work, from 1 */
	enum cell_type type;
	size_t style, column; /* of the cell in work */
	struct buf value, formula, shown;
	struct buf around; /* headers and footers of pages */
};

/* "BC12" is column 54; `next` when it says nothing. */
static size_t column_of(struct mw_str ref, size_t next)
{
	size_t n = 0, i = 0;

	for (; i < ref.n && i < 3; i++) {
		char c = ref.p[i];

		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (c < 'A' || c > 'Z')
			break;
		n = n * 26 + (size_t)(c - 'A') + 1;
	}
	return i && n <= GRID_COLUMNS ? n - 1 : next;
}

static enum cell_type type_of(struct mw_str t)
{
	if (t.n == 0 || xml_is(t, "n"))
		return NUMBER;
	if (xml_is(t, "s"))
		return SHARED;
	if (xml_is(t, "inlineStr"))
		return INLINE;
	return xml_is(t, "b") ? BOOLEAN : OTHER;
}

/* ---- cells ------------------------------------------------------------------------------------------------------------------------ */

/* What the cell shows, into s->shown. */
static int cell_show(struct sheet *s)
{
	struct mw_str raw = buf_str(&s->value), text;
	const char *word;
	size_t n;

	s->shown.n = 0;
	switch (s->type) {
	case NUMBER:
		return numfmt_put(formats_of(s->book, s->style), raw, s->book->from_1904, &s->shown);
	case SHARED:
		n = number_of(raw, SIZE_MAX);
		if (n >= s->book->shared.n) /* nobody knows what it shows */
			return office_judge(s->book->office, -EBADMSG);
		text = shared_get(&s->book->shared, n);
		return buf_add(&s->shown, text.p, text.n);
	case BOOLEAN:
		word = xml_is(raw, "1") ? "TRUE" : "FALSE";
		return buf_word(&s->shown, word);
	default:
		return buf_flat(&s->shown, raw.p, raw.n);
	}
}

static int cell_end(struct sheet *s)
{
	struct mw_str raw = buf_str(&s->value);
	int r = raw.n ? cell_show(s) : 0;

	s->in_cell = false;
	if (r == 0 && raw.n)
		/* A format that shows nothing: the number is there all the same. */
		r = s->shown.n || s->type != NUMBER ? grid_cell(&s->grid, s->column, false, buf_str(&s->shown))
						    : grid_cell(&s->grid, s->column, true, raw);
	if (r == 0 && s->formula.n)
		r = formula_texts(s->book->office, buf_str(&s->formula));
	return r;
}

static void cell_begin(struct sheet *s, struct xml *x)
{
	s->column = column_of(xml_attribute(x, "r"), s->column + 1);
	s->style = number_of(xml_attribute(x, "s"), 0);
	s->type = type_of(xml_attribute(x, "t"));
	s->value.n = s->formula.n = 0;
	s->in_cell = true;
}

static void columns_hide(struct sheet *s, struct xml *x)
{
	size_t first = number_of(xml_attribute(x, "min"), 0), last = number_of(xml_attribute(x, "max"), 0);

	if (first && first <= last && ((xml_has(x, "hidden") && xml_on(x, "hidden")) || xml_is(xml_attribute(x, "width"), "0")))
		grid_hide(&s->grid, first - 1, last - 1);
}

/* ---- events ----------------------------------------------------------------------------------------------------------------------- */

/* What a link leads to, what is said when a cell is come to or filled in wrongly, what rows are chosen by. */
static int notes(struct sheet *s, struct xml *x)
{
	static const char *const texts[] = {"tooltip", "location", "display", "promptTitle", "prompt",	"errorTitle",
					    "error",   "text",	   "val",     "name",	     "comment", "user"};
	int r = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts) && r == 0; i++) {
		struct mw_str v = xml_attribute(x, texts[i]);

		r = v.n ? stream_put(&s->book->office->out, true, v.p, v.n) : 0;
		r = r == 0 && v.n ? stream_put(&s->book->office->out, true, "\n", 1) : r;
	}
	return r;
}

static int on_start(void *ctx, struct xml *x, int id)
{
	struct sheet *s = ctx;
	size_t n;

	switch (id) {
	case CELL:
		cell_begin(s, x);
		return 0;
	case ROW:
		s->column = SIZE_MAX;
		n = number_of(xml_attribute(x, "r"), s->row + 1);
		if (n > s->row + 1)
			grid_gap(&s->grid);
		s->row = n;
		grid_row(&s->grid, xml_has(x, "hidden") && xml_on(x, "hidden"));
		return 0;
	case VALUE:
	case TEXT:
	case FORMULA:
	case HEADER:
	case PLACE:
		s->mode = id;
		return 0;
	case CONDITION:
		s->mode = id;
		s->formula.n = 0;
		return 0;
	case PHONETIC:
		s->phonetic = true;
		return 0;
	case COLUMN:
		columns_hide(s, x);
		return 0;
	case NOTE:
		return notes(s, x);
	default:
		return 0;
	}
}

static int on_end(void *ctx, struct xml *x, int id)
{
	struct sheet *s = ctx;
	int r;

	(void)x;
	switch (id) {
	case CELL:
		return cell_end(s);
	case ROW:
		return grid_row_end(&s->grid);
	case HEADER:
		s->mode = 0;
		return s->around.n ? buf_char(&s->around, '\n') : 0;
	case FORMULA:
	case CONDITION:
		s->mode = 0;
		if (s->in_cell)
			return 0;
		r = formula_texts(s->book->office, buf_str(&s->formula));
		s->formula.n = 0;
		return r;
	case PHONETIC:
		s->phonetic = false;
		return 0;
	default:
		s->mode = 0;
		return 0;
	}
}

/* Text where none is known of. */
static int unseen(struct sheet *s, const char *p, size_t n)
{
	bool blank = true;

	for (size_t i = 0; i < n && blank; i++)
		blank = (unsigned char)p[i] <= ' ';
	return blank ? 0 : office_other(s->book->office, p, n);
}

static int on_text(void *ctx, struct xml *x, const char *p, size_t n)
{
	struct sheet *s = ctx;

	(void)x;
	switch (s->mode) {
	case TEXT:
		return s->phonetic ? office_other(s->book->office, p, n) : buf_add(&s->value, p, n);
	case VALUE:
		return buf_add(&s->value, p, n);
	case FORMULA:
	case CONDITION:
		return buf_add(&s->formula, p, n);
	case HEADER:
		return buf_flat(&s->around, p, n);
	case PLACE:
		return 0;
	default:
		return unseen(s, p, n);
	}
}

int sheet_read(struct book *b, size_t entry)
{
	static const struct xml_events events = {.names = names, .start = on_start, .end = on_end, .text = on_text};
	struct sheet s = {.book = b};
	int r;

	grid_init(&s.grid, &b->office->out);
	r = office_parse(b->office, entry, &events, &s);
	if (r == 0)
		r = grid_end(&s.grid);
	if (r == 0 && s.around.n) {
		stream_feed(&b->office->out);
		r = stream_put(&b->office->out, false, s.around.p, s.around.n);
	}
	grid_free(&s.grid);
	buf_free(&s.value);
	buf_free(&s.formula);
	buf_free(&s.shown);
	buf_free(&s.around);
	return r;
}
