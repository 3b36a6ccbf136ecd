/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom.h"

#include "inflated.h"
#include "value.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define UNDEFINED UINT32_MAX
#define ITEM DICOM_TAG(0xfffe, 0xe000)
#define ITEM_END DICOM_TAG(0xfffe, 0xe00d)
#define SEQUENCE_END DICOM_TAG(0xfffe, 0xe0dd)
#define NUMBERS_MAX 64u /* octets of numbers as text; more are a curve */
#define RUN 6u		/* octets of text in a private element of octets */
#define CHARSET_MAX 24u

struct dicom {
	struct out *o;
	struct mw_str s;
	size_t at;
	bool explicit, big;
	size_t unknown; /* sequences in an element of unknown kind, which is implicit; 0 = none */
	bool implicit;	/* in such */
	char charset[CHARSET_MAX];
	bool escapes; /* of ISO 2022, which the charset has not */
	char syntax[72];
	struct mw_str document, document_type;
	char concept[72]; /* what the next value of a report is called */
	bool naming;	  /* the next meaning is that */
	bool image, damaged;
};

struct element {
	uint32_t tag, length;
	char vr[3];
	struct mw_str value;
};

/* ---- octets ---------------------------------------------------------------------------------------------------------------------- */

static uint32_t octet(const struct dicom *d, size_t at)
{
	return (unsigned char)d->s.p[at];
}

static uint32_t get16(const struct dicom *d, size_t at)
{
	return d->big ? octet(d, at) << 8 | octet(d, at + 1) : octet(d, at + 1) << 8 | octet(d, at);
}

static uint32_t get32(const struct dicom *d, size_t at)
{
	return d->big ? get16(d, at) << 16 | get16(d, at + 2) : get16(d, at + 2) << 16 | get16(d, at);
}

static bool is_vr(const char *p)
{
	return p[0] >= 'A' && p[0] <= 'Z' && p[1] >= 'A' && p[1] <= 'Z';
}

/* Kinds of values whose length has four octets. */
static bool is_long(const char *vr)
{
	static const char kinds[] = "OB OD OF OL OV OW SQ SV UC UN UR UT UV";

	for (const char *k = kinds; k[0] && k[1]; k += k[2] ? 3 : 2)
		if (k[0] == vr[0] && k[1] == vr[1])
			return true;
	return false;
}

static bool is_kind(const struct element *e, const char *vr)
{
	return e->vr[0] == vr[0] && e->vr[1] == vr[1];
}

/* The head of the element at d->at; its value is not taken yet. false: there is no whole one. */
static bool read_head(struct dicom *d, struct element *e)
{
	size_t left = d->s.n - d->at;
	bool meta;

	if (left < 8)
		return false;
	*e = (struct element){.tag = get16(d, d->at) << 16 | get16(d, d->at + 2)};
	meta = e->tag >> 16 == 0xfffe;
	if (meta || !d->explicit || d->implicit || !is_vr(d->s.p + d->at + 4)) {
		const struct dicom_name *known = dicom_name(e->tag);

		e->length = get32(d, d->at + 4);
		memcpy(e->vr, known ? known->vr : "UN", 3);
		d->at += 8;
		return true;
	}
	memcpy(e->vr, d->s.p + d->at + 4, 2);
	if (!is_long(e->vr)) {
		e->length = get16(d, d->at + 6);
		d->at += 8;
		return true;
	}
	if (left < 12)
		return false;
	e->length = get32(d, d->at + 8);
	d->at += 12;
	return true;
}

/* ---- text ------------------------------------------------------------------------------------------------------------------------ */

struct field {
	struct out *o;
	const struct element *e;
	const char *label;
};

/* Family^Given^Middle^Prefix^Suffix, in up to three scripts. */
static void put_person(struct out *o, const char *label, struct mw_str value)
{
	while (value.p) {
		struct mw_str one = str_cut(&value, '=');
		struct text t = {0};

		value_name(&t, &(struct name){.family = str_piece(one, '^', 0),
					      .given = str_piece(one, '^', 1),
					      .middle = str_piece(one, '^', 2),
					      .suffix = str_piece(one, '^', 4)});
		out_field(o, "", label, text_all(&t));
		text_wipe(&t);
		out_field(o, label, "title", str_piece(one, '^', 3));
	}
}

static void put_one(struct out *o, const char *label, const char *vr, struct mw_str value)
{
	struct text t = {0};

	if (strcmp(vr, "PN") == 0) {
		put_person(o, label, value);
		return;
	}
	if (strcmp(vr, "DA") == 0 || strcmp(vr, "DT") == 0)
		value_date(&t, value);
	else if (strcmp(vr, "AS") == 0 && value.n == 4 && value.p[3] == 'Y') {
		struct mw_str years = {.p = value.p, .n = 3};

		while (years.n > 1 && *years.p == '0')
			years = str_from(years, 1);
		text_str(&t, years);
		text_puts(&t, " years old");
	} else
		text_str(&t, value);
	out_lines(o, "", label, text_all(&t));
	text_wipe(&t);
}

void dicom_put(struct out *o, uint32_t tag, const char *label, const char *vr, struct mw_str value)
{
	char number[16];
	bool whole = strcmp(vr, "LT") == 0 || strcmp(vr, "ST") == 0 || strcmp(vr, "UT") == 0 || strcmp(vr, "UR") == 0 ||
		     strcmp(vr, "UN") == 0;

	if (!label || !*label) {
		(void)snprintf(number, sizeof(number), "(%04X,%04X)", (unsigned)(tag >> 16), (unsigned)(tag & 0xffff));
		label = number;
	}
	while (value.p && o->failed == 0) {
		struct mw_str one = whole ? value : str_cut(&value, '\\');

		if (whole)
			value.p = NULL;
		put_one(o, label, vr, str_trim(one));
	}
}

static int put_utf8(void *ctx, const char *p, size_t n)
{
	const struct field *f = ctx;

	dicom_put(f->o, f->e->tag, f->label, f->e->vr, (struct mw_str){.p = p, .n = n});
	return f->o->failed;
}

static bool is_ascii(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80 || s.p[i] == '\x1b' || s.p[i] == '\0')
			return false;
	return true;
}

/* ESC, octets of 2/0 to 2/15, one more: a change of the set that the charset does not know of. */
static void drop_escapes(struct text *t, struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\x1b') {
			text_putc(t, s.p[i]);
			continue;
		}
		while (i + 1 < s.n && s.p[i + 1] >= ' ' && s.p[i + 1] < '0')
			i++;
		i += i + 1 < s.n;
	}
}

static void put_text(struct dicom *d, const struct element *e, const char *label, struct mw_str value)
{
	struct field f = {.o = d->o, .e = e, .label = label};
	struct text plain = {0};

	while (value.n && (value.p[value.n - 1] == '\0' || value.p[value.n - 1] == ' '))
		value.n--;
	if (value.n == 0 || d->o->failed)
		return;
	if (is_ascii(value)) {
		(void)put_utf8(&f, value.p, value.n);
		return;
	}
	if (d->escapes) {
		drop_escapes(&plain, value);
		value = text_all(&plain);
	}
	if (d->o->failed == 0)
		d->o->failed = d->o->host->to_utf8(value, d->charset, put_utf8, &f);
	text_wipe(&plain);
}

static bool is_print(char c)
{
	return (c >= ' ' && c < 0x7f) || c == '\t' || c == '\n' || c == '\r';
}

/* A private element of octets, or of an unknown kind: the runs of text in it. */
static void put_runs(struct dicom *d, const struct element *e)
{
	struct element as = *e;
	struct mw_str s = e->value;
	size_t from = 0;

	memcpy(as.vr, "UN", 3);
	while (s.n && s.p[s.n - 1] == '\0')
		s.n--;
	for (size_t i = 0; i <= s.n; i++) {
		if (i < s.n && is_print(s.p[i]))
			continue;
		if (i - from >= RUN || (i == s.n && from == 0 && i > 2))
			put_text(d, &as, "", (struct mw_str){.p = s.p + from, .n = i - from});
		from = i + 1;
	}
}

/* ---- elements -------------------------------------------------------------------------------------------------------------------- */

/* The charset of texts by the terms of (0008,0005). */
static void take_charset(struct dicom *d, struct mw_str value)
{
	static const struct {
		const char *term, *charset;
		bool escapes;
	} sets[] = {
	    {"ISO_IR 192", "utf-8", false},
	    {"GB18030", "gb18030", false},
	    {"GBK", "gb18030", false},
	    {"ISO 2022 IR 87", "iso-2022-jp", false},
	    {"ISO 2022 IR 159", "iso-2022-jp-2", false},
	    {"ISO 2022 IR 149", "euc-kr", true},
	    {"ISO 2022 IR 58", "gb18030", true},
	    {"IR 100", "iso-8859-1", true},
	    {"IR 101", "iso-8859-2", true},
	    {"IR 109", "iso-8859-3", true},
	    {"IR 110", "iso-8859-4", true},
	    {"IR 144", "iso-8859-5", true},
	    {"IR 127", "iso-8859-6", true},
	    {"IR 126", "iso-8859-7", true},
	    {"IR 138", "iso-8859-8", true},
	    {"IR 148", "iso-8859-9", true},
	    {"IR 166", "tis-620", true},
	    {"IR 203", "iso-8859-15", true},
	    {"IR 13", "shift_jis", true},
	};

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++)
		if (str_has(value, sets[i].term)) {
			(void)snprintf(d->charset, sizeof(d->charset), "%s", sets[i].charset);
			d->escapes = sets[i].escapes;
			return;
		}
}

/* What a value of a report is called stands before it: "Finding: …". */
static bool put_report(struct dicom *d, const struct element *e)
{
	bool value = e->tag == DICOM_TAG(0x0040, 0xa160) || e->tag == DICOM_TAG(0x0040, 0xa30a) ||
		     e->tag == DICOM_TAG(0x0040, 0xa120) || e->tag == DICOM_TAG(0x0040, 0xa121);

	if (e->tag == DICOM_TAG(0x0040, 0xa043)) {
		d->naming = true;
		return false;
	}
	if (d->naming && e->tag == DICOM_TAG(0x0008, 0x0104) && is_ascii(e->value)) {
		d->naming = false;
		(void)snprintf(d->concept, sizeof(d->concept), "%.*s", (int)(e->value.n < 64 ? e->value.n : 64), e->value.p);
		d->concept[strcspn(d->concept, "\r\n\t")] = '\0';
		for (size_t n = strlen(d->concept); n && d->concept[n - 1] == ' ';)
		d->concept[--n] = '\0';
		return false;
	}
	if (!value || !*d->concept)
		return false;
	put_text(d, e, d->concept, e->value);
	d->concept[0] = '\0';
	return true;
}

static bool is_text_kind(const struct element *e)
{
	static const char kinds[] = "AE AS CS DA DT LO LT PN SH ST TM UC UR UT ";

	for (const char *k = kinds; *k; k += 3)
		if (is_kind(e, (char[]){k[0], k[1], '\0'}))
			return true;
	return (is_kind(e, "DS") || is_kind(e, "IS")) && e->value.n <= NUMBERS_MAX;
}

static void put_element(struct dicom *d, const struct element *e)
{
	const struct dicom_name *known = dicom_name(e->tag);
	bool private = e->tag >> 16 & 1;

	if (e->tag == DICOM_TAG(0x0008, 0x0005))
		take_charset(d, e->value);
	if (e->tag == DICOM_TAG(0x0042, 0x0011))
		d->document = e->value;
	if (e->tag == DICOM_TAG(0x0042, 0x0012))
		d->document_type = e->value;
	if (e->tag == DICOM_TAG(0x0004, 0x1430) && str_begins(e->value, "PATIENT"))
		out_feed(d->o);
	if ((e->tag & 0xff00ffff) == DICOM_TAG(0x6000, 0x3000) && e->value.n)
		d->image = true;
	if (put_report(d, e) || (known && !*known->name))
		return;
	if (is_text_kind(e))
		put_text(d, e, known ? known->name : "", e->value);
	else if (is_kind(e, "UN") || (private && (is_kind(e, "OB") || is_kind(e, "OW"))))
		put_runs(d, e);
}

/* ---- the stream ------------------------------------------------------------------------------------------------------------------ */

/* Pieces of a picture, up to the end of their sequence. */
static void skip_pieces(struct dicom *d)
{
	while (d->s.n - d->at >= 8) {
		uint32_t tag = get16(d, d->at) << 16 | get16(d, d->at + 2), n = get32(d, d->at + 4);

		d->at += 8;
		if (tag != ITEM)
			return;
		d->damaged |= n > d->s.n - d->at;
		d->at = n > d->s.n - d->at ? d->s.n : d->at + n;
	}
}

static bool is_pixels(uint32_t tag)
{
	return tag == DICOM_TAG(0x7fe0, 0x0010) || tag == DICOM_TAG(0x7fe0, 0x0008) || tag == DICOM_TAG(0x7fe0, 0x0009);
}

/* Into a sequence: what stands in it is read as what stands around it. */
static bool enters(struct dicom *d, const struct element *e)
{
	bool items = d->s.n - d->at >= 4 && (get16(d, d->at) << 16 | get16(d, d->at + 2)) == ITEM;

	if (is_kind(e, "SQ") || e->length == UNDEFINED) {
		if (is_kind(e, "UN") && e->length == UNDEFINED && d->explicit && !d->implicit) {
			d->implicit = true;
			d->unknown = 0;
		}
		d->unknown += d->implicit && e->length == UNDEFINED;
		return true;
	}
	return is_kind(e, "UN") && items && (!d->explicit || d->implicit);
}

static void leave(struct dicom *d)
{
	if (d->unknown && --d->unknown == 0)
		d->implicit = false;
}

/* One element; false at the end. */
static bool step(struct dicom *d)
{
	struct element e;

	if (!read_head(d, &e)) {
		d->damaged |= d->at < d->s.n;
		return false;
	}
	if (e.tag == SEQUENCE_END)
		leave(d);
	if (e.tag == ITEM || e.tag == ITEM_END || e.tag == SEQUENCE_END)
		return true;
	if (is_pixels(e.tag)) {
		d->image = true;
		if (e.length == UNDEFINED) {
			skip_pieces(d);
			return true;
		}
	} else if (enters(d, &e)) {
		(void)put_report(d, &e);
		return true;
	}
	if (e.length > d->s.n - d->at) {
		d->damaged = true;
		e.length = (uint32_t)(d->s.n - d->at);
	}
	e.value = (struct mw_str){.p = d->s.p + d->at, .n = e.length};
	d->at += e.length;
	if (e.tag == DICOM_TAG(0x0002, 0x0010))
		(void)snprintf(d->syntax, sizeof(d->syntax), "%.*s", (int)(e.value.n < 64 ? e.value.n : 64), e.value.p);
	if (!is_pixels(e.tag))
		put_element(d, &e);
	return true;
}

/* The meta group is explicit little endian, whatever follows. */
static void read_meta(struct dicom *d)
{
	d->explicit = true;
	while (d->s.n - d->at >= 4 && get16(d, d->at) == 0x0002 && d->o->failed == 0 && step(d))
		;
}

static bool is_bare(struct mw_str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	uint32_t group, element, length;

	if (s.n < 16)
		return false;
	group = (uint32_t)p[1] << 8 | p[0];
	element = (uint32_t)p[3] << 8 | p[2];
	length = (uint32_t)p[7] << 24 | (uint32_t)p[6] << 16 | (uint32_t)p[5] << 8 | p[4];
	return (group == 2 || group == 8) && element <= 0x0064 && (is_vr(s.p + 4) || length <= 128);
}

bool dicom_begins(struct mw_str s)
{
	return (s.n >= 132 && memcmp(s.p + 128, "DICM", 4) == 0) || is_bare(s);
}

static void put_document(struct dicom *d)
{
	struct mw_str type = str_trim(d->document_type);
	char name[80];

	while (type.n && type.p[type.n - 1] == '\0')
		type.n--;
	(void)snprintf(name, sizeof(name), "%.*s", (int)(type.n < 79 ? type.n : 79), type.n ? type.p : "");
	out_file(d->o, name, d->document);
}

static int finish(struct dicom *d, bool *image, int code)
{
	if (d->document.n)
		put_document(d);
	*image = d->image;
	return code < 0 ? code : d->damaged ? -EINVAL : 0;
}

int dicom_read(struct mw_str s, struct out *o, bool *image)
{
	struct dicom d = {.o = o, .s = s};
	struct text plain = {0};
	int code = 0;

	if (s.n >= 132 && memcmp(s.p + 128, "DICM", 4) == 0)
		d.at = 132;
	read_meta(&d);
	d.syntax[strcspn(d.syntax, " ")] = '\0'; /* padded with what it should not be */
	if (strcmp(d.syntax, "1.2.840.10008.1.2.1.99") == 0) {
		code = inflated(str_from(s, d.at), &plain);
		d.s = text_all(&plain);
		d.at = 0;
	}
	d.big = strcmp(d.syntax, "1.2.840.10008.1.2.2") == 0;
	d.explicit = *d.syntax ? strcmp(d.syntax, "1.2.840.10008.1.2") != 0 : d.s.n - d.at >= 8 && is_vr(d.s.p + d.at + 4);
	while (d.at < d.s.n && o->failed == 0 && step(&d))
		;
	code = finish(&d, image, code);
	text_wipe(&plain);
	return code;
}
