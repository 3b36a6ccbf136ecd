/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth: what the checks of one message are given, and what they find. Every check stands alone: it asks DNS through a resolver
 * (resolver.h), fills a result of its own, and a failure of it is MW_AUTH_TEMPERROR, never a pass. A result that is all zero says that
 * nothing was looked at.
 *
 * All texts in results are printable ASCII: nothing that a stranger wrote gets there unescaped. Domains are in lower case, in ASCII
 * (A-labels), without a dot at their end.
 *
 * Check      header    asks early                       works                                by
 *  SPF       spf.h     mw_spf_want(mail, resolver)      mw_spf_check(…, identity, ret)       see MAIL
 *  DKIM      verify.h  mw_dkim_want(mail, resolver)     mw_dkim_verify(…, ret)               see HEADERS, MESSAGE
 *  ARC       arc.h     mw_arc_want(mail, resolver)      mw_arc_validate(…, ret)              see HEADERS, MESSAGE
 *  DMARC     dmarc.h   mw_dmarc_want(mail, resolver)    mw_dmarc_check(…, struct mw_auth *)  last: it reads what the others found
 * They return 0, or a negative errno, which is temperror.
 */
#ifndef MW_AUTH_H
#define MW_AUTH_H

#include <milward/plugin.h>

#define MW_AUTH_NAME 256u      /* octets of a domain, with its end */
#define MW_AUTH_WHY 200u       /* octets of a reason, with its end: one line for a person */
#define MW_AUTH_SIGNATURES 10u /* DKIM signatures that are looked at; what stands below them is counted */
#define MW_ARC_SETS 50u	       /* RFC 8617 5.2: instances of a chain */

/* Results as RFC 8601 writes them. */
enum mw_auth_word {
	MW_AUTH_NONE = 0,
	MW_AUTH_PASS,
	MW_AUTH_FAIL,
	MW_AUTH_SOFTFAIL,
	MW_AUTH_NEUTRAL,
	MW_AUTH_POLICY, /* it fits, and is not taken: the key is too weak, or l= leaves out text */
	MW_AUTH_TEMPERROR,
	MW_AUTH_PERMERROR,
};
/* "none", "pass" …: terminated, lives for ever. */
const char *mw_auth_word(enum mw_auth_word);

/* ---- what the checks are given -------------------------------------------------------------------------------------------- */

/* One message; borrowed from the host, and whole from MW_SEE_MESSAGE on. At MAIL there is no header, at HEADERS no body. */
struct mw_auth_mail {
	struct mw_str client; /* address of the host that is judged: "192.0.2.1", "2001:db8::1"; "" = not known */
	struct mw_str helo;   /* (octets) "" = none */
	struct mw_str sender; /* (octets) envelope sender without <>; "" = null sender */
	struct mw_str sender_domain;
	const char *receiver; /* this host's name, as %{r} of SPF and authserv-id of A-R have it */
	size_t fields;
	const struct mw_field *field; /* as the client sent them */
	/* The body piece by piece with CRLF or LF at its lines, as the MTA gives it; returns what fn returns when that is not 0. */
	int (*body)(void *ctx, int (*fn)(void *fn_ctx, const char *p, size_t n), void *fn_ctx);
	void *body_ctx;
	void *(*alloc)(void *ctx, size_t n); /* zeroed; lives as long as the message. NULL when there is none */
	void *alloc_ctx;
	int64_t now; /* seconds since 1970 */
};

/* ---- what they find ------------------------------------------------------------------------------------------------------- */

enum mw_spf_identity { MW_SPF_MAILFROM = 1, MW_SPF_HELO };

struct mw_spf_result {
	enum mw_auth_word word;	       /* none neutral pass fail softfail temperror permerror */
	enum mw_spf_identity identity; /* 0 = was not looked at */
	char domain[MW_AUTH_NAME];     /* that was asked; with a null sender that of HELO */
	char mechanism[MW_AUTH_WHY];   /* that decided: "include:_spf.example.net"; escaped; "" = none did */
	char why[MW_AUTH_WHY];
	char explanation[MW_AUTH_WHY]; /* of a fail, in the domain's own words; escaped; "" = none */
	unsigned lookups;	       /* terms that asked DNS */
};

enum {				 /* flags of a signature, facts of their own */
       MW_DKIM_WEAK = 1,	 /* key below the site's minimum */
       MW_DKIM_LENGTH = 2,	 /* l=: what follows the signed octets can be anybody's */
       MW_DKIM_LENGTH_SHORT = 4, /* and something does follow */
       MW_DKIM_EXPIRED = 8,	 /* x= is over */
       MW_DKIM_TESTING = 16,	 /* t=y in the key */
       MW_DKIM_SHA1 = 32,	 /* rsa-sha1: RFC 8301 forbids it */
       MW_DKIM_REVOKED = 64,	 /* p= is empty */
};

struct mw_dkim_result {
	enum mw_auth_word word;	   /* none pass fail policy neutral temperror permerror */
	char domain[MW_AUTH_NAME]; /* d= */
	char selector[MW_AUTH_NAME];
	char identity[MW_AUTH_NAME];	  /* i=, escaped; "" = not there, or not to be shown */
	char algorithm[MW_AUTH_NAME / 8]; /* "rsa-sha256" */
	char b[16];	/* RFC 6008: the first octets of b=, that tell signatures apart; "" when none is needed */
	unsigned bits;	/* of the key; 0 = not known */
	unsigned flags; /* MW_DKIM_… */
	bool secure;	/* DNSSEC proves the key */
	char why[MW_AUTH_WHY];
};

enum mw_dmarc_policy { MW_DMARC_ASKS_NOTHING = 0, MW_DMARC_ASKS_NONE, MW_DMARC_ASKS_QUARANTINE, MW_DMARC_ASKS_REJECT };
/* "" for nothing, "none", "quarantine", "reject" */
const char *mw_dmarc_policy(enum mw_dmarc_policy);

struct mw_dmarc_record; /* dmarc_record.h */

struct mw_dmarc_result {
	enum mw_auth_word word;		      /* none pass fail temperror permerror */
	char from[MW_AUTH_NAME];	      /* domain of From; "" = there is no one author */
	char organisation[MW_AUTH_NAME];      /* of that domain */
	char published[MW_AUTH_NAME];	      /* domain whose record it is; "" = none has one */
	const struct mw_dmarc_record *record; /* NULL = there is none; lives as long as the message */
	enum mw_dmarc_policy asks;	      /* for this message, when it fails: record_asks, after pct and t; else nothing */
	enum mw_dmarc_policy record_asks;     /* the record's p or sp, whichever is for this domain; np when it fails */
	bool spf_aligned, dkim_aligned;	      /* a pass that is aligned */
	bool sampled_out;		      /* pct or t made it milder */
	size_t signature;		      /* of struct mw_auth.dkim, that is aligned and good; MW_AUTH_SIGNATURES = none */
	unsigned authors;		      /* addresses in From; 0 = none that everybody reads the same way */
	char why[MW_AUTH_WHY];
};

struct mw_arc_result {
	enum mw_auth_word word;	   /* none pass fail temperror */
	unsigned sets;		   /* highest instance */
	unsigned oldest_pass;	   /* RFC 8617 5.2: lowest instance whose AMS is good; 0 = all of them */
	char sealer[MW_AUTH_NAME]; /* d= of the newest seal; "" = none */
	size_t sealers;
	char (*every_sealer)[MW_AUTH_NAME]; /* from instance 1 on */
	bool secure;			    /* DNSSEC proves all keys */
	/* What the newest sealer says it saw (ARC-Authentication-Results): is believed only when a table names the sealer. */
	enum mw_auth_word said_dmarc, said_spf, said_dkim;
	char said_from[MW_AUTH_NAME]; /* header.from beside its dmarc */
	char why[MW_AUTH_WHY];
};

/* Whom a domain of From may be taken for, and whether it is known here. */
struct mw_likeness_result {
	bool found;
	char domain[MW_AUTH_NAME]; /* that wants to be taken for */
	char of[MW_AUTH_NAME];	   /* this one, of the site or a partner */
	char why[MW_AUTH_WHY];	   /* "one letter differs", "looks the same" */
	bool first_time;	   /* no mail of this domain was seen before; false when that cannot be told */
};

/* All of a message. */
struct mw_auth {
	const char *skipped;	    /* NULL, or why nothing was evaluated: authenticated, local, own-relay */
	const char *unknown_client; /* NULL, or why the client behind a relay is not known: then SPF is temperror */
	struct mw_spf_result helo, mailfrom;
	size_t dkims, dkims_more; /* more: signatures that were not looked at */
	struct mw_dkim_result dkim[MW_AUTH_SIGNATURES];
	struct mw_arc_result arc;
	struct mw_dmarc_result dmarc;
	struct mw_likeness_result likeness;
};

/* ---- options -------------------------------------------------------------------------------------------------------------- */

/* `load auth { … }`: each check's owner adds its rows in auth.c. */
struct mw_auth_conf {
	const char *authserv_id;       /* "" = the host's name */
	struct mw_list other_ids;      /* of other hosts of the site */
	const char *lookup;	       /* socket of milward-lookup */
	int64_t time;		       /* seconds that a message waits for DNS */
	struct mw_list internal_hosts; /* not evaluated */
	struct mw_list relays;	       /* hand on others' mail: the client is in their Received field */
	int64_t minimum_bits;	       /* of RSA keys */
	bool arc_seal;		       /* the action may be ordered */
	const char *arc_domain, *arc_selector, *arc_key;
	struct mw_list own_domains; /* of the site */
	const char *seen;	    /* file of domains that were seen, "" = none */
	int64_t fresh;		    /* seconds for which one is new */
	const char *dmarc_reports;  /* folder, "" = none */
	const char *partners;	    /* file with domains, "" = none */
	bool tree_walk;		    /* DMARC by the current specification, not by the list of public suffixes */
};

#endif
