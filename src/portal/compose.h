/* SPDX-License-Identifier: Apache-2.0 */
/* compose: what the mails of the portal have in common. */
#ifndef MW_PORTAL_COMPOSE_H
#define MW_PORTAL_COMPOSE_H

#include "base/buf.h"
#include "base/str.h"

#include <gmime/gmime.h>
#include <stdbool.h>

/* A part of plain text; the text is copied. The caller unrefs. */
GMimePart *mw_compose_text(struct mw_str);
/* Date, and a Message-ID that nobody can guess, at the domain of an address. False: no random octets. */
bool mw_compose_identify(GMimeMessage *, const char *address);
/* The message with CRLF at its lines, at the end of out. Leaves no copy of it behind; out->failed when it does not work. */
void mw_compose_write(GMimeMessage *, struct mw_buf *out);

#endif
