/* SPDX-License-Identifier: Apache-2.0 */
/* An index: made out of a table, looked into, refused. */
#include "build.h"
#include "command.h"
#include "lookup.h"

#include "../../tests/unit/fakehost.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

extern const struct mw_plugin mw_plugin_check_patients;

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

#define INDEX_OCTETS 400000 /* room for that of the people */

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

static const char people[] = "PatientID,Last,First,DOB,Member ID\n"
			     "MR-004711,O'Brien,Se\xc3\xa1n Patrick,3/4/1961,W0042-1234\n"
			     "815099,de la Cruz,Mar\xc3\xad"
			     "a,1987-12-31,\n"
			     ",,,,\n"
			     "n/a,Smith-Jones,Anne,31/12/99,W99\n";

static int build(const char *text, size_t n, struct patients_summary *sum, struct mw_err *err)
{
	unsigned char key[PATIENTS_KEY_OCTETS];
	const struct patients_build how = {.table = table,
					   .target = {.path = index_path, .key = key, .smaller = true},
					   .order = PATIENTS_MDY,
					   .year = 2026,
					   .memory = 1 << 16};
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

/* The index of the people, and its size. */
static size_t build_octets(unsigned char octets[INDEX_OCTETS], struct patients_summary *sum)
{
	struct mw_err err = {0};
	FILE *f;
	size_t n;

	assert_int_equal(build(people, sizeof(people) - 1, sum, &err), 0);
	f = fopen(index_path, "r");
	assert_non_null(f);
	n = fread(octets, 1, INDEX_OCTETS, f);
	(void)fclose(f);
	return n;
}

/* Nothing of the table is in the index, and two patients look like a thousand. */
static void test_discloses_nothing(void **state)
{
	static unsigned char octets[INDEX_OCTETS];
	struct patients_summary sum;
	struct stat st;
	size_t n;

	(void)state;
	n = build_octets(octets, &sum);
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
	static unsigned char octets[INDEX_OCTETS];
	char other[64];
	struct patients_summary sum;
	struct mw_err err = {0};
	size_t n;
	int fd;

	(void)state;
	n = build_octets(octets, &sum);

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
	    cmocka_unit_test(test_lookups), cmocka_unit_test(test_full_names), cmocka_unit_test(test_discloses_nothing),
	    cmocka_unit_test(test_refused), cmocka_unit_test(test_bad_tables), cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
