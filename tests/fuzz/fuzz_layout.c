/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_layout: any octets as a text: zones, tables and records cover it in order, and say the same in whatever order they are
 * asked; a sentence lies around each place of it. */
#include "match/layout.h"
#include "match/sentence.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void check_zones(const struct mw_zones *z, size_t size)
{
	must((size == 0) == (z->n == 0));
	for (size_t i = 0; i < z->n; i++) {
		must(z->v[i].start < size && (i == 0 ? z->v[i].start == 0 : z->v[i].start > z->v[i - 1].start));
		must(i == 0 || z->v[i].zone != z->v[i - 1].zone);
	}
}

static void check_tables(const struct mw_tables *t, size_t size)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct mw_table_block *b = &t->v[i];

		must(b->start < b->end && b->end <= size && (i == 0 || b->start >= t->v[i - 1].end));
		must(b->cell + b->cells <= t->cells);
		for (size_t k = b->cell; k < b->cell + b->cells; k++)
			must(t->cell[k].start <= t->cell[k].end && t->cell[k].end <= b->end && t->cell[k].start >= b->start);
	}
}

/* As far as it is looked at. */
static void check_sentence(struct mw_str text, size_t at)
{
	size_t least = at > MW_SENTENCE_MAX ? at - MW_SENTENCE_MAX : 0;
	size_t most = text.n - at > MW_SENTENCE_MAX ? at + MW_SENTENCE_MAX : text.n;
	size_t begin = mw_sentence_begin(text, at, least), end = mw_sentence_end(text, at, most);

	must(begin >= least && begin <= at && end >= at && end <= most);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mw_layout l = {.zone = 0}, again = {.zone = 0};
	struct mw_str text = {.p = (const char *)data, .n = size};
	uint32_t last = 0;

	mw_layout_begin(&l, text, MW_ZONE_BODY);
	for (size_t at = 0; at < size; at++) {
		struct mw_cell name, other;
		size_t header_end;
		uint32_t record, zone;
		bool row;

		check_sentence(text, at);
		must(mw_layout_zone(&l, at, &zone) == 0 && zone >= MW_ZONE_BODY && zone <= MW_ZONE_DISCLAIMER);
		must(mw_layout_record(&l, at, &record, &row) == 0 && record >= last && record - last <= 1);
		last = record;
		must(mw_layout_column(&l, at, &name, &header_end) == 0);
		must(name.start <= name.end && name.end <= size && (name.start == name.end || header_end <= at));
		if (at % 61 != 60)
			continue;
		mw_layout_begin(&again, text, MW_ZONE_BODY);
		must(mw_layout_column(&again, at, &other, &header_end) == 0);
		must(name.start == other.start && name.end == other.end);
	}
	must(size == 0 || l.records == 0 || last + 1 == l.records);
	check_zones(&l.zones, size);
	check_tables(&l.tables, size);
	mw_layout_free(&l);
	mw_layout_free(&again);
	return 0;
}
