/* SPDX-License-Identifier: Apache-2.0 */
/*
 * results: Authentication-Results (RFC 8601). Pure: reads octets from outside, writes what the checks found.
 */
#ifndef MW_AUTH_RESULTS_H
#define MW_AUTH_RESULTS_H

#include "auth.h"
#include "text.h"

#define MW_RESULTS_FIELD "Authentication-Results"
#define MW_RESULTS_WORD 64u	  /* octets of a method, result, type or property, with its end */
#define MW_RESULTS_PROPERTIES 16u /* of one result */
#define MW_RESULTS_MOST 64u	  /* results of a field */

/* ---- reading -------------------------------------------------------------------------------------------------------------- */

struct mw_results_property {
	char type[MW_RESULTS_WORD];	/* "smtp", "header", "policy", "body", "dns" */
	char property[MW_RESULTS_WORD]; /* "mailfrom", "d" … */
	char value[MW_AUTH_NAME];	/* (octets) unquoted; without its end when too long */
};

struct mw_results_item {
	char method[MW_RESULTS_WORD]; /* in lower case, as all words here */
	unsigned version;	      /* of the method */
	char result[MW_RESULTS_WORD];
	size_t n; /* properties; more than MW_RESULTS_PROPERTIES are read and not kept */
	struct mw_results_property property[MW_RESULTS_PROPERTIES];
};

struct mw_results_reader {
	const char *p, *end;
	size_t results;
	bool begun, none; /* none: "no-result" */
};

/* Begins to read a value: what stands behind the colon, folds included. id: its authserv-id (octets), unquoted. 0 or -EBADMSG. */
int mw_results_begin(struct mw_results_reader *, const char *value, size_t n, char id[MW_AUTH_NAME]);
/* As mw_results_begin(), behind the "i=1;" of an ARC-Authentication-Results, which goes to *instance. */
int mw_results_begin_arc(struct mw_results_reader *, const char *value, size_t n, unsigned *instance, char id[MW_AUTH_NAME]);
/* 1 with the next result, 0 at the end, -EBADMSG where it is no Authentication-Results field: what was read before holds. */
int mw_results_next(struct mw_results_reader *, struct mw_results_item *ret);
/* MW_AUTH_NONE for a word that no check of ours gives. */
enum mw_auth_word mw_results_word(const char *result);

/*
 * May somebody take this value for one that host `id` wrote? Exact for what RFC 8601 allows (comments, folds, quotes, any case, a
 * version), and on the safe side for what it does not: an id in pieces, with octets between that are not seen, behind encoded words, and
 * no id at all, which readers take for the own host's. A longer name that begins like ours is not ours.
 */
bool mw_results_claims(const char *value, size_t n, const char *id);

/* ---- writing -------------------------------------------------------------------------------------------------------------- */

/* The value of our field, with a space in front and folds; no line is longer than 998 octets. */
void mw_results_write(struct mw_text *, const struct mw_auth *, const struct mw_auth_mail *);
/* The value of Received-SPF (RFC 7208 9.1). */
void mw_results_write_spf(struct mw_text *, const struct mw_auth *, const struct mw_auth_mail *);

#endif
