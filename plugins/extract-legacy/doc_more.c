/* SPDX-License-Identifier: Apache-2.0 */
#include "doc_more.h"

#include "../ole/ole.h"
#include "art.h"
#include "found.h"

#include <string.h>

#define PLACES_AT 0x9au /* in the header: where each table begins, and its length */
#define LEAST 3u	/* characters */
#define FORM_HEAD 0x44u /* octets in front of a field of a form in the data stream */

/* Tables, by their number. */
enum { ASSOCIATED = 32, DRAWINGS = 50, REVISERS = 51, VARIABLES = 60, SAVED_BY = 71 };

static struct mw_str table_of(struct mw_str document, struct mw_str table, unsigned number)
{
	size_t place = PLACES_AT + (size_t)number * 8;
	uint32_t at = place + 8 <= document.n ? ole_u32(document.p + place) : 0,
		 n = place + 8 <= document.n ? ole_u32(document.p + place + 4) : 0;

	if (n == 0 || at >= table.n)
		return (struct mw_str){.p = "", .n = 0};
	return (struct mw_str){.p = table.p + at, .n = n < table.n - at ? n : table.n - at};
}

/* A list of texts behind their lengths; what follows it has no form that is told. */
static int list(struct mw_str s, struct out *o)
{
	size_t count = s.n >= 6 && ole_u16(s.p) == 0xffff ? ole_u16(s.p + 2) : 0, extra = count ? ole_u16(s.p + 4) : 0;
	size_t at = count ? 6 : 0;
	int r = 0;

	for (; count && at + 2 <= s.n && r == 0; count--) {
		size_t n = ole_u16(s.p + at);

		at += 2;
		n = n < (s.n - at) / 2 ? n : (s.n - at) / 2;
		r = give_break(o);
		for (size_t i = 0; i < n && r == 0; i++)
			r = give_char(o, ole_u16(s.p + at + 2 * i));
		if (r == 0)
			r = give_break(o);
		at += 2 * n;
		at += extra < s.n - at ? extra : s.n - at;
	}
	return r == 0 ? found_wide(o, (struct mw_str){.p = s.p + at, .n = s.n - at}, LEAST) : r;
}

/* A field of a form: its name, its text, what it says, and the values to choose from. */
static int form_field(struct mw_str s, struct out *o)
{
	uint32_t n = ole_u32(s.p);

	s.n = n < s.n ? n : s.n;
	give_to(o, OUT_MAIN, true);
	return s.n > FORM_HEAD ? found_wide(o, (struct mw_str){.p = s.p + FORM_HEAD, .n = s.n - FORM_HEAD}, 2) : 0;
}

static int form_fields(struct mw_str data, struct out *o)
{
	static const char mark[] = "\xff\xff\xff\xff";
	size_t at = 0;
	int r = 0;

	while (at < data.n && r == 0) {
		const char *p = memmem(data.p + at, data.n - at, mark, 4);
		size_t begin = p ? (size_t)(p - data.p) : 0;

		if (!p)
			break;
		at = begin + 1;
		if (begin < FORM_HEAD || ole_u16(p - FORM_HEAD + 4) != FORM_HEAD || ole_u32(p - FORM_HEAD) <= FORM_HEAD)
			continue;
		r = form_field((struct mw_str){.p = p - FORM_HEAD, .n = data.n - begin + FORM_HEAD}, o);
		at = begin - FORM_HEAD + ole_u32(p - FORM_HEAD);
		at = at > begin ? at : begin + 1;
	}
	return r;
}

int doc_more_read(struct mw_str document, struct mw_str table, struct mw_str data, struct out *o)
{
	static const unsigned numbers[] = {ASSOCIATED, REVISERS, VARIABLES, SAVED_BY};
	int r = art_read(o, OUT_MAIN, false, table_of(document, table, DRAWINGS));

	give_to(o, OUT_MAIN, true);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]) && r == 0; i++)
		r = list(table_of(document, table, numbers[i]), o);
	return r == 0 ? form_fields(data, o) : r;
}
