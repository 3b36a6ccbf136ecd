/* SPDX-License-Identifier: Apache-2.0 */
/* list: the lists as one string each, "word letter\n" in the order of strcmp, looked up by halves. */
#include "check_names.h"

#include <string.h>

static const char first_names[] =
#include "first-names.inc"
    ;
static const char surnames[] =
#include "surnames.inc"
    ;
static const char words[] =
#include "words.inc"
    ;
static const char never[] =
#include "never.inc"
    ;

/* Begin of the row that the octet at `at` lies in. */
static size_t row_begin(const char *list, size_t at)
{
	while (at && list[at - 1] != '\n')
		at--;
	return at;
}

/* <0, 0, >0: word comes before the row, is it, comes behind it. *end: of what was read of the row. */
static int row_compare(const char *word, const char *row, const char **end)
{
	while (*word && *word == *row && *row != ' ') {
		word++;
		row++;
	}
	*end = row;
	if (*row == ' ')
		return *word != '\0';
	return (unsigned char)*word - (unsigned char)*row;
}

/* The letter of a word; 0: it is not in the list. */
static char look(const char *list, size_t size, const char *word)
{
	size_t lo = 0, hi = size;

	while (lo < hi) {
		size_t at = row_begin(list, lo + (hi - lo) / 2);
		const char *end;
		int r = row_compare(word, list + at, &end);

		if (r == 0)
			return end[1];
		if (r < 0) {
			hi = at;
			continue;
		}
		while (*end != '\n')
			end++;
		lo = (size_t)(end - list) + 1;
	}
	return 0;
}

char name_first(const char *word)
{
	return look(first_names, sizeof(first_names) - 1, word);
}

char name_last(const char *word)
{
	return look(surnames, sizeof(surnames) - 1, word);
}

char name_ordinary(const char *word)
{
	return look(words, sizeof(words) - 1, word);
}

char name_never(const char *word)
{
	return look(never, sizeof(never) - 1, word);
}

/* Endings of English, Greek and Latin words, of medicine most of all, with which no name of the US Census of 1990 ends, or one. */
static const char *const endings[] = {
    "ably",	"algia",   "algic",    "ated",	 "ation",    "ations", "atory",	  "azepam",   "azole",	 "cardia",   "cardial",
    "centesis", "centric", "chial",    "cillin", "ctions",   "desis",  "ectasis", "ectomies", "ectomy",	 "emia",     "emias",
    "emic",	"ences",   "encies",   "ferous", "flozin",   "fully",  "genesis", "genic",    "genous",	 "gliptin",  "glutide",
    "grams",	"graphic", "graphies", "graphy", "ibly",     "ically", "ified",	  "iform",    "ility",	 "isms",     "itic",
    "itides",	"ities",   "itions",   "ivity",	 "ized",     "izing",  "lessly",  "logical",  "lysis",	 "lytic",    "malacia",
    "megaly",	"metric",  "metry",    "mycin",	 "nesses",   "oidal",  "ologies", "ologist",  "ology",	 "olol",     "omata",
    "ometer",	"orial",   "oses",     "osis",	 "ostomies", "ostomy", "otic",	  "otomies",  "otomy",	 "oxacin",   "paresis",
    "pathic",	"pathies", "pathy",    "penia",	 "penic",    "phagia", "phasia",  "philia",   "phobia",	 "plasties", "plasty",
    "plegia",	"plegic",  "pnea",     "pneic",	 "ptysis",   "rrhage", "rrhagic", "rrhea",    "sartan",	 "scope",    "scopic",
    "scopies",	"scopy",   "ssions",   "statin", "tensive",  "thorax", "tial",	  "tinib",    "triptan", "trophic",  "trophy",
    "tropic",	"ulous",   "uous",     "ural",	 "usion",    "usions", NULL};

bool name_formed(const char *word)
{
	enum { STEM = 2 };
	size_t n = strlen(word);

	for (const char *const *e = endings; *e; e++) {
		size_t len = strlen(*e);

		if (n >= len + STEM && memcmp(word + n - len, *e, len) == 0)
			return true;
	}
	return false;
}
