/* SPDX-License-Identifier: Apache-2.0 */
#include "dmarc.h"

#include "author.h"
#include "dmarc_find.h"

#include <errno.h>
#include <libpsl.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct mw_dmarc {
	psl_ctx_t *suffixes;
	bool tree_walk;
	unsigned char key[32]; /* which messages pct takes is not for their senders to choose */
};

int mw_dmarc_open(bool tree_walk, struct mw_dmarc **ret)
{
	struct mw_dmarc *d = calloc(1, sizeof(*d));

	if (!d)
		return -ENOMEM;
	d->tree_walk = tree_walk;
	d->suffixes = psl_latest(NULL);
	if (!d->suffixes || RAND_bytes(d->key, sizeof(d->key)) != 1) {
		mw_dmarc_close(&d);
		return -EIO;
	}
	*ret = d;
	return 0;
}

void mw_dmarc_close(struct mw_dmarc **dp)
{
	if (!*dp)
		return;
	psl_free((*dp)->suffixes);
	free(*dp);
	*dp = NULL;
}

void mw_dmarc_want(const struct mw_dmarc *d, const struct mw_auth_mail *mail, const struct mw_resolver *dns)
{
	const struct mw_dmarc_finder f = {.suffixes = d->suffixes, .tree_walk = d->tree_walk, .mail = mail, .dns = dns};
	struct mw_authors authors;

	mw_authors_read(mail, &authors);
	for (size_t i = 0; i < authors.domains; i++)
		mw_dmarc_find_want(&f, authors.domain[i]);
}

/* ---- alignment -------------------------------------------------------------------------------------------------------------- */

/* What the alignments of one author come to. */
struct alignment {
	bool spf, dkim;
	bool undecided; /* one that would have passed, or was aligned, could not be told now */
	size_t signature;
};

/* 1, 0, -EAGAIN, -ENOMEM. */
static int is_aligned(const struct mw_dmarc_finder *f, const struct mw_dmarc_found *found, const char *author, const char *domain,
		      bool strict)
{
	if (!*domain)
		return 0;
	if (strcasecmp(domain, author) == 0)
		return 1;
	if (strict)
		return 0;
	return *found->organisation ? mw_dmarc_find_member(f, domain, found->organisation) : -EAGAIN;
}

/* A domain whose check ended with `word`. 1: aligned and passed; 0 not; -ENOMEM. */
static int weigh(const struct mw_dmarc_finder *f, const struct mw_dmarc_found *found, const char *author, const char *domain,
		 enum mw_auth_word word, bool strict, struct alignment *ret)
{
	int r;

	if (word != MW_AUTH_PASS && word != MW_AUTH_TEMPERROR)
		return 0;
	if (word == MW_AUTH_TEMPERROR && !*domain) { /* not even that is known */
		ret->undecided = true;
		return 0;
	}
	r = is_aligned(f, found, author, domain, strict);
	if (r == -EAGAIN || (r == 1 && word == MW_AUTH_TEMPERROR))
		ret->undecided = true;
	return r == -EAGAIN ? 0 : r == 1 ? word == MW_AUTH_PASS : r;
}

static int align(const struct mw_dmarc_finder *f, const struct mw_dmarc_found *found, const char *author, const struct mw_auth *a,
		 struct alignment *ret)
{
	const struct mw_dmarc_record *record = found->record;
	int r = weigh(f, found, author, a->mailfrom.domain, a->mailfrom.word, record->aspf_strict, ret);

	if (r < 0)
		return r;
	ret->spf = r == 1;
	ret->undecided = ret->undecided || a->unknown_client;
	ret->signature = MW_AUTH_SIGNATURES;
	for (size_t i = 0; i < a->dkims && !ret->dkim; i++) {
		r = weigh(f, found, author, a->dkim[i].domain, a->dkim[i].word, record->adkim_strict, ret);
		if (r < 0)
			return r;
		ret->dkim = r == 1;
		if (ret->dkim)
			ret->signature = i;
	}
	return 0;
}

/* ---- what is asked for ------------------------------------------------------------------------------------------------------ */

static enum mw_dmarc_policy milder(enum mw_dmarc_policy p)
{
	return p == MW_DMARC_ASKS_REJECT ? MW_DMARC_ASKS_QUARANTINE : MW_DMARC_ASKS_NONE;
}

/* p, sp or np; which of the last two, DNS is asked when it matters alone. */
static int choose(const struct mw_dmarc_finder *f, const struct mw_dmarc_found *found, const char *author, bool matters,
		  enum mw_dmarc_policy *ret)
{
	const struct mw_dmarc_record *r = found->record;
	enum mw_dmarc_policy below = r->sp ? r->sp : r->p;
	int missing;

	*ret = r->p;
	if (strcmp(author, found->published) == 0)
		return 0;
	*ret = below;
	if (!matters || !r->np || r->np == below)
		return 0;
	missing = mw_dmarc_find_missing(f, author);
	if (missing == -ENOMEM)
		return missing;
	/* When nobody can tell, the milder one. */
	if (missing == 1 || (missing == -EAGAIN && r->np < below))
		*ret = r->np;
	return 0;
}

/* A number from 0 to 99, the same for the same message. */
static unsigned draw(const struct mw_dmarc *d, const struct mw_auth_mail *mail)
{
	static const char *const names[] = {"from", "date", "message-id", "subject"};
	unsigned char digest[EVP_MAX_MD_SIZE] = {0};
	unsigned sum = 0;

	for (size_t i = 0; i < mail->fields; i++)
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
			const struct mw_field *f = &mail->field[i];

			if (f->name.n != strlen(names[k]) || strncasecmp(f->name.p, names[k], f->name.n) != 0)
				continue;
			if (HMAC(EVP_sha256(), d->key, (int)sizeof(d->key), (const unsigned char *)f->value.p, f->value.n, digest,
				 NULL))
				sum += digest[0] + 256u * digest[1] + 65536u * digest[2];
		}
	return sum % 100;
}

/* pct is of RFC 7489, and no longer in RFC 9989. */
static void soften(const struct mw_dmarc *d, const struct mw_auth_mail *mail, struct mw_dmarc_result *r)
{
	const struct mw_dmarc_record *record = r->record;

	if (record->testing || (!d->tree_walk && record->pct < 100 && draw(d, mail) >= record->pct)) {
		r->sampled_out = r->asks > MW_DMARC_ASKS_NONE;
		r->asks = milder(r->asks);
	}
}

/* ---- one author ------------------------------------------------------------------------------------------------------------- */

static void explain(struct mw_dmarc_result *r, const struct mw_auth *a, const struct alignment *al)
{
	if (al->dkim)
		(void)snprintf(r->why, sizeof(r->why), "signed by %.150s%s", a->dkim[al->signature].domain,
			       al->spf ? ", and SPF passes" : "");
	else if (al->spf)
		(void)snprintf(r->why, sizeof(r->why), "SPF passes for %.150s", a->mailfrom.domain);
	else if (al->undecided)
		(void)snprintf(r->why, sizeof(r->why), "SPF or DKIM cannot be told now");
	else
		(void)snprintf(r->why, sizeof(r->why), "neither SPF nor DKIM passes for %.150s", r->from);
}

static int check_author(const struct mw_dmarc *d, const struct mw_dmarc_finder *f, const char *author, const struct mw_auth *a,
			struct mw_dmarc_result *ret)
{
	struct mw_dmarc_result r = {.word = MW_AUTH_NONE, .signature = MW_AUTH_SIGNATURES, .authors = 1};
	struct alignment al = {0};
	struct mw_dmarc_found found;
	int e = mw_dmarc_find(f, author, &found);

	if (e < 0)
		return e;
	(void)snprintf(r.from, sizeof(r.from), "%s", author);
	memcpy(r.organisation, found.organisation, sizeof(r.organisation));
	memcpy(r.published, found.published, sizeof(r.published));
	r.word = found.word;
	r.record = found.record;
	if (found.word == MW_AUTH_NONE)
		(void)snprintf(r.why, sizeof(r.why), "no record for %.150s", author);
	else if (found.word != MW_AUTH_PASS)
		memcpy(r.why, found.why, sizeof(r.why));
	if (r.record) {
		e = align(f, &found, author, a, &al);
		if (e == 0)
			e = choose(f, &found, author, !al.spf && !al.dkim, &r.record_asks);
		if (e < 0)
			return e;
		r.spf_aligned = al.spf;
		r.dkim_aligned = al.dkim;
		r.signature = al.signature;
		r.word = al.spf || al.dkim ? MW_AUTH_PASS : al.undecided ? MW_AUTH_TEMPERROR : MW_AUTH_FAIL;
		explain(&r, a, &al);
	}
	if (r.word == MW_AUTH_FAIL) {
		r.asks = r.record_asks;
		soften(d, f->mail, &r);
	}
	*ret = r;
	return 0;
}

/* ---- the message ------------------------------------------------------------------------------------------------------------ */

/* A fail that asks for more, then what cannot be told. */
static bool is_stricter(const struct mw_dmarc_result *a, const struct mw_dmarc_result *than)
{
	if (a->word == MW_AUTH_FAIL)
		return than->word != MW_AUTH_FAIL || a->asks > than->asks;
	return a->word == MW_AUTH_TEMPERROR && than->word != MW_AUTH_FAIL && than->word != MW_AUTH_TEMPERROR;
}

static void tell_authors(const struct mw_authors *authors, struct mw_dmarc_result *r)
{
	if (authors->fields == 0)
		(void)snprintf(r->why, sizeof(r->why), "there is no From field");
	else if (authors->fields > 1)
		(void)snprintf(r->why, sizeof(r->why), "there are %zu From fields", authors->fields);
	else if (authors->unreadable)
		(void)snprintf(r->why, sizeof(r->why), "From has no address that everybody reads the same way");
	else
		(void)snprintf(r->why, sizeof(r->why), "From has %zu addresses", authors->mailboxes);
}

/* Nobody stands for all of them: never a pass. But who forges one of several authors gains nothing by the others. */
static int check_authors(const struct mw_dmarc *d, const struct mw_dmarc_finder *f, const struct mw_authors *authors,
			 const struct mw_auth *a, struct mw_dmarc_result *ret)
{
	struct mw_dmarc_result worst = {.word = MW_AUTH_PERMERROR, .signature = MW_AUTH_SIGNATURES}, one;

	for (size_t i = 0; i < authors->domains; i++) {
		int e = check_author(d, f, authors->domain[i], a, &one);

		if (e < 0)
			return e;
		if (is_stricter(&one, &worst))
			worst = one;
	}
	worst.spf_aligned = worst.dkim_aligned = false;
	worst.signature = MW_AUTH_SIGNATURES;
	worst.authors = (unsigned)(authors->mailboxes > authors->fields ? authors->mailboxes : authors->fields);
	if (authors->unreadable)
		worst.authors = 0;
	if (authors->domains != 1 || authors->more)
		worst.from[0] = worst.organisation[0] = '\0';
	else
		(void)snprintf(worst.from, sizeof(worst.from), "%s", authors->domain[0]);
	tell_authors(authors, &worst);
	*ret = worst;
	return 0;
}

int mw_dmarc_check(const struct mw_dmarc *d, const struct mw_auth_mail *mail, const struct mw_resolver *dns, struct mw_auth *a)
{
	const struct mw_dmarc_finder f = {.suffixes = d->suffixes, .tree_walk = d->tree_walk, .mail = mail, .dns = dns};
	struct mw_authors authors;
	int e;

	mw_authors_read(mail, &authors);
	if (mw_authors_one(&authors))
		e = check_author(d, &f, authors.domain[0], a, &a->dmarc);
	else
		e = check_authors(d, &f, &authors, a, &a->dmarc);
	if (e < 0) {
		a->dmarc = (struct mw_dmarc_result){.word = MW_AUTH_TEMPERROR, .signature = MW_AUTH_SIGNATURES};
		(void)snprintf(a->dmarc.why, sizeof(a->dmarc.why), "out of memory");
	}
	return e;
}
