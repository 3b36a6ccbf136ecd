/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_patients: T a table, I an index (signed again, so that what is behind the MACs is reached too), N names, dates and
 * numbers. */
#include "../../plugins/check-patients/columns.h"
#include "../../plugins/check-patients/lookup.h"
#include "../../plugins/check-patients/normal.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned char key[PATIENTS_KEY_OCTETS];

static void check(bool good)
{
	if (!good)
		__builtin_trap();
}

/* Rows cover the table without a gap, and lie inside of it. */
static void fuzz_table(const char *p, size_t n)
{
	static struct patients_row row;
	char delimiter = patients_csv_delimiter(p, n), *room = malloc(n + 1), text[256];
	struct patients_columns cols;
	size_t at = 0;
	ssize_t used;

	check(room != NULL);
	while (at < n) {
		used = patients_csv_row(p + at, n - at, true, delimiter, room, &row);
		check(used != 0 && used <= (ssize_t)(n - at));
		if (used < 0)
			break;
		check(row.n >= 1 && row.n <= PATIENTS_CSV_FIELDS);
		for (size_t i = 0; i < row.n; i++)
			check(row.field[i].n <= (size_t)used);
		if (at == 0 && !patients_columns_find(&cols, &row, NULL, 0, text, sizeof(text)))
			for (enum patients_column c = 0; c < PATIENTS_COLS; c++)
				for (size_t i = 0; i < cols.n[c]; i++)
					check(cols.at[c][i] < row.n);
		/* Half of it: either not all here, or the same row. */
		if (used > 1 && patients_csv_row(p + at, (size_t)used / 2, false, delimiter, room, &row) > used)
			check(false);
		at += (size_t)used;
	}
	free(room);
}

static void lookups(const struct patients_index *index, struct patients_mac *mac, const char *p, size_t n)
{
	(void)patients_has_name(index, mac, p, n);
	(void)patients_has_name_dob(index, mac, p, n, 2026);
	(void)patients_has_dob(index, mac, p, n, 2026);
	(void)patients_has_number(index, mac, PATIENTS_MRN, p, n);
	(void)patients_has_number(index, mac, PATIENTS_MEMBER, p, n);
}

static void fuzz_index(const uint8_t *p, size_t n)
{
	struct patients_mac *mac = patients_mac_new(key);
	unsigned char *copy = malloc(n ? n : 1), check_value[PATIENTS_MAC];
	struct patients_index index;

	check(mac && copy);
	memcpy(copy, p, n);
	if (n >= PATIENTS_HEADER) {
		check(patients_mac_begin(mac, PATIENTS_FOR_KEY) && patients_mac_end(mac, check_value));
		memcpy(copy + 32, check_value, PATIENTS_CHECK);
		check(patients_mac_begin(mac, PATIENTS_FOR_FILE) &&
		      patients_mac_add(mac, copy + PATIENTS_HEADER, n - PATIENTS_HEADER) &&
		      patients_mac_add(mac, copy, PATIENTS_SIGNED) && patients_mac_end(mac, copy + PATIENTS_SIGNED));
	}
	if (!patients_index_read(copy, n, mac, &index)) {
		for (int kind = 1; kind < PATIENTS_KINDS; kind++)
			for (uint64_t i = 0; i < index.section[kind].n && i < 64; i++)
				(void)patients_index_has(&index, (enum patients_kind)kind,
							 patients_get64(index.section[kind].entry + 8 * i));
		lookups(&index, mac, (const char *)p, n < 400 ? n : 400);
	}
	free(copy);
	patients_mac_free(&mac);
}

/* What is normal stays as it is. */
static void fuzz_normal(const char *p, size_t n)
{
	char number[PATIENTS_NUMBER], again[PATIENTS_NUMBER];
	struct patients_words w;
	uint32_t date[PATIENTS_DATES];
	size_t len = patients_number(p, n, number), dates;

	check(len <= PATIENTS_NUMBER &&
	      (!len || (patients_number(number, len, again) == len && memcmp(number, again, len) == 0)));
	dates = patients_dates(p, n, PATIENTS_ANY, 2026, date);
	check(dates <= PATIENTS_DATES);
	for (size_t i = 0; i < dates; i++) {
		uint32_t same[PATIENTS_DATES];
		char text[8];

		patients_date_text(date[i], text);
		check(patients_dates(text, sizeof(text), PATIENTS_MDY, 2026, same) == 1 && same[0] == date[i]);
	}
	patients_words(p, n, &w);
	check(w.n < PATIENTS_WORDS && (w.comma == SIZE_MAX || w.comma <= w.n));
	for (size_t i = 0; i < w.n; i++) {
		char name[PATIENTS_KEY];

		check(w.v[i].n > 0 && w.v[i].n <= PATIENTS_WORD);
		for (size_t k = i + 1; k <= w.n; k++)
			check(patients_name(&w.v[i], &w.v[i + 1], &w.v[k], name) <= PATIENTS_KEY - 9);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	if (data[0] == 'T')
		fuzz_table((const char *)data + 1, size - 1);
	else if (data[0] == 'I')
		fuzz_index(data + 1, size - 1);
	else
		fuzz_normal((const char *)data + 1, size - 1);
	return 0;
}
