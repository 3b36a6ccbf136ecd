/* SPDX-License-Identifier: Apache-2.0 */
#include "hl7.h"

#include "value.h"

#include <stdio.h>
#include <string.h>

#define FIELDS_MAX 100000u /* of a segment: more are one field */
#define COMPONENTS 24u	   /* of a field that have a meaning */
#define LABEL_MAX 400u	   /* octets that stand before each of many values */

struct hl7 {
	struct out *o;
	char field, component, repetition, escape, sub;
	bool patient; /* a PID was seen in this message */
	bool account; /* a number of an account or a visit was told */
};

/* What is said of the values of an OBX. */
struct observation {
	struct mw_str type, code, units, flag;
};

/* ---- separators and escapes ------------------------------------------------------------------------------------------------------ */

static bool is_header(struct mw_str s)
{
	return str_begins(s, "MSH") || str_begins(s, "FHS") || str_begins(s, "BHS");
}

static bool is_separator(char c)
{
	return c > ' ' && c < 0x7f && !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'));
}

/* MLLP, a byte order mark and blanks may stand before it. */
static struct mw_str skip_frame(struct mw_str s)
{
	if (str_begins(s, "\xef\xbb\xbf"))
		s = str_from(s, 3);
	while (s.n && ((unsigned char)*s.p <= ' '))
		s = str_from(s, 1);
	return s;
}

bool hl7_begins(struct mw_str s)
{
	s = skip_frame(s);
	return s.n > 8 && is_header(s) && is_separator(s.p[3]) && is_separator(s.p[4]);
}

static void take_separators(struct hl7 *h, struct mw_str s)
{
	static const char usual[] = "|^~\\&";
	char *const to[] = {&h->field, &h->component, &h->repetition, &h->escape, &h->sub};
	bool over = false;

	for (size_t i = 0; i < 5; i++) {
		over = over || 3 + i >= s.n || !is_separator(s.p[3 + i]) || (i && s.p[3 + i] == s.p[3]);
		*to[i] = over ? usual[i] : s.p[3 + i];
	}
	/* Those that are not given must not be one that is. */
	for (size_t i = 1; i < 5; i++)
		for (size_t k = 0; k < i; k++)
			if (*to[k] == *to[i])
				*to[i] = '\0';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \X0D0A\: octets, of UTF-8 when they are that, else of Latin-1. */
static void put_hex(struct text *t, struct mw_str hex)
{
	size_t from = t->n;

	for (size_t i = 0; i + 1 < hex.n; i += 2) {
		int high = hex_digit(hex.p[i]), low = hex_digit(hex.p[i + 1]);

		if (high < 0 || low < 0)
			break;
		text_putc(t, (char)(high << 4 | low));
	}
	if (!t->failed && !str_utf8(str_from(text_all(t), from))) {
		text_cut(t, from);
		for (size_t i = 0; i + 1 < hex.n; i += 2) {
			int high = hex_digit(hex.p[i]), low = hex_digit(hex.p[i + 1]);

			if (high < 0 || low < 0)
				break;
			text_putu(t, (uint32_t)(high << 4 | low));
		}
	}
}

static void put_escape(const struct hl7 *h, struct text *t, struct mw_str e)
{
	const char of[] = "FSTRE", is[] = {h->field, h->component, h->sub, h->repetition, h->escape};
	const char *at = e.n == 1 ? strchr(of, *e.p) : NULL;

	if (at && *at) {
		text_putc(t, is[at - of] ? is[at - of] : ' ');
	} else if (e.n && (*e.p == 'X' || *e.p == 'x')) {
		put_hex(t, str_from(e, 1));
	} else if (e.n && *e.p == '.') {
		text_putc(t, '\n');
	}
	/* H, N: how it looks; C, M: a change of the character set, which is UTF-8 by now. */
}

/* A component as it is meant. Subcomponents are divided by blanks. */
static void put_plain(const struct hl7 *h, struct text *t, struct mw_str s)
{
	size_t from = 0;

	for (size_t i = 0; i < s.n; i++) {
		const char *end;

		if (h->sub && s.p[i] == h->sub) {
			text_add(t, s.p + from, i - from);
			text_putc(t, ' ');
			from = i + 1;
		} else if (h->escape && s.p[i] == h->escape) {
			end = memchr(s.p + i + 1, h->escape, s.n - i - 1 < 200 ? s.n - i - 1 : 200);
			if (!end)
				continue;
			text_add(t, s.p + from, i - from);
			put_escape(h, t, (struct mw_str){.p = s.p + i + 1, .n = (size_t)(end - (s.p + i + 1))});
			i = (size_t)(end - s.p);
			from = i + 1;
		}
	}
	text_add(t, s.p + from, s.n - from);
}

/* ---- values ---------------------------------------------------------------------------------------------------------------------- */

struct components {
	struct mw_str v[COMPONENTS]; /* as they are meant, in o->tmp; valid until it changes */
	size_t n;
};

static void take_components(struct hl7 *h, struct mw_str value, struct components *c)
{
	struct text *t = &h->o->tmp;
	size_t at[COMPONENTS + 1];
	struct mw_str rest = value;

	text_cut(t, 0);
	*c = (struct components){.n = 0};
	for (size_t i = 0; i < COMPONENTS; i++)
		c->v[i] = str("");
	while (rest.p && c->n < COMPONENTS) {
		at[c->n] = t->n;
		put_plain(h, t, h->component ? str_cut(&rest, h->component) : rest);
		if (!h->component)
			rest.p = NULL;
		at[++c->n] = t->n;
	}
	for (size_t i = 0; i < c->n && !t->failed; i++)
		c->v[i] = str_trim((struct mw_str){.p = (t->p ? t->p : "") + at[i], .n = at[i + 1] - at[i]});
}

/* The components of a value in one, in o->tmp. */
static struct mw_str joined(struct hl7 *h, struct mw_str value)
{
	struct text *t = &h->o->tmp;

	text_cut(t, 0);
	while (value.p) {
		struct mw_str one = str_trim(h->component ? str_cut(&value, h->component) : value);

		if (!h->component)
			value.p = NULL;
		if (one.n && t->n)
			text_putc(t, ' ');
		put_plain(h, t, one);
	}
	return text_all(t);
}

static void put_whole(struct hl7 *h, const char *name, struct mw_str value)
{
	out_lines(h->o, "", name, joined(h, value));
	text_cut(&h->o->tmp, 0);
}

/* name^family^given^middle^suffix^prefix^degree from component `at` on. */
static void put_name(struct hl7 *h, const char *label, const struct components *c, size_t at)
{
	struct text name = {0};

	value_name(&name,
		   &(struct name){.family = c->v[at], .given = c->v[at + 1], .middle = c->v[at + 2], .suffix = c->v[at + 3]});
	out_field(h->o, "", label, text_all(&name));
	text_wipe(&name);
	out_field(h->o, label, "title", c->v[at + 4]);
	out_field(h->o, label, "degree", c->v[at + 5]);
}

static void put_address(struct hl7 *h, const char *label, const struct components *c)
{
	struct text t = {0};

	value_address(
	    &t, &(struct address){
		    .street = c->v[0], .other = c->v[1], .city = c->v[2], .state = c->v[3], .zip = c->v[4], .country = c->v[5]});
	out_field(h->o, "", label, text_all(&t));
	text_wipe(&t);
	out_field(h->o, label, "county", c->v[8]);
}

static void put_phone(struct hl7 *h, const char *label, const struct components *c)
{
	struct text t = {0};

	if (c->v[0].n)
		value_phone(&t, c->v[0]);
	else if (c->v[5].n || c->v[6].n) { /* area code and number apart */
		text_join(&t, " ", c->v[4]);
		text_join(&t, " ", c->v[5]);
		text_join(&t, "-", c->v[6]);
	}
	out_field(h->o, "", label, text_all(&t));
	text_wipe(&t);
	out_field(h->o, "Patient", "email",
		  str_begins(str(label), "Home") || str_begins(str(label), "Patient") ? c->v[3] : str(""));
	if (!str_begins(str(label), "Home") && !str_begins(str(label), "Patient"))
		out_field(h->o, label, "email", c->v[3]);
	out_field(h->o, label, "other", c->v[11]);
}

/* What a number is called by the code for its kind. */
static const char *id_name(struct mw_str type, const char *label)
{
	static const char *const names[][2] = {
	    {"MR", "MRN"},
	    {"SS", "SSN"},
	    {"DL", "Driver's license"},
	    {"MC", "Medicare number"},
	    {"MA", "Medicaid ID"},
	    {"AN", "Patient account"},
	    {"VN", "Visit number"},
	    {"PPN", "Passport number"},
	    {"MB", "Member ID"},
	    {"SN", "Subscriber ID"},
	    {"NPI", "Provider NPI"},
	};

	if (!str_begins(str(label), "Patient") && !str_begins(str(label), "Prior"))
		return label;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_is_word(type, names[i][0]))
			return names[i][1];
	return label;
}

static void put_ssn(struct hl7 *h, const char *label, struct mw_str value)
{
	struct text t = {0};

	value_ssn(&t, value);
	out_field(h->o, "", label, text_all(&t));
	text_wipe(&t);
}

static void put_id(struct hl7 *h, const char *label, const struct components *c)
{
	const char *name = id_name(c->v[4], label);
	bool account = strcmp(name, "Patient account") == 0 || strcmp(name, "Visit number") == 0;

	/* To the rules two such numbers are two persons'. */
	if (account && h->account)
		name = "Stay number";
	h->account |= account;

	if (strcmp(name, "SSN") == 0)
		put_ssn(h, name, c->v[0]);
	else
		out_field(h->o, "", name, c->v[0]);
	out_field(h->o, label, "given by", c->v[3]);
}

static void put_code(struct hl7 *h, const char *label, const struct components *c, bool icd)
{
	struct text t = {0}, code = {0};
	bool same = c->v[8].n == c->v[1].n && memcmp(c->v[8].p, c->v[1].p, c->v[8].n) == 0;

	if (icd)
		value_icd(&code, c->v[0]);
	else
		text_str(&code, c->v[0]);
	value_code(&t, text_all(&code), c->v[1]);
	text_join(&t, ", ", same ? str("") : c->v[8]);
	out_lines(h->o, "", label, text_all(&t));
	text_cut(&t, 0);
	/* The same in another list. */
	value_code(&t, c->v[4].n ? c->v[3] : str(""), c->v[4]);
	out_lines(h->o, "", label, text_all(&t));
	text_wipe(&code);
	text_wipe(&t);
}

static void put_provider(struct hl7 *h, const char *label, const struct components *c)
{
	put_name(h, label, c, 1);
	out_field(h->o, label, "number", c->v[0]);
}

static void put_date(struct hl7 *h, const char *label, struct mw_str value)
{
	struct text t = {0};

	value_date(&t, value);
	out_field(h->o, "", label, text_all(&t));
	text_wipe(&t);
}

static void put_value(struct hl7 *h, const char *label, unsigned kind, struct mw_str value)
{
	struct components c;

	if (kind == HL7_TEXT) {
		put_whole(h, label, value);
		return;
	}
	take_components(h, value, &c);
	switch (kind) {
	case HL7_NAME:
		put_name(h, label, &c, 0);
		break;
	case HL7_PROVIDER:
		put_provider(h, label, &c);
		break;
	case HL7_ADDRESS:
		put_address(h, label, &c);
		break;
	case HL7_PHONE:
		put_phone(h, label, &c);
		break;
	case HL7_ID:
		put_id(h, label, &c);
		break;
	case HL7_CODE:
	case HL7_DIAGNOSIS:
		put_code(h, label, &c, kind == HL7_DIAGNOSIS);
		break;
	case HL7_DATE:
		put_date(h, label, c.v[0]);
		break;
	case HL7_SSN:
		put_ssn(h, label, c.v[0]);
		break;
	case HL7_SEX:
		out_field(h->o, "", label, value_sex(c.v[0]) ? str(value_sex(c.v[0])) : c.v[0]);
		break;
	default:
		out_field(h->o, "", label, c.v[0]);
	}
	text_cut(&h->o->tmp, 0);
}

/* ---- observations ---------------------------------------------------------------------------------------------------------------- */

static const char *flag_word(struct mw_str flag)
{
	static const char *const words[][2] = {
	    {"H", "high"},     {"HH", "very high"},	{"L", "low"},	 {"LL", "very low"},
	    {"A", "abnormal"}, {"AA", "very abnormal"}, {"N", "normal"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_is(flag, words[i][0]))
			return words[i][1];
	return NULL;
}

/* ^application^pdf^Base64^JVBE…: a file in an observation. */
static bool put_file(struct hl7 *h, struct mw_str value)
{
	struct mw_str kind = str_piece(value, h->component, 1), sub = str_piece(value, h->component, 2);
	struct mw_str coding = str_piece(value, h->component, 3), data = str_piece(value, h->component, 4);
	struct text type = {0};

	if (!h->component || !str_is_word(coding, "base64") || data.n == 0)
		return false;
	if (str_is_word(sub, "pdf") || str_is_word(kind, "pdf"))
		text_puts(&type, "application/pdf");
	else if (str_is_word(kind, "text") || str_is_word(kind, "application") || str_is_word(kind, "image") ||
		 str_is_word(kind, "IM")) {
		text_str(&type, str_is_word(kind, "IM") ? str("image") : kind);
		text_putc(&type, '/');
		text_str(&type, sub);
	}
	for (size_t i = 0; i < type.n && !type.failed; i++)
		if (type.p[i] >= 'A' && type.p[i] <= 'Z')
			type.p[i] = (char)(type.p[i] - 'A' + 'a');
	text_putc(&type, '\0');
	out_base64(h->o, type.failed ? "" : type.p, data);
	text_wipe(&type);
	return true;
}

/* "Lab result: Glucose 182 mg/dL (high)" */
static void put_result(struct hl7 *h, const struct observation *ob, struct mw_str value)
{
	struct mw_str shown = str_trim(h->component ? str_piece(ob->code, h->component, 1) : ob->code);
	bool words = str_is(ob->type, "TX") || str_is(ob->type, "FT") || str_is(ob->type, "ST");
	struct text t = {0};

	put_plain(h, &t, shown.n ? shown : str_piece(ob->code, h->component ? h->component : '^', 0));
	text_join(&t, words && value.n > 40 ? "\n" : " ", joined(h, value));
	if (str_trim(value).n)
		text_join(&t, " ", joined(h, h->component ? str_piece(ob->units, h->component, 0) : ob->units));
	text_cut(&h->o->tmp, 0);
	if (flag_word(ob->flag)) {
		text_puts(&t, " (");
		text_puts(&t, flag_word(ob->flag));
		text_putc(&t, ')');
	}
	out_lines(h->o, "", words ? "Observation" : "Lab result", text_all(&t));
	text_wipe(&t);
}

static void read_observation(struct hl7 *h, struct mw_str segment)
{
	const struct observation ob = {.type = str_trim(str_piece(segment, h->field, 2)),
				       .code = str_first(str_piece(segment, h->field, 3), LABEL_MAX),
				       .units = str_first(str_piece(segment, h->field, 6), LABEL_MAX),
				       .flag = str_trim(str_piece(segment, h->field, 8))};
	struct mw_str rest = str_piece(segment, h->field, 5);
	bool said = false; /* what has no value is told once */

	do {
		struct mw_str value = h->repetition ? str_cut(&rest, h->repetition) : rest;

		if (!h->repetition)
			rest.p = NULL;
		if (str_trim(value).n == 0 && said)
			continue;
		said = true;
		if (put_file(h, value))
			continue;
		if (str_is(ob.type, "XPN") || str_is(ob.type, "PN"))
			put_value(h, "Observed name", HL7_NAME, value);
		put_result(h, &ob, value);
	} while (rest.p && h->o->failed == 0);
}

/* ---- segments -------------------------------------------------------------------------------------------------------------------- */

static void read_field(struct hl7 *h, const struct hl7_segment *known, struct mw_str name, size_t n, struct mw_str value)
{
	const struct hl7_field *f = hl7_field(known, n);
	char place[24];

	(void)snprintf(place, sizeof(place), "%.*s.%zu", (int)name.n, name.p, n);
	while (value.p) {
		struct mw_str one = h->repetition ? str_cut(&value, h->repetition) : value;

		if (!h->repetition)
			value.p = NULL;
		one = str_trim(one);
		if (one.n == 0 || str_is(one, "\"\""))
			continue;
		put_value(h, f ? f->name : place, f ? f->kind : HL7_TEXT, one);
	}
}

static void read_segment(struct hl7 *h, struct mw_str segment)
{
	struct mw_str rest = segment, name;
	const struct hl7_segment *known;
	bool header = is_header(segment), observation;

	if (header || str_begins(segment, "PID"))
		h->account = false;
	if (header)
		h->patient = false;
	name = str_cut(&rest, h->field);
	if (header || (str_is(name, "PID") && h->patient))
		out_feed(h->o);
	h->patient |= str_is(name, "PID");
	known = hl7_segment(name);
	observation = str_is(name, "OBX");
	if (observation)
		read_observation(h, segment);
	for (size_t n = header ? 2 : 1; rest.p && n < FIELDS_MAX && h->o->failed == 0; n++) {
		struct mw_str value = str_cut(&rest, h->field);

		if ((header && n == 2) || (n == 1 && known && !hl7_field(known, 1) && value.n <= 4) ||
		    (observation && (n == 5 || n == 6 || (n == 8 && flag_word(str_trim(value))))))
			continue;
		read_field(h, known, name, n, value);
	}
	if (rest.p)
		put_whole(h, "More fields", rest);
}

/* Three letters or digits and the separator. */
static bool begins_segment(const struct hl7 *h, struct mw_str s)
{
	if (s.n < 3 || (s.n > 3 && s.p[3] != h->field && (unsigned char)s.p[3] > ' ' && !is_header(s)))
		return false;
	for (size_t i = 0; i < 3; i++)
		if (!((s.p[i] >= 'A' && s.p[i] <= 'Z') || (i && s.p[i] >= '0' && s.p[i] <= '9')))
			return false;
	return s.n > 3 && (s.p[3] == h->field || is_header(s));
}

static bool is_end(char c)
{
	return c == '\r' || c == '\n';
}

void hl7_read(struct mw_str s, struct out *o)
{
	struct hl7 h = {.o = o, .field = '|', .component = '^', .repetition = '~', .escape = '\\', .sub = '&'};
	size_t from = 0;

	s = skip_frame(s);
	take_separators(&h, s);
	/* A segment ends where the next one begins: a mailer may have broken it into lines. */
	for (size_t i = 0; i < s.n && o->failed == 0; i++) {
		size_t next = i + 1;

		if (!is_end(s.p[i]))
			continue;
		while (next < s.n && (is_end(s.p[next]) || s.p[next] == '\v' || s.p[next] == '\x1c'))
			next++;
		if (next < s.n && !begins_segment(&h, str_from(s, next)))
			continue;
		read_segment(&h, (struct mw_str){.p = s.p + from, .n = i - from});
		from = next;
		i = next - 1;
		if (is_header(str_from(s, from)))
			take_separators(&h, str_from(s, from));
	}
	if (from < s.n)
		read_segment(&h, str_from(s, from));
}
