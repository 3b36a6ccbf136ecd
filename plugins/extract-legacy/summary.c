/* SPDX-License-Identifier: Apache-2.0 */
#include "summary.h"

#include "../ole/ole.h"

#include <string.h>

#define HEAD 28u    /* octets in front of the list of sets */
#define SET_ROW 20u /* class and offset */
#define SETS_MAX 2u
#define PROPERTIES_MAX 1024u
#define TYPE_I2 2u
#define TYPE_ANSI 0x1eu
#define TYPE_WIDE 0x1fu
#define PAGE_ID 1u

struct set {
	struct mw_str data;
	unsigned page;
};

static uint32_t u32(struct mw_str s, size_t at)
{
	return at + 4 <= s.n ? ole_u32(s.p + at) : 0;
}

static int line(struct out *o, const struct bytes *text)
{
	int r;

	give_to(o, OUT_MAIN, true);
	r = give_break(o);
	return r == 0 ? give_text(o, text->p, text->n) : r;
}

static int wide(struct mw_str s, struct bytes *to)
{
	int r = 0;

	for (size_t i = 0; i + 2 <= s.n && ole_u16(s.p + i) && r == 0; i += 2)
		r = bytes_char(to, ole_u16(s.p + i));
	return r;
}

static int property(const struct set *set, uint32_t at, struct out *o, struct codepages *pages)
{
	uint32_t type = u32(set->data, at), n = u32(set->data, (size_t)at + 4);
	struct mw_str s = {.p = set->data.p, .n = 0};
	struct bytes text = {0};
	int r = 0;

	if ((size_t)at + 8 > set->data.n || (type != TYPE_ANSI && type != TYPE_WIDE))
		return 0;
	s.p += at + 8;
	s.n = set->data.n - at - 8;
	if (type == TYPE_WIDE || set->page == 1200) {
		uint64_t octets = type == TYPE_WIDE ? (uint64_t)n * 2 : n;

		s.n = octets < s.n ? (size_t)octets : s.n;
		r = wide(s, &text);
	} else {
		s.n = strnlen(s.p, n < s.n ? n : s.n);
		r = codepage_text(pages, set->page, s.p, s.n, &text);
	}
	if (r == 0 && text.n)
		r = line(o, &text);
	bytes_free(&text);
	return r;
}

static int set_read(struct mw_str data, struct out *o, struct codepages *pages)
{
	struct set set = {.data = data, .page = 1252};
	uint32_t count = u32(data, 4);
	int r = 0;

	count = count < PROPERTIES_MAX ? count : PROPERTIES_MAX;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = u32(data, 12 + (size_t)i * 8);

		if (u32(data, 8 + (size_t)i * 8) == PAGE_ID && (u32(data, at) & 0xffff) == TYPE_I2)
			set.page = u32(data, (size_t)at + 4) & 0xffff;
	}
	for (uint32_t i = 0; i < count && r == 0; i++)
		r = property(&set, u32(data, 12 + (size_t)i * 8), o, pages);
	return r;
}

int summary_read(struct mw_str s, struct out *o, struct codepages *pages)
{
	uint32_t sets = u32(s, 24);
	int r = 0;

	for (uint32_t i = 0; i < sets && i < SETS_MAX && r == 0; i++) {
		uint32_t at = u32(s, HEAD + i * SET_ROW + 16);

		if (at && at < s.n)
			r = set_read((struct mw_str){.p = s.p + at, .n = s.n - at}, o, pages);
	}
	return r;
}
