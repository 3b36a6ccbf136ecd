/* SPDX-License-Identifier: Apache-2.0 */
/* The normal forms of names, dates and numbers. */
#include "normal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

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
	    {"3/4/61 5/6/62", PATIENTS_ANY, "19610304 18610304 19610403 18610403 19620506 18620506 19620605 18620605"},
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
		char out[9 * PATIENTS_DATES + 1] = "";

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

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_words),
	    cmocka_unit_test(test_dates),
	    cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
