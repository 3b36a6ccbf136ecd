/* SPDX-License-Identifier: Apache-2.0 */
/* Where a quote begins: `>`, "On ... wrote:", "-----Original Message-----", From/Sent/To/Subject. */
#include "match/zones_private.h"

#include "match/line.h"

#include <string.h>

#define COUNT(v) (sizeof(v) / sizeof((v)[0]))
#define INTRO_LINES 4u	/* of an "On ... wrote:" that mailers have wrapped */
#define FIELD_MAX 16u	/* octets of such a name, stars and blanks included */
#define HEADER_LINES 8u /* of a block of From/Sent/To/Subject, wrapped lists of recipients included */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool has_digit(struct mw_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_digit(s.p[i]))
			return true;
	return false;
}

static bool begins_with_any(struct mw_str line, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (mw_line_begins(line, words[i]))
			return true;
	return false;
}

static bool ends_with_any(struct mw_str line, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (mw_line_ends(line, words[i]))
			return true;
	return false;
}

/* `>`, but not the one that mbox files put before a line that begins with "From ". */
bool mw_quote_is_marked(struct mw_str line)
{
	size_t i = 0;

	while (i < line.n && i < 3 && line.p[i] == ' ')
		i++;
	return i < line.n && line.p[i] == '>' && !mw_line_begins((struct mw_str){.p = line.p + i, .n = line.n - i}, ">from ");
}

/* ---- On ... wrote: ------------------------------------------------------------------------------------------------------- */

static const char *const wrote[] = {
    "wrote:",
    "wrote :",
    "writes:",
    "said:",
    "schrieb:",
    "schrieb :",
    "a \xc3\xa9"
    "crit :",
    "a \xc3\xa9"
    "crit:",
    "escribi\xc3\xb3:",
    "ha scritto:",
    "escreveu:",
    "schreef:",
    "skrev:",
    "kirjoitti:",
    "napisa\xc5\x82:",
    "napisa\xc5\x82(a):",
    "wrote ----",
};

static const char *const on[] = {"on ",	     "am ", "le ", "el ", "il ", "em ", "op ", "den ", "w dniu ", "in a message dated ",
				 "---- on ", "at "};

static bool ends_with_wrote(struct mw_str line)
{
	static const char *const inside[] = {"schrieb", "schreef", "skrev"}; /* the name stands behind these */

	if (line.n == 0 || (line.p[line.n - 1] != ':' && line.p[line.n - 1] != '-'))
		return false;
	return ends_with_any(line, wrote, COUNT(wrote)) ||
	       mw_line_count(mw_line_trim(line, MW_ZONE_LINE), inside, COUNT(inside)) > 0;
}

/* Up to INTRO_LINES lines as one; they end with a word like "wrote:". *behind: behind them. */
static bool take_intro(struct mw_str text, size_t at, struct mw_str *ret, size_t *behind)
{
	size_t next = at;

	for (size_t i = 0; i < INTRO_LINES && next < text.n; i++) {
		struct mw_str line = mw_line_at(text, next, &next);

		if (mw_line_trim(line, 1).n == 0 || line.n > MW_ZONE_LINE || (i && mw_quote_is_marked(line)))
			return false;
		if (!ends_with_wrote(mw_str_trim(line)))
			continue;
		*ret = (struct mw_str){.p = text.p + at, .n = (size_t)(line.p + line.n - (text.p + at))};
		*behind = next;
		return true;
	}
	return false;
}

/* "On Mon, 2 Mar 2026 at 9:14, Ann Lee <a@x.example> wrote:" is one by itself; "Ann Lee wrote:" only when `>` follows. */
static enum mw_quote intro_at(struct mw_str text, size_t at, struct mw_str first, size_t *behind)
{
	bool dated = begins_with_any(first, on, COUNT(on)), alone = ends_with_wrote(first);
	struct mw_str all;

	/* Only such a first line may go on: any other that goes on is a sentence. */
	if (!dated && !alone && !memchr(first.p, '@', first.n))
		return MW_QUOTE_NONE;
	if (!take_intro(text, at, &all, behind))
		return MW_QUOTE_NONE;
	return dated && has_digit(all) ? MW_QUOTE_BELOW : MW_QUOTE_IF;
}

bool mw_quote_introduces(struct mw_str text, size_t at)
{
	size_t next;
	struct mw_str line = mw_line_trim(mw_line_at(text, at, &next), MW_ZONE_LINE);

	while (line.n && (line.p[0] == '>' || line.p[0] == ' ')) {
		line.p++;
		line.n--;
	}
	return (begins_with_any(line, on, COUNT(on)) && has_digit(line)) || ends_with_wrote(line);
}

/* "2026-03-02 9:14 GMT+01:00 Ann Lee <a@x.example>:", as Gmail wrote once. */
static bool is_old_gmail(struct mw_str line)
{
	return line.n > 12 && is_digit(line.p[0]) && is_digit(line.p[3]) && (line.p[4] == '-' || line.p[4] == '/') &&
	       mw_line_ends(line, ">:") && memchr(line.p, '@', line.n);
}

/* ---- -----Original Message----- ------------------------------------------------------------------------------------------ */

static bool is_separator(struct mw_str line)
{
	static const char *const words[] = {
	    "original message",		 "original appointment",
	    "forwarded message",	 "forwarded by",
	    "included message",		 "reply message",
	    "message d'origine",	 "message transf\xc3\xa9r\xc3\xa9",
	    "messaggio originale",	 "messaggio inoltrato",
	    "mensaje original",		 "mensaje reenviado",
	    "mensagem original",	 "urspr\xc3\xbcngliche nachricht",
	    "weitergeleitete nachricht", "oorspronkelijk bericht",
	};

	if (line.n < 10)
		return false;
	if (mw_line_begins(line, "begin forwarded message:"))
		return true;
	return (line.p[0] == '-' || line.p[0] == '_' || line.p[0] == '=') && line.p[1] == line.p[0] &&
	       mw_line_count(line, words, COUNT(words)) > 0;
}

static bool is_underscores(struct mw_str line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] != '_')
			return false;
	return line.n >= 10;
}

/* ---- From: Sent: To: Subject: -------------------------------------------------------------------------------------------- */

/* Stars of bold text in front go away. */
static struct mw_str plain(struct mw_str line)
{
	line = mw_line_trim(line, MW_ZONE_LINE);
	while (line.n && line.p[0] == '*') {
		line.p++;
		line.n--;
	}
	return line;
}

static bool is_field(struct mw_str line, const char *const *names, size_t n)
{
	if (!memchr(line.p, ':', line.n < FIELD_MAX ? line.n : FIELD_MAX))
		return false;
	for (size_t i = 0; i < n; i++) {
		size_t at = strlen(names[i]);

		if (!mw_line_begins(line, names[i]))
			continue;
		while (at < line.n && (line.p[at] == ' ' || line.p[at] == '*'))
			at++;
		if (at < line.n && line.p[at] == ':')
			return true;
	}
	return false;
}

static const char *const from[] = {"from", "von", "de", "da", "van", "fr\xc3\xa5n", "fra"};
static const char *const sent[] = {"sent", "date",    "gesendet", "datum",     "envoy\xc3\xa9", "inviato",
				   "data", "enviado", "fecha",	  "verzonden", "skickat",	"sendt"};
static const char *const to[] = {"to", "an", "\xc3\xa0", "a", "para", "aan", "till", "til"};
static const char *const subject[] = {"subject", "betreff",   "objet",	     "oggetto", "asunto",
				      "assunto", "onderwerp", "\xc3\xa4mne", "emne"};

/* The first line names who has sent it; when, to whom and about what follow, from `next` on. Behind it, or 0. */
static size_t header_block(struct mw_str text, struct mw_str first, size_t next)
{
	size_t behind = 0;
	bool has[3] = {false};

	if (!is_field(plain(first), from, COUNT(from)))
		return 0;
	for (size_t i = 1; i < HEADER_LINES && next < text.n; i++) {
		struct mw_str line = plain(mw_line_at(text, next, &next));

		if (line.n == 0)
			break;
		has[0] |= is_field(line, sent, COUNT(sent));
		has[1] |= is_field(line, to, COUNT(to));
		has[2] |= is_field(line, subject, COUNT(subject));
		behind = next;
	}
	return has[0] && (has[1] || has[2]) ? behind : 0;
}

/* ---- all of them --------------------------------------------------------------------------------------------------------- */

enum mw_quote mw_quote_at(struct mw_str text, size_t at, size_t *next, size_t *behind)
{
	struct mw_str line = mw_line_at(text, at, next), shown = mw_line_trim(line, MW_ZONE_LINE);

	*behind = *next;
	if (shown.n == 0)
		return MW_QUOTE_NONE;
	if (mw_quote_is_marked(line))
		return MW_QUOTE_LINE;
	if (is_separator(shown) || is_old_gmail(shown))
		return MW_QUOTE_BELOW;
	if (is_underscores(shown) && *next < text.n) {
		size_t below;

		line = mw_line_at(text, *next, &below);
		if (mw_line_trim(line, 1).n == 0 && below < text.n)
			line = mw_line_at(text, below, &below);
		*behind = header_block(text, line, below);
		return *behind ? MW_QUOTE_BELOW : MW_QUOTE_NONE;
	}
	*behind = header_block(text, shown, *next);
	if (*behind)
		return MW_QUOTE_BELOW;
	return intro_at(text, at, shown, behind);
}
