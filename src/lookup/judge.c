/* SPDX-License-Identifier: Apache-2.0 */
#include "lookup/judge.h"

#include <stdio.h>
#include <string.h>

/* With some hosts not known now, the finding is soon looked at again. */
#define UNSURE_TTL 60u

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static bool settle(struct mw_mail_hosts *m, enum mw_dane dane, uint32_t ttl, const char *why)
{
	m->finding.dane = dane;
	m->finding.ttl = ttl;
	m->finding.why = why;
	return true;
}

/* A null MX, or no such domain. When it is not proved, an MTA-STS policy that is known may still forbid what was forged. */
static bool nowhere(struct mw_mail_hosts *m, bool proved, uint32_t ttl, const char *why)
{
	m->finding.nowhere = proved;
	return settle(m, MW_DANE_NO, ttl, why);
}

static void add_host(struct mw_mail_hosts *m, const char *name, unsigned preference)
{
	size_t at = m->n;

	while (at > 0 && m->host[at - 1].preference > preference)
		at--;
	if (at >= MW_MX_MAX)
		return;
	if (m->n == MW_MX_MAX)
		m->n--;
	memmove(&m->host[at + 1], &m->host[at], (m->n - at) * sizeof(m->host[0]));
	m->host[at] = (struct mw_mail_host){.preference = preference, .step = MW_STEP_A, .why = "", .ttl = UINT32_MAX};
	(void)snprintf(m->host[at].name, sizeof(m->host[at].name), "%s", name);
	m->n++;
}

/* false: a record that is none, or a name that no host has: as if it were not there. */
static bool add_record(struct mw_mail_hosts *m, struct mw_str record, bool *null)
{
	char name[MW_DNS_TEXT_MAX];
	unsigned preference;

	if (!mw_dns_record_mx(record, &preference, name))
		return false;
	*null = *null || !*name;
	if (!mw_dns_is_host(mw_str(name)))
		return false;
	add_host(m, name, preference);
	return true;
}

static void name_hosts(struct mw_mail_hosts *m)
{
	for (size_t i = 0; i < m->n; i++)
		m->name[i] = m->host[i].name;
	m->finding.n = m->n;
	m->finding.host = m->name;
}

static bool judge_mx_answer(struct mw_mail_hosts *m, const struct mw_dest *d, const struct mw_dns_answer *a)
{
	uint32_t ttl = a->packet.ttl;
	bool null = false;

	if (a->packet.rcode == MW_DNS_NXDOMAIN)
		return nowhere(m, a->secure, ttl, "there is no such domain");
	for (size_t i = 0; i < a->packet.n; i++)
		(void)add_record(m, a->packet.record[i], &null);
	if (a->packet.n == 0)
		add_host(m, d->name, 0);
	name_hosts(m);
	if (m->n == 0 && null)
		return nowhere(m, a->secure, ttl, "the domain takes no mail (null MX)");
	if (m->n == 0)
		return nowhere(m, a->secure, ttl, "the MX records of the domain name no host");
	if (!a->secure)
		return settle(m, MW_DANE_NO, ttl, "its MX records are not signed by DNSSEC");
	while (m->best < m->n && m->best < MW_DANE_MAX && m->host[m->best].preference == m->host[0].preference)
		m->best++;
	m->finding.ttl = ttl;
	return false;
}

bool mw_judge_mx(struct mw_mail_hosts *m, const struct mw_dest *d, const struct mw_dns_answer *a)
{
	*m = (struct mw_mail_hosts){.finding = {.ttl = UINT32_MAX, .why = ""}};
	if (!d->host)
		return a->status == MW_DNS_ANSWER ? judge_mx_answer(m, d, a) : settle(m, MW_DANE_TEMP, 0, a->why);
	add_host(m, d->name, 0);
	name_hosts(m);
	m->best = 1;
	return false;
}

static void host_done(struct mw_mail_host *h, enum mw_dane dane, const char *why)
{
	h->step = MW_STEP_DONE;
	h->dane = dane;
	h->why = why;
}

/* RFC 7672, 2.2.2: where aliases lead to when all of them are signed, else the name itself when its own alias is. */
static void judge_address(struct mw_mail_host *h, const struct mw_dns_answer *a)
{
	if (a->packet.n == 0 && (a->packet.rcode == MW_DNS_NXDOMAIN || h->step == MW_STEP_AAAA)) {
		h->gone = true;
		host_done(h, MW_DANE_NO, "a mail host has no address");
	} else if (a->packet.n == 0) {
		h->step = MW_STEP_AAAA;
	} else if (a->secure) {
		h->step = MW_STEP_TLSA;
		h->at_name = !a->packet.alias || !mw_dns_is_host(mw_str(a->packet.name));
		if (!h->at_name)
			(void)snprintf(h->canonical, sizeof(h->canonical), "%s", a->packet.name);
	} else if (a->packet.alias) {
		h->step = MW_STEP_CNAME;
	} else {
		host_done(h, MW_DANE_NO, "a mail host of its is in no zone that DNSSEC signs");
	}
}

static void judge_alias(struct mw_mail_host *h, const struct mw_dns_answer *a)
{
	if (a->secure && a->packet.n) {
		h->step = MW_STEP_TLSA;
		h->at_name = true;
	} else {
		host_done(h, MW_DANE_NO, "a mail host of its is in no zone that DNSSEC signs");
	}
}

bool mw_tlsa_is_usable(struct mw_str r)
{
	const unsigned char *p = (const unsigned char *)r.p;

	if (r.n < 4 || (p[0] != 2 && p[0] != 3) || p[1] > 1)
		return false;
	switch (p[2]) {
	case 0: /* a whole certificate or key: DER of a SEQUENCE */
		return p[3] == 0x30 && r.n > 16;
	case 1:
		return r.n == 3 + 32;
	case 2:
		return r.n == 3 + 64;
	default:
		return false;
	}
}

static void judge_tlsa(struct mw_mail_host *h, const struct mw_dns_answer *a)
{
	size_t usable = 0;

	for (size_t i = 0; i < a->packet.n; i++)
		usable += mw_tlsa_is_usable(a->packet.record[i]);
	if (a->secure && usable)
		host_done(h, MW_DANE_YES, "");
	else if (!h->at_name && !(a->secure && a->packet.n))
		h->at_name = true; /* and asked again, at its name */
	else if (a->secure && a->packet.n)
		host_done(h, MW_DANE_NO, "no TLSA record of a mail host of its can be used");
	else
		host_done(h, MW_DANE_NO, "a mail host of its has no TLSA records");
}

void mw_judge_host(struct mw_mail_host *h, const struct mw_dns_answer *a)
{
	if (a->status != MW_DNS_ANSWER) {
		h->ttl = 0;
		host_done(h, MW_DANE_TEMP, a->why);
		return;
	}
	h->ttl = least(h->ttl, a->packet.ttl);
	switch (h->step) {
	case MW_STEP_A:
	case MW_STEP_AAAA:
		judge_address(h, a);
		break;
	case MW_STEP_CNAME:
		judge_alias(h, a);
		break;
	case MW_STEP_TLSA:
		judge_tlsa(h, a);
		break;
	case MW_STEP_DONE:
		break;
	}
}

/* The first host of that kind among those that mail may go to. */
static const struct mw_mail_host *first_of(const struct mw_mail_hosts *m, enum mw_dane dane)
{
	for (size_t i = 0; i < m->best; i++)
		if (!m->host[i].gone && m->host[i].dane == dane)
			return &m->host[i];
	return NULL;
}

void mw_judge_all(struct mw_mail_hosts *m)
{
	const struct mw_mail_host *no = first_of(m, MW_DANE_NO), *temp = first_of(m, MW_DANE_TEMP);
	uint32_t ttl = m->finding.ttl;

	for (size_t i = 0; i < m->best; i++)
		if (m->host[i].dane != MW_DANE_TEMP)
			ttl = least(ttl, m->host[i].ttl);
	if (no)
		(void)settle(m, MW_DANE_NO, ttl, no->why);
	else if (first_of(m, MW_DANE_YES))
		(void)settle(m, MW_DANE_YES, temp ? least(ttl, UNSURE_TTL) : ttl, "");
	else if (temp)
		(void)settle(m, MW_DANE_TEMP, 0, temp->why);
	else
		(void)settle(m, MW_DANE_NO, ttl, "no mail host of the domain has an address");
}
