/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_dns: what must stand in DNS for the mail that leaves: DKIM keys as modules tell them (facts "dkim"), SPF, DMARC. */
#include "ctl/doctor.h"

#include "base/str.h"
#include "dns/dns.h"

#include <event2/event.h>
#include <string.h>
#include <strings.h>

#define TXT_MAX 4096u /* octets of one record that are looked at */
#define DNS_SECONDS 8

struct question {
	struct asking *asking;
	const char *name;
	bool asked, answered, bogus;
	const char *why; /* NULL: there is an answer */
	size_t n;
	const char **text;
};
struct asking {
	struct doctor *d;
	struct event_base *base;
	struct mw_dns *dns;
	size_t open;
	struct {
		struct question **v;
		size_t n, cap;
	} questions;
	struct {
		const char **v;
		size_t n, cap;
	} domains;
};

/* ---- asking ------------------------------------------------------------------------------------------------------------------- */

static struct question *question_of(struct asking *a, const char *name)
{
	struct question **slot;

	for (size_t i = 0; i < a->questions.n; i++)
		if (strcasecmp(a->questions.v[i]->name, name) == 0)
			return a->questions.v[i];
	slot = DOCTOR_ADD(a->d, a->questions);
	if (!slot)
		return NULL;
	*slot = mw_arena_alloc(a->d->arena, sizeof(**slot));
	if (!*slot) {
		a->questions.n--;
		a->d->lost = true;
		return NULL;
	}
	**slot = (struct question){.asking = a, .name = doctor_text(a->d, "%s", name)};
	return *slot;
}

static void keep(struct question *q, const struct mw_dns_packet *packet)
{
	char text[TXT_MAX];
	size_t n;

	q->text = mw_arena_array(q->asking->d->arena, packet->n ? packet->n : 1, sizeof(*q->text));
	for (size_t i = 0; q->text && i < packet->n; i++) {
		char *copy = mw_dns_record_txt(packet->record[i], text, sizeof(text), &n)
				 ? mw_arena_dup(q->asking->d->arena, text, n < sizeof(text) ? n : sizeof(text))
				 : NULL;

		if (copy)
			q->text[q->n++] = copy;
	}
	q->asking->d->lost = q->asking->d->lost || !q->text;
}

static void done(void *ctx, const struct mw_dns_answer *answer)
{
	struct question *q = ctx;

	q->answered = true;
	q->bogus = answer->status == MW_DNS_BOGUS;
	if (answer->status == MW_DNS_ANSWER)
		keep(q, &answer->packet);
	else
		q->why = doctor_text(q->asking->d, "%s", answer->why);
	if (--q->asking->open == 0)
		(void)event_base_loopbreak(q->asking->base);
}

static void ask_all(struct asking *a)
{
	for (size_t i = 0; i < a->questions.n; i++) {
		struct question *q = a->questions.v[i];
		struct mw_err err = {0};

		if (mw_dns_ask(a->dns, q->name, MW_DNS_TXT, done, q, NULL, &err) < 0)
			q->why = doctor_text(a->d, "%s", err.text);
		else
			a->open++;
	}
	if (a->open)
		(void)event_base_dispatch(a->base);
}

/* As milward-lookup of this site is told, else as the system is. */
static int open_dns(struct asking *a, struct mw_err *err)
{
	struct mw_dns_options o = {.timeout = DNS_SECONDS * 1000};

	a->base = event_base_new();
	if (!a->base)
		return mw_fail_memory(err);
	o.base = a->base;
	for (size_t i = 0; i < a->d->policies.n; i++) {
		const struct mw_plan_module *m = doctor_module(&a->d->policies.v[i], "lookup");
		const struct mw_list *resolvers = m ? doctor_option(m, "resolvers", MW_LIST) : NULL;
		const char *const *anchor = m ? doctor_option(m, "trust-anchor", MW_PATH) : NULL;

		if (resolvers)
			o.resolvers = *resolvers;
		if (anchor)
			o.trust_anchor = *anchor;
	}
	return mw_dns_new(&o, &a->dns, err);
}

/* ---- what must be there ------------------------------------------------------------------------------------------------------- */

static void add_domain(struct asking *a, const char *name)
{
	const char **slot;

	for (size_t i = 0; i < a->domains.n; i++)
		if (strcasecmp(a->domains.v[i], name) == 0)
			return;
	slot = DOCTOR_ADD(a->d, a->domains);
	if (slot)
		*slot = name;
}

/* Domains that mail is sent from: those of keys, and those inside. */
static void find_domains(struct asking *a)
{
	struct doctor *d = a->d;

	for (size_t i = 0; i < d->facts.n; i++)
		if (strcmp(d->facts.v[i].name, "domain") == 0)
			add_domain(a, d->facts.v[i].value);
	for (size_t i = 0; i < d->policies.n; i++) {
		const struct mw_table *ours = d->policies.v[i].plan->ours;

		for (size_t k = 0; ours && k < mw_table_entries(ours); k++) {
			struct mw_str entry = mw_table_entry(ours, k);

			if (entry.p[0] != '.' && !memchr(entry.p, '@', entry.n))
				add_domain(a, doctor_text(d, "%.*s", (int)entry.n, entry.p));
		}
	}
}

/* _dmarc of the domain, and of those above it: which of them is the organisation's is not asked of a list. */
static void each_dmarc(struct asking *a, const char *domain, void (*fn)(struct question *, void *), void *ctx)
{
	for (const char *at = domain; at && strchr(at, '.'); at = strchr(at, '.') + 1) {
		struct question *q = question_of(a, doctor_text(a->d, "_dmarc.%s", at));

		if (q)
			fn(q, ctx);
	}
}

static void no_more(struct question *q, void *ctx)
{
	(void)q;
	(void)ctx;
}

static void ask_for(struct asking *a)
{
	for (size_t i = 0; i < a->domains.n; i++) {
		(void)question_of(a, a->domains.v[i]);
		each_dmarc(a, a->domains.v[i], no_more, NULL);
	}
	for (size_t i = 0; i < a->d->facts.n; i++)
		if (strcmp(a->d->facts.v[i].name, "dkim") == 0)
			(void)question_of(a, a->d->facts.v[i].value);
}

/* ---- judging ------------------------------------------------------------------------------------------------------------------ */

/* The value of a tag ("p") of a record of tags, without blanks, into to. false: it has none. */
static bool tag_of(const char *record, const char *tag, char *to, size_t size)
{
	size_t n = 0;

	while (*record) {
		size_t length = strcspn(record, ";"), name;

		while (length && strchr(" \t\r\n", *record)) {
			record++;
			length--;
		}
		name = strcspn(record, "= \t;");
		if (name == strlen(tag) && strncmp(record, tag, name) == 0) {
			const char *value = memchr(record, '=', length);

			for (value = value ? value + 1 : record + length; value < record + length && n + 1 < size; value++)
				if (!strchr(" \t\r\n", *value))
					to[n++] = *value;
			to[n] = '\0';
			return true;
		}
		record += length + (record[length] == ';');
	}
	return false;
}

static bool same_key(const char *published, const char *ours)
{
	char a[TXT_MAX], b[TXT_MAX], kind[16] = "rsa", other[16] = "rsa";

	(void)tag_of(published, "k", kind, sizeof(kind));
	(void)tag_of(ours, "k", other, sizeof(other));
	return tag_of(published, "p", a, sizeof(a)) && tag_of(ours, "p", b, sizeof(b)) && strcmp(a, b) == 0 &&
	       strcmp(kind, other) == 0;
}

/* A record of more than 255 octets is written as several strings. */
static const char *record_text(struct doctor *d, const char *name, const char *value)
{
	const char *text = doctor_text(d, "%s. IN TXT", name);

	for (size_t n = strlen(value), at = 0; at < n; at += 255)
		text = doctor_text(d, "%s \"%.255s\"", text, value + at);
	return text;
}

static void judge_dkim(struct asking *a, const struct doctor_fact *f)
{
	struct question *q = question_of(a, f->value);

	if (!q || q->why)
		return;
	for (size_t i = 0; i < q->n; i++)
		if (same_key(q->text[i], f->more))
			return;
	doctor_find_dns(a->d, DOCTOR_ERROR, q->n ? "dkim-differs" : "dkim-missing", q->name, record_text(a->d, q->name, f->more),
			q->n ? "DNS has another key than the one that signs: receivers find the signature wrong"
			     : "DNS has not got the key that signs: receivers find no signature");
}

static bool begins(const char *text, const char *with)
{
	size_t n = strlen(with);

	return strncasecmp(text, with, n) == 0 && (!text[n] || strchr("; \t", text[n]));
}

static void judge_spf(struct asking *a, const char *domain)
{
	struct question *q = question_of(a, domain);
	const char *spf = NULL;
	size_t n = 0;

	for (size_t i = 0; q && i < q->n; i++)
		if (begins(q->text[i], "v=spf1") && n++ == 0)
			spf = q->text[i];
	if (!q || q->why)
		return;
	if (n == 0)
		doctor_find_dns(a->d, DOCTOR_WARNING, "spf", domain, record_text(a->d, domain, "v=spf1 mx -all"),
				"the domain has no SPF record: anybody can send in its name");
	else if (n > 1)
		doctor_find_dns(a->d, DOCTOR_ERROR, "spf", domain, record_text(a->d, domain, spf),
				"the domain has %zu SPF records, so none counts: leave one", n);
	else if (strcasestr(spf, " +all") || strcasestr(spf, " all"))
		doctor_find_dns(a->d, DOCTOR_ERROR, "spf", domain, record_text(a->d, domain, "v=spf1 mx -all"),
				"the SPF record of the domain ends in +all: anybody can send in its name");
}

struct dmarc {
	size_t found; /* at the nearest name that has any */
	bool unknown;
	const char *name, *text;
};

static void see_dmarc(struct question *q, void *ctx)
{
	struct dmarc *seen = ctx;

	seen->unknown = seen->unknown || q->why;
	if (seen->found)
		return;
	for (size_t i = 0; i < q->n; i++)
		if (begins(q->text[i], "v=DMARC1") && seen->found++ == 0) {
			seen->name = q->name;
			seen->text = q->text[i];
		}
}

static void judge_dmarc(struct asking *a, const char *domain)
{
	const char *name = doctor_text(a->d, "_dmarc.%s", domain);
	struct dmarc seen = {0};

	each_dmarc(a, domain, see_dmarc, &seen);
	if (seen.found == 0 && !seen.unknown)
		doctor_find_dns(a->d, DOCTOR_WARNING, "dmarc", name, record_text(a->d, name, "v=DMARC1; p=none"),
				"neither the domain nor one above it has a DMARC record");
	if (seen.found > 1)
		doctor_find_dns(a->d, DOCTOR_ERROR, "dmarc", seen.name, record_text(a->d, seen.name, seen.text),
				"the name has %zu DMARC records, so none counts: leave one", seen.found);
}

static void judge(struct asking *a)
{
	for (size_t i = 0; i < a->questions.n; i++) {
		const struct question *q = a->questions.v[i];

		if (q->why)
			doctor_find(a->d, q->bogus ? DOCTOR_ERROR : DOCTOR_WARNING, "dns", q->name, NULL,
				    q->bogus ? "DNSSEC proves the answer wrong: %s" : "DNS does not answer: %s", q->why);
	}
	for (size_t i = 0; i < a->d->facts.n; i++)
		if (strcmp(a->d->facts.v[i].name, "dkim") == 0)
			judge_dkim(a, &a->d->facts.v[i]);
	for (size_t i = 0; i < a->domains.n; i++) {
		judge_spf(a, a->domains.v[i]);
		judge_dmarc(a, a->domains.v[i]);
	}
}

void doctor_dns(struct doctor *d)
{
	struct asking a = {.d = d};
	struct mw_err err = {0};

	find_domains(&a);
	ask_for(&a);
	if (a.questions.n == 0)
		return;
	if (open_dns(&a, &err) < 0) {
		doctor_find(d, DOCTOR_WARNING, "dns", "/etc/resolv.conf", NULL, "DNS cannot be asked: %s", err.text);
	} else {
		ask_all(&a);
		judge(&a);
	}
	mw_dns_free(&a.dns);
	if (a.base)
		event_base_free(a.base);
}
