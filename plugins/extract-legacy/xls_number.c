/* SPDX-License-Identifier: Apache-2.0 */
#include "xls_number.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SERIAL_MAX 2958466.0 /* 10000-01-01 */
#define DIGITS_MAX 340u	     /* of a double with all before its point */
#define DECIMALS_MAX 30

struct text {
	char *p;
	size_t n;
};

static void put(struct text *t, char c)
{
	if (t->n + 1 < XLS_NUMBER_MAX)
		t->p[t->n++] = c;
}

static void put_text(struct text *t, const char *s)
{
	for (; *s; s++)
		put(t, *s);
}

static void put_int(struct text *t, int value, int width)
{
	char s[32];

	(void)snprintf(s, sizeof(s), "%0*d", width, value);
	put_text(t, s);
}

static size_t end(struct text *t)
{
	t->p[t->n] = '\0';
	return t->n;
}

size_t xls_number_general(double v, char *to)
{
	int n = isfinite(v) ? snprintf(to, XLS_NUMBER_MAX, "%.15g", v) : snprintf(to, XLS_NUMBER_MAX, "#NUM!");

	return n > 0 ? (size_t)n : 0;
}

/* ---- codes ----------------------------------------------------------------------------------------------------------------------- */

const char *xls_number_builtin(unsigned index)
{
	static const char *const codes[] = {
	    [1] = "0",
	    [2] = "0.00",
	    [3] = "#,##0",
	    [4] = "#,##0.00",
	    [5] = "$#,##0;($#,##0)",
	    [6] = "$#,##0;($#,##0)",
	    [7] = "$#,##0.00;($#,##0.00)",
	    [8] = "$#,##0.00;($#,##0.00)",
	    [9] = "0%",
	    [10] = "0.00%",
	    [11] = "0.00E+00",
	    [14] = "m/d/yyyy",
	    [15] = "d-mmm-yy",
	    [16] = "d-mmm",
	    [17] = "mmm-yy",
	    [18] = "h:mm AM/PM",
	    [19] = "h:mm:ss AM/PM",
	    [20] = "h:mm",
	    [21] = "h:mm:ss",
	    [22] = "m/d/yyyy h:mm",
	    [27] = "yyyy/m/d",
	    [28] = "yyyy/m/d",
	    [29] = "yyyy/m/d",
	    [30] = "m/d/yy",
	    [31] = "yyyy/m/d",
	    [36] = "yyyy/m/d",
	    [37] = "#,##0;(#,##0)",
	    [38] = "#,##0;(#,##0)",
	    [39] = "#,##0.00;(#,##0.00)",
	    [40] = "#,##0.00;(#,##0.00)",
	    [45] = "mm:ss",
	    [46] = "[h]:mm:ss",
	    [47] = "mm:ss.0",
	    [50] = "yyyy/m/d",
	    [51] = "m/d",
	    [52] = "yyyy/m",
	    [53] = "m/d",
	    [54] = "m/d",
	    [55] = "yyyy/m",
	    [56] = "m/d",
	    [57] = "yyyy/m/d",
	    [58] = "m/d",
	};

	return index < sizeof(codes) / sizeof(codes[0]) ? codes[index] : NULL;
}

/* Behind what stands for itself or for nothing at f: quoted, escaped, in brackets, a pad. f when it is none of these. */
static const char *over_literal(const char *f)
{
	const char *e;

	if (*f == '"') {
		e = strchr(f + 1, '"');
		return e ? e + 1 : f + strlen(f);
	}
	if ((*f == '\\' || *f == '_' || *f == '*') && f[1])
		return f + 2;
	if (*f == '[' && (e = strchr(f, ']')) != NULL && !strchr("hHmMsS", f[1]))
		return e + 1;
	return f;
}

/* A condition in front of a section, "[<=9999999]": 1 holds, 0 does not, -1 there is none. */
static int condition(const char *f, const char *stop, double v)
{
	char op[3] = "";
	size_t n = 0;
	double than;

	while (f < stop && *f == '[' && !strchr("<>=", f[1]))
		f = over_literal(f) > f ? over_literal(f) : stop;
	if (f >= stop || *f != '[')
		return -1;
	for (f++; f < stop && n < 2 && strchr("<>=", *f); f++)
		op[n++] = *f;
	than = strtod(f, NULL);
	if (strcmp(op, "<=") == 0)
		return v <= than;
	if (strcmp(op, ">=") == 0)
		return v >= than;
	if (strcmp(op, "<>") == 0)
		return v < than || v > than;
	return *op == '<' ? v < than : *op == '>' ? v > than : v >= than && v <= than;
}

/* The sections of a code: for positive numbers, negative ones and zero, or by their conditions. *negative: the section shows the
 * sign itself. */
static const char *section(const char *f, double v, size_t *n, bool *negative)
{
	const char *begin[3] = {f, NULL, NULL}, *stop[3] = {NULL, NULL, NULL};
	size_t i = 0, pick;

	while (*f && i < 3) {
		const char *e = over_literal(f);

		if (e == f && *f == ';') {
			stop[i++] = f;
			if (i < 3)
				begin[i] = f + 1;
		}
		f = e > f ? e : f + 1;
	}
	if (i < 3)
		stop[i++] = f;
	pick = v < 0 && i >= 2 ? 1 : v == 0 && i >= 3 ? 2 : 0;
	*negative = pick == 1;
	if (condition(begin[0], stop[0], v) >= 0) {
		*negative = false;
		for (pick = 0; pick + 1 < i && condition(begin[pick], stop[pick], v) == 0; pick++)
			;
	}
	*n = (size_t)(stop[pick] - begin[pick]);
	return begin[pick];
}

/* What a literal shows. */
static void put_literal(struct text *t, const char *f, const char *e)
{
	if (*f == '"') {
		for (f++; f < e && *f != '"'; f++)
			put(t, *f);
	} else if (*f == '\\') {
		put(t, f[1]);
	} else if (*f == '_') {
		put(t, ' ');
	} else if (*f == '[' && f[1] == '$') {
		for (f += 2; f < e && *f != '-' && *f != ']'; f++)
			put(t, *f);
	}
}

/* ---- dates ----------------------------------------------------------------------------------------------------------------------- */

struct when {
	int year, month, day, weekday, hour, minute, second;
	double serial, fraction;
};

/* Days since 1970-01-01 to a date of the Gregorian calendar. */
static void civil(int64_t days, struct when *w)
{
	int64_t z = days + 719468, era = z / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	w->day = (int)(doy - (153 * mp + 2) / 5 + 1);
	w->month = (int)(mp < 10 ? mp + 3 : mp - 9);
	w->year = (int)(yoe + era * 400 + (w->month <= 2));
	w->weekday = (int)((days + 4) % 7);
}

static void when_of(double serial, bool from_1904, struct when *w)
{
	double day = floor(serial), seconds = round((serial - day) * 86400.0 * 1000.0) / 1000.0;
	int64_t days;

	if (seconds >= 86400.0) {
		seconds = 0;
		day++;
	}
	/* Excel believes in a 29th of February 1900, day 60. */
	days = (int64_t)day + (from_1904 ? 1462 : day < 60 ? 1 : 0) - 25569;
	civil(days, w);
	w->serial = serial;
	w->hour = (int)(seconds / 3600);
	w->minute = (int)(seconds / 60) % 60;
	w->second = (int)seconds % 60;
	w->fraction = seconds - floor(seconds);
}

static bool has_letter(const char *f, size_t n, const char *letters)
{
	const char *stop = f + n;

	while (f < stop) {
		const char *e = over_literal(f);

		if (e == f && strchr(letters, *f))
			return true;
		f = e > f ? e : f + 1;
	}
	return false;
}

static size_t run_of(const char *f, const char *stop)
{
	size_t n = 1;

	while (f + n < stop && (f[n] | 0x20) == (f[0] | 0x20))
		n++;
	return n;
}

/* Is the "m" at f minutes? Behind hours, or before seconds. */
static bool is_minutes(const char *f, size_t n, const char *stop, bool after_hours)
{
	if (after_hours)
		return true;
	for (f += n; f < stop; f++)
		if (strchr("yYdDhHmMsS", *f))
			return *f == 's' || *f == 'S';
	return false;
}

static void put_month(struct text *t, const struct when *w, size_t n)
{
	static const char *const names[] = {"January", "February", "March",	"April",   "May",      "June",
					    "July",    "August",   "September", "October", "November", "December"};

	if (n <= 2) {
		put_int(t, w->month, (int)n);
		return;
	}
	for (size_t i = 0; names[w->month - 1][i] && (n > 3 || i < 3) && (n != 5 || i < 1); i++)
		put(t, names[w->month - 1][i]);
}

static void put_day(struct text *t, const struct when *w, size_t n)
{
	static const char *const names[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

	if (n <= 2) {
		put_int(t, w->day, (int)n);
		return;
	}
	for (size_t i = 0; names[w->weekday][i] && (n > 3 || i < 3); i++)
		put(t, names[w->weekday][i]);
}

/* [h], [mm], [ss]: all that has passed. Returns what is behind it. */
static const char *put_elapsed(struct text *t, const struct when *w, const char *f, const char *stop)
{
	double units = (f[1] | 0x20) == 'h' ? 24.0 : (f[1] | 0x20) == 'm' ? 1440.0 : 86400.0;
	char s[32];

	(void)snprintf(s, sizeof(s), "%.0f", floor(w->serial * units + 1e-6));
	put_text(t, s);
	while (f < stop && *f != ']')
		f++;
	return f < stop ? f + 1 : stop;
}

/* A letter of dates and times; returns what is behind it, or f when it is none. */
static const char *put_token(struct text *t, const struct when *w, const char *f, const char *stop, bool half, bool *hours)
{
	size_t n = run_of(f, stop);
	int hour = half ? (w->hour + 11) % 12 + 1 : w->hour;

	switch (*f | 0x20) {
	case 'y':
		put_int(t, n <= 2 ? w->year % 100 : w->year, n <= 2 ? 2 : 4);
		break;
	case 'm':
		if (n <= 2 && is_minutes(f, n, stop, *hours))
			put_int(t, w->minute, (int)n);
		else
			put_month(t, w, n);
		break;
	case 'd':
		put_day(t, w, n);
		break;
	case 'h':
		put_int(t, hour, n >= 2 ? 2 : 1);
		break;
	case 's':
		put_int(t, w->second, n >= 2 ? 2 : 1);
		break;
	default:
		return f;
	}
	*hours = (*f | 0x20) == 'h';
	return f + n;
}

static size_t date(double v, bool from_1904, const char *f, size_t n, struct text *t)
{
	const char *stop = f + n, *e;
	bool half = false, hours = false;
	struct when w;

	for (size_t i = 0; i + 4 < n; i++)
		half |= strncmp(f + i, "AM/PM", 5) == 0 || strncmp(f + i, "am/pm", 5) == 0;
	when_of(v, from_1904, &w);
	while (f < stop) {
		e = over_literal(f);
		if (e > f) {
			put_literal(t, f, e < stop ? e : stop);
			f = e < stop ? e : stop;
		} else if (half && stop - f >= 5 && strchr("aA", *f)) {
			put_text(t, w.hour < 12 ? "AM" : "PM");
			f += 5;
		} else if (*f == '[') {
			f = put_elapsed(t, &w, f, stop);
			hours = true;
		} else if (*f == '.' && f + 1 < stop && f[1] == '0') {
			put(t, '.');
			put(t, (char)('0' + (int)(w.fraction * 10)));
			for (f += 2; f < stop && *f == '0'; f++)
				;
		} else {
			e = put_token(t, &w, f, stop, half, &hours);
			if (e == f)
				put(t, *f);
			f = e > f ? e : f + 1;
		}
	}
	return end(t);
}

/* ---- digits ---------------------------------------------------------------------------------------------------------------------- */

struct mask {
	size_t whole, decimals; /* places before and behind the point */
	bool point, thousands;
	double scale;
};

static struct mask mask_of(const char *f, size_t n)
{
	struct mask m = {.scale = 1};
	const char *stop = f + n;
	unsigned commas = 0;

	while (f < stop) {
		const char *e = over_literal(f);

		if (e > f) {
			f = e;
			continue;
		}
		if (*f == '0' || *f == '#' || *f == '?') {
			m.thousands |= commas > 0 && !m.point;
			commas = 0;
			if (m.point)
				m.decimals++;
			else
				m.whole++;
		} else if (*f == '.') {
			m.point = true;
		} else if (*f == ',' && m.whole) {
			commas++;
		} else if (*f == '%') {
			m.scale *= 100;
		}
		f++;
	}
	for (; commas; commas--)
		m.scale /= 1000;
	if (m.decimals > DECIMALS_MAX)
		m.decimals = DECIMALS_MAX;
	return m;
}

struct digits {
	char s[DIGITS_MAX + DECIMALS_MAX + 8];
	size_t whole; /* digits before the point, without zeros in front */
	const char *decimals;
};

static void digits_of(double v, size_t decimals, struct digits *d)
{
	const char *point;
	size_t zeros = 0;

	(void)snprintf(d->s, sizeof(d->s), "%.*f", (int)decimals, fabs(v));
	point = strchr(d->s, '.');
	d->whole = point ? (size_t)(point - d->s) : strlen(d->s);
	d->decimals = point ? point + 1 : "";
	while (zeros < d->whole && d->s[zeros] == '0')
		zeros++;
	if (zeros) {
		memmove(d->s, d->s + zeros, strlen(d->s + zeros) + 1);
		d->whole -= zeros;
		d->decimals -= point ? zeros : 0;
	}
}

/* The place `at` of so many before the point, counted from the left: its digit, and in the first one all that have no place. */
static void put_place(struct text *t, const struct mask *m, const struct digits *d, size_t at, char kind)
{
	size_t from_right = m->whole - 1 - at, first = at == 0 && d->whole > m->whole ? d->whole - 1 : from_right;

	for (size_t i = first + 1; i-- > from_right;) {
		if (i < d->whole)
			put(t, d->s[d->whole - 1 - i]);
		else if (kind == '0')
			put(t, '0');
		else if (kind == '?')
			put(t, ' ');
		else
			continue;
		if (m->thousands && i % 3 == 0 && i > 0 && (i < d->whole || kind == '0'))
			put(t, ',');
	}
}

static void put_decimal(struct text *t, const struct digits *d, size_t at, char kind)
{
	size_t n = strlen(d->decimals), last = n;

	while (last > at && d->decimals[last - 1] == '0')
		last--;
	if (at < n && (kind == '0' || at < last))
		put(t, d->decimals[at]);
}

static size_t number(double v, bool signed_by_section, const char *f, size_t n, struct text *t)
{
	const char *stop = f + n;
	struct mask m = mask_of(f, n);
	struct digits d;
	size_t whole = 0, decimal = 0;
	bool point = false;

	digits_of(v * m.scale, m.decimals, &d);
	if (v < 0 && !signed_by_section)
		put(t, '-');
	while (f < stop) {
		const char *e = over_literal(f);

		if (e > f) {
			put_literal(t, f, e < stop ? e : stop);
			f = e;
			continue;
		}
		if (*f == '0' || *f == '#' || *f == '?') {
			if (point)
				put_decimal(t, &d, decimal++, *f);
			else
				put_place(t, &m, &d, whole++, *f);
		} else if (*f == '.') {
			point = true;
			if (m.whole == 0)
				for (size_t i = 0; i < d.whole; i++)
					put(t, d.s[i]);
			put(t, '.');
		} else if (*f != ',' || m.whole == 0) {
			put(t, *f);
		}
		f++;
	}
	return end(t);
}

/* "General" in a code: what is written around it stays. NULL = it is not there. */
static const char *general_in(const char *f, size_t n)
{
	const char *stop = f + n;

	while (stop - f >= 7) {
		const char *e = over_literal(f);

		if (e == f && strncasecmp(f, "General", 7) == 0)
			return f;
		f = e > f ? e : f + 1;
	}
	return NULL;
}

static size_t with_general(double v, bool signed_by_section, const char *f, size_t n, struct text *t)
{
	const char *at = general_in(f, n), *stop = f + n;
	char digits[XLS_NUMBER_MAX];

	while (f < stop) {
		const char *e = over_literal(f);

		if (f == at) {
			(void)xls_number_general(signed_by_section ? fabs(v) : v, digits);
			put_text(t, digits);
			f += 7;
		} else if (e > f) {
			put_literal(t, f, e < stop ? e : stop);
			f = e;
		} else {
			put(t, *f++);
		}
	}
	return end(t);
}

/* Codes that show digits in ways of their own: text, fractions, exponents. */
static bool is_general(const char *f, size_t n)
{
	return has_letter(f, n, "@") || (has_letter(f, n, "/") && has_letter(f, n, "?#")) ||
	       (has_letter(f, n, "E") && has_letter(f, n, "0#"));
}

size_t xls_number(double v, const char *format, bool from_1904, char *to)
{
	struct text t = {.p = to};
	bool signed_by_section;
	const char *f;
	size_t n;

	if (!format || !*format || !isfinite(v))
		return xls_number_general(v, to);
	f = section(format, v, &n, &signed_by_section);
	if (n == 0) {
		*to = '\0';
		return 0;
	}
	if (general_in(f, n))
		return with_general(v, signed_by_section, f, n, &t);
	if (is_general(f, n))
		return xls_number_general(v, to);
	if (has_letter(f, n, "yYdDhHsSmM"))
		return v >= 0 && v < SERIAL_MAX ? date(v, from_1904, f, n, &t) : xls_number_general(v, to);
	return number(v, signed_by_section, f, n, &t);
}
