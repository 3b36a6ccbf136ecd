/* SPDX-License-Identifier: Apache-2.0 */
/* code: numbers of things that a person has, with their check digits: vehicles, medical devices, hosts of the Internet, accounts.
 */
#include "check_us.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

/* What a place of a VIN counts; -1: I, O, Q and signs stand in none. */
static int vin_value(char c)
{
	static const char value[] = "12345678.12345.7.923456789"; /* A to Z */

	if (is_digit(c))
		return c - '0';
	if (c < 'A' || c > 'Z' || value[c - 'A'] == '.')
		return -1;
	return value[c - 'A'] - '0';
}

/* Vehicle identification number (49 CFR 565): seventeen places, the ninth is the check digit, 0-9 or X. */
bool check_us_vin(const char *p, size_t n)
{
	static const unsigned char weight[17] = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
	unsigned sum = 0, digits = 0;
	char check;

	if (n != 17)
		return false;
	for (size_t i = 0; i < 17; i++) {
		int v = vin_value(upper(p[i]));

		if (v < 0)
			return false;
		digits += is_digit(p[i]);
		sum += (unsigned)v * weight[i];
	}
	/* The last four are digits, and seventeen digits are another kind of number. */
	for (size_t i = 13; i < 17; i++)
		if (!is_digit(p[i]))
			return false;
	check = upper(p[8]);
	return digits < 17 && (sum % 11 == 10 ? check == 'X' : check == (char)('0' + sum % 11));
}

/* The device identifier of a UDI in GS1's form: (01) and a GTIN of fourteen digits, the last of which is the check digit. */
bool check_us_udi(const char *p, size_t n)
{
	unsigned sum = 0;
	size_t at = 0;

	while (at < n && p[at] != '1') /* the application identifier 01, with or without brackets */
		at++;
	at++;
	if (at < n && p[at] == ')')
		at++;
	if (n < 14 || at > n - 14)
		return false;
	for (size_t i = 0; i < 14; i++) {
		if (!is_digit(p[at + i]))
			return false;
		sum += (unsigned)(p[at + i] - '0') * (i % 2 ? 1 : 3);
	}
	return sum % 10 == 0;
}

/* Octets of an IPv4 address; 0: it is none. */
static bool ipv4_octets(const char *p, size_t n, unsigned octet[4])
{
	size_t at = 0;

	for (size_t k = 0; k < 4; k++) {
		size_t start = at;

		octet[k] = 0;
		for (; at < n && is_digit(p[at]) && at - start < 3; at++)
			octet[k] = octet[k] * 10 + (unsigned)(p[at] - '0');
		if (at == start || octet[k] > 255 || (p[start] == '0' && at - start > 1))
			return false;
		if (k < 3 && (at == n || p[at++] != '.'))
			return false;
	}
	return at == n;
}

/* IPv4 address of a host: not this network, loopback, multicast or a mask. Versions of programs (1.2.3.4) look the same. */
bool check_us_ipv4(const char *p, size_t n)
{
	unsigned octet[4];

	return ipv4_octets(p, n, octet) && octet[0] != 0 && octet[0] != 127 && octet[0] < 224;
}

/* IBAN (ISO 13616): country, two check digits, up to thirty places; the whole turned round is 1 modulo 97. */
bool check_us_iban(const char *p, size_t n)
{
	char place[34];
	size_t places = 0;
	unsigned rest = 0;

	for (size_t i = 0; i < n; i++) {
		char c = upper(p[i]);

		if (c == ' ' || c == '-')
			continue;
		if (places == sizeof(place) || (!is_digit(c) && (c < 'A' || c > 'Z')))
			return false;
		place[places++] = c;
	}
	if (places < 15 || is_digit(place[0]) || is_digit(place[1]) || !is_digit(place[2]) || !is_digit(place[3]))
		return false;
	for (size_t i = 0; i < places; i++) {
		char c = place[(i + 4) % places];

		rest = is_digit(c) ? (rest * 10 + (unsigned)(c - '0')) % 97 : (rest * 100 + (unsigned)(c - 'A') + 10) % 97;
	}
	return rest == 1;
}
