/* SPDX-License-Identifier: Apache-2.0 */
/* spf_macro: what macros of SPF stand for (RFC 7208, 7). */
#ifndef MW_AUTH_SPF_MACRO_H
#define MW_AUTH_SPF_MACRO_H

#include <milward/plugin.h>

#define MW_SPF_EXPANSION_MAX 4096u /* octets of one, with its end */

struct mw_spf_values {
	struct mw_str local, sender_domain, helo; /* (octets); local is "postmaster" when there is none */
	struct mw_str domain;			  /* <domain> of the record */
	struct mw_str receiver;			  /* printable */
	bool ip6;
	uint8_t address[16]; /* of the client; 4 octets without ip6 */
	int64_t now;
	/* %{p}: the client's name, proved by DNS, or "unknown". Lives as long as ctx. */
	const char *(*validated)(void *ctx, struct mw_str domain);
	void *ctx;
};

/* Syntax is that of spf_record.h. Octets of buf, which is terminated; -EFBIG: it is longer than size - 1; -EINVAL: it is no macro-string. */
int mw_spf_expand(struct mw_str text, const struct mw_spf_values *, char *buf, size_t size);

#endif
