/* SPDX-License-Identifier: Apache-2.0 */
#include "columns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names as registers and exports write them, in small letters and digits; "patient", "pt" and "pat" in front are left out. */
static const char *const first_names[] = {"first", "firstname", "fname", "given", "givenname", "givennames", "forename", NULL};
static const char *const last_names[] = {"last", "lastname", "lname", "surname", "family", "familyname", NULL};
static const char *const names[] = {"name", "fullname", "patient", "lastfirst", "lastfirstname", "namelastfirst", NULL};
static const char *const births[] = {"dob",   "birthdate", "dateofbirth", "birthday", "birth",
				     "bdate", "datebirth", "birthdt",	  NULL};
static const char *const records[] = {"mrn",
				      "medicalrecordnumber",
				      "medicalrecord",
				      "medicalrecordno",
				      "medrec",
				      "medrecno",
				      "chart",
				      "chartno",
				      "chartnumber",
				      "recordnumber",
				      "recordno",
				      "id",
				      "no",
				      "number",
				      "hospitalnumber",
				      NULL};
static const char *const members[] = {
    "member",	    "memberid", "memberno", "membernumber", "subscriber", "subscriberid", "insuranceid", "insurancenumber",
    "policynumber", "policyno", "planid",   "healthplanid", "mbi",	  "medicareid",	  "medicaidid",	 NULL};

static const struct {
	const char *name;
	const char *const *known;
} column[PATIENTS_COLS] = {{"first", first_names}, {"last", last_names}, {"name", names},
			   {"dob", births},	   {"mrn", records},	 {"member", members}};

const char *patients_column_name(enum patients_column c)
{
	return column[c].name;
}

/* Small letters and digits of a header; *front: "patient" stood in front and is cut off. */
static void plain(struct mw_str field, char *to, size_t room, bool *front)
{
	static const char *const fronts[] = {"patient", "pat", "pt"};
	size_t n = 0;

	for (size_t i = 0; i < field.n && n + 1 < room; i++) {
		char c = field.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c + ('a' - 'A'));
		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			to[n++] = c;
	}
	to[n] = '\0';
	*front = false;
	for (size_t i = 0; i < sizeof(fronts) / sizeof(*fronts); i++) {
		size_t len = strlen(fronts[i]);

		if (n > len && strncmp(to, fronts[i], len) == 0) {
			memmove(to, to + len, n - len + 1);
			*front = true;
			return;
		}
	}
}

static bool known(enum patients_column c, const char *name, bool front)
{
	/* "id" alone may be anything's; "patient id" is a record number. */
	static const char *const vague[] = {"id", "no", "number", "member", "birth", "last", "first", "given", "family", NULL};

	for (const char *const *v = column[c].known; *v; v++) {
		if (strcmp(*v, name) != 0)
			continue;
		for (const char *const *w = vague; *w && c == PATIENTS_COL_MRN; w++)
			if (strcmp(*w, name) == 0 && !front)
				return false;
		return true;
	}
	return false;
}

static const char *add(struct patients_columns *cols, enum patients_column c, size_t at)
{
	/* A name is one; a patient may have several numbers. */
	size_t most = c == PATIENTS_COL_MRN || c == PATIENTS_COL_MEMBER ? PATIENTS_SAME : 1;

	if (cols->n[c] == most)
		return "too many columns are said to hold the same thing";
	cols->at[c][cols->n[c]++] = (uint32_t)at;
	if (at > cols->last)
		cols->last = (uint32_t)at;
	return NULL;
}

/* The column of that name or number; SIZE_MAX: none. */
static size_t find(const struct patients_row *header, const char *word)
{
	char *end;
	unsigned long v;

	for (size_t i = 0; header && i < header->n; i++)
		if (header->field[i].n == strlen(word) && memcmp(header->field[i].p, word, header->field[i].n) == 0)
			return i;
	errno = 0;
	v = strtoul(word, &end, 10);
	if (errno || *end || word[0] < '0' || word[0] > '9' || v < 1 || v > PATIENTS_CSV_FIELDS || (header && v > header->n))
		return SIZE_MAX;
	return v - 1;
}

static const char *add_asked(struct patients_columns *cols, const struct patients_row *header, const char *asked, char *text,
			     size_t text_n)
{
	const char *sign = strchr(asked, '=');
	size_t at;

	for (enum patients_column c = 0; sign && c < PATIENTS_COLS; c++) {
		if (strlen(column[c].name) != (size_t)(sign - asked) ||
		    strncmp(column[c].name, asked, (size_t)(sign - asked)) != 0)
			continue;
		at = find(header, sign + 1);
		if (at != SIZE_MAX)
			return add(cols, c, at);
		(void)snprintf(text, text_n, "the table has no column \"%s\"", sign + 1);
		return text;
	}
	(void)snprintf(text, text_n, "--column takes first, last, name, dob, mrn or member, then = and a column: not \"%s\"",
		       asked);
	return text;
}

const char *patients_columns_find(struct patients_columns *cols, const struct patients_row *header, const char *const *asked,
				  size_t n, char *text, size_t text_n)
{
	bool said[PATIENTS_COLS];
	const char *wrong = NULL;

	*cols = (struct patients_columns){.last = 0};
	for (size_t i = 0; i < n && !wrong; i++)
		wrong = add_asked(cols, header, asked[i], text, text_n);
	for (enum patients_column c = 0; c < PATIENTS_COLS; c++)
		said[c] = cols->n[c] > 0;
	for (size_t i = 0; header && !wrong && i < header->n; i++) {
		char name[64];
		bool front;

		plain(header->field[i], name, sizeof(name), &front);
		for (enum patients_column c = 0; c < PATIENTS_COLS; c++)
			if (!said[c] && known(c, name, front) && (cols->n[c] == 0 || c >= PATIENTS_COL_MRN)) {
				(void)add(cols, c, i);
				break;
			}
	}
	if (wrong)
		return wrong;
	if (!cols->n[PATIENTS_COL_FIRST] != !cols->n[PATIENTS_COL_LAST])
		return "first and last names go together: name the other with --column";
	for (enum patients_column c = 0; c < PATIENTS_COLS; c++)
		if (cols->n[c])
			return NULL;
	return "no column of the first line is known: say which is which with --column, for instance --column mrn=3";
}
