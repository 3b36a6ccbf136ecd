/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zone: DNS out of a small text file, for `milwardctl auth --records`, unit tests and suites. A line is
 *
 *     NAME TYPE VALUE            example.org TXT "v=spf1 mx" " -all"
 *
 * NAME: absolute, no dot at its end needed; "*.NAME" stands for names that are not there. TYPE: A AAAA CNAME MX NS PTR TXT SOA TLSA or
 * TYPEn. VALUE: as in a zone file (A, AAAA, CNAME, NS, PTR, MX), for TXT strings in "" (\" \\ \DDD), for every type "\# LENGTH HEX"
 * (RFC 3597); or how the question fails: TIMEOUT, SERVFAIL, BOGUS, TRUNCATED (by UDP and by TCP), with "*" as TYPE for every type.
 * "$TTL SECONDS" is for the lines behind it; "$SECURE NAME" makes all answers at and below NAME secure. "#" and ";" begin a comment.
 */
#ifndef MW_AUTH_ZONE_H
#define MW_AUTH_ZONE_H

#include "resolver.h"

#define MW_ZONEFILE_MOST 100000u
#define MW_ZONEFILE_MAX (16u * 1024u * 1024u)

struct mw_zonefile;
/* *ret is freed by mw_zonefile_free(). -EINVAL (the line in err), -EFBIG, -ENOMEM, what open() says. */
int mw_zonefile_parse(const char *p, size_t n, struct mw_zonefile **ret, struct mw_err *);
int mw_zonefile_read(const char *path, struct mw_zonefile **ret, struct mw_err *);
void mw_zonefile_free(struct mw_zonefile **); /* accepts NULL, sets NULL */
/* Answers live as long as the zone. Any number of threads. */
struct mw_resolver mw_zonefile_resolver(const struct mw_zonefile *);

#endif
