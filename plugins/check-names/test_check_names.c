/* SPDX-License-Identifier: Apache-2.0 */
#include "check_names.h"

#include "unit/checkrows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

extern const struct mw_plugin mw_plugin_check_names;

static const struct check_row row[] = {
    {"person", "John Smith", true},
    {"person", "SMITH, JOHN", true},
    {"person", "Smith, John A.", true},
    {"person", "Mr. John Smith", true},
    {"person", "John Q. Carpenter Jr", true},
    {"person", "Maria de la Cruz", true},
    {"person", "Von, Gavin K.", true},
    {"person", "Linda Von", true},
    {"person", "Jos\xc3\xa9 Eduardo G\xc3\xb3mez", true},
    {"person", "Jose\xcc\x81 Gomez", true}, /* the accent is a character of its own */
    {"person", "Maeve O'Brien", true},
    {"person", "Anne-Marie Smith-Jones", true},
    {"person", "J. Smith", true},
    {"person", "J. Glass", false}, /* a rarer surname that is a word as well, and an initial tells nothing */
    {"person", "J. Nguyen", true},
    {"person", "Mark Brown", true}, /* both are words, and both are frequent names */
    {"person", "Sage Nguyen", true},
    {"person", "Duqyaha Karataev", true}, /* no list has them, and nothing speaks against them */
    {"person", "Amy Butcher", true},
    {"person", "Eleanor Beers", true},
    {"person", "Amy Complete", false},
    {"person", "April Goal", false},
    {"person", "April Nguyen", true},
    {"person", "Neurontin, Lasix", false}, /* drugs */
    {"person", "Las Cruces", false},
    {"person", "BMP, CBC", false},
    {"person", "Um I've", false},
    {"person", "Mai Ng", true},
    {"person", "Quarterly Forecast", false},
    {"person", "Well Doctor", false},
    {"person", "John Hancock Center", false},
    {"person", "John Smith DOB", true}, /* the pattern took the label as well */
    {"person", "SMITH, JOHN MRN", true},
    {"person", "DOB John Smith", false},
    {"person", "John DOB", false},
    {"person", "Smith Street", false},
    {"person", "March Madness", false},
    {"person", "New York", false},
    {"person", "John", false},
    {"person", "J. S.", false},
    {"person", "John Smith MD", false},
    {"person", "Dr. John Smith", false},
    {"person-labelled", "\xe5\xb1\xb1\xe7\x94\xb0 Tarovo", true}, /* short, and not of capitals */
    {"person", "Instructor Crystal Vance", false},
    {"person", "Resident Crystal Vance", true}, /* of a home: a patient */
    {"person", "a, b, c", false},
    {"person", "John Really Smith", false},
    {"person", "John Smith 3", false},
    {"person", "One Two Three Four Five Six Seven", false},
    {"person", "", false},
    {"person", "IOP, VA", false}, /* short and all of capitals: abbreviations */
    {"person", "LEE, ANN", true},
    {"person", "Donna MI", false}, /* a rare name, and here an abbreviation */
    {"person", "MI, Donna", true},
    {"person", "Donna LEE", true},
    {"person", "LEILANI OORD", true},
    {"person", "Leilani IOPA", false},
    {"person", "SZ\xc3\x96TS, V\xc3\x84IN\xc3\x96", true},
    {"person", "John McCARTY", true},
    {"person", "DeShawn MacArthur", true},
    {"surname", "UnitedShield", false}, /* a firm's capitals */
    {"surname", "Szymanski", true},
    {"person-labelled", "DAVIN HAND", true},
    {"person-labelled", "DUQYAHA QUICK", true},
    {"person-labelled", "Duqyaha Karataev", true},
    {"person-labelled", "Quarterly Forecast", false},
    {"person-labelled", "Davin Hospital", false},
    {"person-labelled", "Well Actually", false},
    {"person-labelled", "Marla So", false},
    {"person-labelled", "T. Brannigan", true},
    {"person", "Hyacinth Obuya", true},
    {"person", "Doctor Obuya", false},
    {"person-labelled", "T. Hospital", false},
    {"person-known", "John Smith", true},
    {"person-known", "Donna Torres", true},
    {"person-known", "TORRES, DONNA", true},
    {"person-known", "Betty Balistreri", true},
    {"person-known", "Duqyaha Karataev", false},
    {"person-known", "Grace Nguyen", true},
    {"person-known", "Mark Price", false},
    {"person-known", "Mark Balistreri", true},
    {"person-known", "Summer Price", false},
    {"person-known", "J. Nguyen", false},
    {"person-known", "Linux Kernel", false},
    {"surname", "Jones", true},
    {"surname", "Ms. Jones", true},
    {"surname", "Brown", true},
    {"surname", "Balistreri", true},
    {"surname", "Anna Jones", true},
    {"surname-known", "Jones", true},
    {"surname-known", "Szymanski", true},
    {"surname-known", "Vicryl", false}, /* no list has it */
    {"surname-known", "Customer", false},
    {"surname-known", "Anna Jones", false}, /* one word */
    {"surname-known", "J", false},
    {"surname-known", "", false},
    {"surname", "ABC", false},
    {"surname", "A", false},
    {"surname", "Robot", false},
    {"surname", "Temp", false}, /* of charts */
    {"surname", "Post-op", false},
    {"surname", "Obs", false},
    {"person-labelled", "Known Idaline", false},
    {"person", "Anglo Davin", false},
    {"surname", "Afebrile", false}, /* a rarer word */
    {"surname", "Dyspneic", false}, /* of our lists of terms, or formed as such words are */
    {"surname", "Glomerulopathy", false},
    {"surname", "Chandler", true}, /* a rarer word as well */
    {"surname", "Stoyanovich", true},
    {"person", "Amy Glomerulopathy", false},
    {"person", "Eosinophilic Glomerulopathy", false},
    {"first-name", "Genesis", true}, /* formed so, and a name all the same */
    {"surname", "Customer", false},
    {"surname", "", false},
    {"first-name", "Martha", true},
    {"first-name", "Mark", true},
    {"first-name", "Diamond", false},
    {"first-name", "Emma R.", true},
    {"first-name", "Diamond R.", false},
    {"first-name", "Emma, R", false},
    {"first-name", "Parkinson", false},
    {"first-name", "Team", false},
    {"first-name", "Anna Jones", true},
    {"first-name", "Acme Widget", false},
    {"first-name", "J", false},
};

static void test_rows(void **state)
{
	(void)state;
	check_rows(&mw_plugin_check_names, row, sizeof(row) / sizeof(*row));
}

/* Looking up by halves finds the first, the last and a middle row of each list, and nothing between them. */
static void test_lists(void **state)
{
	(void)state;
	assert_int_equal(name_first("aaliyah"), 'a');
	assert_int_equal(name_first("zulma"), 'c');
	assert_int_equal(name_first("donna"), 'a');
	assert_int_equal(name_first("donnie"), 'b');
	assert_int_equal(name_first("donni"), 0);
	assert_int_equal(name_last("abbott"), 'b');
	assert_int_equal(name_last("zuniga"), 'b');
	assert_int_equal(name_last("zzz"), 0);
	assert_int_equal(name_last("a"), 0);
	assert_int_equal(name_ordinary("about"), 'a');
	assert_int_equal(name_ordinary("zest"), 'b');
	assert_int_equal(name_ordinary("zests0"), 0);
	assert_int_equal(name_ordinary(""), 0);
	assert_int_equal(name_never("dob"), 'l');
	assert_int_equal(name_never("yours"), 'x');
	assert_int_equal(name_never("smith"), 0);
}

/* What is an ending of science alone is none of a name, and no word by itself. */
static void test_formed(void **state)
{
	(void)state;
	assert_true(name_formed("nephropathy"));
	assert_true(name_formed("xcably"));
	assert_true(name_formed("abusion"));
	assert_true(name_formed("abusions"));
	assert_true(name_formed("xypathy"));
	assert_false(name_formed("xpathy"));
	assert_false(name_formed("pathy"));
	assert_false(name_formed("pathyx"));
	assert_false(name_formed("szymanski"));
	assert_false(name_formed(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows), cmocka_unit_test(test_lists),
					   cmocka_unit_test(test_formed)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
