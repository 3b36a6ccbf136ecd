/* SPDX-License-Identifier: Apache-2.0 */
#include "index.h"

#include "normal.h"

#include <openssl/crypto.h>
#include <string.h>

#define ROW 24u
#define ROWS_AT 48u

static bool all_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

/* Sections follow each other from the header to the end, each kind at most once. */
static bool read_sections(const unsigned char *p, size_t n, struct patients_index *ret)
{
	uint32_t count = patients_get32(p + 24);
	uint64_t at = PATIENTS_HEADER;

	if (count > PATIENTS_SECTIONS)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		const unsigned char *row = p + ROWS_AT + (size_t)i * ROW;
		uint32_t kind = patients_get32(row);
		uint64_t entries = patients_get64(row + 16);

		if (kind == 0 || kind >= PATIENTS_KINDS || ret->section[kind].n || patients_get32(row + 4) ||
		    patients_get64(row + 8) != at)
			return false;
		if (entries == 0 || entries > PATIENTS_ENTRIES_MAX || entries > (n - at) / PATIENTS_ENTRY)
			return false;
		ret->section[kind].entry = p + at;
		ret->section[kind].n = entries;
		at += entries * PATIENTS_ENTRY;
	}
	return at == n && all_zero(p + ROWS_AT + (size_t)count * ROW, PATIENTS_SIGNED - ROWS_AT - (size_t)count * ROW) &&
	       all_zero(p + 28, 4);
}

/* false: OpenSSL fails, or the MAC is another. */
static bool same_mac(struct patients_mac *m, unsigned char purpose, const unsigned char *p, size_t n, const unsigned char *header,
		     size_t header_n, const unsigned char *expected, size_t expected_n)
{
	unsigned char mac[PATIENTS_MAC];

	return patients_mac_begin(m, purpose) && patients_mac_add(m, p, n) && patients_mac_add(m, header, header_n) &&
	       patients_mac_end(m, mac) && CRYPTO_memcmp(mac, expected, expected_n) == 0;
}

const char *patients_index_read(const void *data, size_t n, struct patients_mac *mac, struct patients_index *ret)
{
	const unsigned char *p = data;
	struct patients_index index = {.made = 0};

	if (n < PATIENTS_HEADER)
		return n < 8 || memcmp(p, PATIENTS_MAGIC, 8) != 0 ? "is no index of milward" : "is cut off";
	if (memcmp(p, PATIENTS_MAGIC, 8) != 0)
		return "is no index of milward";
	if (patients_get32(p + 8) != PATIENTS_VERSION || patients_get32(p + 12) != PATIENTS_NORMAL)
		return "was made by another milward: make it again";
	if (!same_mac(mac, PATIENTS_FOR_KEY, p, 0, p, 0, p + 32, PATIENTS_CHECK))
		return "was made with another key";
	if (!read_sections(p, n, &index))
		return "is damaged or cut off: make it again";
	if (!same_mac(mac, PATIENTS_FOR_FILE, p + PATIENTS_HEADER, n - PATIENTS_HEADER, p, PATIENTS_SIGNED, p + PATIENTS_SIGNED,
		      PATIENTS_MAC))
		return "is damaged: its octets are not those that were written; make it again";
	index.made = patients_get64(p + 16);
	*ret = index;
	return NULL;
}

/* MACs lie evenly, so the place of one is known to within the square root of their number: a few steps from there close in. */
bool patients_index_has(const struct patients_index *index, enum patients_kind kind, uint64_t entry)
{
	const struct patients_section *s = &index->section[kind];
	uint64_t low = 0, high = s->n;				/* [low, high) */
	uint64_t guess = (entry >> 32) * s->n >> 32, step = 64; /* there are at most 2^32 */

	/* Out from the guess until both ends are beyond. */
	while (guess < high && high - low > step) {
		uint64_t here = patients_get64(s->entry + guess * PATIENTS_ENTRY);

		if (here == entry)
			return true;
		if (here < entry) {
			low = guess + 1;
			guess = high - low > step ? low + step : high;
		} else {
			high = guess;
			guess = high - low > step ? high - step : low;
		}
		step *= 2;
	}
	while (low < high) {
		uint64_t middle = low + (high - low) / 2, here = patients_get64(s->entry + middle * PATIENTS_ENTRY);

		if (here == entry)
			return true;
		if (here < entry)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}
