/* SPDX-License-Identifier: Apache-2.0 */
#include "check_us.h"

#include "unit/checkrows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

extern const struct mw_plugin mw_plugin_check_us;

static const struct check_row row[] = {
    /* Areas 000, 666 and 9xx, group 00 and serial 0000 are never given out. */
    {"us-ssn", "219-09-9998", true},
    {"us-ssn", "219 09 9998", true},
    {"us-ssn", "219099998", true},
    {"us-ssn", "219-09-\n9998", true},
    {"us-ssn", "219-\n> 09-9998", true},
    {"us-ssn", "001-01-0001", true},
    {"us-ssn", "899-99-9999", true},
    {"us-ssn", "000-12-3456", false},
    {"us-ssn", "666-12-3456", false},
    {"us-ssn", "665-12-3456", true},
    {"us-ssn", "900-12-3456", false},
    {"us-ssn", "999-99-9999", false},
    {"us-ssn", "123-00-4567", false},
    {"us-ssn", "123-45-0000", false},
    {"us-ssn", "078-05-1120", false},
    {"us-ssn", "219-09-9999", false},
    {"us-ssn", "987-65-4320", false},
    {"us-ssn", "987-65-4329", false},
    {"us-ssn", "21909999", false},
    {"us-ssn", "2190999980", false},
    {"us-ssn", "219-09-999x", false},
    {"us-ssn", "", false},
    {"us-itin", "912-50-1234", true},
    {"us-itin", "912-65-1234", true},
    {"us-itin", "912-66-1234", false},
    {"us-itin", "912-70-1234", true},
    {"us-itin", "912-88-1234", true},
    {"us-itin", "912-89-1234", false},
    {"us-itin", "912-92-1234", true},
    {"us-itin", "912-93-1234", false},
    {"us-itin", "912 99 1234", true},
    {"us-itin", "912-49-1234", false},
    {"us-itin", "812-70-1234", false},
    {"us-npi", "1234567893", true},
    {"us-npi", "1245319599", true},
    {"us-npi", "1234567890", false},
    {"us-npi", "1245319598", false},
    {"us-npi", "3234567893", false},
    {"us-npi", "123456789", false},
    {"us-dea", "AB1234563", true},
    {"us-dea", "ab1234563", true},
    {"us-dea", "F91234563", true},
    {"us-dea", "AB1234562", false},
    {"us-dea", "IB1234563", false},
    {"us-dea", "A11234563", false},
    {"us-dea", "AB0000000", false},
    {"us-dea", "AB123456", false},
    {"us-mbi", "1EG4-TE5-MK73", true},
    {"us-mbi", "1EG4TE5MK73", true},
    {"us-mbi", "1eg4 te5 mk73", true},
    {"us-mbi", "0EG4-TE5-MK73", false}, /* the first place is 1-9 */
    {"us-mbi", "1SG4-TE5-MK73", false}, /* S L O I B Z are not used */
    {"us-mbi", "1EG4-TE5-MO73", false},
    {"us-mbi", "1EG4-TE5-MK7", false},
    {"us-mbi", "1EG4-TE5-MK733", false},
    {"us-mbi", "1E44-T55-MK73", true}, /* places 3 and 6 may be digits */
    {"us-mbi", "1EGA-TE5-MK73", false},
    {"luhn", "4111 1111 1111 1111", true},
    {"luhn", "4111-1111-1111-1112", false},
    {"luhn", "0000000000000000", false},
    {"luhn", "18", false},
    {"luhn", "41111111111111111111", false},
    {"us-zip", "62704", true},
    {"us-zip", "62704-1234", true},
    {"us-zip", "00000", false},
    {"us-zip", "00499", false},
    {"us-zip", "12 Oak St, Springfield, IL 62704", true},
    {"us-zip", "12 Oak St, Springfield, il, 62704-1234", true},
    {"us-zip", "12 Oak St, Springfield, MA 62704", false},
    {"us-zip", "12 Oak St, Springfield, MA\n01103", true},
    {"us-zip", "IL 62704", true},
    {"us-zip", "Illinois 62704", true}, /* no two-letter code: only the ZIP code is looked at */
    {"us-zip", "IL 6270", false},
    {"us-zip", "IL 627045", false},
    {"us-zip", "IL 62704-123", false},
    {"us-phone", "(217) 555-0143", true},
    {"us-phone", "217-555-0143", true},
    {"us-phone", "+1 217.555.0143", true},
    {"us-phone", "1-217-555-0143", true},
    {"us-phone", "2175550143", true},
    {"us-phone", "117-555-0143", false},
    {"us-phone", "911-555-0143", false},
    {"us-phone", "217-155-0143", false},
    {"us-phone", "217-411-0143", false},
    {"us-phone", "291-555-0143", false},
    {"us-phone", "217-555-014", false},
    {"us-phone", "2-217-555-0143", false},
    {"us-phone", "+++++++++++++++++++++++++++++++++++++++++++2175550143", true},
    {"us-phone", "2                                    175550143", false},
    {"us-vin", "1HGCM82633A004352", true},
    {"us-vin", "1m8gdm9axkp042788", true},
    {"us-vin", "1HGCM82634A004352", false},
    {"us-vin", "1HGCM82633A00435", false},
    {"us-vin", "IHGCM82633A004352", false}, /* no I, O, Q */
    {"us-vin", "11111111111111111", false}, /* its sum is right, and it is a number */
    {"us-vin", "1HGCM82633A00435X", false},
    {"udi", "(01)00643169007222", true},
    {"udi", "0100643169007222", true},
    {"udi", "(01)00643169007223", false},
    {"udi", "(01)0064316900722", false},
    {"udi", "01", false},
    {"udi", "", false},
    {"ipv4", "203.0.113.7", true},
    {"ipv4", "10.1.2.3", true},
    {"ipv4", "256.0.113.7", false},
    {"ipv4", "127.0.0.1", false},
    {"ipv4", "255.255.255.0", false},
    {"ipv4", "203.0.113", false},
    {"ipv4", "203.0.113.07", false},
    {"ipv4", "203.0.113.7.1", false},
    {"iban", "GB82 WEST 1234 5698 7654 32", true},
    {"iban", "DE89370400440532013000", true},
    {"iban", "DE88370400440532013000", false},
    {"iban", "DE89", false},
    {"iban", "1289370400440532013000", false},
    {"iban", "DE893704004405320130001234567890123456789", false},
    {"date", "19610304", true},
    {"date", "19611304", false},
    {"date", "17610304", false},
    {"date", "1961030", false},
    {"date", "3/4/1961", true},
    {"date", "03/04/1961", true},
    {"date", "03-04-61", true},
    {"date", "12/31/1999", true},
    {"date", "31/12/1999", true},
    {"date", "13/13/1999", false},
    {"date", "02/29/2000", true},
    {"date", "02/29/1900", false},
    {"date", "02/29/2023", false},
    {"date", "02/30/2024", false},
    {"date", "00/10/1999", false},
    {"date", "1961-03-04", true},
    {"date", "1961-13-04", false},
    {"date", "1961/02/29", false},
    {"date", "March 4, 1961", true},
    {"date", "Mar. 4th, 1961", true},
    {"date", "Sept 31, 1961", false},
    {"date", "4 March 1961", true},
    {"date", "04-MAR-1961", true},
    {"date", "4th of March 1961", true},
    {"date", "4MAR61", true},
    {"date", "of March 4 1961", false},
    {"date", "4 Foo 1961", false},
    {"date", "3/4/1761", false},
    {"date", "3/4/961", false},
    {"date", "3/4", false},
    {"date", "3/4/5/1961", false},
    {"date", "3:4:1961", false},
    {"date", "", false},
};

static void test_rows(void **state)
{
	(void)state;
	check_rows(&mw_plugin_check_us, row, sizeof(row) / sizeof(*row));
}

/* One of ten numbers has the right check digit, whatever the others are. */
static void test_check_digits(void **state)
{
	(void)state;
	for (unsigned i = 100000; i < 101000; i++) {
		char npi[16], dea[16];
		unsigned npis = 0, deas = 0;

		for (unsigned k = 0; k < 10; k++) {
			(void)snprintf(npi, sizeof(npi), "123%u%u", i, k);
			(void)snprintf(dea, sizeof(dea), "AB%u%u", i, k);
			npis += check_run(&mw_plugin_check_us, "us-npi", npi, 10);
			deas += check_run(&mw_plugin_check_us, "us-dea", dea, 9);
		}
		assert_int_equal(npis, 1);
		assert_int_equal(deas, 1);
	}
}

static void test_every_check_has_rows(void **state)
{
	(void)state;
	for (const struct mw_check *c = mw_plugin_check_us.checks; c->name; c++) {
		unsigned good = 0, bad = 0;

		for (size_t i = 0; i < sizeof(row) / sizeof(*row); i++)
			if (!strcmp(row[i].check, c->name))
				*(row[i].valid ? &good : &bad) += 1;
		assert_true(good && bad && c->help[0]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_rows),
	    cmocka_unit_test(test_check_digits),
	    cmocka_unit_test(test_every_check_has_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
