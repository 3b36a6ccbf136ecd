/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check-us: is a match a number that can have been given out in the United States? Every function is pure, takes folded text
 * (octets, not terminated), and lets blanks, hyphens, dots, and the line's end with the marks of a quote behind it stand where
 * people write them or their mailers break a line: how much of it there may be is for the pattern to say.
 */
#ifndef MW_CHECK_US_H
#define MW_CHECK_US_H

#include <milward/plugin.h>

/* digits.c: the digits of p in out, most is its size. How many; 0: too many, or something else stands between them. */
size_t check_us_digits(const char *p, size_t n, unsigned char *out, size_t most);
/* Luhn's sum (ISO/IEC 7812) over digits, the last of which is the check digit, is a multiple of ten. */
bool check_us_luhn_sum(const unsigned char *digit, size_t n);

/* number.c */
bool check_us_ssn(const char *p, size_t n);
bool check_us_itin(const char *p, size_t n);
bool check_us_npi(const char *p, size_t n);
bool check_us_dea(const char *p, size_t n);
bool check_us_mbi(const char *p, size_t n);
bool check_us_luhn(const char *p, size_t n);

/* place.c */
bool check_us_zip(const char *p, size_t n);
bool check_us_phone(const char *p, size_t n);

/* code.c */
bool check_us_vin(const char *p, size_t n);
bool check_us_udi(const char *p, size_t n);
bool check_us_ipv4(const char *p, size_t n);
bool check_us_iban(const char *p, size_t n);

/* date.c */
bool check_us_date(const char *p, size_t n);

#endif
