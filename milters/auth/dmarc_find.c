/* SPDX-License-Identifier: Apache-2.0 */
#include "dmarc_find.h"

#include <errno.h>
#include <libpsl.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "_dmarc."
#define WALK_MOST 8u /* RFC 9989 4.10: names that are asked for one domain */

/* What stands at one name. */
struct step {
	const char *domain;	/* into the domain that the walk began with */
	enum mw_auth_word word; /* as in struct mw_dmarc_found */
	struct mw_dmarc_record record;
	const char *why; /* in fixed words */
};

struct walk {
	size_t n;	/* names asked */
	bool cut_short; /* one of them could not be asked: nothing is known of those above it */
	struct step step[WALK_MOST];
};

static void question(const char *domain, char name[MW_RESOLVER_NAME_MAX])
{
	(void)snprintf(name, MW_RESOLVER_NAME_MAX, PREFIX "%s", domain);
}

int mw_dmarc_find_text(const struct mw_auth_mail *mail, struct mw_str rdata, struct mw_str *ret)
{
	char *text = mail->alloc(mail->alloc_ctx, rdata.n ? rdata.n : 1);
	size_t n = 0;

	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < rdata.n;) {
		size_t length = (unsigned char)rdata.p[i++];

		if (length > rdata.n - i)
			return -EINVAL;
		memcpy(text + n, rdata.p + i, length);
		n += length;
		i += length;
	}
	*ret = (struct mw_str){.p = text, .n = n};
	return 0;
}

/* ---- one name --------------------------------------------------------------------------------------------------------------- */

/* Of what is published at the name, the one record. */
static int choose(const struct mw_dmarc_finder *f, const struct mw_records *answer, struct step *ret)
{
	size_t records = 0;

	for (size_t i = 0; i < answer->n; i++) {
		struct mw_str text;
		int r = mw_dmarc_find_text(f->mail, answer->record[i], &text);

		if (r == -EINVAL)
			continue;
		if (r == 0)
			r = mw_dmarc_record_parse(text.p, text.n, &ret->record, &ret->why);
		if (r == -ENOENT)
			continue;
		if (r == -ENOMEM)
			return r;
		ret->word = r == 0 ? MW_AUTH_PASS : MW_AUTH_PERMERROR;
		records++;
	}
	if (records > 1) { /* RFC 9989 4.10 goes on as if there were none; RFC 7489 6.6.3 ends here */
		ret->word = f->tree_walk ? MW_AUTH_NONE : MW_AUTH_PERMERROR;
		ret->why = "there are several records";
	}
	return 0;
}

static int look(const struct mw_dmarc_finder *f, const char *domain, struct step *ret)
{
	char name[MW_RESOLVER_NAME_MAX];
	struct mw_records answer;
	int r;

	*ret = (struct step){.domain = domain, .word = MW_AUTH_NONE};
	question(domain, name);
	r = f->dns->get(f->dns->ctx, name, MW_RR_TXT, &answer);
	if (r == -EINVAL) {
		ret->word = MW_AUTH_PERMERROR;
		ret->why = "no name in DNS can be like this";
		return 0;
	}
	if (r < 0)
		return r;
	if (answer.status == MW_RECORDS_ANSWER)
		return choose(f, &answer, ret);
	ret->word = MW_AUTH_TEMPERROR;
	ret->why = answer.status == MW_RECORDS_BOGUS	 ? "DNSSEC proves the answer wrong"
		   : answer.status == MW_RECORDS_TIMEOUT ? "nobody answered in time"
							 : "DNS failed";
	return 0;
}

/* ---- the list of public suffixes -------------------------------------------------------------------------------------------- */

/* A suffix by itself, or a name of one label, is its own organisation. */
static const char *registered(const struct mw_dmarc_finder *f, const char *domain)
{
	const char *o = psl_registrable_domain(f->suffixes, domain);

	return o ? o : domain;
}

static void tell(struct mw_dmarc_found *ret, const struct step *at)
{
	if (at->word == MW_AUTH_PASS || at->word == MW_AUTH_PERMERROR)
		(void)snprintf(ret->published, sizeof(ret->published), "%s", at->domain);
	if (at->why && at->word != MW_AUTH_PASS)
		(void)snprintf(ret->why, sizeof(ret->why), PREFIX "%.100s: %s", at->domain, at->why);
	ret->word = at->word;
}

static int keep(const struct mw_dmarc_finder *f, const struct step *at, struct mw_dmarc_found *ret)
{
	struct mw_dmarc_record *record;

	if (at->word == MW_AUTH_PASS) {
		record = f->mail->alloc(f->mail->alloc_ctx, sizeof(*record));
		if (!record)
			return -ENOMEM;
		*record = at->record;
		ret->record = record;
	}
	tell(ret, at);
	return 0;
}

static int find_by_list(const struct mw_dmarc_finder *f, const char *domain, struct mw_dmarc_found *ret)
{
	const char *organisation = registered(f, domain);
	struct step at;
	int r = look(f, domain, &at);

	if (r == 0 && at.word == MW_AUTH_NONE && strcmp(domain, organisation) != 0)
		r = look(f, organisation, &at);
	if (r < 0)
		return r;
	(void)snprintf(ret->organisation, sizeof(ret->organisation), "%s", organisation);
	return keep(f, &at, ret);
}

/* ---- the walk --------------------------------------------------------------------------------------------------------------- */

static size_t labels(const char *domain)
{
	size_t n = 1;

	for (; *domain; domain++)
		n += *domain == '.';
	return n;
}

/* The name above, NULL when there is none. From a long one the walk goes to the seven labels at its end (RFC 9989 4.10). */
static const char *above(const char *domain)
{
	size_t n = labels(domain);

	do
		domain = strchr(domain, '.');
	while (domain && *++domain && n-- > WALK_MOST);
	return domain && *domain ? domain : NULL;
}

static void want_walk(const struct mw_dmarc_finder *f, const char *domain)
{
	char name[MW_RESOLVER_NAME_MAX];
	unsigned n = 0;

	for (; domain && n < WALK_MOST; domain = above(domain), n++) {
		question(domain, name);
		f->dns->want(f->dns->ctx, name, MW_RR_TXT);
	}
}

static int walk(const struct mw_dmarc_finder *f, const char *domain, struct walk *w)
{
	w->n = 0;
	w->cut_short = false;
	want_walk(f, domain);
	while (domain && w->n < WALK_MOST) {
		struct step *s = &w->step[w->n];
		int r = look(f, domain, s);

		if (r < 0)
			return r;
		w->n++;
		/* What could not be asked may have been the end of the walk. */
		w->cut_short = s->word == MW_AUTH_TEMPERROR;
		if (w->cut_short || (s->word == MW_AUTH_PASS && s->record.psd != 'u'))
			break;
		domain = above(domain);
	}
	return 0;
}

/* RFC 9989 4.10.2. NULL: it cannot be told. */
static const char *walk_organisation(const struct walk *w, const char *domain)
{
	const char *highest = domain, *p;

	if (w->cut_short)
		return NULL;
	for (size_t i = 0; i < w->n; i++) {
		const struct step *s = &w->step[i];

		if (s->word != MW_AUTH_PASS)
			continue;
		if (s->record.psd == 'n')
			return s->domain;
		if (s->record.psd == 'y' && i > 0) {
			for (p = s->domain - 1; p > domain && p[-1] != '.';)
				p--;
			return p;
		}
		highest = s->domain;
	}
	return highest;
}

/* The record at the domain itself; else at its organisation; else at the suffix above that (RFC 9989 4.10.1). */
static const struct step *walk_record(const struct walk *w, const char *organisation)
{
	const struct step *first = &w->step[0];

	if (first->word == MW_AUTH_PASS || first->word == MW_AUTH_PERMERROR)
		return first;
	if (w->cut_short)
		return &w->step[w->n - 1];
	for (size_t i = 1; i < w->n; i++)
		if (w->step[i].domain == organisation && w->step[i].word != MW_AUTH_NONE)
			return &w->step[i];
	for (size_t i = 1; i < w->n; i++)
		if (w->step[i].word == MW_AUTH_PASS && w->step[i].record.psd == 'y')
			return &w->step[i];
	/* No organisation has one: what is published and bad is told of. */
	for (size_t i = 1; i < w->n; i++)
		if (w->step[i].word == MW_AUTH_PERMERROR)
			return &w->step[i];
	return first;
}

static int find_by_walk(const struct mw_dmarc_finder *f, const char *domain, struct mw_dmarc_found *ret)
{
	struct walk *w = f->mail->alloc(f->mail->alloc_ctx, sizeof(*w));
	const char *organisation;
	int r = w ? walk(f, domain, w) : -ENOMEM;

	if (r < 0)
		return r;
	organisation = walk_organisation(w, domain);
	(void)snprintf(ret->organisation, sizeof(ret->organisation), "%s", organisation ? organisation : "");
	return keep(f, walk_record(w, organisation), ret);
}

/* ---- the header ------------------------------------------------------------------------------------------------------------- */

void mw_dmarc_find_want(const struct mw_dmarc_finder *f, const char *domain)
{
	char name[MW_RESOLVER_NAME_MAX];
	const char *organisation;

	if (f->tree_walk) {
		want_walk(f, domain);
		return;
	}
	organisation = registered(f, domain);
	question(domain, name);
	f->dns->want(f->dns->ctx, name, MW_RR_TXT);
	if (strcmp(organisation, domain) == 0)
		return;
	question(organisation, name);
	f->dns->want(f->dns->ctx, name, MW_RR_TXT);
}

int mw_dmarc_find(const struct mw_dmarc_finder *f, const char *domain, struct mw_dmarc_found *ret)
{
	struct mw_dmarc_found found = {.word = MW_AUTH_NONE};
	int r = f->tree_walk ? find_by_walk(f, domain, &found) : find_by_list(f, domain, &found);

	if (r == 0)
		*ret = found;
	return r;
}

static bool is_below(const char *domain, const char *organisation)
{
	size_t n = strlen(domain), o = strlen(organisation);

	return n > o && domain[n - o - 1] == '.' && strcmp(domain + n - o, organisation) == 0;
}

int mw_dmarc_find_member(const struct mw_dmarc_finder *f, const char *domain, const char *organisation)
{
	struct walk *w;
	const char *own;
	int r;

	if (!f->tree_walk)
		return strcmp(registered(f, domain), organisation) == 0;
	/* An organisation is the end of a name: others are not asked about. */
	if (strcmp(domain, organisation) != 0 && !is_below(domain, organisation))
		return 0;
	w = f->mail->alloc(f->mail->alloc_ctx, sizeof(*w));
	r = w ? walk(f, domain, w) : -ENOMEM;
	if (r < 0)
		return r;
	own = walk_organisation(w, domain);
	return own ? strcmp(own, organisation) == 0 : -EAGAIN;
}

int mw_dmarc_find_missing(const struct mw_dmarc_finder *f, const char *domain)
{
	static const unsigned types[] = {MW_RR_A, MW_RR_AAAA, MW_RR_MX};
	size_t n = f->tree_walk ? 1 : sizeof(types) / sizeof(types[0]);
	bool unknown = false;

	for (size_t i = 0; i < n; i++)
		f->dns->want(f->dns->ctx, domain, types[i]);
	for (size_t i = 0; i < n; i++) {
		struct mw_records answer;
		int r = f->dns->get(f->dns->ctx, domain, types[i], &answer);

		if (r == -ENOMEM)
			return r;
		if (r < 0 || answer.status != MW_RECORDS_ANSWER)
			unknown = true;
		else if (answer.rcode == MW_RCODE_NXDOMAIN)
			return 1;
		else if (answer.n || f->tree_walk)
			return 0;
	}
	return unknown ? -EAGAIN : 1;
}
