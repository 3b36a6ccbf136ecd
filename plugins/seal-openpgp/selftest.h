/* SPDX-License-Identifier: Apache-2.0 */
/* selftest: may this RNP be used? */
#ifndef OPENPGP_SELFTEST_H
#define OPENPGP_SELFTEST_H

#include <milward/plugin.h>

#define OPENPGP_SESSION_KEY 32

/* Does this RNP do what it must? 0, -ENOMEM, or -EIO with what is wrong. */
int openpgp_selftest(const struct mw_host *, struct mw_err *);

/* Pure, NULL: fine; else what is wrong: a version of RNP; the session keys of two messages. */
const char *openpgp_version_bad(unsigned major, unsigned minor, unsigned patch);
const char *openpgp_session_keys_bad(const uint8_t a[OPENPGP_SESSION_KEY], const uint8_t b[OPENPGP_SESSION_KEY]);

#endif
