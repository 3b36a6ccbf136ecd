/* SPDX-License-Identifier: Apache-2.0 */
#include "x12.h"

#include "value.h"
#include "x12_table.h"

#include <stdio.h>
#include <string.h>

#define ROWS 3u		/* members or claims: so many are a table */
#define ISA_LENGTH 105u /* the octet behind it ends segments */
#define ELEMENTS 64u	/* of a segment; more are one */

struct x12 {
	struct out *o;
	char element, component, repetition, end;
	const struct x12_entity *entity; /* whom N3, DMG, REF and PER are about; NULL = not known */
	char who[40];			 /* what that is called */
	struct text street;		 /* of N3, until N4 comes */
	bool members;			 /* an 834: IL is the member */
	struct mw_str rest;		 /* segments that are not read yet */
	bool tabled;			 /* members or claims are rows */
	struct x12_table table;
};

/* A segment: its name and elements from 1 on, trimmed. */
struct segment {
	struct mw_str v[ELEMENTS];
	size_t n;
};

/* ---- segments -------------------------------------------------------------------------------------------------------------------- */

static struct mw_str skip_blanks(struct mw_str s)
{
	if (str_begins(s, "\xef\xbb\xbf"))
		s = str_from(s, 3);
	while (s.n && (unsigned char)*s.p <= ' ')
		s = str_from(s, 1);
	return s;
}

static bool is_mark(char c)
{
	return (c > ' ' || c == '\n' || c == '\r' || (c > 0 && c < ' ' && c != '\t')) && c < 0x7f &&
	       !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
}

static bool is_isa(struct mw_str s)
{
	return s.n > ISA_LENGTH && str_begins(s, "ISA") && is_mark(s.p[3]) && is_mark(s.p[ISA_LENGTH]) &&
	       s.p[3] != s.p[ISA_LENGTH] && s.p[3] == s.p[6];
}

/* The octet behind the name of the first segment. */
static char bare_element(struct mw_str s)
{
	return str_begins(s, "ISA") ? s.p[3] : s.p[2];
}

bool x12_begins(struct mw_str s)
{
	s = skip_blanks(s);
	if (is_isa(s))
		return true;
	/* A transaction without its envelope, or with one that is cut. */
	return s.n > 10 && (str_begins(s, "ST") || str_begins(s, "GS") || str_begins(s, "ISA")) &&
	       (bare_element(s) == '*' || bare_element(s) == '|') && str_has(str_first(s, 4096), "~");
}

static void take_marks(struct x12 *x, struct mw_str s)
{
	x->element = s.p[3];
	x->component = is_mark(s.p[ISA_LENGTH - 1]) ? s.p[ISA_LENGTH - 1] : ':';
	x->repetition = is_mark(s.p[82]) ? s.p[82] : '\0';
	x->end = s.p[ISA_LENGTH];
	if (x->repetition == x->component || x->repetition == x->element)
		x->repetition = '\0';
}

/* The next segment, and *rest behind it. false: there is none. */
static bool next_segment(struct x12 *x, struct mw_str *rest, struct mw_str *raw)
{
	do {
		*rest = rest->p ? skip_blanks(*rest) : str("");
		if (rest->n == 0)
			return false;
		if (is_isa(*rest))
			take_marks(x, *rest);
		*raw = str_trim(str_cut(rest, x->end));
	} while (raw->n == 0);
	return true;
}

static void split(const struct x12 *x, struct mw_str raw, struct segment *s)
{
	s->n = 0;
	for (size_t i = 0; i < ELEMENTS; i++)
		s->v[i] = str("");
	while (raw.p && s->n + 1 < ELEMENTS)
		s->v[s->n++] = str_trim(str_cut(&raw, x->element));
	if (raw.p)
		s->v[s->n++] = str_trim(raw);
}

static struct mw_str part_of(const struct x12 *x, struct mw_str value, size_t i)
{
	return str_trim(str_piece(value, x->component, i));
}

/* ---- lines ----------------------------------------------------------------------------------------------------------------------- */

/* Components and repetitions are divided by blanks. */
static void put_plain(const struct x12 *x, struct text *t, struct mw_str value)
{
	for (size_t i = 0; i < value.n; i++) {
		bool mark = value.p[i] == x->component || (x->repetition && value.p[i] == x->repetition);

		text_putc(t, mark ? ' ' : value.p[i]);
	}
}

/* Into the row of a member or a claim, or a line. */
static void put_as(struct x12 *x, const char *who, const char *what, struct mw_str value)
{
	if (x->table.on)
		x12_table_add(&x->table, who, what, value);
	else
		out_field(x->o, who, what, value);
}

static void put(struct x12 *x, const char *what, struct mw_str value)
{
	put_as(x, "", what, value);
}

/* "Patient date of birth": of whoever was named last. */
static void put_of(struct x12 *x, const char *what, struct mw_str value)
{
	put_as(x, x->who, what, value);
}

static void put_element(struct x12 *x, const struct segment *s, size_t i)
{
	char place[16];
	const char *what;
	struct text t = {0};

	(void)snprintf(place, sizeof(place), "%.*s%02zu", STR_SHOWN(s->v[0], 8), i);
	what = x12_element(place);
	put_plain(x, &t, s->v[i]);
	put(x, what ? what : place, text_all(&t));
	text_wipe(&t);
}

/* Numbers by which programs find their way. */
static bool is_counter(const struct segment *s)
{
	static const char *const names[] = {"GE", "IEA", "SE", "HL", "LX", "ISA", "GS"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is(s->v[0], names[i]))
			return true;
	return false;
}

static void put_elements(struct x12 *x, const struct segment *s, size_t from)
{
	if (str_is(s->v[0], "ISA") || str_is(s->v[0], "GS")) {
		bool gs = str_is(s->v[0], "GS");

		put_element(x, s, gs ? 2 : 6);
		put_element(x, s, gs ? 3 : 8);
	}
	if (is_counter(s))
		return;
	for (size_t i = from; i < s->n && x->o->failed == 0; i++)
		put_element(x, s, i);
}

/* D8, RD8: a date, two dates; DT: with a time. */
static void put_date(struct x12 *x, const char *who, const char *what, struct mw_str value)
{
	struct text t = {0};

	value_dates(&t, value);
	put_as(x, who, what, text_all(&t));
	text_wipe(&t);
}

/* ---- who ------------------------------------------------------------------------------------------------------------------------- */

static void set_who(struct x12 *x, struct mw_str code)
{
	x->entity = x12_entity(code);
	if (x->members && x->entity && strcmp(x->entity->code, "IL") == 0)
		(void)snprintf(x->who, sizeof(x->who), "Member");
	else if (x->entity)
		(void)snprintf(x->who, sizeof(x->who), "%s", x->entity->who);
	else
		(void)snprintf(x->who, sizeof(x->who), "Entity %.*s", STR_SHOWN(code, 8));
	text_cut(&x->street, 0);
}

static bool is_person(const struct x12 *x)
{
	return x->entity && x->entity->person;
}

static void put_number(struct x12 *x, const char *what, struct mw_str value)
{
	struct text t = {0};

	if (strcmp(what, "SSN") == 0)
		value_ssn(&t, value);
	else
		text_str(&t, value);
	put_of(x, what, text_all(&t));
	text_wipe(&t);
}

/* NM1*QC*1*DOE*JANE*Q**JR*MI*W123 */
static void read_nm1(struct x12 *x, const struct segment *s)
{
	struct text t = {0};
	const char *id = x12_id(s->v[8]);

	set_who(x, s->v[1]);
	value_name(&t, &(struct name){.family = s->v[3], .given = s->v[4], .middle = s->v[5], .suffix = s->v[7]});
	put_of(x, is_person(x) ? "name" : "", text_all(&t));
	text_wipe(&t);
	put_of(x, "title", s->v[6]);
	put_number(x, id ? id : "ID", s->v[9]);
	put_elements(x, s, 10);
}

/* N1*PR*INSURANCE COMPANY*XV*87726 */
static void read_n1(struct x12 *x, const struct segment *s)
{
	const char *id = x12_id(s->v[3]);

	set_who(x, s->v[1]);
	put_of(x, "", s->v[2]);
	put_of(x, id ? id : "ID", s->v[4]);
	put_elements(x, s, 5);
}

static void read_n3(struct x12 *x, const struct segment *s)
{
	text_cut(&x->street, 0);
	for (size_t i = 1; i < s->n; i++)
		text_join(&x->street, ", ", s->v[i]);
}

static void read_n4(struct x12 *x, const struct segment *s)
{
	struct text t = {0};

	value_address(&t,
		      &(struct address){
			  .street = text_all(&x->street), .city = s->v[1], .state = s->v[2], .zip = s->v[3], .country = s->v[4]});
	put_of(x, is_person(x) ? "home address" : "address", text_all(&t));
	text_wipe(&t);
	text_cut(&x->street, 0);
	put_elements(x, s, 5);
}

/* A street that no city came behind. */
static void end_street(struct x12 *x)
{
	if (x->street.n)
		put_of(x, is_person(x) ? "home address" : "address", text_all(&x->street));
	text_cut(&x->street, 0);
}

static void read_per(struct x12 *x, const struct segment *s)
{
	struct text t = {0};

	put_of(x, "contact", s->v[2]);
	for (size_t i = 3; i + 1 < s->n; i += 2) {
		const char *what = x12_contact(s->v[i]);

		value_phone(&t, s->v[i + 1]);
		put_of(x, what ? what : "contact number", text_all(&t));
		text_cut(&t, 0);
	}
	text_wipe(&t);
}

static void read_dmg(struct x12 *x, const struct segment *s)
{
	put_date(x, x->who, "date of birth", s->v[2]);
	put_of(x, "sex", s->v[3]);
	put_of(x, "marital status", s->v[4]);
	put_of(x, "race", s->v[5]);
	put_elements(x, s, 6);
}

static void read_ref(struct x12 *x, const struct segment *s)
{
	const char *what = x12_reference(s->v[1]);
	char other[24];

	(void)snprintf(other, sizeof(other), "reference %.*s", STR_SHOWN(s->v[1], 8));
	put_number(x, what ? what : other, s->v[2]);
	put_of(x, what ? what : other, s->v[3]);
	put_elements(x, s, 4);
}

/* ---- what ------------------------------------------------------------------------------------------------------------------------ */

/* HI*ABK:I10*ABF:E119 */
static void read_hi(struct x12 *x, const struct segment *s)
{
	struct text t = {0};

	for (size_t i = 1; i < s->n; i++) {
		struct mw_str rest = s->v[i];
		const char *what;

		while (rest.p) {
			struct mw_str one = x->repetition ? str_cut(&rest, x->repetition) : rest;

			if (!x->repetition)
				rest.p = NULL;
			what = x12_health(part_of(x, one, 0));
			value_icd(&t, part_of(x, one, 1));
			for (size_t k = 2; k < 9; k++)
				text_join(&t, " ", part_of(x, one, k));
			put(x, what ? what : "Health code", text_all(&t));
			text_cut(&t, 0);
		}
	}
	text_wipe(&t);
}

static void read_dtp(struct x12 *x, const struct segment *s)
{
	bool dtm = str_is(s->v[0], "DTM");
	const char *what = x12_date(s->v[1]);
	char other[24];

	(void)snprintf(other, sizeof(other), "Date %.*s", STR_SHOWN(s->v[1], 8));
	put_date(x, "", what ? what : other, s->v[dtm ? 2 : 3]);
	put_elements(x, s, dtm ? 3 : 4);
}

/* The first component of a procedure is the kind of its code: "Procedure code: 99213 25". */
static void read_service(struct x12 *x, const struct segment *s)
{
	for (size_t i = 1; i < s->n; i++) {
		struct mw_str value = s->v[i], kind = part_of(x, value, 0);
		struct segment one = {.n = i + 1};

		if (kind.n == 2 && kind.n < value.n && value.p[2] == x->component && kind.p[0] >= 'A')
			value = str_from(value, 3);
		one.v[0] = s->v[0];
		one.v[i] = value;
		put_element(x, &one, i);
	}
}

static void read_ins(struct x12 *x, const struct segment *s)
{
	put(x, "Member is subscriber", s->v[1]);
	put_elements(x, s, 2);
}

static void read_prv(struct x12 *x, const struct segment *s)
{
	put(x, "Provider specialty", s->v[3]);
	put_elements(x, s, 4);
}

typedef void (*reader)(struct x12 *, const struct segment *);

static reader reader_of(struct mw_str name)
{
	static const struct {
		const char *name;
		reader read;
	} readers[] = {
	    {"NM1", read_nm1},	   {"N1", read_n1},	  {"N3", read_n3},	 {"N4", read_n4},	{"PER", read_per},
	    {"DMG", read_dmg},	   {"REF", read_ref},	  {"HI", read_hi},	 {"DTP", read_dtp},	{"DTM", read_dtp},
	    {"SV1", read_service}, {"SV2", read_service}, {"SV3", read_service}, {"SV5", read_service}, {"SVC", read_service},
	    {"SVD", read_service}, {"INS", read_ins},	  {"PRV", read_prv},
	};

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (str_is(name, readers[i].name))
			return readers[i].read;
	return NULL;
}

/* Members or claims of the transaction that begins; segments after it are not looked at. */
static size_t count_rows(const struct x12 *x)
{
	struct mw_str rest = x->rest;
	size_t n = 0;

	while (rest.p && n < ROWS) {
		struct mw_str raw = skip_blanks(str_cut(&rest, x->end)), name = str_cut(&raw, x->element);

		if (str_is(name, "ST") || str_is(name, "SE") || str_is(name, "ISA"))
			break;
		n += str_is(name, "INS") || str_is(name, "CLP");
	}
	return n;
}

/* Does this segment begin another person? */
static bool begins_person(const struct segment *s)
{
	return str_is(s->v[0], "ST") || str_is(s->v[0], "INS") || str_is(s->v[0], "CLP") ||
	       (str_is(s->v[0], "HL") && (str_is(s->v[3], "22") || str_is(s->v[3], "23")));
}

static void read_segment(struct x12 *x, struct mw_str raw)
{
	struct segment s;
	reader read;

	split(x, raw, &s);
	if (!str_is(s.v[0], "N4"))
		end_street(x);
	if (str_is(s.v[0], "ST") || str_is(s.v[0], "SE") || str_is(s.v[0], "PLB"))
		x12_table_end(&x->table);
	if (begins_person(&s)) {
		if (x->tabled && (str_is(s.v[0], "INS") || str_is(s.v[0], "CLP")))
			x12_table_row(&x->table);
		else
			out_feed(x->o);
		set_who(x, str(""));
		(void)snprintf(x->who, sizeof(x->who), "%s",
			       str_is(s.v[0], "INS")   ? "Member"
			       : str_is(s.v[0], "CLP") ? "Patient"
						       : "");
	}
	if (str_is(s.v[0], "ST")) {
		x->members = str_is(s.v[1], "834");
		x->tabled = count_rows(x) == ROWS;
	}
	read = reader_of(s.v[0]);
	if (read)
		read(x, &s);
	else
		put_elements(x, &s, 1);
}

void x12_read(struct mw_str s, struct out *o)
{
	struct x12 x = {.o = o, .element = '*', .component = ':', .end = '~', .rest = skip_blanks(s), .table = {.o = o}};
	struct mw_str raw;

	if (x.rest.n > 3 && !is_isa(x.rest))
		x.element = bare_element(x.rest);
	while (o->failed == 0 && next_segment(&x, &x.rest, &raw))
		read_segment(&x, raw);
	end_street(&x);
	x12_table_end(&x.table);
	x12_table_free(&x.table);
	if (x.street.failed)
		o->tmp.failed = true;
	text_wipe(&x.street);
}
