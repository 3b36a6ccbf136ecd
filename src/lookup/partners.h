/* SPDX-License-Identifier: Apache-2.0 */
/*
 * partners: the site's own word on how to reach somebody. A line each:
 *     partner.example       match=mx.partner.example:.partner.example    a certificate that the system trusts, with one of these names
 *     .partner.example      match=.partner.example                       every domain below
 *     [mail.lab.example]    fingerprint=AB:CD:…                          that certificate or that public key (SHA-256), whoever signed it
 * "#" begins a comment.
 */
#ifndef MW_LOOKUP_PARTNERS_H
#define MW_LOOKUP_PARTNERS_H

#include "lookup/dest.h"

#define MW_PARTNERS_MAX (4u * 1024u * 1024u) /* octets of the file */

struct mw_partners;

/* Each line that is wrong is told to report(ctx, line, text); then it fails with -EINVAL and their number. text is copied. */
int mw_partners_parse(struct mw_str text, void (*report)(void *ctx, unsigned line, const char *text), void *ctx,
		      struct mw_partners **ret, struct mw_err *);
/* Reads a file; wrong lines are in the log, as FILE:LINE. path NULL: nobody is a partner. */
int mw_partners_load(const char *path, struct mw_partners **ret, struct mw_err *);
void mw_partners_free(struct mw_partners **);
size_t mw_partners_count(const struct mw_partners *);
/* What Postfix's smtp_tls_policy_maps should say for it: "secure match=… servername=hostname" or "fingerprint match=…". NULL: no partner.
 * Valid as long as the table. */
const char *mw_partners_find(const struct mw_partners *, const struct mw_dest *);

#endif
