/* SPDX-License-Identifier: Apache-2.0 */
/* consent: the file, strictly read, and what counts today. A hash over the addresses, never more than half full. */
#include "policy/consent.h"

#include "base/str.h"
#include "policy/ast.h"
#include "policy/table.h"

#include <string.h>

struct mw_consents {
	const char *name;
	MW_LIST_OF(struct mw_consent_row) rows;
	size_t slots;			    /* a power of two */
	const struct mw_consent_row **slot; /* the first of each address */
};

/* ---- a line ------------------------------------------------------------------------------------------------------ */
/* What is left of a line, and where the word stands that was taken last. */
struct line {
	struct mw_diags *diags;
	struct mw_arena *arena;
	const char *begin, *p, *end;
	struct mw_place place;
	bool bad; /* and told */
};

static void wrong(struct line *l, const char *hint, const char *what)
{
	if (!l->bad)
		mw_diag_add(l->diags, MW_DIAG_ERROR, l->place, hint, "%s", what);
	l->bad = true;
}

/* The place is from here to there. */
static void mark(struct line *l, const char *from, const char *to)
{
	l->place.column = (uint32_t)(from - l->begin) + 1;
	l->place.length = to > from ? (uint32_t)(to - from) : 1;
}

static bool at_end(struct line *l)
{
	const char *from = l->p;

	while (l->p < l->end && (*l->p == ' ' || *l->p == '\t' || *l->p == '\r'))
		l->p++;
	/* A comment: behind a blank, or the whole line. */
	if (l->p < l->end && *l->p == '#' && (l->p > from || l->p == l->begin))
		l->end = l->p;
	return l->p == l->end;
}

/* Text in quotes, \" and \\ in it. */
static struct mw_str take_quoted(struct line *l)
{
	char *out = mw_arena_array(l->arena, (size_t)(l->end - l->p) + 1, 1);
	const char *p = l->p + 1;
	size_t n = 0;

	l->diags->no_memory |= !out;
	for (; out && p < l->end && *p != '"'; p++) {
		if (*p == '\\' && p + 1 < l->end && (p[1] == '"' || p[1] == '\\'))
			p++;
		out[n++] = *p;
	}
	mark(l, l->p, p < l->end ? p + 1 : p);
	if (p == l->end)
		wrong(l, "a text ends with a quote, on its line", "this text does not end");
	l->p = p < l->end ? p + 1 : p;
	return (struct mw_str){.p = out ? out : "", .n = n};
}

/* A word, or a text in quotes; what: for the message when nothing stands there. quoted may be NULL. */
static struct mw_str take_word(struct line *l, const char *what, bool *quoted)
{
	const char *from;

	if (l->bad)
		return mw_str("");
	if (at_end(l)) {
		mark(l, l->p, l->p);
		wrong(l, "a line is: ADDRESS RECORDED-BY FROM UNTIL [for SENDER, ...] [\"note\"]",
		      mw_arena_printf(l->diags->arena, "%s is missing", what));
		return mw_str("");
	}
	if (quoted)
		*quoted = *l->p == '"';
	if (*l->p == '"')
		return take_quoted(l);
	from = l->p++;
	while (*from != ',' && l->p < l->end && !strchr(" \t\r,", *l->p))
		l->p++;
	mark(l, from, l->p);
	return (struct mw_str){.p = from, .n = (size_t)(l->p - from)};
}

static const char *copy(struct line *l, struct mw_str s)
{
	const char *p = mw_arena_dup(l->arena, s.p, s.n);

	l->diags->no_memory |= !p;
	return p ? p : "";
}

/* ---- its fields --------------------------------------------------------------------------------------------------- */
static void take_address(struct line *l, struct mw_consent_row *row)
{
	struct mw_str s = take_word(l, "the address of the patient", NULL);
	const char *at = s.n ? memrchr(s.p, '@', s.n) : NULL, *hint = mw_table_wrong(s);

	if (l->bad)
		return;
	if (!at || at == s.p || memchr(s.p, '*', s.n))
		wrong(l, "write the whole address: bob@x.example",
		      "a consent is that of one person: nobody can give it for a domain");
	else if (hint)
		wrong(l, hint, "this is no address");
	row->address = (struct mw_str){.p = copy(l, s), .n = s.n};
}

/* What is shown to people and written down: UTF-8 without control characters. */
static bool is_plain_text(struct mw_str s)
{
	for (size_t i = 0; i < s.n;) {
		size_t n = mw_utf8_shown(s.p + i, s.n - i);

		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

static void take_by(struct line *l, struct mw_consent_row *row)
{
	struct mw_str s = take_word(l, "who recorded the consent", NULL);

	if (l->bad)
		return;
	if (mw_str_trim(s).n == 0 || s.n > MW_CONSENT_TEXT || !is_plain_text(s))
		wrong(l, "a name or a login, of up to 200 octets", "this does not say who recorded the consent");
	else if (mw_day_parse(s) != MW_DAY_NONE)
		wrong(l, "who recorded it stands in front of the dates", "this is a date, not who recorded the consent");
	row->by = copy(l, s);
}

static int32_t take_day(struct line *l, const char *what, bool none)
{
	bool quoted = false;
	struct mw_str s = take_word(l, what, &quoted);
	int32_t day = quoted ? MW_DAY_NONE : mw_day_parse(s);

	if (!l->bad && day == MW_DAY_NONE && !(none && !quoted && mw_str_eq(s, "none")))
		wrong(l, none ? "as in 2027-03-01; or: none" : "as in 2026-03-01",
		      mw_arena_printf(l->diags->arena, "%s is no date of the calendar", what));
	return day;
}

static void take_days(struct line *l, struct mw_consent_row *row)
{
	row->from = take_day(l, "the first day", false);
	row->until = take_day(l, "the last day", true);
	if (!l->bad && row->until != MW_DAY_NONE && row->until < row->from)
		wrong(l, "the first day stands in front of the last", "this consent ends before it begins");
}

/* for ENTRY, ENTRY */
static void take_senders(struct line *l, struct mw_consent_row *row)
{
	MW_LIST_OF(struct mw_str) v = {.v = NULL};

	do {
		struct mw_str s = take_word(l, "a sender", NULL), entry;
		const char *hint = mw_table_wrong(s);

		if (!l->bad && hint)
			wrong(l, hint, "this is no sender");
		if (l->bad)
			return;
		entry = (struct mw_str){.p = copy(l, s), .n = s.n};
		MW_LIST_PUSH(l->arena, l->diags, &v, entry);
		if (at_end(l) || *l->p != ',')
			break;
		(void)take_word(l, "a sender", NULL); /* the comma */
	} while (!l->diags->no_memory);
	row->sender = v.v;
	row->senders = v.n;
}

static void take_note(struct line *l, struct mw_consent_row *row)
{
	bool quoted = false;
	struct mw_str s = take_word(l, "a note", &quoted);

	if (l->bad)
		return;
	if (!quoted)
		wrong(l, "a note stands in quotes; senders behind: for", "nothing but senders or a note may stand here");
	else if (s.n > MW_CONSENT_NOTE || !is_plain_text(s))
		wrong(l, "up to 1000 octets, without control characters", "this is no note");
	row->note = copy(l, s);
}

static bool is_for_word(const struct line *l)
{
	size_t n = (size_t)(l->end - l->p);

	return n >= 3 && strncmp(l->p, "for", 3) == 0 && (n == 3 || strchr(" \t\r", l->p[3]));
}

static bool read_line(struct line *l, struct mw_consent_row *row)
{
	row->note = "";
	take_address(l, row);
	row->place = l->place;
	take_by(l, row);
	take_days(l, row);
	if (!l->bad && !at_end(l) && is_for_word(l)) {
		(void)take_word(l, "for", NULL);
		take_senders(l, row);
	}
	if (!l->bad && !at_end(l))
		take_note(l, row);
	if (!l->bad && !at_end(l)) {
		l->place.length = (uint32_t)(l->end - l->p);
		wrong(l, "one consent a line", "nothing may stand behind the note");
	}
	return !l->bad && !l->diags->no_memory;
}

/* ---- the table ---------------------------------------------------------------------------------------------------- */
/* FNV-1a over lower case. The entries are an administrator's, so nobody can aim at collisions. */
static uint64_t hash(struct mw_str s)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)mw_lower(s.p[i])) * 0x100000001b3u;
	return h ^ h >> 32;
}

/* The slot of this address, or the free one where it belongs. */
static const struct mw_consent_row **find(const struct mw_consents *t, struct mw_str address)
{
	size_t at = (size_t)hash(address) & (t->slots - 1);

	while (t->slot[at] && !mw_str_casesame(t->slot[at]->address, address))
		at = (at + 1) & (t->slots - 1);
	return &t->slot[at];
}

/* When all rows are there, and stay where they are: the last first, so that a chain is in the order of the file. */
static bool make_index(struct mw_arena *a, struct mw_consents *t)
{
	for (t->slots = 16; t->slots / 2 <= t->rows.n;)
		t->slots *= 2;
	t->slot = mw_arena_array(a, t->slots, sizeof(*t->slot));
	for (size_t i = t->rows.n; t->slot && i-- > 0;) {
		const struct mw_consent_row **slot = find(t, t->rows.v[i].address);

		t->rows.v[i].next = *slot;
		*slot = &t->rows.v[i];
	}
	return t->slot != NULL;
}

static void read_rows(struct mw_arena *a, struct mw_diags *diags, struct mw_consents *t, uint32_t source)
{
	const struct mw_source *s = &diags->source[source];
	const char *p = s->text, *end = s->text + s->n;
	uint32_t number = 0;

	if (s->n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		p += 3; /* columns are counted behind a byte order mark */
	while (p < end && !diags->no_memory) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		struct line l = {.diags = diags,
				 .arena = a,
				 .begin = p,
				 .p = p,
				 .end = nl ? nl : end,
				 .place = {.source = source, .line = ++number}};
		struct mw_consent_row row = {.name = t->name};

		p = nl ? nl + 1 : end;
		if (at_end(&l) || !read_line(&l, &row))
			continue;
		row.where = mw_arena_printf(a, "%s:%u", s->shown, number);
		diags->no_memory |= !row.where;
		MW_LIST_PUSH(a, diags, &t->rows, row);
	}
}

struct mw_consents *mw_consents_read(struct mw_arena *a, struct mw_diags *diags, const char *name, uint32_t source)
{
	struct mw_consents *t = mw_arena_alloc(a, sizeof(*t));

	if (t) {
		t->name = name;
		read_rows(a, diags, t, source);
	}
	if (t && !diags->no_memory && make_index(a, t))
		return t;
	diags->no_memory = true;
	return NULL;
}

const char *mw_consents_name(const struct mw_consents *t)
{
	return t->name;
}

size_t mw_consents_count(const struct mw_consents *t)
{
	return t->rows.n;
}

const struct mw_consent_row *mw_consents_row(const struct mw_consents *t, size_t i)
{
	return i < t->rows.n ? &t->rows.v[i] : NULL;
}

/* ---- does it count? ----------------------------------------------------------------------------------------------- */
static bool is_for(const struct mw_consent_row *row, struct mw_str sender)
{
	for (size_t i = 0; i < row->senders; i++)
		if (mw_entry_matches(row->sender[i], sender))
			return true;
	return row->senders == 0;
}

enum mw_consent_state mw_consent_state(const struct mw_consent_row *row, struct mw_str sender, struct mw_days days)
{
	if (row->until != MW_DAY_NONE && (days.latest == MW_DAY_NONE || row->until < days.latest))
		return MW_CONSENT_ENDED;
	if (days.today == MW_DAY_NONE || days.today < row->from)
		return MW_CONSENT_FUTURE;
	return is_for(row, sender) ? MW_CONSENT_GIVEN : MW_CONSENT_SENDER;
}

/* Of two that count alike, which is shown: the one that lasts longer; of those to come, the one that begins first. */
static bool is_nearer(enum mw_consent_state state, const struct mw_consent_row *row, const struct mw_consent_row *than)
{
	if (state == MW_CONSENT_FUTURE)
		return row->from < than->from;
	return than->until != MW_DAY_NONE && (row->until == MW_DAY_NONE || row->until > than->until);
}

enum mw_consent_state mw_consents_find(const struct mw_consents *t, struct mw_str address, struct mw_str sender,
				       struct mw_days days, const struct mw_consent_row **ret)
{
	const struct mw_consent_row *row = address.n ? *find(t, address) : NULL;
	enum mw_consent_state best = MW_CONSENT_NONE;

	for (; row; row = row->next) {
		enum mw_consent_state state = mw_consent_state(row, sender, days);

		if (state < best || (state == best && !is_nearer(state, row, *ret)))
			continue;
		best = state;
		*ret = row;
	}
	return best;
}
