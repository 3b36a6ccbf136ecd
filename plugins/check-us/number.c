/* SPDX-License-Identifier: Apache-2.0 */
/* number: numbers of persons (SSN, ITIN, MBI) and of those who treat them (NPI, DEA). */
#include "check_us.h"

static unsigned value(const unsigned char *digit, size_t n)
{
	unsigned v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * 10 + digit[i];
	return v;
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

/* Areas have been random since June 2011, so the ranges of the Social Security Administration turn only one number in nine away.
 * Two numbers were printed in advertisements and are void. */
bool check_us_ssn(const char *p, size_t n)
{
	unsigned char d[9];
	unsigned area, number;

	if (check_us_digits(p, n, d, 9) != 9)
		return false;
	area = value(d, 3);
	number = value(d, 9);
	return area != 0 && area != 666 && area < 900 && value(d + 3, 2) != 0 && value(d + 5, 4) != 0 && number != 78051120 &&
	       number != 219099999;
}

/* Taxpayers without an SSN (IRS): 9xx and a group of 50-65, 70-88, 90-92 or 94-99. */
bool check_us_itin(const char *p, size_t n)
{
	unsigned char d[9];
	unsigned group;

	if (check_us_digits(p, n, d, 9) != 9 || d[0] != 9)
		return false;
	group = value(d + 3, 2);
	return (group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group <= 92) || group >= 94;
}

/* National Provider Identifier (45 CFR 162.406): Luhn over the number behind the prefix 80840. */
bool check_us_npi(const char *p, size_t n)
{
	unsigned char d[15] = {8, 0, 8, 4, 0};

	return check_us_digits(p, n, d + 5, 10) == 10 && (d[5] == 1 || d[5] == 2) && check_us_luhn_sum(d, 15);
}

static bool is_registrant(char c)
{
	for (const char *s = "ABCDEFGHJKLMPRSTUX"; *s; s++)
		if (*s == c)
			return true;
	return false;
}

/* DEA registration: kind of registrant, first letter of the name or 9, six digits and their check digit. */
bool check_us_dea(const char *p, size_t n)
{
	unsigned char d[7];
	char name;

	if (n < 9 || !is_registrant(upper(p[0])))
		return false;
	name = upper(p[1]);
	if (name != '9' && (name < 'A' || name > 'Z'))
		return false;
	if (check_us_digits(p + 2, n - 2, d, 7) != 7 || value(d, 7) == 0)
		return false;
	return (d[0] + d[2] + d[4] + 2 * (d[1] + d[3] + d[5])) % 10 == d[6];
}

/* Medicare Beneficiary Identifier (CMS): eleven places; letters are never S L O I B Z; dashes are not part of it. No check digit.
 */
bool check_us_mbi(const char *p, size_t n)
{
	static const char form[] = "1ANNANNAANN"; /* 1: 1-9, N: digit, A: letter; places 3 and 6 may be either */
	size_t at = 0;

	for (size_t i = 0; i < n; i++) {
		char c = upper(p[i]);
		bool digit = c >= '0' && c <= '9', letter = c >= 'A' && c <= 'Z';

		if (c == '-' || c == ' ')
			continue;
		for (const char *s = "SLOIBZ"; *s; s++)
			letter = letter && *s != c;
		if (at == sizeof(form) - 1)
			return false;
		if (form[at] == '1' && (!digit || c == '0'))
			return false;
		if (form[at] == 'A' && !letter)
			return false;
		if (form[at] == 'N' && !digit && !(letter && (at == 2 || at == 5)))
			return false;
		at++;
	}
	return at == sizeof(form) - 1;
}

/* Cards and account numbers: 8 to 19 digits, not all the same. */
bool check_us_luhn(const char *p, size_t n)
{
	unsigned char d[19];
	size_t digits = check_us_digits(p, n, d, sizeof(d)), same = 1;

	if (digits < 8)
		return false;
	while (same < digits && d[same] == d[0])
		same++;
	return same < digits && check_us_luhn_sum(d, digits);
}
