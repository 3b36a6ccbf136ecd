/* SPDX-License-Identifier: Apache-2.0 */
#include "check_us.h"

static const struct mw_check checks[] = {
    {"us-ssn", "Social Security number: area, group and serial are given out, and it was in no advertisement", check_us_ssn},
    {"us-itin", "Individual Taxpayer Identification Number: 9xx and a group in use", check_us_itin},
    {"us-npi", "National Provider Identifier: ten digits with their check digit", check_us_npi},
    {"us-dea", "DEA registration number: two letters, seven digits with their check digit", check_us_dea},
    {"us-mbi", "Medicare Beneficiary Identifier: letters and digits in their places", check_us_mbi},
    {"us-zip", "the ZIP code that ends the match is in use, and in the state before it", check_us_zip},
    {"us-phone", "telephone number: area and exchange are possible", check_us_phone},
    {"luhn", "8 to 19 digits with Luhn's check digit (cards, accounts)", check_us_luhn},
    {"date", "a day that the calendar has", check_us_date},
    {0},
};

MW_PLUGIN(check_us, "check-us", .kind = MW_KIND_CHECKER, .version = MW_VERSION,
	  .summary = "checks for US identifiers, dates and places", .licence = "Apache-2.0", .checks = checks);
