/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge: what answers of DNS mean for DANE (RFC 7672), one answer at a time. No input or output: dane.c asks, this says what next.
 */
#ifndef MW_LOOKUP_JUDGE_H
#define MW_LOOKUP_JUDGE_H

#include "dns/dns.h"
#include "lookup/dest.h"

#define MW_MX_MAX 64u	/* hosts of a domain that are kept */
#define MW_DANE_MAX 16u /* of them such that are looked at: the best */

enum mw_dane {
	MW_DANE_NO = 0, /* not all hosts that mail should go to can be known by DANE */
	MW_DANE_YES,	/* they can: mail that goes by DANE only will find one */
	MW_DANE_TEMP,	/* not known now */
};

struct mw_dane_finding {
	enum mw_dane dane;
	bool nowhere;	 /* proved: the domain takes no mail, or there is none such */
	uint32_t ttl;	 /* seconds, the least of all answers */
	const char *why; /* one line for a person, static; "" with MW_DANE_YES */
	size_t n;	 /* its MX hosts, the best first; of a domain without MX records itself */
	const char *const *host;
};

/* What to ask next about a host. */
enum mw_step { MW_STEP_DONE = 0, MW_STEP_A, MW_STEP_AAAA, MW_STEP_CNAME, MW_STEP_TLSA };

struct mw_mail_host {
	char name[MW_DNS_NAME_MAX + 1];
	unsigned preference;
	enum mw_step step; /* what is asked */
	bool gone;	   /* it has no address: mail passes it over */
	enum mw_dane dane; /* when it is done */
	const char *why;
	uint32_t ttl;
	char canonical[MW_DNS_NAME_MAX + 1]; /* where aliases lead to, "" when it is none */
	bool at_name;			     /* the TLSA records are looked for at its name, not where aliases lead to */
};

struct mw_mail_hosts {
	size_t n, best; /* host[0 … best-1] are those to look at */
	struct mw_mail_host host[MW_MX_MAX];
	const char *name[MW_MX_MAX]; /* of all of them */
	struct mw_dane_finding finding;
};

/* The answer to the MX question, or for a destination in brackets, none (NULL). true: finding has the end of it. */
bool mw_judge_mx(struct mw_mail_hosts *, const struct mw_dest *, const struct mw_dns_answer *);
/* The answer to host->step; sets the next one. */
void mw_judge_host(struct mw_mail_host *, const struct mw_dns_answer *);
/* When all hosts to look at are done. */
void mw_judge_all(struct mw_mail_hosts *);
/* A TLSA record that SMTP may use (RFC 7672, 3.1.3): usage 2 or 3, data that fit its matching type. */
bool mw_tlsa_is_usable(struct mw_str record);

#endif
