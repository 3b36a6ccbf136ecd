/* SPDX-License-Identifier: Apache-2.0 */
#include "ncpdp.h"

#include "value.h"

#include <stdio.h>
#include <string.h>

#define GROUP '\x1d'
#define SEGMENT '\x1e'
#define FIELD '\x1c'

enum kind { TEXT, DATE, PHONE, SEX, ICD };

struct row {
	const char *id;
	const char *name;
	enum kind kind;
};

/* Names and addresses are put together: see parts. */
static const struct row rows[] = {
    {"C4", "Date of birth", DATE},
    {"C5", "Sex", SEX},
    {"CQ", "Home phone", PHONE},
    {"CY", "Patient ID", TEXT},
    {"HN", "Patient email", TEXT},
    {"CZ", "Employer ID", TEXT},
    {"C2", "Member ID", TEXT},
    {"C1", "Group number", TEXT},
    {"C3", "Person code", TEXT},
    {"C6", "Relationship", TEXT},
    {"FO", "Plan", TEXT},
    {"MG", "Other payer BIN", TEXT},
    {"NU", "Other payer member ID", TEXT},
    {"2C", "Pregnancy", TEXT},
    {"D2", "Rx number", TEXT},
    {"D7", "Medication code", TEXT},
    {"E7", "Quantity", TEXT},
    {"D5", "Days supply", TEXT},
    {"D3", "Fill number", TEXT},
    {"DE", "Prescribed on", DATE},
    {"D1", "Filled on", DATE},
    {"DB", "Prescribing provider ID", TEXT},
    {"PM", "Prescribing provider phone", PHONE},
    {"DL", "Primary care provider ID", TEXT},
    {"2E", "Primary care provider code", TEXT},
    {"DO", "Diagnosis", ICD},
    {"E4", "Reason for service", TEXT},
    {"E5", "Professional service", TEXT},
    {"E6", "Result of service", TEXT},
    {"EV", "Prior authorization number", TEXT},
    {"DX", "Patient paid", TEXT},
    {"D9", "Ingredient cost", TEXT},
    {"DU", "Gross amount", TEXT},
    {"DQ", "Usual charge", TEXT},
    {"F4", "Message", TEXT},
    {"FQ", "Message", TEXT},
    {"FY", "Additional message", TEXT},
    {"UF", "Help desk phone", PHONE},
    {"EY", "Provider ID", TEXT},
    {"DZ", "Claim number", TEXT},
    {"DY", "Injured on", DATE},
    {"CR", "Carrier", TEXT},
    {"CF", "Employer", TEXT},
    {"H1", "Measured on", DATE},
    {"H2", "Measurement", TEXT},
    {"H3", "Measurement unit", TEXT},
    {"H4", "Measurement value", TEXT},
    {"AR", "Compound medication", TEXT},
    {"TE", "Compound medication code", TEXT},
};

/* What of a segment is a name or an address. */
struct parts {
	struct mw_str first, last, cardholder_first, cardholder_last, prescriber_first, prescriber_last, pcp_last;
	struct mw_str street, city, state, zip;
};

static struct mw_str *part_of(struct parts *p, struct mw_str id)
{
	const struct {
		const char *id;
		struct mw_str *to;
	} parts[] = {
	    {"CA", &p->first},
	    {"CB", &p->last},
	    {"CC", &p->cardholder_first},
	    {"CD", &p->cardholder_last},
	    {"2J", &p->prescriber_first},
	    {"DR", &p->prescriber_last},
	    {"4E", &p->pcp_last},
	    {"CM", &p->street},
	    {"CN", &p->city},
	    {"CO", &p->state},
	    {"CP", &p->zip},
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (str_is(id, parts[i].id))
			return parts[i].to;
	return NULL;
}

static void put_kind(struct out *o, const char *name, enum kind kind, struct mw_str value)
{
	struct text t = {0};

	if (kind == DATE)
		value_date(&t, value);
	else if (kind == PHONE)
		value_phone(&t, value);
	else if (kind == ICD)
		value_icd(&t, value);
	else if (kind == SEX && value.n == 1 && (*value.p == '1' || *value.p == '2'))
		text_puts(&t, *value.p == '1' ? "M" : "F");
	else
		text_str(&t, value);
	out_field(o, "", name, text_all(&t));
	text_wipe(&t);
}

static void put_name(struct out *o, const char *label, struct mw_str first, struct mw_str last)
{
	struct text t = {0};

	value_name(&t, &(struct name){.given = first, .family = last});
	out_field(o, "", label, text_all(&t));
	text_wipe(&t);
}

static void put_parts(struct out *o, const struct parts *p)
{
	struct text t = {0};

	put_name(o, "Patient name", p->first, p->last);
	put_name(o, "Subscriber name", p->cardholder_first, p->cardholder_last);
	put_name(o, "Prescribing provider", p->prescriber_first, p->prescriber_last);
	put_name(o, "Primary care provider", str(""), p->pcp_last);
	value_address(&t, &(struct address){.street = p->street, .city = p->city, .state = p->state, .zip = p->zip});
	out_field(o, "", "Home address", text_all(&t));
	text_wipe(&t);
}

static void read_field(struct out *o, struct mw_str field, struct parts *p)
{
	struct mw_str id, value;
	char name[24];

	if (field.n < 2)
		return;
	id = (struct mw_str){.p = field.p, .n = 2};
	value = str_trim(str_from(field, 2));
	if (part_of(p, id)) {
		*part_of(p, id) = value;
		return;
	}
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (str_is(id, rows[i].id)) {
			put_kind(o, rows[i].name, rows[i].kind, value);
			return;
		}
	/* Parts of one character are not cut: an identifier of a field is two of ASCII. */
	if ((unsigned char)id.p[0] >= 0x80 || (unsigned char)id.p[1] >= 0x80)
		out_field(o, "", "Field", field);
	else {
		(void)snprintf(name, sizeof(name), "Field %.2s", id.p);
		out_field(o, "", name, value);
	}
}

static void read_segment(struct out *o, struct mw_str segment)
{
	struct parts p = {.first = str(""),
			  .last = str(""),
			  .cardholder_first = str(""),
			  .cardholder_last = str(""),
			  .prescriber_first = str(""),
			  .prescriber_last = str(""),
			  .pcp_last = str(""),
			  .street = str(""),
			  .city = str(""),
			  .state = str(""),
			  .zip = str("")};

	if (str_begins(segment, "\x1c"
				"AM01"))
		out_feed(o);
	while (segment.p && o->failed == 0) {
		struct mw_str field = str_cut(&segment, FIELD);

		if (!str_begins(field, "AM"))
			read_field(o, field, &p);
	}
	put_parts(o, &p);
}

bool ncpdp_begins(struct mw_str s)
{
	s = str_first(s, 400);
	return str_has(s, "\x1e\x1c"
			  "AM");
}

static void read_transmission(struct mw_str s, struct out *o)
{
	while (s.p && o->failed == 0) {
		struct mw_str group = str_cut(&s, GROUP);

		out_feed(o);
		out_field(o, "", "Header", str_cut(&group, SEGMENT));
		while (group.p && o->failed == 0)
			read_segment(o, str_cut(&group, SEGMENT));
	}
}

/* Transmissions may be in the blocks of HL7's transport: VT in front, FS and CR behind. */
void ncpdp_read(struct mw_str s, struct out *o)
{
	while (s.p && o->failed == 0) {
		struct mw_str block = str_cut(&s, '\v');

		while (block.n && strchr("\r\n\x1c", block.p[block.n - 1]) && block.p[block.n - 1])
			block.n--;
		if (block.n)
			read_transmission(block, o);
	}
}

/* ---- SCRIPT in EDIFACT ---------------------------------------------------------------------------------------------------------- */

struct marks {
	char component, element, repetition, end;
};

bool script_edifact_begins(struct mw_str s)
{
	s = str_first(s, 4096);
	return (str_begins(s, "UNA") || str_begins(s, "UIB")) && str_has(s, "UIB") && str_has(s, "UIH");
}

static void put_plain(struct out *o, const char *name, const struct marks *m, struct mw_str value)
{
	struct text t = {0};

	for (size_t i = 0; i < value.n; i++)
		text_putc(&t, value.p[i] == m->component || value.p[i] == m->repetition ? ' ' : value.p[i]);
	out_field(o, "", name, text_all(&t));
	text_wipe(&t);
}

static void put_person(struct out *o, const char *label, const struct marks *m, struct mw_str value)
{
	struct text t = {0};

	value_name(&t, &(struct name){.family = str_piece(value, m->component, 0),
				      .given = str_piece(value, m->component, 1),
				      .middle = str_piece(value, m->component, 2),
				      .suffix = str_piece(value, m->component, 3)});
	out_field(o, "", label, text_all(&t));
	text_wipe(&t);
}

static void put_place(struct out *o, const char *label, const struct marks *m, struct mw_str value)
{
	struct text t = {0};

	value_address(&t, &(struct address){.street = str_piece(value, m->component, 0),
					    .city = str_piece(value, m->component, 1),
					    .state = str_piece(value, m->component, 2),
					    .zip = str_piece(value, m->component, 3)});
	out_field(o, "", label, text_all(&t));
	text_wipe(&t);
}

/* PTT+1+19541225+SMITH:MARY+F+333445555:SY+address+contacts */
static void read_patient(struct out *o, const struct marks *m, struct mw_str s)
{
	struct mw_str id = str_piece(s, m->element, 5), phone = str_piece(s, m->element, 7);

	out_feed(o);
	put_person(o, "Patient name", m, str_piece(s, m->element, 3));
	put_kind(o, "Date of birth", DATE, str_piece(s, m->element, 2));
	put_kind(o, "Sex", TEXT, str_piece(s, m->element, 4));
	out_field(o, "", str_is(str_piece(id, m->component, 1), "SY") ? "SSN" : "Patient ID", str_piece(id, m->component, 0));
	put_place(o, "Home address", m, str_piece(s, m->element, 6));
	put_kind(o, "Home phone", PHONE, str_piece(phone, m->component, 0));
}

static void read_others(struct out *o, const struct marks *m, struct mw_str s)
{
	struct mw_str name = str_cut(&s, m->element);
	char place[16];

	for (unsigned i = 1; s.p && o->failed == 0; i++) {
		struct mw_str value = str_cut(&s, m->element);

		(void)snprintf(place, sizeof(place), "%.*s.%u", STR_SHOWN(name, 6), i);
		if (str_is(name, "PVD") && i == 5)
			put_person(o, "Prescribing provider", m, value);
		else if (str_is(name, "DRU") && i == 1)
			put_plain(o, "Medication", m, value);
		else
			put_plain(o, str_is(name, "PVD") ? "Provider" : place, m, value);
	}
}

static bool is_ascii_mark(char c)
{
	return c > 0 && c < 0x7f;
}

void script_read_edifact(struct mw_str s, struct out *o)
{
	struct marks m = {.component = ':', .element = '+', .repetition = '*', .end = '\''};

	if (str_begins(s, "UNA") && s.n > 9) {
		if (is_ascii_mark(s.p[3]) && is_ascii_mark(s.p[4]) && is_ascii_mark(s.p[8]))
			m = (struct marks){.component = s.p[3], .element = s.p[4], .repetition = '*', .end = s.p[8]};
		s = str_from(s, 9);
	}
	while (s.p && o->failed == 0) {
		struct mw_str segment = str_trim(str_cut(&s, m.end));

		if (str_begins(segment, "PTT"))
			read_patient(o, &m, segment);
		else if (segment.n)
			read_others(o, &m, segment);
	}
}
