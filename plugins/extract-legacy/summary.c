/* SPDX-License-Identifier: Apache-2.0 */
#include "summary.h"

#include "../ole/ole.h"
#include "found.h"
#include "metafile.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define HEAD 28u    /* octets in front of the list of sets */
#define SET_ROW 20u /* class and offset */
#define SETS_MAX 2u
#define PROPERTIES_MAX 1024u
#define TYPE_I2 2u
#define TYPE_I4 3u
#define TYPE_R8 5u
#define TYPE_TIME 0x40u /* tenths of microseconds since 1601 */
#define TYPE_BLOB 0x41u
#define TYPE_PICTURE 0x47u
#define PREVIEW_HEAD 32u  /* octets in front of a preview, at most */
#define EPOCH 11644473600 /* seconds from there to 1970 */
#define NAMES_ID 0u	  /* the names of properties that a person made */
#define BLOB_MIN 4u	  /* characters of a text in octets: targets of links */
#define TYPE_ANSI 0x1eu
#define TYPE_WIDE 0x1fu
#define PAGE_ID 1u

struct set {
	struct mw_str data;
	unsigned page;
	bool own; /* properties that a person made: numbers and days are data, too */
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

/* Numbers and days, as people write them. */
static int number(const struct set *set, uint32_t at, uint32_t type, struct out *o)
{
	uint64_t all = u32(set->data, (size_t)at + 4) | (uint64_t)u32(set->data, (size_t)at + 8) << 32;
	struct bytes text = {0};
	char word[40] = "";
	struct tm day;
	time_t when;
	double real;
	int r;

	if (type == TYPE_I4) {
		(void)snprintf(word, sizeof(word), "%ld", (long)(int32_t)(all & UINT32_MAX));
	} else if (type == TYPE_R8) {
		memcpy(&real, &all, sizeof(real));
		(void)snprintf(word, sizeof(word), "%.15g", real);
	} else {
		when = (time_t)(all / 10000000) - EPOCH;
		if (gmtime_r(&when, &day))
			(void)strftime(word, sizeof(word), "%Y-%m-%d", &day);
	}
	r = bytes_add(&text, word, strlen(word));
	if (r == 0 && text.n)
		r = line(o, &text);
	bytes_free(&text);
	return r;
}

/* How many, then of each its number and its name. */
static int names(const struct set *set, uint32_t at, struct out *o, struct codepages *pages)
{
	uint32_t count = u32(set->data, at);
	uint64_t next = (uint64_t)at + 4;
	int r = 0;

	count = count < PROPERTIES_MAX ? count : PROPERTIES_MAX;
	for (uint32_t i = 0; i < count && next + 8 <= set->data.n && r == 0; i++) {
		uint32_t n = u32(set->data, next + 4);
		uint64_t octets = set->page == 1200 ? ((uint64_t)n * 2 + 3) & ~3ull : n;
		struct mw_str s = {.p = set->data.p + next + 8, .n = set->data.n - next - 8};
		struct bytes text = {0};

		s.n = octets < s.n ? (size_t)octets : s.n;
		r = set->page == 1200 ? wide(s, &text) : codepage_text(pages, set->page, s.p, strnlen(s.p, s.n), &text);
		/* "_PID_HLINKS" is the program's. */
		if (r == 0 && text.n && *text.p != '_')
			r = line(o, &text);
		bytes_free(&text);
		next += 8 + octets;
	}
	return r;
}

static int blob(struct mw_str s, struct out *o)
{
	give_to(o, OUT_MAIN, true);
	return found_wide(o, s, BLOB_MIN);
}

/* The picture of the first page: behind its length, what kind it is, and how large. Text in it may be older than the document is. */
static int preview(struct mw_str s, struct out *o, struct codepages *pages)
{
	for (size_t at = 0; at <= PREVIEW_HEAD && at < s.n; at += 2)
		if (metafile_is((struct mw_str){.p = s.p + at, .n = s.n - at}))
			return metafile_preview((struct mw_str){.p = s.p + at, .n = s.n - at}, o, pages);
	return 0;
}

static int property(const struct set *set, uint32_t at, struct out *o, struct codepages *pages)
{
	uint32_t type = u32(set->data, at), n = u32(set->data, (size_t)at + 4);
	struct mw_str s = {.p = set->data.p, .n = 0};
	struct bytes text = {0};
	int r = 0;

	if ((size_t)at + 8 > set->data.n)
		return 0;
	if (set->own && (type == TYPE_I4 || type == TYPE_R8 || type == TYPE_TIME))
		return number(set, at, type, o);
	if (type == TYPE_PICTURE)
		return preview((struct mw_str){.p = s.p + at + 8, .n = n < set->data.n - at - 8 ? n : set->data.n - at - 8}, o,
			       pages);
	if (type == TYPE_BLOB)
		return blob((struct mw_str){.p = s.p + at + 8, .n = n < set->data.n - at - 8 ? n : set->data.n - at - 8}, o);
	if (type != TYPE_ANSI && type != TYPE_WIDE)
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

static int set_read(struct mw_str data, bool own, struct out *o, struct codepages *pages)
{
	struct set set = {.data = data, .page = 1252, .own = own};
	uint32_t count = u32(data, 4);
	int r = 0;

	count = count < PROPERTIES_MAX ? count : PROPERTIES_MAX;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = u32(data, 12 + (size_t)i * 8);

		if (u32(data, 8 + (size_t)i * 8) == PAGE_ID && (u32(data, at) & 0xffff) == TYPE_I2)
			set.page = u32(data, (size_t)at + 4) & 0xffff;
	}
	for (uint32_t i = 0; i < count && r == 0; i++) {
		uint32_t id = u32(data, 8 + (size_t)i * 8), at = u32(data, 12 + (size_t)i * 8);

		r = id == NAMES_ID ? names(&set, at, o, pages) : property(&set, at, o, pages);
	}
	return r;
}

int summary_read(struct mw_str s, struct out *o, struct codepages *pages)
{
	uint32_t sets = u32(s, 24);
	int r = 0;

	for (uint32_t i = 0; i < sets && i < SETS_MAX && r == 0; i++) {
		uint32_t at = u32(s, HEAD + i * SET_ROW + 16);

		if (at && at < s.n)
			r = set_read((struct mw_str){.p = s.p + at, .n = s.n - at}, i > 0, o, pages);
	}
	return r;
}
