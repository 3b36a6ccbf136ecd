/* SPDX-License-Identifier: Apache-2.0 */
#include "check_us.h"

size_t check_us_digits(const char *p, size_t n, unsigned char *out, size_t most)
{
	size_t digits = 0;

	for (size_t i = 0; i < n; i++) {
		char c = p[i];

		if (c == ' ' || c == '-' || c == '.' || c == '\n' || c == '>')
			continue;
		if (c < '0' || c > '9' || digits == most)
			return 0;
		out[digits++] = (unsigned char)(c - '0');
	}
	return digits;
}

bool check_us_luhn_sum(const unsigned char *digit, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned d = digit[n - 1 - i];

		if (i % 2)
			d = d * 2 > 9 ? d * 2 - 9 : d * 2;
		sum += d;
	}
	return sum % 10 == 0;
}
