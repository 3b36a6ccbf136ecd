/* SPDX-License-Identifier: Apache-2.0 */
/* What stands at the ends of new text: a signature, a disclaimer, and at its top the warning of a gateway. */
#include "match/zones_private.h"

#include "match/line.h"

#include <string.h>

#define COUNT(v) (sizeof(v) / sizeof((v)[0]))
#define SIGNATURE_LINES 12u  /* that are not blank: what is longer is text */
#define SIGNATURE_WIDTH 100u /* octets of such a line */
#define BLOCK_WIDTH 70u	     /* the same without a mark or a closing in front */
#define BLOCK_LINES 8u
#define PARAGRAPH_MAX 4000u /* octets of a disclaimer */
#define PARAGRAPHS 12u	    /* of disclaimers, one above the other */
#define BANNER_LINES 6u
#define WRAPPED 50u /* octets of a line whose sentence goes on in the next one */

/* Words that say something about a patient: no form of a signature makes them one. */
static bool is_about_patient(struct mw_str s)
{
	static const char *const words[] = {
	    "dob",
	    "d.o.b",
	    "birth",
	    "born",
	    "mrn",
	    "ssn",
	    "social security",
	    "member id",
	    "policy number",
	    "diagnosis",
	    "diagnosed",
	    "dx",
	    "medicare",
	    "medicaid",
	    "patient id",
	    "patient name",
	    "chart",
	    "rx",
	    "allergies",
	    "mg",
	    "insurance",
	    "subscriber",
	    "icd",
	    "age",
	    "record number",
	};

	return mw_line_count(s, words, COUNT(words)) > 0;
}

/* ---- lines from the end -------------------------------------------------------------------------------------------------- */

/* The line that ends at `end` (behind its line end), and where it begins. end > 0. Of a line that is part of no end, because it is
 * too long, as much as tells that. */
static struct mw_str line_before(struct mw_str text, size_t end, size_t *start)
{
	size_t to = end, least;
	const char *lf, *cr;

	if (text.p[to - 1] == '\n')
		to--;
	if (to > 0 && text.p[to - 1] == '\r')
		to--;
	least = to > PARAGRAPH_MAX + 1 ? to - (PARAGRAPH_MAX + 1) : 0;
	lf = memrchr(text.p + least, '\n', to - least);
	least = lf ? (size_t)(lf - text.p) + 1 : least;
	cr = memrchr(text.p + least, '\r', to - least);
	*start = cr ? (size_t)(cr - text.p) + 1 : least;
	return (struct mw_str){.p = text.p + *start, .n = to - *start};
}

/* Without the blank lines at the end. */
static size_t end_of(struct mw_str text)
{
	while (text.n && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == ' ' || text.p[text.n - 1] == '\t' ||
			  text.p[text.n - 1] == '\r'))
		text.n--;
	return text.n;
}

/* Where the paragraph that ends at `end` begins; 0 when it is longer than PARAGRAPH_MAX. */
static size_t paragraph_before(struct mw_str text, size_t end)
{
	size_t at = end, start;

	while (at > 0) {
		struct mw_str line = line_before(text, at, &start);

		if (mw_line_trim(line, 1).n == 0 || end - start > PARAGRAPH_MAX)
			break;
		at = start;
	}
	return at;
}

/* ---- disclaimers --------------------------------------------------------------------------------------------------------- */

enum { ALONE = 14 }; /* words at the beginning of NOTICE, of which one is enough; of the others it takes three */
static const char *const NOTICE[] = {
    "consider the environment before printing",
    "scanned by",
    "scanned for viruses",
    "unsubscribe",
    "mailing list",
    "confidentiality notice",
    "avast",
    "registered in england",
    "all rights reserved",
    "if you are having a medical emergency",
    "if you have a medical emergency",
    "if this is a medical emergency",
    "if this is an emergency",
    "mailbox is not monitored",
    "confidential",
    "confidentiality",
    "privileged",
    "intended recipient",
    "intended recipients",
    "intended only",
    "intended solely",
    "named addressee",
    "addressee",
    "in error",
    "unauthorized",
    "unauthorised",
    "disclosure",
    "dissemination",
    "strictly prohibited",
    "notify the sender",
    "contact the sender",
    "delete",
    "destroy all copies",
    "hipaa",
    "45 cfr",
    "virus",
    "viruses",
    "liability",
    "legally binding",
    "views expressed",
    "opinions expressed",
    "this e-mail",
    "this email",
    "this message",
    "this transmission",
    "this communication",
    "attachments",
    "vertraulich",
    "confidentiel",
    "confidencial",
    "riservato",
};

static uint64_t notice_words(struct mw_str s)
{
	return mw_line_words(s, NOTICE, COUNT(NOTICE));
}

static bool is_disclaimer(struct mw_str p)
{
	uint64_t seen = p.n > PARAGRAPH_MAX ? 0 : notice_words(p);

	if (!(seen & ((1u << ALONE) - 1)) && __builtin_popcountll(seen) < 3)
		return false;
	return !is_about_patient(p);
}

/* Where the notice begins in the paragraph text[start, end) that holds it: mailers write a whole mail without a blank line. Lines
 * above its first word belong to it as far as they are wrapped. */
static size_t notice_of(struct mw_str text, size_t start, size_t end)
{
	size_t at = start, next;

	text.n = end;
	for (; at < end; at = next) {
		struct mw_str line = mw_str_trim(mw_line_at(text, at, &next));

		if (notice_words(line))
			break;
		if (line.n < WRAPPED || strchr(".?!:", line.p[line.n - 1]))
			start = next;
	}
	return at < end ? start : end;
}

/* A line of signs that divides. */
static bool is_ruler(struct mw_str line)
{
	line = mw_str_trim(line);
	for (size_t i = 0; i < line.n; i++)
		if (!strchr("_-=*#~", line.p[i]))
			return false;
	return line.n >= 4;
}

/* Where the disclaimers at the end begin. */
static size_t disclaimer_of(struct mw_str text)
{
	size_t found = text.n, end = end_of(text), line;

	for (unsigned i = 0; i < PARAGRAPHS && end > 0; i++) {
		size_t start = paragraph_before(text, end);

		if (!is_disclaimer((struct mw_str){.p = text.p + start, .n = end - start}))
			break;
		found = notice_of(text, start, end);
		end = end_of((struct mw_str){.p = text.p, .n = found});
		if (found > start)
			break;
	}
	/* A line that divides it from the text goes with it. */
	if (found < text.n && end > 0 && is_ruler(line_before(text, end, &line)))
		found = line;
	return found;
}

size_t mw_banner_of(struct mw_str text)
{
	static const char *const who[] = {"external", "outside", "originated from outside", "unknown sender"};
	static const char *const what[] = {"sender", "email", "e-mail", "message", "organization", "organisation", "links"};
	size_t at = 0, end = 0, next;
	unsigned lines = 0;

	while (at < text.n && mw_line_trim(mw_line_at(text, at, &next), 1).n == 0)
		at = next;
	for (end = at; end < text.n && lines <= BANNER_LINES; lines++) {
		if (mw_line_trim(mw_line_at(text, end, &next), 1).n == 0)
			break;
		end = next;
	}
	/* It ends with a blank line: else it is the text itself. */
	if (lines == 0 || lines > BANNER_LINES || end == text.n || end - at > 600)
		return 0;
	text = (struct mw_str){.p = text.p + at, .n = end - at};
	if (is_about_patient(text) || !mw_line_count(text, who, COUNT(who)) || !mw_line_count(text, what, COUNT(what)))
		return 0;
	return text.p[0] == '[' || mw_line_begins(text, "caution") || mw_line_begins(text, "warning") ||
		       mw_line_begins(text, "external") || text.p[0] == '*'
		   ? end
		   : 0;
}

/* ---- signatures ---------------------------------------------------------------------------------------------------------- */

/* A line of a sentence, not of a name or an address. */
static bool is_sentence(struct mw_str line)
{
	size_t words = 0;

	for (size_t i = 0; i < line.n; i++)
		words += line.p[i] == ' ';
	return words >= 8 && (line.p[line.n - 1] == '.' || line.p[line.n - 1] == '?' || line.p[line.n - 1] == '!');
}

/* Is text[from, end) as short as a signature, with no sentence in it? */
static bool is_block(struct mw_str text, size_t from, size_t end, unsigned most, size_t width)
{
	unsigned lines = 0;

	while (from < end) {
		struct mw_str line = mw_str_trim(mw_line_at(text, from, &from));

		if (line.n == 0)
			continue;
		if (line.n > width || ++lines > most || is_sentence(line))
			return false;
	}
	return lines > 0;
}

/* "-- ", or "--" with nothing like a sentence below it. */
static bool is_mark(struct mw_str text, struct mw_str line, size_t behind, size_t end)
{
	if (line.n < 2 || line.n > 3 || line.p[0] != '-' || line.p[1] != '-')
		return false;
	return line.n == 3 ? line.p[2] == ' ' : is_block(text, behind, end, SIGNATURE_LINES, SIGNATURE_WIDTH);
}

/* "Best regards," and nothing else. */
static bool is_closing(struct mw_str line)
{
	static const char *const words[] = {
	    "best",
	    "best regards",
	    "kind regards",
	    "kindest regards",
	    "warm regards",
	    "warmest regards",
	    "regards",
	    "best wishes",
	    "with best regards",
	    "with kind regards",
	    "many thanks",
	    "thanks",
	    "thank you",
	    "thanks again",
	    "thanks so much",
	    "thanks in advance",
	    "thank you so much",
	    "thank you very much",
	    "thanks and regards",
	    "thanks & regards",
	    "cheers",
	    "sincerely",
	    "sincerely yours",
	    "yours sincerely",
	    "yours truly",
	    "yours faithfully",
	    "very truly yours",
	    "respectfully",
	    "respectfully yours",
	    "cordially",
	    "take care",
	    "all the best",
	    "warmly",
	    "love",
	    "yours",
	    "br",
	    "rgds",
	    "cordialement",
	    "saludos",
	    "atentamente",
	    "cordiali saluti",
	    "viele gr\xc3\xbc\xc3\x9f"
	    "e",
	    "mit freundlichen gr\xc3\xbc\xc3\x9f"
	    "en",
	    "mit freundlichen gruessen",
	    "met vriendelijke groet",
	    "med venlig hilsen",
	};

	line = mw_str_trim(line);
	while (line.n && strchr(",.!-", line.p[line.n - 1]))
		line.n--;
	for (size_t i = 0; i < COUNT(words); i++)
		if (mw_line_begins(line, words[i]) && line.n == strlen(words[i]))
			return true;
	return false;
}

static bool is_device(struct mw_str line)
{
	static const char *const words[] = {"sent from my ",	"sent from mail for ", "sent from yahoo",
					    "get outlook for ", "sent via ",	       "sent from outlook"};

	for (size_t i = 0; i < COUNT(words); i++)
		if (mw_line_begins(line, words[i]) && line.n < 80)
			return true;
	return false;
}

/* Two to five words, each with a capital letter: "Ann B. Lee, MD". */
static bool is_name(struct mw_str line)
{
	size_t words = 0;
	bool begins = true;

	if (line.n > 60)
		return false;
	for (size_t i = 0; i < line.n; i++) {
		char c = line.p[i];

		if (c == ' ' || c == '-' || c == ',') {
			begins = true;
			continue;
		}
		if (c >= '0' && c <= '9')
			return false;
		if (begins && c >= 'a' && c <= 'z')
			return false;
		words += begins;
		begins = false;
		if (c == ':' || c == '@' || c == '?' || c == '!')
			return false;
	}
	return words >= 2 && words <= 6;
}

/* What says that a block is of somebody at work: how to reach them, and a title or a house. */
static bool has_work(struct mw_str block)
{
	static const char *const reach[] = {"tel",    "phone", "ph",  "fax",  "cell",  "mobile", "office",
					    "direct", "ext",   "www", "http", "https", "o",	 "m",
					    "p",      "t",     "f",   "e",    "email", "e-mail"};
	static const char *const title[] = {
	    "md",	  "do",	       "rn",	      "np",	    "pa-c",	  "phd",	   "lcsw",
	    "director",	  "manager",   "coordinator", "assistant",  "nurse",	  "physician",	   "engineer",
	    "specialist", "president", "officer",     "consultant", "analyst",	  "administrator", "secretary",
	    "department", "dept",      "clinic",      "hospital",   "university", "inc",	   "llc",
	    "ltd",	  "gmbh",      "center",      "centre",	    "associates", "group",	   "health",
	    "medical",	  "www",       "http",	      "https",	    "professor",  "developer",	   "sales",
	    "billing",
	};

	return mw_line_count(block, reach, COUNT(reach)) > 0 && mw_line_count(block, title, COUNT(title)) > 0;
}

/* The block of name, title and telephone that has no closing above it: the last paragraph, below other text. */
static size_t plain_block(struct mw_str text, size_t end)
{
	size_t start = paragraph_before(text, end), next;
	struct mw_str block = {.p = text.p + start, .n = end - start};

	if (start == 0 || end_of((struct mw_str){.p = text.p, .n = start}) == 0)
		return text.n;
	if (!is_name(mw_str_trim(mw_line_at(text, start, &next))) || next >= end)
		return text.n;
	return is_block(text, start, end, BLOCK_LINES, BLOCK_WIDTH) && has_work(block) ? start : text.n;
}

/* Where the signature of text[0, end) begins, end when there is none. */
static size_t signature_of(struct mw_str text, size_t end)
{
	size_t at = end, start = end, found = end;

	text.n = end;
	for (unsigned lines = 0; at > 0 && lines <= SIGNATURE_LINES; at = start) {
		struct mw_str line = line_before(text, at, &start), shown = mw_str_trim(line);

		if (shown.n > SIGNATURE_WIDTH)
			break;
		lines += shown.n > 0;
		if (is_mark(text, line, at, end) || is_device(shown))
			found = start;
		else if (is_closing(shown) && is_block(text, at, end, SIGNATURE_LINES, SIGNATURE_WIDTH))
			found = start;
	}
	if (found == end)
		found = plain_block(text, end);
	if (found < end && is_about_patient((struct mw_str){.p = text.p + found, .n = end - found}))
		return end;
	return found;
}

void mw_end_of(struct mw_str text, size_t *signature, size_t *disclaimer)
{
	size_t end;

	*disclaimer = disclaimer_of(text);
	end = end_of((struct mw_str){.p = text.p, .n = *disclaimer});
	*signature = signature_of(text, end);
	if (*signature == end)
		*signature = *disclaimer;
}
