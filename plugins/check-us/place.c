/* SPDX-License-Identifier: Apache-2.0 */
/* place: ZIP codes (US Postal Service) and telephone numbers (North American Numbering Plan). */
#include "check_us.h"

/* Sectional centres (first three digits) of each state; a state may have several rows. */
static const struct {
	char state[3];
	unsigned short from, to;
} zip[] = {
    {"AK", 995, 999}, {"AL", 350, 369}, {"AR", 716, 729}, {"AR", 755, 755}, {"AS", 967, 967}, {"AZ", 850, 865}, {"CA", 900, 961},
    {"CO", 800, 816}, {"CT", 60, 69},	{"DC", 200, 205}, {"DC", 569, 569}, {"DE", 197, 199}, {"FL", 320, 349}, {"GA", 300, 319},
    {"GA", 398, 399}, {"GU", 969, 969}, {"HI", 967, 968}, {"IA", 500, 528}, {"ID", 832, 838}, {"IL", 600, 629}, {"IN", 460, 479},
    {"KS", 660, 679}, {"KY", 400, 427}, {"LA", 700, 714}, {"MA", 10, 27},   {"MA", 55, 55},   {"MD", 206, 219}, {"ME", 39, 49},
    {"MI", 480, 499}, {"MN", 550, 567}, {"MO", 630, 658}, {"MP", 969, 969}, {"MS", 386, 397}, {"MT", 590, 599}, {"NC", 270, 289},
    {"ND", 580, 588}, {"NE", 680, 693}, {"NH", 30, 38},	  {"NJ", 70, 89},   {"NM", 870, 884}, {"NV", 889, 898}, {"NY", 5, 5},
    {"NY", 63, 63},   {"NY", 100, 149}, {"OH", 430, 459}, {"OK", 730, 749}, {"OR", 970, 979}, {"PA", 150, 196}, {"PR", 6, 7},
    {"PR", 9, 9},     {"RI", 28, 29},	{"SC", 290, 299}, {"SD", 570, 577}, {"TN", 370, 385}, {"TX", 733, 733}, {"TX", 750, 799},
    {"TX", 885, 885}, {"UT", 840, 847}, {"VA", 201, 201}, {"VA", 220, 246}, {"VI", 8, 8},     {"VT", 50, 59},	{"WA", 980, 994},
    {"WI", 530, 549}, {"WV", 247, 268}, {"WY", 820, 831}, {"WY", 834, 834},
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

/* Where the digits that end p[0..n) begin. */
static size_t digits_begin(const char *p, size_t n)
{
	while (n && is_digit(p[n - 1]))
		n--;
	return n;
}

/* Is the centre in use, and in the state (two letters before it), should one be given? */
static bool zip_agrees(unsigned centre, const char *state)
{
	for (size_t i = 0; i < sizeof(zip) / sizeof(*zip); i++) {
		if (centre < zip[i].from || centre > zip[i].to)
			continue;
		if (!state || (zip[i].state[0] == upper(state[0]) && zip[i].state[1] == upper(state[1])))
			return true;
	}
	return false;
}

/* The ZIP code that ends the match: 12345 or 12345-6789, alone or behind an address. */
bool check_us_zip(const char *p, size_t n)
{
	size_t at = digits_begin(p, n);
	unsigned centre;

	if (n - at == 4 && at && p[at - 1] == '-') {
		n = at - 1;
		at = digits_begin(p, n);
	}
	if (n - at != 5)
		return false;
	centre = (unsigned)(p[at] - '0') * 100 + (unsigned)(p[at + 1] - '0') * 10 + (unsigned)(p[at + 2] - '0');
	while (at && (p[at - 1] == ' ' || p[at - 1] == '\t' || p[at - 1] == '\r' || p[at - 1] == '\n' || p[at - 1] == ','))
		at--;
	if (at >= 2 && is_letter(p[at - 1]) && is_letter(p[at - 2]) && (at == 2 || !is_letter(p[at - 3])))
		return zip_agrees(centre, p + at - 2);
	return zip_agrees(centre, NULL);
}

/* Neither area nor exchange begins with 0 or 1, nor is N11; no area is N9X, nor 37X or 96X. */
bool check_us_phone(const char *p, size_t n)
{
	unsigned char digit[11], *d = digit;
	char bare[32];
	size_t m = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '(' || p[i] == ')' || p[i] == '+' || p[i] == '/')
			continue;
		if (m == sizeof(bare))
			return false;
		bare[m++] = p[i];
	}
	m = check_us_digits(bare, m, digit, sizeof(digit));
	if (m == 11 && d[0] == 1)
		d++;
	else if (m != 10)
		return false;
	if (d[0] < 2 || d[1] == 9 || (d[1] == 1 && d[2] == 1) || (d[0] == 3 && d[1] == 7) || (d[0] == 9 && d[1] == 6))
		return false;
	return d[3] >= 2 && !(d[4] == 1 && d[5] == 1);
}
