/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of patients: rows, columns, and what is sorted. */
#include "columns.h"
#include "sort.h"
#include "write.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void test_csv(void **state)
{
	static const struct {
		const char *text, *rows;
	} row[] = {
	    {"a,b\nc,d\n", "a|b#c|d#"}, {"a,b\r\nc,d", "a|b#c|d#"},
	    {"a\rb\r", "a#b#"},		{"\"a,\"\"b\"\"\nc\",d\n", "a,\"b\"\nc|d#"},
	    {"\"a\"x,b\n", "ax|b#"},	{"a\"b\",c\n", "a\"b\"|c#"},
	    {",,\n\n", "||##"},		{"\"a\n", "!"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		size_t n = strlen(row[i].text);

		/* Each cut of the text into what is there first and what comes later gives the same rows. */
		for (size_t cut = 0; cut <= n; cut++) {
			static struct patients_row r;
			char out[128] = "", room[128];
			size_t at = 0, have = cut;

			while (at < n || have < n) {
				ssize_t used = at < have || have == n
						   ? patients_csv_row(row[i].text + at, have - at, have == n, ',', room, &r)
						   : 0;

				if (used == 0 && have < n) {
					have = n;
					continue;
				}
				if (used < 0) {
					strcat(out, "!");
					break;
				}
				for (size_t k = 0; k < r.n; k++)
					(void)snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s%.*s", k ? "|" : "",
						       (int)r.field[k].n, r.field[k].p);
				strcat(out, "#");
				at += (size_t)used;
			}
			assert_string_equal(out, row[i].rows);
		}
	}
	assert_int_equal(patients_csv_delimiter("a;b;c,d\n,,,,,", 14), ';');
	assert_int_equal(patients_csv_delimiter("\"a,b,c\"\tb\n", 10), '\t');
	assert_int_equal(patients_csv_delimiter("a", 1), ',');
}

static void test_columns(void **state)
{
	static const struct {
		const char *header, *asked, *shown;
	} row[] = {
	    {"Patient ID,Last Name,First_Name,D.O.B.,Member ID,MBI", NULL, "first=2 last=1 dob=3 mrn=0 member=4 member=5 "},
	    {"id,name,date of birth", NULL, "name=1 dob=2 "},
	    {"PatientName,PT_DOB,Chart #", NULL, "name=0 dob=1 mrn=2 "},
	    {"chart no,Full Name", NULL, "name=1 mrn=0 "},
	    {"x,y,z", "mrn=z", "mrn=2 "},
	    {"x,y,z", "mrn=2", "mrn=1 "},
	    {"mrn,y,z", "mrn=z", "mrn=2 "},
	    {"x,y,z", "mrn=4", "the table has no column \"4\""},
	    {"x,y,z", "age=1", "--column takes first, last, name, dob, mrn or member, then = and a column: not \"age=1\""},
	    {"first name,y", NULL, "first and last names go together: name the other with --column"},
	    {"x,y", NULL, "no column of the first line is known: say which is which with --column, for instance --column mrn=3"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		static struct patients_row header;
		struct patients_columns cols;
		char room[128], text[256], out[256] = "";
		const char *wrong;

		assert_true(patients_csv_row(row[i].header, strlen(row[i].header), true, ',', room, &header) > 0);
		wrong = patients_columns_find(&cols, &header, &row[i].asked, row[i].asked ? 1 : 0, text, sizeof(text));
		if (wrong)
			strcpy(out, wrong);
		for (enum patients_column c = 0; !wrong && c < PATIENTS_COLS; c++)
			for (size_t k = 0; k < cols.n[c]; k++)
				(void)snprintf(out + strlen(out), sizeof(out) - strlen(out), "%s=%u ", patients_column_name(c),
					       cols.at[c][k]);
		assert_string_equal(out, row[i].shown);
	}
}

struct sorted {
	uint64_t last, n;
};

static int ascending(void *ctx, uint64_t v)
{
	struct sorted *s = ctx;

	if (s->n && v <= s->last)
		return -EINVAL;
	s->last = v;
	s->n++;
	return 0;
}

/* In memory or with many runs in a file: the same values. */
static void test_sort(void **state)
{
	static const size_t room[] = {1, 7, 1000, 100000};

	(void)state;
	for (size_t i = 0; i < COUNT(room); i++) {
		struct patients_sort *s = patients_sort_new(room[i], "/tmp");
		size_t values = room[i] == 1 ? 1000 : 20000;
		uint64_t x = 88172645463325252, distinct = 0;

		assert_non_null(s);
		for (size_t k = 0; k < values; k++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			assert_int_equal(patients_sort_add(s, k % 4 ? x : k % 16), 0); /* some come often */
		}
		for (int turn = 0; turn < 2; turn++) {
			struct sorted seen = {0};

			assert_int_equal(patients_sort_merge(s, ascending, &seen, &distinct), 0);
			assert_int_equal(seen.n, values / 4 * 3 + 4);
			assert_int_equal(distinct, seen.n);
		}
		patients_sort_free(&s);
	}
}

static void test_padding(void **state)
{
	(void)state;
	assert_int_equal(patients_padded(1), 1024);
	assert_int_equal(patients_padded(1024), 1024);
	for (uint64_t n = 1025; n < 100000000; n = n * 5 / 4) {
		uint64_t p = patients_padded(n);

		assert_true(p >= n && p <= n + n / 8 + 1);
		assert_int_equal(patients_padded(p), p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_csv),
	    cmocka_unit_test(test_columns),
	    cmocka_unit_test(test_sort),
	    cmocka_unit_test(test_padding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
