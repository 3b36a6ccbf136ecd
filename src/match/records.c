/* SPDX-License-Identifier: Apache-2.0 */
#include "match/records.h"

#include "match/line.h"

#include <string.h>

struct walk {
	struct mw_str text;
	struct mw_tables *tables;
	mw_record_begins begins;
	void *ctx;
};

static bool has_prefix(struct mw_str text, size_t at, const char *prefix)
{
	size_t n = strlen(prefix);

	return text.n - at >= n && memcmp(text.p + at, prefix, n) == 0;
}

static const char *find(struct mw_str text, size_t from, size_t to, const char *what)
{
	return to > from ? memmem(text.p + from, to - from, what, strlen(what)) : NULL;
}

/* ---- HL7 v2 -------------------------------------------------------------------------------------------------------------- */

static bool is_segment(struct mw_str line)
{
	if (line.n < 4 || line.p[3] != '|')
		return false;
	for (size_t i = 0; i < 3; i++)
		if (!((line.p[i] >= 'A' && line.p[i] <= 'Z') || (i && line.p[i] >= '0' && line.p[i] <= '9')))
			return false;
	return true;
}

/* Segments from an MSH on; each MSH begins a message. A segment that a mailer has wrapped goes on up to the next one. */
static int walk_hl7(const struct walk *w, size_t at, size_t *end)
{
	size_t next;
	int rc = 0;

	while (at < w->text.n && rc == 0) {
		struct mw_str line = mw_line_at(w->text, at, &next);

		if (mw_line_trim(line, 1).n == 0)
			break;
		if (is_segment(line) && has_prefix(w->text, at, "MSH"))
			rc = w->begins(w->ctx, at, true);
		at = next;
	}
	*end = at;
	return rc;
}

/* ---- X12 ----------------------------------------------------------------------------------------------------------------- */

#define ISA_LENGTH 105u /* the octet behind it ends segments */

static bool is_x12(struct mw_str text, size_t at)
{
	char sep, end;

	if (!has_prefix(text, at, "ISA") || text.n - at <= ISA_LENGTH)
		return false;
	sep = text.p[at + 3];
	end = text.p[at + ISA_LENGTH];
	return sep == text.p[at + 6] && strchr("*|^:~!", sep) && sep && strchr("~'!\n|", end) && end && end != sep;
}

/* Element i (0 = the segment's own name) of a segment. */
static struct mw_str element(struct mw_str segment, char sep, unsigned i)
{
	const char *p = segment.p, *last = segment.p + segment.n;

	for (;;) {
		const char *end = memchr(p, sep, (size_t)(last - p));

		if (i-- == 0)
			return (struct mw_str){.p = p, .n = (size_t)((end ? end : last) - p)};
		if (!end)
			return (struct mw_str){.p = last, .n = 0};
		p = end + 1;
	}
}

/* A person begins: subscriber, patient, member, claim that was paid. */
static bool begins_person(struct mw_str segment, char sep)
{
	struct mw_str name = element(segment, sep, 0), level;

	if (mw_str_eq(name, "ST") || mw_str_eq(name, "INS") || mw_str_eq(name, "CLP"))
		return true;
	level = element(segment, sep, 3);
	return mw_str_eq(name, "HL") && (mw_str_eq(level, "22") || mw_str_eq(level, "23"));
}

static int walk_x12(const struct walk *w, size_t at, size_t *end)
{
	char sep = w->text.p[at + 3], stop = w->text.p[at + ISA_LENGTH];
	bool over = false;
	int rc = w->begins(w->ctx, at, true);

	for (at += ISA_LENGTH + 1; at < w->text.n && rc == 0 && !over;) {
		const char *p = w->text.p + at, *q = memchr(p, stop, w->text.n - at);
		struct mw_str segment = {.p = p, .n = q ? (size_t)(q - p) : w->text.n - at};
		struct mw_str shown = mw_str_trim(segment);

		if (begins_person(shown, sep))
			rc = w->begins(w->ctx, (size_t)(shown.p - w->text.p), true);
		over = mw_str_eq(element(shown, sep, 0), "IEA") || !q;
		at += segment.n + (q != NULL);
	}
	*end = at;
	return rc;
}

/* ---- JSON, XML ----------------------------------------------------------------------------------------------------------- */

/* A block of lines without a blank one. */
static size_t block_end(struct mw_str text, size_t at)
{
	size_t next;

	while (at < text.n && mw_line_trim(mw_line_at(text, at, &next), 1).n)
		at = next;
	return at;
}

/* NDJSON: each line that begins an object at its first octet, behind one that ended an object; a bundle: each "resource". */
static int walk_json(const struct walk *w, size_t at, size_t *end)
{
	size_t line = at, next = at;
	bool complete = true;
	int rc = 0;

	*end = block_end(w->text, at);
	while (line < *end && rc == 0) {
		struct mw_str shown = mw_line_at(w->text, line, &next);
		const char *p;

		if (complete && (w->text.p[line] == '{' || line == at))
			rc = w->begins(w->ctx, line, true);
		for (size_t from = line; rc == 0 && (p = find(w->text, from, line + shown.n, "\"resource\"")) != NULL;) {
			size_t start = (size_t)(p - w->text.p);

			if (start > line)
				rc = w->begins(w->ctx, start, true);
			from = start + 1;
		}
		shown = mw_str_trim(shown);
		complete = shown.n && shown.p[shown.n - 1] == '}' && w->text.p[line] != ' ' && w->text.p[line] != '\t';
		line = next;
	}
	return rc;
}

static int walk_cda(const struct walk *w, size_t at, size_t *end)
{
	int rc = w->begins(w->ctx, at, true);
	const char *p = find(w->text, at, w->text.n, "</ClinicalDocument>");

	*end = w->text.n;
	if (p)
		(void)mw_line_at(w->text, (size_t)(p - w->text.p), end);
	while (rc == 0 && at < *end && (p = find(w->text, at + 1, *end, "<ClinicalDocument")) != NULL) {
		at = (size_t)(p - w->text.p);
		rc = w->begins(w->ctx, at, true);
	}
	return rc;
}

/* ---- all of them --------------------------------------------------------------------------------------------------------- */

/* One record a row; a form is one. */
static int walk_table(const struct walk *w, const struct mw_table_block *b)
{
	size_t at = b->start, next;
	int rc = b->form ? w->begins(w->ctx, at, false) : 0;

	if (b->form)
		return rc;
	while (at < b->end && rc == 0) {
		/* A line that only divides belongs to the row above it. */
		if (mw_row_columns(w->text, at, b->delimiter, &next) >= 2)
			rc = w->begins(w->ctx, at, true);
		at = next;
	}
	return rc;
}

/* Data that begins at this line. 1, and *end behind it; 0: none, nor up to *end; negative. */
static int walk_data(const struct walk *w, size_t at, struct mw_str line, size_t *end)
{
	int rc;

	*end = at;
	if (has_prefix(w->text, at, "MSH|") && line.n > 4)
		rc = walk_hl7(w, at, end);
	else if (is_x12(w->text, at))
		rc = walk_x12(w, at, end);
	else if (line.n && (line.p[0] == '{' || (line.p[0] == '[' && line.n < 3)) && memchr(line.p, ']', line.n) != line.p)
		rc = walk_json(w, at, end);
	else if (has_prefix(w->text, at, "<ClinicalDocument"))
		rc = walk_cda(w, at, end);
	else if (mw_tables_possible(line)) {
		rc = mw_tables_take(w->tables, w->text, at, end);
		if (rc > 0)
			rc = walk_table(w, &w->tables->v[w->tables->n - 1]);
		else if (rc == 0)
			return 0;
	} else {
		return 0;
	}
	return rc < 0 ? rc : 1;
}

int mw_records_walk(struct mw_str text, struct mw_tables *tables, mw_record_begins begins, void *ctx)
{
	struct walk w = {.text = text, .tables = tables, .begins = begins, .ctx = ctx};
	bool begun = false; /* a paragraph goes on */
	size_t at = 0, end, next;

	while (at < text.n) {
		struct mw_str line = mw_line_at(text, at, &next);
		int rc = walk_data(&w, at, line, &end);

		if (rc < 0)
			return rc;
		if (rc > 0) {
			begun = false;
			at = end;
			continue;
		}
		do { /* this line, and those that are no table for sure */
			bool blank = mw_line_trim(line, 1).n == 0;

			if (!blank && !begun)
				rc = begins(ctx, at, false);
			begun = !blank;
			at = next;
			if (at < end)
				line = mw_line_at(text, at, &next);
		} while (rc == 0 && at < end);
		if (rc < 0)
			return rc;
	}
	return 0;
}
