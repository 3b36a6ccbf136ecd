/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puzzle: a pattern is made piece by piece, and with each piece a sample of what it matches, so that texts hold matches and what
 * is nearly one. Pieces are those that a reader of patterns may misread: blanks that are skipped or not, classes, characters
 * beyond ASCII in either case, looks around, repeats of repeats.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "fuzz/puzzle.h"

#include "match/compiled.h"

#include <errno.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define SAMPLE 300u
#define TEXT 600u
#define LONG 66500u /* beyond the first block of the hunt */
#define DEPTH 4u
#define LIMIT 200000u

static void must(bool ok)
{
	if (!ok)
		abort();
}

static unsigned roll(struct dice *d, size_t sides)
{
	return d->at < d->n ? d->p[d->at++] % (unsigned)sides : 0;
}

/* ---- patterns ---------------------------------------------------------------------------------------------------------------
 */

struct maker {
	struct dice *d;
	char *pattern, sample[SAMPLE];
	size_t pattern_n, sample_n;
	unsigned depth;
	bool extended;
};

static void put(struct maker *m, const char *s)
{
	size_t n = strlen(s);

	if (n < PUZZLE_PATTERN - m->pattern_n) {
		memcpy(m->pattern + m->pattern_n, s, n);
		m->pattern_n += n;
	}
}

static void show(struct maker *m, const char *s, size_t n)
{
	if (n <= SAMPLE - m->sample_n) {
		memmove(m->sample + m->sample_n, s, n);
		m->sample_n += n;
	}
}

static const struct atom {
	const char *pattern, *sample;
} atoms[] = {
    {"a", "a"},
    {"b", "B"},
    {"K", "k"},
    {"s", "S"},
    {"1", "1"},
    {"-", "-"},
    {" ", " "},
    {"#", "#"},
    {"]", "]"},
    {"\xc3\xa9", "\xc3\xa9"},
    {"\xc3\x89", "\xc3\xa9"},
    {"\xd0\xb6", "\xd0\x96"},
    {"\xc3\x9f", "\xc3\x9f"},
    {"\xe1\xba\x9e", "\xc3\x9f"},
    {"\xc4\xb0", "\xc4\xb0"},
    {"\xc5\xbf", "s"},
    {"\xe2\x84\xaa", "k"},
    {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
    {".", "q"},
    {".", "\xc3\xa9"},
    {"\\d", "7"},
    {"\\D", "\xc3\xa9"},
    {"\\w", "_"},
    {"\\W", "\xd0\xb6"},
    {"\\s", "\n"},
    {"\\S", "z"},
    {"\\h", " "},
    {"\\H", "a"},
    {"\\v", "\n"},
    {"\\V", " "},
    {"\\N", "a"},
    {"\\R", "\n"},
    {"\\R", "\r"},
    {"\\X", "e\xcc\x81"},
    {"\\p{L}", "\xc3\xa9"},
    {"\\p{Lu}", "B"},
    {"\\p{Ll}", "\xc3\xa9"},
    {"\\p{^L}", "1"},
    {"\\P{L}", "-"},
    {"\\pN", "2"},
    {"\\x{e9}", "\xc3\x89"},
    {"\\xe9", "\xc3\xa9"},
    {"\\x{1f600}", "\xf0\x9f\x98\x80"},
    {"\\x41", "A"},
    {"\\x4", "\x04"},
    {"\\-", "-"},
    {"\\ ", " "},
    {"\\#", "#"},
    {"\\t", "\t"},
    {"\\n", "\n"},
    {"\\012", "\n"},
    {"\\o{141}", "a"},
    {"\\cJ", "\n"},
    {"\\N{U+e9}", "\xc3\xa9"},
    {"[ab1]", "1"},
    {"[^ab]", "c"},
    {"[^ab]", "\xc3\xa9"},
    {"[a-k]", "K"},
    {"[\xc3\xa9-\xd0\xb6]", "\xd0\xb6"},
    {"[^\xc3\xa9]", "a"},
    {"[^\xc3\xa9]", "\xd0\xb6"},
    {"[x\xc3\x89]", "\xc3\xa9"},
    {"[ a]", " "},
    {"[ a]", "a"},
    {"[a-\\d]", "-"},
    {"[\\w-]", "-"},
    {"[-a]", "-"},
    {"[]a]", "]"},
    {"[^]a]", "1"},
    {"[\\]a]", "]"},
    {"[#a]", "#"},
    {"[\\x30-\\x39]", "3"},
    {"[\\x{2028}-\\x{202f}k]", "k"},
    {"[\\b1]", "1"},
    {"[[:alpha:]]", "a"},
    {"[[:^digit:]]", "\xc3\xa9"},
    {"[^[:space:]\\d]", "\xc3\xa9"},
    {"[[:punct:]]", "-"},
    {"[\\p{L}\\d]", "4"},
    {"[^\\W_]", "a"},
    {"[^\\p{Lu}]", "a"},
    {"[\\h,]", ","},
    {"[\\Q]\\E]", "]"},
    {"[a\\E]", "a"},
    {"[k-\xd0\xb6]", "\xc3\xa9"},
    {"\\Qa.b\\E", "a.b"},
    {"\\Q\\E", ""},
    {"\\E", ""},
    {"(?#x)", ""},
};

static const char *const blanks[] = {
    " ",	"\n",		"\t",		"\v",		"\f",		"\r",
    "\xc2\x85", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xa8", "\xe2\x80\xa9", "#a(\n",
    "#[\r",	"# \xc2\x85\n", "\xc2\xa0",	"\xe2\x80\xaa",
};

static void put_blank(struct maker *m)
{
	if (m->extended && roll(m->d, 3) == 1)
		put(m, blanks[roll(m->d, COUNT(blanks))]);
}

static void put_ways(struct maker *m, size_t most);

static void put_atom(struct maker *m)
{
	static const struct atom words[] = {{"219", "219"}, {"mrn", "MRN"}, {"Zx", "Zx"},	{"q\xc3\xa9", "q\xc3\xa9"},
					    {"_7", "_7"},   {"jk-", "jk-"}, {"\\d\\d-", "12-"}, {"@\\w", "@a"}};
	const struct atom *a = roll(m->d, 2) ? words + roll(m->d, COUNT(words)) : atoms + roll(m->d, COUNT(atoms));

	put(m, a->pattern);
	show(m, a->sample, strlen(a->sample));
}

static void put_group(struct maker *m)
{
	static const char *const open[] = {"(",	   "(?:",    "(?>",  "(?i:", "(?-i:", "(?x:",  "(?-x:", "(?xx:",  "(?s:",
					   "(?^:", "(?i-x:", "(?n:", "(?U:", "(?<n>", "(?'m'", "(?|",	"(?P<o>", "(?ix)("};
	const char *how = open[roll(m->d, COUNT(open))];
	bool extended = m->extended;

	m->extended = strchr(how, 'x') ? !strstr(how, "-x") : m->extended && !strchr(how, '^');
	put(m, how);
	put_ways(m, 3);
	put(m, ")");
	m->extended = extended || strcmp(how, "(?ix)(") == 0; /* that lasts */
}

/* What is not to be there is no part of the sample. */
static void put_look(struct maker *m)
{
	static const char *const open[] = {"(?=", "(?!", "(?<=", "(?<!"};
	unsigned i = roll(m->d, COUNT(open));
	size_t from = m->sample_n;

	put(m, open[i]);
	if (roll(m->d, 2))
		put_ways(m, 2);
	else
		put_atom(m);
	put(m, ")");
	if (i != 2 || m->sample_n > SAMPLE)
		m->sample_n = from;
}

static void put_other(struct maker *m)
{
	static const char *const other[] = {"\\b",    "\\B",	 "^",	   "$",	      "\\A",	"\\z",	 "\\Z",	   "\\K",
					    "(?i)",   "(?-i)",	 "(?x)",   "(?-x)",   "(?s)",	"(?xx)", "(?U)",   "(?m)",
					    "(?n)",   "(?^)",	 "\\1",	   "\\g{-1}", "\\k<n>", "(?1)",	 "(?P=n)", "(?(1)a|b)",
					    "(?<=^)", "(*FAIL)", "(?i-s)", "(?xi)",   "\\2",	"(?=)"};
	const char *s = other[roll(m->d, COUNT(other))];

	put(m, s);
	if (strncmp(s, "(?x", 3) == 0)
		m->extended = true;
	else if (strcmp(s, "(?-x)") == 0 || strcmp(s, "(?^)") == 0)
		m->extended = false;
}

/* Not {0}: PCRE2 takes a start of the text in a group that is left out for one of the pattern. */
static void put_repeat(struct maker *m, size_t from)
{
	static const struct {
		const char *sign;
		unsigned min, max;
	} repeat[] = {{"?", 0, 1},     {"*", 0, 3},    {"+", 1, 3},   {"{2}", 2, 2},   {"{1,3}", 1, 3},
		      {"{0,2}", 0, 2}, {"{3,}", 3, 4}, {"{9}", 9, 9}, {"{0,1}", 0, 1}, {"{,2}", 1, 1}};
	static const char *const kind[] = {"", "", "?", "+"};
	unsigned i = roll(m->d, COUNT(repeat)), n;
	size_t size = m->sample_n - from;

	put_blank(m);
	put(m, repeat[i].sign);
	put(m, kind[roll(m->d, COUNT(kind))]);
	n = repeat[i].min + roll(m->d, repeat[i].max - repeat[i].min + 1);
	if (n == 0)
		m->sample_n = from;
	for (; n > 1; n--)
		show(m, m->sample + from, size);
}

static void put_piece(struct maker *m)
{
	size_t from = m->sample_n;
	unsigned what = roll(m->d, 16);

	put_blank(m);
	if (what < 10 || m->depth >= DEPTH)
		put_atom(m);
	else if (what < 13)
		put_group(m);
	else if (what < 14)
		put_look(m);
	else
		put_other(m);
	while (what < 13 && roll(m->d, 4) == 1)
		put_repeat(m, from);
	put_blank(m);
}

static void put_way(struct maker *m)
{
	for (unsigned n = 1 + roll(m->d, 4); n > 0; n--)
		put_piece(m);
}

/* One way, or some of which the sample takes one. */
static void put_ways(struct maker *m, size_t most)
{
	unsigned ways = 1 + roll(m->d, most), taken = roll(m->d, ways);
	bool extended = m->extended;
	char sample[SAMPLE];
	size_t from = m->sample_n, n = 0;

	m->depth++;
	for (unsigned i = 0; i < ways; i++) {
		put(m, i ? "|" : "");
		put_way(m);
		if (i == taken) {
			n = m->sample_n - from;
			memcpy(sample, m->sample + from, n);
		}
		m->sample_n = from;
	}
	show(m, sample, n);
	m->depth--;
	m->extended = extended;
}

/* ---- texts ------------------------------------------------------------------------------------------------------------------
 */

struct writer {
	struct dice *d;
	char *p;
	size_t n, room;
};

static void text_put(struct writer *w, const char *p, size_t n)
{
	if (n <= w->room - w->n) {
		memcpy(w->p + w->n, p, n);
		w->n += n;
	}
}

/* The sample, as it is or changed a little. */
static void text_sample(struct writer *w, const struct maker *m)
{
	char s[SAMPLE];
	size_t n = m->sample_n, cut = n ? roll(w->d, n) : 0;
	unsigned how = roll(w->d, 8);

	memcpy(s, m->sample, n);
	if (how == 1 || how == 2)
		for (size_t i = 0; i < n; i++)
			s[i] = (char)(s[i] >= 'a' && s[i] <= 'z' && how == 1 ? s[i] - 32
				      : s[i] >= 'A' && s[i] <= 'Z'	     ? s[i] + 32
									     : s[i]);
	if (how == 3)
		text_put(w, s + cut, n - cut);
	else if (how == 4)
		text_put(w, s, cut);
	else
		text_put(w, s, n);
}

static void text_noise(struct writer *w)
{
	static const char *const noise[] = {" ",	"",	    ".", "a",	 "k",  "\n", "\r\n",
					    "\xc3\xa9", "\xd0\xb6", "1", "\xff", "\f", "_",  "x-"};
	const char *s = noise[roll(w->d, COUNT(noise))];

	text_put(w, s, strlen(s));
}

static void text_fill(struct writer *w, const struct maker *m, size_t makers, size_t room)
{
	w->room = w->n + room;
	for (unsigned i = 0; i < 12; i++) {
		text_noise(w);
		if (makers)
			text_sample(w, m + roll(w->d, makers));
	}
	text_noise(w);
}

static void text_make(struct dice *d, const struct maker *m, size_t makers, struct puzzle *z)
{
	struct writer w = {.d = d, .p = malloc(LONG)};
	size_t more;

	must(w.p != NULL);
	text_fill(&w, m, makers, TEXT);
	if (roll(d, 200) == 1) {
		/* Up to a place near the edge of a block, and on up to one where the last trigger may stand. */
		more = 65536u - roll(d, 40);
		memset(w.p + w.n, " -\n"[roll(d, 3)], more - w.n);
		w.n = more;
		text_fill(&w, m, makers, 65536u + 150u + roll(d, 80) - more);
		more = 65536u + 180u + roll(d, 60);
		if (w.n < more) {
			memset(w.p + w.n, '.', more - w.n);
			w.n = more;
		}
	}
	/* The exact size, so that a sanitizer sees one octet too many. */
	z->n = w.n;
	z->text = malloc(z->n ? z->n : 1);
	must(z->text != NULL);
	memcpy(z->text, w.p, z->n);
	free(w.p);
}

/* What another pattern is, and something behind it: they begin alike, so they may have their triggers in common. */
static void maker_follow(struct maker *m, const struct maker *other, char *pattern)
{
	*m = *other;
	m->pattern = pattern;
	memcpy(pattern, other->pattern, other->pattern_n);
	put_way(m);
}

static bool is_pattern(const struct mw_rule *r)
{
	struct mw_pattern *p = NULL;
	char why[128];
	size_t offset;

	if (mw_pattern_new(r->pattern, r->caseless, r->extended, &p, &offset, why) < 0)
		return false;
	mw_pattern_free(&p);
	return true;
}

void puzzle_make(struct dice *d, struct puzzle *z)
{
	static const struct mw_level level = {.confidence = 50};
	struct maker m[PUZZLE_RULES];

	*z = (struct puzzle){.rules = 0};
	/* Some are no patterns, such as references to groups that are not there. */
	for (size_t want = 1 + roll(d, PUZZLE_RULES), tries = 2 * want; z->rules < want && tries > 0; tries--) {
		struct mw_rule *r = z->rule + z->rules;
		unsigned flags = roll(d, 4);

		if (z->rules && roll(d, 4) == 1) {
			maker_follow(m + z->rules, m + z->rules - 1, z->pattern[z->rules]);
			flags = (r[-1].caseless ? 2 : 0) | (r[-1].extended ? 1 : 0);
		} else {
			m[z->rules] = (struct maker){.d = d, .pattern = z->pattern[z->rules], .extended = flags & 1};
			put_ways(m + z->rules, 2);
		}
		*r = (struct mw_rule){.name = "puzzle", .kind = MW_IDENTIFIER, .caseless = flags & 2, .extended = flags & 1};
		r->pattern = (struct mw_str){.p = z->pattern[z->rules], .n = m[z->rules].pattern_n};
		r->levels = 1;
		r->level = &level;
		z->rules += is_pattern(r);
	}
	text_make(d, m, z->rules, z);
}

void puzzle_next(uint64_t *seed, struct puzzle *z)
{
	uint8_t octets[1500];
	struct dice dice = {.p = octets, .n = sizeof(octets)};

	for (size_t i = 0; i < sizeof(octets); i++) {
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		octets[i] = (uint8_t)(*seed >> 56);
	}
	puzzle_make(&dice, z);
}

void puzzle_free(struct puzzle *z)
{
	free(z->text);
	z->text = NULL;
}

/* ---- both ways --------------------------------------------------------------------------------------------------------------
 */

struct found {
	uint64_t sum;
	size_t n;
};

/* Some matches are refused, as a check does. Nonzero: this one is taken. */
static int found_add(struct found *f, size_t start, size_t end)
{
	f->sum = (f->sum ^ start ^ (uint64_t)end << 32) * 0x9e3779b97f4a7c15u + 1;
	f->n++;
	return (start * 7 + end) % 5 != 0;
}

static int hunted(void *ctx, uint32_t rule, size_t start, size_t end)
{
	return found_add((struct found *)ctx + rule, start, end);
}

static size_t behind(struct mw_str text, size_t at)
{
	for (at++; at < text.n && ((unsigned char)text.p[at] & 0xc0u) == 0x80u; at++)
		;
	return at;
}

/* PCRE2 asked at each place of the text whether the pattern matches there, without its just-in-time compiler and without its
 * guesses about where to begin. false: a limit was reached. */
static bool plain(const struct mw_rule *r, struct mw_str text, struct found *f)
{
	const uint32_t flags =
	    PCRE2_UTF | PCRE2_NO_START_OPTIMIZE | (r->caseless ? PCRE2_CASELESS : 0u) | (r->extended ? PCRE2_EXTENDED : 0u);
	const uint32_t here = PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY | PCRE2_ANCHORED;
	pcre2_compile_context *compile = pcre2_compile_context_create(NULL);
	pcre2_match_context *context = pcre2_match_context_create(NULL);
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	pcre2_code *code;
	int error, rc = 0;
	size_t offset;

	must(compile && context && data);
	(void)pcre2_set_newline(compile, PCRE2_NEWLINE_ANYCRLF);
	(void)pcre2_set_bsr(compile, PCRE2_BSR_UNICODE);
	(void)pcre2_set_match_limit(context, LIMIT);
	code = pcre2_compile((PCRE2_SPTR)r->pattern.p, r->pattern.n, flags, &error, &offset, compile);
	must(code != NULL);
	for (size_t at = 0; at < text.n && (rc >= 0 || rc == PCRE2_ERROR_NOMATCH);) {
		const size_t *v = pcre2_get_ovector_pointer(data);

		rc = pcre2_match(code, (PCRE2_SPTR)text.p, text.n, at, here, data, context);
		at = rc >= 0 && found_add(f, v[0], v[1]) ? v[1] : behind(text, rc >= 0 ? v[0] : at);
	}
	pcre2_code_free(code);
	pcre2_match_data_free(data);
	pcre2_match_context_free(context);
	pcre2_compile_context_free(compile);
	return rc >= 0 || rc == PCRE2_ERROR_NOMATCH;
}

static void refused(void *ctx, const struct mw_rule *r, size_t offset, const char *text)
{
	(void)ctx;
	(void)r;
	(void)offset;
	(void)text;
	abort(); /* PCRE2 takes all of them */
}

/* In two stages, as rules are looked for whose context are others. false: a limit was reached. */
static bool hunt_stages(const struct mw_ruleset *set, struct mw_hunter *h, struct mw_str text, struct found *f)
{
	bool whole = true;

	mw_hunt_begin(set, h, text);
	for (size_t stage = 0; stage < 2; stage++) {
		bool run[PUZZLE_RULES];
		size_t limited;
		int rc;

		for (size_t i = 0; i < PUZZLE_RULES; i++)
			run[i] = i % 2 == stage;
		rc = mw_hunt(set, h, run, &(struct mw_hunt_calls){.found = hunted, .ctx = f}, &limited);
		must(rc == 0 || rc == -EAGAIN);
		whole = whole && rc == 0;
	}
	return whole;
}

/* Twice: what one text has needed is foreseen in the next one. */
static bool hunt(const struct mw_ruleset *set, struct mw_str text, struct found *f)
{
	struct mw_hunter *h = mw_hunter_new(set);
	struct found first[PUZZLE_RULES] = {{0}};
	bool whole;

	must(h != NULL);
	whole = hunt_stages(set, h, text, first) && hunt_stages(set, h, text, f);
	must(!whole || memcmp(first, f, sizeof(first)) == 0);
	mw_hunter_free(&h);
	return whole;
}

struct puzzle_result puzzle_solve(const struct puzzle *z, const struct mw_prefilter *prefilter, void *inst)
{
	struct puzzle_result ret = {.patterns = z->rules, .differ = SIZE_MAX};
	struct found fast[PUZZLE_RULES] = {{0}}, slow[PUZZLE_RULES] = {{0}};
	struct mw_arena *a = mw_arena_new(0);
	struct mw_ruleset *set = NULL;
	struct mw_folded f;
	struct mw_err err;
	bool whole;

	must(a && mw_fold(a, (struct mw_str){.p = z->text, .n = z->n}, &f) == 0);
	must(mw_ruleset_compile(z->rule, z->rules, NULL, refused, NULL, &set, NULL) == 0);
	must(!prefilter || mw_ruleset_prefilter(set, prefilter, inst, &err) == 0);
	whole = hunt(set, f.text, fast);
	for (size_t i = 0; i < z->rules; i++) {
		ret.triggered += !mw_ruleset_everywhere(set, i);
		/* A limit of one pattern may hide those of others. */
		if (!whole || !plain(z->rule + i, f.text, slow + i)) {
			ret.limited++;
			continue;
		}
		ret.matches += slow[i].n;
		if (fast[i].n != slow[i].n || fast[i].sum != slow[i].sum)
			ret.differ = i;
	}
	mw_ruleset_free(&set);
	mw_arena_free(&a);
	return ret;
}

void puzzle_print(const struct puzzle *z, size_t rule)
{
	const struct mw_rule *r = z->rule + rule;

	fprintf(stderr, "pattern (flags %s%s, octets in hex): ", r->caseless ? "i" : "", r->extended ? "x" : "");
	for (size_t i = 0; i < r->pattern.n; i++)
		fprintf(stderr, r->pattern.p[i] < ' ' || r->pattern.p[i] > '~' ? "\\x%02x" : "%c",
			(unsigned char)r->pattern.p[i]);
	fprintf(stderr, "\ntext: ");
	for (size_t i = 0; i < z->n && i < TEXT; i++)
		fprintf(stderr, z->text[i] < ' ' || z->text[i] > '~' ? "\\x%02x" : "%c", (unsigned char)z->text[i]);
	fprintf(stderr, "\n");
}
