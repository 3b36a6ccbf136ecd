/* SPDX-License-Identifier: Apache-2.0 */
#include "check_us.h"

/* None of them has an instance. */
#define ROW(name)                                                                                                                \
	static bool row_##name(const void *inst, const char *p, size_t n)                                                        \
	{                                                                                                                        \
		(void)inst;                                                                                                      \
		return check_us_##name(p, n);                                                                                    \
	}
ROW(ssn)
ROW(itin)
ROW(npi)
ROW(dea)
ROW(mbi)
ROW(zip)
ROW(phone)
ROW(luhn)
ROW(vin)
ROW(udi)
ROW(ipv4)
ROW(iban)
ROW(date)

static const struct mw_check checks[] = {
    {"us-ssn", "Social Security number: area, group and serial are given out, and it was in no advertisement", row_ssn, 0},
    {"us-itin", "Individual Taxpayer Identification Number: 9xx and a group in use", row_itin, 0},
    {"us-npi", "National Provider Identifier: ten digits with their check digit", row_npi, 0},
    {"us-dea", "DEA registration number: two letters, seven digits with their check digit", row_dea, 0},
    {"us-mbi", "Medicare Beneficiary Identifier: letters and digits in their places", row_mbi, 0},
    {"us-zip", "the ZIP code that ends the match is in use, and in the state before it", row_zip, 0},
    {"us-phone", "telephone number: area and exchange are possible", row_phone, 0},
    {"luhn", "8 to 19 digits with Luhn's check digit (cards, accounts)", row_luhn, 0},
    {"us-vin", "vehicle identification number: seventeen places with their check digit", row_vin, 0},
    {"udi", "(01) and the fourteen digits of a device identifier with their check digit", row_udi, 0},
    {"ipv4", "an IPv4 address that a host can have", row_ipv4, 0},
    {"iban", "an international bank account number with its check digits", row_iban, 0},
    {"date", "a day that the calendar has", row_date, 0},
    {0},
};

MW_PLUGIN(check_us, "check-us", .kind = MW_KIND_CHECKER, .version = MW_VERSION,
	  .summary = "checks for US identifiers, dates and places", .licence = "Apache-2.0", .checks = checks);
