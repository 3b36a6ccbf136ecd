/* SPDX-License-Identifier: Apache-2.0 */
/*
 * maps: what transport_maps of a Postfix answers, asked with postmap(1). Each map is asked once for all keys; the answers are
 * then read in the order of transport(5): each form of the key in all maps, the full address first. And whether the maps that
 * rewrite recipients leave an address as it is.
 */
#ifndef MW_ROUTE_MAPS_H
#define MW_ROUTE_MAPS_H

#include "run.h"

#define MW_MAPS_MAX 64u

/* How to reach a Postfix. */
struct mw_postfix {
	const char *command_dir;
	const char *config_dir; /* NULL = its default */
	int64_t deadline;	/* of all programs together, mw_run_now() */
};

/* One answer of a table: lists of "key\tvalue\n" as postmap prints them, or why there is none. */
struct mw_map {
	const char *name; /* "sqlite:/etc/postfix/milward/route.cf" */
	char *answers;
	char why[200]; /* "" when it could be asked */
	bool pattern;  /* asked for full addresses only, as Postfix does */
};

struct mw_maps {
	size_t n;
	struct mw_map map[MW_MAPS_MAX];
	char *list;	    /* the names point into it */
	bool parents_match; /* transport_maps is in parent_domain_matches_subdomains: keys have no leading dot */
};

/* postconf or postmap with these arguments behind -c. 0 or negative with why filled; a program that fails is -EIO. */
int mw_postfix_run(const struct mw_postfix *, const char *program, const char *const *args, const char *in,
		   struct mw_run_result *ret, char *why, size_t why_n);
/* Asks every map of the list (the value of transport_maps) for the domains, each as x@DOMAIN and in its shorter forms. */
int mw_maps_ask(const struct mw_postfix *, const char *list, bool parents_match, const char *const *domains, size_t n,
		struct mw_maps *ret, char *why, size_t why_n);
void mw_maps_free(struct mw_maps *); /* accepts a zeroed one */
/* What mail for x@DOMAIN gets: transport:nexthop into value. 1 found, 0 not, -EIO when a map that decides could not be asked. */
int mw_maps_find(const struct mw_maps *, const char *domain, char *value, size_t value_n, char *why, size_t why_n);
/*
 * Do these maps (the value of canonical_maps …) leave x@DOMAIN as it is? 0 when none but tables of whole keys, in which it cannot
 * be, is asked before MW_MAPS_KEEPER, which must answer with the address itself: cleanup(8) then asks no other. Else negative, with
 * why.
 */
#define MW_MAPS_KEEPER "/milward/keep.pcre"
int mw_maps_keep(const struct mw_postfix *, const char *list, const char *const *domains, size_t n, char *why, size_t why_n);
/* Has the list a map that is not MW_MAPS_KEEPER? false also when it is empty. */
bool mw_maps_used(const char *list);

#endif
