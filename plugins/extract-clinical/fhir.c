/* SPDX-License-Identifier: Apache-2.0 */
#include "fhir.h"

#include "json.h"
#include "value.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LABEL 120u
#define PEEK 65536u /* octets of an object in which its resourceType is looked for */

/* ---- labels ---------------------------------------------------------------------------------------------------------------------- */

/* Objects that say nothing of what they are: the one around them does. */
static bool is_nameless(struct mw_str key)
{
	return str_is(key, "coding") || str_is(key, "resource") || str_is(key, "entry") || str_is(key, "item") || key.n == 0;
}

/* What the object is called. */
static void object_label(struct tree *t, const struct frame *f, char label[LABEL])
{
	struct mw_str key = tree_key(t, f);
	const char *known;

	while (is_nameless(key) && f != t->frame) {
		f--;
		key = tree_key(t, f);
	}
	known = fhir_label(f->resource, key);
	if (known)
		(void)snprintf(label, LABEL, "%s", known);
	else
		(void)snprintf(label, LABEL, "%s%s%.*s", f->resource, *f->resource && key.n ? "." : "", STR_SHOWN(key, 60));
}

/* What a value is called: by its own name, or by the object when its name is none. */
static void leaf_label(struct tree *t, const struct frame *f, struct mw_str key, char label[LABEL])
{
	const char *known = fhir_label(f->resource, key);

	if (str_is(key, "text") || str_is(key, "value") || str_is(key, "code") || str_is(key, "display")) {
		object_label(t, f, label);
		return;
	}
	if (known)
		(void)snprintf(label, LABEL, "%s", known);
	else
		(void)snprintf(label, LABEL, "%s%s%.*s", *f->resource ? f->resource : "", *f->resource ? "." : "",
			       STR_SHOWN(key, 60));
}

/* The result of a test is told with what was tested. */
static bool is_result(const struct frame *f, struct mw_str key)
{
	return strcmp(f->resource, "Observation") == 0 && str_begins(key, "value");
}

static const char *concept_of(struct tree *t, const struct frame *f)
{
	for (unsigned i = 0; f && i < 4; f = tree_around(t, f), i++)
		if (*f->concept)
	return f->concept;
	return "";
}

/* 2021-03-04T10:00:00Z: with a blank, so that it is a date to whoever looks for dates. */
static void put_value(struct text *t, struct mw_str v)
{
	bool date = v.n > 11 && v.p[10] == 'T' && v.p[4] == '-' && v.p[7] == '-' && str_digits((struct mw_str){.p = v.p, .n = 4});

	if (date) {
		text_add(t, v.p, 10);
		text_putc(t, ' ');
		v = str_from(v, 11);
	}
	text_str(t, v);
}

/* ---- what objects are made of --------------------------------------------------------------------------------------------------- */

static void put_name(struct tree *t, struct frame *f)
{
	struct text given = {0}, suffix = {0}, name = {0};
	const char *who = f->who;

	tree_join(t, f, "given", " ", &given);
	tree_join(t, f, "suffix", " ", &suffix);
	value_name(&name,
		   &(struct name){.given = text_all(&given), .family = tree_get(t, f, "family"), .suffix = text_all(&suffix)});
	if (name.n == 0)
		text_str(&name, tree_get(t, f, "text"));
	if (strcmp(who, "Patient") == 0 || strcmp(who, "Person") == 0)
		out_field(t->o, who, "name", text_all(&name));
	else
		out_field(t->o, *who ? who : "Name", "", text_all(&name));
	text_cut(&name, 0);
	tree_join(t, f, "prefix", " ", &name);
	out_field(t->o, who, "title", text_all(&name));
	text_wipe(&given);
	text_wipe(&suffix);
	text_wipe(&name);
}

static void put_address(struct tree *t, struct frame *f)
{
	struct text line = {0}, address = {0};

	tree_join(t, f, "line", ", ", &line);
	value_address(&address, &(struct address){.street = text_all(&line),
						  .city = tree_get(t, f, "city"),
						  .state = tree_get(t, f, "state"),
						  .zip = tree_get(t, f, "postalCode"),
						  .country = tree_get(t, f, "country")});
	if (address.n == 0)
		text_str(&address, tree_get(t, f, "text"));
	if (strcmp(f->who, "Patient") == 0 || strcmp(f->who, "Person") == 0)
		out_field(t->o, "", "Home address", text_all(&address));
	else
		out_field(t->o, f->who, *f->who ? "address" : "Address", text_all(&address));
	out_field(t->o, f->who, "county", tree_get(t, f, "district"));
	text_wipe(&line);
	text_wipe(&address);
}

static bool is_telecom(struct mw_str system)
{
	static const char *const words[] = {"phone", "fax", "email", "pager", "url", "sms", "other"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_is(system, words[i]))
			return true;
	return false;
}

static void put_telecom(struct tree *t, struct frame *f)
{
	struct mw_str system = tree_get(t, f, "system"), use = tree_get(t, f, "use");
	bool patient = strcmp(f->who, "Patient") == 0;
	struct text number = {0};
	char what[LABEL];

	value_phone(&number, tree_get(t, f, "value"));
	if (str_is(system, "phone"))
		(void)snprintf(what, sizeof(what), "%s",
			       str_is(use, "home") && patient ? "home phone"
			       : str_is(use, "mobile")	      ? "cell phone"
			       : str_is(use, "work")	      ? "work phone"
							      : "phone");
	else
		(void)snprintf(what, sizeof(what), "%.*s", (int)system.n, system.p);
	/* Of a patient: what is called home phone is a patient's for the rules, the others are not; two would be two patients. */
	if (patient && str_has(str(what), "phone")) {
		what[0] = (char)(what[0] - 'a' + 'A');
		out_field(t->o, "", what, text_all(&number));
	} else {
		out_field(t->o, *f->who ? f->who : "Contact", what, text_all(&number));
	}
	text_wipe(&number);
}

static void put_identifier(struct tree *t, struct frame *f)
{
	const char *known = fhir_id(str(f->concept_code), tree_get(t, f, "system"));
	struct text value = {0};
	char label[LABEL];

	object_label(t, f, label);
	if (strcmp(label, "ID") == 0 && *f->who)
		(void)snprintf(label, sizeof(label), "%s ID", f->who);
	else if (strcmp(label, "ID") == 0)
		(void)snprintf(label, sizeof(label), "%s ID", f->resource);
	if (strcmp(label, "Member ID") == 0)
		known = NULL;
	if (known && strcmp(known, "SSN") == 0)
		value_ssn(&value, tree_get(t, f, "value"));
	else
		text_str(&value, tree_get(t, f, "value"));
	out_field(t->o, "", known ? known : label, text_all(&value));
	text_wipe(&value);
}

/* "Diagnosis: E11.9 Type 2 diabetes mellitus" */
static void put_coding(struct tree *t, struct frame *f)
{
	struct mw_str code = tree_get(t, f, "code"), words = tree_get(t, f, "display");
	struct frame *around = tree_around(t, f);
	struct text v = {0};
	char label[LABEL];

	value_code(&v, code, words);
	object_label(t, f, label);
	if (around && is_result(around, tree_key(t, around))) {
		struct text result = {0};

		text_puts(&result, concept_of(t, tree_around(t, around)));
		text_join(&result, " ", text_all(&v));
		out_field(t->o, "", "Lab result", text_all(&result));
		text_wipe(&result);
	} else if (!around || !(str_is(tree_key(t, around), "type") && tree_around(t, around) &&
				str_is(tree_key(t, tree_around(t, around)), "identifier"))) {
		out_field(t->o, "", label, text_all(&v));
	}
	tree_concept(around, code, words.n ? words : code);
	text_wipe(&v);
}

static void put_quantity(struct tree *t, struct frame *f)
{
	struct mw_str unit = tree_get(t, f, "unit");
	struct frame *around = tree_around(t, f);
	struct text v = {0};
	char label[LABEL];
	bool result = is_result(f, tree_key(t, f));

	if (unit.n == 0)
		unit = tree_get(t, f, "code");
	if (result)
		text_puts(&v, concept_of(t, around));
	text_join(&v, " ", tree_get(t, f, "comparator"));
	text_join(&v, " ", tree_get(t, f, "value"));
	text_join(&v, " ", unit);
	object_label(t, f, label);
	out_field(t->o, "", result ? "Lab result" : label, text_all(&v));
	text_wipe(&v);
}

static void put_period(struct tree *t, struct frame *f)
{
	struct text v = {0};
	char label[LABEL];

	put_value(&v, tree_get(t, f, "start"));
	if (tree_has(t, f, "end")) {
		text_puts(&v, v.n ? " to " : "until ");
		put_value(&v, tree_get(t, f, "end"));
	}
	object_label(t, f, label);
	out_field(t->o, "", label, text_all(&v));
	text_wipe(&v);
}

/* Whom a reference names is a patient's name where it is to one. */
static void put_reference(struct tree *t, struct frame *f)
{
	struct mw_str to = tree_get(t, f, "reference"), words = tree_get(t, f, "display");
	bool patient = str_begins(to, "Patient/");
	char label[LABEL];

	object_label(t, f, label);
	if (patient || strcmp(label, "Patient") == 0)
		(void)snprintf(label, sizeof(label), "Patient name");
	out_field(t->o, "", label, words);
}

static void put_attachment(struct tree *t, struct frame *f)
{
	struct mw_str type = tree_get(t, f, "contentType"), data = tree_get(t, f, "data");
	char name[LABEL];

	(void)snprintf(name, sizeof(name), "%.*s", STR_SHOWN(type, 80));
	out_field(t->o, "Attachment", "", tree_get(t, f, "title"));
	name[strcspn(name, "; ")] = '\0';
	out_base64(t->o, name, data);
}

/* A value of an extension is called by the last word of its address: us-core-birthsex. */
static void put_extension(struct tree *t, struct frame *f)
{
	struct mw_str url = tree_get(t, f, "url");
	char label[LABEL];
	const char *slash = url.n ? memrchr(url.p, '/', url.n) : NULL;

	if (slash)
		url = str_from(url, (size_t)(slash - url.p) + 1);
	(void)snprintf(label, sizeof(label), "%.*s", STR_SHOWN(url, 60));
	for (size_t i = 0; i < f->leaves; i++) {
		const struct leaf *l = tree_at(t, f, i);

		if (!fhir_is_plumbing(leaf_key(t, l)))
			out_field(t->o, *label ? label : "Extension", "", leaf_value(t, l));
	}
}

static void put_leaf(struct tree *t, struct frame *f, const struct leaf *l)
{
	struct mw_str key = leaf_key(t, l), value = leaf_value(t, l);
	struct text v = {0};
	char label[LABEL];

	if (fhir_is_plumbing(key))
		return;
	leaf_label(t, f, key, label);
	if (is_result(f, key)) {
		text_puts(&v, concept_of(t, f));
		text_join(&v, " ", value);
		(void)snprintf(label, sizeof(label), "Lab result");
	} else if (str_is(key, "div") && str_begins(value, "<")) {
		tree_html(&v, value);
	} else {
		put_value(&v, value);
	}
	if (str_is(key, "div"))
		out_rows(t->o, "", label, text_all(&v));
	else if (strcmp(label, "Date of birth") == 0)
		out_first(t->o, "", label, text_all(&v));
	else
		out_lines(t->o, "", label, text_all(&v));
	text_wipe(&v);
}

/* ---- objects --------------------------------------------------------------------------------------------------------------------- */

static void opened(struct tree *t, struct frame *f)
{
	struct frame *around = tree_around(t, f);
	struct mw_str key = tree_key(t, f);
	bool begins = *f->resource && (!around || strcmp(around->resource, f->resource) != 0 || str_is(key, "resource"));
	const char *who = begins ? fhir_who(str(f->resource)) : NULL;

	if (begins) {
		f->who = who ? who : "";
		if (!str_is(key, "contained"))
			out_feed(t->o);
	}
	if (!begins && str_is(key, "contact"))
		f->who = strcmp(f->who, "Patient") == 0 ? "Emergency contact" : "Contact";
	if (!begins && str_is(key, "qualification"))
		f->who = "Provider";
}

static bool is_address(const struct tree *t, const struct frame *f)
{
	return tree_has(t, f, "line") || tree_has(t, f, "city") || tree_has(t, f, "postalCode") ||
	       (str_is(tree_key(t, f), "address") && tree_has(t, f, "text"));
}

static bool is_coding(const struct tree *t, const struct frame *f)
{
	return str_is(tree_key(t, f), "coding") ||
	       (tree_has(t, f, "system") && tree_has(t, f, "code") && !tree_has(t, f, "value"));
}

static bool put_known(struct tree *t, struct frame *f)
{
	struct mw_str key = tree_key(t, f);
	bool value = tree_has(t, f, "value");

	if (tree_has(t, f, "family") || tree_has(t, f, "given") || (str_is(key, "name") && tree_has(t, f, "text")))
		put_name(t, f);
	else if (is_address(t, f))
		put_address(t, f);
	else if (tree_has(t, f, "data") && tree_has(t, f, "contentType"))
		put_attachment(t, f);
	else if (value && is_telecom(tree_get(t, f, "system")))
		put_telecom(t, f);
	else if (value &&
		 (str_is(key, "identifier") || (tree_has(t, f, "system") && !tree_has(t, f, "unit") && !tree_has(t, f, "code"))))
		put_identifier(t, f);
	else if (is_coding(t, f))
		put_coding(t, f);
	else if (value && (tree_has(t, f, "unit") || tree_has(t, f, "code") || is_result(f, key)))
		put_quantity(t, f);
	else if (str_has(key, "eriod") && (tree_has(t, f, "start") || tree_has(t, f, "end")))
		put_period(t, f);
	else if (tree_has(t, f, "reference"))
		put_reference(t, f);
	else if (str_is(key, "extension") || str_is(key, "modifierExtension"))
		put_extension(t, f);
	else
		return false;
	return true;
}

static void closing(struct tree *t, struct frame *f)
{
	struct frame *around = tree_around(t, f);
	struct mw_str key = tree_key(t, f);
	bool identifier = around && str_is(key, "type") && str_is(tree_key(t, around), "identifier");

	if (f->leaves && !put_known(t, f) && !identifier)
		for (size_t i = 0; i < f->leaves; i++)
			put_leaf(t, f, tree_at(t, f, i));
	/* The words of a code that an object is: of a test, of the kind of a number. */
	if (around && (str_is(key, "code") || str_is(key, "type")) && (*f->concept || tree_has(t, f, "text")))
		tree_concept(around, str(f->concept_code), *f->concept ? str(f->concept) : tree_get(t, f, "text"));
}

const struct tree_kind fhir_kind = {.opened = opened, .closing = closing};

/* ---- JSON ------------------------------------------------------------------------------------------------------------------------ */

static bool may_be_resource(struct mw_str key)
{
	return key.n == 0 || str_is(key, "resource") || str_is(key, "contained") || str_is(key, "outcome") ||
	       str_is(key, "entry");
}

static void json_open(void *ctx, struct mw_str key, struct mw_str text)
{
	struct tree *t = ctx;

	tree_open(t, key, may_be_resource(key) ? json_peek(text, "resourceType", PEEK) : str(""));
}

static void json_close(void *ctx)
{
	tree_close(ctx);
}

static void json_value(void *ctx, struct mw_str key, struct mw_str value, bool stable)
{
	tree_leaf(ctx, key, value, stable);
}

static bool json_over(void *ctx)
{
	const struct tree *t = ctx;

	return t->o->failed != 0 || t->pool.failed;
}

bool fhir_json_begins(struct mw_str s)
{
	if (str_begins(s, "\xef\xbb\xbf"))
		s = str_from(s, 3);
	while (s.n && (unsigned char)*s.p <= ' ')
		s = str_from(s, 1);
	return s.n && (*s.p == '{' || *s.p == '[');
}

int fhir_read_json(struct mw_str s, const struct tree_kind *kind, struct out *o)
{
	static const struct json_events events = {.open = json_open, .close = json_close, .value = json_value, .over = json_over};
	struct tree t = {.o = o, .kind = kind};
	int r = json_read(s, &events, &t);

	if (t.pool.failed)
		r = -ENOMEM;
	if (r == 0 && t.deep)
		r = -E2BIG;
	if (t.image)
		out_mark(o, "image");
	tree_free(&t);
	return r;
}
