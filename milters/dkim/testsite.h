/* SPDX-License-Identifier: Apache-2.0 */
/* testsite: for the tests of the dkim module: a folder with keys and tables, the module opened on them, messages, and whether their
 * signatures verify. */
#ifndef MW_DKIM_TESTSITE_H
#define MW_DKIM_TESTSITE_H

#include "../../tests/unit/fakehost.h"

#include <openssl/evp.h>

extern const struct mw_plugin mw_plugin_dkim;
extern const char td_header[]; /* an ordinary one, folded, from a@x.example */

/* The keys of rsa.pem and ed.pem. */
extern EVP_PKEY *td_rsa, *td_ed;
extern struct mw_self td_self; /* of the module that was opened last */

/* Makes the folder, and removes it. */
int td_setup(void **state);
int td_teardown(void **state);
/* The path of a file in the folder; good for three more calls. */
const char *td_path(const char *name);
void td_write(const char *name, const char *text);
void td_write_key(const char *name, EVP_PKEY *key, const char *passphrase);

/* opts: NAME, VALUE, … NULL. The result of open(); *inst to be closed by the caller. */
int td_open(void **inst, struct mw_err *err, ...);
/* Looked at and signed; the first result that is not 0. */
int td_process(void *inst, struct mw_msg *msg, struct mw_err *err);
void td_message(struct mw_msg *msg, const char *header, const char *body);
/* How many signatures verify with libopendkim; -1 when some does not. */
int td_verified(struct mw_msg *msg);

#endif
