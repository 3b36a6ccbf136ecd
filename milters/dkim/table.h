/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table: OpenDKIM's KeyTable and SigningTable, as opendkim.conf(5) describes them. Pure over the text of a file.
 *
 *   KeyTable      NAME DOMAIN:SELECTOR:KEY        DOMAIN may be %, KEY is a path (with %) or the key itself
 *   SigningTable  PATTERN NAME[:SIGNER]           NAME may be %, SIGNER may hold %; % stands for the author's domain
 *
 * A table takes over the text that it was made from: rows point into it. Errors name file and line.
 */
#ifndef MW_DKIM_TABLE_H
#define MW_DKIM_TABLE_H

#include <milward/plugin.h>

#define MW_DKIM_TABLE_MAX (64u << 20) /* octets of a table file */
#define MW_DKIM_LINE_MAX 16384u
#define MW_DKIM_ROWS_MAX 1000000u

struct mw_dkim_keyrow {
	const char *name;
	const char *domain; /* "%" = that of the author */
	const char *selector;
	const char *key; /* a path when it begins with / ./ or ../, else PEM or base64 of DER */
	size_t line;
};

struct mw_dkim_signrow {
	const char *pattern;
	const char *name;   /* of the key; "%" = the author's domain */
	const char *signer; /* NULL = none */
	size_t line;
};

struct mw_dkim_keytable {
	char *text;
	size_t rows;
	struct mw_dkim_keyrow
	    *row; /* sorted by name; of two with one name the first in the file counts, the others are dropped */
};

struct mw_dkim_signtable {
	char *text;
	bool wild; /* refile: patterns with *, in order of the file; else sorted by pattern, then by line */
	size_t rows;
	struct mw_dkim_signrow *row;
};

/* text: malloc'ed, terminated at n; owned by the table from now on, also on failure. file: for errors. 0, -EINVAL, -ENOMEM. */
int mw_dkim_keytable_parse(const struct mw_host *, const char *file, char *text, size_t n, struct mw_dkim_keytable *ret,
			   struct mw_err *);
int mw_dkim_signtable_parse(const struct mw_host *, const char *file, bool wild, char *text, size_t n,
			    struct mw_dkim_signtable *ret, struct mw_err *);
void mw_dkim_keytable_free(struct mw_dkim_keytable *);
void mw_dkim_signtable_free(struct mw_dkim_signtable *);

/* NULL when there is none of that name. */
const struct mw_dkim_keyrow *mw_dkim_keytable_find(const struct mw_dkim_keytable *, const char *name);
/* Rows for this author in OpenDKIM's order: with `multiple` all of them, else the first. Returns how many there are, of which at
 * most max were stored. */
size_t mw_dkim_signtable_find(const struct mw_dkim_signtable *, const char *local, const char *domain, bool multiple,
			      const struct mw_dkim_signrow **ret, size_t max);

#endif
