/* SPDX-License-Identifier: Apache-2.0 */
/* sts_policy: the record and the policy of MTA-STS (RFC 8461, 3.1 and 3.2), as they come from strangers. */
#ifndef MW_LOOKUP_STS_POLICY_H
#define MW_LOOKUP_STS_POLICY_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define MW_STS_ID_MAX 32
#define MW_STS_MX_MAX 256 /* patterns of a policy */
#define MW_STS_NAME_MAX 253
#define MW_STS_POLICY_MAX 65536 /* octets of a policy, RFC 8461, 3.3 */
#define MW_STS_AGE_MAX INT64_C(31557600)

enum mw_sts_mode { MW_STS_MODE_NONE = 0, MW_STS_MODE_TESTING, MW_STS_MODE_ENFORCE };
extern const char *const mw_sts_mode_words[]; /* by mode, then NULL */

struct mw_sts_policy {
	enum mw_sts_mode mode;
	int64_t max_age; /* seconds, at most MW_STS_AGE_MAX */
	size_t n_mx;
	char **mx; /* one allocation, lower case: "host.example" or "*.example" */
};

/* One TXT record, its strings joined. 0 and the id, -ENOENT when it is no record of MTA-STS at all (to pass over), -EINVAL when it is a
 * wrong one. */
int mw_sts_record_parse(const char *p, size_t n, char id[MW_STS_ID_MAX + 1], struct mw_err *);
/* 0, -EINVAL with the line in err, -ENOMEM. *ret is overwritten; mw_sts_policy_clear() frees what it holds. */
int mw_sts_policy_parse(const char *p, size_t n, struct mw_sts_policy *ret, struct mw_err *);
void mw_sts_policy_clear(struct mw_sts_policy *);
/* Is the host (any case, without a dot at its end) one that the policy names? "*." stands for exactly one label. */
bool mw_sts_policy_names(const struct mw_sts_policy *, const char *host);
/*
 * The policy in the words of Postfix's smtp_tls_policy_maps: "secure match=a.example:b.example servername=hostname
 * protocols=>=TLSv1.2". hosts: the MX hosts of the domain as DNS names them; those that the policy names are listed, in their order, so
 * that the list holds host names only and means what the policy means: Postfix's own ".example" would take names of several labels for
 * "*.example". -ENOENT when the policy names none of them (never deliver), -ENOMEM.
 */
int mw_sts_policy_postfix(const struct mw_sts_policy *, const char *const *hosts, size_t n, struct mw_buf *, struct mw_err *);

#endif
