/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dmarc against libopendmarc, over thousands of records, domains and results that are made by chance (always the same chance). Where a
 * record is one that all read the same way, both must come to the same; where it is odd, what the RFC says is written here, and how often
 * libopendmarc differs is printed with the reason.
 */
#include "dmarc.h"

#include "dmarc_record.h"
#include "zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <opendmarc/dmarc.h>

#define CASES 20000
#define SUFFIXES "/usr/share/publicsuffix/public_suffix_list.dat"

static uint64_t seed = 0x6d696c77617264; /* xorshift64 */

static unsigned chance(unsigned n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (unsigned)((seed >> 11) % n);
}

#define ONE_OF(list) (list)[chance(sizeof(list) / sizeof((list)[0]))]

/* ---- odd records ------------------------------------------------------------------------------------------------------------ */

enum odd { PLAIN, BLANK_FIRST, SMALL_VERSION, TWICE, BAD_P, BAD_P_REPORTED, BAD_SP, NO_P, SHORT_P, BAD_OTHER, NO_VERSION, ODDS };

static const struct {
	const char *name, *why;
} odd_text[ODDS] = {
    [PLAIN] = {"plain", "see below"},
    [BLANK_FIRST] = {"a blank in front of v=", "the grammar has none: it is no record of DMARC"},
    [SMALL_VERSION] = {"v=dmarc1", "the version is in capitals (RFC 7489 6.4): it is no record of DMARC"},
    [TWICE] = {"p= twice", "a list of tags has each once (RFC 6376 3.2): permerror; libopendmarc takes the last"},
    [BAD_P] = {"p=deny", "no policy without reports asked for: permerror (RFC 7489 6.6.3)"},
    [BAD_P_REPORTED] = {"p=deny; rua=", "with reports asked for it is p=none (RFC 7489 6.6.3); libopendmarc has no policy"},
    [BAD_SP] = {"sp=deny", "as a bad p (RFC 7489 6.6.3); libopendmarc takes p"},
    [NO_P] = {"no p=", "as a bad p (RFC 7489 6.6.3)"},
    [SHORT_P] = {"p=rej", "the grammar knows whole words; libopendmarc reads the first letters"},
    [BAD_OTHER] = {"ri=x", "it is passed over, and what follows is read (RFC 7489 6.3); libopendmarc stops there"},
    [NO_VERSION] = {"v=DMARC10", "it is no record of DMARC"},
};

struct made {
	char record[256];
	enum odd odd;
	bool read;	/* it is a good record */
	bool published; /* and one of DMARC at all */
	enum mw_dmarc_policy p, sp;
	bool adkim_strict, aspf_strict;
};

static const char *const words[] = {"", "none", "quarantine", "reject"};

static void add(struct made *m, const char *text)
{
	size_t n = strlen(m->record);

	(void)snprintf(m->record + n, sizeof(m->record) - n, "%s", text);
}

static void add_tag(struct made *m, const char *name, const char *value)
{
	static const char *const blank[] = {"", " ", "\\009"};

	add(m, ";");
	add(m, ONE_OF(blank));
	add(m, name);
	add(m, ONE_OF(blank));
	add(m, "=");
	add(m, ONE_OF(blank));
	add(m, value);
	add(m, ONE_OF(blank));
}

static void add_policies(struct made *m)
{
	m->p = (enum mw_dmarc_policy)(1 + chance(3));
	m->sp = (enum mw_dmarc_policy)chance(4);
	if (m->odd == BAD_P || m->odd == BAD_P_REPORTED)
		add_tag(m, "p", "deny");
	else if (m->odd == SHORT_P)
		add_tag(m, "p", "rej");
	else if (m->odd != NO_P)
		add_tag(m, "p", words[m->p]);
	if (m->odd == TWICE)
		add_tag(m, "p", words[1 + chance(3)]);
	if (m->odd == BAD_SP)
		add_tag(m, "sp", "deny");
	else if (m->sp)
		add_tag(m, "sp", words[m->sp]);
}

static void add_others(struct made *m)
{
	static const char *const pct[] = {"0", "25", "100"};

	if (chance(2)) {
		m->adkim_strict = chance(2);
		add_tag(m, "adkim", m->adkim_strict ? "s" : "r");
	}
	if (chance(2)) {
		m->aspf_strict = chance(2);
		add_tag(m, "aspf", m->aspf_strict ? "s" : "r");
	}
	if (chance(4) == 0)
		add_tag(m, "pct", ONE_OF(pct));
	if (chance(4) == 0)
		add_tag(m, "fo", chance(2) ? "1:d:s" : "0");
	if (m->odd != BAD_OTHER && chance(4) == 0)
		add_tag(m, "ri", "3600");
	if (chance(4) == 0)
		add_tag(m, "unknown", "x");
	if (m->odd == BAD_P_REPORTED)
		add_tag(m, "rua", "mailto:a@example.com");
	if (chance(2))
		add(m, ";");
}

static void make(struct made *m)
{
	*m = (struct made){.odd = chance(3) ? PLAIN : (enum odd)(1 + chance(ODDS - 1)), .read = true, .published = true};
	add(m, m->odd == BLANK_FIRST	 ? " v=DMARC1"
	       : m->odd == SMALL_VERSION ? "v=dmarc1"
	       : m->odd == NO_VERSION	 ? "v=DMARC10"
					 : "v=DMARC1");
	if (m->odd == BAD_OTHER)
		add_tag(m, "ri", "x");
	add_policies(m);
	add_others(m);
	m->published = m->odd != BLANK_FIRST && m->odd != SMALL_VERSION && m->odd != NO_VERSION;
	m->read = m->odd == PLAIN || m->odd == BAD_OTHER || m->odd == BAD_P_REPORTED;
	if (m->odd == BAD_P_REPORTED) {
		m->p = MW_DMARC_ASKS_NONE;
		m->sp = MW_DMARC_ASKS_NOTHING;
	}
}

/* ---- a message -------------------------------------------------------------------------------------------------------------- */

static const char *const domains[] = {"example.com",	 "mail.example.com", "a.b.example.com",	    "example.co.uk",
				      "x.example.co.uk", "evilexample.com",  "example.com.au",	    "other.net",
				      "co.uk",		 "sub.other.net",    "example.com.evil.net"};
static const char *const organisations[] = {"example.com",   "example.com",	"example.com",	  "example.co.uk",
					    "example.co.uk", "evilexample.com", "example.com.au", "other.net",
					    "co.uk",	     "other.net",	"evil.net"};

struct message {
	size_t from;
	bool above; /* the record is the organisation's */
	size_t spf, dkim[2];
	enum mw_auth_word spf_word, dkim_word[2];
};

static void make_message(struct message *m)
{
	static const enum mw_auth_word results[] = {MW_AUTH_PASS, MW_AUTH_PASS, MW_AUTH_FAIL, MW_AUTH_NONE};

	m->from = chance(5);
	m->above = strcmp(domains[m->from], organisations[m->from]) != 0 && chance(2);
	m->spf = chance(sizeof(domains) / sizeof(domains[0]));
	m->spf_word = ONE_OF(results);
	for (int i = 0; i < 2; i++) {
		m->dkim[i] = chance(sizeof(domains) / sizeof(domains[0]));
		m->dkim_word[i] = ONE_OF(results);
	}
}

/* ---- both ------------------------------------------------------------------------------------------------------------------- */

static int theirs(const struct made *made, const struct message *m)
{
	static const int spf[] = {[MW_AUTH_NONE] = DMARC_POLICY_SPF_OUTCOME_NONE,
				  [MW_AUTH_PASS] = DMARC_POLICY_SPF_OUTCOME_PASS,
				  [MW_AUTH_FAIL] = DMARC_POLICY_SPF_OUTCOME_FAIL};
	u_char text[8][300] = {"192.0.2.1", "", "s"};
	DMARC_POLICY_T *p = opendmarc_policy_connect_init(text[0], DMARC_POLICY_IP_TYPE_IPV4);
	char *to = (char *)text[3];
	int r;

	assert_non_null(p);
	for (const char *c = made->record; *c; c++) {
		bool tab = strncmp(c, "\\009", 4) == 0;

		*to++ = tab ? '\t' : *c;
		c += tab ? 3 : 0;
	}
	(void)snprintf((char *)text[4], sizeof(text[4]), "%s", domains[m->from]);
	(void)snprintf((char *)text[5], sizeof(text[5]), "%s", organisations[m->from]);
	(void)snprintf((char *)text[6], sizeof(text[6]), "%s", domains[m->spf]);
	assert_int_equal(opendmarc_policy_store_from_domain(p, text[4]), DMARC_PARSE_OKAY);
	(void)opendmarc_policy_store_spf(p, text[6], spf[m->spf_word], DMARC_POLICY_SPF_ORIGIN_MAILFROM, text[1]);
	for (int i = 0; i < 2; i++) {
		(void)snprintf((char *)text[7], sizeof(text[7]), "%s", domains[m->dkim[i]]);
		/* It keeps one signature, and a failed one takes the place of a good one. */
		if (m->dkim_word[i] == MW_AUTH_PASS)
			(void)opendmarc_policy_store_dkim(p, text[7], text[2], DMARC_POLICY_DKIM_OUTCOME_PASS, text[1]);
	}
	(void)opendmarc_policy_store_dmarc(p, text[3], m->above ? text[5] : text[4], m->above ? text[5] : NULL);
	r = opendmarc_get_policy_to_enforce(p);
	(void)opendmarc_policy_connect_shutdown(p);
	return r;
}

struct heap {
	size_t used;
	_Alignas(16) char octets[65536];
};

static void *give(void *ctx, size_t n)
{
	struct heap *h = ctx;
	char *p = h->octets + h->used;

	h->used += (n + 15) & ~(size_t)15;
	return h->used <= sizeof(h->octets) ? p : NULL;
}

static void ours(const struct mw_dmarc *d, const struct made *made, const struct message *m, struct mw_auth *a)
{
	static struct heap heap;
	char zone_text[600], from[200];
	struct mw_zonefile *zone = NULL;
	struct mw_field field = {.name = {"From", 4}};
	struct mw_auth_mail mail = {.alloc = give, .alloc_ctx = &heap, .field = &field, .fields = 1};
	struct mw_resolver dns;
	int n = snprintf(zone_text, sizeof(zone_text), "_dmarc.%s TXT \"%s\"\n",
			 m->above ? organisations[m->from] : domains[m->from], made->record);

	memset(&heap, 0, sizeof(heap));
	memset(a, 0, sizeof(*a));
	assert_int_equal(mw_zonefile_parse(zone_text, (size_t)n, &zone, NULL), 0);
	dns = mw_zonefile_resolver(zone);
	field.value = (struct mw_str){from, (size_t)snprintf(from, sizeof(from), " a@%s", domains[m->from])};
	a->mailfrom.word = m->spf_word;
	(void)snprintf(a->mailfrom.domain, MW_AUTH_NAME, "%s", domains[m->spf]);
	for (a->dkims = 0; a->dkims < 2; a->dkims++) {
		a->dkim[a->dkims].word = m->dkim_word[a->dkims];
		(void)snprintf(a->dkim[a->dkims].domain, MW_AUTH_NAME, "%s", domains[m->dkim[a->dkims]]);
	}
	assert_int_equal(mw_dmarc_check(d, &mail, &dns, a), 0);
	mw_zonefile_free(&zone);
}

static int as_theirs(const struct mw_dmarc_result *r)
{
	static const int policies[] = {[MW_DMARC_ASKS_NOTHING] = DMARC_POLICY_ABSENT,
				       [MW_DMARC_ASKS_NONE] = DMARC_POLICY_NONE,
				       [MW_DMARC_ASKS_QUARANTINE] = DMARC_POLICY_QUARANTINE,
				       [MW_DMARC_ASKS_REJECT] = DMARC_POLICY_REJECT};

	return r->word == MW_AUTH_PASS	 ? DMARC_POLICY_PASS
	       : r->word == MW_AUTH_FAIL ? policies[r->record_asks]
					 : DMARC_POLICY_ABSENT;
}

/* Written again from the RFC, for records that libopendmarc cannot judge. */
static bool aligned(const struct message *m, size_t domain, enum mw_auth_word word, bool strict)
{
	if (word != MW_AUTH_PASS)
		return false;
	return strict ? domain == m->from : strcmp(organisations[domain], organisations[m->from]) == 0;
}

static int expected(const struct made *made, const struct message *m)
{
	static const int policies[] = {[MW_DMARC_ASKS_NONE] = DMARC_POLICY_NONE,
				       [MW_DMARC_ASKS_QUARANTINE] = DMARC_POLICY_QUARANTINE,
				       [MW_DMARC_ASKS_REJECT] = DMARC_POLICY_REJECT};

	if (!made->read)
		return DMARC_POLICY_ABSENT;
	if (aligned(m, m->spf, m->spf_word, made->aspf_strict) || aligned(m, m->dkim[0], m->dkim_word[0], made->adkim_strict) ||
	    aligned(m, m->dkim[1], m->dkim_word[1], made->adkim_strict))
		return DMARC_POLICY_PASS;
	return policies[m->above && made->sp ? made->sp : made->p];
}

/* libopendmarc takes what a suffix has signed for the organisations below it. */
static bool suffix_passes(const struct message *m)
{
	const size_t suffix = 8;

	assert_string_equal(domains[suffix], "co.uk");
	return (m->spf == suffix && m->spf_word == MW_AUTH_PASS) || (m->dkim[0] == suffix && m->dkim_word[0] == MW_AUTH_PASS) ||
	       (m->dkim[1] == suffix && m->dkim_word[1] == MW_AUTH_PASS);
}

/* Strict is the same domain (RFC 7489 3.1); libopendmarc takes those below it, and below the organisation when the record is there. */
static bool strict_passes(const struct made *made, const struct message *m)
{
	return (made->aspf_strict && aligned(m, m->spf, m->spf_word, false)) ||
	       (made->adkim_strict &&
		(aligned(m, m->dkim[0], m->dkim_word[0], false) || aligned(m, m->dkim[1], m->dkim_word[1], false)));
}

static void test_both(void **state)
{
	unsigned differ[ODDS] = {0}, cases[ODDS] = {0}, suffixes = 0, stricts = 0;
	struct mw_auth *a = calloc(1, sizeof(*a));
	struct mw_dmarc *d = NULL;

	(void)state;
	assert_non_null(a);
	assert_int_equal(mw_dmarc_open(false, &d), 0);
	for (unsigned i = 0; i < CASES; i++) {
		struct message m;
		struct made made;
		bool suffix, strict;
		int they;

		make(&made);
		make_message(&m);
		ours(d, &made, &m, a);
		they = theirs(&made, &m);
		suffix = they == DMARC_POLICY_PASS && as_theirs(&a->dmarc) != they && suffix_passes(&m);
		suffixes += suffix && made.odd == PLAIN;
		strict = they == DMARC_POLICY_PASS && as_theirs(&a->dmarc) != they && strict_passes(&made, &m);
		stricts += strict && !suffix && made.odd == PLAIN;
		if (as_theirs(&a->dmarc) != expected(&made, &m) ||
		    (made.odd == PLAIN && they != as_theirs(&a->dmarc) && !suffix && !strict))
			fail_msg("%s at %s for %s, spf %s %s, dkim %s %s, %s %s: %s (%s), libopendmarc %s", made.record,
				 m.above ? organisations[m.from] : domains[m.from], domains[m.from], mw_auth_word(m.spf_word),
				 domains[m.spf], mw_auth_word(m.dkim_word[0]), domains[m.dkim[0]], mw_auth_word(m.dkim_word[1]),
				 domains[m.dkim[1]], mw_auth_word(a->dmarc.word), a->dmarc.why,
				 opendmarc_policy_status_to_str(they));
		if (!made.published)
			assert_int_equal(a->dmarc.word, MW_AUTH_NONE);
		cases[made.odd]++;
		differ[made.odd] += they != as_theirs(&a->dmarc);
	}
	for (unsigned o = 0; o < ODDS; o++) {
		printf("# %-22s %5u cases, %5u differ%s%s\n", odd_text[o].name, cases[o], differ[o], differ[o] ? ": " : "",
		       differ[o] ? odd_text[o].why : "");
		assert_true(cases[o] > 100);
	}
	printf("# %u of plain differ: strict is the same domain; libopendmarc takes those below it\n", stricts);
	printf("# %u of plain differ: libopendmarc lets a suffix (co.uk) stand for the organisations below it\n", suffixes);
	mw_dmarc_close(&d);
	free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_both)};
	OPENDMARC_LIB_T lib = {.tld_type = OPENDMARC_TLD_TYPE_MOZILLA};

	(void)snprintf((char *)lib.tld_source_file, sizeof(lib.tld_source_file), SUFFIXES);
	if (opendmarc_policy_library_init(&lib) != DMARC_PARSE_OKAY) {
		printf("SKIP: %s is not there\n", SUFFIXES);
		return 77;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
