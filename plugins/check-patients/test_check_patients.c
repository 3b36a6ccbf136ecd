/* SPDX-License-Identifier: Apache-2.0 */
#include "build.h"
#include "command.h"
#include "lookup.h"
#include "sort.h"
#include "write.h"

#include "../../tests/unit/fakehost.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

extern const struct mw_plugin mw_plugin_check_patients;

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static char folder[] = "/tmp/milward-patients-XXXXXX";
static char table[64], index_path[64], key_path[64];

static void put(const char *path, const void *p, size_t n)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
	struct mw_err err;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(table, sizeof(table), "%s/table", folder);
	(void)snprintf(index_path, sizeof(index_path), "%s/index", folder);
	(void)snprintf(key_path, sizeof(key_path), "%s/key", folder);
	assert_int_equal(patients_key_new(fh_host(), key_path, &err), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(table);
	(void)unlink(index_path);
	(void)unlink(key_path);
	return rmdir(folder); /* nothing else may lie there */
}

/* ---- normal forms ------------------------------------------------------------------------------------------------ */
static void test_words(void **state)
{
	static const struct {
		const char *text, *words;
	} row[] = {
	    {"John Smith", "john smith"},
	    {"  SMITH,JOHN ", "smith,john"},
	    {"Dr. John Q. Smith, Jr.", "john smith,"},
	    {"O'Brien, Se\xc3\xa1n", "obrien,sean"},
	    {"O\xe2\x80\x99"
	     "Brien",
	     "obrien"},
	    {"M\xc3\x9cLLER Stra\xc3\x9f"
	     "e",
	     "muller strasse"},
	    {"M\xfcller", "muller"}, /* Latin-1 */
	    {"\xc5\x81ukasz \xc3\x98stergaard \xc3\x86gir", "lukasz ostergaard aegir"},
	    {"Nu\xcc\x83"
	     "ez Nun\xcc\x83"
	     "ez",
	     "nuez nunez"},
	    {"Smith-Jones Anne Marie", "smith jones anne marie"},
	    {"\xe7\x8e\x8b\xe4\xbc\x9f", "\xe7\x8e\x8b\xe4\xbc\x9f"},
	    {"\xef\xbc\xaa\xef\xbc\xaf\xef\xbc\xa8\xef\xbc\xae", "john"}, /* full width */
	    {"R2D2 123", ""},
	    {"\xff\xc3", "aa"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		struct patients_words w;
		char out[256] = "";
		size_t n = 0;

		patients_words(row[i].text, strlen(row[i].text), &w);
		for (size_t k = 0; k < w.n; k++) {
			memcpy(out + n, w.v[k].p, w.v[k].n);
			n += w.v[k].n;
			out[n++] = k + 1 == w.comma ? ',' : ' ';
		}
		while (n && out[n - 1] == ' ')
			n--;
		out[n] = '\0';
		if (i == COUNT(row) - 1 ? n > 4 : strcmp(out, row[i].words) != 0)
			fail_msg("\"%s\": \"%s\"", row[i].text, out);
	}
}

static void test_dates(void **state)
{
	static const struct {
		const char *text;
		enum patients_order order;
		const char *dates;
	} row[] = {
	    {"1961-03-04", PATIENTS_MDY, "19610304"},
	    {"3/4/1961", PATIENTS_MDY, "19610304"},
	    {"3/4/1961", PATIENTS_DMY, "19610403"},
	    {"3/4/1961", PATIENTS_ANY, "19610304 19610403"},
	    {"31/12/1999", PATIENTS_MDY, "19991231"},
	    {"04.03.61", PATIENTS_DMY, "19610304"},
	    {"3/4/61", PATIENTS_ANY, "19610304 18610304 19610403 18610403"},
	    {"3/3/20", PATIENTS_ANY, "20200303 19200303"},
	    {"3/3/20", PATIENTS_MDY, "20200303"},
	    {"19610304", PATIENTS_MDY, "19610304"},
	    {"March 4, 1961", PATIENTS_MDY, "19610304"},
	    {"Mar. 4th 1961", PATIENTS_DMY, "19610304"},
	    {"4 Sept 1961", PATIENTS_MDY, "19610904"},
	    {"04-MAR-1961", PATIENTS_MDY, "19610304"},
	    {"4/MAR/61", PATIENTS_MDY, "19610304"},
	    {"1961-03-04T00:00:00Z", PATIENTS_MDY, "19610304"},
	    {"3/4/1961 12:00:00 AM", PATIENTS_MDY, "19610304"},
	    {"DOB: 03/04/1961, seen 5/6/2024", PATIENTS_MDY, "19610304 20240506"},
	    {"2/30/1961", PATIENTS_ANY, ""},
	    {"2/29/2024 2/29/2023", PATIENTS_MDY, "20240229"},
	    {"13/13/1999", PATIENTS_ANY, ""},
	    {"3-4/1961", PATIENTS_ANY, ""},
	    {"219-09-9998", PATIENTS_ANY, ""},
	    {"1761-03-04", PATIENTS_ANY, ""},
	    {"119610304", PATIENTS_ANY, ""},
	    {"Marching 4, 1961", PATIENTS_ANY, ""},
	    {"", PATIENTS_ANY, ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		uint32_t date[PATIENTS_DATES];
		size_t n = patients_dates(row[i].text, strlen(row[i].text), row[i].order, 2026, date);
		char out[128] = "";

		for (size_t k = 0; k < n; k++) {
			if (k)
				strcat(out, " ");
			patients_date_text(date[k], out + strlen(out));
			out[9 * (k + 1) - 1] = '\0';
		}
		if (strcmp(out, row[i].dates) != 0)
			fail_msg("\"%s\": \"%s\"", row[i].text, out);
	}
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text, *number;
	} row[] = {
	    {"123456", "123456"},
	    {" 00-123-456 ", "123456"},
	    {"e00123", "E00123"},
	    {"0000123", ""},
	    {"ABCD", ""},
	    {"1234;5678", ""},
	    {"12.34/56", "123456"},
	    {"", ""},
	    {"000000000", ""},
	    {"W12345678901234567890123456789012345678", "W12345678901234567890123456789012345678"},
	    {"W1234567890123456789012345678901234567890", ""},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(row); i++) {
		char key[PATIENTS_NUMBER + 1];
		size_t n = patients_number(row[i].text, strlen(row[i].text), key);

		key[n] = '\0';
		assert_string_equal(key, row[i].number);
	}
}

/* ---- tables ------------------------------------------------------------------------------------------------------ */
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

/* ---- sorting ----------------------------------------------------------------------------------------------------- */
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
		struct patients_sort *s = patients_sort_new(room[i], folder);
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

/* ---- an index ---------------------------------------------------------------------------------------------------- */
static const char people[] = "PatientID,Last,First,DOB,Member ID\n"
			     "MR-004711,O'Brien,Se\xc3\xa1n Patrick,3/4/1961,W0042-1234\n"
			     "815099,de la Cruz,Mar\xc3\xad"
			     "a,1987-12-31,\n"
			     ",,,,\n"
			     "n/a,Smith-Jones,Anne,31/12/99,W99\n";

static int build(const char *text, size_t n, struct patients_summary *sum, struct mw_err *err)
{
	unsigned char key[PATIENTS_KEY_OCTETS];
	const struct patients_build how = {
	    .table = table, .index = index_path, .key = key, .order = PATIENTS_MDY, .year = 2026, .memory = 1 << 16};
	int r = patients_key_read(fh_host(), key_path, key, err);

	put(table, text, n);
	return r < 0 ? r : patients_build(fh_host(), &how, sum, err);
}

static void *open_module(const char *index, const char *key, struct mw_err *err, int *r)
{
	static struct mw_self self;
	struct patients_conf conf = {.index = index, .key = key};
	void *inst = NULL;

	fh_self(&self, &mw_plugin_check_patients);
	*r = mw_plugin_check_patients.hooks.open(fh_host(), &self, &conf, &inst, err);
	return inst;
}

static bool run(const void *inst, const char *check, const char *text)
{
	size_t n = strlen(text);
	char *p = malloc(n ? n : 1); /* an exact copy, so that reading beyond it is seen */
	bool yes = false, known = false;

	assert_non_null(p);
	memcpy(p, text, n);
	for (const struct mw_check *c = mw_plugin_check_patients.checks; c->name; c++)
		if (strcmp(c->name, check) == 0) {
			known = true;
			assert_int_equal(c->flags, MW_CHECK_DATA);
			yes = c->valid(inst, p, n);
		}
	assert_true(known);
	free(p);
	return yes;
}

static void test_lookups(void **state)
{
	static const struct {
		const char *check, *text;
		bool yes;
	} row[] = {
	    {"patient-name", "Sean O'Brien", true},
	    {"patient-name",
	     "O\xe2\x80\x99"
	     "BRIEN, SE\xc3\x81N P.",
	     true},
	    {"patient-name", "Mr. Sean Patrick OBrien Jr", true},
	    {"patient-name", "Dear Sean O'Brien Thanks", true},
	    {"patient-name", "Patrick O'Brien", false},
	    {"patient-name", "O'Brien", false},
	    {"patient-name", "Maria de la Cruz", true},
	    {"patient-name", "de la Cruz, Maria Elena", true},
	    {"patient-name", "DE LA CRUZ MARIA", true},
	    {"patient-name", "Maria Cruz", false},
	    {"patient-name", "Anne Smith-Jones", true},
	    {"patient-name", "", false},
	    {"patient-dob", "DOB 03/04/1961", true},
	    {"patient-dob", "4 March 1961", true},
	    {"patient-dob", "1999-12-31", true},
	    {"patient-dob", "05/05/1961", false},
	    {"patient-name-dob", "Sean O'Brien (03/04/1961)", true},
	    {"patient-name-dob", "dob 1961-03-04 name: OBrien, Sean", true},
	    {"patient-name-dob", "Sean O'Brien 12/31/1987", false}, /* another one's */
	    {"patient-name-dob", "Sean O'Brien", false},
	    {"patient-name-dob", "03/04/1961", false},
	    {"patient-mrn", "MR-004711", true},
	    {"patient-mrn", "mr004711", true},
	    {"patient-mrn", "MRN: 815099", true},
	    {"patient-mrn", "chart #000815099", true},
	    {"patient-mrn", "815098", false},
	    {"patient-mrn", "W00421234", false}, /* another kind */
	    {"patient-member", "Member ID W0042-1234", true},
	    {"patient-member", "W0042 1234", true},
	    {"patient-member", "MR-004711", false},
	    {"patient-member", "", false},
	};
	struct patients_summary sum;
	struct mw_err err = {0};
	void *inst;
	int r;

	(void)state;
	assert_int_equal(build(people, sizeof(people) - 1, &sum, &err), 0);
	assert_int_equal(sum.rows, 3);
	assert_int_equal(sum.empty, 1);
	assert_int_equal(sum.first_empty, 4);
	assert_int_equal(sum.bad_numbers, 2); /* n/a, W99 */
	assert_int_equal(sum.bad_dates, 0);
	assert_int_equal(sum.values[PATIENTS_NAME], 3);
	assert_int_equal(sum.values[PATIENTS_NAME_DOB], 3);
	assert_int_equal(sum.values[PATIENTS_MRN], 2);
	assert_int_equal(sum.values[PATIENTS_MEMBER], 1);
	inst = open_module(index_path, key_path, &err, &r);
	assert_int_equal(r, 0);
	for (size_t i = 0; i < COUNT(row); i++)
		if (run(inst, row[i].check, row[i].text) != row[i].yes)
			fail_msg("%s \"%s\"", row[i].check, row[i].text);
	mw_plugin_check_patients.hooks.close(inst);
	mw_plugin_check_patients.hooks.close(NULL);
}

/* Whole names in one column, and what a Latin-1 export makes of them. */
static void test_full_names(void **state)
{
	static const char text[] = "\xef\xbb\xbfName;Birth Date\nJohn van der Berg;04.03.1961\n\"M\xfcller, J\xf6rg\";1.1.1970\n";
	struct patients_summary sum;
	struct mw_err err = {0};
	void *inst;
	int r;

	(void)state;
	assert_int_equal(build(text, sizeof(text) - 1, &sum, &err), 0);
	inst = open_module(index_path, key_path, &err, &r);
	assert_int_equal(r, 0);
	assert_true(run(inst, "patient-name", "Berg, John"));
	assert_true(run(inst, "patient-name", "John van der Berg"));
	assert_true(run(inst, "patient-name-dob", "J\xc3\xb6rg M\xc3\xbcller, born January 1st, 1970"));
	assert_false(run(inst, "patient-mrn", "123456"));
	mw_plugin_check_patients.hooks.close(inst);
}

/* Nothing of the table is in the index, and two patients look like a thousand. */
static void test_discloses_nothing(void **state)
{
	static unsigned char octets[400000];
	struct patients_summary sum;
	struct mw_err err = {0};
	struct stat st;
	FILE *f;
	size_t n;

	(void)state;
	assert_int_equal(build(people, sizeof(people) - 1, &sum, &err), 0);
	f = fopen(index_path, "r");
	assert_non_null(f);
	n = fread(octets, 1, sizeof(octets), f);
	(void)fclose(f);
	assert_int_equal(n, PATIENTS_HEADER + 5 * 1024 * PATIENTS_ENTRY);
	assert_int_equal(sum.octets, n);
	assert_null(memmem(octets, n, "Brien", 5));
	assert_null(memmem(octets, n, "brien", 5));
	assert_null(memmem(octets, n, "004711", 6));
	assert_null(memmem(octets, n, "1961", 4));
	assert_int_equal(stat(index_path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void refused(const char *index, const char *key, const char *why)
{
	struct mw_err err = {0};
	int r;

	assert_null(open_module(index, key, &err, &r));
	if (r >= 0 || !strstr(err.text, why))
		fail_msg("%d \"%s\", not \"%s\"", r, err.text, why);
}

static void test_refused(void **state)
{
	static unsigned char octets[400000];
	char other[64];
	struct patients_summary sum;
	struct mw_err err = {0};
	FILE *f;
	size_t n;
	int fd;

	(void)state;
	assert_int_equal(build(people, sizeof(people) - 1, &sum, &err), 0);
	f = fopen(index_path, "r");
	assert_non_null(f);
	n = fread(octets, 1, sizeof(octets), f);
	(void)fclose(f);

	/* Every bit of the header, and of some entries; every shorter file. */
	for (size_t i = 0; i < n; i = i < 400 ? i + 1 : i + 997) {
		octets[i] ^= (unsigned char)(1u << (i % 8));
		put(index_path, octets, n);
		refused(index_path, key_path, "the index ");
		octets[i] ^= (unsigned char)(1u << (i % 8));
	}
	for (size_t cut = 0; cut < n; cut = cut < 400 ? cut + 1 : cut + 997) {
		put(index_path, octets, cut);
		refused(index_path, key_path, cut ? "the index " : "is empty");
	}
	put(index_path, octets, n);
	assert_int_equal(truncate(index_path, (off_t)n + 8), 0);
	refused(index_path, key_path, "is damaged or cut off");
	put(index_path, "text", 4);
	refused(index_path, key_path, "is no index of milward");
	put(index_path, octets, n);

	assert_int_equal(chmod(index_path, 0666), 0);
	refused(index_path, key_path, "can be written by everybody");
	assert_int_equal(chmod(index_path, 0600), 0);
	refused("/nowhere/index", key_path,
		"cannot open the index /nowhere/index: No such file or directory; milwardctl index makes it");
	refused(folder, key_path, "is not a regular file");
	refused(index_path, "/nowhere/key", "cannot open the key /nowhere/key");
	(void)snprintf(other, sizeof(other), "%s/other", folder);
	assert_int_equal(patients_key_new(fh_host(), other, &err), 0);
	refused(index_path, other, "was made with another key");
	assert_int_equal(patients_key_new(fh_host(), other, &err), -EEXIST);
	assert_int_equal(chmod(other, 0640), 0);
	refused(index_path, other, "is open to others (mode 0640): run chmod 600");
	assert_int_equal(chmod(other, 0600), 0);
	put(other, "abc", 3);
	refused(index_path, other, "does not hold 64 hexadecimal digits");
	assert_int_equal(unlink(other), 0);
	fd = open(index_path, O_RDONLY);
	assert_true(fd >= 0);
	(void)close(fd);
}

/* A table that cannot be used leaves the index as it was. */
static void test_bad_tables(void **state)
{
	static const struct {
		const char *text, *why;
	} row[] = {
	    {"", "no row has anything to index"},
	    {"MRN\n", "no row has anything to index"},
	    {"MRN\n\n\n", "no row has anything to index"},
	    {"a,b\n1,2\n", "no column of the first line is known"},
	    {"MRN,Name\n12345,\"John\n", "the row at line 2 has a quote that is never closed"},
	    {"\xff\xfeM\x00", "is UTF-16"},
	};
	struct patients_summary sum;
	struct mw_err err = {0};
	struct stat before, after;

	(void)state;
	assert_int_equal(build(people, sizeof(people) - 1, &sum, &err), 0);
	assert_int_equal(stat(index_path, &before), 0);
	for (size_t i = 0; i < COUNT(row); i++) {
		assert_true(build(row[i].text, i + 1 == COUNT(row) ? 4 : strlen(row[i].text), &sum, &err) < 0);
		if (!strstr(err.text, row[i].why))
			fail_msg("\"%s\", not \"%s\"", err.text, row[i].why);
		assert_int_equal(stat(index_path, &after), 0);
		assert_int_equal(before.st_ino, after.st_ino);
	}
}

/* Many rows: every one is found again, others are not. */
static void test_many(void **state)
{
	enum { ROWS = 20000 };
	char *text = malloc(ROWS * 32 + 16);
	size_t n = (size_t)sprintf(text, "mrn,member id\n");
	struct patients_summary sum;
	struct mw_err err = {0};
	void *inst;
	int r;

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < ROWS; i++)
		n += (size_t)sprintf(text + n, "%u,M%07u\n", 1000000 + i * 7, i * 3);
	assert_int_equal(build(text, n, &sum, &err), 0);
	free(text);
	inst = open_module(index_path, key_path, &err, &r);
	assert_int_equal(r, 0);
	for (unsigned i = 0; i < ROWS; i += 13) {
		char number[32];

		(void)sprintf(number, "%u", 1000000 + i * 7);
		assert_true(run(inst, "patient-mrn", number));
		(void)sprintf(number, "%u", 1000000 + i * 7 + 1);
		assert_false(run(inst, "patient-mrn", number));
		(void)sprintf(number, "M%07u", i * 3);
		assert_true(run(inst, "patient-member", number));
		(void)sprintf(number, "M%07u", i * 3 + 2);
		assert_false(run(inst, "patient-member", number));
	}
	mw_plugin_check_patients.hooks.close(inst);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),      cmocka_unit_test(test_dates),
	    cmocka_unit_test(test_numbers),    cmocka_unit_test(test_csv),
	    cmocka_unit_test(test_columns),    cmocka_unit_test(test_sort),
	    cmocka_unit_test(test_padding),    cmocka_unit_test(test_lookups),
	    cmocka_unit_test(test_full_names), cmocka_unit_test(test_discloses_nothing),
	    cmocka_unit_test(test_refused),    cmocka_unit_test(test_bad_tables),
	    cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
