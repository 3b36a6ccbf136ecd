/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spf_record: the syntax of SPF records and of their macros (RFC 7208, 4.6, 5, 6, 7 and 12), in full and before anything of a record is
 * used. What it accepts is printable ASCII in known forms within known lengths; libspf2 sees none of it but what spf_match.c makes of it.
 */
#ifndef MW_AUTH_SPF_RECORD_H
#define MW_AUTH_SPF_RECORD_H

#include <milward/plugin.h>

#define MW_SPF_RECORD_MAX 8192u /* octets of a record; a longer one is wrong */
#define MW_SPF_TERMS_MAX 512u

enum mw_spf_mechanism {
	MW_SPF_ALL = 1,
	MW_SPF_INCLUDE,
	MW_SPF_A,
	MW_SPF_MX,
	MW_SPF_PTR,
	MW_SPF_IP4,
	MW_SPF_IP6,
	MW_SPF_EXISTS,
};

struct mw_spf_term {
	enum mw_spf_mechanism mechanism;
	char qualifier;		   /* + - ? ~ */
	struct mw_str text;	   /* all of it as it is written */
	struct mw_str spec;	   /* domain-spec; "" = none */
	uint8_t address[16];	   /* IP4 (4 octets) and IP6 */
	unsigned prefix4, prefix6; /* A, MX: both; IP4, IP6: theirs */
};

struct mw_spf_record { /* all points into the text it was read from */
	size_t n;
	struct mw_spf_term *term;
	struct mw_str redirect, exp; /* domain-specs; "" = none */
};

/* Does the text of a TXT record say that it is one of SPF, of version 1? */
bool mw_spf_record_is(struct mw_str text);
/* 0: mw_spf_record_clear() frees it; -EINVAL: *why is a sentence that lives for ever; -ENOMEM. Out-parameters are untouched on failure. */
int mw_spf_record_parse(struct mw_str text, struct mw_spf_record *ret, const char **why);
void mw_spf_record_clear(struct mw_spf_record *);
/* Text of an explanation: a macro-string in which %{c}, %{r}, %{t} and blanks may stand. */
bool mw_spf_is_explanation(struct mw_str text);

#endif
