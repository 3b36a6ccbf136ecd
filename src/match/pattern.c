/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern: PCRE2's own limits bound the work of one start position, and a run of word characters may cost all of them again at
 * each of its positions. So a long text is searched in slices of start positions, and between slices the clock is looked at: a
 * pattern gets a fixed time and so much more for each octet, some ten times what the slowest sane pattern needs.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "match/pattern.h"

#include <errno.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MATCH_LIMIT 100000u
#define DEPTH_LIMIT 10000u
#define HEAP_LIMIT 4096u /* KiB */
#define STACK_FIRST (32u * 1024u)
#define STACK_MAX (512u * 1024u)
#define SLICE_FIRST 64u
#define SLICE_MAX (16u * 1024u)
#define SLICE_WORK ((uint64_t)1 << 34) /* start positions times octets behind them: some seconds when each reads all of them */
#define SLICE_QUICK 2000000u	       /* ns: a slice that took less lets the next one be larger */
#define TIME_FIXED 250000000u	       /* ns */
#define TIME_OCTET 50u		       /* ns */

struct mw_pattern {
	pcre2_code *code;
	struct mw_octets first; /* a match begins with one of these; all bits: not known */
	struct mw_octets last;	/* a match holds one of these (a letter in both cases); all bits: not known */
	bool jit;
};

struct mw_matcher {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
};

struct mw_octets mw_octets_of(struct mw_str text)
{
	struct mw_octets o = {{0}};
	bool seen[256] = {false};

	for (size_t i = 0; i < text.n; i++)
		seen[(unsigned char)text.p[i]] = true;
	for (unsigned c = 0; c < 256; c++)
		if (seen[c])
			mw_octets_put(&o, c);
	return o;
}

/* One code unit that PCRE2 knows of. It does not tell whether it meant either case, so both are taken. */
static struct mw_octets octets_of_unit(uint32_t unit)
{
	struct mw_octets o = {{0}};

	mw_octets_put(&o, unit & 0xff);
	if ((unit >= 'a' && unit <= 'z') || (unit >= 'A' && unit <= 'Z'))
		mw_octets_put(&o, unit ^ 0x20);
	/* Beyond ASCII the other case may have other octets. */
	if (unit >= 0x80)
		o = MW_OCTETS_ALL;
	return o;
}

static void pattern_facts(struct mw_pattern *p)
{
	const uint8_t *map = NULL;
	uint32_t type = 0, unit = 0;

	p->first = p->last = MW_OCTETS_ALL;
	(void)pcre2_pattern_info(p->code, PCRE2_INFO_FIRSTCODETYPE, &type);
	if (type == 1 && pcre2_pattern_info(p->code, PCRE2_INFO_FIRSTCODEUNIT, &unit) == 0) {
		p->first = octets_of_unit(unit);
	} else if (type == 0 && pcre2_pattern_info(p->code, PCRE2_INFO_FIRSTBITMAP, &map) == 0 && map) {
		p->first = (struct mw_octets){{0}};
		for (unsigned c = 0; c < 256; c++)
			if (map[c / 8] >> (c % 8) & 1)
				mw_octets_put(&p->first, c);
	}
	(void)pcre2_pattern_info(p->code, PCRE2_INFO_LASTCODETYPE, &type);
	if (type == 1 && pcre2_pattern_info(p->code, PCRE2_INFO_LASTCODEUNIT, &unit) == 0)
		p->last = octets_of_unit(unit);
}

static pcre2_code *compile(struct mw_str source, uint32_t flags, int *error, size_t *offset)
{
	pcre2_compile_context *context = pcre2_compile_context_create(NULL);
	pcre2_code *code;

	*error = PCRE2_ERROR_HEAP_FAILED;
	if (!context)
		return NULL;
	/* The same answer whatever this libpcre2 was built to take for an end of line. */
	(void)pcre2_set_newline(context, PCRE2_NEWLINE_ANYCRLF);
	(void)pcre2_set_bsr(context, PCRE2_BSR_UNICODE);
	code = pcre2_compile((PCRE2_SPTR)source.p, source.n, flags, error, offset, context);
	pcre2_compile_context_free(context);
	return code;
}

static pcre2_code *compile_with(const char *before, struct mw_str source, uint32_t flags)
{
	size_t n = strlen(before), offset;
	char *p = malloc(n + source.n + 1);
	pcre2_code *code = NULL;
	int error;

	if (!p)
		return NULL;
	memcpy(p, before, n);
	memcpy(p + n, source.p, source.n);
	code = compile((struct mw_str){.p = p, .n = n + source.n}, flags, &error, &offset);
	free(p);
	return code;
}

/*
 * A pattern that compiles, made so that it is tried at every place where a search looks. NULL: no memory.
 * - Where a pattern names neither CR nor LF, PCRE2 does not begin at the LF of a CRLF once it has tried the CR: `\s\d` is found
 *   in "\r\n7" or not, by where the search began. So it gets something in front that names LF, takes nothing, and cannot be
 *   repeated by what the pattern begins with. Options such as (*UCP) allow nothing in front: then it goes without.
 * - What PCRE2 guesses about where a match may begin is wrong at times: before release 10.43 `(?:abab|ab)abc*ab` is not found in
 *   "ababab" by the just-in-time compiler, before 10.45 `x{0}(?=a\w)a\w` not in "ab" by anything. Triggers guess better.
 */
static pcre2_code *compile_for_every_place(struct mw_str source, uint32_t flags)
{
	pcre2_code *code = compile_with("\\n{0}(?)", source, flags | PCRE2_NO_START_OPTIMIZE);

	return code ? code : compile_with("", source, flags | PCRE2_NO_START_OPTIMIZE);
}

int mw_pattern_new(struct mw_str source, bool caseless, bool extended, struct mw_pattern **ret, size_t *offset, char text[128])
{
	uint32_t flags = PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT | (caseless ? PCRE2_CASELESS : 0u) |
			 (extended ? PCRE2_EXTENDED : 0u);
	struct mw_pattern *p = calloc(1, sizeof(*p));
	int error = 0;

	if (!p)
		return -ENOMEM;
	p->code = compile(source, flags, &error, offset);
	if (p->code) {
		pattern_facts(p);
		pcre2_code_free(p->code);
		p->code = compile_for_every_place(source, flags);
		error = PCRE2_ERROR_HEAP_FAILED;
	}
	if (!p->code) {
		free(p);
		if (error == PCRE2_ERROR_HEAP_FAILED)
			return -ENOMEM;
		(void)pcre2_get_error_message(error, (PCRE2_UCHAR *)text, 128);
		return -EINVAL;
	}
	/* Where there is no just-in-time compiler the interpreter gives the same answers under the same limits. */
	p->jit = pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE) == 0;
	*ret = p;
	return 0;
}

void mw_pattern_free(struct mw_pattern **p)
{
	if (!*p)
		return;
	pcre2_code_free((*p)->code);
	free(*p);
	*p = NULL;
}

struct mw_matcher *mw_matcher_new(void)
{
	struct mw_matcher *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->data = pcre2_match_data_create(1, NULL);
	m->context = pcre2_match_context_create(NULL);
	m->stack = pcre2_jit_stack_create(STACK_FIRST, STACK_MAX, NULL);
	if (!m->data || !m->context) {
		mw_matcher_free(&m);
		return NULL;
	}
	(void)pcre2_set_match_limit(m->context, MATCH_LIMIT);
	(void)pcre2_set_depth_limit(m->context, DEPTH_LIMIT);
	(void)pcre2_set_heap_limit(m->context, HEAP_LIMIT);
	/* No stack (no just-in-time compiler): PCRE2 uses 32 KiB of the thread's. */
	if (m->stack)
		pcre2_jit_stack_assign(m->context, NULL, m->stack);
	return m;
}

void mw_matcher_free(struct mw_matcher **m)
{
	if (!*m)
		return;
	pcre2_match_data_free((*m)->data);
	pcre2_match_context_free((*m)->context);
	pcre2_jit_stack_free((*m)->stack);
	free(*m);
	*m = NULL;
}

bool mw_pattern_possible(const struct mw_pattern *p, const struct mw_octets *o)
{
	return mw_octets_meet(p->first, *o) && mw_octets_meet(p->last, *o);
}

/* Start positions up to the next look at the clock. */
static size_t slice_largest(size_t n)
{
	uint64_t most = SLICE_WORK / (n ? n : 1);

	return most < SLICE_FIRST ? SLICE_FIRST : most > SLICE_MAX ? SLICE_MAX : (size_t)most;
}

/* Wall time is cheap to read, and processor time is never more. 0: there is no clock. */
static uint64_t clock_read(const struct mw_allowance *a)
{
	struct timespec ts;

	if (clock_gettime(a->strict ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &ts) < 0)
		return 0;
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

bool mw_pattern_is_timed(struct mw_str text)
{
	return text.n > SLICE_MAX;
}

void mw_allowance_begin(struct mw_allowance *a)
{
	a->since = a->last = clock_read(a);
}

void mw_allowance_end(struct mw_allowance *a)
{
	a->used += clock_read(a) - a->since;
}

/* Asked before each slice of a long text. */
static bool time_is_up(struct mw_allowance *a, size_t n)
{
	uint64_t now = clock_read(a);

	if (now == 0)
		return true; /* without a clock there is no bound: say so */
	if (a->used + now - a->since > TIME_FIXED + (uint64_t)n * TIME_OCTET) {
		if (a->strict)
			return true;
		/* The thread may have waited for a processor: once more, by the clock that knows. */
		a->strict = true;
		a->used = 0;
		mw_allowance_begin(a);
		now = a->last;
	}
	if (a->slice == 0 || now - a->last > SLICE_QUICK) {
		a->slice = SLICE_FIRST;
	} else {
		size_t largest = slice_largest(n);

		a->slice = a->slice * 4 < largest ? a->slice * 4 : largest;
	}
	a->last = now;
	return false;
}

/* First octet of a character at or behind `at`. */
static size_t character_at(struct mw_str text, size_t at)
{
	while (at < text.n && ((unsigned char)text.p[at] & 0xc0u) == 0x80u)
		at++;
	return at;
}

/* Start positions that were tried. */
static void spend(struct mw_allowance *a, size_t n)
{
	a->left -= n < a->left ? n : a->left;
}

static int match(const struct mw_pattern *p, struct mw_matcher *m, struct mw_str text, size_t from, size_t last)
{
	const uint32_t flags = PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY;

	(void)pcre2_set_offset_limit(m->context, last);
	return (p->jit ? pcre2_jit_match : pcre2_match)(p->code, (PCRE2_SPTR)text.p, text.n, from, flags, m->data, m->context);
}

int mw_pattern_next(const struct mw_pattern *p, struct mw_matcher *m, struct mw_allowance *a, struct mw_str text, size_t from,
		    size_t to, size_t *start, size_t *end)
{
	from = character_at(text, from);
	while (from < to) {
		size_t last = to - 1;
		const PCRE2_SIZE *v;
		int rc;

		if (mw_pattern_is_timed(text)) {
			if (a->left == 0 && time_is_up(a, text.n))
				return -EAGAIN;
			a->left = a->left ? a->left : a->slice;
			last = last - from < a->left ? last : from + a->left - 1;
		}
		rc = match(p, m, text, from, last);
		if (rc == PCRE2_ERROR_NOMATCH) {
			spend(a, last - from + 1);
			from = character_at(text, last + 1);
			continue;
		}
		if (rc == PCRE2_ERROR_NOMEMORY)
			return -ENOMEM;
		if (rc < 0)
			return -EAGAIN;
		v = pcre2_get_ovector_pointer(m->data);
		/* \K may move the start; a match must still move on. */
		if (v[0] < from || v[1] <= v[0] || v[1] > text.n)
			return -EAGAIN;
		spend(a, v[0] - from + 1);
		*start = v[0];
		*end = v[1];
		return 1;
	}
	return 0;
}
