/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source: the files that make a policy. Reads them into the diagnostics (which print their lines), finds them beside the file
 * that names them, beside the policy or in the installed folder, and sums them up. Text lives in the arena of the diagnostics.
 */
#ifndef MW_POLICY_SOURCE_H
#define MW_POLICY_SOURCE_H

#include "policy/diag.h"
#include <milward/plugin.h>

#include <glib.h>

#define MW_SOURCE_MAX (1024u * 1024u)	   /* octets of a policy, rules or table file */
#define MW_TERMS_MAX (16u * 1024u * 1024u) /* octets of a file of terms */
#define MW_SOURCES_MAX 200u		   /* files of one policy */

struct mw_sources {
	struct mw_diags *diags;
	const char *search; /* folder of installed files, NULL = none */
	bool sealed;	    /* no file may be read: the policy came as text */
	uint32_t first;	    /* index of the policy's own file in diags->source */
	GChecksum *sum;
};

/* 0 or -ENOMEM. mw_sources_close() frees what this took, not the sources. */
int mw_sources_open(struct mw_sources *, struct mw_diags *, const char *search);
void mw_sources_close(struct mw_sources *);
/* A source that is already in memory. shown and text are borrowed. */
int mw_source_add(struct mw_sources *, const char *path, const char *shown, struct mw_str text, uint32_t *ret);
/* Reads the file of that path. Failures are diagnostics at `place` and -EINVAL, or -ENOMEM. */
int mw_source_read(struct mw_sources *, const char *path, size_t max, struct mw_place place, uint32_t *ret);
/* The same for a name that stands in a policy at `place`: beside the file of that place, then beside the policy's own file,
 * then in the search folder. */
int mw_source_find(struct mw_sources *, const char *name, size_t max, struct mw_place place, uint32_t *ret);
/* Hex SHA-256 of all files so far, each preceded by its length in 8 octets, most significant first. */
const char *mw_sources_digest(struct mw_sources *);

#endif
