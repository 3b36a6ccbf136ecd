/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wkd: keys from the Web Key Directory of an address's domain, by milward-lookup, which talks to strangers so that nobody else has to.
 * A question goes out when a recipient is named and its answer is read when it is needed; nothing runs in between but the kernel's
 * socket. What was said is remembered for a few minutes, within bounds. Thread safe.
 *
 * On the wire: socketmap_table(5), netstrings of "wkd ADDRESS"; the answers are "OK base64", "NOTFOUND ", "TEMP why", "PERM why".
 */
#ifndef OPENPGP_WKD_H
#define OPENPGP_WKD_H

#include <milward/plugin.h>

#define PGP_WKD_MAX (512u * 1024u) /* octets of an answer */
#define PGP_WKD_WHY 160

struct pgp_wkd;
/* socket: a path, borrowed. wait: milliseconds that pgp_wkd_ask() may take. NULL = no memory. */
struct pgp_wkd *pgp_wkd_new(const char *socket, int64_t wait);
void pgp_wkd_free(struct pgp_wkd **); /* accepts NULL */
/* Begin to ask, unless it is known. Returns at once. */
void pgp_wkd_want(struct pgp_wkd *, const char *address);
/* 1: keys, *octets is the caller's to free; 0: there are none; negative: it cannot be known now, why (PGP_WKD_WHY octets) is printable. */
int pgp_wkd_ask(struct pgp_wkd *, const char *address, char **octets, size_t *n, char *why);

/* For tests. The text of the netstring at the start of p: octets of all of it; 0: more is needed; -EBADMSG, -EFBIG. */
long pgp_netstring(const char *p, size_t n, struct mw_str *ret);
/* What an answer says: as pgp_wkd_ask(), -EBADMSG when it says nothing. */
int pgp_wkd_parse(struct mw_str text, char **octets, size_t *n, char *why);

#endif
