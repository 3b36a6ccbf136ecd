/* SPDX-License-Identifier: Apache-2.0 */
#include "ccda.h"

#include "narrative.h"
#include "value.h"
#include "xml.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LABEL 120u
#define WORD 96u

struct level {
	char name[32];
	const char *who;    /* whom it is about, "" = not known */
	char concept[WORD]; /* words of the code of the statement */
	bool problem;	    /* the statement is a diagnosis */
};

struct cda {
	struct out *o;
	struct level level[XML_DEPTH];
	size_t depth;
	struct narrative narrative;
	size_t narrating;			     /* elements open in the narrative, with it */
	struct text words;			     /* of the element in work */
	struct text family, given, suffix, prefix;   /* of a name */
	struct text line, city, state, zip, country; /* of an address */
	char media[80];				     /* type of the file that the element in work holds; "" = it is none */
	bool base64;
	struct level none; /* what is around the root */
};

/* ---- whom and what --------------------------------------------------------------------------------------------------------------- */

static const char *const parties[][2] = {
    {"recordTarget", "Patient"},
    {"guardian", "Guardian"},
    {"providerOrganization", "Provider organization"},
    {"author", "Author, provider"},
    {"dataEnterer", "Entering provider"},
    {"informant", "Informant, provider"},
    {"custodian", "Custodian organization"},
    {"informationRecipient", "Recipient, provider"},
    {"legalAuthenticator", "Authenticating provider"},
    {"authenticator", "Authenticating provider"},
    {"participant", "Contact"},
    {"performer", "Performing provider"},
    {"encounterParticipant", "Attending provider"},
    {"responsibleParty", "Responsible provider"},
    {"healthCareFacility", "Facility"},
    {"serviceProviderOrganization", "Service provider"},
    {"representedOrganization", "Organization"},
    {"scopingOrganization", "Organization"},
    {"relatedSubject", "Relative"},
    {"participantRole", "Participating provider"},
};

/* Codes and dates of the header and of statements by the name of their element. */
static const char *const elements[][2] = {
    {"administrativeGenderCode", "Sex"},
    {"maritalStatusCode", "Marital status"},
    {"religiousAffiliationCode", "Religion"},
    {"raceCode", "Race"},
    {"ethnicGroupCode", "Ethnic group"},
    {"birthTime", "Date of birth"},
    {"deceasedTime", "Date of death"},
    {"languageCode", "Language"},
    {"routeCode", "Route"},
    {"doseQuantity", "Dose"},
    {"rateQuantity", "Rate"},
    {"statusCode", "Status"},
    {"interpretationCode", "Interpretation"},
    {"targetSiteCode", "Body site"},
    {"methodCode", "Method"},
    {"priorityCode", "Priority"},
    {"approachSiteCode", "Body site"},
    {"dischargeDispositionCode", "Discharge disposition"},
    {"functionCode", "Provider role"},
    {"low", "Date from"},
    {"high", "Date to"},
    {"center", "Date"},
    {"effectiveTime", "Date"},
    {"time", "Date"},
    {"lotNumberText", "Lot"},
    {"translation", "Also called"},
    {"qualifier", "Qualifier"},
    {"period", "Every"},
    {"administrationUnitCode", "Form"},
};

static const char *of(const char *const rows[][2], size_t n, struct mw_str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(name, rows[i][0]))
			return rows[i][1];
	return NULL;
}
#define OF(rows, name) of((rows), sizeof(rows) / sizeof((rows)[0]), (name))

static struct level *top(struct cda *c)
{
	return c->level + c->depth - 1;
}

/* The element `up` around the one in work; "" beyond the root. */
static struct level *around(struct cda *c, size_t up)
{
	return up < c->depth ? c->level + c->depth - 1 - up : &c->none;
}

static bool is_in(struct cda *c, size_t up, const char *name)
{
	return strcmp(around(c, up)->name, name) == 0;
}

static bool is_statement(const struct level *l)
{
	static const char *const names[] = {"observation", "act",      "procedure", "encounter", "substanceAdministration",
					    "supply",	   "organizer"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(l->name, names[i]) == 0)
			return true;
	return false;
}

static struct level *statement(struct cda *c)
{
	for (size_t up = 0; up < c->depth && up < 8; up++)
		if (is_statement(around(c, up)))
			return around(c, up);
	return around(c, c->depth);
}

static bool is_patient(const struct level *l)
{
	return strcmp(l->who, "Patient") == 0;
}

/* ---- elements that say all by their attributes ---------------------------------------------------------------------------------- */

static void put_id(struct cda *c, const struct xml_element *e)
{
	struct mw_str root = xml_get(e, "root"), extension = xml_get(e, "extension");
	const char *who = top(c)->who;
	bool patient = is_patient(top(c)) && is_in(c, 1, "patientRole");
	char label[LABEL];

	(void)snprintf(label, sizeof(label), *who ? "%s number" : "Reference", who);
	if (patient && str_is(root, "2.16.840.1.113883.4.1")) {
		struct text ssn = {0};

		value_ssn(&ssn, extension);
		out_field(c->o, "", "SSN", text_all(&ssn));
		text_wipe(&ssn);
		return;
	}
	if (str_is(root, "2.16.840.1.113883.4.6"))
		(void)snprintf(label, sizeof(label), "%s NPI", who);
	else if (patient)
		(void)snprintf(label, sizeof(label), "MRN");
	out_field(c->o, "", label, extension);
}

/* tel:+1(555)555-2003, mailto:… */
static void put_telecom(struct cda *c, const struct xml_element *e)
{
	struct mw_str value = xml_get(e, "value"), use = xml_get(e, "use");
	struct text t = {0};
	bool patient = is_patient(top(c));
	const char *what = patient && str_begins(use, "H") ? "home phone"
			   : str_is(use, "MC")		   ? "cell phone"
			   : str_is(use, "WP")		   ? "work phone"
							   : "phone";
	char label[16];

	if (str_begins(value, "tel:"))
		value = str_from(value, 4);
	else if (str_begins(value, "mailto:")) {
		value = str_from(value, 7);
		what = "email";
	} else if (str_begins(value, "fax:")) {
		value = str_from(value, 4);
		what = "fax";
	}
	value_phone(&t, value);
	(void)snprintf(label, sizeof(label), "%s", what);
	patient = patient && str_has(str(what), "phone");
	if (patient)
		label[0] = (char)(label[0] - 'a' + 'A');
	out_field(c->o, patient ? "" : top(c)->who, label, text_all(&t));
	text_wipe(&t);
}

/* The words of a coded element, with its code. */
static void coded(const struct xml_element *e, struct text *t)
{
	struct mw_str words = xml_get(e, "displayName");

	if (words.n == 0 && xml_get(e, "codeSystem").n == 0)
		return;
	value_code(t, xml_get(e, "code"), words);
}

static const char *code_label(struct cda *c)
{
	const struct level *l = around(c, 1);
	static const char *const names[][2] = {
	    {"manufacturedMaterial", "Medication"},
	    {"observation", "Observation"},
	    {"procedure", "Procedure"},
	    {"encounter", "Visit"},
	    {"section", "Section"},
	    {"act", "Act"},
	    {"organizer", "Test"},
	    {"ClinicalDocument", "Document"},
	    {"assignedAuthor", "Specialty"},
	    {"assignedEntity", "Specialty"},
	    {"playingEntity", "Substance"},
	    {"supply", "Supply"},
	    {"relatedEntity", "Relationship"},
	    {"associatedEntity", "Relationship"},
	    {"relatedSubject", "Relationship"},
	    {"guardian", "Relationship"},
	};
	const char *known = OF(names, str(l->name));

	return known ? known : "Code";
}

static void put_code(struct cda *c, const struct xml_element *e)
{
	struct text t = {0};
	struct mw_str words = str_first(xml_get(e, "displayName"), WORD - 1);
	struct level *l = around(c, 1);

	coded(e, &t);
	out_field(c->o, "", code_label(c), text_all(&t));
	text_wipe(&t);
	if (!is_statement(l) || *l->concept)
		return;
	memcpy(l->concept, words.p, words.n);
	l->concept[words.n] = '\0';
}

/* "Diagnosis: 59621000 Essential hypertension", "Lab result: Hemoglobin 13.2 g/dl" */
static void put_value(struct cda *c, const struct xml_element *e)
{
	const struct level *s = statement(c);
	struct text t = {0};
	struct mw_str number = xml_get(e, "value");

	coded(e, &t);
	if (t.n && s->problem) {
		out_field(c->o, "", "Diagnosis", text_all(&t));
	} else if (t.n || number.n) {
		struct text v = {0};

		text_puts(&v, s->concept);
		text_join(&v, " ", text_all(&t));
		text_join(&v, " ", number);
		text_join(&v, " ", str_is(xml_get(e, "unit"), "1") ? str("") : xml_get(e, "unit"));
		out_field(c->o, "", number.n ? "Lab result" : "Finding", text_all(&v));
		text_wipe(&v);
	}
	text_wipe(&t);
}

/* Any other element: its code, its time or its amount. */
static void put_other(struct cda *c, const struct xml_element *e)
{
	const char *known = OF(elements, e->name);
	struct text t = {0};
	char label[LABEL];
	bool sex = str_is(e->name, "administrativeGenderCode");

	if (!known)
		(void)snprintf(label, sizeof(label), "%.*s", STR_SHOWN(e->name, 60));
	coded(e, &t);
	if (sex && value_sex(xml_get(e, "code"))) {
		text_cut(&t, 0);
		text_puts(&t, value_sex(xml_get(e, "code")));
	} else if (t.n == 0 && known && xml_get(e, "code").n) {
		text_str(&t, xml_get(e, "code"));
	}
	if (t.n == 0 && xml_get(e, "value").n) {
		value_date(&t, xml_get(e, "value"));
		text_join(&t, " ", xml_get(e, "unit"));
	}
	if (str_is(e->name, "reference"))
		text_cut(&t, 0);
	if (str_is(e->name, "birthTime") && is_patient(top(c)))
		out_first(c->o, "", known, text_all(&t));
	else
		out_field(c->o, str_is(e->name, "birthTime") ? top(c)->who : "", known ? known : label, text_all(&t));
	text_wipe(&t);
}

/* ---- elements with words -------------------------------------------------------------------------------------------------------- */

static void end_name(struct cda *c)
{
	struct text t = {0};
	const char *who = top(c)->who;

	value_name(&t,
		   &(struct name){.given = text_all(&c->given), .family = text_all(&c->family), .suffix = text_all(&c->suffix)});
	if (t.n == 0)
		text_str(&t, text_all(&c->words));
	if (is_patient(top(c)) && (is_in(c, 1, "patient") || is_in(c, 1, "patientRole")))
		out_field(c->o, "", "Patient name", text_all(&t));
	else
		out_field(c->o, "", *who && !is_patient(top(c)) ? who : around(c, 1)->name, text_all(&t));
	out_field(c->o, who, "title", text_all(&c->prefix));
	text_wipe(&t);
	text_cut(&c->given, 0);
	text_cut(&c->family, 0);
	text_cut(&c->suffix, 0);
	text_cut(&c->prefix, 0);
}

static void end_address(struct cda *c)
{
	struct text t = {0};
	/* A city that neither state nor ZIP code stands behind looks like a name: it has a line of its own. */
	bool alone = c->state.n == 0 && c->zip.n == 0 && c->line.n;

	value_address(&t, &(struct address){.street = text_all(&c->line),
					    .city = alone ? str("") : text_all(&c->city),
					    .state = text_all(&c->state),
					    .zip = text_all(&c->zip),
					    .country = text_all(&c->country)});
	if (t.n == 0)
		text_str(&t, text_all(&c->words));
	out_field(c->o, is_patient(top(c)) ? "" : top(c)->who, is_patient(top(c)) ? "Home address" : "address", text_all(&t));
	out_field(c->o, is_patient(top(c)) ? "" : top(c)->who, is_patient(top(c)) ? "City" : "city",
		  alone ? text_all(&c->city) : str(""));
	text_wipe(&t);
	text_cut(&c->line, 0);
	text_cut(&c->city, 0);
	text_cut(&c->state, 0);
	text_cut(&c->zip, 0);
	text_cut(&c->country, 0);
}

/* Where the words of a part of a name or an address are gathered; NULL: it is none. */
static struct text *part_of(struct cda *c)
{
	const struct {
		const char *name, *in;
		struct text *to;
	} parts[] = {
	    {"given", "name", &c->given},   {"family", "name", &c->family},	     {"suffix", "name", &c->suffix},
	    {"prefix", "name", &c->prefix}, {"streetAddressLine", "addr", &c->line}, {"city", "addr", &c->city},
	    {"state", "addr", &c->state},   {"postalCode", "addr", &c->zip},	     {"country", "addr", &c->country},
	    {"county", "addr", &c->city},
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (is_in(c, 0, parts[i].name) && is_in(c, 1, parts[i].in))
			return parts[i].to;
	return NULL;
}

static void end_value(struct cda *c)
{
	struct text t = {0};

	if (str_trim(text_all(&c->words)).n) {
		text_puts(&t, statement(c)->concept);
		text_join(&t, " ", text_all(&c->words));
	}
	out_lines(c->o, "", "Finding", text_all(&t));
	text_wipe(&t);
}

static void end_words(struct cda *c)
{
	struct text *part = part_of(c);

	if (*c->media && c->base64)
		out_base64(c->o, c->media, text_all(&c->words));
	else if (part)
		text_join(part, is_in(c, 0, "streetAddressLine") ? ", " : " ", text_all(&c->words));
	else if (is_in(c, 0, "name"))
		end_name(c);
	else if (is_in(c, 0, "addr"))
		end_address(c);
	else if (is_in(c, 0, "title"))
		out_line(c->o, text_all(&c->words));
	else if (is_in(c, 0, "value"))
		end_value(c);
	else if (OF(elements, str(top(c)->name)))
		out_lines(c->o, "", OF(elements, str(top(c)->name)), text_all(&c->words));
	else
		out_lines(c->o, "", top(c)->name, text_all(&c->words));
	text_cut(&c->words, 0);
	c->media[0] = '\0';
}

/* ---- events ---------------------------------------------------------------------------------------------------------------------- */

static void push(struct cda *c, const struct xml_element *e)
{
	const char *who = OF(parties, e->name);
	struct level *l;

	if (c->depth == XML_DEPTH)
		return; /* xml.c stops before */
	l = c->level + c->depth++;
	*l = (struct level){.who = c->depth > 1 ? l[-1].who : ""};
	(void)snprintf(l->name, sizeof(l->name), "%.*s", STR_SHOWN(e->name, 31));
	if (who)
		l->who = who;
}

static bool begins_narrative(struct cda *c, const struct xml_element *e)
{
	return str_is(e->name, "text") && xml_get(e, "representation").n == 0 && !is_in(c, 1, "observation");
}

static void on_open(void *ctx, const struct xml_element *e)
{
	struct cda *c = ctx;
	struct mw_str media = xml_get(e, "mediaType");

	if (c->narrating) {
		c->narrating++;
		narrative_open(&c->narrative, e->name);
		return;
	}
	text_cut(&c->words, 0);
	push(c, e);
	(void)snprintf(c->media, sizeof(c->media), "%.*s", STR_SHOWN(media, 79));
	c->base64 = str_is(xml_get(e, "representation"), "B64");
	if (str_is(e->name, "ClinicalDocument"))
		out_feed(c->o);
	if (begins_narrative(c, e))
		c->narrating = 1;
	else if (str_is(e->name, "templateId"))
		around(c, 1)->problem |= str_is(xml_get(e, "root"), "2.16.840.1.113883.10.20.22.4.4");
	else if (str_is(e->name, "id"))
		put_id(c, e);
	else if (str_is(e->name, "telecom"))
		put_telecom(c, e);
	else if (str_is(e->name, "code"))
		put_code(c, e);
	else if (str_is(e->name, "value"))
		put_value(c, e);
	else
		put_other(c, e);
}

static void on_text(void *ctx, struct mw_str s)
{
	struct cda *c = ctx;

	if (c->narrating)
		narrative_text(&c->narrative, s);
	else
		text_str(&c->words, s);
}

static void on_close(void *ctx, struct mw_str name)
{
	struct cda *c = ctx;

	if (c->narrating > 1) {
		c->narrating--;
		narrative_close(&c->narrative, name);
		return;
	}
	if (c->narrating)
		narrative_end(&c->narrative);
	c->narrating = 0;
	if (c->depth == 0)
		return;
	end_words(c);
	c->depth--;
}

static bool over(void *ctx)
{
	const struct cda *c = ctx;

	return c->o->failed != 0 || c->words.failed;
}

int ccda_read(struct mw_str s, struct out *o)
{
	static const struct xml_events events = {.open = on_open, .text = on_text, .close = on_close, .over = over};
	struct cda c = {.o = o, .narrative = {.o = o}, .none = {.who = ""}};
	struct text *const texts[] = {&c.words, &c.family, &c.given, &c.suffix, &c.prefix,
				      &c.line,	&c.city,   &c.state, &c.zip,	&c.country};
	int r = xml_read(s, &events, &c);

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i]->failed)
			r = -ENOMEM;
		text_wipe(texts[i]);
	}
	narrative_free(&c.narrative);
	return r;
}
